#!/usr/bin/python3
"""Golden values for tests/metrics/test_map_scores.c: how maps are spread, and how they agree with masks, by NumPy, SciPy
and scikit-learn. The maps and masks are those of truth.py. The Gini index is made from the differences of all pairs, rank
accuracy from the chance of each pixel to be among the K highest."""
import numpy as np
import scipy
import sklearn
from scipy.stats import entropy, rankdata
from sklearn.metrics import roc_auc_score

import golden
import truth


def gini(values):
    return np.abs(values[:, None] - values[None, :]).sum() / (2 * values.size ** 2 * values.mean())


def chance_of_top(values, k):
    """For each value the probability to be among the k highest when equal ones are ordered at random."""
    first, last = rankdata(-values, "min"), rankdata(-values, "max")
    return np.clip(k - first + 1, 0, last - first + 1) / (last - first + 1)


def spread(m):
    q = m / m.sum()
    eps = 1e-8
    x = m / (m.sum() + eps)
    order = np.arange(1, m.size + 1)
    return {
        "entropy": entropy(m),
        "entropy/ratio": entropy(m) / np.log(m.size),
        "entropy/quantus": -(q * np.log(q + 1e-12)).sum(),
        "entropy/xplique": -(x * np.log(x + eps)).sum(),
        "effective/1e-5": np.count_nonzero(m > 1e-5) / m.size,
        "effective/0.01": np.count_nonzero(m > 0.01) / m.size,
        "effective/max": np.count_nonzero(m / m.max() > 0.01) / m.size,
        "sparseness": gini(m),
        "sparseness/quantus": gini(m / m.max() + 1e-7),
        "sparseness/xplique": 2 * (np.sort(x) * order).sum() / (m.size * x.sum() + eps) - (m.size + 1) / m.size,
    }


def agreement(name, m, energy, inside):
    k = np.count_nonzero(inside)
    least = m - m.min()
    return {
        "auc/" + name: roc_auc_score(inside, m),
        "mass/" + name: m[inside].sum() / m.sum(),
        "mass_input/" + name: least[inside].sum() / least.sum(),
        "mass_accuracy/" + name: energy[inside].sum() / energy.sum(),
        "rank_accuracy/" + name: chance_of_top(m, k)[inside].sum() / k,
    }


def main():
    out = golden.Golden("map_scores", "tests/golden/map_scores.py, NumPy %s, SciPy %s, scikit-learn %s"
                        % (np.__version__, scipy.__version__, sklearn.__version__))
    rows = {}
    for i in range(truth.IMAGES):
        m, energy, mask, boxes = truth.case(i)
        m, energy = m.ravel(), energy.ravel()
        row = spread(m)
        row.update(agreement("mask", m, energy, (mask == 2).ravel()))
        row.update(agreement("box", m, energy, truth.union(boxes).ravel()))
        for key, value in row.items():
            rows.setdefault(key, []).append(value)
    for key, values in rows.items():
        out.add(key, values)
    out.close()


if __name__ == "__main__":
    main()
