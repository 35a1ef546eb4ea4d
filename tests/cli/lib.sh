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
