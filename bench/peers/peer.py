"""What the scripts of this folder share: programs kept as children, of which one works while the others sleep, rounds that
alternate between them, and a look at what else the machine was doing.

A child says "ready ..." when it has loaded everything, then answers each line of its standard input by one line, or by
"error TEXT" (bench/perf/serve.c has the requests). It waits without spinning, but for the moment behind a pass that OpenMP
takes by default.
"""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


class PeerError(Exception):
    pass


def environment(threads):
    """The same number of threads for every library that a child may use; they stay where they are. How they wait is left to
    each library: OpenMP's threads look for work for a moment behind a pass, then sleep."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {**os.environ, **{name: str(threads) for name in names},
            "OMP_PROC_BIND": "close", "OMP_PLACES": "cores", "OMP_DYNAMIC": "false"}


def pin(cpus, threads):
    """This process and all its children run on these cores only: "0,1", or the first ones it may use."""
    allowed = sorted(os.sched_getaffinity(0))
    chosen = [int(cpu) for cpu in cpus.split(",")] if cpus else allowed[:threads]
    if len(chosen) < threads or not set(chosen) <= set(allowed):
        sys.exit(f"{threads} threads need as many cores; this process may use {allowed}")
    os.sched_setaffinity(0, chosen)
    return chosen


class Peer:
    """A child on two pipes. What it prints to stderr is in its log."""

    def __init__(self, name, command, threads, log):
        self.name, self.log = name, pathlib.Path(log)
        with open(self.log, "wb") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                                            text=True, env=environment(threads))
        self.ready = self.read("ready").split()[1:]

    def read(self, beginning=""):
        line = self.process.stdout.readline().rstrip("\n")
        if not line or line.startswith("error") or not line.startswith(beginning):
            text = self.log.read_text(errors="replace").strip().splitlines()
            raise PeerError(line[6:] if line.startswith("error") else text[-1] if text else "ended without a word")
        return line

    def ask(self, *words):
        self.process.stdin.write(" ".join(str(word) for word in words if word != "") + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def processor_seconds(self):
        return processor_seconds(self.process.pid)


def processor_seconds(pid):
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def busy_seconds():
    """Of all cores, everything but idle and waiting for disks; stolen time counts."""
    fields = [int(field) for field in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


class OthersWatch:
    """How many cores were busy with something else than the peers and this script."""

    def __init__(self, peers):
        self.peers, self.start = peers, time.monotonic()
        self.before = self.figures()

    def figures(self):
        mine = sum(os.times()[:4]) + sum(peer.processor_seconds() for peer in self.peers)
        return busy_seconds(), mine

    def cores(self):
        (busy, mine), (busy_before, mine_before) = self.figures(), self.before
        return max(0.0, (busy - busy_before - (mine - mine_before)) / (time.monotonic() - self.start))


class Rounds:
    """Values of one contestant, a round each."""

    def __init__(self):
        self.values = []

    def add(self, value):
        self.values.append(float(value))

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def spread(self):
        """(largest - smallest) / median, in percent."""
        return 100 * (max(self.values) - min(self.values)) / self.median


def alternate(contestants, rounds, warm_up):
    """A B C A B C ...: {name: Rounds} of {name: function that measures a round}; warm-up rounds are dropped."""
    measured = {name: Rounds() for name in contestants}
    for number in range(-warm_up, rounds):
        for name, measure in contestants.items():
            value = measure()
            if number >= 0:
                measured[name].add(value)
    return measured


def ratio_range(ours, theirs):
    """Smallest and largest quotient of the values of one round."""
    quotients = [a / b for a, b in zip(ours.values, theirs.values)]
    return min(quotients), max(quotients)


def marked(spread):
    return f"{spread:5.0f}%" + ("!" if spread > 15 else " ")


def print_load():
    with open("/proc/loadavg") as file:
        print(f"load average {' '.join(file.read().split()[:3])} on {os.cpu_count()} cores")


def add_common_arguments(parser):
    parser.add_argument("--build", default="build", help="folder of cambench and cambench-bench (build)")
    parser.add_argument("--threads", type=int, default=2, help="of every contestant (2)")
    parser.add_argument("--rounds", type=int, default=5, help="after the warm-up (5)")
    parser.add_argument("--seconds", type=float, default=0.25, help="that a round lasts at least (0.25)")
    parser.add_argument("--cpus", help="cores to run on, as 0,1; default: the first ones")
    parser.add_argument("--weights", help="folder with ARCH.h5; default: generated ones")
    parser.add_argument("--folder", help="keeps weights and models there for the next time")
    parser.add_argument("--json", help="write all figures there, too")


class Workshop:
    """The folder in which weights, inputs and models lie; removed at the end unless it was given."""

    def __init__(self, arguments):
        self.arguments, self.kept = arguments, arguments.folder
        self.path = pathlib.Path(self.kept or tempfile.mkdtemp(prefix="cambench-peers-"))
        self.path.mkdir(parents=True, exist_ok=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.kept:
            shutil.rmtree(self.path)

    def program(self, name):
        path = pathlib.Path(self.arguments.build).resolve() / name
        if not path.exists():
            sys.exit(f"{path} is missing: make {self.arguments.build}/{name}")
        return str(path)

    def cambench(self, *words):
        done = subprocess.run([self.program("cambench"), *(str(word) for word in words)], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, env=environment(self.arguments.threads))
        if done.returncode:
            sys.exit(f"cambench {words[0]}: {done.stdout.strip()}")

    def timed_run(self, config, *words):
        """Seconds of a `cambench run` that begins anew; its results lie in out/."""
        start = time.monotonic()
        self.cambench("run", config, "--quiet", "--fresh", f"--output={self.path / 'out'}",
                      f"--threads={self.arguments.threads}", *words)
        return time.monotonic() - start

    def weights(self, arch):
        """The network's weights; random ones whose signals keep their size, unless the user has others."""
        if self.arguments.weights and (pathlib.Path(self.arguments.weights) / f"{arch}.h5").exists():
            return str(pathlib.Path(self.arguments.weights) / f"{arch}.h5")
        path = self.path / f"{arch}.h5"
        if not path.exists():
            self.cambench("generate", "weights", arch, "--out", path)
        return str(path)

    def inputs(self, count):
        """A file of `count` inputs (3,224,224) that are not constant."""
        import numpy as np
        path = self.path / f"inputs-{count}.bin"
        rng = np.random.default_rng(1)
        waves = rng.standard_normal((count, 3, 14, 14)).repeat(16, axis=2).repeat(16, axis=3)
        (waves + 0.3 * rng.standard_normal((count, 3, 224, 224))).astype("float32").tofile(path)
        return str(path)

    def open_ours(self, arch, inputs, *options):
        return Peer("cambench", [self.program("cambench-bench"), "--serve", "--arch", arch, "--weights",
                                 self.weights(arch), "--inputs", inputs, "--threads", str(self.arguments.threads), *options],
                    self.arguments.threads, self.path / "cambench.log")

    def open_python(self, script, arch, inputs, *words):
        return Peer(script, ["/usr/bin/python3", str(HERE / script), arch, self.weights(arch), inputs,
                             str(self.arguments.threads), *(str(word) for word in words)], self.arguments.threads,
                    self.path / f"{script}.log")

    def read_floats(self, path, columns):
        import numpy as np
        return np.fromfile(path, "float32").reshape(-1, columns)
