#!/usr/bin/python3
"""
Pictures of every kind for the decoder, and what Pillow and torchvision make of them.

Writes tests/golden/pictures/* and tests/golden/preprocess.txt. Made with Pillow 9.4.0 on libjpeg-turbo 2.1.5 and libpng
1.6.39, torchvision 0.14.1. Pixels are kept as height, width, CRC-32 of all RGB bytes, and the first bytes of the middle
row; preprocessed inputs as samples.
"""
import io
import os
import struct
import sys
import zlib

import numpy as np
import torch
from PIL import Image
from torchvision import transforms
from torchvision.transforms import functional

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from golden import Golden, fill

torch.set_num_threads(1)
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pictures")


def scene(h, w, channels=3, seed=1):
    """A smooth picture with edges and a little noise, uint8."""
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    planes = []
    for c in range(channels):
        plane = 128 + 80 * np.sin(x / (5 + 2 * c) + c) * np.cos(y / (7 + c)) + 40 * ((x // 9 + y // 11) % 2)
        planes.append(plane + 12 * fill((h, w), seed + c))
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def path(name):
    return os.path.join(FOLDER, name)


def save(name, mode, array, **options):
    Image.fromarray(array.squeeze(-1) if array.shape[-1] == 1 else array, mode).save(path(name), **options)


def png_chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def write_png(name, w, h, depth, colour, rows, extra=b""):
    """PNGs of kinds that Pillow does not write; `rows` are packed bytes without filter."""
    header = struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 9)
    with open(path(name), "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + extra + png_chunk(b"IDAT", data) +
                   png_chunk(b"IEND", b""))


def write_interlaced(name, array):
    """Adam7, 8-bit RGB."""
    h, w, _ = array.shape
    raw = b""
    for x0, y0, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
                           (0, 1, 1, 2)]:
        part = array[y0::dy, x0::dx]
        if part.size:
            raw += b"".join(b"\0" + row.tobytes() for row in part)
    header = struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 1)
    with open(path(name), "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(raw, 9)) +
                   png_chunk(b"IEND", b""))


def adobe_marker(transform):
    return b"\xff\xee" + struct.pack(">H", 14) + b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform)


def write_cmyk_variants():
    """Pillow's CMYK file has an Adobe marker with transform 0; without it, and as YCCK, it means other colours."""
    memory = io.BytesIO()
    Image.fromarray(scene(40, 52, 4), "CMYK").save(memory, "JPEG", quality=85)
    content = memory.getvalue()
    at = content.index(b"\xff\xee")
    size = 2 + struct.unpack(">H", content[at + 2:at + 4])[0]
    for name, marker in [("cmyk.jpg", content[at:at + size]), ("cmyk_plain.jpg", b""), ("ycck.jpg", adobe_marker(2))]:
        with open(path(name), "wb") as file:
            file.write(content[:at] + marker + content[at + size:])


