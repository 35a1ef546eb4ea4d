#!/usr/bin/python3
"""Small files of weights as PyTorch and safetensors write them, and what PyTorch reads from them.

usage: weights_fixtures.py [FOLDER [SEED]]     default: tests/golden/weights, 1

For tests/weights/test_tensor_file.c: FOLDER/*.pth, *.safetensors, and FOLDER/values.txt with a line per tensor,
`FILE NAME RANK DIM... VALUE...` (9 significant digits: float32 exactly), integers left out.
"""
import argparse
import collections
import io
import json
import os
import pickle
import pickletools
import struct
import sys
import zipfile

import h5py
import numpy as np
import torch

FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "weights")
torch.manual_seed(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
torch.set_num_threads(1)
lines = []


def note(name, state):
    for key, tensor in state.items():
        if tensor.is_floating_point():
            values = ["%.9g" % value for value in tensor.detach().float().reshape(-1).tolist()]
            lines.append(" ".join([name, key, str(tensor.dim())] + [str(side) for side in tensor.shape] + values))


def save(name, state, content=None, **options):
    """Both formats; `content` is what is saved, the state itself by default."""
    for form, is_zip in (("zip", True), ("legacy", False)):
        file = "%s_%s.pth" % (name, form)
        torch.save(state if content is None else content, os.path.join(FOLDER, file),
                   _use_new_zipfile_serialization=is_zip, **options)
        note(file, state)


def network(dtype=torch.float32):
    """An OrderedDict with `_metadata`, as state_dict() gives it."""
    module = torch.nn.Sequential(torch.nn.Conv2d(2, 3, (3, 2)), torch.nn.BatchNorm2d(3), torch.nn.Linear(4, 2))
    with torch.no_grad():
        for tensor in module.state_dict().values():
            if tensor.is_floating_point():
                tensor.normal_()
    return module.to(dtype).state_dict()


def big_endian(state):
    """What PyTorch 2.1 and later write on a big-endian machine: swapped elements and a member that says so."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(os.path.join(FOLDER, "big_endian_zip.pth"), "w") as out:
        for member in source.namelist():
            content = source.read(member)
            if "/data/" in member:
                content = np.frombuffer(content, "<f4").astype(">f4").tobytes()
            out.writestr(zipfile.ZipInfo(member), content)
        out.writestr(zipfile.ZipInfo(member.split("/")[0] + "/byteorder"), "big")
    note("big_endian_zip.pth", state)


def safetensors(name, state):
    names = {torch.float16: "F16", torch.bfloat16: "BF16", torch.float32: "F32", torch.float64: "F64",
             torch.int64: "I64"}
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for key, tensor in state.items():
        raw = tensor.contiguous().view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor.contiguous()
        content = raw.numpy().tobytes()
        header[key] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape),
                       "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(FOLDER, name + ".safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
    note(name + ".safetensors", state)


def python2(name, tensor):
    """A float32 tensor "x" as the first versions of PyTorch wrote it under Python 2: names are byte strings."""

    def short(text):
        return b"U" + bytes([len(text)]) + text.encode()

    def small(numbers):
        return b"(" + b"".join(b"K" + bytes([number]) for number in numbers) + b"t"

    def plain(value):
        return pickletools.optimize(pickle.dumps(value, 2))

    reference = (b"(" + short("storage") + b"ctorch\nFloatStorage\n" + short("7") + short("cpu") +
                 b"K" + bytes([tensor.numel()]) + b"NtQ")
    rebuilt = (b"ctorch._utils\n_rebuild_tensor\n(" + reference + b"K\x00" + small(tensor.shape) +
               small(tensor.stride()) + b"tR")
    state = b"\x80\x02ccollections\nOrderedDict\n]](" + short("x") + rebuilt + b"ea\x85R."
    content = plain(torch.serialization.MAGIC_NUMBER) + plain(1001) + plain({"little_endian": True}) + state
    content += plain(["7"]) + struct.pack("<q", tensor.numel()) + tensor.numpy().tobytes()
    path = os.path.join(FOLDER, name)
    with open(path, "wb") as file:
        file.write(content)
    read = torch.load(path)
    assert list(read) == ["x"] and torch.equal(read["x"], tensor)
    note(name, read)


os.makedirs(FOLDER, exist_ok=True)
save("float32", network())
save("float16", network(torch.float16))
save("bfloat16", network(torch.bfloat16))
save("float64", network(torch.float64))
save("protocol4", network(), pickle_protocol=4)

plain = {"a": torch.randn(2, 3), "b": torch.randn(()), "c": torch.randn(4, 1, 2, 1, 3)}
save("dict", plain)
save("state_dict", plain, {"epoch": 3, "loss": 0.25, "best": None, "done": True, "state_dict": plain})
save("model", plain, {"step": -70000, "model": collections.OrderedDict(plain), "names": ["x", ("y", 1 << 40)]})
save("model_ema", plain, {"model_ema": {"state_dict": plain}})

base = torch.randn(6, 8)
views = {"all": base, "turned": base.t(), "part": base[1:4, 2:7], "every_second": base[::2, 1::3],
         "row": base[3], "channels_last": torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
         "permuted": torch.randn(3, 4, 5).permute(2, 0, 1)}
save("views", views)
save("parameters", {"weight": torch.nn.Parameter(torch.randn(3, 2)),
                    "fixed": torch.nn.Parameter(torch.randn(2).half(), requires_grad=False)})

# objects that training programs put beside the tensors, and a module that was pickled whole
def training():
    module = torch.nn.Sequential(collections.OrderedDict(conv=torch.nn.Conv2d(2, 3, (3, 2)), norm=torch.nn.BatchNorm2d(3)))
    state = module.state_dict()
    averaged = {key: tensor + 1 for key, tensor in state.items()}
    optimizer = torch.optim.Adam(module.parameters())
    module(torch.randn(2, 2, 4, 4)).sum().backward()
    optimizer.step()
    state = {key: tensor.clone() for key, tensor in state.items()}
    save("training", state, {"epoch": 3, "best": torch.tensor(58.1), "model_ema": averaged, "state_dict": state,
                             "optimizer": optimizer.state_dict(), "args": argparse.Namespace(lr=0.1, large=1 << 80),
                             "score": np.float64(58.1), "seen": collections.Counter([30, 60]), "tags": {"a", "b"}})
    save("module", module.state_dict(), module)


# subnormal, smallest and largest values; the sign of zero
small = torch.tensor([0.0, -0.0, 2.0 ** -24, -2.0 ** -15, 65504, 2.0 ** -14, 1 / 3])
extremes = {"half": small.half(), "brain": torch.tensor([1e-40, -3e38, 1 / 3, 9e-41]).bfloat16(),
            "single": torch.tensor([1e-45, -3.4e38, 1 / 3]), "double": torch.tensor([1 / 3, 1e-300, 1e38]).double()}
save("extremes", extremes)
safetensors("extremes", extremes)
state = network()
big_endian({key: tensor for key, tensor in state.items() if tensor.is_floating_point()})
safetensors("network", state)
python2("python2.pth", torch.arange(1.0, 7).view(2, 3))
training()

# the project's own format, for the harness of tests/fuzz/
FUZZ_SEED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../fuzz/corpus/weights/own.h5")
with h5py.File(FUZZ_SEED if len(sys.argv) == 1 else os.path.join(FOLDER, "own.h5"), "w") as file:
    file.attrs.update({"format": "cambench-weights", "version": 1, "arch": "resnet18", "classes": 2, "width": 0.5,
                       "source": "a script", "sha256": ""})
    file["tensor/fc.bias"] = np.float32([0.5, -2])
    file["tensor/fc.weight"] = np.float16([[1, 2, 3], [4, 5, 6]])
    file.create_dataset("class/name", data=["cat", "dog"], dtype=h5py.string_dtype())

with open(os.path.join(FOLDER, "values.txt"), "w") as file:
    file.write("\n".join(lines) + "\n")