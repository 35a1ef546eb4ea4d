#!/usr/bin/python3
"""Writes report_stats.txt: percentiles and bootstrap intervals by NumPy and SciPy.

The random stream is made here anew (Philox4x32-10 as in Salmon et al. 2011, FNV-1a for the names), so that the
intervals can be compared digit by digit; scipy.stats.bootstrap, with its own random numbers, says that they are right
at all.
"""
import numpy as np
import scipy
import scipy.stats

from golden import Golden, fill


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def words(seed, names):
    purpose = 0
    for name in names:
        purpose = purpose or 0xCBF29CE484222325
        for byte in name.encode() + b"\0":
            purpose = ((purpose ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    counter = 0
    while True:
        yield from philox((counter & 0xFFFFFFFF, counter >> 32, purpose & 0xFFFFFFFF, purpose >> 32),
                          (seed & 0xFFFFFFFF, seed >> 32))
        counter += 1


def draws(seed, names, n, count):
    stream, reject = words(seed, names), 2**32 % n
    index = np.empty((count, n), dtype=np.int64)
    for i in range(count):
        for j in range(n):
            word = next(stream)
            while word < reject:
                word = next(stream)
            index[i, j] = word % n
    return index


def exact(golden, key, values):
    golden.lines.append(" ".join([key, str(len(values))] + ["%.17g" % v for v in values]))


def interval(estimates):
    return [np.percentile(estimates, 2.5), np.percentile(estimates, 97.5)]


golden = Golden("report_stats", "%s; NumPy %s, SciPy %s" % (__file__.split("/")[-1], np.__version__, scipy.__version__))

for n in (1, 2, 3, 10, 41):
    sample = np.sort(fill(n, n).astype(np.float64))
    exact(golden, "percentile.%d" % n, [np.percentile(sample, q) for q in (0, 2.5, 5, 25, 50, 75, 95, 97.5, 100)])

# one metric over 40 images
x = (fill(40, 7).astype(np.float64) + 1) / 2
index = draws(5, ("net", "cam", "rules", "x"), 40, 500)
exact(golden, "mean", [x.mean()] + interval(x[index].mean(axis=1)))
result = scipy.stats.bootstrap((x,), np.mean, method="percentile", n_resamples=100000,
                               random_state=np.random.default_rng(1)).confidence_interval
exact(golden, "scipy", [result.low, result.high])

# three metrics over 30 images, combined from their means where all are defined: y is undefined at 4, 8, ... z at 9
y, z = (fill(40, 8).astype(np.float64) + 1) / 2, (fill(40, 9).astype(np.float64) + 1) / 2
kept = np.array([i for i in range(40) if i % 4 != 3 and i != 9])
index = kept[draws(5, ("net", "cam", "rules", "of_means"), len(kept), 500)]


def harmonic(a, b, c):
    return 3 / (1 / b + 1 / (1 - c) + 1 / (1 - a))


means = [v[kept].mean() for v in (x, y, z)]
exact(golden, "combined", [harmonic(*means)] + interval(harmonic(*(v[index].mean(axis=1) for v in (x, y, z)))))
golden.close()
