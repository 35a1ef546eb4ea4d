#!/usr/bin/python3
"""Golden values for tests/nn/test_tangents.c: Jacobian-vector products by torch.autograd.functional.jvp, and DeepLIFT
multipliers by autograd functions that see an input and its reference as a batch of two, in float64."""
import torch
import torch.nn.functional as F
from torch import nn

import golden


class SecantReLU(torch.autograd.Function):
    """relu, whose gradient is the slope between the two halves of the batch."""

    @staticmethod
    def forward(ctx, z, top):
        y = z.clamp(0, top)
        ctx.save_for_backward(z, y)
        ctx.top = top
        return y

    @staticmethod
    def backward(ctx, gradient):
        z, y = ctx.saved_tensors
        (z1, z0), (y1, y0) = z.chunk(2), y.chunk(2)
        near = (z1 - z0).abs() < 1e-7
        slope = torch.where(near, ((z1 > 0) & (z1 < ctx.top)).to(z), (y1 - y0) / torch.where(near, 1.0, z1 - z0))
        return gradient * torch.cat((slope, slope)), None


class SecantMaxPool(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, kernel, stride, padding):
        y, index = F.max_pool2d(x, kernel, stride, padding, return_indices=True)
        ctx.save_for_backward(x, y, index)
        return y

    @staticmethod
    def backward(ctx, gradient):
        x, y, index = ctx.saved_tensors
        x1, x0 = (half.flatten(2) for half in x.chunk(2))
        (y1, y0), (at1, at0) = y.chunk(2), index.chunk(2)
        at = torch.where(y0 > y1, at0, at1).flatten(2)
        run, rise = x1.gather(2, at) - x0.gather(2, at), (y1 - y0).flatten(2)
        slope = torch.where(run == 0, 1.0, rise / torch.where(run == 0, 1.0, run))
        out = torch.zeros_like(x1).scatter_add(2, at, gradient.chunk(2)[0].flatten(2) * slope)
        out = out.reshape(x.chunk(2)[0].shape)
        return torch.cat((out, out)), None, None, None


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.stem_bn = nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8)
        self.a, self.b = nn.Conv2d(8, 8, 3, padding=1, bias=True), nn.Conv2d(8, 8, 3, padding=1, groups=2, bias=False)
        self.b_bn = nn.BatchNorm2d(8)
        self.c, self.d = nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=True), nn.Conv2d(8, 4, 1)
        self.norm = nn.BatchNorm2d(12)
        self.fc1, self.fc2 = nn.Linear(12 * 4 * 3, 20), nn.Linear(20, 7)
        self.is_secant = False

    def relu(self, x, top=float("inf")):
        return SecantReLU.apply(x, top) if self.is_secant else x.clamp(0, top)

    def pool(self, x, *window):
        return SecantMaxPool.apply(x, *window) if self.is_secant else F.max_pool2d(x, *window)

    def head(self, x):
        return self.relu(self.stem_bn(self.stem(x)))

    def tail(self, x):
        x = self.relu(x + self.b_bn(self.b(self.relu(self.a(x)))))
        x = self.pool(x, 3, 2, 1)
        x = torch.cat((self.relu(4 * self.c(x), 6.0), self.d(x)), 1)
        x = self.relu(self.norm(F.avg_pool2d(x, 2, 1)))
        x = F.adaptive_avg_pool2d(x, (4, 3)).flatten(1)
        return self.fc2(self.relu(self.fc1(x)))


def main():
    torch.set_num_threads(1)
    out = golden.Golden("tangents", "tests/golden/tangents.py, PyTorch %s, float64" % torch.__version__)
    network = golden.load(Network()).double()
    with torch.no_grad():
        act = network.head(torch.from_numpy(golden.fill((1, 3, 20, 18), 3)).double())
    direction = torch.from_numpy(golden.fill(tuple(act.shape), 4)).double()
    reference = torch.from_numpy(golden.fill(tuple(act.shape), 5)).double()
    weights = torch.from_numpy(golden.fill((7,), 6)).double()
    out.add("logits", network.tail(act).detach().numpy())
    for name, v in (("direction", direction), ("own", act)):
        out.add("tangent." + name, torch.autograd.functional.jvp(network.tail, act, v)[1].numpy())
    network.is_secant = True
    for name, other in (("zeros", torch.zeros_like(act)), ("reference", reference), ("same", act)):
        both = torch.cat((act, other)).detach().requires_grad_()
        logits = network.tail(both)
        multipliers = torch.autograd.grad((logits[0] * weights).sum(), both)[0][0]
        with torch.no_grad():
            gap = ((logits[0] - logits[1]) * weights).sum() - (multipliers * (act - other)[0]).sum()
        assert abs(float(gap)) < 1e-9, gap
        out.add("multipliers." + name, multipliers.numpy(), 100)
    out.close()


if __name__ == "__main__":
    main()
