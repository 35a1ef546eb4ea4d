#!/usr/bin/python3
"""Metrics of cambench beside those of other programs, on the same images, network and maps: largest differences.

    bench/peers/metrics.py --checkouts FOLDER --images SET.h5 --arch resnet18 --weights FOLDER

FOLDER holds checkouts by their repositories' names (pytorch-grad-cam, captum, torch-cam, RISE, xplique, openvino_xai,
Quantus, RefineCAM); what is missing is skipped. Maps are made up here and given to cambench by its method `maps`: `smooth`
has no equal values, `relu` is enlarged from 7x7 and is 0 in places, `cells` has 49 values. For the randomisation test the
maps are gradients (Quantus refuses empty maps, such as Grad-CAM's on some random networks), and PyTorch's network gets the
weights that cambench draws. Programs run unchanged, but for their random numbers where the table says so; of those that need
other packages, the functions are taken alone. docs/protocols-and-metrics.md
"""
import argparse
import pathlib
import sqlite3
import sys

import h5py
import numpy as np
import scipy.ndimage
import torch
import torch.nn.functional as F

import images
import networks
import peer
import torch_metrics

SIDE, MAPS = 224, ("smooth", "relu", "cells")
CURVES = {  # protocols' keys
    "RISE": "insertion_start: blur, deletion_fill: mean, curve_steps: 28",
    "torch-cam": "insertion_start: mean, deletion_fill: mean, curve_steps: 20",
    "OpenVINO XAI": "insertion_start: black, deletion_fill: black, curve_steps: 30, curve_spacing: rounded",
    "xplique": "insertion_start: mean, deletion_fill: mean, curve_steps: 10, curve_spacing: rounded",
    "RefineCAM": "insertion_start: mean, deletion_fill: mean, curve_steps: 29, curve_spacing: rounded",
}
ROAD, INFIDELITY, MPRT = "road", "infidelity", "cascading_randomization"
ABSOLUTE = "absolute: true, at: input"
METRICS = {  # runs of one metric: parameters
    "road, 9 percentiles, no noise": (ROAD, "first: 10, last: 90, step: 10, noise: 0"),
    "road": (ROAD, ""),
    "infidelity: none": (INFIDELITY, "scale: none"),
    "infidelity: optimal": (INFIDELITY, "scale: optimal"),
    "infidelity: noise": (INFIDELITY, "perturbation: noise, samples: 10, scale: none, score: logit"),
    "randomization: mean": (MPRT, f"with_original: true, {ABSOLUTE}"),
    "randomization: last": (MPRT, f"aggregate: last, {ABSOLUTE}"),
    "randomization: efficient": (MPRT, "form: efficient, bins: 100"),
}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkouts", required=True, help="folder of the other programs")
    parser.add_argument("--images", required=True, help="image set")
    parser.add_argument("--count", type=int, default=2, help="its first images (2)")
    parser.add_argument("--arch", default="resnet18")
    parser.add_argument("--only", default="", help="programs, as the table names them")
    peer.add_common_arguments(parser)
    return parser.parse_args()


def min_max(plane):
    plane = (plane - plane.min()).astype(np.float32)
    return plane / plane.max()


def make_maps(number):
    """{label: (224,224)} with least value 0 and largest 1, which every min-max leaves as they are."""
    rng = np.random.default_rng(100 + number)
    coarse = rng.standard_normal((7, 7)).astype(np.float32)
    enlarged = F.interpolate(torch.from_numpy(coarse)[None, None], (SIDE, SIDE), mode="bilinear", align_corners=False)
    return {"smooth": min_max(scipy.ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE)), 12)),
            "relu": min_max(np.maximum(enlarged[0, 0].numpy(), -0.8)),
            "cells": min_max(np.kron(coarse, np.ones((32, 32), np.float32)))}


