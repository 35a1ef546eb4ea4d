#!/usr/bin/python3
"""Golden values for tests/methods/test_meta_methods.c: the maps of tests/golden/methods_meta_cases.txt, made with PyTorch
autograd in float64. Finer-CAM's score is written as a function of the logits and differentiated by autograd."""
import re

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
    DIFFERENTIATES = methods.Explain.DIFFERENTIATES + ("finercam", "refinecam", "multi_layer")
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

    def base(self, usual, layer=None, difference=None):
        """The wrapped method's map, and whether it is signed."""
        name, params = split_base(self.params.get("base", usual))
        inner = Meta(self.network, layer or self.layer, str(self.klass), params)
        inner.difference = difference or self.difference
        with torch.enable_grad():
            cam = getattr(inner, name)().detach()
        return cam, inner.is_signed

    def finercam(self):
        logits = self.network.logits.tolist()
        given = [int(word) for word in re.findall(r"\d+", self.params.get("classes", ""))]
        others = [k for k in given if k != self.klass]
        if not given:
            near = sorted((abs(y - logits[self.klass]), k) for k, y in enumerate(logits) if k != self.klass)
            others = [k for _, k in near[:self.get("references", 3)]]
        difference = (self.get("gamma", 0.6), others, self.get("aggregate", "mean") == "weighted")
        cam, self.is_signed = self.base("gradcam", difference=difference)
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
        planes = self.layer_maps("gradcam_pp", layers, self.get("size", "largest") == "input", 0)
        product = planes.prod(0)
        return product ** (1 / len(layers)) if self.get("mix", "product") == "nth_root" else product

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
