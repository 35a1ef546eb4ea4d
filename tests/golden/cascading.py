#!/usr/bin/python3
"""Golden values for tests/bench/test_cascading.c: cascading_randomization of two networks with PyTorch in float64. Stages
are found by hooks in the order in which torchvision's modules run; Spearman's correlation is SciPy's, the entropy that of
numpy.histogram()."""
import copy

import numpy as np
import scipy
import scipy.stats
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

import golden

SIDE, SEED, CLASSES = 96, 5, 5
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]

# module, layer, images
NETWORKS = {
    "resnet18": (lambda: torchvision.models.resnet18(num_classes=CLASSES), "layer3", 1),
    "mobilenet_v2": (lambda: torchvision.models.mobilenet_v2(num_classes=CLASSES, width_mult=0.25), "features.13", 2),
}

CASES = {
    "plain": dict(order="top_down", stages=4),
    "all": dict(order="top_down", stages=0),
    "bottom_up": dict(order="bottom_up", stages=3),
    "independent": dict(order="independent", stages=5),
    "last": dict(order="top_down", stages=1),
    "pearson": dict(order="top_down", stages=3, similarity="pearson"),
    "with_original": dict(order="bottom_up", stages=2, with_original=True, draws=2),
    "at_input": dict(order="top_down", stages=2, at_input=True),
    "smooth": dict(order="bottom_up", stages=2, samples=3),
    "smooth_noisy": dict(order="top_down", stages=2, samples=2, noise=0.5, draws=2),
    "efficient": dict(form="efficient", bins=100),
    "efficient_seeds": dict(form="efficient", bins=10, draws=2, at_layer=True),
}
METHODS = ("gradcam", "layercam", "hirescam", "saliency")


# -- the program's random numbers, many at once ------------------------------------------------------------------------
def words(names, count):
    purpose = 0
    for name in names:
        purpose = purpose or 0xCBF29CE484222325
        for byte in name.encode() + b"\0":
            purpose = ((purpose ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    blocks = np.arange((count + 3) // 4, dtype=np.uint64)
    low, shift = np.uint64(0xFFFFFFFF), np.uint64(32)
    c = [blocks & low, blocks >> shift, np.full_like(blocks, purpose & 0xFFFFFFFF), np.full_like(blocks, purpose >> 32)]
    key = [SEED, 0]
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(b >> shift) ^ c[1] ^ np.uint64(key[0]), b & low, (a >> shift) ^ c[3] ^ np.uint64(key[1]), a & low]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.stack(c, 1).reshape(-1)[:count]


def uniforms(names, count):
    pairs = words(names, 2 * count).reshape(-1, 2)
    return ((pairs[:, 0] >> np.uint64(5)) * 67108864.0 + (pairs[:, 1] >> np.uint64(6))) / 9007199254740992.0


def normals(names, count):
    pairs = uniforms(names, 2 * count).reshape(-1, 2)
    return np.sqrt(-2 * np.log(1 - pairs[:, 0])) * np.cos(2 * np.pi * pairs[:, 1])


# -- altered networks --------------------------------------------------------------------------------------------------
def stages_of(net):
    """Lists of module names: a convolution or linear layer and the norms that run after it."""
    names, stages, hooks = {module: name for name, module in net.named_modules()}, [], []

    def ran(module, *_):
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            stages.append([names[module]])
        else:
            stages[-1].append(names[module])

    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear, nn.BatchNorm2d)):
            hooks.append(module.register_forward_hook(ran))
    net(torch.zeros(1, 3, SIDE, SIDE, dtype=torch.float64))
    for hook in hooks:
        hook.remove()
    return stages


def reset(net, names, draw):
    for name in names:
        module = net.get_submodule(name)
        if isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()  # running statistics too
            continue
        fan_in = nn.init._calculate_fan_in_and_fan_out(module.weight)[0]
        for what, value in module.named_parameters():
            drawn = uniforms(["reset", str(draw), "%s.%s" % (name, what)], value.numel())
            # kaiming_uniform_(a=sqrt(5)) has the bound gain * sqrt(3 / fan_in), gain^2 = 2 / (1 + 5)
            bound = np.sqrt(2 / 6) * np.sqrt(3 / fan_in) if what == "weight" else 1 / np.sqrt(fan_in)
            with torch.no_grad():
                value.copy_(torch.from_numpy((bound * (2 * drawn - 1)).astype(np.float32).reshape(value.shape)))


