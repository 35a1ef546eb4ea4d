#!/usr/bin/python3
"""Writes a network with cambench's weights as ONNX, its batch size left open ("n").

usage: export_onnx.py ARCH WEIGHTS OUT
"""
import sys

import torch

import networks

arch, weights, out = sys.argv[1:]
torch.onnx.export(networks.load(arch, weights), torch.rand(1, 3, 224, 224), out, opset_version=13,
                  input_names=["input"], output_names=["output"], dynamic_axes={"input": {0: "n"}, "output": {0: "n"}})
