#!/usr/bin/python3
"""Maps of a real network: cambench beside the programs of tests/golden, which follow the papers in PyTorch and float64.

    bench/peers/agree.py --arch resnet18 --weights resnet18.pth a.jpg b.jpg c.jpg
    bench/peers/agree.py --arch vgg16 --weights vgg16.h5 --size 96 --many-size 48 --methods gradcam,scorecam a.jpg

For each picture, the two most probable classes, each method and each of its VARIANTS: the largest difference of the raw
maps, relative to the largest value, and of the finished maps. Both sides get the same input. Methods with hundreds of
passes get an input of their own side, because float64 is slow. A method that is left out is named with the reason; the
exit code is 1 if a map differs by more than --limit.

ReLU has no derivative at 0, and a real network has values of 1e-6 there, whose sign differs between programs. Where maps
differ, the golden program is asked again with the sign of such values changed, and those that explain the difference are
named. Likewise for the two largest values of a window of max pooling that are equal within float32's rounding. If that does not explain it, noise of 1e-6 is added to the input of the golden program alone: a map that changes
as much by that is marked ~ and not counted as a difference. Needs python3-torch, -torchvision, -h5py, -sklearn, -scipy
and -pil.
"""
import argparse
import contextlib
import functools
import hashlib
import importlib
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import h5py
import numpy as np
import torch
import torch.nn.functional as F
import torchvision

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/golden"))
import methods as golden_methods  # noqa: E402

warnings.filterwarnings("ignore", message="scatter_reduce")

IMAGE = "image"  # the golden programs' random streams belong to this name, and to the method's own
LAYERS = {"resnet18": "layer2,layer3,layer4", "resnet50": "layer2,layer3,layer4",
          "vgg16": "features.15,features.22,features.29", "mobilenet_v2": "features.6,features.13,features.18"}
PROTOCOLS = ("cambench", "cambench+class=second")
SKIPPED = {"maps": "reads a file", "process": "runs a program", "null": "is zero",
           "random": "its numbers are compared in tests/methods"}

# Parameters of each run of a method; without an entry, the defaults. LAYERS and TWO: three and two layers of the network.
VARIANTS = {
    "gradcam": ("", "score=prob", "score=logprob", "score=rest", "relu=false"),
    "cam": ("", "relu=false"),
    "hirescam": ("", "relu=false"),
    "gradcam_pp": ("", "form=pytorch_grad_cam", "form=torchcam"),
    "layercam": ("", "layers=LAYERS", "layers=TWO;fuse=product"),
    "fem": ("", "weighting=pytorch_grad_cam"),
    "eigencam": ("", "sign=corr_mean", "center=false"),
    "eigengradcam": ("", "abs_grad=true"),
    "kpca_cam": ("", "kernel=rbf", "kernel=poly", "kernel=cosine"),
    "smoothgrad_cam_pp": ("samples=2", "samples=2;form=torchcam"),
    "scorecam": ("", "scoring=paper", "scoring=torchcam", "scoring=pytorch_grad_cam",
                 "max_channels=40;channel_order=gradient"),
    "sscam": ("samples=1",),
    "iscam": ("samples=2", "samples=2;path=torchcam"),
    "rise": ("masks=60", "masks=60;cells=5;p1=0.5"),
    "occlusion": ("window=16;stride=8",),
    "groupcam": ("groups=8", "groups=8;denoise=70"),
    "polycam": ("mode=plus;layers=TWO", "mode=both;layers=TWO"),
    "opticam": ("iters=5",),
    "clustercam": ("clusters=4;clusterer=chunk", "clusters=4;clusterer=chunk;select=all"),
    "ablationcam": ("", "denominator=abs"),
    "reciprocam": ("", "score=logit", "mask=gaussian_spread", "mask=gaussian_mask"),
    "shapleycam": ("", "score=logit", "form=elementwise", "form=hires", "form=x"),
    "fullgrad": ("", "norm=pytorch_grad_cam"),
    "winsorcam": ("", "activation=authors", "percentile=0"),
    "input_x_gradient": ("", "reduce=l2"),
    "integrated_gradients": ("steps=5", "steps=5;rule=midpoint", "steps=5;rule=trapezoid;baseline=black"),
    "smoothgrad": ("samples=3",),
    "guided_backprop": ("", "relu6_guided=false"),
    "guided_gradcam": ("", "upsample=nearest"),
    "finercam": ("", "aggregate=weighted;gamma=1", "base=layercam"),
    "refinecam": ("layers=LAYERS", "layers=LAYERS;mix=nth_root;size=input"),
    "multi_layer": ("layers=LAYERS", "layers=LAYERS;fuse=max;base=layercam", "layers=TWO;fuse=product"),
}
MANY = ("scorecam", "sscam", "iscam", "rise", "occlusion", "polycam", "opticam", "ablationcam", "reciprocam")
NOT_IN = {("vgg16", "cam"): "two linear layers follow the last convolution"}


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


