#!/usr/bin/python3
"""Golden values for tests/methods/test_engine_methods.c: the maps of tests/golden/methods_engine_cases.txt. Second
derivatives come from autograd, DeepLIFT multipliers from modules that see an input and its reference as a batch of two
(tangents.py), biases and gradients from hooks on every module."""
import copy

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

import golden
import methods
from tangents import SecantMaxPool, SecantReLU


class LiftReLU(nn.Module):
    def __init__(self, top):
        super().__init__()
        self.top = top

    def forward(self, x):
        return SecantReLU.apply(x, self.top)


class LiftMaxPool(nn.Module):
    def __init__(self, pool):
        super().__init__()
        self.window = pool.kernel_size, pool.stride, pool.padding

    def forward(self, x):
        return SecantMaxPool.apply(x, *self.window)


def swapped(module):
    """The module, with rules of DeepLIFT where it is not linear."""
    if isinstance(module, (nn.ReLU, nn.ReLU6)):
        return LiftReLU(6.0 if isinstance(module, nn.ReLU6) else float("inf"))
    if isinstance(module, nn.MaxPool2d):
        return LiftMaxPool(module)
    for name, child in module.named_children():
        setattr(module, name, swapped(child))
    return module


def norms_net():
    """A batch norm after a convolution with a bias, before a convolution, and none."""
    stages = nn.ModuleDict()
    for name, stage in (("conv1", nn.Conv2d(3, 8, 3, 1, 1)), ("bn1", nn.BatchNorm2d(8)), ("relu1", nn.ReLU()),
                        ("pool", nn.MaxPool2d(2)), ("norm2", nn.BatchNorm2d(8)), ("relu2", nn.ReLU()),
                        ("conv2", nn.Conv2d(8, 12, 3, 1, 1, groups=2, bias=False)), ("norm3", nn.BatchNorm2d(12)),
                        ("relu3", nn.ReLU()), ("conv3", nn.Conv2d(12, 12, 3, 1, 1, groups=12)), ("relu4", nn.ReLU6()),
                        ("conv4", nn.Conv2d(12, 16, 1, 2)), ("last", nn.ReLU()),
                        ("avgpool", nn.AdaptiveAvgPool2d(1)), ("flatten", nn.Flatten()), ("fc", nn.Linear(16, 5))):
        stages[name] = stage
    golden.load(stages)
    return dict(stages.double().items()), (3, 24, 20)


class Network(methods.Network):
    def __init__(self, name):
        if name != "norms":
            super().__init__(name)
            return
        self.stages, shape = norms_net()
        self.x = torch.from_numpy(golden.fill((1,) + shape, golden.seed(name + ".input"))).double()
        with torch.no_grad():
            self.logits = self.run(self.x)[0]


class Traced:
    """Values and gradients at every convolution and batch norm, and at the input. A hook passes on a copy, so that a ReLU
    in place overwrites the copy alone."""

    def __init__(self, network, klass, kinds, in_place=False):
        self.modules, self.values, self.passed, handles = [], [], [], []
        stages = copy.deepcopy(network.stages)
        for stage in stages.values():
            for module in stage.modules():
                if isinstance(module, nn.ReLU):
                    module.inplace = in_place
                elif isinstance(module, kinds):
                    handles.append(module.register_forward_hook(self.keep))
        self.x = network.x.clone().requires_grad_()
        y = self.x
        for stage in stages.values():
            y = stage(y)
        self.logit = y[0, klass]
        grads = torch.autograd.grad(self.logit, [self.x] + self.values)
        self.x_grad, self.grads = grads[0][0], [grad[0] for grad in grads[1:]]
        for handle in handles:
            handle.remove()

    def keep(self, module, inputs, output):
        passed = output.clone()
        self.modules.append(module)
        self.values.append(output)
        self.passed.append(passed.detach())
        return passed


def effective_bias(module):
    if isinstance(module, nn.BatchNorm2d):
        return module.bias - module.running_mean * module.weight / torch.sqrt(module.running_var + module.eps)
    return module.bias


class Explain(methods.Explain):
    DIFFERENTIATES = ("liftcam", "shapleycam", "fullgrad", "winsorcam")

    def fullgrad(self):
        traced = Traced(self.network, self.klass, (nn.Conv2d, nn.BatchNorm2d))
        is_official = self.get("norm", "official") == "official"

        def psi(term):
            term = term.abs()
            if is_official:
                term = term - term.min()
                term = term / (term.max() + 1e-6)
            else:
                term = torch.stack([(plane - plane.min()) / ((plane - plane.min()).max() + 1e-7) for plane in term])
            return methods.upsample(term, self.size, corners=is_official).sum(0)

        total = psi(self.network.x[0] * traced.x_grad)
        for module, grad in zip(traced.modules, traced.grads):
            bias = effective_bias(module)
            if bias is not None:
                total = total + psi(bias[:, None, None] * grad)
        clip = self.get("clip_percentile", "off")
        return total if clip == "off" else total.clamp(max=np.percentile(total.detach().numpy(), float(clip)))

    def winsorcam(self):
        authors = self.get("activation", "conv") == "authors"
        traced = Traced(self.network, self.klass, nn.Conv2d, in_place=authors)
        order = self.run_order()
        chosen = [name for name in self.get("layers", "").split(",") if name] or order
        maps, importance = [], []
        kinds = {"mean": lambda a: a.mean(), "max": lambda a: a.max(), "min": lambda a: a.min(),
                 "l2": lambda a: a.norm(), "std": lambda a: a.std(),
                 "entropy": lambda a: torch.distributions.Categorical(logits=a).entropy()}
        for name, grad, value, passed in zip(order, traced.grads, traced.values, traced.passed):
            if name not in chosen:
                continue
            a = grad.mean((1, 2))
            act = (passed if authors else value.detach())[0]
            maps.append(methods.min_max(F.relu((a[:, None, None] * act).sum(0))))
            importance.append(max(float(kinds[self.get("layer_importance", "mean")](a)), 0.0))
        importance = np.array(importance)
        above = importance > 0
        if above.any():
            importance = np.minimum(importance, np.percentile(importance[above], self.get("percentile", 99.0)))
            low, high = importance[above].min(), importance[above].max()
            floor = self.get("floor", 0.1)
            scaled = floor + (1 - floor) * (importance - low) / (high - low) if high > low else np.ones_like(importance)
            importance = np.where(above, scaled, 0.0)
        size = max((tuple(m.shape) for m in maps), key=lambda shape: shape[0] * shape[1])
        mode = self.get("interpolation", "bilinear")
        arguments = {} if mode == "nearest" else {"align_corners": False}
        enlarge = lambda m, to: F.interpolate(m[None, None], to, mode=mode, **arguments)[0, 0]
        return sum(float(r) * enlarge(enlarge(m, size), self.size) for r, m in zip(importance, maps))

    def run_order(self):
        """Names of the convolutions in the order in which they run."""
        names, handles = [], []
        for stage, module in self.network.stages.items():
            for inner, m in module.named_modules():
                if isinstance(m, nn.Conv2d):
                    name = stage + "." + inner if inner else stage
                    handles.append(m.register_forward_hook(lambda *_, name=name: names.append(name)))
        with torch.no_grad():
            self.network.run(self.network.x)
        for handle in handles:
            handle.remove()
        return names

    def liftcam(self):
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
    methods.Network = Network
    methods.run_cases(out, "methods_engine", Explain)
    out.close()


if __name__ == "__main__":
    main()
