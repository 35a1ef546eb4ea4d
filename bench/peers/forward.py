#!/usr/bin/python3
"""Forward passes of cambench beside PyTorch's and ONNX Runtime's: same weights, same inputs, same threads, alternating.

    bench/peers/forward.py --build build --arch resnet50 --batch 1,8 --rounds 7

PyTorch and torchvision are needed; ONNX Runtime is measured where node finds the package onnxruntime-node (NODE_PATH).
Outputs are compared before anything is timed. Ratio: our images/s over theirs. docs/performance.md
"""
import argparse
import json
import os
import subprocess
import sys

import numpy as np

import peer

TOLERANCE = 1e-4  # of the largest logit


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", default="vgg16,resnet18,resnet50,resnext50_32x4d,mobilenet_v2")
    parser.add_argument("--batch", default="1,8", help="images in one call (1,8)")
    peer.add_common_arguments(parser)
    return parser.parse_args()


def has_onnx_runtime():
    try:
        return subprocess.run(["node", "-e", "require('onnxruntime-node')"], capture_output=True).returncode == 0
    except OSError:
        return False


def open_onnx_runtime(workshop, arch, inputs, threads):
    model = workshop.path / f"{arch}.onnx"
    if workshop.arguments.weights or not model.exists():
        subprocess.run(["/usr/bin/python3", str(peer.HERE / "export_onnx.py"), arch, workshop.weights(arch), str(model)],
                       check=True, stderr=subprocess.DEVNULL, env=peer.environment(threads))
    return peer.Peer("onnxruntime", ["node", str(peer.HERE / "onnx_forward.js"), str(model), inputs, str(threads)],
                     threads, workshop.path / "onnxruntime.log")


def open_contestants(workshop, arch, inputs, with_onnx):
    """[(name, peer, variant)]; the first is ours."""
    ours = workshop.open_ours(arch, inputs)
    torch = workshop.open_python("torch_forward.py", arch, inputs)
    contestants = [("cambench", ours, "")] + [(f"torch {variant}", torch, variant) for variant in torch.ready]
    if with_onnx:
        onnx = open_onnx_runtime(workshop, arch, inputs, workshop.arguments.threads)
        contestants += [(f"onnxruntime {variant}", onnx, variant) for variant in onnx.ready]
    return contestants


def outputs_of(workshop, contestant):
    name, child, variant = contestant
    path = workshop.path / "outputs.bin"
    child.ask("outputs", path, variant)
    return workshop.read_floats(path, 1000)


def agree(workshop, contestants):
    """Those whose logits are ours."""
    ours = outputs_of(workshop, contestants[0])
    kept = contestants[:1]
    for contestant in contestants[1:]:
        difference = np.abs(outputs_of(workshop, contestant) - ours).max() / np.abs(ours).max()
        if difference < TOLERANCE:
            kept.append(contestant)
        else:
            print(f"  {contestant[0]}: left out, its logits differ by {difference:.1e} of the largest")
    return kept


def measure(arguments, contestants, batch):
    def round_of(child, variant):
        return lambda: child.ask("forward", batch, arguments.seconds, variant)
    return peer.alternate({name: round_of(child, variant) for name, child, variant in contestants}, arguments.rounds, 2)


def report(arch, batch, measured, others):
    ours = measured["cambench"]
    theirs = {name: rounds for name, rounds in measured.items() if name != "cambench"}
    print(f"{arch}, batch {batch}: cambench {ours.median:.2f} images/s, spread {marked(ours)}; "
          f"other programs took {others:.1f} cores")
    for name, rounds in theirs.items():
        low, high = peer.ratio_range(ours, rounds)
        print(f"  {name:22} {rounds.median:9.2f} {marked(rounds)}  ratio {ours.median / rounds.median:5.2f}"
              f"  ({low:.2f} to {high:.2f} by rounds)")
    if theirs:
        best = max(theirs, key=lambda name: theirs[name].median)
        print(f"  best peer: {best}, ratio {ours.median / theirs[best].median:.2f}", flush=True)
    return {"network": arch, "batch": batch, "other_cores": others,
            "images_per_second": {name: rounds.values for name, rounds in measured.items()},
            "ratio": {name: ours.median / rounds.median for name, rounds in theirs.items()}}


def marked(rounds):
    return peer.marked(rounds.spread)


def run_arch(workshop, arch, batches, inputs, with_onnx):
    contestants = open_contestants(workshop, arch, inputs, with_onnx)
    children = list({id(child): child for _, child, _ in contestants}.values())
    contestants = agree(workshop, contestants)
    rows = []
    for batch in batches:
        watch = peer.OthersWatch(children)
        measured = measure(workshop.arguments, contestants, batch)
        rows.append(report(arch, batch, measured, watch.cores()))
    for child in children:
        child.close()
    return rows


def main():
    arguments = parse()
    cpus = peer.pin(arguments.cpus, arguments.threads)
    with_onnx = has_onnx_runtime()
    batches = [int(batch) for batch in arguments.batch.split(",")]
    print(f"{arguments.threads} threads on cores {cpus}, {arguments.rounds} alternating rounds of at least "
          f"{arguments.seconds} s; a spread marked ! is over 15 %: repeat")
    peer.print_load()
    if not with_onnx:
        print("skipped: ONNX Runtime (npm package onnxruntime-node is not found; NODE_PATH)")
    rows = []
    with peer.Workshop(arguments) as workshop:
        inputs = workshop.inputs(max(batches))
        for arch in arguments.arch.split(","):
            try:
                rows += run_arch(workshop, arch, batches, inputs, with_onnx)
            except peer.PeerError as error:
                sys.exit(f"{arch}: {error}")
    peer.print_load()
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"threads": arguments.threads, "load": os.getloadavg(), "rows": rows}, file, indent=1)


main()
