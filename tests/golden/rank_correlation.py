#!/usr/bin/python3
"""Golden values for tests/metrics/test_rank_correlation.c: Spearman's correlation by SciPy, with equal values."""
import numpy as np
import scipy
from scipy.stats import spearmanr

import golden

SIZES = (16, 49, 196, 1024)
STEPS = (0.5, 0.125, 0.01, 0.001)


def steps(n, seed, step):
    return np.floor(golden.fill((n,), seed).astype(np.float64) / step)


def main():
    out = golden.Golden("rank_correlation", "tests/golden/rank_correlation.py, SciPy %s" % scipy.__version__)
    values = []
    for k, (n, step) in enumerate(zip(SIZES, STEPS)):
        a = steps(n, 700 + k, step)
        values.append(spearmanr(a, a + steps(n, 720 + k, step))[0])
    out.add("spearman", values)
    out.close()


if __name__ == "__main__":
    main()
