#!/usr/bin/python3
"""ONNX files of PyTorch's exporter: cambench beside PyTorch in float64.

    bench/peers/onnx_exports.py                                     all networks of onnx_modules*.py, opsets 9, 11, 13, 17
    bench/peers/onnx_exports.py --opsets 13 resnet18 googlenet
    bench/peers/onnx_exports.py --runtime FOLDER/node_modules       ONNX Runtime's logits as well (npm's onnxruntime-node)

For each network and opset: the largest difference of the logits, of the values of LAYERS layers and of the gradients at
them and at the input (of the sum of logit k times cos k), relative to the largest value. Layers are found by their module
paths. Batch norm is folded into convolutions by the exporter, but at opset 11 it is left; the batch is open at opset 13,
and 1 elsewhere. A network that the exporter or cambench refuses is named with the reason.

ReLU and max pooling have values where their derivative jumps, and a value within rounding of such a place gives another
gradient in float32. So a difference counts only if it shows with each of TRIES inputs, and if PyTorch's own float32 does
not differ from float64 as much with one of them (marked ~). The exit code is 1 if a difference above --limit counts.
Needs python3-torch and -torchvision, and cambench-bench.
"""
import argparse
import math
import os
import pathlib
import sys
import tempfile
import warnings

import numpy as np
import torch

from onnx_modules import make
from onnx_modules_more import MODULES
import peer

LAYERS, TRIES, IMAGES = 3, 3, 2
ROUNDING = "float32"  # what PyTorch's own float32 differs by
PASSED_BY = (torch.nn.Conv2d, torch.nn.Conv1d, torch.nn.modules.batchnorm._BatchNorm, torch.nn.Dropout, torch.nn.Identity)


