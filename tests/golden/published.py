#!/usr/bin/python3
"""What torchvision publishes for the networks of this program: architecture, training, file, top-1 %, side of the input.

Writes published.txt. Read from torchvision's own table, with nothing downloaded.
"""
import pathlib

from torchvision import models

NETWORKS = """
AlexNet ConvNeXt_Base ConvNeXt_Large ConvNeXt_Small ConvNeXt_Tiny
DenseNet121 DenseNet161 DenseNet169 DenseNet201
EfficientNet_B0 EfficientNet_B1 EfficientNet_B2 EfficientNet_B3 EfficientNet_B4 EfficientNet_B5 EfficientNet_B6
EfficientNet_B7 EfficientNet_V2_L EfficientNet_V2_M EfficientNet_V2_S GoogLeNet Inception_V3
MNASNet0_5 MNASNet0_75 MNASNet1_0 MNASNet1_3 MobileNet_V2 MobileNet_V3_Large MobileNet_V3_Small
RegNet_X_16GF RegNet_X_1_6GF RegNet_X_32GF RegNet_X_3_2GF RegNet_X_400MF RegNet_X_800MF RegNet_X_8GF
RegNet_Y_128GF RegNet_Y_16GF RegNet_Y_1_6GF RegNet_Y_32GF RegNet_Y_3_2GF RegNet_Y_400MF RegNet_Y_800MF RegNet_Y_8GF
ResNeXt101_32X8D ResNeXt101_64X4D ResNeXt50_32X4D ResNet101 ResNet152 ResNet18 ResNet34 ResNet50
ShuffleNet_V2_X0_5 ShuffleNet_V2_X1_0 ShuffleNet_V2_X1_5 ShuffleNet_V2_X2_0
SqueezeNet1_0 SqueezeNet1_1 VGG11 VGG11_BN VGG13 VGG13_BN VGG16 VGG16_BN VGG19 VGG19_BN
Wide_ResNet101_2 Wide_ResNet50_2
""".split()

# torchvision before 0.16.1 gave these names that are not their SHA-256; the files are there under both.
RENAMED = {"3dd342df": "7f5810bc", "533bc792": "bac287d4", "bcdf34b7": "c35c1473", "cf984f9c": "b3899882",
           "7eb33cd5": "23ab8bcd", "b6417697": "1a07897c", "c76e70fd": "24a108a5", "dcc49843": "c5b4e57e"}

lines = []
for network in NETWORKS:
    for weights in getattr(models, network + "_Weights"):
        accuracy = weights.meta["_metrics"]["ImageNet-1K"]["acc@1"]
        if accuracy != accuracy:
            continue  # features alone
        training = weights.name.replace("IMAGENET1K_", "")
        name = weights.url.rsplit("/", 1)[1]
        stem, digits = name.removesuffix(".pth").rsplit("-", 1)
        name = f"{stem}-{RENAMED.get(digits, digits)}.pth"
        side = weights.transforms.keywords["crop_size"]
        lines.append(f"{network.lower()} {training} {name} {accuracy:.3f} {side}")
path = pathlib.Path(__file__).with_suffix(".txt")
path.write_text("\n".join(sorted(lines)) + "\n")
