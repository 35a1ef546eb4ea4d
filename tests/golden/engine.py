#!/usr/bin/python3
"""Golden values for tests/nn/test_engine.c: bilinear enlargement and softmax by PyTorch in float64."""
import torch
import torch.nn.functional as F

import golden

SIZES = ((7, 7, 224, 224), (14, 14, 224, 224), (1, 1, 5, 5), (5, 5, 3, 3), (5, 3, 9, 17), (3, 5, 3, 5), (4, 6, 1, 1))
LOGITS = ((0.0, 0.0, 0.0), (-1000.0, 999.0, 1000.0), (-5000.0, -5001.5, -5000.25), (88.8, -103.0, 3.25, 88.5))


def main():
    torch.set_num_threads(1)
    out = golden.Golden("engine", "tests/golden/engine.py, PyTorch %s, float64" % torch.__version__)
    for h, w, out_h, out_w in SIZES:
        planes = torch.from_numpy(golden.fill((1, 2, h, w), 7)).double()
        for corners in (False, True):
            value = F.interpolate(planes, (out_h, out_w), mode="bilinear", align_corners=corners)
            out.add("upsample.%dx%d.%dx%d.%d" % (h, w, out_h, out_w, corners), value.numpy(), 100)
    for i, logits in enumerate(LOGITS):
        value = torch.tensor(logits, dtype=torch.float32).double()
        out.add("softmax.%d" % i, torch.softmax(value, 0).numpy())
    out.close()


if __name__ == "__main__":
    main()
