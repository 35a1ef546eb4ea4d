# On a file system without file locks (flock, fcntl) a run succeeds with a warning, and still only one runs at a time.
! nm -D "$BUILD/cambench" | grep -q asan_init || skip "a sanitizer must be loaded first"
cat >no_locks.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

int flock(int fd, int operation)
{
    (void)fd, (void)operation;
    errno = REASON;
    return -1;
}

static int pass(int fd, int command, void *argument)
{
    if (command != F_SETLK && command != F_SETLKW && command != F_GETLK)
        return ((int (*)(int, int, ...))dlsym(RTLD_NEXT, "fcntl64"))(fd, command, argument);
    errno = REASON;
    return -1;
}

int fcntl(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *argument = va_arg(args, void *);
    va_end(args);
    return pass(fd, command, argument);
}

int fcntl64(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *argument = va_arg(args, void *);
    va_end(args);
    return pass(fd, command, argument);
}
C
cat >config.yaml <<'YAML'
name: small
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam]
metrics: [average_drop]
report: {plots: false, overlays: 1, maps: true, bootstrap: 10}
YAML
cambench run config.yaml --quiet --output plain
for reason in ENOSYS ENOLCK EOPNOTSUPP; do
    cc -shared -fPIC -DREASON=$reason -o no_locks.so no_locks.c -ldl || skip "no C compiler"
    export LD_PRELOAD=$PWD/no_locks.so
    rm -rf run
    try cambench run config.yaml --quiet --output run
    try cambench run config.yaml --quiet --output run --fresh
    try cambench report run --quiet
    try cambench merge run --output merged-$reason --quiet
    cmp run/summary.csv plain/summary.csv
    ls run | tr '\n' ' '
    echo
    echo "process 12 on elsewhere.example" >run/run.lock
    try cambench run config.yaml --quiet --output run
    rm run/run.lock
    true &
    wait $!
    printf 'process %d on %s\nbegan 1\n' $! "$(hostname)" >run/run.lock
    try cambench run config.yaml --quiet --output run
    unset LD_PRELOAD
done