class Edges:
    """Inputs of ReLU that are nearly at 0 (of ReLU6, at 6), and of max pooling that nearly equal the next in their window:
    found in some passes, in later ones the signs changed, or the order. An edge is (name of the module, limit or "tie",
    shape of the input, index)."""
    NEAR = 1e-6  # of the largest value of the layer
    TIE = 2e-5  # the same; sums of a convolution by Winograd's algorithm have such errors
    MOST = 12  # that are tried one by one

    def __init__(self, model):
        self.found, self.changed, self.is_searching = [], set(), False
        for name, module in model.named_modules():
            if isinstance(module, (torch.nn.ReLU, torch.nn.ReLU6)):
                limits = (0.0, 6.0) if isinstance(module, torch.nn.ReLU6) else (0.0,)
                module.register_forward_pre_hook(functools.partial(self.visit, name, limits))
            elif isinstance(module, torch.nn.MaxPool2d):
                module.register_forward_pre_hook(functools.partial(self.visit_pool, name))

    def __deepcopy__(self, _):
        return self  # golden programs copy modules with their hooks

    @contextlib.contextmanager
    def searching(self):
        self.found, self.is_searching = [], True
        yield
        self.is_searching = False
        self.found = list(dict.fromkeys(reversed(self.found)))  # the last layers' values count most

    def visit(self, name, limits, _, inputs):
        z, = inputs
        for limit in limits:
            gap, size = (z - limit).abs().detach(), float(z.detach().abs().max())
            near = (gap < self.NEAR * size) & (gap > 0)
            if z.dim() == 4:
                near &= gap.amax((2, 3), keepdim=True) > 1e-4 * size  # not channels that are dead, nearly 0 everywhere
            self.note(name, limit, near)
            chosen = self.chosen(name, limit, z)
            if chosen is not None:  # a ReLU in place must get the value itself
                z = z + (2 * chosen * near * (limit - z)).detach()
        return (z,)

    def visit_pool(self, name, module, inputs):
        z, = inputs
        side, stride, pad = module.kernel_size, module.stride, module.padding
        with torch.no_grad():
            _, at = F.max_pool2d(z, side, stride, pad, ceil_mode=module.ceil_mode, return_indices=True)
            windows = F.pad(z, (pad,) * 4, value=-np.inf).unfold(2, side, stride).unfold(3, side, stride)
            first, second = windows.flatten(4).topk(2).values.unbind(-1)
            is_tie = (first > second) & (first - second < self.TIE * float(z.abs().max()))
            gap = torch.where(is_tie, first - second, torch.zeros_like(first))
            lead = torch.zeros_like(z).flatten(2).scatter_reduce(
                2, at[..., :gap.shape[2], :gap.shape[3]].flatten(2), gap.flatten(2), "amax").view_as(z)
        self.note(name, "tie", lead > 0)
        chosen = self.chosen(name, "tie", z)
        return (z if chosen is None else z - 1.001 * chosen * lead,)

    def note(self, name, limit, near):
        if self.is_searching and torch.is_grad_enabled():
            self.found += [(name, limit, tuple(near.shape), tuple(at)) for at in near.nonzero().tolist()]

    def chosen(self, name, limit, z):
        """1 at the edges that are to change; None if there are none."""
        chosen = [at for other, at_limit, shape, at in self.changed
                  if (other, at_limit, shape) == (name, limit, tuple(z.shape))]
        if not chosen:
            return None
        mask = torch.zeros_like(z)
        mask[tuple(zip(*chosen))] = 1
        return mask


