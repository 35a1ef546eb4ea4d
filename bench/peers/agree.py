#!/usr/bin/python3
"""Maps of a real network: cambench beside the programs of tests/golden, which follow the papers in PyTorch and float64.

    bench/peers/agree.py --arch resnet18 --weights resnet18.pth a.jpg b.jpg c.jpg
    bench/peers/agree.py --arch vgg16 --weights vgg16.h5 --size 64 --methods gradcam,scorecam:scoring=paper a.jpg

For each picture, the two most probable classes and each method: the largest difference of the raw maps, relative to the
largest value, and of the finished maps. Both sides get the same input. Without --methods: all methods, with few samples.
Needs python3-torch, -torchvision, -h5py, -sklearn and -pil.
"""
import argparse
import importlib
import json
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import torch
import torch.nn.functional as F
import torchvision

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/golden"))
import methods as golden_methods  # noqa: E402

FAMILIES = ("methods", "methods_acts", "methods_masks", "methods_inputs", "methods_engine", "methods_meta")
IMAGE = "image"  # the golden programs' random streams belong to this name, and to the method's own
LAYERS = {"resnet18": "layer2,layer3,layer4", "resnet50": "layer2,layer3,layer4",
          "vgg16": "features.15,features.22,features.29", "mobilenet_v2": "features.6,features.13,features.18"}
CHEAP = {"sscam": "samples=1", "iscam": "samples=2", "rise": "masks=40", "opticam": "iters=5", "smoothgrad": "samples=3",
         "integrated_gradients": "steps=5", "smoothgrad_cam_pp": "samples=2", "groupcam": "groups=8",
         "clustercam": "clusters=4", "polycam": "mode=plus;layers=LAST", "refinecam": "layers=LAYERS",
         "multi_layer": "layers=LAYERS"}
SKIPPED = {"maps": "reads a file", "process": "runs a program", "null": "is zero"}
PROTOCOLS = ("cambench", "cambench+class=second")


# -- the network and the golden programs ------------------------------------------------------------------------------
def stages_of(arch, model):
    children = dict(model.named_children())
    if arch.startswith("resnet"):
        fc = children.pop("fc")
        return {**children, "flatten": torch.nn.Flatten(), "fc": fc}
    stages = {f"features.{name}": stage for name, stage in model.features.named_children()}
    stages["avgpool"] = children.get("avgpool", torch.nn.AdaptiveAvgPool2d(1))
    stages["flatten"] = torch.nn.Flatten()
    stages.update((f"classifier.{name}", stage) for name, stage in model.classifier.named_children())
    return stages


class Network(golden_methods.Network):
    """A network of torchvision with the weights of a file of cambench, at an input (1,3,H,W)."""

    def __init__(self, arch, weights):
        with h5py.File(weights) as file:
            state = {}
            file["tensor"].visititems(lambda name, item: isinstance(item, h5py.Dataset)
                                      and state.update({name: torch.from_numpy(item[()].astype(np.float64))}))
            model = getattr(torchvision.models, arch)(num_classes=int(file.attrs["classes"]))
        model.load_state_dict(state, strict=False)
        for module in model.modules():
            if getattr(module, "inplace", False):
                module.inplace = False
        self.model = model.eval().double()
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        self.stages = stages_of(arch, self.model)

    def set_input(self, x):
        self.x = torch.from_numpy(x[None]).double()
        with torch.no_grad():
            self.logits = self.run(self.x)[0]

    def run(self, x, after=None, until=None):
        if len(x) <= 32 or torch.is_grad_enabled():
            return super().run(x, after, until)
        return torch.cat([super(Network, self).run(part, after, until) for part in x.split(32)])


def find_explainer(method):
    for family in FAMILIES:
        try:
            module = importlib.import_module(family)
        except ImportError:
            continue
        for explainer in vars(module).values():
            if isinstance(explainer, type) and issubclass(explainer, golden_methods.Explain) and method in vars(explainer):
                return explainer
    return None


def reference(network, layer, klass, method, params):
    explainer = find_explainer(method)
    explain = explainer(network, layer, str(klass), params)
    with torch.set_grad_enabled(method in explainer.DIFFERENTIATES):
        raw = getattr(explain, method)().detach()
    cam = raw if explain.is_signed else F.relu(raw)
    if not getattr(explain, "is_normalised", False):
        cam = golden_methods.min_max(cam)
    if tuple(cam.shape) != explain.size:
        cam = golden_methods.upsample(cam[None], explain.size)[0]
    return raw.numpy(), cam.numpy()


# -- cambench -----------------------------------------------------------------------------------------------------------
def cambench(program, *words):
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout


def write_imageset(path, picture):
    """One picture, called IMAGE."""
    data = np.fromfile(picture, np.uint8)
    text = h5py.string_dtype("utf-8")
    with h5py.File(path, "w") as file:
        file.attrs.update({"format": "cambench-imageset", "version": 1, "source": "agree.py", "created_by": "agree.py"})
        file["jpeg/data"], file["jpeg/offset"] = data, np.array([0, len(data)], np.uint64)
        file.create_dataset("name", data=[IMAGE], dtype=text)
        file["label"] = np.array([-1], np.int32)


def yaml_of(params):
    return ", ".join(f"{key}: [{value}]" if key == "layers" else f"{key}: {value}" for key, value in params.items())


