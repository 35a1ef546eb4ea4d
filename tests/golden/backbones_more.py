#!/usr/bin/python3
"""Golden values for tests/backbones/test_backbones_more.c: MnasNet, Inception v3, ShuffleNet V2 and ConvNeXt as
torchvision defines them. The keys are those of backbones.txt, and: Grad-CAM at the target layer, of the logit in the
middle, before it is resized; of every variant the number of trainable parameters."""
import numpy as np
import torch
import torchvision
from torchvision.models import convnext

import backbones
import golden

VARIANTS = ["mnasnet0_5", "mnasnet0_75", "mnasnet1_0", "mnasnet1_3", "inception_v3", "shufflenet_v2_x0_5",
            "shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0", "convnext_tiny", "convnext_small",
            "convnext_base", "convnext_large"]
UNSEEN = (torch.nn.Dropout, torchvision.ops.StochasticDepth, torchvision.ops.Permute)  # no nodes of the program
LAYERS = {"mnasnet": "layers.16", "inception_v3": "Mixed_7c", "shufflenet": "conv5", "convnext": "features.7"}


def family(arch):
    return next(name for name in LAYERS if arch.startswith(name))


def build(arch, classes, _width=1):
    make = getattr(torchvision.models, arch)
    if arch == "inception_v3":  # with weights torchvision sets these
        return make(num_classes=classes, aux_logits=False, transform_input=True, init_weights=False)
    return make(num_classes=classes)


class Tracer(backbones.NodePathTracer):
    def is_leaf_module(self, module, qualname):
        return isinstance(module, UNSEEN + (convnext.LayerNorm2d,)) or super().is_leaf_module(module, qualname)

    def iter(self, obj):  # of x.chunk(2); torch 1.13 does not see in Python 3.11's code how many values are wanted
        return iter((obj[0], obj[1]))


def nodes(arch, network):
    """torchvision's nodes as the program has them."""
    tracer = Tracer(autowrap_functions=(torchvision.models.shufflenetv2.channel_shuffle,))
    tracer.trace(network)
    dropped = {name for name, module in network.named_modules()
               if isinstance(module, UNSEEN)}
    names = [name for name in tracer.node_to_qualname.values() if name not in dropped | {"x", "output"}]
    if arch == "inception_v3":  # one node scales and shifts the colours, one concatenates all branches
        names[:names.index("Conv2d_1a_3x3.conv")] = ["transform_input"]
        nested = {module + cat for module in ("Mixed_7b", "Mixed_7c") for cat in (".cat", ".cat_1")}
        names = [name for name in names if name not in nested]
    names = [name for name in names if not name.endswith(".chunk")]  # its two values are nodes here
    names = [name for name in names if not name.endswith("layer_scale")]  # the tensor alone
    if "mean" in names:  # over both axes; the vector is then a node of its own
        names.insert(names.index("mean") + 1, "flatten")
    return names


def measure(network, layer, picture):
    values = backbones.measure(network, layer, picture)
    weights = values["gradient"].mean(axis=(2, 3), keepdims=True)
    values["map"] = np.maximum((weights * values["layer"]).sum(axis=1), 0)
    return values


def main():
    torch.set_num_threads(1)
    out = golden.Golden("backbones_more", __doc__ + "\ntorch %s, torchvision %s" % (torch.__version__,
                                                                                   torchvision.__version__))
    backbones.build = build
    for key, arch, classes, width, height, width_px in backbones.cases("backbones_more_cases.txt"):
        network = backbones.load(arch, classes, width)
        if key.endswith("_untransformed"):
            network.transform_input = False
        layer = network.get_submodule(LAYERS[family(arch)])
        picture = torch.from_numpy(golden.fill((1, 3, height, width_px), 1) * 2)
        single = measure(network, layer, picture)
        for name, value in measure(network.double(), layer, picture.double()).items():
            out.add(key + "." + name, value, 64 if name == "map" else backbones.SAMPLES)
            difference = np.abs(value - single[name]).max() / np.abs(value).max()
            print("%-20s %-16s float32 is off by %.1e, largest %.3g" % (key, name, difference, np.abs(value).max()))
    for arch in VARIANTS:
        network = build(arch, 1000).eval()
        out.add(arch + ".nodes", [golden.seed(name) % 1000000000 for name in nodes(arch, network)], 10000)
        out.add(arch + ".parameters", [sum(p.numel() for p in network.parameters())])
    out.close()


if __name__ == "__main__":
    main()