class Network(golden_methods.Network):
    """A network of torchvision with the weights of a file of cambench. Passes without gradients are kept until the next
    input, because a method makes the same ones for each class."""

    def __init__(self, arch, weights):
        with h5py.File(weights) as file:
            state = {}
            file["tensor"].visititems(lambda name, item: isinstance(item, h5py.Dataset)
                                      and state.update({name: torch.from_numpy(item[()].astype(np.float64))}))
            model = getattr(torchvision.models, arch)(num_classes=int(file.attrs["classes"]))
        missing = model.load_state_dict(state, strict=False)
        if missing.unexpected_keys or any(not key.endswith("num_batches_tracked") for key in missing.missing_keys):
            sys.exit(f"{weights} does not fit torchvision's {arch}: {missing}")
        for module in model.modules():
            if getattr(module, "inplace", False):
                module.inplace = False
        self.model = model.eval().double()
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        self.stages = stages_of(arch, self.model)
        self.kept, self.edges = {}, Edges(self.model)

    def set_input(self, x):
        self.kept.clear()
        self.x = torch.from_numpy(x[None]).double()
        with torch.no_grad():
            self.logits = self.run(self.x)[0]

    def run(self, x, after=None, until=None):
        if torch.is_grad_enabled() or until or x is self.x:
            return super().run(x, after, until)
        parts = []
        for part in x.split(32):
            key = after, tuple(part.shape), hashlib.sha1(part.contiguous().numpy()).digest()
            if key not in self.kept:
                self.kept[key] = super().run(part, after)
            parts.append(self.kept[key])
        return torch.cat(parts)


def golden_classes():
    """The classes of tests/golden/methods*.py that explain; the general one first."""
    found = [golden_methods.Explain]
    for path in sorted((ROOT / "tests/golden").glob("methods_*.py")):
        module = importlib.import_module(path.stem)
        found += [item for item in vars(module).values() if isinstance(item, type)
                  and issubclass(item, golden_methods.Explain) and item not in found]
    return found


def find_explainer(method, params):
    classes = [explainer for explainer in golden_classes() if method in vars(explainer)]
    if not classes:
        return None
    return classes[-1] if "channel_order" in params else classes[0]


def reference(network, layer, klass, method, params):
    explainer = find_explainer(method, params)
    explain = explainer(network, layer, str(klass), params)
    with torch.set_grad_enabled(method in explainer.DIFFERENTIATES):
        raw = getattr(explain, method)().detach()
    cam = raw if explain.is_signed else F.relu(raw)
    if not explain.is_normalised:
        cam = golden_methods.min_max(cam)
    if tuple(cam.shape) != explain.size:
        cam = golden_methods.upsample(cam[None], explain.size)[0]
    return raw.numpy(), cam.numpy(), explain


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


class Cambench:
    """The program on one picture and one side of the input."""

    def __init__(self, arguments, folder, picture, size):
        self.program, self.folder, self.config = arguments.cambench, folder, folder / "config.yaml"
        write_imageset(folder / "set.h5", picture)
        side = f", input: {{size: {size}}}" if size else ""
        self.head = (f"name: agree\noutput: {folder}/run\nseed: 1\ndataset: {{path: {folder}/set.h5}}\n"
                     f"backbones: [{{arch: {arguments.arch}, weights: {arguments.weights}, label: net{side}}}]\n"
                     f"runtime: {{kernels: {arguments.kernels}}}\n")

    def input(self):
        """(3,H,W), as the network gets it: x*1 is x, so that the control `uniform` shows it."""
        self.config.write_text(self.head + "methods: [uniform]\nmetrics: [coherency]\n")
        path = self.folder / "input.h5"
        cambench(self.program, "export-explanations", self.config, "--methods", "uniform", "--output", path)
        with h5py.File(path) as file:
            return file["net/uniform/explanation/cambench/input"][0]

    def maps(self, round_):
        """{(method, protocol): (raw map, class)}; no method may occur twice, because random numbers belong to the label."""
        lines = "".join(f"  - {{name: {method}, params: {{{yaml_of(params)}}}}}\n" for method, params in round_)
        self.config.write_text(
            self.head + f"methods:\n{lines}metrics: [complexity]\n"
            "protocol: [cambench, {preset: cambench, class: second}]\n"
            "report: {plots: false, overlays: 0, bootstrap: 0, maps: true}\n")
        cambench(self.program, "run", self.config, "--fresh", "--quiet")
        found = {}
        with h5py.File(self.folder / "run/maps.h5") as file:
            for method, _ in round_:
                for protocol in PROTOCOLS:
                    group = file[f"net/{method}" + ("" if protocol == PROTOCOLS[0] else "/" + protocol)]
                    found[method, protocol] = group["map"][0], int(group["class"][0])
        return found


