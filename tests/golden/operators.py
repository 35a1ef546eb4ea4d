#!/usr/bin/python3
"""Golden values for tests/nn/test_operators.c: values, logits and gradients of tests/golden/operator_cases.txt, by
PyTorch's functions and its autograd in float64. Weights and input: golden.tensor(), golden.fill()."""
import os

import torch
import torch.nn.functional as F

import golden


def parse(token):
    """'conv@name:o=6:k=3' -> ('conv', 'name', {'o': '6', 'k': '3'})."""
    parts = token.split(":")
    op, _, name = parts[0].partition("@")
    return op, name or op, dict(part.split("=") for part in parts[1:])


class Case:
    def __init__(self, line):
        self.name, shape, self.layer, *self.tokens = line.split()
        self.shape = tuple(int(v) for v in shape.split(","))
        self.values = {}

    def weight(self, node, suffix, *shape):
        return torch.from_numpy(golden.tensor(node + "." + suffix, shape)).double()

    @staticmethod
    def sides(attr):
        return [int(attr.get("pad_" + side, 0)) for side in ("left", "right", "top", "bottom")]

    def pad(self, x, attr, value=0.0):
        """All padding of a convolution or pool, as zeros or `value`: torch pads its own only symmetrically."""
        p, left, right, top, bottom = int(attr.get("p", 0)), *self.sides(attr)
        pw = int(attr.get("pw", p))
        return F.pad(x, (pw + left, pw + right, p + top, p + bottom), value=value)

    def pool(self, op, x, attr, kernel, stride):
        if op == "max":
            return F.max_pool2d(self.pad(x, attr, float("-inf")), kernel, stride)
        mean = F.avg_pool2d(self.pad(x, attr), kernel, stride)
        if not int(attr.get("there", 0)):
            return mean
        return mean / F.avg_pool2d(self.pad(torch.ones_like(x), attr), kernel, stride)

    def apply(self, op, node, attr, x):
        number = lambda key, fallback=0: int(attr.get(key, fallback))
        pair = lambda key, fallback: (number(key, fallback), number(key + "w", number(key, fallback)))
        other = self.values.get(attr.get("with"))
        if op == "conv":
            out, groups, kernel = number("o"), number("g", 1), pair("k", 1)
            weight = self.weight(node, "weight", out, x.shape[1] // groups, *kernel)
            bias = self.weight(node, "bias", out) if number("b") else None
            return F.conv2d(self.pad(x, attr), weight, bias, pair("s", 1), 0, pair("d", 1), groups)
        if op == "bn":
            names = ("running_mean", "running_var", "weight", "bias")
            eps = float(attr.get("eps", 1e-5))
            return F.batch_norm(x, *(self.weight(node, name, x.shape[1]) for name in names), eps=eps)
        if op == "affine":
            scale, shift = ([float(attr.get(word + str(k), fallback)) for k in range(x.shape[1])]
                            for word, fallback in (("scale", 1), ("shift", 0)))
            column = lambda values: torch.tensor(values, dtype=torch.float64).reshape(1, -1, 1, 1)
            return x * column(scale) + column(shift)
        if op == "linear":
            bias = self.weight(node, "bias", number("o")) if number("b") else None
            return F.linear(x, self.weight(node, "weight", number("o"), x.shape[1]), bias)
        if op in ("max", "avg"):
            kernel = pair("k", 1)
            stride = pair("s", 1) if "s" in attr else kernel
            if any(self.sides(attr)):
                return self.pool(op, x, attr, kernel, stride)
            if op == "max":
                return F.max_pool2d(x, kernel, stride, pair("p", 0), ceil_mode=bool(number("ceil")))
            return F.avg_pool2d(x, kernel, stride, pair("p", 0), bool(number("ceil")), not number("there"))
        if op == "lrn":
            return F.local_response_norm(x, number("size"), *(float(attr.get(word, fallback)) for word, fallback in
                                                              (("alpha", 1e-4), ("beta", 0.75), ("bias", 1))))
        return {"relu": lambda: F.relu(x), "relu6": lambda: F.relu6(x), "flatten": lambda: torch.flatten(x, 1),
                "sigmoid": lambda: torch.sigmoid(x), "silu": lambda: F.silu(x), "hswish": lambda: F.hardswish(x),
                "hsigmoid": lambda: F.hardsigmoid(x), "scale": lambda: x * other,
                "aavg": lambda: F.adaptive_avg_pool2d(x, (number("h"), number("w"))), "add": lambda: x + other,
                "concat": lambda: torch.cat((x, other), 1)}[op]()

    def run(self, out):
        x = torch.from_numpy(golden.fill((1,) + self.shape, golden.seed(self.name))).double().requires_grad_()
        self.values["input"] = x
        for token in self.tokens:
            op, node, attr = parse(token)
            x = self.apply(op, node, attr, self.values[attr["from"]] if "from" in attr else x)
            self.values[node] = x
        cotangent = torch.from_numpy(golden.fill(x.shape, golden.seed(self.name + ".cotangent"))).double()
        layer = self.values[self.layer]
        gradient = torch.autograd.grad(x, (layer, self.values["input"]), cotangent)
        out.add(self.name + ".layer", layer.detach().numpy(), 32)
        out.add(self.name + ".logits", x.detach().numpy(), 64)
        out.add(self.name + ".layer_gradient", gradient[0].numpy(), 32)
        out.add(self.name + ".input_gradient", gradient[1].numpy(), 32)


def run_cases(name, cases, case, script):
    """Writes NAME.txt: the golden values of the lines of `cases`, each by an object of the class `case`."""
    torch.set_num_threads(1)
    out = golden.Golden(name, "tests/golden/%s, PyTorch %s, float64" % (script, torch.__version__))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), cases)) as file:
        for line in file:
            if not line.startswith("#"):
                case(line).run(out)
    out.close()


if __name__ == "__main__":
    run_cases("operators", "operator_cases.txt", Case, "operators.py")