class Ours:
    """Runs of cambench, and their values from run.db: {(method, protocol, image): number}."""

    def __init__(self, workshop):
        self.workshop, self.arguments = workshop, workshop.arguments
        with h5py.File(self.arguments.images) as file:
            self.names = [str(name, "utf-8") for name in file["name"][:self.arguments.count]]
        self.maps = [make_maps(number) for number in range(len(self.names))]
        with h5py.File(workshop.path / "maps.h5", "w") as file:
            for label in MAPS:
                file[f"{label}/map"] = np.stack([maps[label] for maps in self.maps])

    def methods(self, metric):
        if metric == MPRT:
            return "[saliency]"
        one = "{{name: maps, label: {0}, params: {{file: {1}, method: {0}}}}}"
        return "[" + ", ".join(one.format(label, self.workshop.path / "maps.h5") for label in MAPS) + "]"

    def run(self, metrics, params="", protocols="[cambench]"):
        arguments, out = self.arguments, self.workshop.path / "run"
        listed = ", ".join(f"{{name: {name}, params: {{{params}}}}}" for name in metrics)
        config = self.workshop.path / "metrics.yaml"
        config.write_text(f"name: metrics\ndataset: {{path: {arguments.images}, images: {len(self.names)}}}\n"
                          f"backbones: [{{arch: {arguments.arch}, weights: {self.workshop.weights(arguments.arch)}}}]\n"
                          f"methods: {self.methods(metrics[0])}\nmetrics: [{listed}]\nprotocol: {protocols}\n"
                          "report: {plots: false, overlays: 0, bootstrap: 0}\n")
        self.workshop.cambench("run", config, "--quiet", "--fresh", f"--output={out}", f"--threads={arguments.threads}")
        with sqlite3.connect(out / "run.db") as run:
            name = {(kind, at): text for kind, at, text in run.execute("SELECT kind, position, name FROM name")}
            rows = run.execute("SELECT method, protocol, metric, image, number FROM value").fetchall()
        return {tuple(name[key] for key in zip(("method", "protocol", "metric", "image"), row)): row[4] for row in rows}

    def curves(self):
        """{(program, "insertion", label, number of the image): area}"""
        listed = ", ".join(f"{{preset: cambench, label: {name}, {keys}}}" for name, keys in CURVES.items())
        values = self.run(["insertion", "deletion"], protocols=f"[{listed}]")
        return {(program, metric, label, self.names.index(image)): number
                for (label, program, metric, image), number in values.items()}

    def metric(self, what):
        """{(label, number of the image): value}"""
        name, params = METRICS[what]
        return {(label, self.names.index(image)): number
                for (label, _, _, image), number in self.run([name], params).items()}


def print_row(program, what, label, pairs):
    """pairs: (ours, theirs)"""
    ours, theirs = np.array(pairs, float).T
    difference = np.abs(ours - theirs).max()
    print(f"{program:17} {what:42} {label:8}{len(ours):3} {ours.min():11.4g} to {ours.max():11.4g} {difference:9.1e} "
          f"{difference / np.abs(theirs).max():9.1e}", flush=True)


def compare_curves(ours, scenes, programs):
    wanted = [name for name in CURVES if name in programs]
    values = ours.curves() if wanted else {}
    for name in wanted:
        for kind in ("insertion", "deletion"):
            for label in MAPS:
                theirs = [programs[name](kind, scene, scene.maps[label]) for scene in scenes]
                if None not in theirs:
                    print_row(name, kind, label,
                              [(values[name, kind, label, scene.number], area) for scene, area in zip(scenes, theirs)])


def compare_metrics(ours, scenes, programs):
    """Subjects are (program, what, key of METRICS, function of scene and map)."""
    kept = {}
    for program, what, key, function in programs:
        kept[key] = kept.get(key) or ours.metric(key)
        labels = ("saliency",) if METRICS[key][0] == MPRT else MAPS
        for label in labels:
            chosen = [scene for scene in scenes if kept[key][label, scene.number] is not None]
            try:
                pairs = [(kept[key][label, scene.number], function(scene, scene.maps.get(label))) for scene in chosen]
            except Exception as error:  # other versions of a program may differ; the next row is measured all the same
                print(f"{program:17} {what:42} {label:8} failed: {type(error).__name__}: {error}", flush=True)
                continue
            if pairs:
                print_row(program, what, label, pairs)
            else:
                print(f"{program:17} {what:42} {label:8} has no value here", flush=True)


def main():
    arguments = parse()
    peer.pin(arguments.cpus, arguments.threads)
    networks.set_threads(arguments.threads)
    with peer.Workshop(arguments) as workshop:
        ours = Ours(workshop)
        model = networks.load(arguments.arch, workshop.weights(arguments.arch))
        pictures = images.read(arguments.images, 0, len(ours.names))
        scenes = [torch_metrics.Scene(number, name, model, images.preprocess(picture), ours.maps[number])
                  for number, (name, picture) in enumerate(zip(ours.names, pictures))]
        wanted = [word.strip() for word in arguments.only.split(",") if word]
        library = torch_metrics.Library(pathlib.Path(arguments.checkouts), wanted)
        print(f"{'program':17} {'what':42} {'map':8}{'n':>3} {'our values':>26} {'largest difference, by largest value':>9}")
        compare_curves(ours, scenes, library.curves())
        compare_metrics(ours, scenes, library.metrics())
    for name, error in library.skipped.items():
        print(f"skipped: {name} ({error})", file=sys.stderr)


if __name__ == "__main__":
    main()
