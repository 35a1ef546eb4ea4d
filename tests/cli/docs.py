"""Tries what README.md, CONTRIBUTING.md and docs/*.md show: shell blocks, commands in the text, configs, Python.

usage: docs.py commands|tutorials ROOT BUILD      from an empty folder; prints what fails, else nothing

A block of `sh` or `bash` is run in a copy of the sources, page by page, with `cambench run` on one image, by two
methods. A line before it, which readers do not see, may say more:
    <!-- not run: WHY -->                      only the command lines in it are checked, by the program's own parser
    <!-- first: COMMANDS -->                   run before it
    <!-- needs NumPy; first: COMMANDS -->      not run where python3 has no NumPy; also alone
    <!-- in FILE, in the place of: NAMES -->   of a `c` block: replaces the functions that use these names
A `c` block that begins with a comment with a file's name is that file. docs/add-a-*.md are tutorials and are built.
"""
import ast, os, re, shlex, shutil, subprocess, sys

PRELUDE = r"""
cambench() { "$PWD/bin/cambench" "$@"; }
find_cambench() { while [ $# -gt 0 ] && [ "$1" != cambench ]; do shift; done; [ $# -eq 0 ] || "$@"; }
for stub in srun mpirun kubectl; do eval "$stub() { find_cambench \"\$@\"; }"; done
sbatch() { while [ $# -gt 0 ]; do [ "$1" != --wrap ] || eval "$2"; shift; done; }
scontrol() { :; }
script()
{
    [ -x "$1" ] || { echo "no program $1"; return 1; }
    for word in "$@"; do
        case $word in --*) grep -qh -- "$word" "${1%/*}"/*.py || { echo "$1 has no option $word"; return 1; } ;; esac
    done
}
"""
CHECK_TARGETS = r"""
make()
{
    for target in "$@"; do
        case $target in
        *=* | -* | build/*) ;;
        *) grep -qxF -- "$target" targets.txt || [ -d "tests/${target#check-}" ] || { echo "no target $target"; return 1; } ;;
        esac
    done
}
"""
PARSE = """
cambench() { "$build/cambench" "$@" --help >/dev/null; }
cambench_bench() { [ ! -e "$build/cambench-bench" ] || "$build/cambench-bench" "$@" --help >/dev/null; }
"""
REAL_MAKE = 'make() { command make -s -j2 B=build CC="${CC:-cc}" "$@" >make.txt 2>&1 || { cat make.txt; return 1; }; }\n'
FEW = "--set dataset.images=1 --set methods=[gradcam,layercam] --set report.bootstrap=10 --set report.plots=false " \
      "--set report.overlays=0" # a block may choose its own
SMALLEST = """name: NAME
dataset: {path: datasets/demo/demo.h5, images: 2}
backbones: [{arch: resnet18, weights: backbones/demo/resnet18.h5}]
methods: [gradcam]
metrics: [average_drop]
"""
problems = []


def complain(place, text):
    problems.append(f"{place}: {text.strip()}")


class Block:
    def __init__(self, page, line, kind, note, before):
        self.place, self.kind, self.note, self.before, self.lines = f"{page}:{line}", kind, note, before, []

    @property
    def text(self):
        return "\n".join(self.lines) + "\n"


def read(root, page):
    """The blocks of a page, and its other lines with their numbers."""
    blocks, rest, block, note = [], [], None, ""
    for number, line in enumerate(open(os.path.join(root, page), encoding="utf-8").read().split("\n"), 1):
        fence = re.match(r"```(\w*)$", line)
        if fence and block is None:
            block = Block(page, number, fence[1], note, "\n".join(text for _, text in rest[-4:]))
        elif fence:
            blocks.append(block)
            block = None
        elif block:
            block.lines.append(line)
        else:
            rest.append((number, line))
        note = line if line.startswith("<!--") else ""
    return blocks, rest


def copy_tree(root, world):
    shutil.copytree(root, world, symlinks=True,
                    ignore=lambda folder, names: [n for n in names if n in (".git", "build", "__pycache__") or
                                                  (folder == root and n == "data")])


def write_program(path, lines):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write("#!/bin/bash\n" + lines)
    os.chmod(path, 0o755)


def make_world(root, build, world, is_tutorial):
    copy_tree(root, world)
    program = os.path.join(build, "cambench")
    if is_tutorial:
        skip = lambda folder, names: [n for n in names if os.path.basename(folder) != "tests" and "/tests" in folder]
        shutil.copytree(build, os.path.join(world, "build"), symlinks=True, ignore=skip)
        program = os.path.join(world, "build/cambench")
    run = f'if [ "$1" = run ]; then shift; set -- run {FEW} "$@"; fi\nexec {shlex.quote(program)} "$@"\n'
    write_program(os.path.join(world, "bin/cambench"), run)
    if not is_tutorial:
        write_program(os.path.join(world, "build/cambench"), run)
    with open(os.path.join(world, "targets.txt"), "w") as file:
        file.write("\n".join(re.findall(r"(?m)^([a-z][a-z-]*):", open(os.path.join(root, "Makefile")).read())) + "\n")
    for name in ("config.yaml", "my.yaml"):
        with open(os.path.join(world, name), "w") as file:
            file.write(SMALLEST)


def bash(world, place, text, prelude):
    with open(os.path.join(world, "block.sh"), "w") as file:
        file.write(prelude + text)
    done = subprocess.run(["bash", "-e", "block.sh", "config.yaml"], cwd=world, capture_output=True, text=True,
                          env={**os.environ, "SLURM_CPUS_PER_TASK": "2"}, timeout=300)
    if done.returncode:
        complain(place, f"exit {done.returncode}: {text.strip()}\n{(done.stdout + done.stderr)[-1500:]}")


