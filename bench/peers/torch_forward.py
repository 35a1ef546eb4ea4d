#!/usr/bin/python3
"""PyTorch's forward pass on a pipe: eager, channels_last, and traced, frozen and optimized. For forward.py.

usage: torch_forward.py ARCH WEIGHTS INPUTS THREADS
requests: "outputs FILE VARIANT", "forward BATCH SECONDS VARIANT"
"""
import sys
import time

import torch

import networks


def frozen(model, inputs):
    return torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, inputs[:1])))


def channels_last(model):
    model = model.to(memory_format=torch.channels_last)
    return lambda x: model(x.to(memory_format=torch.channels_last))


def measure(run, inputs, batch, seconds):
    x, images, start = inputs[:batch], 0, time.monotonic()
    while images == 0 or time.monotonic() - start < seconds:
        run(x)
        images += batch
    return images / (time.monotonic() - start)


def main():
    arch, weights, inputs, threads = sys.argv[1:]
    networks.set_threads(int(threads))
    inputs = networks.read_inputs(inputs)
    with torch.no_grad():
        variants = {"eager": networks.load(arch, weights),
                    "channels_last": channels_last(networks.load(arch, weights)),
                    "frozen": frozen(networks.load(arch, weights), inputs)}

        def outputs(path, variant):
            torch.cat([variants[variant](x) for x in inputs.split(8)]).numpy().astype("float32").tofile(path)
            return "ok"

        def forward(batch, seconds, variant):
            return measure(variants[variant], inputs, int(batch), float(seconds))

        print("ready", *variants, flush=True)
        networks.answer({"outputs": outputs, "forward": forward})


main()
