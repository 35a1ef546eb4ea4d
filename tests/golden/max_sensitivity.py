#!/usr/bin/python3
"""Golden values for tests/metrics/test_max_sensitivity.c: Yeh et al. 2019 as captum defines its defaults, with NumPy. The
map of an image is that of a made-up method, which the test has too."""
import numpy as np

import golden

IMAGES, SIZE, CELL = 6, (3, 12, 20), 4
SEED = 7


def uniform(stream):
    """random_uniform(): 53 bits of two words."""
    high, low = next(stream) >> 5, next(stream) >> 6
    return (high << 26 | low) / 9007199254740992.0


def phi(x):
    """The made-up method: mean square of each cell, brought to [0,1]."""
    rows, columns = SIZE[1] // CELL, SIZE[2] // CELL
    cells = (x.astype(np.float64)**2).mean(0).reshape(rows, CELL, columns, CELL).mean((1, 3)).astype(np.float32)
    return ((cells - cells.min()) / (cells.max() - cells.min())).astype(np.float32).astype(np.float64)


def moved(x, image, index, radius):
    stream = golden.words(SEED, ["image %d" % image, "metric", "max_sensitivity", str(index)])
    noise = np.array([radius * (2 * uniform(stream) - 1) for _ in range(x.size)])
    return x + noise.astype(np.float32).reshape(x.shape)


def main():
    out = golden.Golden("max_sensitivity", "tests/golden/max_sensitivity.py, NumPy %s" % np.__version__)
    for key, samples, radius, order, relative in (("default", 10, 0.02, 2, True), ("l1", 3, 0.1, 1, True),
                                                  ("max", 5, 0.1, np.inf, True), ("absolute", 4, 0.2, 2, False)):
        values = []
        for image in range(IMAGES):
            x = golden.fill(SIZE, 700 + image)
            norm = [np.linalg.norm((phi(moved(x, image, k, radius)) - phi(x)).ravel(), order) for k in range(samples)]
            values.append(max(norm) / (np.linalg.norm(phi(x).ravel(), order) if relative else 1))
        out.add(key, values)
    out.close()


if __name__ == "__main__":
    main()
