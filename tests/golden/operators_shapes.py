#!/usr/bin/python3
"""Golden values for tests/nn/test_operators.c: operators that move, cut, pad and reduce values, of
operators_shapes_cases.txt, by PyTorch's indexing and functions and its autograd in float64."""
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


if __name__ == "__main__":
    operators.run_cases("operators_shapes", "operators_shapes_cases.txt", ShapeCase, "operators_shapes.py")