class Reference:
    """The network in float64, the values of its modules and the gradients at them."""

    def __init__(self, name):
        self.network, self.shape = make(name)
        self.values, self.calls = {}, {}
        for path, module in self.network.named_modules():
            if path and not isinstance(module, PASSED_BY) and type(module).__name__ != "StochasticDepth":
                module.register_forward_hook(self.hook(path))
        self.run(torch.randn(1, *self.shape))
        self.layers = self.choose()

    def hook(self, path):
        def note(module, inputs, out):
            self.calls[path] = self.calls.get(path, 0) + 1
            if not isinstance(out, torch.Tensor) or torch.onnx.is_in_onnx_export() or not out.requires_grad:
                return None
            out.retain_grad()
            self.values[path] = out
            return out.clone()  # what follows may work in place
        return note

    def run(self, x):
        self.values.clear()
        self.calls.clear()
        x = x.to(next(self.network.parameters()).dtype).requires_grad_()
        logits = self.network(x)
        weights = torch.cos(torch.arange(logits.shape[1], dtype=x.dtype))
        (logits * weights).sum().backward()
        self.input = x
        return logits.detach().numpy()

    def results(self, x):
        """The logits, and values and gradients of the layers and the input."""
        return [self.run(x)] + [array for layer in [*self.layers, "input"] for array in self.result(layer)]

    def choose(self):
        """Modules that run once and give maps, from the first third, the second and the end; of those with the same output
        the outermost."""
        found = [path for path, value in self.values.items() if value.dim() == 4 and value.shape[2] * value.shape[3] > 1
                 and self.calls[path] == 1 and value.grad is not None]
        if len(found) <= LAYERS:
            return found
        return [found[(len(found) - 1) * (i + 1) // LAYERS] for i in range(LAYERS)]

    def result(self, layer):
        """(value, gradient) of a layer, or of the input."""
        value = self.input if layer == "input" else self.values[layer]
        return value.detach().numpy(), value.grad.numpy()


def export(network, shape, opset, path):
    x = torch.randn(1, *shape, dtype=torch.float32)
    training = torch.onnx.TrainingMode.PRESERVE if opset == 11 else torch.onnx.TrainingMode.EVAL
    axes = {"input": {0: "n"}, "output": {0: "n"}} if opset == 13 else None
    torch.onnx.export(network.float().eval(), x, path, opset_version=opset, input_names=["input"], output_names=["output"],
                      training=training, dynamic_axes=axes)
    network.double()


def difference(ours, theirs):
    """Relative to the largest value. A module with channels last has a value (h,w,C), which cambench calls (C,h,w)."""
    if theirs.ndim == 4:
        last = theirs.transpose(0, 3, 1, 2)
        return min(plain_difference(ours, theirs), plain_difference(ours.reshape(last.shape), last))
    return plain_difference(ours, theirs)


def plain_difference(ours, theirs):
    largest = np.abs(theirs).max()
    return float(np.abs(ours.astype(np.float64) - theirs).max() / (largest if largest > 0 else 1))


class Case:
    """One network at one opset."""

    def __init__(self, arguments, reference, path, folder):
        self.arguments, self.reference, self.path, self.folder = arguments, reference, path, folder

    def compare(self, seed):
        """{"logits": difference, "values": .., "gradients": .., "input": ..}"""
        torch.manual_seed(seed)
        x = torch.randn(IMAGES, *self.reference.shape)
        x.numpy().tofile(self.folder / "x.bin")
        layers = self.reference.layers
        command = [str(pathlib.Path(self.arguments.build).resolve() / "cambench-bench"), "--serve", "--arch", str(self.path),
                   "--inputs", str(self.folder / "x.bin"), "--threads", "1"]
        command += ["--layers", ",".join(layers)] if layers else []
        if self.reference.shape[0] not in (1, 3):
            command += ["--channels", "l" * self.reference.shape[0]]  # what they are does not matter here
        ours = peer.Peer("cambench", command, 1, self.folder / "log")
        try:
            logits = self.reference.run(x)
            own = self.ask(ours, "outputs", logits.shape)
            found = {"logits": difference(own, logits)}
            if self.arguments.runtime:
                found["runtime"] = self.beside_runtime(own)
            found["values"] = max((difference(self.ask(ours, "values", value.shape, layer), value)
                                   for layer in layers for value, _ in [self.reference.result(layer)]), default=math.nan)
            found["gradients"] = max((difference(self.ask(ours, "gradients", grad.shape, layer), grad)
                                      for layer in layers for _, grad in [self.reference.result(layer)]), default=math.nan)
            grad = self.reference.result("input")[1]
            found["input"] = difference(self.ask(ours, "gradients", grad.shape, "input"), grad)
        finally:
            ours.close()
        return found

    def beside_runtime(self, logits):
        """The difference from ONNX Runtime; NaN: it refuses the file."""
        shape = "x".join(str(side) for side in self.reference.shape)
        try:
            theirs = self.ask(self.arguments.worker, "outputs", logits.shape, self.path, self.folder / "x.bin", shape)
        except peer.PeerError as error:
            print(f"ONNX Runtime: {self.path.name}: {error}")
            return math.nan
        return difference(logits, theirs)

    def rounding(self, seed):
        """The largest difference between PyTorch's float32 and its float64."""
        torch.manual_seed(seed)
        x = torch.randn(IMAGES, *self.reference.shape)
        exact = self.reference.results(x)
        self.reference.network.float()
        rounded = self.reference.results(x)
        self.reference.network.double()
        return max(plain_difference(ours, theirs) for ours, theirs in zip(rounded, exact))

    def ask(self, ours, request, shape, *words):
        path = self.folder / "out.bin"
        ours.ask(request, path, *words)
        values = np.fromfile(path, "float32")
        if values.size != math.prod(shape):
            raise peer.PeerError(f"{' '.join((request,) + words)} has {values.size} numbers, not {math.prod(shape)}")
        return values.reshape(shape)

    def best(self):
        """Differences with the input where the largest of them is smallest; the first input that is within the limit."""
        best = None
        for seed in range(TRIES):
            found = self.compare(seed)
            if best is None or worst(found) < worst(best):
                best = found
            if worst(best) <= self.arguments.limit:
                return best
        return {**best, ROUNDING: max(self.rounding(seed) for seed in range(TRIES))}


def worst(found):
    return max(value for name, value in found.items() if name != ROUNDING and not math.isnan(value))


def differs(arguments, found):
    return worst(found) > max(arguments.limit, found.get(ROUNDING, 0))


def run(arguments, name, folder):
    """Prints a row for each opset; returns {opset: differences, or the reason why there are none}."""
    reference, results = Reference(name), {}
    for opset in arguments.opsets:
        path = (pathlib.Path(arguments.keep) if arguments.keep else folder) / f"{name}-{opset}.onnx"
        try:
            export(reference.network, reference.shape, opset, path)
        except Exception as error:
            reference.network.double()
            results[opset] = "exporter: " + str(error).strip().splitlines()[0][:150]
        else:
            try:
                results[opset] = Case(arguments, reference, path, folder).best()
            except peer.PeerError as error:
                results[opset] = f"cambench: {error}".replace(str(folder), "")
        if not arguments.keep:
            path.unlink(missing_ok=True)
        print_row(arguments, name, opset, results[opset])
    if reference.layers and arguments.verbose:
        print(f"{'':28}layers {', '.join(reference.layers)}")
    return results


def print_row(arguments, name, opset, result):
    if isinstance(result, str):
        print(f"{name:28}{opset:3}  {result}", flush=True)
        return
    figures = "  ".join(f"{key} {value:8.1e}" for key, value in result.items())
    mark = "" if worst(result) <= arguments.limit else "  DIFFERS" if differs(arguments, result) else "  ~"
    print(f"{name:28}{opset:3}  {figures}{mark}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="of onnx_modules*.py; default: all")
    parser.add_argument("--build", default="build", help="folder of cambench-bench (build)")
    parser.add_argument("--opsets", default="9,11,13,17", type=lambda text: [int(word) for word in text.split(",")])
    parser.add_argument("--limit", type=float, default=1e-4, help="of the relative differences (1e-4)")
    parser.add_argument("--keep", help="folder that keeps the ONNX files")
    parser.add_argument("--runtime", help="folder node_modules with onnxruntime-node: compare with ONNX Runtime, too")
    parser.add_argument("--verbose", action="store_true", help="name the layers")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    names = arguments.names or list(MODULES)
    unknown = [name for name in names if name not in MODULES]
    if unknown:
        sys.exit(f"{unknown[0]} is not one of {', '.join(MODULES)}")
    with tempfile.TemporaryDirectory(prefix="cambench-onnx-") as folder:
        if arguments.runtime:
            os.environ["NODE_PATH"] = str(pathlib.Path(arguments.runtime).resolve())
            arguments.worker = peer.Peer("ONNX Runtime", ["node", str(peer.HERE / "onnx_outputs.js")], 1,
                                         pathlib.Path(folder) / "runtime.log")
        rows = {name: run(arguments, name, pathlib.Path(folder)) for name in names}
        if arguments.runtime:
            arguments.worker.close()
    every = [result for results in rows.values() for result in results.values()]
    compared = [result for result in every if not isinstance(result, str)]
    failures = sum(differs(arguments, result) for result in compared)
    print(f"{len(rows)} networks, {len(compared)} files compared, {failures} differ, "
          f"{sum(str(result).startswith('cambench') for result in every)} refused by cambench, "
          f"{sum(str(result).startswith('exporter') for result in every)} not exported")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
