"""Networks for cambench that PyTorch runs: the work of cambench.serve(). docs/process-networks.md has the protocol."""

import os
import traceback

import torch

import cambench


def serve(module, layer, layers, reshape, input, picture, classes, names, device, batch, title):
    network = _Network(module, layer, layers, reshape, input, device)
    if classes is not None and classes != network.classes:
        raise cambench.Error("the module has %d outputs; classes says %d" % (network.classes, classes))
    if names is not None and len(names) != max(network.classes, 2):
        raise cambench.Error("there are %d names for %d classes" % (len(names), max(network.classes, 2)))
    lines = ["network %d %s" % (cambench.PROTOCOL, title), "input %d %d %d" % network.input,
             "classes %d" % network.classes]
    lines += ["class " + " ".join(str(name).split()) for name in names or []]
    lines += ["%s %s" % (key, _words(value)) for key, value in picture.items() if value is not None]
    lines += ["layer %s %d %d %d" % ((name,) + layer.shape) for name, layer in network.layers.items()]
    lines += ["target " + network.target, "batch %d" % batch, "ready"]
    if os.environ.get("CAMBENCH_PROTOCOL"):
        _serve_network(network, lines)
    else:
        print("\n".join(line for line in lines[:-1] if not line.startswith("class ")))


def _words(value):
    return value if isinstance(value, str) else " ".join(repr(float(one)) for one in (
        value if hasattr(value, "__iter__") else [value]))


class _Layer:
    """A submodule whose output is a layer's value: how that is turned into (N,C,h,w) and back."""

    def __init__(self, module, raw, reshape):
        self.module, self.raw_shape = module, tuple(raw.shape[1:])
        self.reshape = reshape
        self.places = None  # of the values among the raw ones, as `reshape` selects them
        numbers = torch.arange(raw.numel()).reshape(raw.shape)
        places = reshape(numbers) if reshape else raw
        if places.ndim != 4 or places.shape[0] != 1:
            raise cambench.Error("its value is %s; it must be (N,C,h,w), which `reshape` can make of it"
                                 % (tuple(places.shape),))
        self.shape = tuple(places.shape[1:])
        if reshape:
            if len(places.unique()) != places.numel() or not torch.equal(reshape(-1 - numbers), -1 - places):
                raise cambench.Error("`reshape` must select and reorder values, not compute with them")
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
        full = raw.expand((n,) + tuple(raw.shape[1:])).clone(memory_format=torch.contiguous_format)
        full.view(n, -1)[:, self.places] = value.reshape(n, -1)
        return full


