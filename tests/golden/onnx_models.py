#!/usr/bin/python3
"""Small ONNX files and golden values for tests/models/test_onnx.c. PyTorch exports its own modules; graphs as other
exporters write them are built by hand, beside a PyTorch module that computes the same. Keys, for a file NAME:
NAME/logits, of the input golden_fill(seed 1); NAME/input, NAME/LAYER: gradient of the logit in the middle."""
import os
import warnings

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional as F

import golden

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "onnx_models")
SIDE = 16


def fill_parameters(module):
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if value.dtype == torch.float32:
                value.copy_(torch.from_numpy(golden.tensor(name, tuple(value.shape))))


class Residual(nn.Module):
    """A residual block, as in a ResNet; its batch norms are folded by the exporter."""
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer1 = nn.Sequential(Block(8), Block(8))
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = self.layer1(F.relu(self.bn1(self.conv1(x))))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(c, c, 3, 1, 1, bias=False), nn.BatchNorm2d(c)
        self.conv2, self.bn2 = nn.Conv2d(c, c, 3, 1, 1, bias=False), nn.BatchNorm2d(c)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(x + self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))))


class Activations(nn.Module):
    """Those that exporters write as several nodes, with squeeze-and-excite between them."""
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.SiLU(), nn.Conv2d(8, 8, 1), nn.Hardswish(),
                                  Excite(8), nn.Conv2d(8, 8, 3, 1, 1, groups=8), nn.GELU(), nn.Conv2d(8, 6, 1),
                                  nn.ReLU6(), nn.Conv2d(6, 6, 1), nn.LeakyReLU(0.1), nn.Conv2d(6, 6, 1), nn.ELU(),
                                  nn.PReLU(6), nn.Hardsigmoid())
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        return self.fc(self.body(x).mean((2, 3)))


class Excite(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(c, 4, 1), nn.Conv2d(4, c, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)))))


class Shuffle(nn.Module):
    """A unit of ShuffleNet, with shapes that the file computes."""
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 3, 2, 1)
        self.branch = nn.Conv2d(6, 6, 3, 1, 1, groups=3)
        self.fc = nn.Linear(12, 5)

    def forward(self, x):
        a, b = self.stem(x).relu().chunk(2, dim=1)
        x = torch.cat((a, self.branch(b)), dim=1)
        n, c, h, w = x.shape
        x = x.view(n, 3, c // 3, h, w).transpose(1, 2).contiguous().view(n, c, h, w)
        return self.fc(x.mean((2, 3)))


class Norms(nn.Module):
    """A ConvNeXt block: layer norm and products with channels last; then layer norm of maps, group and instance norm."""
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 4, 4)
        self.dw, self.norm = nn.Conv2d(8, 8, 3, 1, 1, groups=8), nn.LayerNorm(8, eps=1e-6)
        self.up, self.down = nn.Linear(8, 16), nn.Linear(16, 8)
        self.scale = nn.Parameter(torch.ones(8, 1, 1))
        self.group, self.instance = nn.GroupNorm(2, 8), nn.InstanceNorm2d(8, affine=True)
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = self.stem(x)
        y = self.down(F.gelu(self.up(self.norm(self.dw(x).permute(0, 2, 3, 1)))))
        x = self.instance(self.group(x + self.scale * y.permute(0, 3, 1, 2)).tanh() + x)
        return self.fc((x * x).mean((2, 3)))


class Flat(nn.Module):
    """Maps that are flattened, pools of several kinds, padding, and a probability at the end."""
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, (3, 1), (1, 2), (1, 0), dilation=(1, 1))
        self.pool = nn.AvgPool2d(3, 2, 1, count_include_pad=False)
        self.fc = nn.Linear(4 * 4 * 2, 5)

    def logits(self, x):
        x = F.max_pool2d(F.pad(self.conv(x), (1, 2, 0, 1), value=0.5).relu(), 3, 2, ceil_mode=True)
        x = self.pool(F.avg_pool2d(x, 2, 1, 1) ** 2 - 0.25 * x.abs()[:, :, :1, :1])
        return self.fc(torch.flatten(x[:, :, -4:, :2].clamp(min=-0.3), 1))

    def forward(self, x):
        return torch.softmax(self.logits(x), 1)


