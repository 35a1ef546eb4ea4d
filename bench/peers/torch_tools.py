"""For the workers that make maps: post-processing as cambench-bench does it, and cambench's random numbers."""
import contextlib
import functools
import pathlib
import sys
import types

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tests/golden"))
import methods_masks as streams  # noqa: E402

MEAN = torch.tensor([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).reshape(1, 3, 1, 1)
IMAGE = "input"  # what cambench-bench calls its inputs
SIDE = 224


def min_max(plane):
    plane = plane - plane.min()
    return plane / (plane.max() + 1e-7)


def finish(plane, is_signed=False):
    """A raw map (h,w) as pytorch-grad-cam finishes it: ReLU, min-max, enlargement, min-max."""
    plane = torch.as_tensor(np.asarray(plane, np.float32))
    plane = min_max(plane if is_signed else F.relu(plane))[None, None]
    return min_max(F.interpolate(plane, (SIDE, SIDE), mode="bilinear", align_corners=False)[0, 0]).numpy()


@functools.lru_cache(maxsize=8)
def fed_normals(label, shape, number, is_by_channel):
    """The numbers that cambench draws: sample `number` of a method."""
    if is_by_channel:  # (1,C,H,W)
        planes = [streams.normals([IMAGE, label], 256 * k + number, shape[2:]) for k in range(shape[1])]
        return torch.stack(planes)[None].float()
    size = int(np.prod(shape))
    return streams.normals([IMAGE, label], 0, ((number + 1) * size,))[-size:].reshape(shape).float()


class _Masks(streams.Masks):
    """Keeps the masked images of an input of ones, which are the masks."""

    def __init__(self, count):
        self.network, self.size = types.SimpleNamespace(x=torch.ones(1, 3, SIDE, SIDE, dtype=torch.float64)), (SIDE, SIDE)
        self.params = {"masks": str(count)}

    def full(self, images, kind):
        self.images = images
        return images.new_zeros(len(images))


def rise_masks(count):
    """(N,1,H,W), those that cambench's `rise` draws."""
    masks = _Masks(count)
    masks.rise()
    return masks.images[:, :1].float()


@contextlib.contextmanager
def fed_uniforms(label):
    """numpy.random.uniform draws cambench's numbers."""
    own = np.random.uniform

    def uniform(low, high, size):
        count = int(np.prod(size))
        words = streams.part_words([IMAGE, label], 0, (count + 1) // 2)
        return low + (high - low) * streams.uniforms(words)[:count].reshape(size)
    np.random.uniform = uniform
    try:
        yield
    finally:
        np.random.uniform = own
