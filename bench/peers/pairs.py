"""Which method of cambench, with which parameters, equals a class of another program: {subject: specification}.

A subject is PROGRAM/CLASS, with words that say how the class is used. Random methods
of the other program get cambench's numbers. docs/methods.md has the same table with the differences that were measured.
"""
import re

LAYERS = {
    "vgg16": ("features.15", "features.22", "features.29"),
    "resnet18": ("layer2", "layer3", "layer4"),
    "resnet50": ("layer2", "layer3", "layer4"),
    "resnext50_32x4d": ("layer2", "layer3", "layer4"),
    "mobilenet_v2": ("features.6", "features.13", "features.18"),
}

PAIRS = {
    "pytorch-grad-cam/GradCAM": "gradcam",
    "pytorch-grad-cam/HiResCAM": "hirescam",
    "pytorch-grad-cam/GradCAMElementWise": "gradcam_elementwise",
    "pytorch-grad-cam/GradCAMPlusPlus": "gradcam_pp:form=pytorch_grad_cam",
    "pytorch-grad-cam/XGradCAM": "xgradcam",
    "pytorch-grad-cam/LayerCAM": "layercam",
    "pytorch-grad-cam/ScoreCAM": "scorecam:scoring=pytorch_grad_cam",
    "pytorch-grad-cam/AblationCAM": "ablationcam:ablate_value=pytorch_grad_cam",
    "pytorch-grad-cam/EigenCAM": "eigencam",
    "pytorch-grad-cam/EigenGradCAM": "eigengradcam",
    "pytorch-grad-cam/SegEigenCAM": "eigengradcam:abs_grad=true",
    "pytorch-grad-cam/KPCA_CAM": "kpca_cam",
    "pytorch-grad-cam/FEM": "fem:weighting=pytorch_grad_cam",
    "pytorch-grad-cam/FullGrad": "fullgrad:norm=pytorch_grad_cam",
    "pytorch-grad-cam/ShapleyCAM": "shapleycam:score=logit",
    "pytorch-grad-cam/ShapleyCAM,ReST": "shapleycam",
    "pytorch-grad-cam/FinerCAM": "finercam:aggregate=weighted,gamma=1",
    "pytorch-grad-cam/FinerCAM,GradCAMPlusPlus":
        "finercam:base=gradcam_pp(form=pytorch_grad_cam),aggregate=weighted,gamma=1",
    "pytorch-grad-cam/RefineCAM": "refinecam:base=gradcam_pp(form=pytorch_grad_cam),layers=LAYERS,size=input",
    "pytorch-grad-cam/RandomCAM": "randomcam",
    "pytorch-grad-cam/GradCAM,LAYERS": "multi_layer:layers=LAYERS",
    "pytorch-grad-cam/GradCAM,aug_smooth": "aug_smooth",
    "pytorch-grad-cam/GradCAM,eigen_smooth": "eigen_smooth",
    "pytorch-grad-cam/LayerCAM,eigen_smooth": "eigen_smooth:base=layercam",
    "pytorch-grad-cam/GuidedBackpropReLUModel": "guided_backprop:relu6_guided=false",
    "torchcam/CAM": "cam",
    "torchcam/GradCAM": "gradcam",
    "torchcam/GradCAMpp": "gradcam_pp:form=torchcam",
    "torchcam/SmoothGradCAMpp": "smoothgrad_cam_pp:form=torchcam",
    "torchcam/XGradCAM": "xgradcam:eps=1e-8",
    "torchcam/LayerCAM": "layercam",
    "torchcam/LayerCAM,LAYERS": "multi_layer:base=layercam,layers=LAYERS,fuse=max",
    "torchcam/ScoreCAM": "scorecam:scoring=torchcam",
    "torchcam/SSCAM,num_samples=1": "sscam:samples=1",
    "torchcam/ISCAM,num_samples=2": "iscam:samples=2,path=torchcam",
    "torchcam/FinerCAM": "finercam",
    "torchcam/FinerCAM,LayerCAM": "finercam:base=layercam",
    "torchcam/RefineCAM": "refinecam:base=gradcam_pp(form=torchcam),layers=LAYERS",
    "captum/Saliency": "saliency",
    "captum/InputXGradient": "input_x_gradient",
    "captum/IntegratedGradients,n_steps=10": "integrated_gradients:steps=10",
    "captum/NoiseTunnel,nt_samples=4": "smoothgrad:samples=4",
    "captum/GuidedBackprop": "guided_backprop:relu6_guided=false",
    "captum/GuidedGradCam": "guided_gradcam:relu6_guided=false,upsample=nearest",
    "captum/Occlusion": "occlusion",
    "captum/LayerGradCam": "gradcam",
    "torch/ReciproCAM": "reciprocam",
    "Score-CAM/ScoreCAM": "scorecam",
    "Group-CAM/GroupCAM,groups=8": "groupcam:groups=8",
    "polycam/PCAMp": "polycam:mode=plus,layers=LAST_TWO",
    "polycam/PCAMm": "polycam:mode=minus,layers=LAST_TWO",
    "polycam/PCAMpm": "polycam:mode=both,layers=LAST_TWO",
    "OptiCAM/Basic_OptCAM,max_iter=10": "opticam:iters=10",
    "LIFT-CAM/LIFT-CAM": "liftcam",
    "RISE/RISE,N=60": "rise:masks=60",
    "fullgrad-saliency/FullGrad": "fullgrad",
    "Winsor-CAM/WinsorCAM": "winsorcam:activation=authors",
    "pytorch-shapley-cam/shapley_cam": "shapleycam:form=elementwise",
    "pytorch-shapley-cam/shapley_cam_mean": "shapleycam",
    "pytorch-shapley-cam/shapley_cam_hires": "shapleycam:form=hires",
    "pytorch-shapley-cam/shapley_cam_x": "shapleycam:form=x",
    "Finer-CAM/FinerCAM": "finercam:aggregate=weighted,gamma=1",
}


EXPENSIVE = ("scorecam", "ablationcam", "sscam", "iscam", "polycam")  # hundreds of passes


def method_of(subject):
    return PAIRS[subject].partition(":")[0]


def parameters(subject, arch, channels=0):
    """{name: text} of cambench's method."""
    text = PAIRS[subject].partition(":")[2].replace("LAST_TWO", ",".join(LAYERS[arch][1:]))
    text = text.replace("LAYERS", ",".join(LAYERS[arch]))
    chosen = dict(pair.split("=", 1) for pair in re.split(r",(?=[a-z_0-9]+=)(?![^(]*\))", text) if pair)
    if channels and method_of(subject) == "scorecam":
        chosen["max_channels"] = str(channels)
    return chosen


def specification(subject, arch, channels=0):
    """As cambench-bench reads it: NAME:KEY=VALUE,KEY=VALUE."""
    pairs = ",".join(f"{key}={value}" for key, value in parameters(subject, arch, channels).items())
    return method_of(subject) + (":" + pairs if pairs else "")


def yaml(subject, arch, channels=0):
    chosen = parameters(subject, arch, channels)
    return ", ".join(f"{key}: [{value}]" if key == "layers" else f"{key}: {value}" for key, value in chosen.items())
