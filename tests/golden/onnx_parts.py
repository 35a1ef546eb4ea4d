#!/usr/bin/python3
"""Small ONNX files and golden values for tests/models/test_onnx.c: values that are joined, cut and padded, constants among
the inputs of operators, and branches. Keys are those of onnx_models.py, whose functions make the files."""
import os

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional as F

import golden
import onnx_models


class Joins(nn.Module):
    """Values stacked along new axes and summed over them with weights, as in a selective kernel; constants beside values,
    some of one number; parts of an axis in any order; padding that takes away."""
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, 2, 1)
        self.share = nn.Linear(6, 12)
        self.more, self.rows = nn.Parameter(torch.ones(1, 2, 8, 8)), nn.Parameter(torch.ones(1, 10, 1, 8))
        self.last, self.fc = nn.Conv2d(15, 6, 3, 2), nn.Linear(6, 5)

    def forward(self, x):
        x = self.stem(x)
        y = torch.stack((x, x.tanh(), x.abs()), 1)
        share = torch.softmax(self.share(x.mean((2, 3))).view(1, 2, 6, 1, 1), 1)
        x = (y[:, :2] * share).sum(1) + y.mean(1)
        x = torch.cat((torch.zeros_like(self.more), self.more, x, torch.full((1, 1, 8, 8), 0.5), x[:, [4, 0, 1]],
                       torch.ones(1, 1, 8, 8)), 1)
        x = torch.cat((x[:, [0, 14, 3, 9, 9, 6, 7, 2, 8, 10]], self.rows, x[:, :10].flip(2)), 2)
        x = torch.cat((x, torch.stack((x[:, :5], x[:, 5:]), 2).flatten(1, 2).relu()[:, :5]), 1)
        x = F.pad(F.pad(F.pad(x, (-1, 2, 1, -2)), (-1, 3, 0, -1), mode="reflect"), (0, 0, 0, 0, -1, 1), value=0.25)
        return self.fc(self.last(x).mean((2, 3)))


def save(name, nodes, constants, opset=13):
    value = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "parts", [value("input", TensorProto.FLOAT, [1, 3, onnx_models.SIDE, onnx_models.SIDE])],
                              [value("output", TensorProto.FLOAT, [1, 5])],
                              [numpy_helper.from_array(array, key) for key, array in constants.items()])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = 8
    onnx.checker.check_model(made)
    onnx.save(made, os.path.join(onnx_models.FOLDER, name + ".onnx"))


def constants():
    """Operators of which some inputs are constants."""
    t = {"w": golden.tensor("w", (4, 3, 3, 3)), "v": golden.tensor("v", (4, 5)), "p": golden.tensor("p", (4, 1, 1)),
         "q": golden.tensor("q", (1, 8, 1)), "half": golden.tensor("half", (2, 4, 1)),
         "times": np.int64([2, 2, 1]),
         "bound": golden.tensor("bound", (1, 8, 1)), "three": np.float32([3]), "twos": np.full((4, 1, 1), 2, np.float32),
         "base": np.abs(golden.tensor("b", (4, 1, 1))) + 0.5, "index": np.int64([[3, 0], [1, 1]]),
         "one": np.array(0.125, np.float32), "scale": golden.tensor("s", (8, 8)), "shift": golden.tensor("h", (8, 8))}
    node = helper.make_node
    save("constants", [
        node("Conv", ["input", "w"], ["c"], name="conv", strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Tile", ["half", "times"], ["whole"]), node("Sum", ["p", "c", "one", "q", "c", "whole"], ["s"]), node("Mean", ["q", "s", "p"], ["m"]),
        node("Max", ["m", "p", "q"], ["x"], name="largest"), node("Min", ["three", "bound", "x", "s"], ["n"]),
        node("Pow", ["n", "twos"], ["n2"]), node("Pow", ["base", "n"], ["e"]), node("Sum", ["n2", "e"], ["u"]),
        node("Gather", ["u", "index"], ["g"], axis=1), node("ReduceMax", ["g"], ["r"], axes=[2], keepdims=0),
        node("Concat", ["r", "u"], ["k"], axis=1), node("LayerNormalization", ["k", "scale", "shift"], ["l"], axis=2),
        node("ReduceSum", ["l", "axes"], ["l1"], keepdims=0), node("Concat", ["l1", "more"], ["l2"], axis=-1),
        node("Gemm", ["l2", "v2"], ["output"])],
        {**t, "axes": np.int64([2, 3]), "more": golden.tensor("more", (1, 2)), "v2": golden.tensor("v2", (8, 5))}, 17)
    c = {name: torch.from_numpy(value) for name, value in t.items()}

    def run(x):
        y = F.conv2d(x, c["w"], None, 2, 1)
        s = c["p"] + y + c["one"] + c["q"] + y + c["half"].repeat(2, 2, 1)
        largest = torch.maximum(torch.maximum((c["q"] + s + c["p"]) / 3, c["p"]), c["q"])
        n = torch.minimum(torch.minimum(largest, s), torch.minimum(c["three"], c["bound"]))
        u = n ** 2 + c["base"] ** n
        k = torch.cat((u[:, c["index"]].amax(2), u), 1)
        k = F.layer_norm(k, (8, 8), c["scale"], c["shift"]).sum((2, 3))
        more = torch.from_numpy(golden.tensor("more", (1, 2)))
        return torch.cat((k, more), 1) @ torch.from_numpy(golden.tensor("v2", (8, 5))), largest
    return run


class Repeats(nn.Module):
    """Copies along axes of size 1 and of other sizes, of a vector, of joined axes and with the channels last; powers whose
    exponents differ or are values; constants as the first factor of a product."""
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, 2, 1)
        self.exponents, self.rows = nn.Parameter(torch.linspace(-1.5, 2.5, 6).view(6, 1, 1)), nn.Parameter(torch.ones(5, 8))
        self.left, self.fc = nn.Parameter(torch.ones(3, 5)), nn.Linear(24, 5)

    def forward(self, x):
        x = self.stem(x)
        y = x.abs() + 0.25
        y = y ** self.exponents + y ** (x.mean((2, 3), keepdim=True).tanh() * 2)
        y = y + y.amax((2, 3), keepdim=True).repeat(1, 1, 8, 8)
        y = self.rows.tanh() @ y.relu()                                          # (1,6,5,8)
        y = self.left @ y.flatten(1, 2).view(1, 6, 5, 8)                         # (1,6,3,8)
        y = y.repeat(1, 2, 1, 3)[:, 1:11, :, 2:17]                               # (1,10,3,15)
        y = y + y.permute(0, 2, 3, 1).repeat(1, 1, 2, 1)[:, :, 5:20].permute(0, 3, 1, 2).tanh()
        y = y.flatten(2).repeat(1, 1, 2).view(1, 10, 6, 15)
        y = y.mean((2, 3)).repeat(1, 3)
        return self.fc(y[:, 3:27])


