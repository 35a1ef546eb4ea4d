#!/usr/bin/python3
"""What torchvision publishes for the networks of this program: architecture, training, file, top-1 %.

Writes published.txt. Read from torchvision's own table, with nothing downloaded.
"""
import pathlib

from torchvision import models

NETWORKS = """
AlexNet DenseNet121 EfficientNet_B0 GoogLeNet MobileNet_V2 MobileNet_V3_Large MobileNet_V3_Small
ResNeXt101_32X8D ResNeXt50_32X4D ResNet101 ResNet152 ResNet18 ResNet34 ResNet50
SqueezeNet1_0 SqueezeNet1_1 VGG11 VGG11_BN VGG13 VGG13_BN VGG16 VGG16_BN VGG19 VGG19_BN
Wide_ResNet50_2
""".split()

# torchvision before 0.16.1 gave it a name that is not its SHA-256; the file is there under both.
RENAMED = {"efficientnet_b0_rwightman-3dd342df.pth": "efficientnet_b0_rwightman-7f5810bc.pth"}

lines = []
for network in NETWORKS:
    for weights in getattr(models, network + "_Weights"):
        accuracy = weights.meta["_metrics"]["ImageNet-1K"]["acc@1"]
        if accuracy != accuracy:
            continue  # features alone
        training = weights.name.replace("IMAGENET1K_", "")
        name = weights.url.rsplit("/", 1)[1]
        lines.append(f"{network.lower()} {training} {RENAMED.get(name, name)} {accuracy:.3f}")
path = pathlib.Path(__file__).with_suffix(".txt")
path.write_text("\n".join(sorted(lines)) + "\n")
