"""Maps by pytorch-grad-cam and torch-cam, used as they come. Both are imported, from PYTHONPATH if they are not installed."""
import copy
import functools
import importlib
import itertools
import sys
import types

import numpy as np
import torch

import networks
import pairs
from torch_tools import finish, fed_normals, fed_uniforms


# -- packages that pytorch-grad-cam imports ---------------------------------------------------------------------------
class HorizontalFlip:
    """As ttach's: the choices False and True."""
    choices = (False, True)

    @staticmethod
    def augment(image, is_flipped):
        return image.flip(3) if is_flipped else image

    deaugment = augment


class Multiply:
    def __init__(self, factors):
        self.choices = factors

    @staticmethod
    def augment(image, factor):
        return image * factor

    @staticmethod
    def deaugment(mask, _):
        return mask


class Compose:
    """All combinations of choices."""

    def __init__(self, transforms):
        self.transforms = transforms

    def __iter__(self):
        for chosen in itertools.product(*(transform.choices for transform in self.transforms)):
            yield Chain(list(zip(self.transforms, chosen)))


class Chain:
    def __init__(self, steps):
        self.steps = steps

    def augment_image(self, image):
        return functools.reduce(lambda x, step: step[0].augment(x, step[1]), self.steps, image)

    def deaugment_mask(self, mask):
        return functools.reduce(lambda x, step: step[0].deaugment(x, step[1]), reversed(self.steps), mask)


def stand_in(name, **members):
    """A module of this name, if it cannot be imported."""
    try:
        importlib.import_module(name)
    except ImportError:
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(members)


# -- pytorch-grad-cam -------------------------------------------------------------------------------------------------
def first_channels(library_class, channels):
    """The library's class, whose weights are computed for some channels and are 0 for the others."""
    class FirstChannels(library_class):
        def get_cam_weights(self, input_tensor, target_layer, targets, activations, grads):
            some = super().get_cam_weights(input_tensor, target_layer, targets, activations[:, :channels], grads)
            weights = np.zeros(activations.shape[:2], np.float32)
            weights[:, :channels] = some
            return weights
    return FirstChannels if channels else library_class


def with_sign(library_class):
    """The library's class, whose projections point where their largest magnitude is: the sign of a singular vector is
    undefined."""
    class WithSign(library_class):
        def get_cam_image(self, *arguments, **named):
            planes = super().get_cam_image(*arguments, **named)
            return np.stack([-plane if abs(plane.min()) > abs(plane.max()) else plane for plane in planes])
    return WithSign


def pytorch_grad_cam_subjects(arch, model, channels):
    stand_in("ttach", Compose=Compose, HorizontalFlip=HorizontalFlip, Multiply=Multiply)
    library = importlib.import_module("pytorch_grad_cam")
    targets_of = importlib.import_module("pytorch_grad_cam.utils.model_targets")
    layer = networks.TARGET_LAYERS[arch](model)
    layers = [model.get_submodule(name) for name in pairs.LAYERS[arch]]

    def subject(library_class, chosen=(layer,), target=None, options=None, **named):
        def run(x):
            klass = int(model(x).argmax()) if target else None
            with library_class(model, list(chosen), **named) as cam:
                return cam(x, [target(klass)] if target else None, **(options or {}))[0]
        return run

    def wrapper(library_class, chosen=(layer,), **named):
        return lambda x: library_class(model, list(chosen), **named)(x, None)[0]

    def random(x):
        with fed_uniforms("randomcam"):
            return subject(library.RandomCAM)(x)

    guided = library.GuidedBackpropReLUModel(copy.deepcopy(model))

    def guided_backprop(x):
        return finish(np.abs(guided(x.clone())).sum(2))

    plain = ("GradCAM", "HiResCAM", "GradCAMElementWise", "GradCAMPlusPlus", "XGradCAM", "LayerCAM", "SegEigenCAM", "KPCA_CAM",
             "FEM", "ShapleyCAM")
    subjects = {name: subject(getattr(library, name)) for name in plain}
    subjects.update({
        "ScoreCAM": subject(first_channels(library.ScoreCAM, channels)),
        "AblationCAM": subject(first_channels(library.AblationCAM, channels)),
        "EigenCAM": subject(with_sign(library.EigenCAM)),
        "EigenGradCAM": subject(with_sign(library.EigenGradCAM)),
        "FullGrad": subject(library.FullGrad, ()),
        "ShapleyCAM,ReST": subject(library.ShapleyCAM, target=targets_of.ClassifierOutputReST),
        "FinerCAM": wrapper(library.FinerCAM),
        "FinerCAM,GradCAMPlusPlus": wrapper(library.FinerCAM, base_method=library.GradCAMPlusPlus),
        "RefineCAM": wrapper(library.RefineCAM, layers),
        "RandomCAM": random,
        "GradCAM,LAYERS": subject(library.GradCAM, layers),
        "GradCAM,aug_smooth": subject(library.GradCAM, target=targets_of.ClassifierOutputTarget,
                                      options={"aug_smooth": True}),
        "GradCAM,eigen_smooth": subject(with_sign(library.GradCAM), options={"eigen_smooth": True}),
        "LayerCAM,eigen_smooth": subject(with_sign(library.LayerCAM), options={"eigen_smooth": True}),
        "GuidedBackpropReLUModel": guided_backprop,
    })
    return {f"pytorch-grad-cam/{name}": run for name, run in subjects.items()}


