"""Metrics by other programs, whose code is read from a folder of checkouts, for metrics.py."""
import ast
import contextlib
import copy
import importlib
import importlib.metadata
import sys
import types

import numpy as np
import torch
import torch.nn.functional as F

import torch_libraries
from torch_tools import DEVIATION, MEAN, SIDE

import cascading  # tests/golden, which torch_tools adds to the path
import golden

SEED = 1  # cambench's default


class Scene:
    """An image, its class, and maps."""

    def __init__(self, number, name, model, x, maps):
        self.number, self.name, self.model, self.x, self.maps = number, name, model, x, maps
        with torch.no_grad():
            self.klass = int(model(x).argmax())

    @torch.no_grad()
    def probabilities(self, x):
        return self.model(x).softmax(1)


# -- cambench's random numbers ----------------------------------------------------------------------------------------
def normals_of_parts(names, count, channels):
    """(channels, count): the first numbers of part i of a stream, float32, as ROAD draws them."""
    purpose = 0xCBF29CE484222325
    for byte in b"".join(name.encode() + b"\0" for name in names):
        purpose = ((purpose ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    low, shift = np.uint64(0xFFFFFFFF), np.uint64(32)
    c = [np.zeros(count, np.uint64), np.arange(count, dtype=np.uint64),
         np.full(count, purpose & 0xFFFFFFFF, np.uint64), np.full(count, purpose >> 32, np.uint64)]
    key = [SEED, 0]
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(b >> shift) ^ c[1] ^ np.uint64(key[0]), b & low, (a >> shift) ^ c[3] ^ np.uint64(key[1]), a & low]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    out = []
    for first, second in ((0, 1), (2, 3)):
        length = np.sqrt(-2 * np.log(((c[first] >> np.uint64(8)) + 0.5) / 2**24))
        angle = 2 * np.pi * (c[second] >> np.uint64(8)) / 2**24
        out += [length * np.cos(angle), length * np.sin(angle)]
    return torch.from_numpy(np.stack(out[:channels]).astype(np.float32))


def patches(name, x, samples):
    """What infidelity takes out of x: (samples,3,H,W)."""
    out = torch.zeros(samples, *x.shape[1:])
    for k in range(samples):
        stream = golden.words(SEED, [name, "metric", "infidelity", str(k)])
        side = (16, 32, 64)[next(stream) % 3]
        y, left = next(stream) % (SIDE - side + 1), next(stream) % (SIDE - side + 1)
        out[k, :, y:y + side, left:left + side] = x[0, :, y:y + side, left:left + side]
    return out


def noises(name, x, samples):
    streams = [[name, "metric", "infidelity", str(k)] for k in range(samples)]
    return torch.from_numpy(np.stack([0.003 * cascading.normals(names, x.numel()).reshape(x.shape[1:])
                                      for names in streams]).astype(np.float32))


# -- parts of programs that cannot be imported ------------------------------------------------------------------------
def definitions(path, names, **known):
    """Functions and classes of a file, in a module that has what they refer to."""
    tree = ast.parse(path.read_text())
    tree.body = [node for node in tree.body if getattr(node, "name", "") in names]
    space = {"np": np, "torch": torch, "nn": torch.nn, **known}
    exec(compile("from __future__ import annotations\n" + ast.unparse(tree), str(path), "exec"), space)
    return types.SimpleNamespace(**{name: space[name] for name in names})


@contextlib.contextmanager
def replaced(owner, name, value):
    own = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, own)


def forget(*names):
    """Modules of one program must not be taken for another's."""
    for name in names:
        for loaded in [key for key in sys.modules if key.split(".")[0] == name]:
            del sys.modules[loaded]


# -- insertion and deletion -------------------------------------------------------------------------------------------
def rise(folder):
    forget("utils", "evaluation")
    sys.path.insert(0, str(folder))
    library = importlib.import_module("evaluation")
    sys.path.remove(str(folder))
    forget("utils", "evaluation")
    kernel = library.gkern(11, 5)

    def area(kind, scene, plane):
        fill = torch.zeros_like if kind == "deletion" else lambda x: F.conv2d(x, kernel, padding=5)
        metric = library.CausalMetric(scene.probabilities, kind[:3], 1792, fill)
        with replaced(torch.Tensor, "cuda", lambda self: self):
            return library.auc(metric.single_run(scene.x, plane))
    return area


