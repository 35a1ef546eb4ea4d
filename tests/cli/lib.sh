# What the cases share; run.sh reads it before each.

# try COMMAND...: a transcript on stdout: the command, what it says on stdout, on stderr (behind "! "), its exit code.
try()
{
    local code=0
    echo "\$ $*"
    "$@" 2>stderr.txt || code=$?
    sed 's/^/! /' stderr.txt
    echo "exit $code"
    rm -f stderr.txt
}

# told COMMAND...: prints the exit code and the last line on stderr; 137: it took five seconds
told()
{
    local code=0
    timeout -s KILL 5 "$@" >/dev/null 2>stderr.txt || code=$?
    echo "$* -> $code: $(tail -n 1 stderr.txt)"
}

# small_config: writes config.yaml, which measures one method by one metric on the fixtures
small_config()
{
    cat >config.yaml <<'YAML'
name: small
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam]
metrics: [complexity]
report: {plots: false, overlays: 1, bootstrap: 20}
YAML
}

# A config on stdin, run: nothing may be measured.
try_config()
{
    cat >config.yaml
    try cambench run config.yaml "$@"
}

# skip WHY: ends the case, which cannot be run here.
skip()
{
    echo "$1" >&2
    exit 77
}

# serve [CERTIFICATE KEY]: starts tests/cli/http_server.py as $! with tests/golden/published; it writes its port to the
# file port, requests to log.
serve()
{
    command -v python3 >/dev/null || skip "no python3"
    export no_proxy='*'
    python3 "$ROOT/tests/cli/http_server.py" "$ROOT/tests/golden/published" log "$@" >port 2>server.txt &
    # shellcheck disable=SC2064 # this process is meant
    trap "kill $! 2>/dev/null" EXIT
    until [ -s port ] || ! kill -0 $!; do sleep 0.05; done
}

# complete_with SHELL: the completions in ./scripts, files to complete, and lines.txt; skips where there is no such shell.
complete_with()
{
    command -v "$1" >/dev/null || skip "no $1"
    "$ROOT/tools/completions.sh" "$(command -v cambench)" scripts
    mkdir files files/folder
    touch files/picture.jpg files/config.yaml
    cp "$ROOT/tests/cli/completion_lines.txt" lines.txt
}

# libraries: what the Makefile links with, as words for the compiler
libraries()
{
    # shellcheck disable=SC2046 # several words
    echo "$(pkg-config --libs $(sed -n 's/^PKG := //p' "$ROOT/Makefile")) -lprotobuf-nanopb -ldl"
}

# run_unit_test ROOM NAME: compiles ROOM/NAME.c and tests/ROOM/test_NAME.c of this folder, without a warning, with the
# project's other sources; the tests' last lines.
run_unit_test()
{
    local room=$1 name=$2 rooms
    case $room in methods) rooms='methods backbones nn base' ;; *) rooms='metrics nn base' ;; esac
    "$ROOT/tools/test_main.sh" "tests/$room/test_$name.c" >main.c
    # shellcheck disable=SC2046,SC2086 # several words
    ${CC:-cc} -std=gnu17 -fopenmp -Wall -Wextra -Wshadow -Werror "-I$ROOT" ${CFLAGS-} ${EXTRA-} "$room/$name.c" \
        "tests/$room/test_$name.c" main.c "$ROOT/tests/golden.c" $(printf "$BUILD/lib%s.a " $rooms) \
        -lcmocka $(libraries) -lm -o program
    ./program >log.txt 2>&1 || [ $? -lt 126 ] || echo "the tests crashed"
    sed -n '/^\[  PASSED  \]/,$p' log.txt | grep -v '^$'
}

# shared LIBRARY FILE...: links a plugin as a user would, with the headers of the sources; skips where there is no compiler
shared()
{
    local library=$1
    shift
    # shellcheck disable=SC2086 # CC may be several words
    command -v ${CC:-cc} >/dev/null || skip "no compiler"
    # shellcheck disable=SC2086
    ${CC:-cc} -std=gnu17 -O3 -ffp-contract=off -Wall -Wextra -fPIC -shared "-I$ROOT" "$@" -o "$library"
}

# renamed FILE KIND OLD NEW: the file of a method or metric under another name, on stdout
renamed()
{
    sed "s/$2_$3\\b/$2_$4/; s/\\.name = \"$3\"/.name = \"$4\"/; s/\\.title = \"/&My /" "$ROOT/$1"
}
