#!/usr/bin/python3
"""Writes confidence.txt: confidence sequences by whole arrays in NumPy, after Waudby-Smith and Ramdas (arXiv 2010.09686).

The ends are those of the running intersection, after each of COUNT observations.
"""
import numpy as np

from golden import Golden, fill

COUNT = 400


def sequence(x, alpha, list_length):
    """The ends of the interval after each observation, before the intersection."""
    i = np.arange(1, len(x) + 1)
    sums = np.concatenate([[0], np.cumsum(x)])
    means = (0.5 + sums) / np.arange(1, len(x) + 2)
    variances = (0.25 + np.concatenate([[0], np.cumsum((x - means[1:])**2)])) / np.arange(1, len(x) + 2)
    bound = np.log(2 / alpha)
    weight = np.minimum(0.5, np.sqrt(2 * bound / (variances[:-1] * i * np.log1p(i))))
    half = bound + np.cumsum((x - means[:-1])**2 * (-np.log1p(-weight) - weight))
    left = list_length - i + 1.0 if list_length else np.full(len(x), np.inf)
    centre = np.cumsum(weight * (x + sums[:-1] / left))
    total = np.cumsum(weight * (1 + (i - 1) / left))
    return (centre - half) / total, (centre + half) / total


published = sequence(7 * np.arange(1, 1001) % 10 / 10, 0.05, 0)
assert np.allclose([published[0][99], published[1][99], published[0][999], published[1][999]],
                   [0.342911, 0.557508, 0.417543, 0.483075], atol=1e-6)  # computed by another program

golden = Golden("confidence", "confidence.py; NumPy %s" % np.__version__)
for name, alpha, list_length in (("plain", 0.05, 0), ("strict", 1e-4, 0), ("list", 0.05, COUNT), ("long", 0.05, 1000)):
    x = (fill(COUNT, 3).astype(np.float64) + 1) / 2
    low, high = sequence(x, alpha, list_length)
    low, high = np.maximum.accumulate(np.maximum(low, 0)), np.minimum.accumulate(np.minimum(high, 1))
    if list_length == COUNT:
        low[-1] = high[-1] = x.mean()
    golden.add_exact(name, np.stack([low, high], axis=1)[[0, 1, 9, 49, 99, 199, 398, 399]].ravel())
golden.close()