def torch_cam(folder):
    forget("torchcam")
    sys.path.insert(0, str(folder))
    with replaced(importlib.metadata, "version", lambda name: "0"):
        library = importlib.import_module("torchcam.metrics")
    sys.path.remove(str(folder))

    class Extractor:
        _hooks_off = staticmethod(contextlib.nullcontext)

        def __init__(self, model, plane):
            self.model, self.plane = model, plane

        def __call__(self, *_):
            return [torch.from_numpy(self.plane)[None]]

        @staticmethod
        def fuse_cams(cams):
            return cams[0]

    def area(kind, scene, plane):
        metric = library.DeletionInsertionMetric(Extractor(scene.model, plane), lambda logits: logits.softmax(1))
        with torch.no_grad():
            metric.update(scene.x)
        return metric.summary()[f"{kind}_auc"]
    return area


def openvino_xai(folder):
    library = definitions(folder / "openvino_xai/metrics/insertion_deletion_auc.py", ("AUC", "InsertionDeletionAUC"),
                          BaseMetric=object)

    def area(kind, scene, plane):
        def predict(image):
            x = (torch.from_numpy(image).permute(2, 0, 1)[None] - MEAN) / DEVIATION
            return scene.probabilities(x)[0].numpy()
        metric = library.InsertionDeletionAUC()
        metric.model_predict = predict
        image = (scene.x * DEVIATION + MEAN)[0].permute(1, 2, 0).numpy()
        return metric(plane, scene.klass, image, 30)[kind]
    return area


def xplique(folder):
    class Base:
        def __init__(self, model, inputs, targets, batch_size, *_):
            self.model, self.inputs, self.targets, self.batch_size = model, inputs, targets, batch_size

        @staticmethod
        def batch_inference_function(scene, inputs, *_):
            return scene.probabilities(torch.from_numpy(inputs).permute(0, 3, 1, 2))[:, scene.klass].numpy()
    library = definitions(folder / "xplique/metrics/fidelity.py", ("CausalFidelity", "Insertion", "Deletion"),
                          ExplanationMetric=Base, isfunction=callable)

    def area(kind, scene, plane):
        metric = getattr(library, kind.capitalize())(scene, scene.x.permute(0, 2, 3, 1).numpy())
        return metric.evaluate(plane[None])
    return area


def refinecam(folder):
    library = definitions(folder / "metrics/deletion_curve.py", ("deletion_curve",))

    def area(kind, scene, plane):
        if kind == "insertion":
            return None  # its blur is another one
        share, scores = library.deletion_curve(scene.model, scene.x, torch.from_numpy(plane)[None, None],
                                               torch.tensor([scene.klass]))
        return float(torch.trapezoid(scores[0], share[0]))
    return area


# -- ROAD -------------------------------------------------------------------------------------------------------------
def pytorch_grad_cam(folder):
    torch_libraries.stand_in("ttach", Compose=torch_libraries.Compose, HorizontalFlip=torch_libraries.HorizontalFlip,
                             Multiply=torch_libraries.Multiply)
    forget("pytorch_grad_cam")
    sys.path.insert(0, str(folder))
    library = importlib.import_module("pytorch_grad_cam.metrics.road")
    targets = importlib.import_module("pytorch_grad_cam.utils.model_targets")
    sys.path.remove(str(folder))
    orders = (library.RemoveMostRelevantFirst, library.RemoveLeastRelevantFirst)

    def combined(percentiles, scene, plane):
        target = targets.ClassifierOutputSoftmaxTarget(scene.klass)
        return float(library.ROADCombined(percentiles)(scene.x, plane[None], [target], scene.model)[0])

    def without_noise(scene, plane):
        like = torch.zeros_like
        with replaced(torch, "randn_like", like):
            return combined(list(range(10, 91, 10)), scene, plane)

    def own_noise(scene, plane):
        torch.manual_seed(scene.number)
        return combined([20, 40, 60, 80], scene, plane)

    def our_noise(scene, plane):
        def fed(remove, order):
            def of_percentile(percentile):
                imputer = library.NoisyLinearImputer()
                names = [scene.name, "metric", "road", str(2 * 1000 * percentile + order)]

                def impute(image, mask):
                    noise = normals_of_parts(names, SIDE * SIDE, 3)[:, mask.flatten() == 0]
                    with replaced(torch, "randn_like", lambda _: noise):
                        return imputer(image, mask)
                return library.PerturbationConfidenceMetric(remove(percentile, impute))
            return of_percentile
        with replaced(library, "ROADMostRelevantFirst", fed(orders[0], 0)), \
                replaced(library, "ROADLeastRelevantFirst", fed(orders[1], 1)):
            return combined([20, 40, 60, 80], scene, plane)
    return [("ROADCombined, noise 0", "road, 9 percentiles, no noise", without_noise),
            ("ROADCombined, our noise", "road", our_noise), ("ROADCombined, its own noise", "road", own_noise)]


