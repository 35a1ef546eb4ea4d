#!/usr/bin/python3
"""Golden values for tests/nn/test_operators.c: operators that move, cut, pad, reduce and pool values,
of operators_shapes_cases.txt, by PyTorch's indexing and functions and its autograd in float64."""
import numpy
import torch

import operators

VECTOR = ("slice", "channel_shuffle", "reduce_sum", "reduce_max", "pad")  # also work on vectors, which torch has without a height and a width


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
        if op == "reshape":
            return x.reshape(1, number("c"), number("h"), number("w"))
        if op == "flatten_hwc":
            return x.permute(0, 2, 3, 1).reshape(1, -1)
        if op == "transpose_hw":
            return x.transpose(2, 3)
        if op == "space_to_depth":
            return self.space_to_depth(x, number("block", 2), attr.get("order"))
        if op in ("concat_h", "concat_w"):
            return torch.cat((x, self.values[attr["with"]]), 2 if op == "concat_h" else 3)
        if op.startswith("reduce_"):
            axes = [axis for axis, name in enumerate("chw", 1) if number(name)]
            return {"mean": torch.mean, "sum": torch.sum, "max": torch.amax, "min": torch.amin}[op[7:]](x, axes, True)
        if op == "pad":
            return self.padded(x, attr)
        if op in ("max", "avg"):
            return self.pooled(op, x, attr)
        if op == "lrn":
            return self.lrn(x, number("size"), *(float(attr[word]) for word in ("alpha", "beta", "bias")))
        return super().apply(op, node, attr, x)

    @staticmethod
    def space_to_depth(x, block, order):
        """By ONNX's definition; torch's pixel_unshuffle has the channels in the other order."""
        if order == "channel_major":
            return torch.nn.functional.pixel_unshuffle(x, block)
        _, c, h, w = x.shape
        x = x.reshape(1, c, h // block, block, w // block, block)
        return x.permute(0, 3, 5, 1, 2, 4).reshape(1, c * block * block, h // block, w // block)

    @staticmethod
    def padded(x, attr):
        """numpy.pad of the places, then torch's indexing."""
        number = lambda key: int(attr.get(key, 0))
        mode = attr.get("mode", "constant")
        places = numpy.arange(x.numel()).reshape(x.shape)
        widths = [(0, 0), (number("channels_before"), number("channels_after")),
                  (number("pad_top"), number("pad_bottom")), (number("pad_left"), number("pad_right"))]
        if mode == "wrap":  # numpy.pad was wrong before 1.25 where the padding is larger than the axis
            for axis, (before, after) in enumerate(widths):
                places = places.take(range(-before, places.shape[axis] + after), axis, mode="wrap")
        else:
            places = numpy.pad(places, widths, mode=mode, **({"constant_values": -1} if mode == "constant" else {}))
        places = torch.from_numpy(places)
        there = x.flatten()[places.clamp(min=0)]
        return torch.where(places < 0, torch.tensor(float(attr.get("value", 0)), dtype=torch.float64), there)

    @staticmethod
    def taps(size, kernel, stride, dilation, before, after, ceil):
        """The taps of each window along an axis, by laying one window after the other."""
        windows, at, reach = [], -before, dilation * (kernel - 1)
        while at + reach < size + after:
            windows.append(at)
            at += stride
        if ceil and windows[-1] + reach < size + after - 1 and at < size:
            windows.append(at)
        return [[first + dilation * tap for tap in range(kernel)] for first in windows]

    def pooled(self, op, x, attr):
        """A pool by its definition, position by position: torch has neither padding for each side nor all divisors."""
        number = lambda key, fallback=0: int(attr.get(key, fallback))
        k, d = number("k", 1), number("d", 1)
        kw, dw, s, p = number("kw", k), number("dw", d), number("s", k), number("p")
        left, right, top, bottom = self.sides(attr)
        top, bottom, left, right = p + top, p + bottom, number("pw", p) + left, number("pw", p) + right
        sw = number("sw", number("s", kw))
        h, w, ceil = x.shape[2], x.shape[3], number("ceil")
        rows = []
        for ys in self.taps(h, k, s, d, top, bottom, ceil):
            row = []
            for xs in self.taps(w, kw, sw, dw, left, right, ceil):
                there = torch.stack([x[:, :, i, j] for i in ys for j in xs if 0 <= i < h and 0 <= j < w])
                padded = sum(1 for i in ys for j in xs if i < h + bottom and j < w + right)
                count = len(there) if number("there") else k * kw if number("count_overhang") else padded
                row.append(there.amax(0) if op == "max" else there.sum(0) / count)
            rows.append(torch.stack(row, -1))
        return torch.stack(rows, -2)

    @staticmethod
    def lrn(x, size, alpha, beta, bias):
        """By ONNX's definition: (size - 1) // 2 channels before, the rest after."""
        sums = []
        for k in range(x.shape[1]):
            first, last = max(0, k - (size - 1) // 2), min(x.shape[1] - 1, k + -(-(size - 1) // 2))
            sums.append((x[:, first:last + 1] ** 2).sum(1))
        return x / (bias + alpha / size * torch.stack(sums, 1)) ** beta


if __name__ == "__main__":
    operators.run_cases("operators_shapes", "operators_shapes_cases.txt", ShapeCase, "operators_shapes.py")
