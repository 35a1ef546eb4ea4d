"""torchvision's ViT-B/16 at 64 px with generated weights, served as a backbone: serve_check.py compares its maps with others.

usage, as the command of a backbone: python3 serve_vit.py
"""
import os
import sys

import torch
import torchvision

SIDE, PLACES, CLASSES = 64, 4, 10
LAYER = "encoder.layers.encoder_layer_11.ln_1"


def module():
    torch.manual_seed(7)
    network = torchvision.models.VisionTransformer(image_size=SIDE, patch_size=16, num_layers=12, num_heads=12,
                                                   hidden_dim=768, mlp_dim=3072, num_classes=CLASSES)
    with torch.no_grad():  # torchvision begins with a head of zeros
        torch.nn.init.normal_(network.heads.head.weight, std=0.2)
        torch.nn.init.normal_(network.heads.head.bias, std=0.2)
        norm = dict(network.named_modules())[LAYER]  # whose values would have mean 0 at each place
        torch.nn.init.normal_(norm.weight, mean=1, std=0.2)
        torch.nn.init.normal_(norm.bias, mean=0.5, std=0.2)
    return network.eval()


def reshape(tokens):
    return tokens[:, 1:].transpose(1, 2).unflatten(2, (PLACES, PLACES))


if __name__ == "__main__":
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../python"))
    import cambench
    cambench.serve(module(), layer=LAYER, layers=[], reshape=reshape, input=(3, SIDE, SIDE),
                   resize="squash", classes=CLASSES)
