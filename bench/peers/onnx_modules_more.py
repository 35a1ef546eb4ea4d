"""More networks for onnx_exports.py: convolutions, pools, shapes and heads. They join MODULES of onnx_modules.py."""
import torch
import torch.nn.functional as F
from torch import nn

from onnx_modules import CLASSES, MODULES, Conv, Small, module


# -- convolutions and pools ---------------------------------------------------------------------------------------------
@module(3, 32, 24)
class Convolutions(Small):
    """Grouped, dilated, asymmetric, one-sided padding, depthwise with a multiplier, transposed names."""

    def make(self):
        self.a, self.b = Conv(16, 24, groups=8), Conv(24, 16, padding=3, dilation=3)
        self.c, self.d = nn.Conv2d(16, 16, (1, 7), padding=(0, 3)), nn.Conv2d(16, 16, (5, 1), (2, 1), (2, 0), (1, 1), 4)
        self.e = nn.Conv2d(16, 32, 3, padding=1, groups=16)

    def middle(self, x):
        x = self.d(F.relu(self.c(self.b(self.a(x)))))
        return self.e(F.pad(x, (0, 1, 2, 0)))


@module()
class AsSame(Small):
    """TensorFlow's padding, computed from the size."""

    def make(self):
        self.conv = nn.Conv2d(16, 16, 3, 2)

    def middle(self, x):
        side = x.shape[2]
        pad = max((-(-side // 2) - 1) * 2 + 3 - side, 0)
        return self.conv(F.pad(x, (pad // 2, pad - pad // 2, pad // 2, pad - pad // 2)))


@module(3, 26, 30)
class Pools(Small):
    def make(self):
        self.a, self.b = nn.MaxPool2d(3, 2, ceil_mode=True), nn.AvgPool2d(3, 2, 1, count_include_pad=False, ceil_mode=True)
        self.c, self.d = nn.MaxPool2d(3, 1, 1), nn.AvgPool2d((3, 1), 1, (1, 0), count_include_pad=True)

    def middle(self, x):
        return torch.cat([self.b(x)[:, :, :6, :6], self.a(x)[:, :, :6, :6]], 1) + \
            torch.cat([self.c(x), self.d(x)], 1)[:, :, 1:12:2, :12:2]


@module()
class PoolsCeil(Small):
    def make(self):
        self.a = nn.AvgPool2d(3, 2, 1, ceil_mode=True)
        self.b = nn.MaxPool2d(3, 2, 1, ceil_mode=True)
        self.c = nn.MaxPool2d(3, 2, 2 - 1, dilation=2)

    def middle(self, x):
        return self.a(x) + self.b(x) + F.pad(self.c(x), (1, 1, 1, 1))


@module()
class BlurPool(Small):
    def make(self):
        taps = torch.tensor([1.0, 2, 1])
        self.register_buffer("kernel", (taps[:, None] * taps / 16)[None, None].repeat(16, 1, 1, 1))

    def middle(self, x):
        return F.conv2d(F.pad(F.max_pool2d(x, 2, 1), (1, 1, 1, 1), mode="reflect"), self.kernel, stride=2, groups=16)


@module()
class PowerPool(Small):
    """GeM at the end."""

    def make(self):
        self.p = nn.Parameter(torch.tensor([3.0]))

    def forward(self, x):
        x = self.last(self.late(self.stem(x)))
        return self.fc(F.avg_pool2d(x.clamp(min=1e-3).pow(self.p), (x.size(-2), x.size(-1))).pow(1 / self.p).flatten(1))


@module()
class ManyReductions(Small):
    def make(self):
        self.signed = nn.Conv2d(32, 32, 1)

    def forward(self, x):
        x = self.last(self.late(self.stem(x)))
        y = x.amax((2, 3)) + x.sum((2, 3)) * 0.1 + x.mean(3).mean(2) + x.flatten(2).mean(2) + self.signed(x).amin((2, 3))
        return self.fc(y + 0.01 * x.std((2, 3), unbiased=False))


@module()
class MaxAverageHead(Small):
    def forward(self, x):
        x = self.last(self.late(self.stem(x)))
        return self.fc(0.5 * (F.adaptive_avg_pool2d(x, 1) + F.adaptive_max_pool2d(x, 1)).flatten(1))


# -- shapes -------------------------------------------------------------------------------------------------------------
@module()
class Padding(Small):
    def make(self):
        self.pads = nn.Sequential(nn.ReflectionPad2d((1, 2, 0, 3)), nn.ReplicationPad2d((0, 2, 1, 0)),
                                  nn.ConstantPad2d((1, 0, 2, 1), 0.3), nn.ZeroPad2d((0, -3, -2, 1)))

    def middle(self, x):
        return F.pad(self.pads(x), (0, 0, 0, 0, 2, 3))


@module()
class Splits(Small):
    def make(self):
        self.a, self.b = Conv(4, 4), Conv(4, 4)

    def middle(self, x):
        one, two, three, four = torch.split(x, 4, 1)
        a = self.a(two)
        b = self.b(three + a)
        x = torch.cat([b, a, four, one], 1)
        left, right = x.chunk(2, 3)
        return torch.cat([right, left[:, [2, 0, 1, 3]].repeat(1, 4, 1, 1)], 2)[:, 2:15:3]


@module(3, 32, 24)
class Focus(Small):
    channels = 12

    def forward(self, x):
        return super().forward(torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1))


@module()
class Shuffles(Small):
    def make(self):
        self.conv, self.down = Conv(16, 16, groups=4), nn.PixelUnshuffle(2)

    def middle(self, x):
        b, c, h, w = x.size()
        x = self.conv(x.view(b, 4, c // 4, h, w).transpose(1, 2).contiguous().view(b, c, h, w))
        return self.down(x)


@module()
class ChannelsLast(Small):
    """A block of ConvNeXt, written with linear layers."""

    def make(self):
        self.depthwise, self.norm = nn.Conv2d(16, 16, 7, padding=3, groups=16), nn.LayerNorm(16)
        self.one, self.act, self.two = nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16)
        self.scale = nn.Parameter(torch.rand(16))

    def middle(self, x):
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        return x + (self.scale * self.two(self.act(self.one(y)))).permute(0, 3, 1, 2)


@module()
class Coordinates(Small):
    def middle(self, x):
        b, _, h, w = x.shape
        rows = torch.linspace(-1, 1, h, dtype=x.dtype).view(1, 1, h, 1).expand(b, 1, h, w)
        columns = torch.linspace(-1, 1, w, dtype=x.dtype).view(1, 1, 1, w).expand(b, 1, h, w)
        return torch.cat([x, rows, columns], 1)


@module()
class Mixer(Small):
    """Linear layers over positions."""

    def make(self):
        self.mix = nn.Linear(144, 144)

    def middle(self, x):
        b, c, h, w = x.shape
        return x + self.mix(x.flatten(2)).view(b, c, h, w)


@module()
class Normalises(Small):
    """The picture's transform, in the network."""

    def forward(self, x):
        mean = torch.tensor([0.4, 0.5, 0.3], dtype=x.dtype).view(1, 3, 1, 1)
        std = torch.tensor([0.2, 0.3, 0.25], dtype=x.dtype).view(1, 3, 1, 1)
        return super().forward((x - mean) / std)


@module()
class Bgr(Small):
    def forward(self, x):
        return super().forward(torch.flip(x, [1]) * 2 - 1)


@module()
class Maxout(Small):
    def make(self):
        self.one, self.two = nn.Conv2d(16, 16, 1), nn.Conv2d(16, 16, 1)

    def middle(self, x):
        return torch.max(self.one(x), self.two(x)) - torch.min(x, self.two(x))


@module()
class MaxFeatureMap(Small):
    """LightCNN's."""

    def middle(self, x):
        return torch.max(*torch.split(x, 8, 1))


@module()
class DividesAndSubtracts(Small):
    def middle(self, x):
        return 1 - x / (1 + x) + 2 / (x + 1.5) - (3 - x).exp() * 0.01 + (x + 1).log() + (x + 0.1).sqrt()


@module()
class LinearStack(Small):
    def make(self):
        self.hidden = nn.Sequential(nn.Linear(32, 20), nn.BatchNorm1d(20), nn.ReLU(), nn.Dropout(), nn.Linear(20, 32))

    def forward(self, x):
        return self.fc(self.hidden(self.last(self.late(self.stem(x))).mean((2, 3))))


@module(1, 28, 28)
class FlattenHead(nn.Module):
    """LeNet."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5),
                                      nn.Tanh(), nn.MaxPool2d(2))
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, CLASSES)

    def forward(self, x):
        x = self.features(x)
        x = x.view(x.size(0), -1)
        return self.fc3(torch.tanh(self.fc2(torch.tanh(self.fc1(x)))))


@module()
class CosineHead(Small):
    def forward(self, x):
        x = self.last(self.late(self.stem(x))).mean((2, 3))
        return 8 * F.linear(F.normalize(x), F.normalize(self.fc.weight))


@module()
class TwoHeads(Small):
    def make(self):
        self.other = nn.Linear(32, CLASSES)

    def forward(self, x):
        x = self.last(self.late(self.stem(x))).mean((2, 3))
        return (self.fc(x) + self.other(x)) / 2


@module()
class ConvolutionHead(Small):
    def make(self):
        self.head = nn.Conv2d(32, CLASSES, 1)

    def forward(self, x):
        return F.adaptive_avg_pool2d(self.head(self.last(self.late(self.stem(x)))), 1).flatten(1)


@module()
class SqueezeHead(Small):
    def forward(self, x):
        x = F.adaptive_avg_pool2d(self.last(self.late(self.stem(x))), (1, 1))
        return self.fc(x.squeeze(3).squeeze(2))


@module()
class DenseBlocks(Small):
    def make(self):
        self.a, self.b = Conv(16, 8), Conv(24, 8)

    def middle(self, x):
        x = torch.cat([x, self.a(x)], 1)
        return torch.cat([x, self.b(x)], 1)


@module()
class RepVgg(Small):
    def make(self):
        self.a, self.b, self.c = nn.Conv2d(16, 16, 3, padding=1), nn.Conv2d(16, 16, 1), nn.BatchNorm2d(16)

    def middle(self, x):
        return F.relu(self.a(x) + self.b(x) + self.c(x))


MODULES["prelu"] = lambda: PreluChannels(), (3, 24, 24)


class PreluChannels(Small):
    def make(self):
        self.act = nn.Sequential(nn.Conv2d(16, 16, 1), nn.PReLU(16))
        nn.init.uniform_(self.act[1].weight, -0.5, 0.5)

    def middle(self, x):
        return self.act(x)
