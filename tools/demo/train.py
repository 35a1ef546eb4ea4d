#!/usr/bin/python3
"""Trains one of the small networks of the demo on generated scenes and writes its weights file.

usage: train.py ARCH OUT.h5 --train SET.h5... --validation SET.h5 [--epochs N] [--seed N] [--threads N]

ARCH: vgg16_bn, resnet18 or mobilenet_v2, in the width of WIDTHS. The sets come from `cambench generate demo`; train.sh
makes them and trains all three. torchvision's networks in float32 on the CPU; the weights are stored as float16. The
same seed, sets and number of threads give the same weights on the same kind of machine.
"""
import argparse
import hashlib
import io
import time

import h5py
import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from PIL import Image

SIDE = 160  # of the input: 5 x 5 positions behind a stride of 32, 10 x 10 behind VGG's 16
STORED = 184  # of the pictures kept in memory: room to shift the crop
WIDTHS = {"vgg16_bn": 0.0625, "resnet18": 0.25, "mobilenet_v2": 0.35}
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def narrow_vgg(width, classes):
    """torchvision's VGG-16 with batch norm, all channels times width (its make_layers has no such argument)."""
    channels = lambda n: max(8, int(n * width + 4) // 8 * 8)
    layout = [v if v == "M" else channels(v) for v in torchvision.models.vgg.cfgs["D"]]
    network = torchvision.models.VGG(torchvision.models.vgg.make_layers(layout, batch_norm=True), num_classes=classes)
    hidden = channels(4096)
    network.classifier[0] = torch.nn.Linear(channels(512) * 49, hidden)
    network.classifier[3] = torch.nn.Linear(hidden, hidden)
    network.classifier[6] = torch.nn.Linear(hidden, classes)
    for dropout in (2, 5):
        network.classifier[dropout].p = 0.2
    return network


class NarrowResNet(torchvision.models.ResNet):
    """torchvision's ResNet-18 with all channels times width (its classes fix the planes in numbers)."""

    def __init__(self, width, classes):
        self.factor = width
        super().__init__(torchvision.models.resnet.BasicBlock, [2, 2, 2, 2], num_classes=classes)
        narrow = int(64 * width)
        self.conv1 = torch.nn.Conv2d(3, narrow, 7, 2, 3, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(narrow)
        self.fc = torch.nn.Linear(8 * narrow, classes)
        torch.nn.init.kaiming_normal_(self.conv1.weight, mode="fan_out", nonlinearity="relu")

    def _make_layer(self, block, planes, blocks, stride=1, dilate=False):
        if planes == 64:
            self.inplanes = int(64 * self.factor)
        return super()._make_layer(block, int(planes * self.factor), blocks, stride, dilate)


def make_network(arch, classes):
    width = WIDTHS[arch]
    if arch == "vgg16_bn":
        return narrow_vgg(width, classes)
    if arch == "resnet18":
        return NarrowResNet(width, classes)
    return torchvision.models.mobilenet_v2(num_classes=classes, width_mult=width)


def read_set(path):
    """Pictures as (N,STORED,STORED,3) bytes, shorter side resized and the middle cut out; labels; class names."""
    with h5py.File(path) as f:
        data, offset, labels = f["jpeg/data"][:], f["jpeg/offset"][:], f["label"][:]
        names = [name.decode() if isinstance(name, bytes) else name for name in f["class/name"][:]]
    pictures = np.empty((len(labels), STORED, STORED, 3), np.uint8)
    for i in range(len(labels)):
        picture = Image.open(io.BytesIO(data[offset[i]:offset[i + 1]].tobytes())).convert("RGB")
        w, h = picture.size
        size = (STORED, STORED * h // w) if w < h else (STORED * w // h, STORED)
        picture = picture.resize(size, Image.BILINEAR)
        x, y = (size[0] - STORED) // 2, (size[1] - STORED) // 2
        pictures[i] = np.asarray(picture)[y:y + STORED, x:x + STORED]
    return pictures, labels.astype(np.int64), names


def make_batch(pictures, rows, side, random):
    """Normalised crops (N,3,side,side): moved and mirrored at random with `random`, else from the middle; side < SIDE: shrunk."""
    crops = np.empty((len(rows), SIDE, SIDE, 3), np.uint8)
    for i, row in enumerate(rows):
        y, x = random.integers(0, STORED - SIDE + 1, 2) if random else [(STORED - SIDE) // 2] * 2
        crop = pictures[row, y:y + SIDE, x:x + SIDE]
        crops[i] = crop[:, ::-1] if random and random.random() < 0.5 else crop
    batch = torch.from_numpy(crops).permute(0, 3, 1, 2).float().div_(255)
    if side != SIDE:
        batch = F.interpolate(batch, size=(side, side), mode="bilinear", antialias=True)
    batch.sub_(torch.tensor(MEAN)[:, None, None]).div_(torch.tensor(DEVIATION)[:, None, None])
    return batch.contiguous(memory_format=torch.channels_last)


def accuracy(network, pictures, labels):
    network.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(labels), 100):
            rows = range(start, min(start + 100, len(labels)))
            right += (network(make_batch(pictures, rows, SIDE, None)).argmax(1).numpy() == labels[start:start + 100]).sum()
    return 100 * right / len(labels)


def train(network, pictures, labels, validation, options):
    """SGD with a one-cycle rate; two thirds of it at 3/5 of the side, for speed."""
    random = np.random.default_rng(options.seed)
    steps = len(labels) // options.batch * options.epochs
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.rate, total_steps=steps, pct_start=0.2)
    for epoch in range(options.epochs):
        network.train()
        side = SIDE * 3 // 5 if epoch < options.epochs * 2 // 3 else SIDE
        order, loss_sum, start = random.permutation(len(labels)), 0.0, time.time()
        count = len(labels) // options.batch
        for k in range(count):
            rows = order[k * options.batch:(k + 1) * options.batch]
            loss = F.cross_entropy(network(make_batch(pictures, rows, side, random)), torch.from_numpy(labels[rows]),
                                   label_smoothing=0.05)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            loss_sum += float(loss)
        print("epoch %2d of %d, side %d: loss %.4f, validation %.2f %%, %.0f s" %
              (epoch + 1, options.epochs, side, loss_sum / count, accuracy(network, *validation), time.time() - start),
              flush=True)


def round_to_half(network):
    """What the file will hold; so that the accuracy is that of the file."""
    with torch.no_grad():
        for tensor in network.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(tensor.half().float())


def write(network, options, names, top1):
    with open(__file__, "rb") as script:
        digest = hashlib.sha256(script.read()).hexdigest()
    with h5py.File(options.out, "w", track_order=False) as f:
        f.attrs["format"] = "cambench-weights"
        f.attrs["version"] = np.int32(1)
        f.attrs["arch"] = options.arch
        f.attrs["classes"] = np.int32(len(names))
        f.attrs["width"] = WIDTHS[options.arch]
        f.attrs["height"] = np.int32(SIDE)
        f.attrs["width_px"] = np.int32(SIDE)
        f.attrs["accuracy"] = float(top1)
        f.attrs["source"] = "tools/demo/train.py on generated scenes"
        f.attrs["seed"] = np.int32(options.seed)
        f.attrs["script_sha256"] = digest
        f.create_dataset("class/name", data=names, dtype=h5py.string_dtype())
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                f.create_dataset("tensor/" + name, data=tensor.numpy().astype(np.float16), track_times=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arch", choices=sorted(WIDTHS))
    parser.add_argument("out")
    parser.add_argument("--train", nargs="+", required=True)
    parser.add_argument("--validation", required=True)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    begun = time.time()
    sets = [read_set(path) for path in options.train]
    pictures, labels = np.concatenate([s[0] for s in sets]), np.concatenate([s[1] for s in sets])
    names = sets[0][2]
    del sets
    validation = read_set(options.validation)[:2]
    network = make_network(options.arch, len(names)).to(memory_format=torch.channels_last)
    print("%s x %g: %d parameters, %d pictures" % (options.arch, WIDTHS[options.arch],
                                                   sum(p.numel() for p in network.parameters()), len(labels)), flush=True)
    train(network, pictures, labels, validation, options)
    round_to_half(network)
    top1 = accuracy(network, *validation)
    write(network, options, names, top1)
    print("%s: validation %.2f %% as stored, %.0f s" % (options.out, top1, time.time() - begun))


if __name__ == "__main__":
    main()
