#!/usr/bin/python3
"""Files of NumPy for tests/base/test_npy.c: tests/golden/npy/*.npy, one array in each type of element."""
import os

import numpy as np

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "npy")
ARRAY = np.array([[0, 1, 2], [3, 4, 100]])


def save(name, array, version=None):
    with open(os.path.join(FOLDER, name + ".npy"), "wb") as file:
        np.lib.format.write_array(file, array, version)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for kind in ("<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "|u1", "|i1", "<i2", ">i4", "<i8", "<u8"):
        name = kind.replace("<", "little_").replace(">", "big_").replace("|", "byte_")
        save(name, (ARRAY / 4 if "f" in kind else ARRAY).astype(kind))
    save("truth", ARRAY > 2)
    save("negative", np.array([-1, -100], "<i2"))
    save("special", np.array([np.inf, -np.inf, 6e-8, -65504], "<f2"))
    save("version_2", ARRAY.astype("<f4"), (2, 0))
    save("version_3", ARRAY.astype("<f4"), (3, 0))
    save("scalar", np.float32(7))
    save("empty", np.zeros((0, 3), "<f4"))
    save("fortran", np.asfortranarray(ARRAY.astype("<f4")))
    save("complex", ARRAY.astype("<c8"))
    save("structured", np.zeros(2, [("a", "<f4")]))


if __name__ == "__main__":
    main()
