#!/usr/bin/python3
"""Golden values for tests/metrics/test_random_logit.c: pairs of maps compared with SciPy. The structural similarity is
made from filters of the whole map, of which the part is kept where a window fits."""
import numpy as np
import scipy
from scipy import ndimage
from scipy.stats import spearmanr

import golden

SIZES = [(7, 7), (4, 5), (14, 14), (29, 31), (1, 9), (3, 3), (2, 8)]


def pair(i):
    one, other = ((golden.fill(SIZES[i], 1100 + 2 * i + k) + np.float32(1)) * np.float32(0.5) for k in (0, 1))
    both = np.float32(0.5) * (one + other)
    return one.astype(np.float64), both.astype(np.float64)


def structural(means, a, b, unbias):
    span = max(a.max(), b.max()) - min(a.min(), b.min())
    c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
    u, v = means(a), means(b)
    covariance = lambda x, y, p, q: unbias * (means(x * y) - p * q)
    top = (2 * u * v + c1) * (2 * covariance(a, b, u, v) + c2)
    return (top / ((u ** 2 + v ** 2 + c1) * (covariance(a, a, u, u) + covariance(b, b, v, v) + c2))).mean()


def gaussian(a, b):
    size = min(11, *a.shape)
    size -= size % 2 == 0
    half = size // 2
    taps = np.exp(-np.arange(-half, half + 1) ** 2 / (2 * 1.5 ** 2))
    kernel = np.outer(taps, taps) / np.outer(taps, taps).sum()
    inner = tuple(slice(half, n - half) for n in a.shape)
    return structural(lambda x: ndimage.convolve(x, kernel)[inner], a, b, 1)


def flat(a, b):
    a, b = a.ravel() / np.abs(a).max(), b.ravel() / np.abs(b).max()
    return structural(lambda x: ndimage.uniform_filter(x, 7)[3:-3], a, b, 7 / 6)


def main():
    out = golden.Golden("similarity", "tests/golden/similarity.py, NumPy %s, SciPy %s" % (np.__version__, scipy.__version__))
    pairs = [pair(i) for i in range(len(SIZES))]
    out.add("spearman", [spearmanr(a.ravel(), b.ravel())[0] for a, b in pairs])
    out.add("ssim", [gaussian(a, b) for a, b in pairs])
    out.add("ssim_quantus", [flat(a, b) for a, b in pairs])
    out.close()


if __name__ == "__main__":
    main()
