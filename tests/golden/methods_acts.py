#!/usr/bin/python3
"""Golden values for tests/methods/test_acts.c: the maps of tests/golden/methods_acts_cases.txt, made with PyTorch
modules, autograd, NumPy and scikit-learn in float64, from the papers' formulas."""
import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from scipy import ndimage
from sklearn.decomposition import KernelPCA

import golden
import methods


def uniform(words):
    """random_uniform() of a stream of 32-bit words."""
    high, low = next(words) // 32, next(words) // 64
    return (high * 2 ** 26 + low) / 2 ** 53


class Acts(methods.Explain):
    """Methods of activations and gradients at one layer."""
    DIFFERENTIATES = ("hirescam", "gradcam_elementwise", "eigengradcam")

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

    def component(self, features):
        """The features (C,h,w) at each position, projected on the first right singular vector of all positions."""
        rows = features.flatten(1).T.numpy()
        if self.get("center", True):
            rows = rows - rows.mean(0)
        cam = rows @ np.linalg.svd(rows, full_matrices=False)[2][0]
        if self.get("sign", "absmax") == "corr_mean":
            is_wrong = np.corrcoef(cam, features.mean(0).flatten().numpy())[0, 1] < 0
        else:
            is_wrong = abs(cam.min()) > abs(cam.max())
        return torch.from_numpy(-cam if is_wrong else cam).reshape(features.shape[1:])

    def eigencam(self):
        self.is_signed = not self.get("relu", True)
        return self.component(self.act)

    def eigengradcam(self):
        act, grad = self.gradient()
        return self.component(act * (grad.abs() if self.get("abs_grad", False) else grad))

    def kpca_cam(self):
        rows = self.act.flatten(1).T.numpy()
        if self.get("center", True):
            rows = rows - rows.mean(0)
        gamma = self.get("gamma", "auto")
        pca = KernelPCA(n_components=1, kernel=self.get("kernel", "sigmoid"), eigen_solver="dense",
                        gamma=None if gamma == "auto" else float(gamma), degree=self.get("degree", 3),
                        coef0=self.get("coef0", 1.0))
        return torch.from_numpy(pca.fit_transform(rows)).reshape(self.act.shape[1:])

    def scorecam(self):
        """gScoreCAM: Score-CAM of the channels with the largest mean gradient of the logit; only they have weights."""
        count, most = self.act.shape[0], self.get("max_channels", 0)
        with torch.enable_grad():
            mean = self.gradient()[1].mean((1, 2)).numpy()
        first = np.lexsort((np.arange(count), -mean))[:most]
        is_peer = self.get("scoring", "official") == "pytorch_grad_cam"
        kept = [k for k in sorted(first) if is_peer or np.ptp(self.act[k].numpy()) > 0]
        planes = methods.upsample(self.act[kept], self.size, corners=is_peer)
        masks = torch.stack([methods.min_max(plane, 1e-8 if is_peer else 0.0) for plane in planes])
        score = self.masked(masks, "logit" if is_peer else "prob")
        weight = torch.zeros(count, dtype=torch.float64)
        weight[kept] = torch.softmax(score, 0) if is_peer else score
        return self.weighted(weight)

    # -- controls: (H,W)
    def uniform(self):
        self.is_normalised = True
        return torch.ones(self.size, dtype=torch.float64)

    def center_gaussian(self):
        """The outer product of two Gaussians."""
        self.is_signed = True
        spread = self.get("sigma", 0.25) * min(self.size)
        rows, columns = (torch.exp(-torch.linspace(-(n - 1) / 2, (n - 1) / 2, n, dtype=torch.float64) ** 2
                                   / (2 * spread ** 2)) for n in self.size)
        return torch.outer(rows, columns)

    def edge(self):
        """Sobel magnitude of the grey image by SciPy, whose "mirror" reflects without the edge pixel."""
        self.is_signed = True
        grey = np.tensordot([0.299, 0.587, 0.114], ((self.network.x - methods.BLACK) * methods.DEVIATION)[0].numpy(), 1)
        return torch.from_numpy(np.hypot(*(ndimage.sobel(grey, axis, mode="mirror") for axis in (0, 1))))


def main():
    torch.set_num_threads(1)
    out = golden.Golden("methods_acts", "tests/golden/methods_acts.py, PyTorch %s, torchvision %s, float64"
                        % (torch.__version__, torchvision.__version__))
    methods.run_cases(out, "methods_acts", Acts)
    out.close()


if __name__ == "__main__":
    main()
