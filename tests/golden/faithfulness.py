#!/usr/bin/python3
"""Golden values for tests/metrics/test_faithfulness.c: ROAD with SciPy's sparse direct solver, single deletion and infidelity
with NumPy and SciPy, on a made-up network (a linear layer and a sigmoid) that the test has too."""
import itertools

import numpy as np
import scipy
import scipy.ndimage
import scipy.sparse
import scipy.sparse.linalg
import scipy.stats

import golden

SEED, C, H, W = 7, 3, 26, 31
IMAGE = "image"
SCALE = 0.01


def network(x):
    """Logit and probability."""
    logit = SCALE * (golden.fill((C, H, W), 5).astype(np.float64) * x).sum()
    return logit, 1 / (1 + np.exp(-logit))


def saliency(seed):
    """Smooth values in [0,1]: the mean of 5x5 neighbours in a wrapped field, float32."""
    field = golden.fill((H, W), seed).astype(np.float64)
    smooth = sum(np.roll(field, (i, j), (0, 1)) for i in range(-2, 3) for j in range(-2, 3)) / 25
    return ((smooth - smooth.min()) / (smooth.max() - smooth.min())).astype(np.float32)


def impute(missing, x):
    """Each missing pixel is the weighted mean of its neighbours: a system with a row for every pixel."""
    n = H * W
    rows, columns, weights = [], [], []
    for y, column in itertools.product(range(H), range(W)):
        i = y * W + column
        if not missing[y, column]:
            rows, columns, weights = rows + [i], columns + [i], weights + [1.0]
            continue
        near = [(y + a, column + b, 1 / 6 if a * b == 0 else 1 / 12) for a in (-1, 0, 1) for b in (-1, 0, 1)
                if (a or b) and 0 <= y + a < H and 0 <= column + b < W]
        rows, columns, weights = rows + [i], columns + [i], weights + [1.0]
        total = sum(weight for _, _, weight in near)
        for a, b, weight in near:
            rows, columns, weights = rows + [i], columns + [a * W + b], weights + [-weight / total]
    system = scipy.sparse.csc_matrix((weights, (rows, columns)), (n, n))
    known = np.where(missing, 0, x).reshape(C, n)
    return scipy.sparse.linalg.splu(system).solve(known.T).T.reshape(C, H, W)


def noise(percentile, order):
    """(C,H,W): pixel i has part i of the stream."""
    names = [IMAGE, "metric", "road", str(2 * round(1000 * percentile) + order)]
    purpose = 0
    for name in names:
        purpose = purpose or 0xCBF29CE484222325
        for byte in name.encode() + b"\0":
            purpose = ((purpose ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    out = np.zeros((C, H * W))
    for i in range(H * W):
        word = golden.philox((0, i, purpose & 0xFFFFFFFF, purpose >> 32), (SEED, 0))
        for pair in range(2):
            length = np.sqrt(-2 * np.log(((word[2 * pair] >> 8) + 0.5) / 2**24))
            angle = 2 * np.pi * (word[2 * pair + 1] >> 8) / 2**24
            for c, wave in ((2 * pair, np.cos), (2 * pair + 1, np.sin)):
                if c < C:
                    out[c, i] = length * wave(angle)
    return out.reshape(C, H, W)


def road(x, m, percentiles, deviation):
    values = []
    for q in percentiles:
        scores = []
        for order, key in enumerate((m, np.float32(1) - m)):
            missing = key >= np.percentile(key.astype(np.float64), q)
            changed = impute(missing, x) + (deviation * noise(q, order) * missing if deviation else 0)
            scores.append(network(changed)[1])
        values.append((scores[1] - scores[0]) / 2)
    return np.mean(values)


def single_deletion(x, m, grid, score):
    rows, columns = [i * H // grid for i in range(grid + 1)], [i * W // grid for i in range(grid + 1)]
    sums, drops = [], []
    for i, j in itertools.product(range(grid), range(grid)):
        cell = np.s_[rows[i]:rows[i + 1], columns[j]:columns[j + 1]]
        changed = x.copy()
        changed[(slice(None),) + cell] = 0
        sums.append(m[cell].astype(np.float64).sum())
        drops.append(network(x)[score] - network(changed)[score])
    return scipy.stats.spearmanr(sums, drops)[0]


def infidelity(x, m, samples, sides, is_scaled):
    a, d = [], []
    for k in range(samples):
        stream = golden.words(SEED, [IMAGE, "metric", "infidelity", str(k)])
        side = sides[next(stream) % len(sides)]
        top, left = next(stream) % (H - side + 1), next(stream) % (W - side + 1)
        inside = np.zeros((C, H, W))
        inside[:, top:top + side, left:left + side] = x[:, top:top + side, left:left + side]
        a.append((inside * m).sum())
        d.append(network(x)[1] - network(x - inside)[1])
    a, d = np.array(a), np.array(d)
    beta = (a * d).sum() / (a * a).sum() if is_scaled else 1
    return ((beta * a - d)**2).mean()


def main():
    out = golden.Golden("faithfulness", "tests/golden/faithfulness.py, NumPy %s, SciPy %s" %
                        (np.__version__, scipy.__version__))
    x = golden.fill((C, H, W), 3).astype(np.float64)
    for seed in (11, 12, 13):
        m = saliency(seed)
        if seed == 11:
            for q in (10, 50, 90):
                out.add("imputed.%d" % q, impute(m >= np.percentile(m.astype(np.float64), q), x))
        out.add("m.%d" % seed, golden.sample(m, 50))
        out.add("road.%d" % seed, [road(x, m, (20, 40, 60, 80), 0.01)])
        out.add("road.plain.%d" % seed, [road(x, m, range(10, 91, 10), 0)])
        out.add("single.%d" % seed, [single_deletion(x, m, 4, 0)])
        out.add("single.prob.%d" % seed, [single_deletion(x, m, 5, 1)])
        out.add("infidelity.%d" % seed, [infidelity(x, m, 64, (4, 8, 16), True)])
        out.add("infidelity.none.%d" % seed, [infidelity(x, m, 10, (6,), False)])
    out.close()


if __name__ == "__main__":
    main()
