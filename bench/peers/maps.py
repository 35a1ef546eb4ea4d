#!/usr/bin/python3
"""Seconds per map: cambench beside pytorch-grad-cam, torch-cam and a Recipro-CAM in plain PyTorch, alternating.

    bench/peers/maps.py --arch resnet18 --methods gradcam,scorecam,ablationcam,reciprocam
    bench/peers/maps.py --arch resnet50 --methods scorecam --channels 64
    bench/peers/maps.py --arch resnet18 --methods gradcam --whole --images pictures.h5 --count 32

From an input in memory to a map of the input's size, one at a time; or --whole, from pictures in a file: a run of cambench
(by the slope between two runs, so that starting does not count) beside a loop over the pictures. Libraries are skipped
where they cannot be imported (PYTHONPATH), and used as they come. Ratio: their seconds over ours. docs/performance.md
"""
import argparse
import json
import sys

import numpy as np

import images
import peer

# What makes a method the library's own.
AS_THE_LIBRARY = {
    "gradcam_pp": {"form": "pytorch_grad_cam"},
    "scorecam": {"scoring": "pytorch_grad_cam"},
    "ablationcam": {"ablate_value": "pytorch_grad_cam"},
}
EXPENSIVE = ("scorecam", "ablationcam")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", default="resnet18,resnet50,vgg16")
    parser.add_argument("--methods", default="gradcam,reciprocam", help="scorecam and ablationcam take minutes")
    parser.add_argument("--channels", type=int, default=0,
                        help="Score-CAM makes so many passes on both sides, the libraries' Ablation-CAM likewise")
    parser.add_argument("--whole", action="store_true", help="from files instead of from an input in memory")
    parser.add_argument("--images", help="whole: image set; default: drawn scenes")
    parser.add_argument("--count", type=int, default=16, help="whole: pictures for a library; cambench gets as many "
                        "and three times as many (16)")
    peer.add_common_arguments(parser)
    return parser.parse_args()


def parameters(method, channels):
    chosen = dict(AS_THE_LIBRARY.get(method, {}))
    if channels and method == "scorecam":
        chosen["max_channels"] = channels
    return chosen


def specification(method, channels):
    pairs = ",".join(f"{key}={value}" for key, value in parameters(method, channels).items())
    return f"{method}:{pairs}" if pairs else method


def compare(workshop, ours, theirs, subjects, method):
    """Largest difference and correlation of the maps; this also warms everything up."""
    path = workshop.path / "maps.bin"
    ours.ask("maps", path, specification(method, workshop.arguments.channels))
    mine = workshop.read_floats(path, 224 * 224)
    for subject in subjects:
        theirs.ask("maps", path, subject)
        other = workshop.read_floats(path, 224 * 224)
        differs = "" if not workshop.arguments.channels else " (of other channels)"
        print(f"  {subject}: maps differ by at most {np.abs(mine - other).max():.1e}, correlation "
              f"{np.corrcoef(mine.ravel(), other.ravel())[0, 1]:.6f}{differs}", flush=True)


def in_memory(workshop, ours, theirs, subjects, method):
    arguments = workshop.arguments
    seconds = 0 if method in EXPENSIVE else arguments.seconds

    def ask(child, what):
        return lambda: float(child.ask("map", seconds, what))
    contestants = {"cambench": ask(ours, specification(method, arguments.channels))}
    contestants.update({subject: ask(theirs, subject) for subject in subjects})
    if method not in EXPENSIVE:
        contestants["cambench, a forward pass"] = lambda: 1 / float(ours.ask("forward", 1, seconds))
    return contestants


def write_config(workshop, arch, method, imageset):
    chosen = parameters(method, workshop.arguments.channels)
    pairs = ", ".join(f"{key}: {value}" for key, value in chosen.items())
    path = workshop.path / "whole.yaml"
    path.write_text(f"name: whole\ndataset: {{path: {imageset}}}\n"
                    f"backbones: [{{arch: {arch}, weights: {workshop.weights(arch)}}}]\n"
                    f"methods: [{{name: {method}, params: {{{pairs}}}}}]\nmetrics: [complexity]\n"
                    "report: {plots: false, overlays: 0, bootstrap: 0}\n")
    return path


