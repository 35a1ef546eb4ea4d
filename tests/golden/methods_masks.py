#!/usr/bin/python3
"""Golden values for tests/methods/test_masks.c: the maps of methods_masks_cases.txt, from the papers' formulas with
PyTorch and NumPy in float64. Random numbers are those of the program: Philox again, for many counters at once."""
import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from sklearn.cluster import AgglomerativeClustering, KMeans

import golden
import methods
from methods import blur, is_constant, min_max, upsample

SEED, IMAGE = 1, "image"  # tests/methods/networks.h


def part_words(names, part, count):
    """The first words of a part of the stream of these names: (count,4)."""
    purpose = 0xCBF29CE484222325
    for byte in b"".join(name.encode() + b"\0" for name in names):
        purpose = ((purpose ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    low = np.uint64(0xFFFFFFFF)
    c = [np.arange(count, dtype=np.uint64), np.full(count, part, np.uint64),
         np.full(count, purpose & 0xFFFFFFFF, np.uint64), np.full(count, purpose >> 32, np.uint64)]
    key = [SEED & 0xFFFFFFFF, SEED >> 32]
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        shift = np.uint64(32)
        c = [(b >> shift) ^ c[1] ^ np.uint64(key[0]), b & low, (a >> shift) ^ c[3] ^ np.uint64(key[1]), a & low]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.stack(c, 1)


def uniforms(words):
    """random_uniform() from each two words."""
    pairs = words.reshape(-1, 2)
    return ((pairs[:, 0] >> np.uint64(5)) * 67108864.0 + (pairs[:, 1] >> np.uint64(6))) / 2.0**53


def normals(names, part, shape):
    """random_normal() for each element."""
    draws = uniforms(part_words(names, part, int(np.prod(shape)))).reshape(-1, 2)
    values = np.sqrt(-2 * np.log1p(-draws[:, 0])) * np.cos(2 * np.pi * draws[:, 1])
    return torch.from_numpy(values.reshape(shape))


class Masks(methods.Explain):
    DIFFERENTIATES = ("groupcam",)

    def score_masks(self):
        """The channels that count, their masks and the score of Score-CAM's scorings."""
        scoring = self.get("scoring", "torchcam")
        kept = [k for k, plane in enumerate(self.act) if scoring in ("torchcam", "pytorch_grad_cam")
                or not is_constant(plane)]
        masks = []
        for k in kept:
            if scoring == "torchcam":
                mask = upsample(min_max(self.act[k], 1e-8)[None], self.size)[0]
            elif scoring == "pytorch_grad_cam":
                mask = min_max(upsample(self.act[k][None], self.size, corners=True)[0], 1e-8)
            else:
                mask = min_max(upsample(self.act[k][None], self.size)[0])
            masks.append(torch.zeros_like(mask) if is_constant(self.act[k]) else mask)
        return kept, torch.stack(masks), "prob" if scoring in ("official", "paper") else "logit"

    def softmax_weighted(self, kept, score):
        weights = torch.zeros(len(self.act), dtype=torch.float64)
        weights[kept] = torch.softmax(score, 0)
        return torch.einsum("k,khw->hw", weights, self.act)

    def iscam(self):
        kept, masks, kind = self.score_masks()
        steps = np.arange(1, self.get("samples", 10) + 1) / self.get("samples", 10)
        if self.get("path", "linear") == "torchcam":
            steps = np.cumsum(steps)
        return self.softmax_weighted(kept, torch.stack([self.masked(t * masks, kind) for t in steps]).mean(0))

    def sscam(self):
        kept, masks, kind = self.score_masks()
        sigma, x, background = self.get("sigma", 2.0), self.network.x, self.background()
        scores = torch.zeros(len(kept), dtype=torch.float64)
        samples = self.get("samples", 35)
        for i, k in enumerate(kept):
            for n in range(samples):
                part, mask = 256 * k + n, masks[i]
                if self.get("noise_on", "mask") == "input":
                    noisy = x + sigma * normals([IMAGE, "sscam"], part, tuple(x.shape))
                    image = noisy * mask + background * (1 - mask)
                else:
                    mask = mask + sigma * normals([IMAGE, "sscam"], part, self.size)
                    image = x * mask + background * (1 - mask)
                scores[i] += self.full(image, kind)[0] / samples
        return self.softmax_weighted(kept, scores)

    def occlusion(self):
        size, stride, (h, w) = self.get("window", 32), self.get("stride", 16), self.size
        kind, value = self.get("score", "prob"), self.get("value", 0.0)
        self.is_signed = not self.get("relu", True)
        corners = [range(0, max(length - size, 0) + stride if length > size else 1, stride) for length in self.size]
        hidden = []
        for top in corners[0]:
            for left in corners[1]:
                window = torch.zeros(h, w, dtype=torch.float64)
                window[top:top + size, left:left + size] = 1
                hidden.append(window)
        hidden = torch.stack(hidden)
        images = torch.where(hidden[:, None] > 0, torch.tensor(value, dtype=torch.float64), self.network.x)
        drops = self.full(self.network.x, kind) - self.full(images, kind)
        return torch.tensordot(drops, hidden, 1) / hidden.sum(0)

    def rise(self):
        cells, p1, count, (h, w) = self.get("cells", 8), self.get("p1", 0.1), self.get("masks", 6000), self.size
        names = ["rise"] if self.get("shared_masks", True) else [IMAGE, "rise"]
        cell = (-(-h // cells), -(-w // cells))
        masks = []
        for n in range(count):
            words = part_words(names, n, cells * cells // 2 + 16)
            grid = torch.from_numpy(uniforms(words)[:cells * cells].reshape(cells, cells) < p1).double()
            offsets, rest = [], iter(words.reshape(-1)[2 * cells * cells:].tolist())
            for bound in cell:
                word = next(rest)
                while word < 2**32 % bound:
                    word = next(rest)
                offsets.append(word % bound)
            large = upsample(grid[None], ((cells + 1) * cell[0], (cells + 1) * cell[1]))[0]
            masks.append(large[offsets[0]:offsets[0] + h, offsets[1]:offsets[1] + w])
        masks = torch.stack(masks)
        self.is_signed = True
        p = self.full(self.network.x * masks[:, None], "prob")
        return torch.tensordot(p, masks, 1) / (count * p1)

    def group_labels(self, weighted):
        """Each channel's group."""
        count, grouping = min(self.get("groups", 32), len(weighted)), self.get("grouping", "chunk")
        rows = weighted.flatten(1).numpy()
        if grouping == "chunk":
            sizes = [len(chunk) for chunk in torch.chunk(weighted, count)]
            return np.repeat(np.arange(len(sizes)), sizes)
        if grouping == "agglomerate":
            return AgglomerativeClustering(count).fit(rows).labels_
        return np.arange(count) if count == len(rows) else KMeans(count, n_init=50, random_state=0).fit(rows).labels_

    def groupcam(self):
        act, grad = self.gradient()
        weighted = F.adaptive_avg_pool2d(grad, 1) * act
        label = self.group_labels(weighted)
        maps = torch.stack([F.relu(weighted[torch.from_numpy(label == l)].sum(0)) for l in range(label.max() + 1)])
        percent = self.get("denoise", 0.0)
        if percent:
            maps[maps < np.percentile(maps.numpy(), percent)] = 0
        taps, sigma = self.get("blur_kernel", 51), self.get("blur_sigma", 50.0)
        hidden = blur(self.network.x, taps, sigma)
        with torch.no_grad():
            cam = torch.zeros_like(maps[0])
            for plane in maps:
                if not is_constant(plane):
                    mask = min_max(upsample(plane[None], self.size)[0])
                    gain = self.full(torch.lerp(hidden, self.network.x, mask), "prob") - self.full(hidden, "prob")
                    cam += F.relu(gain) * plane
        return cam

    def percentile_norm(self, plane):
        outlier = self.get("outlier", 0.1) / 100
        low, high = torch.quantile(plane, outlier), torch.quantile(plane, 1 - outlier)
        return ((plane - low) / high.clamp(min=1e-12)).clamp(0, 1)

    def polycam_layer(self, layer):
        act = self.network.run(self.network.x, until=layer)[0]
        whole, mode, weights = self.full(self.network.x, "prob"), self.get("mode", "both"), []
        for plane in act:
            mask = upsample(self.percentile_norm(plane)[None], self.size)
            weight = self.masked(mask, "prob") if mode != "minus" else torch.zeros(1, dtype=torch.float64)
            if mode != "plus":
                weight = F.relu(weight + whole - self.masked(1 - mask, "prob"))
            weights.append(torch.zeros_like(weight) if is_constant(plane) else weight)
        return F.relu(torch.einsum("k,khw->hw", torch.cat(weights), act))

    def polycam(self):
        layers = [name for name in self.get("layers", "").split(",") if name] or [self.layer]
        maps = [self.polycam_layer(layer) for layer in layers]
        result = maps.pop()
        while maps:
            own = maps.pop()
            size = tuple(own.shape)
            coarse = upsample(upsample(own[None], tuple(result.shape)), size)[0]
            own = own / coarse.clamp(min=1e-12) if self.get("lnorm", True) else own
            result = own * upsample(result[None], size)[0]
        self.is_normalised = True
        return upsample(self.percentile_norm(result)[None], self.size)[0]


def main():
    torch.set_num_threads(1)
    out = golden.Golden("methods_masks", "tests/golden/methods_masks.py, PyTorch %s, torchvision %s, float64"
                        % (torch.__version__, torchvision.__version__))
    methods.run_cases(out, "methods_masks", Masks)
    out.close()


if __name__ == "__main__":
    main()
