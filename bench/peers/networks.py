"""torchvision's networks with cambench's weights, for the workers of this folder."""
import sys

import h5py
import numpy as np
import torch
import torchvision

TARGET_LAYERS = {
    "vgg16": lambda model: model.features[29],
    "resnet18": lambda model: model.layer4,
    "resnet50": lambda model: model.layer4,
    "resnext50_32x4d": lambda model: model.layer4,
    "mobilenet_v2": lambda model: model.features[18],
}

def load(arch, weights):
    """The network in evaluation mode; names and shapes of the file are torchvision's."""
    with h5py.File(weights) as file:
        state = {}
        file["tensor"].visititems(lambda name, item: state.update({name: torch.from_numpy(item[()].astype(np.float32))})
                                  if isinstance(item, h5py.Dataset) else None)
        classes = int(file.attrs["classes"])
    model = getattr(torchvision.models, arch)(num_classes=classes)
    missing = model.load_state_dict(state, strict=False)
    if missing.unexpected_keys or any(not key.endswith("num_batches_tracked") for key in missing.missing_keys):
        sys.exit(f"{weights} does not fit torchvision's {arch}: {missing}")
    return model.eval()


def read_inputs(path):
    return torch.from_numpy(np.fromfile(path, "float32").reshape(-1, 3, 224, 224))


def set_threads(threads):
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)


def answer(requests, out=sys.stdout):
    """Answers requests from stdin, {name: function of the words}, until it ends; see peer.py."""
    for line in sys.stdin:
        name, *words = line.split()
        try:
            said = requests[name](*words)
        except Exception as error:  # the driver names the contestant and goes on
            said = f"error {type(error).__name__}: {error}".replace("\n", " ")
        print(said, file=out, flush=True)
