"""Networks for onnx_exports.py: torchvision's, and small ones for what other collections of networks contain.

MODULES: {name: (function that makes the module, shape (C,H,W) of its input)}. Weights are random, from a seed that
belongs to the name; statistics of batch norm are those of the network's own values, so that these keep their size.
"""
import zlib

import torch
import torch.nn.functional as F
import torchvision
from torch import nn

MODULES = {}
CLASSES = 10


def module(c=3, h=24, w=24):
    """Registers a class or a function that makes a module."""
    def register(make):
        MODULES[make.__name__.lower()] = make, (c, h, w)
        return make
    return register


def make(name):
    """The module in float64 and evaluation mode, and the shape of its input."""
    maker, shape = MODULES[name]
    torch.manual_seed(zlib.crc32(name.encode()))
    network = maker()
    calibrate(network, shape)
    for part in network.modules():
        if getattr(part, "inplace", False):
            part.inplace = False
    return network.eval().double(), shape


def calibrate(network, shape):
    norms = [part for part in network.modules() if isinstance(part, nn.BatchNorm2d)]
    network.eval()
    for norm in norms:
        nn.init.uniform_(norm.weight, 0.4, 0.8)
        nn.init.uniform_(norm.bias, 0.2, 1.2)  # few values near 0: a network that is all edges magnifies rounding
        norm.momentum = None  # the mean of all batches, which is one
        norm.reset_running_stats()
        norm.train()
    for part in network.modules():
        if type(part).__name__ == "CNBlock":
            nn.init.uniform_(part.layer_scale, 0.2, 1)
    with torch.no_grad():
        network(torch.randn(16, *shape))
    for norm in norms:  # channels that hardly vary would magnify rounding
        norm.running_var.clamp_(min=0.1 * float(norm.running_var.mean()))


# -- torchvision's ------------------------------------------------------------------------------------------------------
def add_torchvision(name, c=3, h=64, w=64, **options):
    MODULES[name] = lambda: getattr(torchvision.models, name)(num_classes=CLASSES, **options), (c, h, w)


for _name in ("resnet18", "resnext50_32x4d", "squeezenet1_1", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large",
              "mnasnet0_5", "shufflenet_v2_x0_5", "densenet121", "efficientnet_b0", "efficientnet_v2_s", "regnet_y_400mf",
              "regnet_x_400mf", "convnext_tiny"):
    add_torchvision(_name)
add_torchvision("googlenet", transform_input=True, aux_logits=False, init_weights=False)
add_torchvision("inception_v3", h=96, w=80, transform_input=True, aux_logits=False, init_weights=False)


@module(3, 64, 96)
def alexnet_one_pool():
    network = torchvision.models.alexnet(num_classes=CLASSES)
    network.avgpool = nn.Identity()
    network.classifier[1], network.classifier[4] = nn.Linear(256 * 2, 64), nn.Linear(64, 48)
    network.classifier[6] = nn.Linear(48, CLASSES)
    return network


@module(3, 64, 32)
def vgg11_bn_small():
    network = torchvision.models.vgg11_bn(num_classes=CLASSES)
    network.avgpool = nn.AdaptiveAvgPool2d((2, 1))
    network.classifier[0], network.classifier[3] = nn.Linear(1024, 64), nn.Linear(64, 48)
    network.classifier[6] = nn.Linear(48, CLASSES)
    return network


@module(1, 32, 32)
def resnet18_cifar_1():
    return cifar_resnet(1)


@module(4, 32, 32)
def resnet18_cifar_4():
    return cifar_resnet(4)


def cifar_resnet(channels):
    network = torchvision.models.resnet18(num_classes=CLASSES)
    network.conv1, network.maxpool = nn.Conv2d(channels, 64, 3, 1, 1, bias=False), nn.Identity()
    return network


