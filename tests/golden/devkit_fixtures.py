#!/usr/bin/python3
"""Writes tests/golden/devkit: small files like meta.mat of ImageNet's development kit, which datasets/import/matlab_read.c reads.

Two writers: SciPy, compressed and plain (texts as UTF-8, numbers of 64 bits), and the bytes put together here as MATLAB
itself does it (texts as UTF-16, numbers in their smallest type, compressed); SciPy reads that one back.
"""
import os
import struct
import zlib

import numpy as np
import scipy.io

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "devkit")
FIELDS = ["ILSVRC2012_ID", "WNID", "words", "gloss", "num_children", "children", "wordnet_height", "num_train_images"]
# four classes, in an order that is not that of their ids, and a synset that has children; one number and one character
# need both of their bytes
SYNSETS = [
    (1, "n02119789", "kit fox, Vulpes macrotis", "small grey fox", 0, [], 0, 1300),
    (2, "n01443537", "goldfish, Carassius auratus", "small golden or orange-red fishes", 0, [], 0, 1300),
    (3, "n01440764", "tench, Tinca tinca", "freshwater dace-like game fish", 0, [], 0, 1300),
    (515, "n07930864", "cup, caf\u00e9 cr\u00e8me \u2615", "a punch served in a pitcher", 0, [], 0, 1300),
    (300, "n02512053", "fish", "cold-blooded aquatic vertebrates", 2, [2, 3], 1, 0),
]


def by_scipy(name, synsets, **options):
    array = np.empty((len(synsets), 1), dtype=[(field, object) for field in FIELDS])
    for i, row in enumerate(synsets):
        for field, value in zip(FIELDS, row):
            array[i, 0][field] = np.array(value, float) if isinstance(value, list) else value
    variables = {"a_number": 3.0, "synsets": array}
    scipy.io.savemat(os.path.join(FOLDER, name), variables, **options)


def element(kind, data):
    if 0 < len(data) <= 4:
        return struct.pack("<HH", kind, len(data)) + data.ljust(4, b"\0")
    return struct.pack("<II", kind, len(data)) + data + b"\0" * (-len(data) % 8)


def matrix(class_, shape, rest, name=b""):
    head = element(6, struct.pack("<II", class_, 0)) + element(5, struct.pack("<ii", *shape)) + element(1, name)
    return element(14, head + rest)


def value(v):
    if isinstance(v, str):
        return matrix(4, (1, len(v)), element(4, v.encode("utf-16-le")))
    numbers = v if isinstance(v, list) else [v]
    data = struct.pack("<%dH" % len(numbers), *numbers) if max(numbers, default=0) > 255 else bytes(numbers)
    return matrix(6, (1 if numbers else 0, len(numbers)), element(4 if max(numbers, default=0) > 255 else 2, data))


def by_hand(name, synsets):
    names = b"".join(field.encode().ljust(32, b"\0") for field in FIELDS)
    rest = element(5, struct.pack("<i", 32)) + element(1, names)
    rest += b"".join(value(v) for row in synsets for v in row)
    packed = zlib.compress(matrix(2, (len(synsets), 1), rest, b"synsets"))
    header = b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(124) + struct.pack("<H", 0x100) + b"IM"
    path = os.path.join(FOLDER, name)
    with open(path, "wb") as f:
        f.write(header + struct.pack("<II", 15, len(packed)) + packed)
    got = scipy.io.loadmat(path, squeeze_me=True, uint16_codec="utf-16-le")["synsets"]
    assert [row["words"] for row in got] == [row[2] for row in synsets]
    assert [row["ILSVRC2012_ID"] for row in got] == [row[0] for row in synsets]


def main():
    os.makedirs(FOLDER, exist_ok=True)
    by_scipy("meta.mat", SYNSETS, do_compression=True)
    by_scipy("meta_plain.mat", SYNSETS)
    by_hand("meta_matlab.mat", SYNSETS)
    for name in os.listdir(FOLDER):  # SciPy writes the time into the header
        with open(os.path.join(FOLDER, name), "r+b") as f:
            f.write(b"MATLAB 5.0 MAT-file".ljust(116))


main()
