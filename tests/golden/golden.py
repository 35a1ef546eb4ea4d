"""What the golden scripts share: the file format of tests/golden.h, its sampling and its test data."""
import numpy as np


def fill(shape, seed):
    """golden_fill(): deterministic values in [-1, 1), float32."""
    size = int(np.prod(shape))
    word = (np.arange(size, dtype=np.uint64) * 1103515245 + seed * 12345 + 12345).astype(np.uint32)
    for _ in range(2):
        word ^= word << np.uint32(13)
        word ^= word >> np.uint32(17)
        word ^= word << np.uint32(5)
    return ((word & np.uint32(0xFFFFFF)) / 8388608.0 - 1).astype(np.float32).reshape(shape)


def sample(values, count):
    """The values that golden_index() points at."""
    flat = np.asarray(values).reshape(-1)
    if flat.size <= count:
        return flat
    index = (np.arange(count, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(12345)) % np.uint64(flat.size)
    return flat[index.astype(np.int64)]


def seed(name):
    """golden_seed(): FNV-1a 32."""
    value = 2166136261
    for byte in name.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


def tensor(name, shape):
    """golden_tensor(): a network's tensor from its torch name and shape, float32."""
    offset, scale = 0.0, 1.0
    if len(shape) > 1:
        scale = np.sqrt(6 / np.prod(shape[1:]))
    elif name.endswith("running_var"):
        offset, scale = 1.0, 0.5
    elif name.endswith(("running_mean", "bias")):
        scale = 0.2
    elif name.endswith("weight"):
        offset, scale = 1.0, 0.25
    return np.float32(offset) + np.float32(scale) * fill(shape, seed(name))


def load(module):
    """Gives every parameter and buffer of a torch module the values of tensor()."""
    import torch
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                value.copy_(torch.from_numpy(tensor(name, tuple(value.shape))))
    return module.eval()


class Golden:
    """Writes tests/golden/NAME.txt beside this file."""

    def __init__(self, name, comment):
        import os
        self.path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".txt")
        self.lines = ["# " + line for line in comment.splitlines()]

    def add(self, key, values, count=64):
        values = sample(values, count).astype(np.float64)
        self.lines.append(" ".join([key, str(values.size)] + ["%.9g" % v for v in values]))

    def close(self):
        with open(self.path, "w") as file:
            file.write("\n".join(self.lines) + "\n")
