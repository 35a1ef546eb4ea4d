#!/usr/bin/python3
"""Maps and seconds per map: cambench beside pytorch-grad-cam, torch-cam, captum and PyTorch, alternating.

    bench/peers/maps.py --arch resnet18 --methods gradcam,scorecam,ablationcam,reciprocam
    bench/peers/maps.py --arch resnet50 --methods scorecam --channels 64
    bench/peers/maps.py --arch resnet18 --agree --pictures a.jpg b.jpg c.jpg
    bench/peers/maps.py --arch resnet18 --methods gradcam --whole --images pictures.h5 --count 32

From an input in memory to a map of the input's size, one at a time; or --whole, from pictures in a file: a run of cambench
(by the slope between two runs, so that starting does not count) beside a loop over the pictures; or --agree, only the
largest difference and the correlation of the maps. pairs.py says which method is compared with which class. Programs are
skipped where they cannot be imported (PYTHONPATH), and used as they come. Ratio: their seconds over ours.
docs/performance.md
"""
import argparse
import json
import sys

import numpy as np

import images
import pairs
import peer


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", default="resnet18,resnet50,vgg16")
    parser.add_argument("--methods", default="", help="cambench's names, or PROGRAM/CLASS (gradcam,reciprocam; --agree: all); "
                        "scorecam and ablationcam take minutes")
    parser.add_argument("--agree", action="store_true", help="compare maps, do not measure")
    parser.add_argument("--pictures", nargs="+", help="files to explain instead of a drawn input")
    parser.add_argument("--channels", type=int, default=0,
                        help="Score-CAM makes so many passes on both sides, the libraries' Ablation-CAM likewise")
    parser.add_argument("--whole", action="store_true", help="from files instead of from an input in memory")
    parser.add_argument("--images", help="whole: image set; default: drawn scenes")
    parser.add_argument("--count", type=int, default=16, help="whole: pictures for a library; cambench gets as many "
                        "and three times as many (16)")
    peer.add_common_arguments(parser)
    return parser.parse_args()


def difference(ours, theirs):
    """In words. Maps of the other program that are not finite are counted and left out."""
    finite = np.isfinite(theirs).all(1)
    lost = f" ({(~finite).sum()} are NaN)" if not finite.all() else ""
    if not finite.any():
        return f"no finite map{lost}"
    ours, theirs = ours[finite], theirs[finite]
    return (f"{len(ours)} maps{lost} differ by at most {np.abs(ours - theirs).max():.1e}, correlation "
            f"{np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]:.6f},")


def compare(workshop, arch, ours, theirs, subjects):
    """Largest difference and correlation of the maps; this also warms everything up. The subjects that gave maps."""
    path, channels = workshop.path / "maps.bin", workshop.arguments.channels
    done = []
    for subject in subjects:
        try:
            ours.ask("maps", path, pairs.specification(subject, arch, channels))
            mine = workshop.read_floats(path, 224 * 224)
            theirs.ask("maps", path, subject)
        except peer.PeerError as error:
            print(f"{arch}, {subject}: skipped ({error})", flush=True)
            continue
        print(f"{arch}, {subject}: {difference(mine, workshop.read_floats(path, 224 * 224))} from "
              f"{pairs.specification(subject, arch, channels)}" + (" (of other channels)" if channels else ""), flush=True)
        done.append(subject)
    return done


def in_memory(workshop, arch, ours, theirs, subjects):
    """All subjects have the first one's method and parameters."""
    arguments, method = workshop.arguments, pairs.method_of(subjects[0])
    seconds = 0 if method in pairs.EXPENSIVE else arguments.seconds

    def ask(child, what):
        return lambda: float(child.ask("map", seconds, what))
    contestants = {"cambench": ask(ours, pairs.specification(subjects[0], arch, arguments.channels))}
    contestants.update({subject: ask(theirs, subject) for subject in subjects})
    if method not in pairs.EXPENSIVE:
        contestants["cambench, a forward pass"] = lambda: 1 / float(ours.ask("forward", 1, seconds))
    return contestants


def write_config(workshop, arch, subject, imageset):
    params = pairs.yaml(subject, arch, workshop.arguments.channels)
    path = workshop.path / "whole.yaml"
    path.write_text(f"name: whole\ndataset: {{path: {imageset}}}\n"
                    f"backbones: [{{arch: {arch}, weights: {workshop.weights(arch)}}}]\n"
                    f"methods: [{{name: {pairs.method_of(subject)}, params: {{{params}}}}}]\nmetrics: [complexity]\n"
                    "report: {plots: false, overlays: 0, bootstrap: 0}\n")
    return path


