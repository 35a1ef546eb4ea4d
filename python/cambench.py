"""Methods and networks for cambench, written in Python; needs NumPy, and for networks PyTorch.

A network is served by cambench.serve(module, layer="layer4"), see there. A method turns an image and a class into a map of evidence:

    import cambench, numpy as np

    @cambench.method(title="My-CAM")
    def explain(cam, power=1.0):
        w = cam.gradient("logit").mean(axis=(1, 2)) ** power
        return np.tensordot(w, cam.activations(), 1)

In a config it is {name: process, label: My-CAM, params: {command: "python3 mycam.py", files: [mycam.py], power: 2}}.
cambench starts the script and sets PYTHONPATH so that this file is found. All passes of the network run in cambench
and are counted. `python3 mycam.py --try picture.jpg [--backbone resnet18 --weights w.h5 -p power=2 ...]` draws one map;
the options after the picture are those of `cambench explain`.

The protocols, for other languages, are in docs/process-methods.md and docs/process-networks.md. Tensors are float32
arrays with their channels first.
"""

import atexit
import inspect
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import traceback
from collections import namedtuple

import numpy as np

__all__ = ["Cam", "Error", "Scores", "method", "run", "serve"]

PROTOCOL = 1
TALK, ANSWERS, ARRAYS = 3, 4, 5  # descriptors: lines, cambench's numbers, ours


class Error(Exception):
    """cambench could not serve a request; the text is its reason."""


Scores = namedtuple("Scores", "logit probability")
Scores.__doc__ = "Logits and probabilities of the explained class, arrays (n), of n passes."


# -- a method ----------------------------------------------------------------------------------------------------------

_method = None


def method(title=None, map="layer", signed=False, normalised=False):
    """Makes a function the script's method: explain(cam, **parameters) returns the map, an array (h,w).

    title       as printed; the function's name if it is not given
    map         "layer": the map has the size of the target layer; "input": that of the network's input
    signed      negative values are evidence too, and are not cut off
    normalised  the map is in [0,1] already

    Parameters of the function are parameters in the config. Their types (int, float, bool, str) follow from their
    defaults or annotations; one without a default must be given.

    The method runs when the script ends, so that all of the script is defined by then. A script that starts threads
    calls run() in its last line, because Python starts no threads while it ends.
    """

    def register(function):
        global _method
        if _method:
            raise Error("a script has one method: %s and %s have both been given" % (_method.name, function.__name__))
        _method = _Method(function, title or function.__name__, map, signed, normalised)
        if function.__module__ == "__main__":
            _run_at_end()
            if os.environ.get("CAMBENCH_TRY"):
                sys.stderr = _Copied(sys.stderr, os.environ["CAMBENCH_TRY"])
        return function

    return register


class _Method:
    types = {bool: "bool", int: "int", float: "float", str: "text"}
    readers = {"bool": lambda text: text == "true", "int": int, "float": float, "text": str}

    def __init__(self, function, title, map, signed, normalised):
        if map not in ("layer", "input"):
            raise Error('a map has the size of the "layer" or the "input", not "%s"' % map)
        self.function, self.name, self.title = function, function.__name__, title
        self.form = " ".join([map] + ["signed"] * signed + ["normalised"] * normalised)
        self.params = list(inspect.signature(function).parameters.values())[1:]
        self.param_types = {param.name: self._type(param) for param in self.params}

    def _type(self, param):
        kind = type(param.default) if param.default is not param.empty else param.annotation
        if kind not in self.types or param.kind in (param.VAR_POSITIONAL, param.VAR_KEYWORD):
            raise Error("parameter %s of %s needs a default or annotation of type int, float, bool or str"
                        % (param.name, self.name))
        return self.types[kind]

    def declaration(self):
        lines = ["cambench %d %s" % (PROTOCOL, self.title), "map " + self.form]
        for param in self.params:
            default = "" if param.default is param.empty else " " + self._text(param.default)
            lines.append("param %s %s%s" % (param.name, self.param_types[param.name], default))
        return lines + ["ready"]

    @staticmethod
    def _text(value):
        return str(value).lower() if isinstance(value, bool) else str(value)

    def value(self, name, text):
        return self.readers[self.param_types[name]](text)