# -- torch-cam --------------------------------------------------------------------------------------------------------
class FedNormal:
    """cambench's numbers in place of torch.distributions.Normal. A sample has the program's own order: for SS-CAM a part of
    the stream for each channel, else one stream after the other."""

    def __init__(self, label, deviation, is_by_channel):
        self.label, self.deviation, self.is_by_channel, self.drawn = label, deviation, is_by_channel, 0

    def sample(self, size):
        number, self.drawn = self.drawn, self.drawn + 1
        return self.deviation * fed_normals(self.label, tuple(size), number, self.is_by_channel)


def torchcam_subjects(arch, model, channels):
    library = importlib.import_module("torchcam.methods")
    layer = networks.TARGET_LAYERS[arch](model)
    layers = [model.get_submodule(name) for name in pairs.LAYERS[arch]]

    def subject(library_class, chosen=layer, noise=None, fuse=False, needs_gradient=True, **named):
        def run(x):
            with library_class(model, chosen, **named) as cam:
                if noise:
                    cam._distrib = FedNormal(noise, cam.std, noise == "sscam")
                with torch.set_grad_enabled(needs_gradient):
                    logits = model(x)
                maps = cam(int(logits.argmax()), logits, normalized=fuse)
                plane = cam.fuse_cams(maps)[0] if fuse else maps[0][0]
            return finish(plane.detach().numpy())
        return run
    plain = ("GradCAM", "GradCAMpp", "XGradCAM", "LayerCAM", "FinerCAM")
    subjects = {name: subject(getattr(library, name)) for name in plain}
    subjects.update({
        "SmoothGradCAMpp": subject(library.SmoothGradCAMpp, noise="smoothgrad_cam_pp"),
        "LayerCAM,LAYERS": subject(library.LayerCAM, layers, fuse=True),
        "FinerCAM,LayerCAM": subject(library.FinerCAM, base_method=library.LayerCAM),
        "RefineCAM": subject(library.RefineCAM, layers),
    })
    if len([module for module in model.modules() if isinstance(module, torch.nn.Linear)]) == 1:
        subjects["CAM"] = subject(library.CAM, needs_gradient=False)
    if not channels:
        subjects.update({
            "ScoreCAM": subject(library.ScoreCAM, needs_gradient=False),
            "SSCAM,num_samples=1": subject(library.SSCAM, noise="sscam", needs_gradient=False, num_samples=1),
            "ISCAM,num_samples=2": subject(library.ISCAM, needs_gradient=False, num_samples=2),
        })
    return {f"torchcam/{name}": run for name, run in subjects.items()}
