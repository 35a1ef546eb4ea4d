#!/usr/bin/python3
"""Golden values for tests/nn/test_operators.c: functions of single values, arithmetic with broadcasting, and norms of an
image's own values, of operators_values_cases.txt and operators_pieces_cases.txt, by PyTorch's modules and functions and
its autograd in float64."""
import torch
import torch.nn.functional as F

import operators


class ValueCase(operators.Case):
    def norm(self, op, node, attr, x):
        is_all = attr.get("over") == "all"
        shape = tuple(x.shape[1:]) if is_all else (x.shape[1],)
        weight = self.weight(node, "weight", *shape) if int(attr.get("weight", 1)) else None
        bias = self.weight(node, "bias", *shape) if int(attr.get("b", 0)) else None
        eps = float(attr.get("eps", 1e-5))
        if op == "instance_norm":
            return F.instance_norm(x, weight=weight, bias=bias, eps=eps)
        if op == "group_norm":
            return F.group_norm(x, int(attr.get("groups", 1)), weight, bias, eps)
        if is_all or x.dim() == 2:
            return F.layer_norm(x, shape, weight, bias, eps)
        return F.layer_norm(x.permute(0, 2, 3, 1), shape, weight, bias, eps).permute(0, 3, 1, 2)

    def constant(self, op, node, attr, x):
        value = self.weight(node, "value", *(int(attr.get(axis, 1)) for axis in "chw"))
        if x.dim() == 2:
            value = value.flatten()
        return {"add": lambda: x + value, "mul": lambda: x * value, "sub_from": lambda: value - x,
                "over": lambda: value / x, "pow": lambda: x ** value}[op[len("constant_"):]]()

    def apply(self, op, node, attr, x):
        other = self.values.get(attr.get("with"))
        if op.endswith("_norm"):
            return self.norm(op, node, attr, x)
        if op.startswith("constant_"):
            return self.constant(op, node, attr, x)
        if op == "scale_shift":
            column = (-1,) + (1,) * (x.dim() - 2)
            return (x * self.weight(node, "weight", x.shape[1]).reshape(column) +
                    self.weight(node, "bias", x.shape[1]).reshape(column))
        number = lambda key, fallback: float(attr.get(key, fallback))
        values = {
            "abs": lambda: x.abs(), "broadcast_add": lambda: x + other,
            "clip": lambda: x.clamp(number("low", "-inf"), number("high", "inf")), "div": lambda: x / other,
            "elu": lambda: F.elu(x, number("alpha", 1)), "erf": lambda: torch.erf(x), "exp": lambda: x.exp(),
            "gelu": lambda: F.gelu(x), "gelu_tanh": lambda: F.gelu(x, approximate="tanh"),
            "hard_sigmoid_of": lambda: (number("alpha", 0.2) * x + number("beta", 0.5)).clamp(0, 1),
            "leaky_relu": lambda: F.leaky_relu(x, number("slope", 0.01)), "log": lambda: x.log(),
            "maximum": lambda: torch.maximum(x, other), "minimum": lambda: torch.minimum(x, other),
            "mul": lambda: x * other, "pow": lambda: x ** number("exponent", 2), "power": lambda: x ** other,
            "prelu": lambda: F.prelu(x, self.weight(node, "weight", 1 if number("shared", 0) else x.shape[1])),
            "softmax": lambda: F.softmax(x, 1), "softplus": lambda: F.softplus(x), "sqrt": lambda: x.sqrt(),
            "sub": lambda: x - other, "tanh": lambda: torch.tanh(x)}
        return values[op]() if op in values else super().apply(op, node, attr, x)


if __name__ == "__main__":
    for family in ("values", "pieces"):
        operators.run_cases("operators_" + family, "operators_%s_cases.txt" % family, ValueCase, "operators_values.py")
