#!/usr/bin/python3
"""Maps by other programs, where they can be imported, and by plain PyTorch, on a pipe. For maps.py.

usage: torch_maps.py ARCH WEIGHTS INPUTS THREADS [CHANNELS]
requests: "maps FILE SUBJECT", "map SECONDS SUBJECT", "files IMAGESET FIRST COUNT SUBJECT"
A subject is PROGRAM/CLASS (pairs.py). CHANNELS: Score-CAM and Ablation-CAM look at the first ones only, by the library's
own loop.
"""
import sys
import time

import numpy as np
import torch

import images
import networks
from torch_authors import author_subjects
from torch_captum import captum_subjects
from torch_libraries import pytorch_grad_cam_subjects, torchcam_subjects
from torch_tools import finish


def split_at_layer(arch, model):
    """(up to the target layer, behind it)"""
    if arch == "vgg16":
        return model.features[:30], lambda a: model.classifier(torch.flatten(model.avgpool(model.features[30:](a)), 1))
    if arch == "mobilenet_v2":
        return model.features, lambda a: model.classifier(a.mean((2, 3)))
    head = torch.nn.Sequential(model.conv1, model.bn1, model.relu, model.maxpool, model.layer1, model.layer2,
                               model.layer3, model.layer4)
    return head, lambda a: model.fc(a.mean((2, 3)))


def reciprocam_subject(arch, model):
    """Recipro-CAM, which neither library has: one forward pass, then the tail on h*w activations of one position each."""
    head, tail = split_at_layer(arch, model)

    @torch.no_grad()
    def run(x):
        act = head(x)
        klass, (height, width) = tail(act).argmax(), act.shape[2:]
        positions = torch.eye(height * width).reshape(-1, 1, height, width)
        scores = tail(act * positions).softmax(1)[:, klass].reshape(1, 1, height, width)
        return finish(scores[0, 0], is_signed=True)
    return {"torch/ReciproCAM": run}


def collect(arch, model, channels):
    subjects = {}
    for offer in (pytorch_grad_cam_subjects, torchcam_subjects, captum_subjects, author_subjects):
        try:
            subjects.update(offer(arch, model, channels))
        except ImportError as error:
            print(f"{offer.__name__}: {error}", file=sys.stderr)  # the driver says what is skipped
    return {**subjects, **reciprocam_subject(arch, model)}


def main():
    arch, weights, inputs, threads = sys.argv[1:5]
    answers, sys.stdout = sys.stdout, sys.stderr  # some libraries print
    networks.set_threads(int(threads))
    model, inputs = networks.load(arch, weights), networks.read_inputs(inputs)
    subjects = collect(arch, model, int(sys.argv[5]) if len(sys.argv) > 5 else 0)

    def maps(path, subject):
        np.stack([subjects[subject](x[None]) for x in inputs]).astype("float32").tofile(path)
        return "ok"

    def time_map(seconds, subject):
        count, start = 0, time.monotonic()
        while count == 0 or time.monotonic() - start < float(seconds):
            subjects[subject](inputs[count % len(inputs)][None])
            count += 1
        return (time.monotonic() - start) / count

    def files(imageset, first, count, subject):
        start = time.monotonic()
        for picture in images.read(imageset, int(first), int(count)):
            subjects[subject](images.preprocess(picture))
        return time.monotonic() - start

    print("ready", *subjects, file=answers, flush=True)
    networks.answer({"maps": maps, "map": time_map, "files": files}, answers)


main()