# -- what a method may request -----------------------------------------------------------------------------------------


class Cam:
    """An image, its class and the target layer. Scores are "logit", "prob", "logprob" or "rest" (y_c + log p_c); rules
    of ReLU's gradient are "plain", "guided" and "deconvolution". A layer is named as `cambench list layers` does, and
    must be in the config's `layers: [...]` unless it is the target layer. Arrays belong to the caller.

    index        position in the image set, from 0; -1 outside one
    image        name in the image set
    target       the class c to explain
    classes      number of classes K
    seed         fixed by the run's seed, the image and the method's label
    layer_shape  (C,h,w) of the target layer
    input_shape  (C,H,W)
    map_shape    of the map to return
    layers       names of further layers, from the config
    """

    def __init__(self, connection, facts, layers):
        self._connection = connection
        self.index = int(facts["index"])
        self.image = facts["image"]
        self.target = int(facts["class"])
        self.classes = int(facts["classes"])
        self.seed = int(facts["seed"])
        self.layer_shape = _shape(facts["layer"])
        self.input_shape = _shape(facts["input"])
        self.map_shape = _shape(facts["map"])
        self.layers = layers

    # the base pass

    def input(self):
        """x (C,H,W), normalised (mean 0, deviation 1)."""
        return self._ask("input")

    def activations(self, layer=None):
        """A (C,h,w) of the target layer or another one."""
        return self._ask("activations", layer)

    def logits(self):
        """y (K)."""
        return self._ask("logits")

    def probabilities(self):
        """softmax(y) (K); for a network with one output, of its two classes."""
        return self._ask("probabilities")

    def random(self):
        """NumPy's random generator with this image's seed."""
        return np.random.default_rng(self.seed)

    # gradients

    def gradient(self, score="logit", layer=None, rule="plain"):
        """d score / d A (C,h,w). With a list of layers: a list of gradients, from one backward pass."""
        if layer is None or isinstance(layer, str):
            return self._ask("gradient", score, rule, layer)
        return self._ask_all("gradient", score, rule, *layer)

    def gradient_of(self, weights, layer=None):
        """J^T q (C,h,w): the gradient of sum_k q[k] * y[k] for any weights q (K)."""
        self._put(_like(weights, (self.classes,), "weights"))
        return self._ask("gradient_of", layer)

    def input_gradient(self, score="logit", rule="plain"):
        """d score / d x (C,H,W)."""
        return self._ask("input_gradient", score, rule)

    # further passes; each returns Scores (n)

    def tail(self, activations, layer=None):
        """Passes from the layer on, with its value replaced by each of the activations (n,C,h,w)."""
        return self._scores("tail", _stack(activations, 4, "activations"), layer)

    def spatial_masks(self, masks, layer=None):
        """Passes from the layer on, with A * mask for masks (n,h,w), the same for all channels."""
        return self._scores("spatial_masks", _stack(masks, 3, "masks"), layer)

    def channels(self, channels, values=0.0, layer=None):
        """Passes from the layer on, with channel[i] replaced by the constant value[i], one channel at a time."""
        channels = np.asarray(channels)
        pairs = np.stack([channels, np.broadcast_to(values, channels.shape)], axis=1)
        return self._scores("channels", _stack(pairs, 2, "channels"), layer)

    def masked(self, masks, baseline=None):
        """Full passes on x*m + baseline*(1-m) for masks (n,H,W); baseline (C,H,W), zeros if it is not given."""
        masks = _stack(masks, 3, "masks")
        if masks.shape[1:] != self.input_shape[1:]:
            raise Error("masks are %s; they must be (n,%d,%d)" % ((masks.shape,) + self.input_shape[1:]))
        if baseline is None:
            return self._scores("masked", masks)
        baseline = _like(baseline, self.input_shape, "baseline")
        self._put(baseline, masks)
        return Scores(*self._ask("masked", len(masks), "baseline").T)

    # other inputs

    def at_input(self, x):
        """A context in which requests refer to another input (C,H,W) of the network, until it ends:

            with cam.at_input(x):
                noisy = cam.gradient("logit")
        """
        return _AtInput(self, _like(x, self.input_shape, "the input"))

    # help

    def black(self):
        """A black image after normalisation (C,H,W)."""
        return self._ask("black")

    def blurred(self, kernel=51, sigma=50.0):
        """x blurred by a Gaussian of kernel x kernel taps, odd (C,H,W)."""
        return self._ask("blurred", kernel, repr(float(sigma)))

    def upsample(self, plane, align_corners=False):
        """A plane (h,w) of the target layer's size, enlarged bilinearly to the input's (H,W)."""
        self._put(_like(plane, self.layer_shape[1:], "the plane"))
        return self._ask("upsample", "corners" if align_corners else "half_pixel")

    # the wire

    def _put(self, *arrays):
        self._connection.put(*arrays)

    def _ask_all(self, *words):
        return self._connection.ask(" ".join(str(word) for word in words if word is not None))

    def _ask(self, *words):
        return self._ask_all(*words)[0]

    def _scores(self, request, items, layer=None):
        self._put(items)
        return Scores(*self._ask(request, len(items), layer).T)