# -- the comparison -----------------------------------------------------------------------------------------------------
def finish(raw, explain):
    cam = torch.from_numpy(raw.astype(np.float64))
    cam = golden_methods.min_max(cam if explain.is_signed else F.relu(cam))
    return cam if tuple(cam.shape) == explain.size else golden_methods.upsample(cam[None], explain.size)[0]


def compare(raw, reference_raw, reference_map, explain):
    """Relative difference of raw maps, difference of finished maps."""
    largest = np.abs(reference_raw).max()
    relative = np.abs(raw - reference_raw).max() / (largest or 1)
    if explain.is_normalised:
        return relative, np.abs(raw - reference_raw).max()
    return relative, np.abs(finish(raw, explain).numpy() - reference_map).max()


def change_one_by_one(edges, ask, result, limit):
    """Changes channels of values, and keeps the changes that make the difference smaller, until it is within the limit."""
    channels = {}
    for edge in edges.found:
        channels.setdefault((edge[0], edge[1], edge[3][1]), set()).add(edge)
    kept = []
    for channel, group in list(channels.items())[:edges.MOST]:
        edges.changed |= group
        other = ask()
        if other[1] < 0.9 * result[1]:
            result, kept = other, kept + [channel]
        else:
            edges.changed -= group
        if result[1] <= limit:
            break
    edges.changed.clear()
    return result, ", ".join(f"{name}[{channel}] at {limit}" for name, limit, channel in kept)


def change_by_noise(network, finished):
    """How much noise of 1e-6 in the input changes the finished map of the golden program."""
    x, random = network.x, torch.Generator().manual_seed(1)
    clean, largest = finished(), 0.0
    for _ in range(3):
        network.x = x * (1 + 1e-6 * torch.randn(x.shape, generator=random, dtype=torch.float64))
        largest = max(largest, float(np.abs(finished() - clean).max()))
    network.x = x
    return largest


def explain_difference(network, ask, finished, result, limit):
    """The result with some signs changed, how much noise changes the map, and words."""
    edges = network.edges
    with edges.searching():
        ask()
    changed, names = change_one_by_one(edges, ask, result, limit)
    if changed[1] <= limit:
        return changed, 0.0, f"the map is for the other sign or order of {names}"
    noise = change_by_noise(network, finished)
    return result, noise, f"differs by {result[1]:.1e}; noise of 1e-6 in the input changes the golden map by {noise:.1e}"


def variants(arguments, method, given):
    texts = [given] if given else VARIANTS.get(method, ("",))[:1 if arguments.first else None]
    layers = LAYERS[arguments.arch]
    for text in texts:
        text = text.replace("LAYERS", layers).replace("TWO", layers.split(",", 1)[1])
        yield dict(pair.split("=", 1) for pair in text.split(";") if pair)


def specifications(arguments):
    """[(method, params)]; names on stdout what is left out."""
    texts = arguments.methods.split(",") if arguments.methods else [
        row["name"] for row in json.loads(cambench(arguments.cambench, "list", "methods", "--json"))]
    specs = []
    for text in texts:
        method, _, given = text.partition(":")
        reason = SKIPPED.get(method) or NOT_IN.get((arguments.arch, method))
        if not reason and not find_explainer(method, {}):
            reason = "no golden program"
        if reason:
            print(f"{arguments.arch} skipped: {method} ({reason})")
        else:
            specs += [(method, params) for params in variants(arguments, method, given)]
    return specs


