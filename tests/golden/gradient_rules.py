#!/usr/bin/python3
"""Golden values for tests/nn/test_gradient_rules.c: gradients at three layers and at the input under each rule, by
PyTorch hooks on ReLU and ReLU6 in float64. Guided backpropagation clamps what the module's own backward gives;
deconvolution puts the clamped incoming gradient in its place. Other activations keep their derivative."""
import torch
from torch import nn

import golden


class Network(nn.Module):
    """The network of tests/nn/test_gradient_rules.c."""

    def __init__(self):
        super().__init__()
        self.stem, self.stem_bn = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8)
        self.a, self.a_bn = nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.b, self.b_bn = nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.c, self.c_bn = nn.Conv2d(8, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12)
        self.d, self.d_bn = nn.Conv2d(12, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12)
        self.fc1, self.fc2 = nn.Linear(12, 10), nn.Linear(10, 7)
        self.relu1, self.relu2, self.relu3, self.relu6 = nn.ReLU(), nn.ReLU(), nn.ReLU(), nn.ReLU6()
        self.silu, self.hard_swish = nn.SiLU(), nn.Hardswish()

    def forward(self, x):
        layers = [x]
        x = self.relu1(self.stem_bn(self.stem(x)))
        x = self.relu3(x + self.b_bn(self.b(self.relu2(self.a_bn(self.a(x))))))
        layers.append(x)
        x = self.relu6(4 * self.c_bn(self.c(x)))
        layers.append(x)
        x = self.silu(self.d_bn(self.d(x)))
        layers.append(x)
        for layer in layers[1:]:
            layer.retain_grad()
        x = self.hard_swish(self.fc1(x.mean((2, 3))))
        return self.fc2(x), layers


def guided(module, grad_in, grad_out):
    return (grad_in[0].clamp(min=0),)


def deconvolution(module, grad_in, grad_out):
    return (grad_out[0].clamp(min=0),)


def main():
    torch.set_num_threads(1)
    out = golden.Golden("gradient_rules", "tests/golden/gradient_rules.py, PyTorch %s, float64" % torch.__version__)
    for rule, hook in (("plain", None), ("guided", guided), ("deconvolution", deconvolution),
                       ("guided_relu", guided)):
        network = golden.load(Network()).double()
        for module in network.modules():
            if hook and isinstance(module, nn.ReLU if rule == "guided_relu" else (nn.ReLU, nn.ReLU6)):
                module.register_full_backward_hook(hook)
        x = torch.from_numpy(golden.fill((1, 3, 20, 18), 3)).double().requires_grad_()
        logits, layers = network(x)
        weights = torch.from_numpy(golden.fill((7,), 4)).double()
        (logits[0] * weights).sum().backward()
        for name, layer in zip(("input", "block1", "block2", "block3"), layers):
            out.add("%s.%s" % (rule, name), layer.grad.numpy(), 100)
    out.close()


if __name__ == "__main__":
    main()
