#!/usr/bin/python3
"""Runs the node tests of the ONNX project (Debian's libonnx-testdata) through the engine's importer.

A test has an operator, its inputs and its outputs. From each, networks are made that take a picture: the activations are
cut from the picture and get the test's shapes by Reshape; the other inputs are initializers; the output becomes a vector.
A test is run in every way that suits it:

    whole    the test's activation is one image
    batch    its first axis counts images, of which the file fixes the number; they are run one by one
    free     the same, and the file leaves their number open; not for tests that mix images
    second   the activation is the second input, and the first one a constant
    joint    all inputs are activations, cut from one image

and passes if the outputs of all ways that the importer takes are the expected ones. "refused" are tests that the importer
takes in none.

usage: onnx_nodes.py [-v] [--bench build/cambench-bench] [--data /usr/share/libonnx-testdata/data/node] [NAME...]
"""
import argparse
import collections
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
from onnx import helper, numpy_helper

OPERATORS = set("""Conv BatchNormalization Relu LeakyRelu PRelu Elu Clip Sigmoid HardSigmoid HardSwish Tanh Erf Gelu Softplus
    Softmax MaxPool AveragePool GlobalAveragePool GlobalMaxPool LRN LayerNormalization InstanceNormalization
    GroupNormalization Gemm MatMul Add Sub Mul Div Pow Sqrt Sum Mean ReduceMean ReduceSum ReduceMax Concat Split Slice Pad
    Flatten Reshape Transpose Squeeze Unsqueeze Gather Shape Dropout Identity Constant ConstantOfShape Cast Exp Log Abs Neg
    Reciprocal Max Min ReduceMin Size Tile""".split())
ENDS = {"Softmax", "LogSoftmax", "Sigmoid"}  # the importer removes them at the end of a network
RELATIVE, ABSOLUTE = 1e-4, 1e-6
SIDE_MAX = 32768  # of a picture


class Test:
    def __init__(self, folder):
        self.name = folder.name
        self.model = onnx.load(folder / "model.onnx")
        self.graph = self.model.graph
        data = folder / "test_data_set_0"
        given = {tensor.name for tensor in self.graph.initializer}
        self.names = [value.name for value in self.graph.input if value.name not in given]
        self.inputs = [self.read(data / f"input_{i}.pb") for i in range(len(self.names))]
        self.output = self.read(data / "output_0.pb")
        self.opset = max(entry.version for entry in self.model.opset_import if not entry.domain)

    @staticmethod
    def read(path):
        tensor = onnx.TensorProto()
        tensor.ParseFromString(path.read_bytes())
        return numpy_helper.to_array(tensor)

    def operators(self):
        return {node.op_type for node in self.graph.node}


