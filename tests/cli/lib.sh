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
