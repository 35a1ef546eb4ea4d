"""Evaluates ONNX graphs of usual CNNs in double precision with PyTorch's functions: independent of the engine and of ONNX
Runtime. Windows whose padding differs by side are padded first."""
import numpy
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper


def pads_of(node, x, kernel, stride, dilation):
    """(before, after) of each axis of the window."""
    mode = node.get("auto_pad", b"NOTSET").decode()
    rank = len(kernel)
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        pads = []
        for i in range(rank):
            size = x.shape[2 + i]
            total = max((-(-size // stride[i]) - 1) * stride[i] + (kernel[i] - 1) * dilation[i] + 1 - size, 0)
            small, large = total // 2, total - total // 2
            pads.append((small, large) if mode == "SAME_UPPER" else (large, small))
        return pads
    pads = node.get("pads", [0] * 2 * rank) if mode == "NOTSET" else [0] * 2 * rank
    return [(pads[i], pads[rank + i]) for i in range(rank)]


def padded(x, pads, value=0.0):
    return F.pad(x, [side for pair in reversed(pads) for side in pair], value=value)


def window(node, x, kernel):
    ones = [1] * len(kernel)
    stride, dilation = list(node.get("strides", ones)), list(node.get("dilations", ones))
    return stride, dilation, pads_of(node, x, kernel, stride, dilation)


def conv(node, x, weight, bias=None):
    stride, dilation, pads = window(node, x, weight.shape[2:])
    return F.conv2d(padded(x, pads), weight, bias, stride, 0, dilation, node.get("group", 1))


def max_pool(node, x):
    kernel = list(node["kernel_shape"])
    stride, dilation, pads = window(node, x, kernel)
    return F.max_pool2d(padded(x, pads, -numpy.inf), kernel, stride, 0, dilation, bool(node.get("ceil_mode", 0)))


def average_pool(node, x):
    kernel = list(node["kernel_shape"])
    stride, _, pads = window(node, x, kernel)
    counts = torch.ones_like(x[:1, :1])
    counts = padded(counts, pads, 1.0 if node.get("count_include_pad", 0) else 0.0)
    return F.avg_pool2d(padded(x, pads), kernel, stride) / F.avg_pool2d(counts, kernel, stride)


def lrn(node, x):
    size = node["size"]
    before = (size - 1) // 2
    squares = F.pad(x * x, (0, 0, 0, 0, before, size - 1 - before))
    total = sum(squares[:, i:i + x.shape[1]] for i in range(size))
    return x / (node.get("bias", 1.0) + node.get("alpha", 1e-4) / size * total) ** node.get("beta", 0.75)


def batch_norm(node, x, scale, bias, mean, variance):
    return F.batch_norm(x, mean, variance, scale, bias, False, 0.0, node.get("epsilon", 1e-5))


def gemm(node, a, b, c=None):
    a, b = a.T if node.get("transA", 0) else a, b.T if node.get("transB", 0) else b
    product = node.get("alpha", 1.0) * (a @ b)
    return product if c is None else product + node.get("beta", 1.0) * c


def reshape(node, x, shape=None):
    shape = [int(n) for n in (node["shape"] if shape is None else shape)]
    return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(shape)])


def flatten(node, x):
    axis = node.get("axis", 1)
    return x.reshape(int(numpy.prod(x.shape[:axis])), -1)


def axes_of(node, x, axes=None):
    return [int(axis) for axis in (node.get("axes", range(x.ndim)) if axes is None else axes)]


def pad(node, x, pads=None, value=0.0):
    pads = [int(n) for n in (node["pads"] if pads is None else pads)]
    return padded(x, [(pads[i], pads[x.ndim + i]) for i in range(x.ndim)], float(value))


def clip(node, x, low=None, high=None):
    low, high = node.get("min", low), node.get("max", high)
    return x.clamp(None if low is None else float(low), None if high is None else float(high))


def squeeze(node, x, axes=None):
    for axis in sorted((axis % x.ndim for axis in axes_of(node, x, axes)), reverse=True):
        x = x.squeeze(axis)
    return x


def unsqueeze(node, x, axes=None):
    axes = [int(axis) for axis in (node["axes"] if axes is None else axes)]
    for axis in sorted(axis % (x.ndim + len(axes)) for axis in axes):
        x = x.unsqueeze(axis)
    return x


OPERATORS = {
    "Add": lambda n, a, b: a + b, "Sub": lambda n, a, b: a - b, "Mul": lambda n, a, b: a * b, "Div": lambda n, a, b: a / b,
    "AveragePool": average_pool, "BatchNormalization": batch_norm, "Clip": clip,
    "Concat": lambda n, *x: torch.cat(x, n.get("axis", 1)), "Conv": conv, "Dropout": lambda n, x, *rest: x,
    "Flatten": flatten, "Gemm": gemm, "GlobalAveragePool": lambda n, x: x.mean((2, 3), keepdim=True),
    "Identity": lambda n, x: x, "LRN": lrn, "LeakyRelu": lambda n, x: F.leaky_relu(x, n.get("alpha", 0.01)),
    "MatMul": lambda n, a, b: a @ b, "MaxPool": max_pool, "Pad": pad,
    "ReduceMean": lambda n, x, axes=None: x.mean(axes_of(n, x, axes), keepdim=bool(n.get("keepdims", 1))),
    "Relu": lambda n, x: x.relu(), "Reshape": reshape, "Sigmoid": lambda n, x: x.sigmoid(), "Softmax": lambda n, x: x,
    "Squeeze": squeeze, "Sum": lambda n, *x: sum(x), "Transpose": lambda n, x: x.permute(*n["perm"]),
    "Unsqueeze": unsqueeze,
}


def attributes_of(node):
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def constant(tensor):
    return torch.from_numpy(numpy.array(numpy_helper.to_array(tensor), dtype=numpy.float64))


def evaluate(model, picture):
    """The first output for the only input; a softmax is passed over, as the engine's logits are before it."""
    values = {tensor.name: constant(tensor) for tensor in model.graph.initializer}
    name, = [value.name for value in model.graph.input if value.name not in values]
    values[name] = torch.from_numpy(numpy.asarray(picture, numpy.float64))
    for node in model.graph.node:
        attributes = attributes_of(node)
        if node.op_type == "Constant":
            values[node.output[0]] = constant(attributes["value"])
        elif node.op_type == "ConstantOfShape":
            shape = [int(n) for n in values[node.input[0]]]
            values[node.output[0]] = torch.full(shape, float(numpy_helper.to_array(attributes["value"])[0]),
                                                dtype=torch.float64)
        else:
            given = [values[name] if name else None for name in node.input]
            values[node.output[0]] = OPERATORS[node.op_type](attributes, *given)
    return values[model.graph.output[0].name].numpy()