class _Network:
    def __init__(self, module, layer, layers, reshape, input, device):
        self.input = input
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
                raise cambench.Error("the module has no layer %r; it has %s ..."
                                     % (wanted, ", ".join(list(named)[:12])))
        target = self._name(layer, named) if layer is not None else None
        ranks = [raws[0].ndim for raws in values.values()]
        if target is None and ranks.count(3) > ranks.count(4):
            raise cambench.Error("most of the module's values are tokens (N,T,D); give `layer` and `reshape`")
        ndim = values[target][0].ndim if target in values else 3
        self.layers, chosen = {}, {self._name(other, named) for other in layers or []} | {target}
        for name in order:
            raws = values[name]
            if layers is not None and name not in chosen:
                continue
            try:
                if len(raws) != 1:
                    raise cambench.Error("it is called %d times in a pass" % len(raws))
                self.layers[name] = _Layer(named[name], raws[0], reshape if raws[0].ndim == ndim else None)
            except Exception as error:
                if name in chosen:
                    raise cambench.Error("layer %s: %s" % (name, error))
        for name in chosen - {None}:
            if name not in self.layers:
                raise cambench.Error("layer %s: the module does not call it, or its value is not a tensor" % name)
        self.target = target or self._usual_target(named)

    def _usual_target(self, named):
        for name in reversed(list(self.layers)):
            kind = type(named[name]).__name__
            if self.layers[name].shape[1] * self.layers[name].shape[2] > 1 and "Pool" not in kind and kind != "Dropout":
                return name
        raise cambench.Error("no layer has a value (N,C,h,w) with positions; give `layer` and `reshape`")

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
            with torch.no_grad():
                logits = self._run(torch.zeros((1,) + self.input, device=self.device, dtype=self.dtype))
        finally:
            for hook in hooks:
                hook.remove()
        if logits.ndim != 2 or len(logits) != 1:
            raise cambench.Error("the module returns %s for one image; it must be (1,K)" % (tuple(logits.shape),))
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
        return torch.from_numpy(array).to(self.device, self.dtype)

    def forward(self, x, names):
        """Logits (N,K) and the values of layers."""
        values = {}

        def keep(name):
            def hook(raw):  # copied, because what follows may work in place
                values[name] = self.layers[name].value(raw).clone()
            return hook

        with torch.no_grad():
            logits = self._hooked(x, {name: keep(name) for name in names})
        return [logits] + [values[name] for name in names]

    def _tail(self, x, name, value):
        layer = self.layers[name]
        return self._hooked(x, {name: lambda raw: layer.replaced(raw, value)})

    def _can_share(self, x, name, value):
        """Whether a pass of one image whose value becomes a batch at the layer gives what a pass of the batch gives."""
        probe = torch.cat([value[:1], value[-1:] * 0.5])
        whole = self._tail(x.expand((2,) + self.input), name, probe)
        try:
            shared = self._tail(x, name, probe)
        except Exception:
            return False
        return shared.shape == whole.shape and torch.allclose(shared.float(), whole.float(), rtol=1e-4, atol=1e-4)

    def tail(self, x, name, value):
        """Logits (N,K) of the image x (1,C,H,W) with each of the values (N,C,h,w) of a layer."""
        with torch.no_grad():
            if name not in self.shares:
                self.shares[name] = self._can_share(x, name, value)
            return self._tail(x if self.shares[name] else x.expand((len(value),) + self.input), name, value)

    def gradient(self, x, names):
        """Logits (K) at x (1,C,H,W); pull() and push() then give derivatives at layers, of which "input" is one."""
        leaves = {}

        def mark(name):
            def hook(raw):
                leaves[name] = raw if raw.requires_grad else raw.detach().requires_grad_(True)
                return leaves[name].clone()  # which what follows may change in place
            return hook

        with torch.enable_grad():
            if "input" in names:
                leaves["input"] = x.detach().requires_grad_(True)
                x = leaves["input"].clone()
            logits = self._hooked(x, {name: mark(name) for name in names if name != "input"})
        self.pending = logits, [leaves[name] for name in names], names
        return logits[0].detach()

    def taken(self):
        """What the last gradient() has left: logits, leaves, names."""
        if self.pending is None:
            raise cambench.Error("weights or tangent without a gradient before it")
        pending, self.pending = self.pending, None
        return pending

    def pull(self, logits, leaves, names, weights):
        """The gradients of sum_k weights[k] * logit[k]."""
        grads = [None] * len(leaves)
        if logits.requires_grad:
            grads = torch.autograd.grad(logits, leaves, weights.to(logits.dtype)[None], allow_unused=True)
        out = []
        for name, leaf, grad in zip(names, leaves, grads):
            grad = torch.zeros_like(leaf) if grad is None else grad
            out.append((grad if name == "input" else self.layers[name].value(grad))[0])
        return out

    def push(self, logits, leaf, name, direction):
        """The derivative of the logits (K) along a direction (1,C,h,w) at a layer."""
        grad = None
        if logits.requires_grad:
            zeros = torch.zeros_like(logits, requires_grad=True)
            grad, = torch.autograd.grad(logits, leaf, zeros, create_graph=True, allow_unused=True)
        if grad is None:
            return torch.zeros_like(logits[0])
        along = self.layers[name].replaced(torch.zeros_like(leaf), direction)
        return torch.autograd.grad(grad, zeros, along)[0][0]  # grad is J^T zeros, whose derivative along v is J v


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
        torch.set_num_threads(count)

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
        return self._put(self.network.pull(*self.network.taken(), q))

    def tangent(self):
        logits, (leaf,), (name,) = self.network.taken()
        direction, _ = self._numbers((1,) + self.network.layers[name].shape)
        return self._put([self.network.push(logits, leaf, name, direction)])


def _serve_network(network, lines):
    connection = cambench._Connection()
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
            reply = "error " + cambench._where(error)
        if reply is not None:
            connection.send(reply)