class _AtInput:
    def __init__(self, cam, x):
        self.cam, self.x = cam, x

    def __enter__(self):
        self.cam._put(self.x)
        self.cam._ask_all("at_input")
        return self.cam

    def __exit__(self, *_):
        self.cam._ask_all("at_image")


def _shape(text):
    return tuple(int(size) for size in text.split("x"))


def _like(array, shape, what):
    array = np.ascontiguousarray(array, dtype=np.float32)
    if array.shape != shape:
        raise Error("%s: the shape is %s; it must be %s" % (what, array.shape, shape))
    return array


def _stack(array, dimensions, what):
    array = np.ascontiguousarray(array, dtype=np.float32)
    if array.ndim != dimensions or len(array) == 0:
        raise Error("%s: the shape is %s; there must be %d dimensions, the first at least 1"
                    % (what, array.shape, dimensions))
    return array


# -- the protocol ------------------------------------------------------------------------------------------------------


class _Connection:
    def __init__(self):
        self.lines = socket.socket(fileno=TALK).makefile("rwb")

    def send(self, *lines):
        sys.stdout.flush()  # what is printed is an error, which belongs to this image
        self.lines.write("".join(line + "\n" for line in lines).encode())
        self.lines.flush()

    def receive(self):
        """The next line; None when cambench has ended."""
        line = self.lines.readline()
        return line.decode().rstrip("\n") if line.endswith(b"\n") else None

    def put(self, *arrays):
        place = 0
        for array in arrays:
            data = memoryview(np.ascontiguousarray(array, dtype="<f4")).cast("B")
            while len(data):
                done = os.pwrite(ARRAYS, data, place)
                place, data = place + done, data[done:]

    def get(self, shape, place):
        array = np.empty(shape, dtype="<f4")
        data = memoryview(array).cast("B")
        while len(data):
            done = os.preadv(ANSWERS, [data], place)
            place, data = place + done, data[done:]
        return array, place

    def ask(self, request):
        self.send(request)
        reply = self.receive()
        if reply is None:
            os._exit(0)
        if not reply.startswith("ok"):
            raise Error(reply.partition(" ")[2])
        sizes = [int(word) for word in reply.split()[1:]]
        shapes = [tuple(sizes)] if len(sizes) < 3 else [tuple(sizes[i:i + 3]) for i in range(0, len(sizes), 3)]
        arrays, place = [], 0
        for shape in shapes if sizes else []:
            array, place = self.get(shape, place)
            arrays.append(array)
        return arrays


def _facts(line):
    words, _, image = line.partition(" image=")
    facts = dict(word.split("=", 1) for word in words.split()[1:])
    return dict(facts, image=image)


def _where(error):
    """The line of the script in which an exception was raised: "mycam.py:5: ValueError: text"."""
    text = traceback.format_exception_only(type(error), error)[-1].strip()
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    place = "%s:%d: " % (os.path.basename(frames[-1].filename), frames[-1].lineno) if frames else ""
    return (place + " ".join(text.split()))[:1000]


