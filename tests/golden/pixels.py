#!/usr/bin/python3
"""
Filters of resizing, grey and swapped channels, and the normalisations of other frameworks, by Pillow, torchvision, NumPy.

Writes tests/golden/pixels.txt from the pictures that preprocess.py has made. Made with Pillow 9.4.0, torchvision 0.14.1.
"""
import os
import sys
import zlib

import numpy as np
from PIL import Image
from torchvision import transforms
from torchvision.transforms import functional

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from golden import Golden

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pictures")
FILTERS = {"nearest": Image.NEAREST, "box": Image.BOX, "lanczos": Image.LANCZOS}
SIZES = [(1, 1), (7, 5), (30, 200), (61, 83), (61, 40), (20, 83), (122, 166), (255, 3), (64, 64), (224, 224)]


def open_picture(name):
    return Image.open(os.path.join(FOLDER, name)).convert("RGB")


def describe(array):
    row = array[array.shape[0] // 2].reshape(-1)[:12]
    return [*array.shape[:2], zlib.crc32(np.ascontiguousarray(array).tobytes()), *row]


def add(golden, key, values):
    golden.lines.append(" ".join([key, str(len(values))] + ["%d" % v for v in values]))


def add_resizing(golden):
    for label, picture, sizes in [("", open_picture("rgb.png"), SIZES), ("narrow/", open_picture("narrow.jpg"), [(7, 40)])]:
        for name, which in FILTERS.items():
            for h, w in sizes:
                add(golden, "resize/%s%s/%dx%d" % (label, name, h, w), describe(np.asarray(picture.resize((w, h), which))))


def rgb(image):
    return np.asarray(image, np.float64).transpose(2, 0, 1)


def torchvision(image):
    return transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))(transforms.ToTensor()(image)).numpy()


def inception(image):
    return transforms.Normalize((0.5,) * 3, (0.5,) * 3)(transforms.ToTensor()(image)).numpy()


def keras_tf(image):
    """imagenet_utils.preprocess_input(mode="tf"), as its documentation states it."""
    return rgb(image) / 127.5 - 1


def keras_caffe(image):
    """The same with mode="caffe": BGR, minus the means, which are BGR too."""
    return rgb(image)[::-1] - np.array([103.939, 116.779, 123.68])[:, None, None]


def grey(image):
    return transforms.ToTensor()(image).numpy()


def grey_of_resized(image):
    return np.concatenate([rgb(image) / 255, np.asarray(image.convert("L"), np.float64)[None] / 255])


def padded(image):
    return np.concatenate([rgb(image) / 255, np.zeros((1, image.height, image.width))])


# key, picture, whether the picture is grey before it is resized, what becomes of the crop
CASES = [("torchvision", "colour_420.jpg", False, torchvision), ("inception", "colour_420.jpg", False, inception),
         ("keras_tf", "colour_420.jpg", False, keras_tf), ("keras_caffe", "colour_420.jpg", False, keras_caffe),
         ("raw", "colour_420.jpg", False, rgb), ("l", "colour_420.jpg", True, grey), ("l_of_grey", "grey.jpg", True, grey),
         ("rgbl", "colour_420.jpg", False, grey_of_resized), ("rgb0", "colour_420.jpg", False, padded)]


def add_inputs(golden):
    for key, name, is_grey, normalise in CASES:
        image = open_picture(name).convert("L" if is_grey else "RGB")
        image = functional.resize(image, 36, functional.InterpolationMode.BILINEAR)
        golden.add("input/" + key, normalise(functional.center_crop(image, (30, 32))), 150)


def main():
    golden = Golden("pixels", __doc__.strip())
    add_resizing(golden)
    every = np.array([[[r, g, b] for g in range(0, 256, 5)] for r in range(0, 256, 3) for b in range(0, 256, 17)], np.uint8)
    add(golden, "luma", describe(np.asarray(Image.fromarray(every).convert("L"))[..., None].repeat(3, -1)))
    add_inputs(golden)
    golden.close()


main()
