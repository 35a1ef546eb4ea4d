"""Maps by the code that the authors of methods have released, from checkouts in the folder that AUTHORS names: Score-CAM,
Group-CAM, polycam, OptiCAM, LIFT-CAM, RISE, fullgrad-saliency, Winsor-CAM, pytorch-shapley-cam, Finer-CAM. What they import must
be installed; OptiCAM takes a module of pytorch-grad-cam from OptiCAM/pytorch_grad_cam.
"""
import contextlib
import copy
import importlib
import os
import pathlib
import sys

import torch

import networks
import pairs
from torch_tools import MEAN, DEVIATION, finish, rise_masks
from torch_libraries import Compose, HorizontalFlip, Multiply, stand_in


@contextlib.contextmanager
def checkout(name):
    """Imports from AUTHORS/NAME; afterwards its modules are forgotten, because others have modules of the same names."""
    folder = pathlib.Path(os.environ["AUTHORS"]) / name
    if not folder.is_dir():
        raise ImportError(f"{folder} is missing")
    before, path = dict(sys.modules), list(sys.path)
    for module in list(sys.modules):
        if module.split(".")[0] in ("utils", "util", "cam", "saliency", "pytorch_grad_cam", "Explanation"):
            del sys.modules[module]
    sys.path[:0] = [str(folder), str(folder / "pytorch_grad_cam")]
    try:
        yield
    finally:
        sys.path[:] = path
        for module in list(sys.modules):
            if module not in before:
                del sys.modules[module]
        sys.modules.update(before)


def without_in_place(model):
    model = copy.deepcopy(model)
    for module in model.modules():
        if getattr(module, "inplace", False):
            module.inplace = False
    return model


def map_of(result):
    return finish(result.detach()[0, 0], is_signed=True)


# -- one function for each checkout: {class: function of the input (1,3,H,W) and the class} ---------------------------
def score_cam(arch, model, layer):
    library = importlib.import_module("cam.scorecam")
    kind = {"vgg16": "features_29", "mobilenet_v2": "features"}.get(arch, layer)
    cam = library.ScoreCAM({"type": arch, "arch": copy.deepcopy(model), "layer_name": kind, "input_size": (224, 224)})
    return {"ScoreCAM": lambda x, k: map_of(cam(x, k))}


def group_cam(arch, model, layer):
    cam = importlib.import_module("cam.groupcam").GroupCAM(without_in_place(model), layer, 8)
    return {"GroupCAM,groups=8": lambda x, k: map_of(cam(x, k))}


def poly_cam(arch, model, layer):
    library, layers = importlib.import_module("polycam.polycam"), list(pairs.LAYERS[arch][1:])
    return {name: lambda x, k, name=name: map_of(getattr(library, name)(model, layers)(x, k)[-1])
            for name in ("PCAMp", "PCAMm", "PCAMpm")}


def opti_cam(arch, model, layer):
    library = importlib.import_module("util")
    whole = torch.nn.Sequential(library.Preprocessing_Layer(MEAN.flatten().tolist(), DEVIATION.flatten().tolist()),
                                without_in_place(model))
    cam = library.Basic_OptCAM(whole, torch.device("cpu"), max_iter=10, learning_rate=0.1, name_loss="plain",
                               target_layer=[whole[1].get_submodule(layer)], name_mode="resnet")
    return {"Basic_OptCAM,max_iter=10": lambda x, k: map_of(cam(x * DEVIATION + MEAN, torch.tensor([k]))[0])}


def lift_cam(arch, model, layer):
    library, model = importlib.import_module("Explanation"), without_in_place(model)
    return {"LIFT-CAM": lambda x, k: map_of(library.lift_cam(model, x, k))}


def rise(arch, model, layer):
    explain = importlib.import_module("explanations").RISE(torch.nn.Sequential(model, torch.nn.Softmax(1)), (224, 224))
    explain.masks, explain.N, explain.p1 = rise_masks(60), 60, 0.1

    @torch.no_grad()
    def run(x, k):
        return finish(explain(x)[k], is_signed=True)
    return {"RISE,N=60": run}


def full_grad(arch, model, layer):
    cam = importlib.import_module("saliency.fullgrad").FullGrad(without_in_place(model))
    return {"FullGrad": lambda x, k: map_of(cam.saliency(x.clone(), torch.tensor([[k]])))}


def winsor_cam(arch, model, layer):
    cam = importlib.import_module("winsorcam").WinsorcamClass(copy.deepcopy(model))
    names = ["model." + name for name, module in model.named_modules() if isinstance(module, torch.nn.Conv2d)]

    def run(x, k):
        stacked, _, importance = cam.get_gradcams_and_importance(x, k, names, "mean", "mean", True, "bilinear")
        return finish(cam.winsorize_stacked_gradcam(x, stacked, importance, "bilinear", 99)[0].detach(), is_signed=True)
    return {"WinsorCAM": run}


def shapley_cam(arch, model, layer):
    stand_in("ttach", Compose=Compose, HorizontalFlip=HorizontalFlip, Multiply=Multiply)
    targets = importlib.import_module("pytorch_grad_cam.utils.model_targets")
    model = without_in_place(model)

    def subject(module):
        library = importlib.import_module("pytorch_grad_cam." + module)
        library_class = next(item for name, item in vars(library).items() if name.startswith("ShapleyCAM"))
        return lambda x, k: library_class(model, [model.get_submodule(layer)])(x, [targets.ClassifierOutputReST(k)])[0]
    return {module: subject(module) for module in ("shapley_cam", "shapley_cam_mean", "shapley_cam_hires", "shapley_cam_x")}


def finer_cam(arch, model, layer):
    stand_in("ttach", Compose=Compose, HorizontalFlip=HorizontalFlip, Multiply=Multiply)
    library = importlib.import_module("pytorch_grad_cam")
    return {"FinerCAM": lambda x, k: finish(library.FinerCAM(model, [model.get_submodule(layer)])(x, None)[0][0])}


CHECKOUTS = {"Score-CAM": score_cam, "Group-CAM": group_cam, "polycam": poly_cam, "OptiCAM": opti_cam, "LIFT-CAM": lift_cam,
             "RISE": rise, "fullgrad-saliency": full_grad, "Winsor-CAM": winsor_cam, "pytorch-shapley-cam": shapley_cam,
             "Finer-CAM": finer_cam}


def author_subjects(arch, model, channels):
    if "AUTHORS" not in os.environ:
        raise ImportError("AUTHORS names no folder")
    if not torch.cuda.is_available():
        torch.Tensor.cuda = lambda self, *_, **__: self
    layer = next(name for name, module in model.named_modules() if module is networks.TARGET_LAYERS[arch](model))
    subjects = {}
    for name, offer in CHECKOUTS.items():
        try:
            with checkout(name):
                found = offer(arch, model, layer)
        except Exception as error:  # other people's code: the driver goes on without it
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        for title, run in found.items():
            subjects[f"{name}/{title}"] = lambda x, run=run: run(x, int(model(x).argmax()))
    return subjects
