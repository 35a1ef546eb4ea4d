"""What the golden scripts share: the file format of tests/golden.h, its sampling, its test data and the
program's random streams, made anew."""
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


def philox(counter, key):
    """Philox4x32-10 (Salmon et al. 2011)."""
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def words(seed, names):
    """random_u32() of the stream whose purpose is made of the names."""
    purpose = 0
    for name in names:
        purpose = purpose or 0xCBF29CE484222325
        for byte in name.encode() + b"\0":
            purpose = ((purpose ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    counter = 0
    while True:
        yield from philox((counter & 0xFFFFFFFF, counter >> 32, purpose & 0xFFFFFFFF, purpose >> 32),
                          (seed & 0xFFFFFFFF, seed >> 32))
        counter += 1


def draws(seed, names, n, count):
    """`count` times n of random_below(n): (count,n)."""
    stream, reject = words(seed, names), 2**32 % n
    index = np.empty((count, n), dtype=np.int64)
    for i in range(count):
        for j in range(n):
            word = next(stream)
            while word < reject:
                word = next(stream)
            index[i, j] = word % n
    return index


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

    def add_exact(self, key, values):
        self.lines.append(" ".join([key, str(len(values))] + ["%.17g" % v for v in values]))

    def close(self):
        with open(self.path, "w") as file:
            file.write("\n".join(self.lines) + "\n")
