# What cannot be joined is named, and nothing is changed.
cat >config.yaml <<'YAML'
name: small
dataset: {path: set.h5}
backbones: [{arch: resnet18, weights: resnet18.h5, label: first}]
methods: [gradcam, fakecam]
metrics: [average_drop, adcc, seconds_per_map]
report: {plots: false, overlays: 0, bootstrap: 20}
YAML
cp fixtures/set.h5 fixtures/resnet18.h5 .
# shard I/N FOLDER [OPTION...]
shard()
{
    cambench run config.yaml --quiet --shard "$1" --output "$2" "${@:3}"
}
shard 1/2 run && shard 2/2 run
cambench merge run --quiet --output joined
sum=$(sha256sum <joined/run.db)

# refused COMMAND...: as try, and the run that was joined stays what it was
refused()
{
    try "$@"
    [ "$sum" = "$(sha256sum <joined/run.db)" ] || echo "joined/ has changed"
    [ ! -e new ] || ls new
}

refused cambench merge
refused cambench merge nowhere
refused cambench merge fixtures
refused cambench merge run/shard-1-of-2 run/shard-2-of-2
shard 2/2 seed --set seed=2
refused cambench merge run seed --output joined
refused cambench merge joined seed --output new
shard 2/2 images --set dataset.images=2
refused cambench merge run images --output joined
shard 2/2 methods --set 'methods=[gradcam, {name: random, label: fakecam}]'
refused cambench merge run methods --output joined
shard 2/2 params --set 'methods=[{name: gradcam, params: {score: prob}}, fakecam]'
refused cambench merge run params --output joined
shard 2/2 metrics --set 'metrics=[adcc]'
refused cambench merge run metrics --output joined
shard 2/2 layer --set backbones.0.layer=layer3
refused cambench merge run layer --output joined
cambench generate weights resnet18 --classes 5 --width 0.125 --size 64 --seed 2 --out resnet18.h5 --quiet
shard 2/2 weights
refused cambench merge run weights --output joined
cp fixtures/resnet18.h5 .
cp fixtures/unlabelled.h5 set.h5
cambench run config.yaml --quiet --shard 2/2 --output set --set dataset.images=2
cp fixtures/set.h5 .
cambench run config.yaml --quiet --shard 1/2 --output set --set dataset.images=2
refused cambench merge set

# one item with two values; costs do not count
cp -r run twice
sql()
{
    python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])' "$@"
}
sql twice/shard-1-of-2/run.db 'UPDATE item SET seconds = 9; UPDATE value SET number = 9 WHERE metric = 2'
try cambench merge run twice --output joined --quiet
sum=$(sha256sum <joined/run.db)
sql twice/shard-1-of-2/run.db 'UPDATE value SET number = 0.5 WHERE metric = 0 AND method = 1 AND image = 2'
refused cambench merge run twice --output joined
refused cambench merge run twice --output new
sql twice/shard-1-of-2/run.db 'UPDATE base SET predicted = 4 WHERE image = 2'
refused cambench merge run twice --output new

# manifests that exist and cannot be read: their runs would be missing in the merged one
cp -r run unread
echo '{"started": ' >unread/shard-1-of-2/manifest.json
refused cambench merge unread --output joined
refused cambench merge unread --output new
rm unread/shard-1-of-2/manifest.json
mkdir unread/shard-1-of-2/manifest.json
refused cambench merge unread --output joined

# so are published numbers and overlays; the file size that is allowed is too small
sed -i 's/reference: .*/reference: none.csv/' twice/*/config.yaml
refused cambench merge twice --output new
mkdir -p unread/shard-1-of-2/overlays unread/shard-2-of-2/overlays/b.png
rmdir unread/shard-1-of-2/manifest.json
echo picture >unread/shard-1-of-2/overlays/a.png
refused cambench merge unread --output new/whole
for size in 8 56; do
    (trap '' XFSZ; ulimit -f $size; refused cambench merge run --output new)
done
mkdir kept
refused cambench merge unread --output kept
ls -A kept

# in use
python3 -c 'import fcntl, time
lock = open("run/shard-2-of-2/run.lock", "w")
fcntl.flock(lock, fcntl.LOCK_EX)
print("process 1 on elsewhere", file=lock, flush=True)
time.sleep(60)' &
trap 'kill $! 2>/dev/null' EXIT
until [ -s run/shard-2-of-2/run.lock ]; do sleep 0.05; done
refused cambench merge run --output new

# shards that are none
for shard in 0/2 3/2 2 x; do
    try cambench run config.yaml --shard $shard --output new
done
try cambench run config.yaml --shard 1/2 --output new --set report.maps=true
try env JOB_COMPLETION_INDEX=1 cambench run config.yaml --output new
