#!/usr/bin/python3
"""Golden values for tests/metrics/test_set_scores.c: numbers of a whole image set, on the maps, masks and boxes of
truth.py. PxAP is scikit-learn's average precision of all pixels, the maps rounded down to thousandths. MaxBoxAcc is made
threshold by threshold: regions and holes by SciPy's labels, hits by all pairs of boxes."""
import numpy as np
import scipy
import sklearn
from scipy import ndimage
from sklearn.metrics import average_precision_score

import golden
import truth

EIGHT = np.ones((3, 3))
OVERLAPS = (0.3, 0.5, 0.7)


def minmax(m):
    m = m.astype(np.float32)
    m = m - m.min()
    return m / m.max()


def boxes_of(above, contours):
    """Half-open boxes of regions, and of holes with a margin of one pixel."""
    found = [(c.start, r.start, c.stop, r.stop) for r, c in ndimage.find_objects(ndimage.label(above, EIGHT)[0])]
    if contours == "wsol":
        holes, _ = ndimage.label(np.pad(~above, 1, constant_values=True))
        for number, place in enumerate(ndimage.find_objects(holes), 1):
            if number != holes[0, 0]:
                r, c = place
                found.append((c.start - 2, r.start - 2, c.stop, r.stop))
    return found


def iou(a, b, more):
    w = min(a[2], b[2]) - max(a[0], b[0]) + more
    h = min(a[3], b[3]) - max(a[1], b[1]) + more
    both = max(0, w) * max(0, h)
    size = lambda box: (box[2] - box[0] + more) * (box[3] - box[1] + more)
    return both / (size(a) + size(b) - both)


def best_overlaps(m, boxes, contours, convention):
    """For each level the best overlap of a part above it."""
    image = (minmax(m) * 255).astype(np.uint8)
    h, w = image.shape
    best = []
    for level in range(255):
        found = boxes_of(image > level, contours)
        if convention == "inclusive":
            found = [(x0, y0, min(x1, w - 1), min(y1, h - 1)) for x0, y0, x1, y1 in found]
        best.append(max(iou(a, b, convention == "inclusive") for a in found for b in boxes))
    return np.array(best)


def pxap(cases, bins):
    scores, labels = [], []
    edges = np.append(np.arange(bins) * (1.0 / bins), 1.0)
    for m, _, mask, _ in cases:
        scores.append(np.digitize(minmax(m).astype(np.float64), edges).ravel())
        labels.append((mask == 2).ravel())
    return average_precision_score(np.concatenate(labels), np.concatenate(scores))


def main():
    out = golden.Golden("set_scores", "tests/golden/set_scores.py, NumPy %s, SciPy %s, scikit-learn %s"
                        % (np.__version__, scipy.__version__, sklearn.__version__))
    cases = [truth.case(i) for i in range(truth.IMAGES)]
    out.add("pxap/1000", [pxap(cases, 1000)])
    out.add("pxap/16", [pxap(cases, 16)])
    for contours in ("wsol", "regions"):
        for convention in ("inclusive", "half_open"):
            best = [best_overlaps(m, boxes, contours, convention) for m, _, _, boxes in cases]
            hits = np.array([sum(b >= delta for b in best) for delta in OVERLAPS])
            key = "%s/%s" % (contours, convention)
            out.add("hits/" + key, hits.ravel(), hits.size)
            out.add("acc/" + key, [*(hits.max(1) / len(cases)), hits.max(1).mean() / len(cases)])
    out.close()


if __name__ == "__main__":
    main()