class Network:
    """A network around a test: the model and its images."""

    def __init__(self, test, activations, way):
        self.test, self.nodes, self.tensors = test, [], []
        self.images = {"whole": self.whole, "joint": self.whole, "second": self.whole,
                       "batch": self.batch, "free": self.batch}[way](activations, way)
        self.scale = 1
        for i, name in enumerate(test.names):
            if i not in activations:
                self.constant(name, test.inputs[i])
        self.nodes += test.graph.node
        self.end(way)
        images = 1 if way not in ("batch", "free") else len(self.images)
        shape = ["images" if way == "free" else images, *self.images.shape[1:]]
        graph = helper.make_graph(
            self.nodes, test.name, [helper.make_tensor_value_info("picture", onnx.TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, None)],
            list(test.graph.initializer) + self.tensors)
        self.model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", test.opset)])

    def constant(self, name, array):
        self.tensors.append(numpy_helper.from_array(numpy.asarray(array), name))
        return name

    def node(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))

    def reshape(self, source, shape, output):
        if self.test.opset < 5:
            self.node("Reshape", [source], output, shape=shape)
        else:
            self.node("Reshape", [source, self.constant("shape of " + output, numpy.array(shape, numpy.int64))], output)

    def slice(self, source, first, last, output):
        if self.test.opset < 10:
            self.node("Slice", [source], output, axes=[1], starts=[first], ends=[last])
        else:
            lists = [self.constant(f"{word} of {output}", numpy.array([number], numpy.int64))
                     for word, number in (("first", first), ("last", last), ("axes", 1))]
            self.node("Slice", [source, *lists], output)

    def whole(self, activations, _):
        test = self.test
        names = [test.names[i] for i in activations]
        arrays = [test.inputs[i] for i in activations]
        if len(arrays) == 1:
            array = arrays[0]
            return self.picture(array[None] if array.ndim != 4 or len(array) != 1 else array, names[0], array.shape)
        together = numpy.concatenate([array.ravel() for array in arrays])
        flat = self.picture(together[None], "together", (1, together.size))
        at = 0
        for name, array in zip(names, arrays):
            self.slice("together", at, at + array.size, "part of " + name)
            self.reshape("part of " + name, list(array.shape), name)
            at += array.size
        return flat

    def batch(self, activations, way):
        array = self.test.inputs[activations[0]]
        name = self.test.names[activations[0]]
        return self.picture(array, name, (-1 if way == "free" else len(array), *array.shape[1:]))

    def picture(self, array, name, shape):
        """The images, of which the value `name` of this shape is made: with 1 or 3 channels as they are, else as rows."""
        if array.ndim == 4 and array.shape[1] in (1, 3) and (len(array) != 1 or shape == array.shape):
            self.node("Identity", ["picture"], name)
            return array
        self.reshape("picture", list(shape), name)
        size = array.size // len(array)
        rows = next(n for n in range(1, size + 1) if size % n == 0 and size // n <= SIDE_MAX)
        return array.reshape(len(array), 1, rows, -1)

    def end(self, way):
        source = self.test.graph.output[0].name
        if self.test.operators() & ENDS:
            self.constant("two", numpy.float32(2))
            self.node("Mul", [source, "two"], "doubled")
            self.scale, source = 2, "doubled"
        count = len(self.images) if way == "batch" else 1
        if way == "free":
            self.node("Flatten", [source], "logits", axis=1)
        else:
            self.reshape(source, [count, self.test.output.size // count], "logits")


def run_network(bench, network, folder):
    """The logits (N,K), or what the importer says."""
    model, inputs, outputs = (str(folder / name) for name in ("net.onnx", "inputs.bin", "outputs.bin"))
    onnx.save(network.model, model)
    network.images.astype("<f4").tofile(inputs)
    pathlib.Path(outputs).unlink(missing_ok=True)
    answer = subprocess.run([bench, "--serve", "--arch", model, "--inputs", inputs, "--threads", "1"],
                            input=f"outputs {outputs}\n", capture_output=True, text=True)
    if answer.returncode == 2:
        return answer.stderr.strip().split(".onnx\": ", 1)[-1]
    if answer.returncode or not answer.stdout.endswith("ok\n"):
        return f"ended with {answer.returncode}: {answer.stdout.strip()} {answer.stderr.strip()[-1500:]}"
    return numpy.fromfile(outputs, "<f4") / network.scale


def ways_of(test):
    arrays = test.inputs
    real = [i for i, array in enumerate(arrays) if array.dtype == numpy.float32 and array.size]
    if not real:
        return
    first = real[0]
    if arrays[first].ndim <= 4 or len(arrays[first]) == 1:
        yield "whole", [first]
    if 2 <= arrays[first].ndim <= 4 and test.output.ndim >= 2 and len(test.output) == len(arrays[first]):
        yield "batch", [first]
        yield "free", [first]
    if len(arrays) == 2 and len(real) == 2 and arrays[1].ndim <= 4:
        yield "second", [1]
    if len(real) == len(arrays) > 1:
        yield "joint", real


def is_near(got, expected):
    return got.size == expected.size and numpy.allclose(got, expected.ravel(), RELATIVE, ABSOLUTE, equal_nan=True)


def try_test(test, bench, folder, verbose):
    """passed, wrong, failed or refused; and why."""
    reasons, verdict = [], "refused"
    for way, activations in ways_of(test):
        if way == "free" and any("images of a batch" in reason for _, reason in reasons):
            continue
        got = run_network(bench, Network(test, activations, way), folder)
        if verbose:
            print(f"  {test.name} {way}: {got if isinstance(got, str) else is_near(got, test.output)}")
        if isinstance(got, str):
            reasons.append((way, got))
            if got.startswith("ended"):
                return "failed", reasons
        elif not is_near(got, test.output):
            return "wrong", [(way, f"{got[:6]} for {test.output.ravel()[:6]}")]
        else:
            verdict = "passed"
    return verdict, reasons


def is_meant(test):
    return test.operators() <= OPERATORS and test.output.dtype == numpy.float32


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-v", action="store_true")
    parser.add_argument("--bench", default="build/cambench-bench")
    parser.add_argument("--data", default="/usr/share/libonnx-testdata/data/node")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    counts, lines = collections.Counter(), collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(pathlib.Path(options.data).iterdir()):
            if options.names and path.name not in options.names:
                continue
            try:
                test = Test(path)
                meant = is_meant(test)
            except Exception:  # a sequence or an optional value: no tensor
                counts["no tensors"] += 1
                continue
            if not meant or not list(ways_of(test)):
                counts["other operators" if not test.operators() <= OPERATORS else "no real activation"] += 1
                continue
            verdict, reasons = try_test(test, options.bench, pathlib.Path(folder), options.v)
            counts[verdict] += 1
            lines[verdict].append((test.name, reasons))
    for verdict in ("refused", "failed", "wrong"):
        print(f"{verdict}:")
        for name, reasons in lines[verdict]:
            print(f"  {name}")
            for way, reason in reasons:
                print(f"      {way}: {reason}")
    for name, count in sorted(counts.items()):
        print(f"{count:5d} {name}")
    print(f"{sum(counts[name] for name in ('passed', 'wrong', 'failed', 'refused')):5d} run")
    return 1 if counts["wrong"] or counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
