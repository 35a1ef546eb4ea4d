"""Pictures of an image set as a PyTorch user takes them: decoded by Pillow, resized, cropped and normalised by torchvision."""
import io

import h5py
from PIL import Image
from torchvision import transforms

prepare = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(),
                              transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])


def read(imageset, first, count):
    """RGB pictures, decoded when they are asked for."""
    with h5py.File(imageset) as file:
        offset = file["jpeg/offset"][first:first + count + 1]
        for start, end in zip(offset[:-1], offset[1:]):
            yield Image.open(io.BytesIO(file["jpeg/data"][start:end].tobytes())).convert("RGB")


def open_picture(path):
    return Image.open(path).convert("RGB")


def count(imageset):
    with h5py.File(imageset) as file:
        return len(file["jpeg/offset"]) - 1


def preprocess(picture):
    """(1,3,224,224)"""
    return prepare(picture)[None]