def run_cambench(arguments, folder, picture, specs):
    """The input (3,H,W), and for each method and protocol the raw map and the class."""
    write_imageset(folder / "set.h5", picture)
    size = f", input: {{size: {arguments.size}}}" if arguments.size else ""
    head = (f"name: agree\noutput: {folder}/run\nseed: 1\ndataset: {{path: {folder}/set.h5}}\n"
            f"backbones: [{{arch: {arguments.arch}, weights: {arguments.weights}, label: net{size}}}]\n"
            f"runtime: {{kernels: {arguments.kernels}}}\n")
    lines = "".join(f"  - {{name: {method}, label: {label!r}, params: {{{yaml_of(params)}}}}}\n"
                    for label, method, params in specs)
    config = folder / "config.yaml"
    config.write_text(head + f"methods:\n{lines}metrics: [complexity]\nprotocol: [cambench, {{preset: cambench, class: second}}]\n"
                      "report: {plots: false, overlays: 0, bootstrap: 0, maps: true}\n")
    cambench(arguments.cambench, "run", config, "--fresh", "--quiet")
    # x*1 is x: the control `uniform` gives the input as the network gets it
    config.write_text(head + "methods: [uniform]\nmetrics: [coherency]\n")
    cambench(arguments.cambench, "export-explanations", config, "--methods", "uniform", "--output", folder / "input.h5")
    with h5py.File(folder / "input.h5") as file:
        x = file["net/uniform/explanation/cambench/input"][0]
    maps = {}
    with h5py.File(folder / "run/maps.h5") as file:
        for label, _, _ in specs:
            for protocol in PROTOCOLS:
                group = file[f"net/{label}" + ("" if protocol == PROTOCOLS[0] else "/" + protocol)]
                maps[label, protocol] = group["map"][0], int(group["class"][0])
    return x, maps


# -- the comparison -----------------------------------------------------------------------------------------------------
def finish(raw, reference_raw, reference_map, explainer_signed):
    cam = torch.from_numpy(raw.astype(np.float64))
    cam = cam if explainer_signed else F.relu(cam)
    cam = golden_methods.min_max(cam)
    if cam.shape != reference_map.shape:
        cam = golden_methods.upsample(cam[None], reference_map.shape)[0]
    return np.abs(cam.numpy() - reference_map).max()


def compare(raw, theirs_raw, theirs_map, is_signed, is_normalised):
    """Relative difference of raw maps, difference of finished maps; a raw map of another scale counts by its shape."""
    largest = np.abs(theirs_raw).max()
    relative = np.abs(raw - theirs_raw).max() / largest if largest else np.abs(raw).max()
    if is_normalised:
        return relative, relative
    return relative, finish(raw, theirs_raw, theirs_map, is_signed)


def specifications(arguments):
    listed = json.loads(cambench(arguments.cambench, "list", "methods", "--json"))
    known = {row["name"]: row for row in listed}
    texts = arguments.methods.split(",") if arguments.methods else sorted(known)
    specs = []
    for text in texts:
        method, _, given = text.partition(":")
        if method in SKIPPED and not arguments.methods:
            print(f"skipped: {method} ({SKIPPED[method]})")
            continue
        if not find_explainer(method):
            print(f"skipped: {method} (no golden program)")
            continue
        given = (given or CHEAP.get(method, "")).replace("LAYERS", LAYERS[arguments.arch])
        given = given.replace("LAST", LAYERS[arguments.arch].split(",")[-1])
        params = dict(pair.split("=", 1) for pair in given.split(";") if pair)
        labels = [spec[0] for spec in specs]
        specs.append((method if method not in labels else text.replace("/", "_"), method, params))
    return specs, known


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="+")
    parser.add_argument("--arch", required=True, choices=sorted(LAYERS))
    parser.add_argument("--weights", required=True, help=".pth or .h5")
    parser.add_argument("--size", type=int, default=0, help="side of the network's input (224)")
    parser.add_argument("--methods", default="", help="NAME or NAME:KEY=VALUE;KEY=VALUE, separated by commas (all)")
    parser.add_argument("--kernels", default="auto")
    parser.add_argument("--limit", type=float, default=1e-3)
    parser.add_argument("--cambench", default=str(ROOT / "build/cambench"))
    return parser.parse_args()


def main():
    arguments = parse()
    torch.set_num_threads(2)
    golden_methods.BLACK = torch.tensor([-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225],
                                        dtype=torch.float64).reshape(1, 3, 1, 1)
    specs, known = specifications(arguments)
    worst = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if not arguments.weights.endswith(".h5"):
            cambench(arguments.cambench, "import", "weights", arguments.weights, "--arch", arguments.arch, "--out",
                     folder / "weights.h5")
            arguments.weights = folder / "weights.h5"
        network = Network(arguments.arch, arguments.weights)
        layer = LAYERS[arguments.arch].split(",")[-1]
        for picture in arguments.pictures:
            x, maps = run_cambench(arguments, folder, picture, specs)
            network.set_input(x)
            for label, method, params in specs:
                for protocol in PROTOCOLS:
                    raw, klass = maps[label, protocol]
                    theirs = reference(network, layer, klass, method, params)
                    row = known[method]
                    signed = row["signed"] or params.get("relu") == "false"
                    result = compare(raw, *theirs, signed, row["normalised"])
                    worst[label] = np.maximum(worst.get(label, 0), result)
                print(f"{arguments.arch} {pathlib.Path(picture).name} {label}: raw {worst[label][0]:.1e}, "
                      f"map {worst[label][1]:.1e}", file=sys.stderr, flush=True)
    print(f"{arguments.arch}: {len(arguments.pictures)} pictures, 2 classes; largest difference of raw maps (relative) and of "
          "maps")
    for label, _, params in specs:
        flag = "" if worst[label][1] <= arguments.limit else "  !"
        print(f"{label:24} {worst[label][0]:9.1e} {worst[label][1]:9.1e}{flag}  {yaml_of(params)}")
    sys.exit(any(values[1] > arguments.limit for values in worst.values()))


main()
