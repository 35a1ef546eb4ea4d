#!/usr/bin/python3
"""Small HDF5 files as h5py writes them, for tests/base/test_h5.c: tests/golden/h5/*.h5 (h5py 3.7, HDF5 1.10.8)."""
import os

import h5py
import numpy as np

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "h5")


def create(name):
    return h5py.File(os.path.join(FOLDER, name), "w")


os.makedirs(FOLDER, exist_ok=True)
ramp = np.arange(24, dtype=np.float32).reshape(4, 3, 2) / 8

with create("types.h5") as file:
    file.attrs["text"] = "attribute é"
    file.attrs["integer"] = 7
    file.attrs["list"] = np.array([1.5, 2.5])
    file["float32"] = ramp
    file["float64"] = ramp.astype(np.float64)
    file["float16"] = np.array([0, -0.0, 1, -2.5, 65504, 6e-8, 6.1e-5, np.inf, -np.inf, np.nan], np.float16)
    file["uint8"] = np.arange(250, 256, dtype=np.uint8)
    file["int16"] = np.array([-3, 300], np.int16)
    file["uint64"] = np.array([1, 2 ** 63], np.uint64)
    file["scalar"] = np.int32(-5)
    file["empty"] = np.zeros((0, 3), np.float32)
    file.create_dataset("big_endian", data=ramp.astype(">f4"))
    file.create_dataset("group/compressed", data=ramp, chunks=(2, 3, 2), compression="gzip", shuffle=True)
    file.create_dataset("group/half_compressed", data=ramp.astype(np.float16), chunks=(2, 3, 2), compression="gzip")
    file.create_dataset("text", data=["one", "", "drei äö", "four"], dtype=h5py.string_dtype())
    file.create_dataset("fixed_text", data=np.array([b"ab", b"abcd", b""], "S4"))
    bytes_type = h5py.vlen_dtype(np.uint8)
    variable = file.create_dataset("bytes", (3,), dtype=bytes_type)
    for i, content in enumerate([b"\0\1\2", b"", b"abcdef"]):
        variable[i] = np.frombuffer(content, np.uint8)
    file["boolean"] = np.array([True, False])

with create("external_storage.h5") as file:
    file.create_dataset("outside", (4,), "f4", external=[("other.bin", 0, 16)])

with create("external_link.h5") as file:
    file["link"] = h5py.ExternalLink("types.h5", "/float32")

with create("virtual.h5") as file:
    layout = h5py.VirtualLayout(shape=(4, 3, 2), dtype="f4")
    layout[...] = h5py.VirtualSource("types.h5", "float32", shape=(4, 3, 2))
    file.create_virtual_dataset("outside", layout)

with create("deep.h5") as file:
    file["a/b/c/d/e/f/g/h/i/j/data"] = ramp
    file["a/loop"] = file["a"]
