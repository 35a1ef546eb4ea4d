# Shards of processors with different instructions, which `kernels: auto` measures with different sets of kernels, are
# merged, and one line says so. Shards for which the configs name different sets are two runs.
command -v python3 >/dev/null || skip "no python3"
cat >config.yaml <<'YAML'
name: small
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam]
metrics: [average_drop]
report: {plots: false, bootstrap: 10}
YAML

cambench run config.yaml --quiet --shard 1/2 --output mixed
cambench run config.yaml --quiet --shard 2/2 --output mixed --set runtime.kernels=portable
kernels() { python3 -c 'import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute("SELECT kernels FROM program").fetchone())' "$1/run.db"; }
[ "$(kernels mixed/shard-1-of-2)" != portable ] || skip "one set of kernels: portable"
try cambench merge mixed --quiet

# a processor without vector instructions: its `auto` is `portable`
sed -i 's/kernels: portable/kernels: auto/' mixed/shard-2-of-2/config.yaml
python3 - mixed/shard-2-of-2/run.db <<'PY'
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as store:
    store.execute("UPDATE manifest SET text = replace(text, 'kernels: portable', 'kernels: auto') WHERE key = 'identity'")
PY
cambench merge mixed >out.txt 2>err.txt
echo "exit $?"
cat out.txt err.txt | grep 'sets of kernels'
for file in mixed/tables/cambench.md mixed/manifest.json; do
    grep -q '2 sets of kernels contributed' $file && echo "$file: said"
done
