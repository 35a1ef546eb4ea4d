#!/usr/bin/python3
"""Golden values for tests/methods/test_meta_methods.c: the maps of tests/golden/methods_meta_cases.txt, made with PyTorch
autograd in float64. Finer-CAM's score is written as a function of the logits and differentiated by autograd."""
import copy
import re

import numpy as np
import torch
import torch.nn.functional as F
import torchvision

import golden
import methods
from methods import min_max, upsample


def split_base(text):
    """"layercam(score=prob;gamma=3)" as a name and a dict; parentheses may be nested."""
    name, _, rest = text.partition("(")
    pairs, depth, start = [], 0, 0
    rest = rest[:-1]
    for at, letter in enumerate(rest + ";"):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == ";" and depth == 0:
            pairs.append(rest[start:at])
            start = at + 1
    return name, dict(pair.split("=", 1) for pair in pairs if pair)


class Meta(methods.Explain):
    """Methods that wrap other methods."""
    DIFFERENTIATES = methods.Explain.DIFFERENTIATES + ("finercam", "refinecam", "multi_layer", "aug_smooth")
    difference = None  # (gamma, reference classes, is_weighted) of Finer-CAM

    def score(self, logits, kind):
        if self.difference is None:
            return super().score(logits, kind)
        gamma, others, is_weighted = self.difference
        differences = logits[:, [self.klass]] - gamma * logits[:, others]
        if not is_weighted:
            return differences.mean(1)
        weights = torch.softmax(logits, 1)[:, others]
        return (weights * differences).sum(1) / (weights.sum(1) + 1e-9)

    def hirescam(self):
        act, grad = self.gradient()
        return (act * grad).sum(0)

    def base(self, usual, layer=None, network=None):
        """The wrapped method's map, and whether it is signed."""
        name, params = split_base(self.params.get("base", usual))
        inner = Meta(network or self.network, layer or self.layer, str(self.klass), params)
        inner.difference = self.difference
        with torch.enable_grad():
            cam = getattr(inner, name)().detach()
        return cam, inner.is_signed

    def finercam_difference(self):
        logits = self.network.logits.tolist()
        given = [int(word) for word in re.findall(r"\d+", self.params.get("classes", ""))]
        others = [k for k in given if k != self.klass]
        if not given:
            near = sorted((abs(y - logits[self.klass]), k) for k, y in enumerate(logits) if k != self.klass)
            others = [k for _, k in near[:self.get("references", 3)]]
        self.difference = (self.get("gamma", 0.6), others, self.get("aggregate", "mean") == "weighted")

    def finercam(self):
        self.finercam_difference()
        cam, self.is_signed = self.base("gradcam")
        return cam

    def layer_maps(self, usual, layers, is_input, gamma):
        planes = []
        for layer in layers:
            cam, is_signed = self.base(usual, layer)
            cam = min_max(cam if is_signed else F.relu(cam))
            planes.append(torch.tanh(gamma * cam) if gamma else cam)
        size = max((tuple(cam.shape) for cam in planes), key=lambda shape: shape[0] * shape[1])
        return torch.stack([upsample(cam[None], self.size if is_input else size)[0] for cam in planes])

    def layers(self, usual):
        names = [name for name in self.params.get("layers", "").split(",") if name]
        return names or [name for name in usual if name in self.network.stages] or [self.layer]

    def refinecam(self):
        layers = self.layers(("layer2", "layer3", "layer4"))
        is_input = self.get("size", "largest") == "input"
        planes = self.layer_maps("gradcam_pp", layers, is_input, 0)
        if is_input:
            planes = torch.stack([min_max(plane) for plane in planes])
        product = planes.prod(0)
        return product ** (1 / len(layers)) if self.get("mix", "product") == "nth_root" else product

    def aug_smooth(self):
        """The transforms and the order of pytorch-grad-cam's aug_smooth."""
        planes = []
        for is_mirrored in (False, True):
            for factor in (0.9, 1.0, 1.1):
                network = copy.copy(self.network)
                network.x = (torch.flip(self.network.x, (3,)) if is_mirrored else self.network.x) * factor
                cam, is_signed = self.base("gradcam", network=network)
                cam = min_max(cam if is_signed else F.relu(cam))
                cam = min_max(upsample(cam[None], self.size)[0])
                planes.append(torch.flip(cam, (1,)) if is_mirrored else cam)
        self.is_normalised = True
        return torch.stack(planes).mean(0)

    # -- maps of the channels, whose sum is the map
    def channels_gradcam(self):
        act, grad = self.gradient()
        return grad.mean((1, 2), keepdim=True) * act

    def channels_xgradcam(self):
        act, grad = self.gradient()
        total = act.sum((1, 2), keepdim=True)
        weight = (grad * act).sum((1, 2), keepdim=True) / (total + 1e-7)
        return torch.where(total.abs() <= 1e-7, 0, weight) * act

    def channels_gradcam_pp(self):
        act, grad = self.gradient()
        alpha = torch.where(grad == 0, 0, 1 / (2 + act.sum((1, 2), keepdim=True) * grad))
        return (alpha * F.relu(grad)).sum((1, 2), keepdim=True) * act

    def channels_layercam(self):
        act, grad = self.gradient()
        return F.relu(grad) * act

    def channels_hirescam(self):
        act, grad = self.gradient()
        return grad * act

    def channels_gradcam_elementwise(self):
        act, grad = self.gradient()
        return F.relu(grad * act)

    def channels_actmap(self):
        return self.act / self.act.shape[0]

    def eigen_smooth(self):
        """The right singular vector of the centred matrix, by numpy.linalg."""
        name, params = split_base(self.params.get("base", "gradcam"))
        inner = Meta(self.network, self.layer, str(self.klass), params)
        inner.difference = self.difference
        if name == "finercam":
            inner.finercam_difference()
            name = split_base(inner.params.get("base", "gradcam"))[0]
        with torch.enable_grad():
            maps = getattr(inner, "channels_" + name)().detach().numpy()
        rows = maps.reshape(maps.shape[0], -1).T
        centred = rows - rows.mean(0)
        cam = (centred @ np.linalg.svd(centred, full_matrices=False)[2][0]).reshape(maps.shape[1:])
        sign = self.get("sign", "absmax")
        if sign == "absmax" and abs(cam.min()) > abs(cam.max()):
            cam = -cam
        if sign == "corr_mean" and np.corrcoef(cam.ravel(), rows.mean(1))[0, 1] < 0:
            cam = -cam
        return torch.from_numpy(cam)

    def multi_layer(self):
        fuse, size = self.get("fuse", "mean"), self.get("size", "by_fuse")
        is_layercam = split_base(self.params.get("base", "gradcam"))[0] == "layercam"
        gamma = float(self.params.get("gamma", 2 if fuse == "max" and is_layercam else 0))
        is_input = size == "input" or (size == "by_fuse" and fuse == "mean")
        planes = self.layer_maps("gradcam", self.layers(()), is_input, gamma)
        return {"mean": lambda: planes.mean(0), "max": lambda: planes.amax(0), "product": lambda: planes.prod(0)}[fuse]()


def main():
    torch.set_num_threads(1)
    out = golden.Golden("methods_meta", "tests/golden/methods_meta.py, PyTorch %s, torchvision %s, float64"
                        % (torch.__version__, torchvision.__version__))
    methods.run_cases(out, "methods_meta", Meta)
    out.close()


if __name__ == "__main__":
    main()