def _explain(connection, cam, params):
    try:
        result = np.asarray(_method.function(cam, **params))
        if result.ndim != 2:
            raise Error("%s returned an array of shape %s; it must be %s"
                        % (_method.name, result.shape, cam.map_shape))
        connection.put(result)
        return "map %d %d" % result.shape
    except Exception as error:
        traceback.print_exc()
        return "error " + _where(error)


def _serve():
    """Explains images until cambench ends the connection."""
    connection, params, layers = _Connection(), {}, []
    connection.send(*_method.declaration())
    while True:
        line = connection.receive()
        if line is None:
            return
        word, _, rest = line.partition(" ")
        if word == "param":
            name, _, text = rest.partition(" ")
            params[name] = _method.value(name, text)
        elif word == "layers":
            layers = rest.split()
        elif word == "explain":
            connection.send(_explain(connection, Cam(connection, _facts(line), layers), params))


# -- a network ---------------------------------------------------------------------------------------------------------


IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def serve(module, layer=None, layers=None, reshape=None, input=(3, 224, 224), mean=IMAGENET_MEAN, std=IMAGENET_STD,
          classes=None, names=None, device=None, batch=32, title=None):
    """Serves a PyTorch module as a backbone of cambench, until cambench ends:

        cambench.serve(torchvision.models.resnet18(weights="DEFAULT"), layer="layer4")

    In a config it is {model: process, command: "python3 serve.py", files: [serve.py]}. Started by hand, the script
    prints the layers that it offers.

    module   takes (N,C,H,W), normalised, and returns logits (N,K), or an object or dict with `logits`
    layer    the target layer: a submodule or its name; the last one with positions if it is not given
    layers   names of further layers that methods may use; all that qualify if it is not given
    reshape  turns a layer's value into (N,C,h,w) where it is something else, such as tokens (N,T,D):
             lambda t: t[:, 1:].transpose(1, 2).unflatten(2, (14, 14)). It selects and reorders values; those that
             it leaves out, such as a class token, keep the image's own values in passes with changed activations
    input    (C,H,W)
    mean, std  of the normalisation, three numbers for pixels in [0,1]
    classes  the number of outputs, as a check
    names    of the classes, in order; ImageNet's are assumed for 1000
    device   "cuda" and so on; where the module is if it is not given
    batch    most images in one pass

    Passes from a layer on run what precedes it once for all changed activations, if the module allows that, which is
    tried out at the first such pass; else the whole module runs for each. Each worker of cambench has a process of its
    own: on a GPU, runtime.threads: 1 is usual.
    """
    network = _Network(module, layer, layers, reshape, tuple(input), device)
    if classes is not None and classes != network.classes:
        raise Error("the module has %d outputs; classes says %d" % (network.classes, classes))
    if names is not None and len(names) != max(network.classes, 2):
        raise Error("there are %d names for %d classes" % (len(names), max(network.classes, 2)))
    lines = ["network %d %s" % (PROTOCOL, title or type(module).__name__), "input %d %d %d" % network.input,
             "classes %d" % network.classes]
    lines += ["class " + " ".join(str(name).split()) for name in names or []]
    lines += ["mean %r %r %r" % tuple(float(v) for v in mean), "std %r %r %r" % tuple(float(v) for v in std)]
    lines += ["layer %s %d %d %d" % ((name,) + layer.shape) for name, layer in network.layers.items()]
    lines += ["target " + network.target, "batch %d" % batch, "ready"]
    if os.environ.get("CAMBENCH_PROTOCOL"):
        _serve_network(network, lines)
    else:
        print("\n".join(line for line in lines[:-1] if not line.startswith("class ")))


