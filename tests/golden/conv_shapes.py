#!/usr/bin/python3
"""Golden values for tests/nn/test_kernels.c: each convolution of torchvision's networks at 224x224 that is unlike the others,
by PyTorch in float64 on the tests' data."""
import torch
import torch.nn.functional as F
import torchvision

import golden

NETWORKS = ("alexnet", "densenet121", "efficientnet_b0", "googlenet", "mobilenet_v2", "mobilenet_v3_large",
            "mobilenet_v3_small", "resnet18", "resnet50", "resnext50_32x4d", "resnext101_32x8d", "wide_resnet50_2",
            "squeezenet1_0", "squeezenet1_1", "vgg16")
SAMPLES = 24
OPTIONS = {"googlenet": {"aux_logits": False, "init_weights": False}}


def shapes(name):
    """(C, h, w, out, kernel, stride, padding, groups) of the network's convolutions."""
    model = getattr(torchvision.models, name)(**OPTIONS.get(name, {})).eval()
    found = []

    def see(module, inputs, _):
        c, h, w = inputs[0].shape[1:]
        assert module.dilation == (1, 1) and module.padding[0] == module.padding[1]
        found.append((c, h, w, module.out_channels, module.kernel_size[0], module.stride[0], module.padding[0],
                      module.groups))

    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(see)
    with torch.no_grad():
        model(torch.zeros(1, 3, 224, 224))
    return found


def main():
    torch.set_num_threads(1)
    out = golden.Golden("conv_shapes", "tests/golden/conv_shapes.py, PyTorch %s, float64" % torch.__version__)
    for shape in sorted({s for name in NETWORKS for s in shapes(name)}):
        c, h, w, channels, kernel, stride, padding, groups = shape
        x = torch.from_numpy(golden.fill((1, c, h, w), 1)).double()
        weight = torch.from_numpy(golden.tensor("conv.weight", (channels, c // groups, kernel, kernel))).double()
        bias = torch.from_numpy(golden.tensor("conv.bias", (channels,))).double()
        y = F.conv2d(x, weight, bias, stride, padding, 1, groups)
        out.add("%d,%d,%d,%d,%d,%d,%d,%d" % shape, y.numpy(), SAMPLES)
    out.close()


if __name__ == "__main__":
    main()
