#!/usr/bin/python3
"""A table of eight methods and four metrics in PyTorch, written the way one writes it for a paper: a loop over networks,
images and methods, hooks on the target layer, further passes in batches. For table.py.

usage: torch_table.py IMAGESET COUNT THREADS CHANNELS OUT ARCH WEIGHTS [ARCH WEIGHTS ...]
OUT: lines of "network,method,metric,mean in percent". CHANNELS: Score-CAM and Ablation-CAM take only so many, those of the
largest deviation; 0: all.
"""
import csv
import sys

import numpy as np
import torch
import torch.nn.functional as F

import images
import networks

SCORE_BATCH, ABLATION_BATCH = 16, 32  # pytorch-grad-cam's


class Network:
    """A model and hooks on its target layer: the activation of the last pass, and a change to that of the next."""

    def __init__(self, arch, weights):
        self.model, self.change = networks.load(arch, weights), None
        networks.TARGET_LAYERS[arch](self.model).register_forward_hook(self.hook)

    def hook(self, module, inputs, output):
        if self.change is not None:
            return self.change(output)
        self.act = output
        return None

    def logits(self, x):
        with torch.no_grad():
            return self.model(x)

    def logits_changed(self, x, change):
        self.change = change
        try:
            return self.logits(x)
        finally:
            self.change = None

    def with_gradient(self, x, klass):
        """Activation (C,h,w) and the gradient of the class's logit there."""
        logits = self.model(x)
        gradient, = torch.autograd.grad(logits[0, klass], self.act)
        return self.act.detach()[0], gradient[0]

    def activation(self, x):
        self.logits(x)
        return self.act[0]


def weighted(act, weight):
    return (weight[:, None, None] * act).sum(0)


def chosen_channels(act, limit):
    return act.flatten(1).std(1).topk(limit).indices if limit else torch.arange(len(act))


def gradcam(network, x, klass, limit):
    act, gradient = network.with_gradient(x, klass)
    return weighted(act, gradient.mean((1, 2)))


def gradcam_pp(network, x, klass, limit):
    act, gradient = network.with_gradient(x, klass)
    denominator = 2 * gradient**2 + act.sum((1, 2), keepdim=True) * gradient**3
    alpha = torch.where(denominator != 0, gradient**2 / denominator, torch.zeros(()))
    return weighted(act, (alpha * gradient.relu()).sum((1, 2)))


def xgradcam(network, x, klass, limit):
    act, gradient = network.with_gradient(x, klass)
    return weighted(act, (gradient * act).sum((1, 2)) / (act.sum((1, 2)) + 1e-7))


def layercam(network, x, klass, limit):
    act, gradient = network.with_gradient(x, klass)
    return (gradient.relu() * act).sum(0)


def actmap(network, x, klass, limit):
    return network.activation(x).sum(0)


def scorecam(network, x, klass, limit):
    act = network.activation(x)
    weight = torch.zeros(len(act))
    for channels in chosen_channels(act, limit).split(SCORE_BATCH):
        masks = F.interpolate(act[channels][None], x.shape[2:], mode="bilinear")[0]
        low, high = masks.amin((1, 2), keepdim=True), masks.amax((1, 2), keepdim=True)
        masks = torch.where(high > low, (masks - low) / (high - low), torch.zeros(()))
        weight[channels] = network.logits(x * masks[:, None]).softmax(1)[:, klass]
    return weighted(act, weight)


def ablationcam(network, x, klass, limit):
    score, act = network.logits(x)[0, klass], network.act[0]
    weight = torch.zeros(len(act))
    for channels in chosen_channels(act, limit).split(ABLATION_BATCH):
        def ablate(output, channels=channels):
            output = output.clone()
            output[torch.arange(len(channels)), channels] = 0
            return output
        logits = network.logits_changed(x.expand(len(channels), -1, -1, -1), ablate)
        weight[channels] = (score - logits[:, klass]) / score
    return weighted(act, weight)


def reciprocam(network, x, klass, limit):
    act = network.activation(x)
    positions = torch.eye(act[0].numel()).reshape(-1, 1, *act[0].shape)
    logits = network.logits_changed(x.expand(len(positions), -1, -1, -1), lambda output: output * positions)
    return logits.softmax(1)[:, klass].reshape(act[0].shape)


METHODS = (gradcam, gradcam_pp, xgradcam, layercam, actmap, scorecam, ablationcam, reciprocam)


def saliency(raw, size):
    """ReLU, min-max, enlargement."""
    raw = raw.relu()
    span = raw.max() - raw.min()
    raw = (raw - raw.min()) / span if span > 0 else torch.zeros_like(raw)
    return F.interpolate(raw[None, None], size, mode="bilinear")[0, 0]


def coherency(a, b):
    if a.std() == 0 or b.std() == 0:
        return 0.0
    return (1 + np.corrcoef(a.flatten().double(), b.flatten().double())[0, 1]) / 2


def measure(network, method, x, klass, p, limit):
    map_ = saliency(method(network, x, klass, limit), x.shape[2:])
    explanation = x * map_
    q = network.logits(explanation).softmax(1)[0, klass].item()
    again = saliency(method(network, explanation, klass, limit), x.shape[2:])
    return {"average_drop": max(0, p - q) / p, "average_increase": float(q > p), "coherency": coherency(map_, again),
            "complexity": map_.mean().item()}


def main():
    imageset, count, threads, limit, out, *pairs = sys.argv[1:]
    networks.set_threads(int(threads))
    with open(out, "w", newline="") as file:
        rows = csv.writer(file)
        for arch, weights in zip(pairs[::2], pairs[1::2]):
            network, values = Network(arch, weights), {}
            for picture in images.read(imageset, 0, int(count)):
                x = images.preprocess(picture)
                probabilities = network.logits(x).softmax(1)[0]
                klass = int(probabilities.argmax())
                for method in METHODS:
                    measured = measure(network, method, x, klass, probabilities[klass].item(), int(limit))
                    for metric, value in measured.items():
                        values.setdefault((method.__name__, metric), []).append(value)
            for (method, metric), list_ in values.items():
                rows.writerow((arch, method, metric, 100 * np.mean(list_)))


main()
