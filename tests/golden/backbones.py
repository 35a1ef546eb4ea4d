#!/usr/bin/python3
"""Golden values for tests/backbones/test_backbones.c: torchvision's networks, in float64, with the weights that
`cambench generate weights` makes (seed 1); only the weights are shared. Input: golden.fill(), times 2. Per case of
tests/golden/backbone_cases.txt: logits, value of the target layer, gradients of the logit in the middle there and at the
input. Per architecture: torchvision's names of all nodes, as FNV-1a hashes modulo 10^9.
Needs build/cambench (or the program that CAMBENCH names). Prints how far PyTorch in float32 is from these values."""
import os
import subprocess
import tempfile
from collections import OrderedDict

import h5py
import numpy as np
import torch
import torchvision
from torchvision.models import resnet, vgg
from torchvision.models._utils import _make_divisible
from torchvision.models.feature_extraction import NodePathTracer

import golden

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("CAMBENCH", os.path.join(HERE, "../../build/cambench"))
SAMPLES = 32
LAYERS = {"alexnet": "features.11", "densenet121": "relu", "efficientnet_b0": "features.8", "googlenet": "inception5b",
          "mobilenet_v2": "features.18", "mobilenet_v3_large": "features.16", "mobilenet_v3_small": "features.12",
          "squeezenet1_0": "features.12", "squeezenet1_1": "features.12"}
VGG_CONFIGS = {"vgg11": "A", "vgg13": "B", "vgg16": "D", "vgg19": "E"}


def channels(count, width):
    return _make_divisible(count * width, 8)


def narrow_vgg(arch, classes, width):
    """torchvision's VGG with every number of channels multiplied."""
    plan = [v if v == "M" else channels(v, width) for v in vgg.cfgs[VGG_CONFIGS[arch.split("_")[0]]]]
    network = vgg.VGG(vgg.make_layers(plan, batch_norm=arch.endswith("_bn")), classes, init_weights=False)
    hidden = channels(4096, width)
    network.classifier[0] = torch.nn.Linear(channels(512, width) * 49, hidden)
    network.classifier[3] = torch.nn.Linear(hidden, hidden)
    network.classifier[6] = torch.nn.Linear(hidden, classes)
    return network


def narrow_resnet(arch, classes, width):
    """torchvision's ResNet with the planes of every stage multiplied."""
    whole = getattr(torchvision.models, arch)(num_classes=1)

    class Narrow(resnet.ResNet):
        def _make_layer(self, block, planes, blocks, stride=1, dilate=False):
            if planes == 64:
                self.inplanes = channels(64, width)
            return super()._make_layer(block, channels(planes, width), blocks, stride, dilate)

    block = type(whole.layer1[0])
    network = Narrow(block, [len(s) for s in (whole.layer1, whole.layer2, whole.layer3, whole.layer4)], classes,
                     groups=whole.groups, width_per_group=whole.base_width)
    network.conv1 = torch.nn.Conv2d(3, channels(64, width), 7, 2, 3, bias=False)
    network.bn1 = torch.nn.BatchNorm2d(channels(64, width))
    network.fc = torch.nn.Linear(channels(512, width) * block.expansion, classes)
    return network


def build(arch, classes, width):
    make = getattr(torchvision.models, arch)
    if arch.startswith("mobilenet"):
        return make(num_classes=classes, width_mult=width)
    if arch == "googlenet":  # with weights torchvision sets these
        return make(num_classes=classes, aux_logits=False, transform_input=True, init_weights=False)
    if width == 1:
        return make(num_classes=classes)
    return (narrow_vgg if arch.startswith("vgg") else narrow_resnet)(arch, classes, width)


def generated_weights(arch, classes, width):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "weights.h5")
        subprocess.run([PROGRAM, "generate", "weights", arch, "--seed", "1", "--classes", str(classes), "--width",
                        str(width), "--out", path, "--quiet"], check=True)
        with h5py.File(path) as file:
            return {name: torch.from_numpy(np.array(data)) for name, data in file["tensor"].items()}


def load(arch, classes, width):
    network = build(arch, classes, width).eval()
    weights = OrderedDict(generated_weights(arch, classes, width))
    weights._metadata = network.state_dict()._metadata  # MNASNet asks for its version
    result = network.load_state_dict(weights, strict=False)
    assert not result.unexpected_keys, result.unexpected_keys
    assert all(key.endswith("num_batches_tracked") for key in result.missing_keys), result.missing_keys
    for module in network.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    return network


def target_layer(arch, network):
    if arch.startswith("vgg"):
        return network.features[-2]
    return network.get_submodule(LAYERS.get(arch, "layer4"))


def in_modules(arch, network):
    """The same network with its target layer a module: DenseNet's last ReLU is a function."""
    if arch != "densenet121":
        return network
    return torch.nn.Sequential(OrderedDict(features=network.features, relu=torch.nn.ReLU(),
                                           pool=torch.nn.AdaptiveAvgPool2d(1), flatten=torch.nn.Flatten(),
                                           classifier=network.classifier))


def measure(network, layer, picture):
    kept = {}

    def keep(module, inputs, output):
        output.retain_grad()
        kept["layer"] = output

    handle = layer.register_forward_hook(keep)
    picture = picture.clone().requires_grad_(True)
    logits = network(picture)
    handle.remove()
    logits[0, logits.shape[1] // 2].backward()
    values = {"logits": logits, "layer": kept["layer"], "gradient": kept["layer"].grad, "input_gradient": picture.grad}
    return {name: value.detach().numpy() for name, value in values.items()}


def node_hashes(arch, network):
    dropped = {name for name, module in network.named_modules() if isinstance(module, torch.nn.Dropout)}
    tracer = NodePathTracer()  # get_graph_node_names() would not look into Conv2dNormActivation
    tracer.trace(network)
    names = [name for name in tracer.node_to_qualname.values()
             if name not in dropped | {"x", "output"} and not name.endswith("stochastic_depth")]
    if arch == "googlenet":  # thirteen nodes that scale and shift the colours are one of ours
        names[:names.index("conv1.conv")] = ["transform_input"]
    return [golden.seed(name) % 1000000000 for name in names]


def cases(name):
    with open(os.path.join(HERE, name)) as file:
        for line in file:
            if not line.startswith("#"):
                key, arch, classes, width, height, width_px = line.split()
                yield key, arch, int(classes), float(width), int(height), int(width_px)


def main():
    torch.set_num_threads(1)
    out = golden.Golden("backbones", __doc__ + "\ntorch %s, torchvision %s" % (torch.__version__,
                                                                              torchvision.__version__))
    named = set()
    for key, arch, classes, width, height, width_px in cases("backbone_cases.txt"):
        whole = load(arch, classes, width)
        if key.endswith("_untransformed"):
            whole.transform_input = False
        network = in_modules(arch, whole)
        layer = target_layer(arch, network)
        picture = torch.from_numpy(golden.fill((1, 3, height, width_px), 1) * 2)
        single = measure(network, layer, picture)
        network.double()
        for name, value in measure(network, layer, picture.double()).items():
            out.add(key + "." + name, value, SAMPLES)
            difference = np.abs(value - single[name]).max() / np.abs(value).max()
            print("%-20s %-16s float32 is off by %.1e, largest %.3g" % (key, name, difference, np.abs(value).max()))
        if arch not in named:
            named.add(arch)
            out.add(arch + ".nodes", node_hashes(arch, whole), 10000)
    out.close()


if __name__ == "__main__":
    main()
