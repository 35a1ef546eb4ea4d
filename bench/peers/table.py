#!/usr/bin/python3
"""A whole table, from pictures and weights on disk to means: eight methods with Score-CAM, four metrics, two networks.
`cambench run` beside the loop of torch_table.py, each a program from its start to its end.

    bench/peers/table.py --images pictures.h5 --weights weights --count 8 --rounds 1
    bench/peers/table.py --arch resnet50 --count 2 --channels 64

With all channels the loop takes hours for a ResNet-50 on two cores; --channels limits Score-CAM on both sides, and the
loop's Ablation-CAM. Both sides' means are compared. Ratio: their seconds over ours. docs/performance.md
"""
import argparse
import csv
import json
import subprocess
import time

import images
import peer

METHODS = ("gradcam", "gradcam_pp", "xgradcam", "layercam", "actmap", "scorecam", "ablationcam", "reciprocam")
METRICS = ("average_drop", "average_increase", "coherency", "complexity")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", default="resnet18,resnet50")
    parser.add_argument("--images", help="image set; default: drawn scenes")
    parser.add_argument("--count", type=int, default=8, help="pictures, the first ones (8)")
    parser.add_argument("--channels", type=int, default=0, help="of Score-CAM; 0: all")
    peer.add_common_arguments(parser)
    parser.set_defaults(rounds=1)
    return parser.parse_args()


def write_config(workshop, archs, imageset, count, channels):
    methods = [name if name != "scorecam" or not channels else f"{{name: scorecam, params: {{max_channels: {channels}}}}}"
               for name in METHODS]
    backbones = ", ".join(f"{{arch: {arch}, weights: {workshop.weights(arch)}}}" for arch in archs)
    path = workshop.path / "table.yaml"
    path.write_text(f"name: table\ndataset: {{path: {imageset}, images: {count}}}\nbackbones: [{backbones}]\n"
                    f"methods: [{', '.join(methods)}]\nmetrics: [{', '.join(METRICS)}]\n"
                    "report: {plots: false, overlays: 0}\n")
    return path


def run_theirs(workshop, archs, imageset):
    arguments, start = workshop.arguments, time.monotonic()
    pairs = [word for arch in archs for word in (arch, workshop.weights(arch))]
    subprocess.run(["/usr/bin/python3", str(peer.HERE / "torch_table.py"), imageset, str(arguments.count),
                    str(arguments.threads), str(arguments.channels), str(workshop.path / "table.csv"), *pairs],
                   check=True, env=peer.environment(arguments.threads))
    return time.monotonic() - start


def read_ours(workshop):
    with open(workshop.path / "out" / "summary.csv", newline="") as file:
        return {(row["backbone"], row["method"], row["metric"]): float(row["mean"]) for row in csv.DictReader(file)}


def read_theirs(workshop):
    with open(workshop.path / "table.csv", newline="") as file:
        return {(arch, method, metric): float(mean) for arch, method, metric, mean in csv.reader(file)}


def compare(workshop):
    ours, theirs = read_ours(workshop), read_theirs(workshop)
    for method in METHODS:
        differences = [abs(ours[key] - mean) for key, mean in theirs.items() if key[1] == method]
        print(f"  {method:12} means differ by at most {max(differences):.3f} percentage points")


def main():
    arguments = parse()
    archs = arguments.arch.split(",")
    cpus = peer.pin(arguments.cpus, arguments.threads)
    print(f"{arguments.threads} threads on cores {cpus}, {arguments.rounds} alternating rounds")
    peer.print_load()
    with peer.Workshop(arguments) as workshop:
        imageset = arguments.images
        if not imageset:
            imageset = str(workshop.path / "table.h5")
            workshop.cambench("generate", "demo", f"--images={arguments.count}", "--out", imageset)
        if images.count(imageset) < arguments.count:
            raise SystemExit(f"{imageset} has fewer than {arguments.count} pictures: see --count")
        config = write_config(workshop, archs, imageset, arguments.count, arguments.channels)
        measured = peer.alternate({"cambench": lambda: workshop.timed_run(config),
                                   "torch": lambda: run_theirs(workshop, archs, imageset)}, arguments.rounds, 0)
        compare(workshop)
    ours, theirs = measured["cambench"], measured["torch"]
    low, high = peer.ratio_range(theirs, ours)
    print(f"cambench {ours.median:.1f} s{peer.marked(ours.spread)}, PyTorch loop {theirs.median:.1f} s"
          f"{peer.marked(theirs.spread)}, ratio {theirs.median / ours.median:.2f} ({low:.2f} to {high:.2f} by rounds)")
    peer.print_load()
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"threads": arguments.threads, "networks": archs, "images": arguments.count,
                       "channels": arguments.channels, "seconds": {name: rounds.values
                                                                   for name, rounds in measured.items()}}, file, indent=1)


main()