def write_pictures():
    os.makedirs(FOLDER, exist_ok=True)
    for old in os.listdir(FOLDER):
        os.remove(path(old))
    colour = scene(61, 83)
    save("colour_444.jpg", "RGB", colour, quality=90, subsampling=0)
    save("colour_422.jpg", "RGB", colour, quality=80, subsampling=1)
    save("colour_420.jpg", "RGB", colour, quality=75, subsampling=2)
    save("progressive.jpg", "RGB", scene(64, 47, seed=5), quality=80, progressive=True)
    save("grey.jpg", "L", scene(50, 33, 1), quality=80)
    save("grey_progressive.jpg", "L", scene(33, 50, 1), quality=60, progressive=True)
    save("one_pixel.jpg", "RGB", scene(1, 1), quality=90)
    save("narrow.jpg", "RGB", scene(90, 3), quality=90)
    save("restart.jpg", "RGB", scene(40, 40, seed=9), quality=70, optimize=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    save("orientation_6.jpg", "RGB", scene(30, 44, seed=3), quality=85, exif=exif)
    write_cmyk_variants()
    save("rgb.png", "RGB", colour)
    save("rgba.png", "RGBA", scene(31, 29, 4))
    save("grey.png", "L", scene(31, 29, 1))
    save("grey_alpha.png", "LA", scene(31, 29, 2))
    Image.fromarray(scene(20, 21, 1).squeeze(-1)).convert("1").save(path("one_bit.png"))
    Image.fromarray(scene(31, 29)).quantize(200).save(path("palette.png"))
    Image.fromarray(scene(31, 29)).quantize(13).save(path("palette_4_bit.png"), bits=4, transparency=3)
    grey16 = fill((17, 19), 4)
    words = ((grey16 + 1) * 400).astype(">u2")
    write_png("grey_16.png", 19, 17, 16, 0, [row.tobytes() for row in words])
    words = ((fill((17, 19, 3), 5) + 1) * 32767).astype(">u2")
    write_png("rgb_16.png", 19, 17, 16, 2, [row.tobytes() for row in words])
    words = ((fill((17, 19, 4), 6) + 1) * 32767).astype(">u2")
    write_png("rgba_16.png", 19, 17, 16, 6, [row.tobytes() for row in words])
    words = ((fill((17, 19, 2), 7) + 1) * 32767).astype(">u2")
    write_png("grey_alpha_16.png", 19, 17, 16, 4, [row.tobytes() for row in words])
    nibbles = ((fill((9, 10), 8) + 1) * 127).astype(np.uint8)
    write_png("grey_2_bit.png", 40, 9, 2, 0, nibbles)
    write_png("grey_4_bit.png", 20, 9, 4, 0, nibbles)
    write_png("palette_short.png", 20, 9, 4, 3, nibbles, png_chunk(b"PLTE", bytes(range(40, 40 + 15))))
    gamma = png_chunk(b"gAMA", struct.pack(">I", 100000))
    write_png("gamma.png", 10, 9, 8, 0, nibbles, gamma)
    write_interlaced("interlaced.png", scene(37, 41, seed=11))


def describe(image):
    array = np.asarray(image)
    row = array[array.shape[0] // 2].reshape(-1)[:12]
    return np.concatenate([array.shape[:2], [zlib.crc32(array.tobytes())], row]).astype(np.float64)


def add(golden, key, values):
    golden.lines.append(" ".join([key, str(len(values))] + ["%d" % v for v in values]))


FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
SIZES = [(1, 1), (7, 5), (30, 200), (61, 83), (61, 40), (20, 83), (122, 166), (255, 3), (64, 64), (224, 224)]


def add_resizing(golden):
    picture = Image.open(path("rgb.png")).convert("RGB")
    for name, which in FILTERS.items():
        for h, w in SIZES:
            add(golden, "resize/%s/%dx%d" % (name, h, w), describe(picture.resize((w, h), which)))
    small = Image.open(path("narrow.jpg")).convert("RGB")
    for name, which in FILTERS.items():
        add(golden, "resize/%s/narrow" % name, describe(small.resize((40, 7), which)))


MODES = {"bilinear": functional.InterpolationMode.BILINEAR, "bicubic": functional.InterpolationMode.BICUBIC}
NORMALISE = transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
# file, resize (one number: shorter side), crop, filter
CASES = [("colour_420.jpg", 256, 224, "bilinear"), ("colour_420.jpg", 32, 28, "bilinear"),
         ("progressive.jpg", 45, 40, "bicubic"), ("grey.jpg", 36, 32, "bilinear"), ("cmyk.jpg", 24, 25, "bilinear"),
         ("orientation_6.jpg", 33, 28, "bicubic"), ("rgb.png", 20, 64, "bilinear"),
         ("rgb.png", (48, 40), 32, "bilinear"),
         ("one_pixel.jpg", 8, 8, "bilinear"), ("narrow.jpg", 10, 12, "bicubic"), ("rgba.png", 31, 28, "bilinear"),
         ("rgba.png", 31, 26, "bilinear")]


def add_inputs(golden):
    for i, (name, resize, crop, mode) in enumerate(CASES):
        image = Image.open(path(name)).convert("RGB")
        image = transforms.Resize(resize, interpolation=MODES[mode])(image)
        image = transforms.CenterCrop(crop)(image)
        add(golden, "input/%d/pixels" % i, describe(image))
        golden.add("input/%d" % i, NORMALISE(transforms.ToTensor()(image)).numpy(), 200)


def main():
    write_pictures()
    golden = Golden("preprocess", __doc__.strip())
    for name in sorted(os.listdir(FOLDER)):
        add(golden, "picture/" + name, describe(Image.open(path(name)).convert("RGB")))
    add_resizing(golden)
    add_inputs(golden)
    golden.close()


main()