class _Layer:
    """A submodule whose output is a layer's value: how that is turned into (N,C,h,w) and back."""

    def __init__(self, module, raw, reshape):
        import torch
        self.module, self.raw_shape = module, tuple(raw.shape[1:])
        self.reshape = reshape
        self.places = None  # of the values among the raw ones, as `reshape` selects them
        places = reshape(torch.arange(raw.numel()).reshape(raw.shape)) if reshape else raw
        if places.ndim != 4 or places.shape[0] != 1:
            raise Error("its value is %s; it must be (N,C,h,w), which `reshape` can make of it" % (tuple(places.shape),))
        self.shape = tuple(places.shape[1:])
        if reshape:
            if places.is_floating_point() or len(places.unique()) != places.numel():
                raise Error("`reshape` must select and reorder values, not compute with them")
            self.places = places.flatten().to(raw.device)

    def value(self, raw):
        """(N,C,h,w) of the module's own values."""
        return self.reshape(raw) if self.reshape else raw

    def replaced(self, raw, value):
        """The module's own values where (N,C,h,w) replaces what `value` gives."""
        n = len(value)
        value = value.to(raw.dtype)
        if self.places is None:
            return value
        full = raw.expand((n,) + tuple(raw.shape[1:])).clone(memory_format=__import__("torch").contiguous_format)
        full.view(n, -1)[:, self.places] = value.reshape(n, -1)
        return full


