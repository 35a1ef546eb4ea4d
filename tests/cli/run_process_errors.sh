# A script that fails on one image: stop ends the run and keeps the rest, skip goes on and counts; both try again later.
cat >script.sh <<'SH'
echo cambench 1 Script >&3
echo param how text stop >&3
echo ready >&3
while read -r word rest <&3; do
    case $word in
    param) how=${rest#* } ;;
    explain)
        echo "I have seen ${rest##*image=}" >&2
        case $rest in
        *grey*) case $how in
            exit) exit 5 ;;
            hang) sleep 100 ;;
            fixed) ;;
            esac ;;
        esac
        head -c 16 /dev/zero >&5
        echo map 2 2 >&3 ;;
    esac
done
SH

# config HOW ON_ERROR
config()
{
    cat >config.yaml <<YAML
name: small
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods:
  - gradcam
  - {name: process, label: Script, params: {command: sh script.sh, timeout: 1, how: $1}}
metrics: [complexity]
runtime: {threads: 1, on_error: $2}
report: {plots: false, overlays: 1, bootstrap: 20}
YAML
}

config exit stop
try cambench run config.yaml --quiet
config exit skip
try cambench run config.yaml
grep -A 7 '"failed"' results/small/manifest.json
cut -d, -f 1-6 results/small/summary.csv
config hang skip
try cambench run config.yaml --quiet --fresh
config fixed stop
try cambench run config.yaml --quiet --fresh
grep '"failed"' results/small/manifest.json