# -- parts of the small ones --------------------------------------------------------------------------------------------
class Conv(nn.Sequential):
    def __init__(self, c_in, c_out, side=3, stride=1, act=None, **options):
        pad = options.pop("padding", side // 2)
        super().__init__(nn.Conv2d(c_in, c_out, side, stride, pad, bias=False, **options), nn.BatchNorm2d(c_out),
                         nn.ReLU() if act is None else act)


class Small(nn.Module):
    """A stem, middle(x) of 16 channels, two further blocks and a head; each class below gives the middle."""
    channels, stem_act = 3, nn.ReLU

    def __init__(self):
        super().__init__()
        self.stem = Conv(self.channels, 16, 3, 2, act=self.stem_act())
        self.make()
        self.late = Conv(self.width(), 24, 3, 1, act=self.stem_act())
        self.last = Conv(24, 32, 3, 2, act=self.stem_act())
        self.fc = nn.Linear(32, CLASSES)

    def make(self):
        pass

    def width(self):
        with torch.no_grad():
            return self.middle(torch.rand(2, 16, 12, 12)).shape[1]

    def middle(self, x):
        return x

    def forward(self, x):
        x = self.last(self.late(self.middle(self.stem(x))))
        return self.fc(x.mean((2, 3)))


def with_activation(name, act):
    """A network with an activation in all its blocks, and once more on values of both signs."""
    def build():
        kind = type(name, (Small,), {"stem_act": staticmethod(act), "make": lambda self: setattr(self, "extra", nn.Sequential(
            nn.Conv2d(16, 16, 1), act())), "middle": lambda self, x: self.extra(x)})
        return kind()
    MODULES[name] = build, (3, 24, 24)


class SiluPieces(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(x)


class HswishPieces(nn.Module):
    def forward(self, x):
        return x * F.relu6(x + 3) / 6


class HswishTimes(nn.Module):
    def forward(self, x):
        return x * (F.relu6(x + 3.0) * 0.16666667)


class GeluPieces(nn.Module):
    def forward(self, x):
        return 0.5 * x * (1 + torch.erf(x / 2 ** 0.5))


class GeluTanh(nn.Module):
    def forward(self, x):
        return 0.5 * x * (1 + torch.tanh(0.7978845608 * (x + 0.044715 * x ** 3)))


class QuickGelu(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


class MishPieces(nn.Module):
    def forward(self, x):
        return x * torch.tanh(F.softplus(x))


class SquaredRelu(nn.Module):
    def forward(self, x):
        return F.relu(x) ** 2


class Bounded(nn.Module):
    def forward(self, x):
        return torch.clamp(x, -0.7, 1.1) + 0.1 * torch.clamp(x, max=0.5) + 0.2 * torch.clamp(x, min=-0.25)


for _name, _act in {
        "silu": nn.SiLU, "silu_pieces": SiluPieces, "hardswish": nn.Hardswish, "hardswish_pieces": HswishPieces,
        "hardswish_times": HswishTimes, "hardsigmoid": nn.Hardsigmoid, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh,
        "gelu": nn.GELU, "gelu_pieces": GeluPieces, "gelu_tanh": GeluTanh, "quick_gelu": QuickGelu, "mish": nn.Mish,
        "mish_pieces": MishPieces, "leaky_relu": lambda: nn.LeakyReLU(0.1), "prelu_one": nn.PReLU, "elu": lambda: nn.ELU(0.7),
        "selu": nn.SELU, "celu": lambda: nn.CELU(0.5), "softplus": nn.Softplus, "relu6": nn.ReLU6, "squared_relu": SquaredRelu,
        "clip": Bounded, "hardtanh": lambda: nn.Hardtanh(-0.5, 0.8), "log_sigmoid": nn.LogSigmoid, "softsign": nn.Softsign,
        "abs": lambda: type("Abs", (nn.Module,), {"forward": lambda self, x: x.abs()})()}.items():
    with_activation(_name, _act)


# -- gates --------------------------------------------------------------------------------------------------------------
@module()
class SqueezeExcite(Small):
    def make(self):
        self.reduce, self.expand = nn.Conv2d(16, 4, 1), nn.Conv2d(4, 16, 1)

    def middle(self, x):
        return x * torch.sigmoid(self.expand(F.relu(self.reduce(x.mean((2, 3), keepdim=True)))))


@module(3, 24, 32)
class SqueezeExciteLinear(Small):
    def make(self):
        self.pool, self.gate = nn.AdaptiveAvgPool2d(1), nn.Sequential(
            nn.Linear(16, 4, bias=False), nn.ReLU(), nn.Linear(4, 16, bias=False), nn.Sigmoid())

    def middle(self, x):
        b, c, _, _ = x.size()
        return x * self.gate(self.pool(x).view(b, c)).view(b, c, 1, 1).expand_as(x)


@module()
class SqueezeExciteHard(Small):
    def make(self):
        self.reduce, self.expand = nn.Conv2d(16, 4, 1), nn.Conv2d(4, 16, 1)

    def middle(self, x):
        gate = self.expand(F.silu(self.reduce(F.adaptive_avg_pool2d(x, 1))))
        return x * F.hardsigmoid(gate) + x * (F.relu6(gate + 3) / 6)


@module()
class EfficientChannelAttention(Small):
    def make(self):
        self.conv = nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def middle(self, x):
        y = F.adaptive_avg_pool2d(x, 1)
        y = self.conv(y.squeeze(-1).transpose(-1, -2)).transpose(-1, -2).unsqueeze(-1)
        return x * y.sigmoid()


@module(3, 24, 20)
class BlockAttention(Small):
    """CBAM."""

    def make(self):
        self.mlp = nn.Sequential(nn.Flatten(), nn.Linear(16, 4), nn.ReLU(), nn.Linear(4, 16))
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def middle(self, x):
        size = int(x.shape[2]), int(x.shape[3])
        gate = self.mlp(F.avg_pool2d(x, size, size)) + self.mlp(F.max_pool2d(x, size, size))
        x = x * torch.sigmoid(gate).unsqueeze(2).unsqueeze(3).expand_as(x)
        both = torch.cat((torch.max(x, 1)[0].unsqueeze(1), torch.mean(x, 1).unsqueeze(1)), dim=1)
        return x * torch.sigmoid(self.conv(both))


@module()
class SelectiveKernel(Small):
    def make(self):
        self.one, self.two = Conv(16, 16), Conv(16, 16, padding=2, dilation=2)
        self.reduce, self.select = nn.Conv2d(16, 8, 1), nn.Conv2d(8, 32, 1)

    def middle(self, x):
        both = torch.stack([self.one(x), self.two(x)], dim=1)
        gate = self.select(F.relu(self.reduce(both.sum(1).mean((2, 3), keepdim=True))))
        b, _, c, _, _ = both.shape
        return (both * F.softmax(gate.view(b, 2, c, 1, 1), dim=1)).sum(1)


@module()
class SelectiveKernelChunks(Small):
    """The same without values of rank 5."""

    def make(self):
        self.one, self.two, self.gate = Conv(16, 16), Conv(16, 16, padding=2, dilation=2), nn.Conv2d(16, 32, 1)

    def middle(self, x):
        a, b = self.one(x), self.two(x)
        first, second = self.gate((a + b).mean((2, 3), keepdim=True)).chunk(2, 1)
        share = torch.sigmoid(first - second)
        return a * share + b * (1 - share)


@module()
class GlobalContext(Small):
    def make(self):
        self.mask, self.add = nn.Conv2d(16, 1, 1), nn.Sequential(nn.Conv2d(16, 8, 1), nn.ReLU(), nn.Conv2d(8, 16, 1))

    def middle(self, x):
        share = torch.softmax(self.mask(x).flatten(2), 2).view(x.shape[0], 1, x.shape[2], x.shape[3])
        return x + self.add((x * share).sum((2, 3), keepdim=True))


@module(3, 24, 32)
class CoordinateAttention(Small):
    def make(self):
        self.rows, self.columns = nn.Conv2d(16, 16, 1), nn.Conv2d(16, 16, 1)

    def middle(self, x):
        return x * self.rows(x.mean(3, keepdim=True)).sigmoid() * self.columns(x.mean(2, keepdim=True)).sigmoid()


# -- norms --------------------------------------------------------------------------------------------------------------
class Scaled(nn.Module):
    """A norm with random scale and bias."""

    def __init__(self, norm):
        super().__init__()
        self.norm = norm
        for parameter in norm.parameters():
            nn.init.uniform_(parameter, 0.3, 1.2)

    def forward(self, x):
        return self.norm(x)


@module()
class GroupNorm(Small):
    def make(self):
        self.norm = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), Scaled(nn.GroupNorm(4, 16)), nn.ReLU())

    def middle(self, x):
        return self.norm(x)


@module(3, 20, 32)
class GroupNormOne(Small):
    def make(self):
        self.norm = Scaled(nn.GroupNorm(1, 16, eps=1e-6))

    def middle(self, x):
        return x + self.norm(x)


@module()
class InstanceNorm(Small):
    def make(self):
        self.norm, self.plain = Scaled(nn.InstanceNorm2d(16, affine=True)), nn.InstanceNorm2d(16)

    def middle(self, x):
        return F.relu(self.norm(x)) + self.plain(x)


@module()
class LocalResponseNorm(Small):
    def make(self):
        self.norm = nn.LocalResponseNorm(5, alpha=0.3, beta=0.75, k=1.5)

    def middle(self, x):
        return self.norm(x)


@module()
class LayerNormChannels(Small):
    """By way of channels last."""

    def make(self):
        self.norm = Scaled(nn.LayerNorm(16, eps=1e-6))

    def middle(self, x):
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


@module()
class LayerNormPieces(Small):
    """ConvNeXt's, with channels first."""

    def make(self):
        self.weight, self.bias = nn.Parameter(torch.rand(16) + 0.5), nn.Parameter(torch.rand(16))

    def middle(self, x):
        u = x.mean(1, keepdim=True)
        s = (x - u).pow(2).mean(1, keepdim=True)
        return self.weight[:, None, None] * ((x - u) / torch.sqrt(s + 1e-6)) + self.bias[:, None, None]


@module()
class LayerNormMap(Small):
    def make(self):
        self.norm = Scaled(nn.LayerNorm([16, 12, 12]))

    def middle(self, x):
        return self.norm(x)


@module()
class RmsNorm(Small):
    def make(self):
        self.weight = nn.Parameter(torch.rand(1, 16, 1, 1) + 0.5)

    def middle(self, x):
        return x * torch.rsqrt(x.pow(2).mean(1, keepdim=True) + 1e-6) * self.weight


@module()
class GlobalResponseNorm(Small):
    """ConvNeXt V2's."""

    def make(self):
        self.gamma, self.beta = nn.Parameter(torch.rand(1, 1, 1, 16)), nn.Parameter(torch.rand(1, 1, 1, 16))

    def middle(self, x):
        x = x.permute(0, 2, 3, 1)
        size = torch.norm(x, p=2, dim=(1, 2), keepdim=True)
        x = self.gamma * (x * (size / (size.mean(dim=-1, keepdim=True) + 1e-6))) + self.beta + x
        return x.permute(0, 3, 1, 2)


@module()
class L2Norm(Small):
    def middle(self, x):
        return F.normalize(x, p=2.0, dim=1) * 4


@module()
class FilterResponseNorm(Small):
    def make(self):
        self.tau = nn.Parameter(torch.rand(1, 16, 1, 1) - 0.5)

    def middle(self, x):
        return torch.max(x / torch.sqrt((x ** 2).mean((2, 3), keepdim=True) + 1e-6), self.tau)


@module()
class BatchNormFirst(Small):
    """Pre-activation, where nothing folds."""

    def make(self):
        self.norm, self.conv = nn.BatchNorm2d(16), nn.Conv2d(16, 16, 3, padding=1)

    def middle(self, x):
        return x + self.conv(F.relu(self.norm(x)))


@module()
class WeightStandardised(Small):
    def make(self):
        self.weight, self.gain = nn.Parameter(torch.randn(16, 16, 3, 3)), nn.Parameter(torch.rand(16, 1, 1, 1) + 0.5)

    def middle(self, x):
        mean = self.weight.mean((1, 2, 3), keepdim=True)
        var = ((self.weight - mean) ** 2).mean((1, 2, 3), keepdim=True)
        weight = (self.weight - mean) / torch.sqrt(var * 144 + 1e-4) * self.gain
        return F.conv2d(F.relu(x), weight, padding=1) / 0.9
