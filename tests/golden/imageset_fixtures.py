#!/usr/bin/python3
"""
Image sets as users write them with h5py, right and wrong, for tests/datasets/test_imageset.c:
tests/golden/imagesets/*.h5 (h5py 3.7, HDF5 1.10.8). The pictures are those of tests/golden/pictures.
"""
import io
import os

import h5py
import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "imagesets")
FILES = ["grey.jpg", "rgba.png", "one_pixel.jpg"]
BYTES = [open(os.path.join(HERE, "pictures", name), "rb").read() for name in FILES]


def write(name, change=None):
    """A right image set of three pictures, then changed."""
    with h5py.File(os.path.join(FOLDER, name + ".h5"), "w") as file:
        file.attrs["format"] = "cambench-imageset"
        file.attrs["version"] = 1
        file.attrs["source"] = "golden"
        file["jpeg/data"] = np.frombuffer(b"".join(BYTES), np.uint8)
        file["jpeg/offset"] = np.cumsum([0] + [len(content) for content in BYTES]).astype(np.uint64)
        file.create_dataset("name", data=FILES, dtype=h5py.string_dtype())
        file["label"] = np.array([1, -1, 0], np.int32)
        file.create_dataset("class/name", data=["dog", "cät"], dtype=h5py.string_dtype())
        file.create_dataset("class/id", data=["n1", "n2"], dtype=h5py.string_dtype())
        file["box"] = np.array([[2, 0, 0, 1, 1], [0, 5, 6, 7, 8], [2, 1, 2, 3, 4]], np.int32)
        if change:
            change(file)


def replace(path, content, **options):
    def change(file):
        del file[path]
        file.create_dataset(path, data=content, **options)
    return change


def remove(path):
    def change(file):
        del file[path]
    return change


def attribute(name, value):
    def change(file):
        file.attrs[name] = value
    return change


def png(values, mode="L"):
    out = io.BytesIO()
    Image.fromarray(values, mode).save(out, "PNG")
    return out.getvalue()


def masks(files, **broken):
    """One mask each, b"" for none; `broken` datasets are written instead of the right ones."""
    def change(file):
        right = {"data": np.frombuffer(b"".join(files), np.uint8),
                 "offset": np.cumsum([0] + [len(content) for content in files]).astype(np.uint64)}
        for name, content in {**right, **broken}.items():
            if content is not None:
                file["mask/" + name] = content
    return change


os.makedirs(FOLDER, exist_ok=True)
write("right")
write("packed", replace("jpeg/data", np.frombuffer(b"".join(BYTES), np.uint8), chunks=(500,), compression="gzip"))
write("wrong_format", attribute("format", "cambench-weights"))
write("wrong_version", attribute("version", 2))
write("no_offset", remove("jpeg/offset"))
write("no_name", remove("name"))
write("no_label", remove("label"))
write("few_labels", replace("label", np.array([1, 0], np.int32)))
write("label_text", replace("label", ["a", "b", "c"], dtype=h5py.string_dtype()))
write("label_beyond", replace("label", np.array([1, 0, 2], np.int32)))
write("label_below", replace("label", np.array([1, 0, -2], np.int64)))
total = sum(len(content) for content in BYTES)
write("offset_down", replace("jpeg/offset", np.array([0, 900, 800, total], np.uint64)))
write("offset_beyond", replace("jpeg/offset", np.array([0, 900, 1000, total + 1], np.uint64)))
write("name_twice", replace("name", ["a", "b", "a"], dtype=h5py.string_dtype()))
write("data_float", replace("jpeg/data", np.zeros(total, np.float32)))
write("box_shape", replace("box", np.zeros((3, 4), np.int32)))
write("box_empty", replace("box", np.array([[0, 5, 5, 5, 9]], np.int32)))
write("box_image", replace("box", np.array([[3, 0, 0, 5, 9]], np.int32)))
write("class_ids", replace("class/id", ["n1"], dtype=h5py.string_dtype()))
write("bad_picture", replace("jpeg/data", np.frombuffer(b"".join(BYTES)[:-300] + bytes(300), np.uint8)))

scene = (np.arange(5 * 7) * 3 % 256).astype(np.uint8).reshape(5, 7)
scene[1:4, 2:5] = 255
right = [png(scene), b"", png(np.array([[7]], np.uint8))]
write("masks", masks(right))
write("mask_no_offset", masks(right, offset=None))
write("mask_few", masks(right, offset=np.array([0, 10, 20], np.uint64)))
write("mask_down", masks(right, offset=np.array([0, 60, 50, 70], np.uint64)))
write("mask_beyond", masks(right, offset=np.array([0, 60, 60, 1 << 63], np.uint64)))
write("mask_float", masks(right, data=np.zeros(200, np.float32)))
write("mask_damaged", masks([png(scene)[:-30], png(np.zeros((4, 4, 3), np.uint8), "RGB"),
                             png(np.zeros((4, 4), np.uint16), "I;16")]))
write("mask_no_png", masks([BYTES[0], png(np.zeros((4, 4), np.uint8), "P"), b"?"]))

ramp = (np.arange(2 * 4 * 5 * 3) % 251).astype(np.uint8).reshape(2, 4, 5, 3)
with h5py.File(os.path.join(FOLDER, "array.h5"), "w") as file:
    file["images"] = ramp
    file["labels"] = np.array([[7], [65535]], np.uint16)
with h5py.File(os.path.join(FOLDER, "array_packed.h5"), "w") as file:
    file.create_dataset("images", data=ramp, chunks=(1, 4, 5, 3), compression="gzip")
with h5py.File(os.path.join(FOLDER, "encoded.h5"), "w") as file:
    images = file.create_dataset("images", (3,), dtype=h5py.vlen_dtype(np.uint8))
    for i, content in enumerate(BYTES):
        images[i] = np.frombuffer(content, np.uint8)
    file["label"] = np.array([3, 4, 5], np.int64)
with h5py.File(os.path.join(FOLDER, "nothing.h5"), "w") as file:
    file["pixels"] = ramp
with h5py.File(os.path.join(FOLDER, "array_shape.h5"), "w") as file:
    file["images"] = ramp.transpose(0, 3, 1, 2)

# types of numbers that other machines and programs store
STORED = {"big": (">i4", ">i2"), "half": ("<f2", "<f2"), "big_half": (">f2", ">f2"), "double": ("<f8", ">f4")}
for name, (pixels, labels) in STORED.items():
    with h5py.File(os.path.join(FOLDER, "array_%s.h5" % name), "w") as file:
        file["images"] = ramp.astype(pixels)
        file["labels"] = np.array([7, -1]).astype(labels)
for name, pixels, labels in (("fraction", ramp / 255, [7, 8]), ("label_half", ramp, np.array([7, 0.5], np.float16)),
                             ("label_truth", ramp, [True, False])):
    with h5py.File(os.path.join(FOLDER, "array_%s.h5" % name), "w") as file:
        file["images"] = pixels
        file["labels"] = labels
