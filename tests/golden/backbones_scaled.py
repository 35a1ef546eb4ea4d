#!/usr/bin/python3
"""Golden values for tests/backbones/test_backbones_scaled.c: the larger EfficientNets, DenseNets and ResNets, EfficientNetV2
and RegNet as torchvision defines them. The keys are those of backbones.txt, and: Grad-CAM at the target layer, of the
logit in the middle, before it is resized; of every variant torchvision's names of all nodes, and the number of trainable
parameters. backbones_scaled.py ARCH... writes build/golden_backbones.txt instead, of these architectures at 64x64 with
1000 classes; the test reads it if the environment has GOLDEN_BACKBONES=../../build/golden_backbones."""
import os
import sys

import numpy as np
import torch
import torchvision

import backbones
import golden

VARIANTS = (["densenet161", "densenet169", "densenet201", "resnext101_64x4d", "wide_resnet101_2"] +
            ["efficientnet_b%d" % i for i in range(1, 8)] + ["efficientnet_v2_" + size for size in "sml"] +
            ["regnet_x_" + size for size in "400mf 800mf 1_6gf 3_2gf 8gf 16gf 32gf".split()] +
            ["regnet_y_" + size for size in "400mf 800mf 1_6gf 3_2gf 8gf 16gf 32gf 128gf".split()])
BUILT = os.path.join(backbones.HERE, "../../build/golden_backbones")


def target_layer(arch, network):
    if arch.startswith("densenet"):
        return network.relu
    if arch.startswith("efficientnet"):
        return network.features[-1]
    return network.trunk_output if arch.startswith("regnet") else network.layer4


def in_modules(arch, network):
    return backbones.in_modules("densenet121" if arch.startswith("densenet") else arch, network)


def grad_cam(values):
    weights = values["gradient"].mean(axis=(2, 3), keepdims=True)
    return np.maximum((weights * values["layer"]).sum(axis=1), 0)


def add_case(out, key, arch, classes, width, height, width_px):
    network = in_modules(arch, backbones.load(arch, classes, width)).requires_grad_(False).double()
    picture = torch.from_numpy(golden.fill((1, 3, height, width_px), 1) * 2).double()
    values = backbones.measure(network, target_layer(arch, network), picture)
    for name, value in values.items():
        out.add(key + "." + name, value, backbones.SAMPLES)
    out.add(key + ".map", grad_cam(values))
    print(key, "%.3g" % np.abs(values["logits"]).max(), values["layer"].shape, flush=True)


def add_facts(out, arch):
    network = backbones.build(arch, 1000, 1).eval()
    out.add(arch + ".nodes", backbones.node_hashes(arch, network), 10000)
    out.add_exact(arch + ".parameters", [sum(p.numel() for p in network.parameters())])


def main():
    torch.set_num_threads(1)
    out = golden.Golden("backbones_scaled", __doc__ + "\ntorch %s, torchvision %s" % (torch.__version__,
                                                                                     torchvision.__version__))
    for case in backbones.cases("backbones_scaled_cases.txt"):
        add_case(out, *case)
    for arch in VARIANTS:
        add_facts(out, arch)
    out.close()


def compare(archs):
    out = golden.Golden(BUILT, "written by backbones_scaled.py")
    with open(BUILT + "_cases.txt", "w") as file:
        for arch in archs:
            add_case(out, arch, arch, 1000, 1, 64, 64)
            file.write("%s %s 1000 1 64 64\n" % (arch, arch))
    out.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        compare(VARIANTS if sys.argv[1:] == ["all"] else sys.argv[1:])
    else:
        main()