# -- infidelity -------------------------------------------------------------------------------------------------------
def captum(folder):
    forget("captum")
    sys.path.insert(0, str(folder))
    infidelity = importlib.import_module("captum.metrics").infidelity
    sys.path.remove(str(folder))

    def measure(scene, plane, taken, predict, **options):
        at = [0]

        def perturb(x):  # repeated inputs, in order
            part = taken[at[0]:at[0] + len(x)]
            at[0] += len(x)
            return part, x - part
        with torch.no_grad():
            return float(infidelity(predict, perturb, scene.x, torch.from_numpy(plane).expand(1, 3, -1, -1),
                                    target=scene.klass, n_perturb_samples=len(taken), **options))

    def of_patches(**options):
        return lambda scene, plane: measure(scene, plane, patches(scene.name, scene.x, 64), scene.probabilities, **options)
    return [("infidelity, our patches", "infidelity: none", of_patches()),
            ("infidelity(normalize=True), our patches", "infidelity: optimal", of_patches(normalize=True)),
            ("infidelity, RefineCAM's noise as ours", "infidelity: noise",
             lambda scene, plane: measure(scene, plane, noises(scene.name, scene.x, 10), scene.model))]


# -- random weights ---------------------------------------------------------------------------------------------------
def saliency(model, inputs, targets, **_):
    """The largest gradient of the three colours, without sign: (N,1,224,224)."""
    x = torch.as_tensor(inputs).clone().requires_grad_()
    scores = model(x)[range(len(targets)), [int(klass) for klass in targets]]
    grad, = torch.autograd.grad(scores.sum(), x)
    return grad.abs().amax(1, keepdim=True).numpy()


def quantus(folder):
    sys.path.insert(0, str(folder))
    library = importlib.import_module("quantus")
    wrapper = importlib.import_module("quantus.helpers.model.pytorch_model").PyTorchModel
    sys.path.remove(str(folder))
    cascading.SEED, cascading.SIDE = SEED, SIDE

    def altered(model, stages, order):
        for count in range(1, len(stages) + 1):
            yield f"stage {count}", cascading.altered(model, stages, order, count, 0)

    def measure(make, **options):
        def of_scene(scene, _):
            metric = make(disable_warnings=True, **options)
            x, klass = scene.x.numpy(), np.array([scene.klass])
            stages = cascading.stages_of(copy.deepcopy(scene.model).double())
            with replaced(wrapper, "get_random_layer_generator",
                          lambda self, order, seed: altered(scene.model, stages, order)), \
                    replaced(wrapper, "random_layer_generator_length", len(stages)):
                return metric(model=scene.model, x_batch=x, y_batch=klass, a_batch=None, explain_func=saliency)[0]
        return of_scene
    return [("MPRT, average, our weights", "randomization: mean", measure(library.MPRT, return_average_correlation=True)),
            ("MPRT, last, our weights", "randomization: last", measure(library.MPRT, return_last_correlation=True)),
            ("EfficientMPRT, our weights", "randomization: efficient",
             measure(library.EfficientMPRT, complexity_func_kwargs={"n_bins": 100}))]


class Library:
    """The programs of a folder; those that are missing, or cannot be loaded, are in `skipped`."""
    CURVES = {"RISE": rise, "torch-cam": torch_cam, "OpenVINO XAI": openvino_xai, "xplique": xplique,
              "RefineCAM": refinecam}
    METRICS = {"pytorch-grad-cam": pytorch_grad_cam, "captum": captum, "Quantus": quantus}
    FOLDERS = {"OpenVINO XAI": "openvino_xai"}

    def __init__(self, folder, wanted):
        self.folder, self.wanted, self.skipped = folder, wanted, {}

    def load(self, offers):
        for name, offer in offers.items():
            if self.wanted and name not in self.wanted:
                continue
            path = self.folder / self.FOLDERS.get(name, name)
            try:
                if not path.exists():
                    raise FileNotFoundError(f"no {path}")
                yield name, offer(path)
            except (ImportError, OSError, AttributeError) as error:
                self.skipped[name] = error

    def curves(self):
        return dict(self.load(self.CURVES))

    def metrics(self):
        return [(name, *subject) for name, subjects in self.load(self.METRICS) for subject in subjects]
