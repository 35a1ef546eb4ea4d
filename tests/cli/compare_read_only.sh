# Runs in folders that may only be read are compared and merged; what a killed process has left there is named.
cat >config.yaml <<'YAML'
name: kept
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam, actmap]
metrics: [average_drop, complexity, adcc]
report: {plots: false, overlays: 1, bootstrap: 50}
YAML
place=$(mktemp -d)
trap 'chmod -R u+w "$place"; rm -rf "$place"' EXIT
chmod 755 "$place"
cambench run config.yaml --quiet --output "$place/base"
cambench run config.yaml --quiet --output "$place/new" --set 'methods=[gradcam, actmap, fakecam]'
cambench run config.yaml --quiet --output "$place/parts" --shard 1/2
cambench run config.yaml --quiet --output "$place/parts" --shard 2/2
cp -r "$place/base" "$place/odd 100%? #1"
cp -r "$place/base" "$place/killed"
echo x >"$place/killed/run.db-wal"
cp -r "$place/base" "$place/busy"
echo "process 1 on elsewhere" >"$place/busy/run.lock"
cp "$(readlink -f "$(command -v cambench)")" "$place/cambench"
chmod -R a+rX,a-w "$place"/*
chmod 755 "$place/cambench"
before=$(find "$place" -type f -exec sha256sum {} +)
mkdir -m 777 "$place/own"
cd "$place" || exit 1

# Root may write everywhere.
as_reader()
{
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid 65534 --regid 65534 --clear-groups "$place/cambench" "$@"
    else
        "$place/cambench" "$@"
    fi
}
[ "$(id -u)" -ne 0 ] || setpriv --reuid 65534 --regid 65534 --clear-groups "$place/cambench" --version >/dev/null 2>&1 ||
    skip "root, and setpriv does not run the program as another user"

try as_reader compare base new --speed 0
try as_reader compare "odd 100%? #1" base --speed 0
as_reader merge parts --output own/merged | head -n 1
cmp base/summary.csv own/merged/summary.csv && cmp base/per_image.csv own/merged/per_image.csv && echo same
try as_reader compare base killed
try as_reader merge killed --output own/other
try as_reader report base
flock busy/run.lock sleep 60 &
trap 'kill $!; chmod -R u+w "$place"; rm -rf "$place"' EXIT
until ! flock --nonblock busy/run.lock true; do sleep 0.05; done
try as_reader compare busy base
[ "$before" = "$(find "$place" -type f -not -path "$place/own/*" -exec sha256sum {} +)" ] && echo "nothing was written"
