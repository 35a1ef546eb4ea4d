#!/usr/bin/python3
"""Golden values for tests/nn/test_operators.c: operators that move, cut, pad and reduce values, of
operators_shapes_cases.txt, by PyTorch's indexing and functions and its autograd in float64."""
import torch

import operators

VECTOR = ("slice", "channel_shuffle")  # also work on vectors, which torch has without a height and a width


class ShapeCase(operators.Case):
    def apply(self, op, node, attr, x):
        number = lambda key, fallback=0: int(attr.get(key, fallback))
        if x.dim() == 2 and op in VECTOR:
            return self.apply(op, node, attr, x[:, :, None, None]).flatten(1)
        if op == "slice":
            for dim, axis in enumerate("chw", 1):
                first, count, step = (number(axis + word, i) for word, i in (("_first", 0), ("_count", 0), ("_step", 1)))
                index = list(range(first, x.shape[dim], step)) if step > 0 else list(range(first, -1, step))
                x = x[(slice(None),) * dim + (index[:count] if count else index,)]
            return x
        if op == "channel_shuffle":
            order = torch.arange(x.shape[1]).reshape(1, -1, 1, 1)  # torch's module has no derivative
            return x[:, torch.nn.ChannelShuffle(number("groups"))(order).flatten()]
        return super().apply(op, node, attr, x)


if __name__ == "__main__":
    operators.run_cases("operators_shapes", "operators_shapes_cases.txt", ShapeCase, "operators_shapes.py")
