#!/usr/bin/python3
"""Golden values for tests/methods: the maps of tests/golden/methods_cases.txt, made with PyTorch modules, autograd and
scikit-learn in float64, from the papers' formulas. Raw maps are stored before the last ReLU, finished ones after it,
min-max and enlargement. Networks: golden.load(), so that both sides have the same weights."""
import os

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from sklearn.cluster import KMeans
from torch import nn

import golden

BLACK = torch.tensor([-2.0, -1.5, -1.25], dtype=torch.float64).reshape(1, 3, 1, 1)
DEVIATION = torch.tensor([0.25, 0.2, 0.3], dtype=torch.float64).reshape(1, 3, 1, 1)


# -- networks: stages in a row, so that a layer's value is a stage's result and the tail is the rest ----------------
def block(inside, out, stride):
    shortcut = nn.Sequential(nn.Conv2d(inside, out, 1, stride, bias=False), nn.BatchNorm2d(out))
    return torchvision.models.resnet.BasicBlock(inside, out, stride, shortcut)


def gap_net():
    net = nn.Sequential()
    for name, stage in (("conv1", nn.Conv2d(3, 8, 7, 2, 3, bias=False)), ("bn1", nn.BatchNorm2d(8)),
                        ("relu", nn.ReLU()), ("maxpool", nn.MaxPool2d(3, 2, 1)), ("block1", block(8, 16, 1)),
                        ("block2", block(16, 24, 2)), ("avgpool", nn.AdaptiveAvgPool2d(1)),
                        ("flatten", nn.Flatten()), ("fc", nn.Linear(24, 5))):
        net.add_module(name, stage)
    golden.load(net)
    with torch.no_grad():
        net.block2.bn2.bias[3] = -100
        for norm in (net.block2.bn2, net.block2.downsample[1]):
            norm.weight[5] = 0
            norm.bias[5] = 0.35
    return dict(net.double().named_children()), (3, 56, 48)


def vgg_net(like_channels=False):
    net = nn.Module()
    net.features = nn.Sequential(nn.Conv2d(3, 8, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 12, 3, 1, 1),
                                 nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(12, 16, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2))
    net.classifier = nn.Sequential(nn.Linear(144, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 5))
    golden.load(net)
    with torch.no_grad():
        for k in range(4, 16) if like_channels else ():
            net.features[6].weight[k] = 0.9 * net.features[6].weight[k % 4] + 0.1 * net.features[6].weight[k]
            net.features[6].bias[k] = net.features[6].bias[k % 4]
        net.features[6].bias[3] = -100
        net.features[6].weight[5] = 0
        net.features[6].bias[5] = 0.7
    net.double()
    stages = {"features.%d" % i: stage for i, stage in enumerate(net.features)}
    stages.update(avgpool=nn.AdaptiveAvgPool2d(3), flatten=nn.Flatten())
    stages.update(("classifier.%d" % i, stage) for i, stage in enumerate(net.classifier))
    return stages, (3, 32, 40)


def relu6_net():
    stages, shape = vgg_net()
    with torch.no_grad():
        stages["features.0"].weight *= 4
    return {name: nn.ReLU6() if isinstance(stage, nn.ReLU) else stage for name, stage in stages.items()}, shape


def resnet18():
    net = golden.load(torchvision.models.resnet18(num_classes=10)).double()
    with torch.no_grad():
        net.fc.weight /= 16  # probabilities that are not all 0 or 1
    stages = dict(net.named_children())
    fc = stages.pop("fc")
    stages.update(flatten=nn.Flatten(), fc=fc)
    return stages, (3, 64, 96)


def mobilenet_v2():
    net = golden.load(torchvision.models.mobilenet_v2(num_classes=10)).double()
    stages = {"features.%d" % i: stage for i, stage in enumerate(net.features)}
    stages.update(avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), classifier=net.classifier)
    return stages, (3, 64, 96)