class Gates(nn.Module):
    """Values that are repeated over maps, constants larger than a value, norms of channels that are all 0 at some
    positions, softmax over positions, sums over channels as a pool of five axes, weights that are computed."""
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, 2, 1)
        self.gate, self.mask, self.last = nn.Linear(6, 6), nn.Conv2d(6, 1, 1), nn.Conv2d(6, 6, 1)
        self.bound, self.places = nn.Parameter(torch.ones(1, 6, 1, 1)), nn.Parameter(torch.ones(8, 8))
        self.relu, self.lrn, self.fc = nn.ReLU(), nn.LocalResponseNorm(3, 0.5, 0.75, 1.5), nn.Linear(6, 5)

    def forward(self, x):
        x = self.stem(x)
        gate = F.selu(self.gate(x.mean((2, 3)))).view(1, 6, 1, 1)
        x = x * gate.expand_as(x) + (gate + self.places)
        y = self.relu(x - 0.5 * x.abs().max())
        x = y / (y.norm(dim=1, keepdim=True) + 0.1) + torch.max(x, self.bound)
        share = torch.softmax(self.mask(x).flatten(2), 2).view(1, 1, 8, 8)
        x = self.lrn(x + (x * share).sum((2, 3), keepdim=True))
        weight = self.last.weight - self.last.weight.mean((1, 2, 3), keepdim=True)
        return self.fc(F.conv2d(x, weight / weight.norm(dim=1, keepdim=True).clamp(min=1e-3)).mean((2, 3)))


class GatesPlain(Gates):
    """Without the local response norm, in which PyTorch asks by `If` whether an axis has the size 1 from opset 11 on."""
    def __init__(self):
        super().__init__()
        self.lrn = nn.Identity()


EXPORTS = [("residual", Residual, 13, "layer1", {}), ("activations_9", Activations, 9, "body.9", {}),
           ("activations_14", Activations, 14, "body.9", {}), ("shuffle_11", Shuffle, 11, "branch", {}),
           ("shuffle_13", Shuffle, 13, "branch", {"dynamic_axes": {"input": {0: "n"}}}), ("norms_13", Norms, 13, "stem", {}),
           ("norms_17", Norms, 17, "stem", {}), ("flat_10", Flat, 10, "conv", {}), ("flat_13", Flat, 13, "conv", {}),
           ("gates_9", Gates, 9, "relu", {}), ("gates_13", GatesPlain, 13, "relu", {}), ("gates_17", Gates, 17, "relu", {})]


def channels_last():
    """As the exporters of Keras and TensorFlow write a network: (N,h,w,C) in and out, transposes around operators,
    biases apart, MatMul and Add, the pool as a mean."""
    w1, b1 = golden.tensor("w1", (6, 3, 3, 3)), golden.tensor("b1.bias", (6,))
    w2, b2 = golden.tensor("w2", (6, 1, 3, 3)), golden.tensor("b2.bias", (6,))
    w3, b3 = golden.tensor("w3", (12, 5)), golden.tensor("b3.bias", (5,))
    names = {"w1": w1, "b1": b1, "w2": w2, "b2": b2.reshape(1, 6, 1, 1), "w3": w3, "b3": b3}
    node = helper.make_node
    nodes = [node("Transpose", ["input"], ["t1"], name="model/conv1/Conv2D__6", perm=[0, 3, 1, 2]),
             node("Conv", ["t1", "w1"], ["c1"], name="model/conv1/Conv2D", strides=[2, 2], auto_pad="SAME_UPPER"),
             node("Transpose", ["c1"], ["t2"], name="model/conv1/Conv2D__8", perm=[0, 2, 3, 1]),
             node("Add", ["t2", "b1"], ["a1"], name="model/conv1/BiasAdd"),
             node("Relu", ["a1"], ["r1"], name="model/relu1/Relu"),
             node("Transpose", ["r1"], ["t3"], perm=[0, 3, 1, 2]),
             node("Conv", ["t3", "w2"], ["c2"], name="model/conv2/depthwise", group=6, auto_pad="SAME_UPPER"),
             node("Add", ["c2", "b2"], ["a2"], name="model/conv2/BiasAdd"),
             node("Transpose", ["a2"], ["t4"], perm=[0, 2, 3, 1]),
             node("Concat", ["r1", "t4"], ["k"], name="model/Mixed_1/concat", axis=3),
             node("ReduceMean", ["k"], ["m"], name="model/pool/Mean", axes=[1, 2], keepdims=0),
             node("MatMul", ["m", "w3"], ["p"], name="model/dense/MatMul"),
             node("Add", ["p", "b3"], ["logits"], name="model/dense/BiasAdd"),
             node("Softmax", ["logits"], ["output"], name="model/dense/Softmax", axis=-1)]
    graph = helper.make_graph(
        nodes, "keras", [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", SIDE, SIDE, 3])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", 5])],
        [numpy_helper.from_array(value, name) for name, value in names.items()])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="tf2onnx")
    made.ir_version = 7
    helper.set_model_props(made, {"names": "{0: 'ant', 1: \"bee\", 2: 'cat', 3: 'd\\'oh', 4: 'e, f'}"})
    onnx.checker.check_model(made)
    onnx.save(made, os.path.join(FOLDER, "channels_last.onnx"))

    def run(x):
        t = {name: torch.from_numpy(value) for name, value in names.items()}
        x = F.relu(F.conv2d(F.pad(x, (0, 1, 0, 1)), t["w1"], torch.from_numpy(b1), 2))
        x = torch.cat((x, F.conv2d(x, t["w2"], torch.from_numpy(b2), 1, 1, groups=6)), 1)
        return x.mean((2, 3)) @ t["w3"] + t["b3"], x
    return run


