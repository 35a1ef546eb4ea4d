# a picture that the system cannot open or read is an error, not a damaged picture; only undecodable ones are left out
faults=$BUILD/tests/survival/faults.so
[ -e "$faults" ] || skip "no tests/survival/faults.so: make test builds it"
! nm -D "$BUILD/cambench" | grep -q asan_init || skip "a sanitizer must be loaded first"
mkdir -p set/a set/b
cp "$ROOT"/tests/golden/pictures/{colour_420,colour_444,grey}.jpg set/a
cp "$ROOT"/tests/golden/pictures/progressive.jpg set/b
head -c 300 set/a/grey.jpg >set/b/cut.jpg
# refuse KIND ERRNO: calls on grey.jpg fail with this error
refuse()
{
    export FAULT_KIND=$1 FAULT_ERRNO=$2 FAULT_AT=1 FAULT_LASTS=1 FAULT_PATH=grey.jpg
    echo "grey.jpg: $1 fails"
    (export LD_PRELOAD=$faults && exec cambench import dataset set --out set.h5 --quiet) 2>&1
    echo "exit $?"
    ls
}
for reason in 5 13 24; do # EIO, EACCES, EMFILE
    refuse open $reason
done
refuse read 5
try cambench import dataset set --out set.h5
