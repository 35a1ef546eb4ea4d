#!/usr/bin/python3
"""Golden values for tests/metrics/test_metrics.c: images with two maps and two probabilities, measured with
NumPy and SciPy from the definitions (Poppi et al. 2021, Chattopadhay et al. 2018)."""
import numpy as np
import scipy
from scipy.stats import hmean, pearsonr

import golden

IMAGES = 12
SIZE = (29, 31)


def image(i):
    """Map, map of the explanation, p, o, p of the rest: what case() of the test makes too."""
    one, other = ((golden.fill(SIZE, 100 + 2 * i + k) + np.float32(1)) * np.float32(0.5) for k in (0, 1))
    share = np.float32(i / 8 - 0.25)  # from opposite to alike
    again = share * one + (np.float32(1) - abs(share)) * other
    p, o = (golden.fill((2,), 500 + i).astype(np.float64) + 1) / 2
    rest = (golden.fill((1,), 600 + i).astype(np.float64)[0] + 1) / 2
    return one.astype(np.float64), again.astype(np.float64), p, o, rest


def main():
    out = golden.Golden("metrics", "tests/golden/metrics.py, NumPy %s, SciPy %s" % (np.__version__, scipy.__version__))
    rows = []
    for i in range(IMAGES):
        one, again, p, o, rest = image(i)
        drop = np.clip(p - o, 0, None) / p
        gain = np.clip(o - p, 0, None) / (1 - p)
        drop_in_deletion = np.clip(p - rest, 0, None) / p
        coherency = (pearsonr(one.ravel(), again.ravel())[0] + 1) / 2
        complexity = np.abs(one).mean()
        adcc = hmean([coherency, 1 - complexity, 1 - drop])
        rows.append((drop, float(o > p), coherency, complexity, adcc, gain, drop_in_deletion))
    names = "average_drop", "average_increase", "coherency", "complexity", "adcc", "average_gain", "average_drop_in_deletion"
    for name, column in zip(names, zip(*rows)):
        out.add(name, column)
    drop, _, coherency, complexity = np.mean(rows, 0)[:4]
    out.add("adcc_of_means", [hmean([coherency, 1 - complexity, 1 - drop])])
    out.close()


if __name__ == "__main__":
    main()