def small(name, nodes, outputs, shape=("N", 3, 4, 4), constants=(), opset=13):
    """A file of a few nodes that is refused, or has several outputs."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "small", [value("input", TensorProto.FLOAT, shape)],
                              [value(output, TensorProto.FLOAT, None) for output in outputs],
                              [numpy_helper.from_array(array, key) for key, array in constants])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = 7
    onnx.save(made, os.path.join(FOLDER, name + ".onnx"))


def small_files():
    node = helper.make_node
    flat = node("GlobalAveragePool", ["input"], ["pooled"], name="pool"), node("Flatten", ["pooled"], ["flat"])
    head = node("MatMul", ["flat", "w"], ["first"], name="head"), node("Relu", ["first"], ["second"], name="relu")
    weight = [("w", golden.tensor("w", (3, 2)))]
    small("two_outputs", [*flat, *head], ["first", "second"], constants=weight)
    small("any_size", [*flat, *head], ["first"], ("N", 3, "h", "w"), weight)
    small("resize", [node("Resize", ["input", "", "scales"], ["big"], name="up"), node("Flatten", ["big"], ["y"])],
          ["y"], constants=[("scales", np.float32([1, 1, 2, 2]))])
    small("attention", [node("Reshape", ["input", "s"], ["t"]), node("Transpose", ["t"], ["u"], perm=[0, 2, 1]),
                        node("MatMul", ["t", "u"], ["v"], name="scores"), node("Flatten", ["v"], ["y"])], ["y"],
          constants=[("s", np.int64([0, 3, 16]))])
    branches = {f"{name}_branch": helper.make_graph([node(op, ["input"], ["z"])], name, [], [helper.make_tensor_value_info(
        "z", TensorProto.FLOAT, None)]) for name, op in (("then", "Relu"), ("else", "Abs"))}
    small("branches_by_picture", [node("ReduceMax", ["input"], ["most"], keepdims=0), node("Greater", ["most", "one"], ["c"]),
                                  node("If", ["c"], ["x"], name="choice", **branches), node("Flatten", ["x"], ["y"])], ["y"],
          constants=[("one", np.float32(1))])
    small("maps", [node("Relu", ["input"], ["y"], name="relu")], ["y"])
    small("quantised", [node("QuantizeLinear", ["input", "s", "z"], ["q"], name="q"), node("Flatten", ["q"], ["y"])],
          ["y"], constants=[("s", np.float32(1)), ("z", np.uint8(0))])


def write(out, name, logits, tensors):
    """Gradients of the logit in the middle."""
    gradients = torch.autograd.grad(logits[0, logits.shape[1] // 2], list(tensors.values()))
    out.add(f"{name}/logits", logits.detach().numpy())
    for key, gradient in zip(tensors, gradients):
        out.add(f"{name}/{key}", gradient.numpy())


def export(out, name, make, opset, layer, options):
    module = make().eval()
    fill_parameters(module)
    x = torch.from_numpy(golden.fill((1, 3, SIDE, SIDE), 1)).requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, x.detach(), os.path.join(FOLDER, name + ".onnx"), opset_version=opset,
                          input_names=["input"], output_names=["output"], **options)
    kept = {}
    dict(module.named_modules())[layer].register_forward_hook(lambda _m, _i, value: kept.update({layer: value}))
    logits = module.logits(x) if hasattr(module, "logits") else module(x)
    write(out, name, logits, {"input": x, **kept})


def main():
    os.makedirs(FOLDER, exist_ok=True)
    out = golden.Golden("onnx_models", f"by torch {torch.__version__}: tests/golden/onnx_models.py")
    for case in EXPORTS:
        export(out, *case)
    x = torch.from_numpy(golden.fill((1, 3, SIDE, SIDE), 1)).requires_grad_()
    logits, mixed = channels_last()(x)
    write(out, "channels_last", logits, {"input": x, "Mixed_1": mixed})
    out.close()
    small_files()


if __name__ == "__main__":
    main()