class Network:
    def __init__(self, name):
        makers = {"gap": gap_net, "vgg": vgg_net, "groups": lambda: vgg_net(True), "resnet18": resnet18,
                  "relu6": relu6_net, "mobilenet_v2": mobilenet_v2}
        self.stages, shape = makers[name]()
        self.x = torch.from_numpy(golden.fill((1,) + shape, golden.seed(name + ".input"))).double()
        with torch.no_grad():
            self.logits = self.run(self.x)[0]

    def run(self, x, after=None, until=None):
        names = list(self.stages)
        for name in names[names.index(after) + 1 if after else 0:]:
            x = self.stages[name](x)
            if name == until:
                break
        return x


# -- shared pieces ----------------------------------------------------------------------------------------------------
def upsample(planes, size, corners=False):
    """(n,h,w) -> (n,H,W)"""
    return F.interpolate(planes[None], size, mode="bilinear", align_corners=corners)[0]


def min_max(plane, eps=0.0):
    low, high = plane.min(), plane.max()
    return (plane - low) / (high - low + eps) if high - low + eps > 0 else torch.zeros_like(plane)


def is_constant(plane):
    return bool(plane.max() == plane.min())


def blur(x, taps=51, sigma=50.0):
    at = torch.arange(taps, dtype=torch.float64) - taps // 2
    kernel = torch.exp(-at ** 2 / (2 * sigma ** 2))
    kernel = torch.outer(kernel, kernel) / kernel.sum() ** 2
    padded = F.pad(x, (taps // 2,) * 4, mode="reflect")
    return F.conv2d(padded, kernel.expand(3, 1, taps, taps), groups=3)


class Explain:
    """One method on one layer and class of a network."""
    DIFFERENTIATES = ("gradcam", "gradcam_pp", "xgradcam", "layercam")

    def __init__(self, network, layer, klass, params):
        self.network, self.layer, self.params = network, layer, params
        self.is_signed = False  # set by methods whose negative values stay
        self.is_normalised = False  # set by methods whose maps are in [0,1] already
        order = torch.argsort(network.logits)
        self.klass = {"p": int(order[-1]), "l": int(order[0])}.get(klass) if klass in "pl" else int(klass)
        self.size = tuple(network.x.shape[2:])
        with torch.no_grad():
            self.act = network.run(network.x, until=layer)[0]

    def get(self, key, fallback):
        value = self.params.get(key, str(fallback))
        return type(fallback)(value) if not isinstance(fallback, bool) else value.lower() == "true"

    def score(self, logits, kind):
        """(n,K) -> (n)"""
        log_p = F.log_softmax(logits, 1)[:, self.klass]
        return {"logit": logits[:, self.klass], "prob": log_p.exp(), "logprob": log_p,
                "rest": logits[:, self.klass] + log_p}[kind]

    def gradient(self, layer=None):
        layer = layer or self.layer
        act = self.network.run(self.network.x, until=layer).detach().requires_grad_()
        score = self.score(self.network.run(act, after=layer), self.get("score", "logit"))
        return act.detach()[0], torch.autograd.grad(score.sum(), act)[0][0]

    def tail(self, features, kind):
        return self.score(self.network.run(features, after=self.layer), kind)

    def full(self, images, kind):
        return self.score(self.network.run(images), kind)

    def weighted(self, weights):
        return (torch.as_tensor(weights, dtype=torch.float64)[:, None, None] * self.act).sum(0)

    # -- gradients
    def gradcam(self):
        act, grad = self.gradient()
        self.is_signed = not self.get("relu", True)
        return (grad.mean((1, 2))[:, None, None] * act).sum(0)

    def gradcam_pp(self):
        act, grad = self.gradient()
        total = act.sum((1, 2), keepdim=True)
        form = self.get("form", "stable")
        if form == "torchcam":
            alpha = grad ** 2
        elif form == "pytorch_grad_cam":
            alpha = grad ** 2 / (2 * grad ** 2 + total * grad ** 3 + self.get("eps", 1e-6))
        else:
            alpha = 1 / (2 + total * grad)
        alpha = torch.where(grad == 0, torch.zeros_like(grad), alpha)
        return ((alpha * F.relu(grad)).sum((1, 2))[:, None, None] * act).sum(0)

    def xgradcam(self):
        act, grad = self.gradient()
        total, eps = act.sum((1, 2)), self.get("eps", 1e-7)
        weight = (grad * act).sum((1, 2)) / (total + eps)
        weight[total.abs() <= eps] = 0
        return (weight[:, None, None] * act).sum(0)

    def layercam(self):
        layers = [name for name in self.get("layers", "").split(",") if name] or [self.layer]
        maps = []
        for layer in layers:
            act, grad = self.gradient(layer)
            maps.append(F.relu((F.relu(grad) * act).sum(0)))
        if len(maps) == 1:
            return maps[0]
        gamma = self.get("gamma", 2.0)
        size = max((tuple(cam.shape) for cam in maps), key=lambda shape: shape[0] * shape[1])
        maps = [torch.tanh(gamma * min_max(cam)) if gamma else min_max(cam) for cam in maps]
        maps = torch.stack([upsample(cam[None], size)[0] for cam in maps])
        return {"max": lambda: maps.max(0).values, "mean": lambda: maps.mean(0),
                "product": lambda: maps.prod(0)}[self.get("fuse", "max")]()

    # -- masks on the input
    def background(self):
        if self.get("fill", "zero") == "blur":
            return blur(self.network.x)
        return BLACK.expand_as(self.network.x) if self.get("mask_space", "normalized") == "pixel" \
            else torch.zeros_like(self.network.x)

    def masked(self, masks, kind):
        masks = masks[:, None]
        return self.full(self.network.x * masks + self.background() * (1 - masks), kind)

    def baseline(self, name, kind):
        image = {"none": None, "zero": torch.zeros_like(self.network.x), "image": self.network.x,
                 "mean": self.network.x.mean((2, 3), keepdim=True).expand_as(self.network.x),
                 "blur": blur(self.network.x)}[name]
        return 0.0 if image is None else self.full(image, kind)

    def scorecam(self):
        scoring = self.get("scoring", "official")
        is_peer = scoring in ("torchcam", "pytorch_grad_cam")
        count, most = self.act.shape[0], self.get("max_channels", 0)
        channels = list(range(count))
        if most:
            spread = self.act.flatten(1).std(1, unbiased=False)
            channels = sorted(torch.argsort(spread, descending=True, stable=True)[:most].tolist())
        if scoring == "torchcam":
            masks = upsample(torch.stack([min_max(plane, 1e-8) for plane in self.act]), self.size)
        else:
            planes = upsample(self.act, self.size, corners=scoring == "pytorch_grad_cam")
            masks = torch.stack([min_max(plane, 1e-8 if is_peer else 0.0) for plane in planes])
        if not is_peer:
            channels = [k for k in channels if not is_constant(self.act[k])]
        kind = self.get("score", "by_scoring")
        kind = ("logit" if is_peer else "prob") if kind == "by_scoring" else kind
        by_scoring = {"official": "none", "paper": "zero", "torchcam": "image", "pytorch_grad_cam": "none"}[scoring]
        base = self.get("baseline", "by_scoring")
        score = self.masked(masks[channels], kind) - self.baseline(by_scoring if base == "by_scoring" else base, kind)
        weighting = self.get("weighting", "by_scoring")
        weighting = ("linear" if scoring == "official" else "softmax") if weighting == "by_scoring" else weighting
        weight = torch.zeros(count, dtype=torch.float64)
        weight[channels] = {"linear": lambda: score, "relu": lambda: F.relu(score),
                            "softmax": lambda: torch.softmax(score, 0)}[weighting]()
        return self.weighted(weight)

    def clusters(self):
        """Labels of the channels that are not constant."""
        usable = [k for k in range(self.act.shape[0]) if not is_constant(self.act[k])]
        norm = self.get("feature_norm", "minmax")
        vectors = []
        for k in usable:
            plane = self.act[k]
            vectors.append({"minmax": lambda: min_max(plane), "none": lambda: plane, "l2": lambda: plane / plane.norm(),
                            "zscore": lambda: (plane - plane.mean()) / plane.std(unbiased=False)}[norm]().flatten())
        clusters = self.get("clusters", "10")
        count = min(4 if clusters == "auto" else int(clusters), len(usable))  # network "groups" has four
        data = torch.stack(vectors).numpy()
        if self.get("clusterer", "k_means") == "chunk":
            label = np.arange(len(usable)) // -(-len(usable) // count)
        elif count == len(usable):
            label = np.arange(count)
        else:
            label = KMeans(count, n_init=300, random_state=0).fit(data).labels_
        return usable, label, count

    def clustercam(self):
        usable, label, count = self.clusters()
        kind, maps = self.get("cluster_map", "mean"), []
        for i in range(count):
            members = self.act[[k for k, l in zip(usable, label) if l == i]]
            maps.append({"mean": lambda: members.mean(0), "sum": lambda: members.sum(0),
                         "normalized_mean": lambda: torch.stack([min_max(m) for m in members]).mean(0)}[kind]())
        if count == 1:
            return min_max(maps[0])
        masks = torch.stack([min_max(upsample(cam[None], self.size)[0]) for cam in maps])
        score = self.get("score", "prob")
        a = self.masked(masks, score) - self.baseline(self.get("baseline", "none"), score)
        return self.merge(maps, a)

    def merge(self, maps, a):
        normal = [min_max(cam) for cam in maps] if self.get("merge_norm", True) else maps
        select, weight = self.get("select", "extreme"), self.get("lambda", 1.0)
        if select == "all":
            return sum(a[i] * normal[i] for i in range(len(maps)))
        best, worst = int(a.argmax()), int(a.argmin())
        base, scissors = normal[best], normal[worst]
        if select == "split":
            good = [i for i in range(len(maps)) if a[i] >= a.mean()]
            rest = [i for i in range(len(maps)) if i not in good]
            base = sum(a[i] * normal[i] for i in good) / sum(a[i] for i in good)
            scissors = sum(normal[i] for i in rest) / len(rest)
        merge = self.get("merge", "subtract")
        if merge == "cut":
            return base * (1 - weight * scissors)
        if merge == "weighted":
            v = a[best] / a.norm()
            return v * maps[best] - (1 - v) * maps[worst]
        return base - weight * scissors

    # -- changes of the features
    def ablated_channels(self):
        """pytorch-grad-cam: the channels that overlap most, and least, with the first principal component's map."""
        count, ratio = self.act.shape[0], self.get("ratio", 1.0)
        if ratio == 1:
            return list(range(count))
        rows = self.act.flatten(1).numpy().T
        _, _, components = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
        projection = np.abs((rows - rows.mean(0)) @ components[0])
        projection = (projection - projection.min()) / (projection.max() - projection.min()) > 0.01
        planes = np.abs(rows.T)
        planes = planes - planes.min(1, keepdims=True)
        whole = planes.sum(1)
        overlap = (projection * planes).sum(1) / np.where(whole > 0, whole, 1)  # 0 for a constant channel: our rule
        order = np.argsort(overlap, kind="stable")
        kept = int(count * ratio)
        return sorted(set(order[:kept]) | set(order[::-1][:kept]))

    def ablationcam(self):
        kind, value = self.get("score", "logit"), self.get("ablate_value", "zero")
        count = self.act.shape[0]
        changed = self.act.repeat(count, 1, 1, 1)
        for k in range(count):
            changed[k, k] = self.act[k].min() if value == "min" else 0
        whole = self.tail(self.act[None], kind)
        divisor = {"signed": whole, "abs": whole.abs(), "one": 1.0}[self.get("denominator", "signed")]
        weight, chosen = torch.zeros(count, dtype=torch.float64), self.ablated_channels()
        weight[chosen] = ((whole - self.tail(changed, kind)) / divisor)[chosen]
        return self.weighted(weight)

    def reciprocam(self):
        norm, mask = self.get("feature_norm", "none"), self.get("mask", "plain")
        act = self.act
        if norm == "minmax":
            act = torch.stack([min_max(plane) for plane in act])
        elif norm == "l2":
            length = act.flatten(1).norm(dim=1)
            act = act / torch.where(length > 0, length, torch.ones_like(length))[:, None, None]
        c, h, w = act.shape
        kernel = torch.tensor([[1, 2, 1], [2, 4, 2], [1, 2, 1]], dtype=torch.float64) / 16
        features = torch.zeros(h * w, c, h + 2, w + 2, dtype=torch.float64)
        padded = F.pad(act, (1, 1, 1, 1))
        for i in range(h):
            for j in range(w):
                q = i * w + j
                if mask == "plain":
                    features[q, :, i + 1, j + 1] = act[:, i, j]
                elif mask == "gaussian_spread":
                    features[q, :, i:i + 3, j:j + 3] = kernel * act[:, i, j][:, None, None]
                else:
                    features[q, :, i:i + 3, j:j + 3] = kernel * padded[:, i:i + 3, j:j + 3]
        self.is_signed = True
        return self.tail(features[:, :, 1:-1, 1:-1], self.get("score", "prob")).reshape(h, w)

    # -- controls
    def actmap(self):
        return self.act.mean(0)

    def fakecam(self):
        self.is_normalised = True
        cam = torch.ones(self.size if self.get("at", "input") == "input" else self.act.shape[1:], dtype=torch.float64)
        cam[0, 0] = 0
        return upsample(cam[None], self.size)[0]


def run_cases(out, family, explainer):
    """The cases of FAMILY_cases.txt, by an Explain class that has a method of each name."""
    networks = {}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), family + "_cases.txt")) as file:
        for line in file:
            if line.startswith("#"):
                continue
            name, network, layer, klass, method, *params = line.split()
            networks[network] = networks.get(network) or Network(network)
            explain = explainer(networks[network], layer, klass, dict(param.split("=", 1) for param in params))
            with torch.set_grad_enabled(method in explainer.DIFFERENTIATES):
                cam = getattr(explain, method)().detach()
            out.add(name + ".raw", cam.numpy(), 48)
            cam = cam if explain.is_signed else F.relu(cam)
            cam = cam if explain.is_normalised else min_max(cam)
            cam = cam if tuple(cam.shape) == explain.size else upsample(cam[None], explain.size)[0]
            out.add(name + ".map", cam.numpy(), 24)
    for name, network in sorted(networks.items()):
        out.add(name + ".logits", network.logits.numpy())


# -- post-processing --------------------------------------------------------------------------------------------------
def run_finish(out):
    """Maps (5,7) to (40,56) by the pipelines of each protocol."""
    size = (40, 56)
    plane = torch.from_numpy(golden.fill((5, 7), golden.seed("finish"))).double()
    for name, signed in (("plain", False), ("signed", True)):
        cam = plane if signed else F.relu(plane)
        enlarge = lambda m: upsample(m[None], size)[0]
        out.add("finish.%s.cambench" % name, enlarge(min_max(cam)).numpy(), 48)
        out.add("finish.%s.torchcam" % name, enlarge(min_max(cam, 1e-8)).numpy(), 48)
        out.add("finish.%s.pytorch_grad_cam" % name, min_max(enlarge(min_max(cam, 1e-7)), 1e-7).numpy(), 48)
        out.add("finish.%s.upsample_first" % name, min_max(enlarge(cam)).numpy(), 48)


def main():
    torch.set_num_threads(1)
    out = golden.Golden("methods", "tests/golden/methods.py, PyTorch %s, torchvision %s, float64"
                        % (torch.__version__, torchvision.__version__))
    run_cases(out, "methods", Explain)
    run_finish(out)
    out.close()


if __name__ == "__main__":
    main()
