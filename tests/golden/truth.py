#!/usr/bin/python3
"""Golden values for tests/metrics/test_truth.c: maps, masks and boxes measured with NumPy and SciPy from the definitions
of the metrics that know the truth; and for tests/datasets/test_decode.c: masks that went through Pillow's
nearest resizing and torchvision's centre crop."""
import zlib

import numpy as np
import PIL
import scipy
import torchvision
from PIL import Image
from scipy import ndimage
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional

import golden

IMAGES = 16
SIZE = (29, 31)
TAUS = (0.2, 0.5, 0.9)
GEOMETRIES = [  # file h, w; resized shorter side or both sides; crop h, w
    (90, 120, 73, (64, 64)),
    (120, 90, 64, (64, 64)),
    (301, 157, (256, 256), (224, 224)),
    (50, 75, 146, (128, 128)),
    (33, 200, 40, (32, 32)),
    (21, 34, 16, (24, 24)),
]


def blocks(seed, size, low):
    """Random values on a coarse grid, each as large as its cells: what blocks() of the tests makes."""
    values = golden.fill((low[0], low[1]), seed)
    y, x = np.arange(size[0]) * low[0] // size[0], np.arange(size[1]) * low[1] // size[1]
    return values[np.ix_(y, x)]


def case(i):
    """Map, energy map, mask (0 nothing, 1 other, 2 labelled), boxes: what case() of the test makes."""
    grid = (7, 7) if i % 2 else SIZE
    saliency = (blocks(900 + i, SIZE, grid) + np.float32(1)) * np.float32(0.5)
    saliency *= saliency
    saliency *= saliency  # a third of it is above a fifth of the maximum: components of many sizes
    energy = np.maximum(blocks(930 + i, SIZE, grid), np.float32(-0.25)) + np.float32(0.25)
    place = blocks(960 + i, SIZE, (4, 5))
    mask = np.where(place > 0.5, 2, np.where(place < -0.5, 1, 0))
    corner = np.floor((golden.fill((2, 4), 990 + i).astype(np.float64) + 1) / 2 * 20).astype(int)
    boxes = [(x, y, min(x + 2 + w, SIZE[1]), min(y + 1 + h, SIZE[0])) for x, y, w, h in corner]
    return saliency.astype(np.float64), energy.astype(np.float64), mask, boxes


def union(boxes):
    inside = np.zeros(SIZE, bool)
    for x0, y0, x1, y1 in boxes:
        inside[y0:y1, x0:x1] = True
    return inside


def is_hit(saliency, inside, tolerance):
    y, x = np.unravel_index(np.argmax(saliency), SIZE)
    distance = ndimage.distance_transform_edt(~inside)[y, x]
    return float(distance == 0 or distance < tolerance)


def box_of(saliency, tau):
    labels, _ = ndimage.label(saliency > tau * saliency.max(), np.ones((3, 3)))
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    rows, columns = ndimage.find_objects(labels)[np.argmax(sizes) - 1]
    return columns.start, rows.start, columns.stop, rows.stop


def iou(a, b):
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(0, w) * max(0, h)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def measures(out):
    rows = {}
    for i in range(IMAGES):
        saliency, energy, mask, boxes = case(i)
        inside, other = mask == 2, mask == 1
        assert inside.any() and other.any()
        row = {
            "energy/mask": energy[inside].sum() / energy.sum(),
            "energy/box": energy[union(boxes)].sum() / energy.sum(),
            "energy/minmax": saliency[inside].sum() / saliency.sum(),
            "discrimination": energy[inside].sum() / (energy[inside].sum() + energy[other].sum()),
        }
        for tolerance in (0, 2, 5):
            row["pointing/mask/%d" % tolerance] = is_hit(saliency, inside, tolerance)
            row["pointing/box/%d" % tolerance] = is_hit(saliency, union(boxes), tolerance)
        for tau in TAUS:
            best = max(iou(box_of(saliency, tau), box) for box in boxes)
            row["iou/%g" % tau] = best
            row["found/%g" % tau] = float(best >= 0.5)
        for key, value in row.items():
            rows.setdefault(key, []).append(value)
    for key, values in rows.items():
        out.add(key, values)


def geometries(out):
    for i, (h, w, resize, crop) in enumerate(GEOMETRIES):
        mask = ((blocks(80 + i, (h, w), (11, 13)) + 1) * 128).astype(np.uint8)
        sides = list(resize) if isinstance(resize, tuple) else resize
        seen = functional.resize(Image.fromarray(mask), sides, InterpolationMode.NEAREST)
        seen = np.asarray(functional.center_crop(seen, list(crop)))
        crc = zlib.crc32(seen.tobytes())
        out.add("mask/%d" % i, [*seen.shape, crc >> 16, crc & 0xFFFF])


def main():
    out = golden.Golden("truth", "tests/golden/truth.py, NumPy %s, SciPy %s, Pillow %s, torchvision %s"
                        % (np.__version__, scipy.__version__, PIL.__version__, torchvision.__version__))
    measures(out)
    geometries(out)
    out.close()


if __name__ == "__main__":
    main()
