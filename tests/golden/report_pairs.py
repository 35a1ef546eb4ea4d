#!/usr/bin/python3
"""Writes report_pairs.txt: comparisons in pairs by NumPy and SciPy.

The random streams are made here anew (golden.words, golden.draws), so that p and intervals can be compared digit by digit;
scipy.stats.permutation_test says that p is right at all, and is exact for few images. Friedman's and Wilcoxon's tests are
SciPy's, Holm's adjustment is made by its definition.
"""
import itertools

import numpy as np
import scipy
import scipy.stats

from golden import Golden, draws, fill, philox

SEED, N, METHODS, FLIPS, DRAWS = 5, 40, 4, 9999, 500


def signs(name, count):
    """The signs of an image: bit j of word w is draw 32 w + j; words restart in a new part every 1024 draws."""
    purpose = 0
    for text in ("sign-flip", name):
        purpose = purpose or 0xCBF29CE484222325
        for byte in text.encode() + b"\0":
            purpose = ((purpose ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    out = []
    for part in range((count + 1023) // 1024):
        for block in range(8):
            for word in philox((block, part, purpose & 0xFFFFFFFF, purpose >> 32), (SEED, 0)):
                out += [1 if word >> j & 1 else -1 for j in range(32)]
    return np.array(out[:count])


def holm(p):
    order = np.argsort(p, kind="stable")
    out, most = np.empty(len(p)), 0.0
    for i, at in enumerate(order):
        most = max(most, min(1.0, (len(p) - i) * p[at]))
        out[at] = most
    return out


def exact(d):
    observed = abs(sum(d))
    patterns = list(itertools.product((1, -1), repeat=len(d)))
    return sum(abs(np.dot(s, d)) >= observed * (1 - 1e-12) for s in patterns) / len(patterns)


golden = Golden("report_pairs", "%s; NumPy %s, SciPy %s" % (__file__.split("/")[-1], np.__version__, scipy.__version__))
all_signs = np.array([signs("image%d" % i, FLIPS) for i in range(N)]).T
index = draws(SEED, ("bootstrap", str(N)), N, DRAWS)
weights = np.array([np.bincount(row, minlength=N) for row in index]).astype(float)

# the metric x of methods 0 to 3: 1 is 0 shifted a little, 2 is undefined on every fourth image, 3 equals 0
x = [(fill(N, 20 + m).astype(np.float64) + 1) / 2 for m in range(METHODS)]
x[1] = x[0] + 0.06 * (x[1] - 0.3)
x[3] = x[0].copy()
there = [np.ones(N, bool) for _ in range(METHODS)]
there[2] = np.arange(N) % 4 != 3
numbers, p_values = {}, []
for a, b in itertools.combinations(range(METHODS), 2):
    both = there[a] & there[b]
    d = (x[a] - x[b])[both]
    flipped = all_signs[:, both] @ d
    p = (1 + np.sum(np.abs(flipped) >= abs(d.sum()) * (1 - 1e-12) - 1e-12)) / (FLIPS + 1)
    estimates = (weights[:, both] @ d) / weights[:, both].sum(axis=1)
    win = (np.sum(d > 0) + np.sum(d == 0) / 2) / len(d)
    effect = d.mean() / d.std(ddof=1) if d.std() > 0 else 0
    numbers[a, b] = [len(d), d.mean(), min(np.percentile(estimates, 2.5), d.mean()),
                     max(np.percentile(estimates, 97.5), d.mean()), p, win, effect]
    p_values.append(p)
    if d.std() > 0:
        ours = scipy.stats.permutation_test((x[a][both], x[b][both]), lambda s, t: np.mean(s - t),
                                            permutation_type="samples", n_resamples=20000,
                                            random_state=np.random.default_rng(1)).pvalue
        golden.add_exact("scipy.%d%d" % (a, b), [ours])
for key, adjusted in zip(numbers, holm(np.array(p_values))):
    golden.add_exact("pair.%d%d" % key, numbers[key] + [adjusted])

# ranks of the three different methods in the draws (higher is better), methods 0 to 2
means = np.array([(weights[:, there[m]] @ x[m][there[m]]) / weights[:, there[m]].sum(axis=1) for m in range(3)])
ranks = np.array([scipy.stats.rankdata(-column) for column in means.T]).T
sample = scipy.stats.rankdata([-x[m][there[m]].mean() for m in range(3)])
for m in range(3):
    golden.add_exact("rank.%d" % m, [sample[m], min(np.percentile(ranks[m], 2.5), sample[m]),
                                     max(np.percentile(ranks[m], 97.5), sample[m])])

# a combination of means of three parts, of two methods: the triples of an image are swapped
parts = [[(fill(N, 40 + 3 * m + j).astype(np.float64) + 1) / 2 for j in range(3)] for m in range(2)]
parts[1] = [0.9 * v + 0.05 for v in parts[0][:2]] + [parts[1][2]]


def harmonic(a, b, c):
    return 3 / (1 / b + 1 / (1 - c) + 1 / (1 - a))


def combined(chosen):
    return harmonic(*(v.mean(axis=-1) for v in chosen))


observed = combined(parts[0]) - combined(parts[1])
keep = (all_signs == 1)
swapped = [[np.where(keep, one, other) for one, other in zip(parts[0], parts[1])],
           [np.where(keep, other, one) for one, other in zip(parts[0], parts[1])]]
p = (1 + np.sum(np.abs(combined(swapped[0]) - combined(swapped[1])) >= abs(observed) * (1 - 1e-12))) / (FLIPS + 1)
estimates = harmonic(*(weights @ v / N for v in parts[0])) - harmonic(*(weights @ v / N for v in parts[1]))
golden.add_exact("combined", [N, observed, np.percentile(estimates, 2.5), np.percentile(estimates, 97.5), p])

# exact for few images; also of the combination
for n in (1, 2, 5, 11, 16):
    d = x[0][:n] - x[2][:n]
    p = scipy.stats.permutation_test((x[0][:n], x[2][:n]), lambda s, t: np.mean(s - t), permutation_type="samples",
                                     n_resamples=np.inf).pvalue if n > 1 else 1.0
    assert abs(p - exact(d)) < 1e-12
    golden.add_exact("exact.%d" % n, [p])
n = 9
few = [[v[:n] for v in side] for side in parts]
patterns = np.array(list(itertools.product((True, False), repeat=n)))
one = [np.where(patterns, s, t) for s, t in zip(*few)]
other = [np.where(patterns, t, s) for s, t in zip(*few)]
golden.add_exact("exact.combined", [np.mean(np.abs(combined(one) - combined(other)) >=
                                            abs(combined(few[0]) - combined(few[1])) * (1 - 1e-12))])

# Friedman and Wilcoxon over 10 blocks of 5 methods, and with ties
blocks = fill(50, 77).astype(np.float64).reshape(10, 5)
for name, table in (("plain", blocks), ("ties", np.round(blocks * 2))):
    result = scipy.stats.friedmanchisquare(*table.T)
    golden.add_exact("friedman." + name, [result.statistic, result.pvalue])
for j in range(1, 5):
    golden.add_exact("wilcoxon.%d" % j, [scipy.stats.wilcoxon(blocks[:, 0], blocks[:, j], alternative="greater",
                                                              method="exact").pvalue])
for value, degrees in ((0.5, 2), (3, 4), (11, 4), (40, 11), (2, 30)):
    golden.add_exact("chi2.%g.%g" % (value, degrees), [scipy.stats.chi2.sf(value, degrees)])
golden.close()
