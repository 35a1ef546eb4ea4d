#!/usr/bin/python3
"""Writes report_meta.txt: Kendall's tau-b by SciPy, of single rankings and of the meta-evaluation of a made-up run.

Values are eighths, so that there are ties and sums are exact; the run has undefined values, a skipped image, one without
a truth, one with a truth for few methods and one on which a metric cannot tell methods apart.
"""
import numpy as np
import scipy
from scipy.stats import kendalltau

from golden import Golden, draws, fill

METHODS, IMAGES, RESAMPLES, SEED = 7, 30, 200, 5
CONTROLS = (5, 6)


def eighths(count, stream):
    return np.floor((fill(count, stream).astype(np.float64) + 1) * 4) / 8


def tau(x, y):
    both = np.isfinite(x) & np.isfinite(y)
    return kendalltau(x[both], y[both]).statistic if both.sum() >= 3 else np.nan


def means(values):
    """Of the defined ones: (method) from (method, image)."""
    there = np.isfinite(values)
    return np.array([v[t].sum() / t.sum() if t.any() else np.nan for v, t in zip(values, there)])


golden = Golden("report_meta", "%s; NumPy %s, SciPy %s" % (__file__.split("/")[-1], np.__version__, scipy.__version__))

for n in (3, 4, 8, 30):
    golden.add_exact("tau.%d" % n, [kendalltau(eighths(n, n), eighths(n, n + 100)).statistic,
                                    kendalltau(fill(n, n + 1), eighths(n, n + 100)).statistic])

truth, x, y = (eighths(METHODS * IMAGES, 40 + k).reshape(METHODS, IMAGES) for k in range(3))
y = np.floor((y + truth) * 4) / 8
for values in (truth, x, y):
    values[:, 9] = np.nan       # skipped
truth[:, 4] = np.nan            # no annotation
truth[:5, 11] = np.nan          # only controls have a truth
x[2, 3::7] = np.nan
y[:, 6] = 0.5                   # all alike
y[3, :] = np.nan                # nothing of a method
x_of_y = np.where(np.isfinite(y), x, np.nan)
y_of_x = np.where(np.isfinite(x), y, np.nan)

images = np.array([i for i in range(IMAGES) if i not in (4, 9)])
drawn = images[draws(SEED, ("net", "rules", "meta"), len(images), RESAMPLES)]


def row(key, sample, resampled, n, undefined):
    bounds = [np.nan, np.nan] if np.isnan(resampled).any() else np.percentile(resampled, (2.5, 97.5))
    golden.add_exact(key, [n, undefined, sample, bounds[0], bounds[1]])


for controls in (False, True):
    kept = [m for m in range(METHODS) if controls or m not in CONTROLS]
    suffix = ".with" if controls else ".without"

    def over_methods(name, ranking):
        """`ranking` of images: (method)."""
        def of(index):
            return tau(ranking(index)[kept], means(truth[:, index])[kept])
        missing = int((~np.isfinite(ranking(images)[kept])).sum())
        row(name + ".over_methods" + suffix, of(images), np.array([of(index) for index in drawn]),
            len(kept) - missing, missing)

    def per_image(name, values):
        taus = np.array([tau(values[kept, i], truth[kept, i]) for i in range(IMAGES)])
        def of(index):
            there = taus[index][np.isfinite(taus[index])]
            return there.sum() / len(there)
        n = int(np.isfinite(taus).sum())
        row(name + ".per_image" + suffix, of(images), np.array([of(index) for index in drawn]), n, IMAGES - 1 - n)

    over_methods("x", lambda index: -means(x[:, index]))
    over_methods("y", lambda index: means(y[:, index]))
    over_methods("of_means", lambda index: means(x_of_y[:, index]) - 2 * means(y_of_x[:, index]))
    per_image("x", -x)
    per_image("y", y)
golden.close()
