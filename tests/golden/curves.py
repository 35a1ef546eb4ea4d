#!/usr/bin/python3
"""Golden values for tests/metrics/test_curve.c: insertion and deletion curves of a made-up classifier, states written with
NumPy from the definition (Petsiuk et al. 2018), RISE's blur with SciPy's Gaussian filter, ReciproCAM's cells as
overlapping slices, areas with NumPy; enlargement by Pillow's bicubic filter on floats."""
import numpy as np
import PIL
import scipy
from PIL import Image
from scipy import ndimage, signal

import golden

H, W, CLASSES = 28, 35, 5
BLACK, WHITE = np.array([-2.0, -1.5, -1.75]), np.array([2.0, 2.5, 2.25])
CASES = [  # name, cells (h,w) or None for pixels, baseline, steps (0: one by one)
    ("blur", None, "blur", 28),
    ("mean", None, "mean", 100),
    ("black", None, "black", 3),
    ("image_mean", None, "image_mean", 11),
    ("cells", (7, 7), "image_mean", 0),
    ("few_cells", (4, 5), "mean", 6),
    ("white", None, "white", 9),
    ("rounded", None, "mean", 30, "rounded"),
    ("rounded_cells", (4, 5), "black", 6, "rounded"),
    ("rounded_all", (4, 5), "black", 0, "rounded"),
]


def steps_of_tied(values):
    """Values on 16 levels: most places are tied."""
    return np.floor((values + np.float32(1)) * np.float32(8)) / np.float32(16)


def classify(images):
    """Softmax of a linear layer: what classify() of the test does."""
    weight = golden.fill((CLASSES, 3 * H * W), 77).astype(np.float64) / 8
    logits = images.reshape(len(images), -1).astype(np.float64) @ weight.T
    odds = np.exp(logits - logits.max(1, keepdims=True))
    return odds[:, 2] / odds.sum(1)


def blurred(image):
    impulse = np.zeros((11, 11))
    impulse[5, 5] = 1
    kernel = ndimage.gaussian_filter(impulse, 5)
    return np.stack([signal.convolve2d(plane, kernel, mode="same") for plane in image.astype(np.float64)])


def baseline_of(image, name):
    if name == "blur":
        return blurred(image)
    colour = {"mean": np.zeros(3), "black": BLACK, "white": WHITE, "image_mean": image.mean((1, 2), dtype=np.float64)}[name]
    return np.broadcast_to(colour[:, None, None], image.shape)


def changed(saliency, cells, steps, spacing="equal"):
    """For every state what has changed (H,W), and the share of places."""
    places = steps_of_tied(golden.fill(cells, 42)) if cells else saliency
    order = np.argsort(-places.ravel(), kind="stable")
    size = -(-places.size // steps) if steps else 1
    now, done = np.zeros((H, W), bool), 0
    yield now.copy(), 0.0
    ends = np.arange(1, (steps or places.size) + 1) * places.size // (steps or places.size)
    while done < places.size:
        if spacing == "rounded":
            size, ends = ends[0] - done, ends[1:]
        for place in order[done:done + size]:
            y, x = divmod(int(place), places.shape[1])
            if cells:
                dy, dx = H // cells[0], W // cells[1]
                now[y * dy:min((y + 1) * dy, H - 1) + 1, x * dx:min((x + 1) * dx, W - 1) + 1] = True
            else:
                now[y, x] = True
        done = min(done + size, places.size)
        yield now.copy(), done / places.size if spacing == "equal" else 1 - len(ends) / (steps or places.size)


def main():
    out = golden.Golden("curves", "tests/golden/curves.py, NumPy %s, SciPy %s, Pillow %s" %
                        (np.__version__, scipy.__version__, PIL.__version__))
    image, saliency = golden.fill((3, H, W), 7), steps_of_tied(golden.fill((H, W), 41))
    out.add("blurred", golden.sample(blurred(image), 64))
    for name, cells, baseline, steps, *spacing in CASES:
        states, fraction = zip(*changed(saliency, cells, steps, *spacing))
        base, mask = baseline_of(image, baseline), np.stack(states)[:, None]
        out.add(name + ".fraction", fraction, 256)
        for kind, images in (("insertion", np.where(mask, image, base)), ("deletion", np.where(mask, base, image))):
            p = classify(images)
            out.add("%s.%s" % (name, kind), p, 256)
            out.add("%s.%s.area" % (name, kind), [np.trapz(p, fraction)])
            points = np.append(p[1:], p[-1]) if kind == "insertion" else p
            out.add("%s.%s.reciprocam2024" % (name, kind), [np.trapz(points) / len(points)])
    for h, w in ((7, 7), (14, 5), (1, 3), (2, 2)):
        small = golden.fill((h, w), 5)
        large = np.array(Image.fromarray(small, mode="F").resize((W, H), Image.BICUBIC))
        out.add("bicubic.%dx%d" % (h, w), large)
    out.close()


if __name__ == "__main__":
    main()
