"""Maps by captum, whose attributions of colours become one value as cambench's default does it."""
import contextlib
import copy
import importlib

import torch

import networks
from torch_tools import finish, fed_normals


def sum_abs(attribution):
    return finish(attribution[0].abs().sum(0).detach())


@contextlib.contextmanager
def fed_noise(label):
    """torch.normal draws cambench's numbers: (N,3,H,W), with deviations of that shape."""
    own = torch.normal
    torch.normal = lambda mean, deviation: mean + deviation * fed_normals(label, tuple(deviation.shape), 0, False)
    try:
        yield
    finally:
        torch.normal = own


def captum_subjects(arch, model, _):
    library = importlib.import_module("captum.attr")
    model = copy.deepcopy(model)
    for module in model.modules():
        if getattr(module, "inplace", False):
            module.inplace = False  # captum's hooks need it
    layer = networks.TARGET_LAYERS[arch](model)

    def subject(make, reduce=sum_abs, **named):
        def run(x):
            return reduce(make().attribute(x.clone().requires_grad_(), target=int(model(x).argmax()), **named))
        return run

    def saliency(x):
        return subject(lambda: library.Saliency(model), lambda a: finish(a[0].amax(0).detach()))(x)

    def smoothgrad(x):
        tunnel = library.NoiseTunnel(library.Saliency(model))
        deviation = 0.15 * float(x.max() - x.min())
        with fed_noise("smoothgrad"):
            return sum_abs(tunnel.attribute(x, target=int(model(x).argmax()), nt_type="smoothgrad", nt_samples=4,
                                            stdevs=deviation, abs=False))

    def occlusion(x):
        window = library.Occlusion(lambda images: model(images).softmax(1))
        with torch.no_grad():
            return finish(window.attribute(x, target=int(model(x).argmax()), sliding_window_shapes=(3, 32, 32),
                                           strides=(3, 16, 16), perturbations_per_eval=8)[0, 0])
    return {
        "captum/Saliency": saliency,
        "captum/InputXGradient": subject(lambda: library.InputXGradient(model)),
        "captum/IntegratedGradients,n_steps=10": subject(lambda: library.IntegratedGradients(model), n_steps=10),
        "captum/NoiseTunnel,nt_samples=4": smoothgrad,
        "captum/GuidedBackprop": subject(lambda: library.GuidedBackprop(model)),
        "captum/GuidedGradCam": subject(lambda: library.GuidedGradCam(model, layer)),
        "captum/Occlusion": occlusion,
        "captum/LayerGradCam": subject(lambda: library.LayerGradCam(model, layer), lambda a: finish(a[0, 0].detach())),
    }