def whole_run(workshop, config, count):
    return workshop.timed_run(config, f"--set=dataset.images={count}")


def from_files(workshop, arch, theirs, subjects, imageset):
    arguments = workshop.arguments
    config, count = write_config(workshop, arch, subjects[0], imageset), arguments.count

    def ours():
        short = whole_run(workshop, config, count)
        return (whole_run(workshop, config, 3 * count) - short) / (2 * count)

    def ask(subject):
        return lambda: float(theirs.ask("files", imageset, 0, count, subject)) / count
    return {"cambench": ours, **{subject: ask(subject) for subject in subjects}}


def report(arch, method, measured, others, arguments):
    ours = measured["cambench"]
    limit = f", {arguments.channels} channels" if arguments.channels else ""
    print(f"{arch}, {method}{limit}: cambench {ours.median:.4f} s, spread {peer.marked(ours.spread)}; "
          f"other programs took {others:.1f} cores")
    for name, rounds in measured.items():
        if name != "cambench":
            low, high = peer.ratio_range(rounds, ours)
            print(f"  {name:40} {rounds.median:9.4f} s {peer.marked(rounds.spread)}  ratio "
                  f"{rounds.median / ours.median:7.2f}  ({low:.2f} to {high:.2f} by rounds)", flush=True)
    return {"network": arch, "method": method, "channels": arguments.channels, "whole": arguments.whole,
            "other_cores": others, "seconds": {name: rounds.values for name, rounds in measured.items()}}


def measure(workshop, arch, ours, theirs, subjects, imageset):
    arguments, method = workshop.arguments, pairs.specification(subjects[0], arch, workshop.arguments.channels)
    contestants = from_files(workshop, arch, theirs, subjects, imageset) if arguments.whole else \
        in_memory(workshop, arch, ours, theirs, subjects)
    watch = peer.OthersWatch([ours, theirs])
    is_expensive = pairs.method_of(subjects[0]) in pairs.EXPENSIVE
    measured = peer.alternate(contestants, arguments.rounds, 0 if is_expensive else 1)
    return report(arch, method, measured, watch.cores(), arguments)


def chosen_subjects(arguments, ready):
    """Those of the methods that were asked for; without --methods, of --agree all."""
    wanted = arguments.methods.split(",") if arguments.methods else [] if arguments.agree else ["gradcam", "reciprocam"]
    return [subject for subject in pairs.PAIRS if subject in ready
            and (not wanted or pairs.method_of(subject) in wanted or subject.split(",")[0] in wanted)]


def run_network(workshop, arch, ours, theirs, imageset):
    arguments = workshop.arguments
    subjects = chosen_subjects(arguments, theirs.ready)
    if not subjects:
        print(f"{arch}: skipped, nothing to compare with is installed")
    if not arguments.whole:
        subjects = compare(workshop, arch, ours, theirs, subjects)
    together = {}
    for subject in subjects:
        together.setdefault(pairs.specification(subject, arch, arguments.channels), []).append(subject)
    return [] if arguments.agree else [measure(workshop, arch, ours, theirs, group, imageset)
                                       for group in together.values()]


def say_skipped(ready):
    for library in ("pytorch-grad-cam", "torchcam", "captum"):
        if not any(subject.startswith(library + "/") for subject in ready):
            print(f"skipped: {library} (cannot be imported; PYTHONPATH)")


def write_pictures(workshop):
    """The inputs file: pictures as torchvision prepares them, or one drawn input."""
    if not workshop.arguments.pictures:
        return workshop.inputs(1)
    path = workshop.path / "pictures.bin"
    with open(path, "wb") as file:
        for picture in workshop.arguments.pictures:
            file.write(images.preprocess(images.open_picture(picture)).numpy().tobytes())
    return str(path)


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
            inputs = write_pictures(workshop)
            try:
                ours = workshop.open_ours(arch, inputs, "--layers", ",".join(pairs.LAYERS[arch]))
                theirs = workshop.open_python("torch_maps.py", arch, inputs, arguments.channels)
                say_skipped(theirs.ready)
                rows += run_network(workshop, arch, ours, theirs, imageset)
            except peer.PeerError as error:
                sys.exit(f"{arch}: {error}")
            ours.close()
            theirs.close()
    peer.print_load()
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"threads": arguments.threads, "rows": rows}, file, indent=1)


main()
