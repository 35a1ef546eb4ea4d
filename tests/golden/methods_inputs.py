#!/usr/bin/python3
"""Golden values for tests/methods/test_inputs.c: maps of methods that differentiate at the input or at other inputs, with
PyTorch's autograd, hooks and optimiser in float64. Noise is the program's own stream, made anew in golden.py."""
import functools
import itertools

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

import golden
import methods


@functools.lru_cache(maxsize=None)
def noise(label, count, shape):
    """`count` times an array of standard normal numbers by Box and Muller, from the stream of a method's label."""
    stream = golden.words(1, ["image", label])
    size = count * int(np.prod(shape))
    word = np.array(list(itertools.islice(stream, 4 * size)), dtype=np.uint64).reshape(size, 2, 2)
    uniform = ((word[..., 0] >> np.uint64(5)) * 2.0**26 + (word[..., 1] >> np.uint64(6))) / 2.0**53
    normal = np.sqrt(-2 * np.log(1 - uniform[:, 0])) * np.cos(2 * np.pi * uniform[:, 1])
    return torch.from_numpy(normal.reshape((count,) + shape))


class Explain(methods.Explain):
    DIFFERENTIATES = ("saliency", "input_x_gradient", "guided_backprop", "guided_gradcam", "integrated_gradients",
                      "smoothgrad", "smoothgrad_cam_pp", "opticam")

    # -- gradients at the input
    def input_gradient(self, images):
        """(n,3,H,W) -> (n,3,H,W)"""
        images = images.detach().clone().requires_grad_()
        self.score(self.network.run(images), self.get("score", "logit")).sum().backward()
        return images.grad

    def reduced(self, attribution, usual="sum_abs"):
        """(3,H,W) -> (H,W)"""
        a = attribution.detach().numpy()
        plane = {"sum_abs": lambda: np.abs(a).sum(0), "abs_sum": lambda: np.abs(a.sum(0)),
                 "max_abs": lambda: np.abs(a).max(0), "relu_sum": lambda: np.maximum(a.sum(0), 0),
                 "l2": lambda: np.linalg.norm(a, axis=0)}[self.get("reduce", usual)]()
        if "clip_percentile" in self.params:
            plane = np.minimum(plane, np.percentile(plane, float(self.params["clip_percentile"])))
        return torch.from_numpy(plane)

    def saliency(self):
        return self.reduced(self.input_gradient(self.network.x)[0], "max_abs")

    def input_x_gradient(self):
        return self.reduced((self.network.x * self.input_gradient(self.network.x))[0])

    def guided_gradient(self):
        """The gradient with a hook on each ReLU that lets only positive gradients through."""
        guided = (nn.ReLU, nn.ReLU6) if self.get("relu6_guided", True) else (nn.ReLU,)
        hooks = []
        for module in nn.ModuleList(self.network.stages.values()).modules():
            if isinstance(module, (nn.ReLU, nn.ReLU6)):
                module.inplace = False
            if type(module) in guided:
                hooks.append(module.register_full_backward_hook(lambda m, dx, dy: (F.relu(dx[0]),)))
        gradient = self.input_gradient(self.network.x)[0]
        for hook in hooks:
            hook.remove()
        return gradient

    def guided_backprop(self):
        return self.reduced(self.guided_gradient())

    def guided_gradcam(self):
        mode = {"bilinear": {"mode": "bilinear", "align_corners": False},
                "nearest": {"mode": "nearest"}}[self.get("upsample", "bilinear")]
        cam = F.relu(self.gradcam())
        return self.reduced(self.guided_gradient() * F.interpolate(cam[None, None], self.size, **mode)[0])

    def integrated_gradients(self):
        x, steps, rule = self.network.x, self.get("steps", 50), self.get("rule", "gausslegendre")
        start = {"zero": torch.zeros_like(x), "black": methods.BLACK.expand_as(x),
                 "blur": methods.blur(x)}[self.get("baseline", "zero")]
        if rule == "gausslegendre":
            nodes, weights = np.polynomial.legendre.leggauss(steps)
            nodes, weights = (nodes + 1) / 2, weights / 2
        elif rule == "midpoint" or steps == 1:
            edges = np.linspace(0, 1, steps + 1)
            nodes, weights = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
        else:
            nodes = np.linspace(0, 1, steps)
            weights = np.array([np.trapz(row, nodes) for row in np.eye(steps)])
        nodes, weights = (torch.from_numpy(a).reshape(-1, 1, 1, 1) for a in (nodes, weights))
        gradients = self.input_gradient(torch.lerp(start.expand(steps, -1, -1, -1), x.expand(steps, -1, -1, -1), nodes))
        return self.reduced(((x - start) * (weights * gradients).sum(0, keepdim=True))[0])

    def smoothgrad(self):
        x, samples = self.network.x, self.get("samples", 50)
        scale = self.get("sigma", 0.15) * (x.max() - x.min())
        gradients = self.input_gradient(x + scale * noise("smoothgrad", samples, tuple(x.shape[1:])))
        return self.reduced((gradients ** 2 if self.get("square", False) else gradients).mean(0))

    # -- activations and gradients at noisy inputs
    def smoothgrad_cam_pp(self):
        x, samples = self.network.x, self.get("samples", 4)
        noisy = x + self.get("sigma", 0.3) * noise("smoothgrad_cam_pp", samples, tuple(x.shape[1:]))
        act = self.network.run(noisy, until=self.layer).detach().requires_grad_()
        self.score(self.network.run(act, after=self.layer), self.get("score", "logit")).sum().backward()
        grad = act.grad
        d1, d2, d3 = (grad.pow(power).mean(0) for power in (1, 2, 3))
        clean = self.act
        if self.get("form", "cambench") == "torchcam":
            third, slope, shown = (d3 * clean).sum((1, 2), keepdim=True), grad[-1], act[-1]
        else:
            third, slope, shown = clean.sum((1, 2), keepdim=True) * d3, d1, clean
        alpha = d2 / (2 * d2 + third + self.get("eps", 1e-8))
        alpha[d2 == 0] = 0
        return torch.einsum("k,kij->ij", (alpha * F.relu(slope)).sum((1, 2)), shown.detach())

    # -- an optimised mask
    def opticam(self):
        x, act = self.network.x, F.relu(self.act)
        black = methods.BLACK if self.get("mask_space", "pixel") == "pixel" else torch.zeros(1, 3, 1, 1)
        iters, whole = self.get("iters", 100), self.network.logits[self.klass]
        v = torch.full((act.shape[0],), 0.5, dtype=torch.float64, requires_grad=True)
        adam, last = torch.optim.Adam([v], lr=self.get("lr", 0.1)), None

        def saliency():
            mixed = torch.tensordot(torch.softmax(v, 0), act, 1)[None, None]
            mixed = F.interpolate(mixed, self.size, mode="bilinear", align_corners=False)
            return (mixed - mixed.min()) / (mixed.max() - mixed.min())

        for step in range(iters):
            mask = saliency()
            loss = whole - self.network.run(black + mask * (x - black))[0, self.klass]
            loss = loss.abs() if self.get("objective", "plain") == "range" else loss
            if step % max(iters // 10, 1) == 0:
                if last is not None and loss.item() > last:
                    return mask[0, 0]
                last = loss.item()
            adam.zero_grad()
            loss.backward()
            adam.step()
        return saliency()[0, 0]


def main():
    torch.set_num_threads(1)
    out = golden.Golden("methods_inputs", "tests/golden/methods_inputs.py, PyTorch %s, torchvision %s, float64"
                        % (torch.__version__, torchvision.__version__))
    methods.run_cases(out, "methods_inputs", Explain)
    out.close()


if __name__ == "__main__":
    main()