def rounds_of(specs):
    """Lists in which every method occurs once."""
    rounds = []
    for method, params in specs:
        fitting = [one for one in rounds if method not in [name for name, _ in one]]
        if not fitting:
            rounds.append([])
            fitting = rounds[-1:]
        fitting[0].append((method, params))
    return rounds


def title_of(method, params):
    return f"{method} {yaml_of(params)}".strip()


def compare_round(arguments, network, round_, found, worst):
    layer = LAYERS[arguments.arch].split(",")[-1]
    for method, params in round_:
        title = title_of(method, params)
        for protocol in PROTOCOLS:
            raw, klass = found[method, protocol]

            def reference_map():
                return reference(network, layer, klass, method, params)

            def ask():
                return compare(raw, *reference_map())
            try:
                result, noise, words = ask(), 0.0, ""
                if result[1] > arguments.limit:
                    result, noise, words = explain_difference(network, ask, lambda: reference_map()[1], result,
                                                              arguments.limit)
            except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
                print(f"{arguments.arch} skipped: {title} (golden program: {error})", flush=True)
                break
            if words:
                print(f"{arguments.arch} {title}, {protocol}: {words}", flush=True)
            worst.setdefault(title, []).append((*result, noise))
            print(f"{title}, {protocol}: raw {result[0]:.1e}, map {result[1]:.1e}", file=sys.stderr, flush=True)


def print_table(arguments, worst):
    """Whether all maps agree."""
    print(f"{arguments.arch}: {len(arguments.pictures)} pictures, 2 classes; largest difference of raw maps (relative) and "
          "of maps")
    does_agree = True
    for title, results in worst.items():
        raw, finished, _ = np.max(results, axis=0)
        differs = any(value > max(arguments.limit, 2 * noise) for _, value, noise in results)
        does_agree &= not differs
        print(f"{raw:9.1e} {finished:9.1e} {'!' if differs else '~' if finished > arguments.limit else ' '} {title}")
    return does_agree


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="+")
    parser.add_argument("--arch", required=True, choices=sorted(LAYERS))
    parser.add_argument("--weights", required=True, help=".pth or .h5")
    parser.add_argument("--size", type=int, default=0, help="side of the network's input (224)")
    parser.add_argument("--many-size", type=int, default=64, help="the same for methods with many passes (64)")
    parser.add_argument("--methods", default="", help="NAME or NAME:KEY=VALUE;KEY=VALUE, separated by commas (all)")
    parser.add_argument("--first", action="store_true", help="only the first variant of each method")
    parser.add_argument("--threads", type=int, default=2, help="of the golden programs (2)")
    parser.add_argument("--kernels", default="auto")
    parser.add_argument("--limit", type=float, default=1e-3)
    parser.add_argument("--cambench", default=str(ROOT / "build/cambench"))
    return parser.parse_args()


def main():
    arguments = parse()
    torch.set_num_threads(arguments.threads)
    deviation = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64).reshape(1, 3, 1, 1)
    mean = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64).reshape(1, 3, 1, 1)
    golden_methods.BLACK, golden_methods.DEVIATION = -mean / deviation, deviation
    specs, worst = specifications(arguments), {}
    groups = ((arguments.size, [spec for spec in specs if spec[0] not in MANY]),
              (arguments.many_size, [spec for spec in specs if spec[0] in MANY]))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if not arguments.weights.endswith(".h5"):
            cambench(arguments.cambench, "import", "weights", arguments.weights, "--arch", arguments.arch, "--out",
                     folder / "weights.h5")
            arguments.weights = folder / "weights.h5"
        network = Network(arguments.arch, arguments.weights)
        for picture in arguments.pictures:
            for size, chosen in groups:
                if chosen:
                    program = Cambench(arguments, folder, picture, size)
                    network.set_input(program.input())
                    for round_ in rounds_of(chosen):
                        compare_round(arguments, network, round_, program.maps(round_), worst)
    sys.exit(not print_table(arguments, worst))


if __name__ == "__main__":
    main()
