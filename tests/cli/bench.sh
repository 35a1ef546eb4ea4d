# cambench-bench: the command line, one quick part, and the pipe that bench/peers/ speaks through.
[ -x "$BUILD/cambench-bench" ] || skip "no cambench-bench"

bench()
{
    "$BUILD/cambench-bench" "$@"
}

numbers()
{
    sed 's/[0-9][0-9]*\.[0-9.e+-]*/N/g; s/  */ /g'
}

try bench --help
try bench backwards
try bench forward --batch 1,0
try bench forward --arch resnet81 --threads 1
try bench --serve
try bench forward --weights weights.h5
try bench methods --arch squeezenet1_1 --methods gradcamp --threads 1 --rounds 1 --seconds 0
bench forward --arch squeezenet1_1 --batch 1,2 --threads 1 --rounds 1 --seconds 0 --json bench.json | sed 1d | numbers
grep -o '"[a-z_]*":' bench.json | sort -u
bench --serve --arch squeezenet1_1 --threads 1 <<'REQUESTS' | numbers
forward 1 0
forward 2 0
sing a song
map 0 gradcamp
map 0 gradcam:scores=prob
map 0 gradcam:score=prob
maps maps.bin layercam
maps maps.bin/maps.bin layercam
outputs outputs.bin
REQUESTS
wc -c maps.bin outputs.bin
try bench --serve --arch squeezenet1_1 --inputs maps.bin --threads 1
