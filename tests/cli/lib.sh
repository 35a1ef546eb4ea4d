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

# serve [CERTIFICATE KEY]: tests/cli/http_server.py with tests/golden/published on port $port; requests go to log.
serve()
{
    command -v python3 >/dev/null || skip "no python3"
    export no_proxy='*'
    python3 "$ROOT/tests/cli/http_server.py" "$ROOT/tests/golden/published" log "$@" >port 2>server.txt &
    server=$!
    trap 'kill $server 2>/dev/null' EXIT
    until [ -s port ] || ! kill -0 $server; do sleep 0.05; done
    port=$(cat port)
    file=resnet18-a47b0b45.pth # there is one file
}
