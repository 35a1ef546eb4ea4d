#!/usr/bin/python3
"""Writes report_stats.txt: percentiles and bootstrap intervals by NumPy and SciPy.

The random stream is made here anew (Philox4x32-10 as in Salmon et al. 2011, FNV-1a for the names), so that the
intervals can be compared digit by digit; scipy.stats.bootstrap, with its own random numbers, says that they are right
at all.
"""
import numpy as np
import scipy
import scipy.stats

from golden import Golden, draws, fill


def interval(estimates):
    return [np.percentile(estimates, 2.5), np.percentile(estimates, 97.5)]


golden = Golden("report_stats", "%s; NumPy %s, SciPy %s" % (__file__.split("/")[-1], np.__version__, scipy.__version__))

for n in (1, 2, 3, 10, 41):
    sample = np.sort(fill(n, n).astype(np.float64))
    golden.add_exact("percentile.%d" % n, [np.percentile(sample, q) for q in (0, 2.5, 5, 25, 50, 75, 95, 97.5, 100)])

# one metric over 40 images
x = (fill(40, 7).astype(np.float64) + 1) / 2
index = draws(5, ("bootstrap", "40"), 40, 500)
golden.add_exact("mean", [x.mean()] + interval(x[index].mean(axis=1)))
result = scipy.stats.bootstrap((x,), np.mean, method="percentile", n_resamples=100000,
                               random_state=np.random.default_rng(1)).confidence_interval
golden.add_exact("scipy", [result.low, result.high])

# three metrics over 30 images, combined from their means where all are defined: y is undefined at 4, 8, ... z at 9
y, z = (fill(40, 8).astype(np.float64) + 1) / 2, (fill(40, 9).astype(np.float64) + 1) / 2
kept = np.array([i for i in range(40) if i % 4 != 3 and i != 9])
index = kept[draws(5, ("bootstrap", str(len(kept))), len(kept), 500)]


def harmonic(a, b, c):
    return 3 / (1 / b + 1 / (1 - c) + 1 / (1 - a))


means = [v[kept].mean() for v in (x, y, z)]
golden.add_exact("combined", [harmonic(*means)] + interval(harmonic(*(v[index].mean(axis=1) for v in (x, y, z)))))
golden.close()
