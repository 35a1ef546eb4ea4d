#!/usr/bin/python3
"""Seeds of tests/fuzz/fuzz_safetensors.c: one small file for each way in which a header can differ.

Each is the length of the header in eight bytes, the header as JSON, and the tensors' bytes.
"""
import os
import struct

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../fuzz/corpus/safetensors")

SEEDS = {
    "two": (
        '{"__metadata__":{"format":"pt"},'
        '"conv1.weight":{"dtype":"F32","shape":[2,1,1,1],"data_offsets":[0,8]},'
        '"fc.bias":{"dtype":"F16","shape":[2],"data_offsets":[8,12]}}',
        bytes(12),
    ),
    "types": (
        '{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"b":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}}',
        b"\1" * 16,
    ),
    "bf16": (
        '{"w":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]},"n":{"dtype":"I64","shape":[],"data_offsets":[8,16]}}',
        b"\2" * 16,
    ),
    "empty": ('{"e":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]}}', b""),
}

for name, (header, data) in SEEDS.items():
    with open(os.path.join(FOLDER, name + ".safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header.encode() + data)