def branches():
    """`If` in `If`, with conditions that are constants or computed from shapes; branches with tensors of their own, with
    the same names, with an operator that is not supported, and with an output that is a value outside."""
    w, v, own = golden.tensor("w", (4, 3, 3, 3)), golden.tensor("v", (4, 5)), golden.tensor("own", (4, 1, 1))
    node, value = helper.make_node, helper.make_tensor_value_info

    def graph(name, nodes, output="z", tensors=()):
        return helper.make_graph(nodes, name, [], [value(output, TensorProto.FLOAT, None)],
                                 [numpy_helper.from_array(array, key) for key, array in tensors])
    bad = graph("bad", [node("Det", ["c"], ["z"])])
    inner = graph("inner", [node("Mul", ["c", "own"], ["y"]), node("Relu", ["y"], ["z"], name="chosen")],
                  tensors=[("own", own)])
    outer = graph("outer", [node("Shape", ["c"], ["s"]), node("Gather", ["s", "i1"], ["four"]),
                            node("Equal", ["four", "i4"], ["is4"]), node("Abs", ["c"], ["p"]),
                            node("If", ["is4"], ["inside"], then_branch=inner, else_branch=bad),
                            node("Add", ["inside", "p"], ["r"])], "r")
    same = graph("same", [node("Mul", ["a", "own"], ["y"]), node("Tanh", ["y"], ["z"])], tensors=[("own", 2 * own)])
    save("branches", [
        node("Conv", ["input", "w"], ["c"], name="conv", strides=[2, 2], pads=[1, 1, 1, 1]),
        node("If", ["yes"], ["a"], name="first", then_branch=outer, else_branch=bad),
        node("Not", ["yes"], ["no"]), node("If", ["no"], ["b"], then_branch=bad, else_branch=same),
        node("If", ["yes"], ["d"], then_branch=graph("pass", [node("Identity", ["b"], ["z"])]), else_branch=bad),
        node("ReduceMean", ["d"], ["m"], axes=[2, 3], keepdims=0), node("MatMul", ["m", "v"], ["output"])],
        {"w": w, "v": v, "yes": np.array(True), "i1": np.int64(1), "i4": np.int64(4)})
    t = {key: torch.from_numpy(array) for key, array in (("w", w), ("v", v), ("own", own))}

    def run(x):
        c = F.conv2d(x, t["w"], None, 2, 1)
        chosen = F.relu(c * t["own"])
        return torch.tanh((chosen + c.abs()) * 2 * t["own"]).mean((2, 3)) @ t["v"], chosen
    return run


def write(out, name, layer, run):
    x = torch.from_numpy(golden.fill((1, 3, onnx_models.SIDE, onnx_models.SIDE), 1)).requires_grad_()
    logits, value = run(x)
    onnx_models.write(out, name, logits, {"input": x, layer: value})


def main():
    out = golden.Golden("onnx_parts", f"by torch {torch.__version__}: tests/golden/onnx_parts.py")
    onnx_models.export(out, "joins_13", Joins, 13, "stem", {})
    onnx_models.export(out, "joins_11", Joins, 11, "stem", {})
    onnx_models.export(out, "repeats", Repeats, 13, "stem", {})
    write(out, "constants", "largest", constants())
    write(out, "branches", "chosen", branches())
    out.close()


if __name__ == "__main__":
    main()