class _Network:
    def __init__(self, module, layer, layers, reshape, input, device):
        import torch
        self.torch, self.input = torch, input
        self.module = module.to(device) if device is not None else module
        self.module.eval().requires_grad_(False)
        parameter = next(self.module.parameters(), None)
        self.device = parameter.device if parameter is not None else torch.device("cpu")
        self.dtype = parameter.dtype if parameter is not None else torch.float32
        self.pending = None  # a forward pass whose gradients can be taken
        self.shares = {}  # layer: whether what precedes it may run once for a batch
        self._find_layers(layer, layers, reshape)

    # layers

    def _find_layers(self, layer, layers, reshape):
        values, order = self._trace()
        named = {name: module for name, module in self.module.named_modules() if name}
        for wanted in [layer] * (layer is not None) + list(layers or []):
            if self._name(wanted, named) not in named:
                raise Error("the module has no layer %r; it has %s ..." % (wanted, ", ".join(list(named)[:12])))
        target = self._name(layer, named) if layer is not None else None
        ranks = [raws[0].ndim for raws in values.values()]
        if target is None and ranks.count(3) > ranks.count(4):
            raise Error("most of the module's values are tokens (N,T,D); give `layer` and `reshape`")
        ndim = values[target][0].ndim if target in values else 3
        self.layers, chosen = {}, {self._name(other, named) for other in layers or []} | {target}
        for name in order:
            raws = values[name]
            if layers is not None and name not in chosen:
                continue
            try:
                if len(raws) != 1:
                    raise Error("it is called %d times in a pass" % len(raws))
                self.layers[name] = _Layer(named[name], raws[0], reshape if raws[0].ndim == ndim else None)
            except Exception as error:
                if name in chosen:
                    raise Error("layer %s: %s" % (name, error))
        for name in chosen - {None}:
            if name not in self.layers:
                raise Error("layer %s: the module does not call it, or its value is not a tensor" % name)
        self.target = target or self._usual_target(named)

    def _usual_target(self, named):
        for name in reversed(list(self.layers)):
            kind = type(named[name]).__name__
            if self.layers[name].shape[1] * self.layers[name].shape[2] > 1 and "Pool" not in kind and kind != "Dropout":
                return name
        raise Error("no layer has a value (N,C,h,w) with positions; give `layer` and `reshape`")

    def _name(self, layer, named):
        if isinstance(layer, str):
            return layer
        return next((name for name, module in named.items() if module is layer), layer)

    def _trace(self):
        """The value of each submodule in a pass, with their names in the order in which they end."""
        values, order, hooks = {}, [], []

        def keep(name):
            def hook(_module, _args, out):
                raw = self._tensor(out)
                if raw is None:
                    return
                if name not in values:
                    order.append(name)
                values.setdefault(name, []).append(raw.detach().clone())
            return hook

        for name, module in self.module.named_modules():
            if name:
                hooks.append(module.register_forward_hook(keep(name)))
        try:
            with self.torch.no_grad():
                logits = self._run(self.torch.zeros((1,) + self.input, device=self.device, dtype=self.dtype))
        finally:
            for hook in hooks:
                hook.remove()
        if logits.ndim != 2 or len(logits) != 1:
            raise Error("the module returns %s for one image; it must be (1,K)" % (tuple(logits.shape),))
        self.classes = logits.shape[1]
        return values, order

    @staticmethod
    def _tensor(out):
        """The tensor in what a module returns; None: there is none."""
        if isinstance(out, (tuple, list)) and out:
            out = out[0]
        return out if hasattr(out, "ndim") and hasattr(out, "detach") else None

    @staticmethod
    def _with(out, tensor):
        """What a module returns, with another tensor."""
        if isinstance(out, (tuple, list)):
            return type(out)([tensor] + list(out[1:]))
        return tensor

    # passes

    def _run(self, x):
        out = self.module(x)
        out = out["logits"] if isinstance(out, dict) else getattr(out, "logits", out)
        return out[0] if isinstance(out, (tuple, list)) else out

    def _hooked(self, x, hooks):
        """A pass in which hooks {layer: function(raw)} see, and may replace, the values of layers."""
        handles = []

        def hook_of(function):
            def hook(_module, _args, out):
                changed = function(self._tensor(out))
                return None if changed is None else self._with(out, changed)
            return hook

        try:
            for name, function in hooks.items():
                handles.append(self.layers[name].module.register_forward_hook(hook_of(function)))
            return self._run(x)
        finally:
            for handle in handles:
                handle.remove()

    def tensor(self, array):
        return self.torch.from_numpy(array).to(self.device, self.dtype)

    def forward(self, x, names):
        """Logits (N,K) and the values of layers."""
        values = {}

        def keep(name):
            def hook(raw):  # copied, because what follows may work in place
                values[name] = self.layers[name].value(raw).clone()
            return hook

        with self.torch.no_grad():
            logits = self._hooked(x, {name: keep(name) for name in names})
        return [logits] + [values[name] for name in names]

    def _tail(self, x, name, value):
        layer = self.layers[name]
        return self._hooked(x, {name: lambda raw: layer.replaced(raw, value)})

    def _can_share(self, x, name, value):
        """Whether a pass of one image whose value becomes a batch at the layer gives what a pass of the batch gives."""
        probe = self.torch.cat([value[:1], value[-1:] * 0.5])
        whole = self._tail(x.expand((2,) + self.input), name, probe)
        try:
            shared = self._tail(x, name, probe)
        except Exception:
            return False
        return shared.shape == whole.shape and self.torch.allclose(shared.float(), whole.float(), rtol=1e-4, atol=1e-4)

    def tail(self, x, name, value):
        """Logits (N,K) of the image x (1,C,H,W) with each of the values (N,C,h,w) of a layer."""
        with self.torch.no_grad():
            if name not in self.shares:
                self.shares[name] = self._can_share(x, name, value)
            return self._tail(x if self.shares[name] else x.expand((len(value),) + self.input), name, value)

    def gradient(self, x, names):
        """Logits (K) at x (1,C,H,W); pull() then gives the gradients at layers, of which "input" is one."""
        leaves = {}

        def mark(name):
            def hook(raw):
                leaves[name] = raw if raw.requires_grad else raw.detach().requires_grad_(True)
                return leaves[name].clone()  # which what follows may change in place
            return hook

        with self.torch.enable_grad():
            if "input" in names:
                leaves["input"] = x.detach().requires_grad_(True)
                x = leaves["input"].clone()
            logits = self._hooked(x, {name: mark(name) for name in names if name != "input"})
        self.pending = logits, [leaves[name] for name in names], names
        return logits[0].detach()

    def pull(self, weights):
        """The gradients of sum_k weights[k] * logit[k] of the last gradient()."""
        if self.pending is None:
            raise Error("weights without a gradient before it")
        logits, leaves, names = self.pending
        self.pending = None
        grads = [None] * len(leaves)
        if logits.requires_grad:
            grads = self.torch.autograd.grad(logits, leaves, weights.to(logits.dtype)[None], allow_unused=True)
        out = []
        for name, leaf, grad in zip(names, leaves, grads):
            grad = self.torch.zeros_like(leaf) if grad is None else grad
            out.append((grad if name == "input" else self.layers[name].value(grad))[0])
        return out