def whole_run(workshop, config, count):
    return workshop.timed_run(config, f"--set=dataset.images={count}")


def from_files(workshop, arch, theirs, subjects, method, imageset):
    arguments = workshop.arguments
    config, count = write_config(workshop, arch, method, imageset), arguments.count

    def ours():
        short = whole_run(workshop, config, count)
        return (whole_run(workshop, config, 3 * count) - short) / (2 * count)

    def ask(subject):
        return lambda: float(theirs.ask("files", imageset, 0, count, subject)) / count
    return {"cambench": ours, **{subject: ask(subject) for subject in subjects}}


def report(arch, method, measured, others, arguments):
    ours = measured["cambench"]
    limit = f", {arguments.channels} channels" if arguments.channels and method in EXPENSIVE else ""
    print(f"{arch}, {method}{limit}: cambench {ours.median:.4f} s, spread {peer.marked(ours.spread)}; "
          f"other programs took {others:.1f} cores")
    for name, rounds in measured.items():
        if name != "cambench":
            low, high = peer.ratio_range(rounds, ours)
            print(f"  {name:32} {rounds.median:9.4f} s {peer.marked(rounds.spread)}  ratio "
                  f"{rounds.median / ours.median:7.2f}  ({low:.2f} to {high:.2f} by rounds)", flush=True)
    return {"network": arch, "method": method, "channels": arguments.channels, "whole": arguments.whole,
            "other_cores": others, "seconds": {name: rounds.values for name, rounds in measured.items()}}


def run_method(workshop, arch, method, ours, theirs, imageset):
    arguments = workshop.arguments
    subjects = [subject for subject in theirs.ready if subject.split("/")[1] == method]
    if not subjects:
        print(f"{arch}, {method}: skipped, nothing to compare with is installed")
        return []
    if arguments.whole:
        contestants = from_files(workshop, arch, theirs, subjects, method, imageset)
    else:
        compare(workshop, ours, theirs, subjects, method)
        contestants = in_memory(workshop, ours, theirs, subjects, method)
    watch = peer.OthersWatch([ours, theirs])
    measured = peer.alternate(contestants, arguments.rounds, 0 if method in EXPENSIVE else 1)
    return [report(arch, method, measured, watch.cores(), arguments)]


def say_skipped(ready):
    for library in ("pytorch-grad-cam", "torchcam"):
        if not any(subject.startswith(library + "/") for subject in ready):
            print(f"skipped: {library} (cannot be imported; PYTHONPATH)")


def find_images(workshop):
    arguments = workshop.arguments
    imageset = arguments.images
    if not imageset:
        imageset = str(workshop.path / "scenes.h5")
        workshop.cambench("generate", "demo", f"--images={3 * arguments.count}", "--out", imageset)
    if images.count(imageset) < 3 * arguments.count:
        sys.exit(f"{imageset} has fewer than {3 * arguments.count} pictures: see --count")
    return imageset


def main():
    arguments = parse()
    cpus = peer.pin(arguments.cpus, arguments.threads)
    print(f"{arguments.threads} threads on cores {cpus}, {arguments.rounds} alternating rounds; a spread marked ! is "
          "over 15 %: repeat")
    peer.print_load()
    rows = []
    with peer.Workshop(arguments) as workshop:
        imageset = find_images(workshop) if arguments.whole else None
        for arch in arguments.arch.split(","):
            inputs = workshop.inputs(1)
            try:
                ours = workshop.open_ours(arch, inputs)
                theirs = workshop.open_python("torch_maps.py", arch, inputs, arguments.channels)
                say_skipped(theirs.ready)
                for method in arguments.methods.split(","):
                    rows += run_method(workshop, arch, method, ours, theirs, imageset)
            except peer.PeerError as error:
                sys.exit(f"{arch}: {error}")
            ours.close()
            theirs.close()
    peer.print_load()
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"threads": arguments.threads, "rows": rows}, file, indent=1)


main()
