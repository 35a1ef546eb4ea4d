#!/usr/bin/python3
"""Turns a PyTorch state dict (.pth) into cambench's weights file (HDF5; docs/formats.md).

usage: pth_to_h5.py ARCH FILE.pth OUT.h5 [--source TEXT] [--accuracy TOP1]

ARCH is a torchvision name. Names and shapes are compared with torchvision's own network of that name; the number of
classes and the width multiplier are found from the shapes. Needs torch, torchvision and h5py.
"""
import argparse
import hashlib
import os
import sys

import h5py
import numpy as np
import torch
import torchvision

CLASSIFIERS = ("fc.weight", "classifier.1.weight", "classifier.6.weight")
WIDTHS = [n / 100 for n in range(5, 401, 5)]


def fail(text):
    sys.exit("pth_to_h5.py: " + text)


def shape_text(shape):
    return "(%s)" % ",".join(str(n) for n in shape)


def read_state(path):
    """The tensors of a file: a plain dict, or one inside "state_dict" or "model"; "module." is dropped from names."""
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle and zip raise many kinds
        fail('could not read "%s": %s' % (path, str(error).splitlines()[0]))
    for key in ("state_dict", "model"):
        if isinstance(loaded, dict) and isinstance(loaded.get(key), dict):
            loaded = loaded[key]
    if not isinstance(loaded, dict) or not all(torch.is_tensor(value) for value in loaded.values()):
        fail('"%s" holds no dictionary of tensors' % path)
    state = {}
    for name, tensor in loaded.items():
        name = name[len("module."):] if name.startswith("module.") else name
        if not name.endswith("num_batches_tracked"):
            state[name] = tensor
    return state


def expected_shapes(arch, classes, width):
    make = getattr(torchvision.models, arch)
    network = make(num_classes=classes, width_mult=width) if arch == "mobilenet_v2" else make(num_classes=classes)
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()
            if not name.endswith("num_batches_tracked")}


def find_classes(state):
    for name in CLASSIFIERS[::-1]:
        if name in state:
            return state[name].shape[0]
    fail("no tensor %s: cannot tell the number of classes" % " or ".join('"%s"' % n for n in CLASSIFIERS))


def find_width(arch, classes, state):
    """The multiplier whose network has these shapes; 1 first, so that a wrong file is compared with the usual network."""
    if arch != "mobilenet_v2":
        return 1.0
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    stem = shapes.get("features.0.0.weight", (0,))[0]
    for width in [1.0] + WIDTHS:
        if torchvision.models._utils._make_divisible(32 * width, 8) == stem:
            if expected_shapes(arch, classes, width) == shapes:
                return width
    return 1.0


def check(arch, state, expected):
    for name, shape in expected.items():
        if name not in state:
            fail('tensor "%s" is missing, %s needs %s' % (name, arch, shape_text(shape)))
        if tuple(state[name].shape) != shape:
            fail('tensor "%s" is %s, %s needs %s' % (name, shape_text(state[name].shape), arch, shape_text(shape)))
        if not torch.isfinite(state[name].float()).all():
            fail('tensor "%s" holds values that are not finite' % name)
    for name in state:
        if name not in expected:
            fail('tensor "%s" does not belong to %s' % (name, arch))


def write(path, state, names, attributes):
    try:
        with h5py.File(path + ".part", "w") as file:
            for name, value in attributes.items():
                file.attrs[name] = value
            for name in names:
                file.create_dataset("/tensor/" + name, data=np.ascontiguousarray(state[name].float().numpy()))
        os.replace(path + ".part", path)
    except OSError as error:
        fail('could not write "%s": %s' % (path, error))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("arch")
    parser.add_argument("file")
    parser.add_argument("out")
    parser.add_argument("--source", help="where the file comes from (default: its name)")
    parser.add_argument("--accuracy", type=float, help="published top-1 accuracy, percent")
    arguments = parser.parse_args()
    if not callable(getattr(torchvision.models, arguments.arch, None)):
        fail('torchvision has no network "%s"' % arguments.arch)
    state = read_state(arguments.file)
    classes = find_classes(state)
    width = find_width(arguments.arch, classes, state)
    expected = expected_shapes(arguments.arch, classes, width)
    check(arguments.arch, state, expected)
    with open(arguments.file, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    attributes = {
        "format": "cambench-weights", "version": 1, "arch": arguments.arch, "classes": classes, "width": width,
        "source": arguments.source or os.path.basename(arguments.file), "sha256": digest,
    }
    if arguments.accuracy is not None:
        attributes["accuracy"] = arguments.accuracy
    write(arguments.out, state, expected, attributes)
    print("%s: %s, %d tensors, %d classes, width %g" % (arguments.out, arguments.arch, len(expected), classes, width))


if __name__ == "__main__":
    main()
