"""Grad-CAM with weights raised to a power: the example of docs/process-methods.md."""

import cambench
import numpy as np


@cambench.method(title="My-CAM")
def explain(cam, power=1.0):
    w = cam.gradient("logit").mean(axis=(1, 2)) ** power
    return np.tensordot(w, cam.activations(), 1)
