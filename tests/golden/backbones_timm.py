#!/usr/bin/python3
"""Golden values for tests/backbones/test_backbones_timm.c: networks of timm, made of torchvision's modules. Their tables
are written here with the numbers of channels that timm's networks have; convolutions pad as TensorFlow's "SAME". The keys
are those of backbones.txt."""
import functools

import numpy as np
import torch
import torchvision
from torchvision.models import efficientnet, mobilenetv3

import backbones
import golden

NORM = functools.partial(torch.nn.BatchNorm2d, eps=1e-3)
LAYERS = {"tf_efficientnet_b0": "features.8", "tf_efficientnetv2_b3": "features.7", "tf_mobilenetv3_small_100": "features.12",
          "tf_mobilenetv3_large_075": "features.16", "tf_mobilenetv3_small_minimal_100": "features.12",
          "tf_inception_v3": "Mixed_7c"}


class Same(torch.nn.Conv2d):
    """A convolution whose result has ceil(size / stride) positions; what is odd of the padding is below and right."""

    def forward(self, x):
        sides = []
        for axis in (3, 2):
            kernel, stride, size = self.kernel_size[axis - 2], self.stride[axis - 2], x.shape[axis]
            total = max(0, stride * (-(-size // stride) - 1) + kernel - size)
            sides += [total // 2, total - total // 2]
        return torch.nn.functional.conv2d(torch.nn.functional.pad(x, sides), self.weight, self.bias, self.stride,
                                          groups=self.groups)


def pad_same(network):
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.__class__ = Same
    return network


def efficientnet_v2_b3(classes):
    rows = [(True, 1, 1, 40, 16, 2), (True, 4, 2, 16, 40, 3), (True, 4, 2, 40, 56, 3), (False, 4, 2, 56, 112, 5),
            (False, 6, 1, 112, 136, 7), (False, 6, 2, 136, 232, 12)]
    settings = [(efficientnet.FusedMBConvConfig if fused else efficientnet.MBConvConfig)(expand, 3, stride, into, out, count)
                for fused, expand, stride, into, out, count in rows]
    return efficientnet.EfficientNet(settings, 0, num_classes=classes, norm_layer=NORM, last_channel=1536)


def mobilenet_v3(rows, last, classes):
    """Rows: input, kernel, inside, output, squeeze and excitation, activation, stride."""
    settings = [mobilenetv3.InvertedResidualConfig(*row, 1, 1) for row in rows]
    return mobilenetv3.MobileNetV3(settings, last, classes, norm_layer=NORM)


def large_075(classes):
    rows = [(16, 3, 16, 16, False, "RE", 1), (16, 3, 64, 24, False, "RE", 2), (24, 3, 72, 24, False, "RE", 1),
            (24, 5, 72, 32, True, "RE", 2), (32, 5, 96, 32, True, "RE", 1), (32, 5, 96, 32, True, "RE", 1),
            (32, 3, 192, 64, False, "HS", 2), (64, 3, 160, 64, False, "HS", 1), (64, 3, 144, 64, False, "HS", 1),
            (64, 3, 144, 64, False, "HS", 1), (64, 3, 384, 88, True, "HS", 1), (88, 3, 528, 88, True, "HS", 1),
            (88, 5, 528, 120, True, "HS", 2), (120, 5, 720, 120, True, "HS", 1), (120, 5, 720, 120, True, "HS", 1)]
    return mobilenet_v3(rows, 1280, classes)


def small_minimal(classes):
    rows = [(16, 16, 16, 2), (16, 72, 24, 2), (24, 88, 24, 1), (24, 96, 40, 2), (40, 240, 40, 1), (40, 240, 40, 1),
            (40, 120, 48, 1), (48, 144, 48, 1), (48, 288, 96, 2), (96, 576, 96, 1), (96, 576, 96, 1)]
    network = mobilenet_v3([(into, 3, inside, out, False, "RE", stride) for into, inside, out, stride in rows], 1024,
                           classes)
    network.features[0][2] = network.features[-1][2] = network.classifier[1] = torch.nn.ReLU()
    return network


def small(classes):
    network = torchvision.models.mobilenet_v3_small(num_classes=classes)  # eps 1e-3 already
    return network


def efficientnet_b0(classes):
    return torchvision.models.efficientnet_b0(num_classes=classes, norm_layer=NORM)


def inception_v3(classes):
    return torchvision.models.inception_v3(num_classes=classes, aux_logits=False, transform_input=False,
                                           init_weights=False)


MAKERS = {"tf_efficientnet_b0": efficientnet_b0, "tf_efficientnetv2_b3": efficientnet_v2_b3,
          "tf_mobilenetv3_small_100": small, "tf_mobilenetv3_large_075": large_075,
          "tf_mobilenetv3_small_minimal_100": small_minimal}


def build(arch, classes, _width):
    return inception_v3(classes) if arch == "tf_inception_v3" else pad_same(MAKERS[arch](classes))


def main():
    torch.set_num_threads(1)
    out = golden.Golden("backbones_timm", __doc__ + "\ntorch %s, torchvision %s" % (torch.__version__,
                                                                                   torchvision.__version__))
    backbones.build = build
    for key, arch, classes, width, height, width_px in backbones.cases("backbones_timm_cases.txt"):
        network = backbones.load(arch, classes, width)
        layer = network.get_submodule(LAYERS[arch])
        picture = torch.from_numpy(golden.fill((1, 3, height, width_px), 1) * 2)
        single = backbones.measure(network, layer, picture)
        for name, value in backbones.measure(network.double(), layer, picture.double()).items():
            out.add(key + "." + name, value, backbones.SAMPLES)
            difference = np.abs(value - single[name]).max() / np.abs(value).max()
            print("%-24s %-16s float32 is off by %.1e, largest %.3g" % (key, name, difference, np.abs(value).max()))
    out.close()


if __name__ == "__main__":
    main()
