#!/usr/bin/python3
"""Golden values for tests/backbones/test_backbones_stems.c: torchvision's networks with other first layers, as people
change them for small pictures or other numbers of channels. Weights: golden.tensor(); input: golden.fill()."""
import torch
import torchvision.models as models

import golden


def small(network, channels, has_pool):
    network.conv1 = torch.nn.Conv2d(channels, 64, 3, 1, 1, bias=False)
    if not has_pool:
        network.maxpool = torch.nn.Identity()
    return network


def small_densenet():
    network = models.densenet121(num_classes=10)
    network.features.conv0 = torch.nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    network.features.pool0 = torch.nn.Identity()
    return network


def other_channels():
    network = models.mobilenet_v2(num_classes=3)
    network.features[0][0] = torch.nn.Conv2d(5, 32, 3, 2, 1, bias=False)
    return network


CASES = {"resnet_small": (small(models.resnet18(num_classes=10), 3, False), (3, 32, 32)),
         "resnet_small_pool": (small(models.resnet18(num_classes=7), 1, True), (1, 40, 32)),
         "densenet_small": (small_densenet(), (3, 32, 24)),
         "mobilenet_channels": (other_channels(), (5, 64, 48))}


def main():
    torch.set_num_threads(1)
    out = golden.Golden("backbones_stems", __doc__ + "\ntorch %s" % torch.__version__)
    for key, (network, shape) in CASES.items():
        state = {name: torch.from_numpy(golden.tensor(name, tuple(value.shape)))
                 for name, value in network.state_dict().items() if value.is_floating_point()}
        network.load_state_dict(state, strict=False)
        picture = torch.from_numpy(golden.fill((1,) + shape, 1)).double().requires_grad_(True)
        logits = network.double().eval()(picture)
        logits[0, 1].backward()
        out.add(key + ".logits", logits.detach().numpy())
        out.add(key + ".input_gradient", picture.grad.numpy(), 64)
    out.close()


if __name__ == "__main__":
    main()