def altered(net, stages, order, count, draw):
    other = copy.deepcopy(net)
    chosen = {"top_down": stages[len(stages) - count:], "bottom_up": stages[:count],
              "independent": stages[count - 1:count]}[order] if count else []
    for names in chosen:
        reset(other, names, draw)
    return other


# -- maps --------------------------------------------------------------------------------------------------------------
def maps_of(net, layer, x, klass):
    """All methods' maps after ReLU, from one pass."""
    kept = []
    hook = net.get_submodule(layer).register_forward_hook(lambda module, inside, out: kept.append(out))
    x = x.clone().requires_grad_()
    score = net(x)[0, klass]
    hook.remove()
    act = kept[0]
    grad, at_input = torch.autograd.grad(score, (act, x))
    act, grad = act[0].detach(), grad[0]
    return {"gradcam": F.relu((grad.mean((1, 2), keepdim=True) * act).sum(0)), "hirescam": F.relu((grad * act).sum(0)),
            "layercam": F.relu((F.relu(grad) * act).sum(0)), "saliency": at_input[0].abs().amax(0)}


def noisy(x, image, index, share):
    if index == 0:
        return x
    e = normals(["image %d" % image, "metric", "cascading_randomization", str(index)], x.numel())
    scale = share * float(x.max() - x.min())
    return x + torch.from_numpy((scale * e).astype(np.float32).reshape(x.shape)).double()


def entropy(plane, bins):
    return scipy.stats.entropy(np.histogram(plane.numpy(), bins=bins)[0])


def enlarged(plane):
    return F.interpolate(plane[None, None], (SIDE, SIDE), mode="bilinear", align_corners=False)[0, 0]


class Image:
    def __init__(self, name, number):
        pixels = (golden.fill((SIDE, SIDE, 3), 900 + number).astype(np.float64) + 1) * 127.5
        x = (np.floor(pixels) / 255 - MEAN) / DEVIATION
        make, self.layer, _ = NETWORKS[name]
        self.net, self.number = golden.load(make()).double(), number
        self.x = torch.from_numpy(x.astype(np.float32)).double().permute(2, 0, 1)[None]
        self.stages = stages_of(self.net)
        self.klass = int(self.net(self.x)[0].argmax())
        self.kept = {}

    def mean_maps(self, order, count, draw, samples=1, noise=0.1, **_):
        key = (order if count else "", count, draw if count else 0, samples, noise)
        if key not in self.kept:
            net = altered(self.net, self.stages, order, count, draw)
            all_maps = [maps_of(net, self.layer, noisy(self.x, self.number, n, noise), self.klass)
                        for n in range(samples)]
            self.kept[key] = {m: torch.stack([maps[m] for maps in all_maps]).mean(0) for m in METHODS}
        return self.kept[key]

    def correlation(self, method, order, stages, similarity="spearman", with_original=False, draws=1, at_input=False,
                    **how):
        total = len(self.stages)
        count = total if stages == 0 else stages
        at = [int(np.ceil(k * total / count)) for k in range(1, count + 1)]
        own = self.mean_maps(order, 0, 0, **how)[method]
        rho = [1.0] if with_original else []
        for stage in at:
            one = []
            for draw in range(draws):
                other = self.mean_maps(order, stage, draw, **how)[method]
                a, b = ((enlarged(p) if at_input else p).numpy().reshape(-1) for p in (own, other))
                if a.min() == a.max() or b.min() == b.max():
                    one.append(0.0)
                else:
                    one.append((scipy.stats.spearmanr if similarity == "spearman" else scipy.stats.pearsonr)(a, b)[0])
            rho.append(np.mean(one))
        return np.mean(rho)

    def rise(self, method, bins, draws=1, at_layer=False, **_):
        def of(count, draw):
            plane = self.mean_maps("bottom_up", count, draw)[method]
            return entropy(plane if at_layer else enlarged(plane), bins)
        own = of(0, 0)
        return np.mean([of(len(self.stages), draw) - own for draw in range(draws)]) / own


def main():
    out = golden.Golden("cascading", "tests/golden/cascading.py, PyTorch %s, SciPy %s" %
                        (torch.__version__, scipy.__version__))
    for name in NETWORKS:
        for number in range(NETWORKS[name][2]):
            image = Image(name, number)
            for key, case in CASES.items():
                how = dict(case)
                measure = image.rise if how.pop("form", "") == "efficient" else image.correlation
                out.add("%s.%d.%s" % (name, number, key), [measure(method, **how) for method in METHODS])
    out.close()


if __name__ == "__main__":
    main()
