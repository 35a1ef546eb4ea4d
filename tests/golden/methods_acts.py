#!/usr/bin/python3
"""Golden values for tests/methods/test_acts.c: the maps of tests/golden/methods_acts_cases.txt, made with PyTorch
modules, autograd, NumPy and scikit-learn in float64, from the papers' formulas."""
import numpy as np
import torch
import torch.nn.functional as F
import torchvision

import golden
import methods


def uniform(words):
    """random_uniform() of a stream of 32-bit words."""
    high, low = next(words) // 32, next(words) // 64
    return (high * 2 ** 26 + low) / 2 ** 53


class Acts(methods.Explain):
    """Methods of activations and gradients at one layer."""
    DIFFERENTIATES = ("hirescam", "gradcam_elementwise")

    def cam(self):
        """The class's output of the last layer, applied at each position as a 1x1 convolution."""
        self.is_signed = not self.get("relu", True)
        last = list(self.network.stages.values())[-1]
        maps = F.conv2d(self.act[None], last.weight[:, :, None, None])
        return maps[0, self.klass]

    def hirescam(self):
        self.is_signed = not self.get("relu", True)
        act, grad = self.gradient()
        return torch.einsum("khw,khw->hw", act, grad)

    def gradcam_elementwise(self):
        act, grad = self.gradient()
        return torch.clamp(act * grad, min=0).sum(0)

    def randomcam(self):
        """The stream of tests/methods/networks.h: seed 1, image "image", the method's name."""
        words = golden.words(1, ("image", "randomcam"))
        weights = [-1 + 2 * uniform(words) for _ in range(self.act.shape[0])]
        return torch.tensordot(torch.tensor(weights, dtype=torch.float64), self.act, 1)

    def fem(self):
        act = self.act.numpy()
        mean = act.mean((1, 2), keepdims=True)
        spread = act.std((1, 2), keepdims=True)
        limit = mean + self.get("k", 2.0) * spread
        if self.get("weighting", "paper") == "paper":
            cam = np.where((act >= limit) & (np.ptp(act, (1, 2), keepdims=True) > 0), mean, 0).sum(0)
        else:
            cam = (act * (act > limit).mean((1, 2), keepdims=True)).sum(0)
        return torch.from_numpy(cam)


def main():
    torch.set_num_threads(1)
    out = golden.Golden("methods_acts", "tests/golden/methods_acts.py, PyTorch %s, torchvision %s, float64"
                        % (torch.__version__, torchvision.__version__))
    methods.run_cases(out, "methods_acts", Acts)
    out.close()


if __name__ == "__main__":
    main()
