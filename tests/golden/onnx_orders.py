#!/usr/bin/python3
"""ONNX files whose values have their axes in unusual orders, for tests/models/test_onnx.c; keys as in onnx_models.py.
The golden values are by PyTorch modules' functions, never by the graphs."""
import os

import numpy as np
import torch
from onnx import TensorProto, helper, numpy_helper, save
from torch.nn import functional as F

import golden

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "onnx_models")
SIDE = 16


class Graph:
    """A graph from "input" to "output", written by itself."""
    def __init__(self):
        self.nodes, self.tensors = [], {}

    def __call__(self, op, *inputs, name=None, **attributes):
        """Adds a node; an input that is an array becomes an initializer. The name of the output."""
        output = name or f"v{len(self.nodes)}"
        names = []
        for value in inputs:
            if not isinstance(value, str):
                self.tensors[f"t{len(self.tensors)}"] = value
                value = f"t{len(self.tensors) - 1}"
            names.append(value)
        self.nodes.append(helper.make_node(op, names, [output], name=output, **attributes))
        return output

    def save(self, name, shape, opset):
        value = helper.make_tensor_value_info
        graph = helper.make_graph(self.nodes, name, [value("input", TensorProto.FLOAT, shape)],
                                  [value("output", TensorProto.FLOAT, ["N", 5])],
                                  [numpy_helper.from_array(array, key) for key, array in self.tensors.items()])
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
        made.ir_version = 8
        save(made, os.path.join(FOLDER, name + ".onnx"))


def torch_of(array):
    return torch.from_numpy(array)


def orders(x):
    """Blocks of 2x2 positions become channels, axes are turned twice, and a norm is over rows; opset 18."""
    conv, slope = golden.tensor("conv.weight", (8, 12, 3, 3)), golden.tensor("slope", (8, 8, 8))
    scale, bias = golden.tensor("n.weight", (2,)), golden.tensor("n.bias", (2,))
    row_scale, row_bias = golden.tensor("r.weight", (8,)), golden.tensor("r.bias", (8,))
    added, dense = golden.tensor("added", (1, 1, 8, 1, 1)), golden.tensor("dense", (8 * 8 * 8, 5))
    graph = Graph()
    v = graph("Reshape", "input", np.int64([-1, 3, 8, 2, 8, 2]))
    v = graph("Transpose", v, perm=[0, 3, 5, 1, 2, 4])
    v = graph("Reshape", v, np.int64([-1, 12, 8, 8]))
    v = graph("Conv", v, conv, name="conv", pads=[1, 1, 1, 1])
    v = graph("GroupNormalization", v, scale, bias, num_groups=2)
    v = graph("PRelu", v, slope)
    v = graph("LRN", v, size=4, alpha=0.5, beta=0.75, bias=1.5)
    v = graph("LayerNormalization", v, row_scale, row_bias, axis=-1)
    graph("Add", v, added, name="raised")  # five axes, of this value alone
    summed = graph("ReduceSum", "raised", np.int64([0]), keepdims=0)
    v = graph("Add", v, summed)
    v = graph("Softmax", v, axis=2)
    v = graph("Transpose", v, perm=[0, 3, 1, 2])
    v = graph("Flatten", v)
    graph("MatMul", v, dense, name="output")
    graph.save("orders", ["N", 3, SIDE, SIDE], 18)

    x = x.reshape(1, 3, 8, 2, 8, 2)
    x = torch.stack([x[:, :, :, i, :, j] for i in range(2) for j in range(2)], 1).reshape(1, 12, 8, 8)
    kept = x = F.conv2d(x, torch_of(conv), padding=1)
    x = F.group_norm(x, 2, torch_of(scale.repeat(4)), torch_of(bias.repeat(4)))
    x = torch.where(x > 0, x, x * torch_of(slope))
    squares = F.pad(x * x, (0, 0, 0, 0, 1, 2))
    x = x / (1.5 + 0.5 / 4 * squares.unfold(1, 4, 1).sum(-1)) ** 0.75
    x = F.layer_norm(x, (8,), torch_of(row_scale), torch_of(row_bias))
    x = torch.softmax(x + (x + torch_of(added[0])), 2)
    return torch.einsum("nchw,wchk->nk", x, torch_of(dense.reshape(8, 8, 8, 5))), kept


def keras_flat(x):
    """A sequential network as tf2onnx writes it: (N,h,w,C), flattened in that order; a shared PRelu; a margin."""
    w1, w2 = golden.tensor("w1", (6, 3, 3, 3)), golden.tensor("w2", (4, 6, 1, 1))
    slope, bias = golden.tensor("keras.slope", (1, 1, 6)), golden.tensor("keras.bias", (4,))
    norm = [golden.tensor(f"bn.{name}", (6,)) for name in ("weight", "bias", "running_mean", "running_var")]
    dense1, dense2 = golden.tensor("dense1", (4 * 4 * 4, 7)), golden.tensor("dense2", (7, 5))
    first, last = [0, 3, 1, 2], [0, 2, 3, 1]
    graph = Graph()
    v = graph("Pad", "input", np.int64([0, 1, 1, 0, 0, 0, 0, 0]))
    v = graph("Transpose", v, perm=first)
    v = graph("Conv", v, w1, name="conv2d", strides=[2, 2], auto_pad="VALID")
    v = graph("BatchNormalization", v, *norm, epsilon=0.001)
    v = graph("Transpose", v, perm=last)
    v = graph("PRelu", v, slope)
    v = graph("Transpose", v, perm=first)
    v = graph("MaxPool", v, kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_UPPER")
    v = graph("Conv", v, w2)
    v = graph("Transpose", v, perm=last)
    v = graph("Add", v, bias)
    v = graph("Sigmoid", v)
    v = graph("Reshape", v, np.int64([-1, 64]))
    v = graph("MatMul", v, dense1)
    v = graph("Relu", v)
    v = graph("MatMul", v, dense2)
    graph("Softmax", v, name="output", axis=-1)
    graph.save("keras_flat", ["N", SIDE, SIDE, 3], 13)

    kept = x = F.conv2d(F.pad(x, (1, 0, 1, 0)), torch_of(w1), stride=2)
    x = F.batch_norm(x, torch_of(norm[2]), torch_of(norm[3]), torch_of(norm[0]), torch_of(norm[1]), False, 0, 0.001)
    x = F.max_pool2d(F.prelu(x, torch_of(slope.ravel())), 2)
    x = torch.sigmoid(F.conv2d(x, torch_of(w2), torch_of(bias)))
    x = F.relu(torch.einsum("nchw,hwck->nk", x, torch_of(dense1.reshape(4, 4, 4, 7))))
    return x @ torch_of(dense2), kept


def main():
    out = golden.Golden("onnx_orders", f"by torch {torch.__version__}: tests/golden/onnx_orders.py")
    for name, make, layer in (("orders", orders, "conv"), ("keras_flat", keras_flat, "conv2d")):
        x = torch_of(golden.fill((1, 3, SIDE, SIDE), 1)).requires_grad_()
        logits, kept = make(x)
        gradients = torch.autograd.grad(logits[0, 2], [x, kept])
        out.add(f"{name}/logits", logits.detach().numpy())
        out.add(f"{name}/input", gradients[0].numpy())
        out.add(f"{name}/{layer}", gradients[1].numpy())
    out.close()


if __name__ == "__main__":
    main()
