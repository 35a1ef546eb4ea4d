"""Methods and networks for cambench, written in Python; needs NumPy, and for networks PyTorch.

A network is served by cambench.serve(module, layer="layer4"), see there. A method turns an image and a class into a map
of evidence:

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


def serve(module, layer=None, layers=None, reshape=None, input=(3, 224, 224), mean=None, std=None, scale=None,
          channels=None, resize=None, classes=None, names=None, device=None, batch=32, title=None):
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
    mean, std  of the normalisation, a number for each channel; ImageNet's for RGB if they are not given
    scale, channels, resize  as the keys of `input` in a config: 255, "bgr", "squash" and so on
    classes  the number of outputs, as a check
    names    of the classes, in order; ImageNet's are assumed for 1000
    device   "cuda" and so on; where the module is if it is not given
    batch    most images in one pass

    Passes from a layer on run what precedes it once for all changed activations, if the module allows that, which is
    tried out at the first such pass; else the whole module runs for each. Each worker of cambench has a process of its
    own: on a GPU, runtime.threads: 1 is usual.
    """
    import cambench_network  # needs PyTorch

    cambench_network.serve(module, layer, layers, reshape, tuple(input),
                           {"mean": mean, "std": std, "scale": scale, "channels": channels, "resize": resize}, classes,
                           names, device, batch, title or type(module).__name__)


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