def call_program(text):
    """Returns shell text in which the programs are the functions of the prelude."""
    text = re.sub(r"(?m)^(\s*)((?:bench|tools|tests)/[\w/.-]+)", r"\1script \2", text)
    text = re.sub(r"(?m)(^|[;&|] )build/cambench-bench\b", r"\1cambench_bench", text)
    return re.sub(r"(?m)(^|[;&|] )build/cambench(?!-)", r"\1cambench", text)


def parse(world, build, place, text):
    prelude = PRELUDE + CHECK_TARGETS + f"build={shlex.quote(build)}\n" + PARSE
    bash(world, place, call_program(text), prelude)


def is_possible(block):
    return "needs NumPy" not in block.note or subprocess.run(["python3", "-c", "import numpy"], stderr=subprocess.DEVNULL).returncode == 0


def run_shell(world, build, block, is_tutorial):
    first = re.search(r"first: (.*) -->", block.note)
    if block.note.startswith("<!-- not run: "):
        parse(world, build, block.place, block.text)
        return
    prelude = PRELUDE + (REAL_MAKE if is_tutorial else CHECK_TARGETS)
    text = (first[1] + "\n" if first else "") + block.text
    bash(world, block.place, call_program(text) if is_tutorial else text, prelude)


def replace_functions(path, names, text):
    """Replaces the first function that uses one of the names by the text, and removes the other ones."""
    chunks = re.split(r"(?m)(?<=^})\n", open(path).read())
    uses = [bool(re.search(r"\b(" + "|".join(names) + r")\(", chunk)) for chunk in chunks]
    kept = [chunk for chunk, is_used in zip(chunks, uses) if not is_used]
    kept.insert(uses.index(True), "\n\n" + text.rstrip())
    open(path, "w").write("\n".join(kept))


def place_source(world, block):
    place = re.match(r"<!-- in (\S+), in the place of: (.*) -->", block.note)
    file = re.search(r"^(?:/\*| \*) ([\w/]+\.[ch]) - ", block.text, re.M)
    if place:
        replace_functions(os.path.join(world, place[1]), place[2].split(), block.text)
    elif file:
        open(os.path.join(world, file[1]), "w").write(block.text)
    elif "..." not in block.text and "struct" in block.text:
        complain(block.place, "a block of C whose file is not told")


def check_config(world, build, block):
    """Checks a part of a config, completed by the keys of a small one; only missing files are not an error."""
    keys = re.findall(r"(?m)^(\w+):", block.text)
    if not set(keys) & {"name", "backbones", "methods", "metrics", "protocol", "dataset", "report", "runtime"}:
        return
    rest = "".join(line + "\n" for line in SMALLEST.split("\n") if line.split(":")[0] not in keys)
    with open(os.path.join(world, "shown.yaml"), "w") as file:
        file.write(block.text + rest)
    done = subprocess.run([os.path.join(build, "cambench"), "run", "shown.yaml", "--dry-run"], cwd=world,
                          capture_output=True, text=True)
    if done.returncode and " missing; the commands that bring " not in done.stderr:
        complain(block.place, done.stderr)


def commands_in(lines):
    """Yields the commands in the text: indented lines, which a backslash may continue, and `code`."""
    text = "\n".join(line for _, line in lines)
    for shown in re.findall(r"(?m)^    ((?:build/)?cambench (?:.*\\\n)*.*)$", text):
        yield re.sub(r"\\\n\s*", "", shown)
    for shown in re.findall(r"`((?:build/)?cambench [^`]*)`", text):
        yield shown.replace("\n", " ")


def check_command(build, page, shown):
    """Checks a command by its --help; values are not checked, since a capital FILE may be one."""
    words = shlex.split(shown.split("#")[0].split("|")[0].split(" > ")[0])[1:]
    words = [re.sub(r"[\[\]]", "", word) for word in words if word != "..."]
    if not words or words[0].startswith("-") or words[0].isupper():
        return
    kinds = words[1:2] if words[0] == "import" and len(words) > 1 else []
    rest = [word for word in words[1 + len(kinds):] if word != "..."]
    done = subprocess.run([os.path.join(build, "cambench"), words[0], *kinds, "--help", *rest], capture_output=True, text=True)
    if done.returncode:
        complain(page, f"`{shown}`: {done.stderr}")


def try_page(root, build, page, world):
    blocks, rest = read(root, page)
    is_tutorial = page.startswith("docs/add-a-")
    if any(block.kind in ("sh", "bash", "yaml") for block in blocks):
        make_world(root, build, world, is_tutorial)
    shown = []
    for block in filter(is_possible, blocks):
        if block.kind in ("sh", "bash"):
            run_shell(world, build, block, is_tutorial)
        elif block.kind == "c" and is_tutorial:
            place_source(world, block)
        elif not block.kind:
            for path in re.findall(r"(?m)^results/\S+", block.text):
                shown.append((block.place, path))
        elif block.kind == "yaml":
            check_config(world, build, block)
        elif block.kind == "python":
            try:
                ast.parse(block.text)
            except SyntaxError as error:
                complain(block.place, str(error))
    for place, path in shown:
        if not os.path.exists(os.path.join(world, path)):
            complain(place, f"the commands of this page leave no {path}")
    for command in commands_in(rest):
        check_command(build, page, command)
    shutil.rmtree(world, ignore_errors=True)


def main():
    which, root, build = sys.argv[1:]
    pages = ["README.md", "CONTRIBUTING.md"] + sorted("docs/" + n for n in os.listdir(os.path.join(root, "docs")) if n.endswith(".md"))
    for page in pages:
        if page.startswith("docs/add-a-") == (which == "tutorials"):
            try_page(root, build, page, os.path.abspath("world"))
    print("\n".join(problems), end="\n" if problems else "")


main()
