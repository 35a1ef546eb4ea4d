"""Maps of a vision transformer served by cambench.serve() beside maps that PyTorch hooks and tests/golden give in float64.

usage: serve_check.py CAMBENCH [PICTURES]      prints the largest difference of each method, relative to the map's largest value
"""
import itertools
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import torch
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../tests/golden"))

import golden  # noqa: E402
import methods_acts  # noqa: E402
import methods_inputs  # noqa: E402
import methods_masks  # noqa: E402
import serve_vit  # noqa: E402

LIMIT = 1e-4
METHODS = {"gradcam": {}, "hirescam": {}, "layercam": {}, "gradcam_pp": {}, "xgradcam": {}, "eigencam": {}, "actmap": {},
           "ablationcam": {}, "reciprocam": {}, "scorecam": {"max_channels": 8}, "rise": {"masks": 32}, "occlusion": {},
           "saliency": {}, "input_x_gradient": {}, "smoothgrad": {"samples": 4}, "shapleycam": {"score": "rest"}}
WITHOUT_GRADIENT = ("eigencam", "actmap", "ablationcam", "reciprocam", "scorecam", "rise", "occlusion")


class Network:
    """The module in float64, seen and changed at its layer by hooks."""

    def __init__(self, module, pixels):
        self.module = module.double()
        parts = dict(module.named_modules())
        self.layer, self.block = parts[serve_vit.LAYER], parts[serve_vit.LAYER.rpartition(".")[0]]
        mean, std = (torch.tensor(v).double().reshape(1, 3, 1, 1) for v in ((.485, .456, .406), (.229, .224, .225)))
        self.x = (torch.from_numpy(pixels).double().permute(2, 0, 1)[None] / 255 - mean) / std
        with torch.no_grad():
            self.tokens = self.seen(self.x)
            self.logits = self.run(self.x)[0]

    def seen(self, x):
        kept = []
        handle = self.layer.register_forward_hook(lambda module, args, out: kept.append(out))
        self.module(x)
        handle.remove()
        return kept[0]

    def run(self, x, after=None, until=None):
        if until:
            return serve_vit.reshape(self.seen(x))
        if not after:
            return self.module(x)
        n = len(x)
        tokens = torch.cat([self.tokens[:, :1].expand(n, 1, -1), x.flatten(2).transpose(1, 2)], 1)
        handles = [self.layer.register_forward_hook(lambda module, args, out: tokens),
                   self.block.register_forward_pre_hook(lambda module, args: (args[0].expand(n, -1, -1),))]
        logits = self.module(self.x)
        for handle in handles:
            handle.remove()
        return logits


class Explain(methods_acts.Acts, methods_inputs.Explain, methods_masks.Masks):
    scorecam = methods_acts.methods.Explain.scorecam

    def smoothgrad(self):
        words = np.array(list(itertools.islice(golden.words(1, [self.name, "smoothgrad"]), 4 * 4 * 3 * 64 * 64)), np.uint64)
        draws = methods_masks.uniforms(words.reshape(-1, 4)).reshape(-1, 2)
        normal = np.sqrt(-2 * np.log(1 - draws[:, 0])) * np.cos(2 * np.pi * draws[:, 1])
        x = self.network.x
        noise = torch.from_numpy(normal.reshape(4, 3, 64, 64)) * 0.15 * (x.max() - x.min())
        return self.reduced(self.input_gradient(x + noise).mean(0))

    def shapleycam(self):
        """t = J^T q, as methods/shapleycam.c defines it: the second derivative is the softmax's alone."""
        x = self.act[None].clone()
        _, u = torch.autograd.functional.jvp(lambda a: self.network.run(a, after=self.layer)[0], x, x)
        p = torch.softmax(self.network.logits, 0)
        q = -p + (p * u - p * (p @ u)) / 2
        q[self.klass] += 2
        x.requires_grad_()
        t, = torch.autograd.grad(self.network.run(x, after=self.layer)[0] @ q, x)
        return (t[0].mean((1, 2))[:, None, None] * self.act).sum(0)


def write_pictures(folder, count):
    """Smooth pictures; returns {name: the pixels that the protocol cuts out}. Of 73 x 73, because it would resize others."""
    random, pictures = np.random.default_rng(3), {}
    os.makedirs(folder)
    for i in range(count):
        small = Image.fromarray(random.integers(0, 256, (9, 9, 3), dtype=np.uint8))
        picture = small.resize((73, 73), Image.BICUBIC)
        picture.save(os.path.join(folder, "%d.png" % i))
        pictures["%d.png" % i] = np.array(picture)[4:4 + serve_vit.SIDE, 4:4 + serve_vit.SIDE]
    return pictures


def write_config(path, command):
    with open(path, "w") as file:
        print("name: vit\ndataset: {path: set.h5}\nmetrics: [complexity]\nprotocol: cambench\n"
              "report: {plots: false, overlays: 0, maps: true, bootstrap: 20}\n"
              "backbones: [{model: process, label: vit, command: %s}]\nmethods:" % command, file=file)
        for name, params in METHODS.items():
            params = ", ".join("%s: %s" % one for one in params.items())
            print("- {name: %s, params: {%s}}" % (name, params) if params else "- " + name, file=file)


def expected(network, method, name):
    explain = Explain(network, "layer", "p", {key: str(value) for key, value in METHODS[method].items()})
    explain.name = name
    with torch.set_grad_enabled(method not in WITHOUT_GRADIENT):
        return explain.klass, getattr(explain, method)().detach().numpy()


def main():
    program, worst = os.path.abspath(sys.argv[1]), 0
    command = "%s %s" % (sys.executable, os.path.join(HERE, "serve_vit.py"))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        pictures = write_pictures("pictures", int(sys.argv[2]) if len(sys.argv) > 2 else 1)
        write_config("vit.yaml", command)
        for words in (["import", "dataset", "pictures", "--out", "set.h5"], ["run", "vit.yaml", "--quiet"]):
            subprocess.run([program] + words, check=True, stdout=subprocess.DEVNULL)
        with h5py.File("results/vit/maps.h5") as maps:
            networks = {}
            for method in METHODS:
                group, differences = maps["vit/" + method], []
                for row, name in enumerate(group["name"].asstr()):
                    if name not in networks:
                        networks[name] = Network(serve_vit.module(), pictures[os.path.basename(name)])
                    klass, want = expected(networks[name], method, name)
                    assert klass == group["class"][row]
                    got = group["map"][row] if method != "layercam" else np.maximum(group["map"][row], 0)
                    differences.append(float(np.abs(got - want).max() / np.abs(want).max()))
                print("%-18s %s" % (method, " ".join("%.1e" % one for one in differences)), flush=True)
                worst = max([worst] + differences)
    print("worst %.1e, limit %.0e" % (worst, LIMIT))
    return worst > LIMIT


if __name__ == "__main__":
    sys.exit(main())
