#!/usr/bin/python3
"""Golden values for tests/methods/test_engine_methods.c: the maps of tests/golden/methods_engine_cases.txt. Second
derivatives come from autograd, DeepLIFT multipliers from modules that see an input and its reference as a batch of two
(tangents.py)."""
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

import golden
import methods
from tangents import SecantMaxPool, SecantReLU


class LiftReLU(nn.Module):
    def forward(self, x):
        return SecantReLU.apply(x, float("inf"))


class LiftMaxPool(nn.Module):
    def __init__(self, pool):
        super().__init__()
        self.window = pool.kernel_size, pool.stride, pool.padding

    def forward(self, x):
        return SecantMaxPool.apply(x, *self.window)


def swapped(module):
    """The module, with rules of DeepLIFT where it is not linear."""
    if isinstance(module, nn.ReLU):
        return LiftReLU()
    if isinstance(module, nn.MaxPool2d):
        return LiftMaxPool(module)
    for name, child in module.named_children():
        setattr(module, name, swapped(child))
    return module


class Explain(methods.Explain):
    DIFFERENTIATES = ("liftcam", "shapleycam")

    def liftcam(self):
        import copy
        both = torch.stack((self.act, torch.zeros_like(self.act))).requires_grad_()
        stages, names, y = self.network.stages, list(self.network.stages), both
        for name in names[names.index(self.layer) + 1:]:
            y = swapped(copy.deepcopy(stages[name]))(y)
        multipliers = torch.autograd.grad(y[0, self.klass], both)[0][0]
        return self.weighted((multipliers * self.act).sum((1, 2)))

    def shapleycam(self):
        act = self.act[None].clone().requires_grad_()
        score = self.score(self.network.run(act, after=self.layer), self.get("score", "rest"))
        gradient = torch.autograd.grad(score.sum(), act, create_graph=True)[0]
        curved = torch.zeros_like(act)
        if gradient.requires_grad:
            product = torch.autograd.grad((gradient * act.detach()).sum(), act, allow_unused=True)[0]
            curved = curved if product is None else product
        t = (gradient - 0.5 * curved).detach()[0]
        form = self.get("form", "mean")
        if form == "elementwise":
            return F.relu(t * self.act).sum(0)
        if form == "hires":
            return (t * self.act).sum(0)
        weight = t.mean((1, 2)) if form == "mean" else (t * self.act).sum((1, 2)) / (self.act.sum((1, 2)) + 1e-7)
        return self.weighted(weight)


def main():
    torch.set_num_threads(1)
    out = golden.Golden("methods_engine", "tests/golden/methods_engine.py, PyTorch %s, torchvision %s, float64"
                        % (torch.__version__, torchvision.__version__))
    methods.run_cases(out, "methods_engine", Explain)
    out.close()


if __name__ == "__main__":
    main()