class _NetworkRequests:
    """A request of cambench: how many numbers it brings, and what answers it."""

    def __init__(self, network, connection):
        self.network, self.connection = network, connection

    def _numbers(self, shape, place=0):
        array, place = self.connection.get(shape, place)
        return self.network.tensor(array), place

    def _put(self, tensors):
        self.connection.put(*[tensor.detach().float().cpu().numpy() for tensor in tensors])
        return "ok " + " ".join("x".join(str(size) for size in tensor.shape) for tensor in tensors)

    def start(self, threads):
        count = int(threads.partition("=")[2])
        self.network.torch.set_num_threads(count)

    def forward(self, n, *names):
        x, _ = self._numbers((int(n),) + self.network.input)
        logits, *values = self.network.forward(x, names)
        return self._put([logits] + [value[0] for value in values])

    def tail(self, n, name):
        x, place = self._numbers((1,) + self.network.input)
        value, _ = self._numbers((int(n),) + self.network.layers[name].shape, place)
        return self._put([self.network.tail(x, name, value)])

    def gradient(self, *names):
        x, _ = self._numbers((1,) + self.network.input)
        return self._put([self.network.gradient(x, names)])

    def weights(self):
        q, _ = self._numbers((self.network.classes,))
        return self._put(self.network.pull(q))


def _serve_network(network, lines):
    connection = _Connection()
    connection.send(*lines)
    requests = _NetworkRequests(network, connection)
    while True:
        line = connection.receive()
        if line is None:
            return
        word, *words = line.split()
        try:
            reply = getattr(requests, word)(*words)
        except Exception as error:
            traceback.print_exc()
            reply = "error " + _where(error)
        if reply is not None:
            connection.send(reply)


# -- running -----------------------------------------------------------------------------------------------------------


_failed = False  # the script has ended with an exception


def run():
    """Does at once what the script was started for, and ends it; see method()."""
    atexit.unregister(_at_end)
    sys.exit(_main())


def _run_at_end():
    hook = sys.excepthook

    def note(*error):
        global _failed
        _failed = True
        hook(*error)

    sys.excepthook = note
    atexit.register(_at_end)


def _at_end():
    if not _failed:
        code = _main()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _main():
    if _method is None:
        print("cambench: the script has no @cambench.method()", file=sys.stderr)
        return 2
    if os.environ.get("CAMBENCH_PROTOCOL"):
        _serve()
        return 0
    if "--try" in sys.argv[1:]:
        return _try(sys.argv[1:])
    asked = "--help" in sys.argv[1:] or "-h" in sys.argv[1:]
    print("usage: python3 %s --try PICTURE [OPTION]...    draws a map; options are those of `cambench explain`"
          % sys.argv[0], file=sys.stdout if asked else sys.stderr)
    return 0 if asked else 2


def _program():
    """The program: $CAMBENCH, the one that this file was installed or checked out with, or the one on PATH."""
    folder = os.path.dirname(os.path.abspath(__file__))
    for path in (os.environ.get("CAMBENCH"), os.path.join(folder, "../../../bin/cambench"),
                 os.path.join(folder, "../build/cambench"), shutil.which("cambench")):
        if path and os.access(path, os.X_OK):
            return path
    raise Error("the program cambench was not found; set CAMBENCH to its path")


class _Copied:
    """A stream that also goes to the file that --try prints at the end."""

    def __init__(self, stream, path):
        self.streams = stream, open(path, "a")

    def write(self, text):
        for stream in self.streams:
            stream.write(text)
            stream.flush()

    def flush(self):
        pass


def _try(words):
    """Has `cambench explain` run this script on a picture, and prints what the script says on stderr."""
    words = [word for word in words if word != "--try"]
    script = os.path.abspath(sys.argv[0])
    command = " ".join(shlex.quote(word) for word in (sys.executable, script))
    with tempfile.NamedTemporaryFile(prefix="cambench-try-") as notes:
        environment = dict(os.environ, CAMBENCH_TRY=notes.name)
        sys.stdout.flush()
        done = subprocess.run([_program(), "explain", "--methods", "process", "--param", "command=" + command,
                               "--param", "files=" + script] + words, env=environment)
        sys.stderr.write(notes.read().decode(errors="replace"))
    return done.returncode
