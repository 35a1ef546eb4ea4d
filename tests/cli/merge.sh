# Shards, merged, are the single run, byte for byte: however many, in whatever order, killed and begun again.
cat >config.yaml <<'YAML'
name: small
dataset: {path: fixtures/set.h5}
backbones:
  - {arch: resnet18, weights: fixtures/resnet18.h5, label: first}
  - {arch: mobilenet_v2, weights: fixtures/mobilenet_v2.h5, label: second}
methods: [gradcam, {name: scorecam, params: {max_channels: 8}}, fakecam, random]
metrics: [average_drop, complexity, adcc, adcc_of_means, insertion, seconds_per_map]
report: {plots: false, bootstrap: 50, overlays: 1}
YAML
cambench run config.yaml --quiet --output whole
# same FOLDER: as the whole run?
same()
{
    local file
    for file in summary.csv per_image.csv curves.csv tables/cambench.md; do
        # medians of seconds are the table's last columns
        cmp <(sed 's/|[^|]*|[^|]*|$//' "whole/$file") <(sed 's/|[^|]*|[^|]*|$//' "$1/$file") || return
    done
    cmp <(cut -d, -f1-3 whole/costs.csv) <(cut -d, -f1-3 "$1/costs.csv") &&
        cmp <(cd whole && ls . overlays) <(cd "$1" && ls -I 'shard-*' . overlays) && echo "same as the whole run"
}

for count in 1 2 4 7 9; do # there are eight pairs of backbone and image
    for i in $(seq $count -1 1); do
        cambench run config.yaml --quiet --threads $((i % 3 + 1)) --shard "$i/$count" --output "of$count"
    done
    cambench merge "of$count" | head -n 1
    same "of$count"
done

# what a shard says and leaves
try cambench run config.yaml --threads 2 --shard 2/4 --output of4
(cd of4/shard-2-of-4 && find . -type f | sort)

# one shard is missing, another was stopped half way: the commands that merge prints bring them
cp -r of4 holes
rm -r holes/shard-2-of-4 holes/*.csv holes/run.db holes/tables
printf 'DELETE FROM item WHERE method > 1; DELETE FROM value WHERE method > 1; DELETE FROM curve WHERE method > 1;' |
    python3 -c 'import sqlite3, sys; sqlite3.connect("holes/shard-3-of-4/run.db").executescript(sys.stdin.read())'
try cambench merge holes --quiet
cambench merge holes --quiet 2>&1 | grep '^  cambench run' >commands.txt
sed 's/#.*//' commands.txt | bash | grep maps
try cambench merge holes --quiet
same holes

# without its shards, the merged run itself is filled by the command for the whole
mkdir parts
cambench merge of4/shard-1-of-4 of2/shard-1-of-2 of4/shard-4-of-4 --output parts/filled 2>missing.txt | head -n 1
cat missing.txt
cambench run parts/filled/config.yaml --quiet
same parts/filled

# everything at once: what was measured more than once is there once
cambench merge of2 of7 parts/filled --output all | head -n 1
same all
# again, and nothing changes; a run without shards is whole
cambench merge of2 of7 parts/filled --output all | head -n 1
same all
try cambench merge whole --quiet
# it is a run like any other
cambench run config.yaml --output all --quiet && cambench report all --quiet && same all

# the environment says which; --shard wins
OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=4 cambench run config.yaml --output of4 | cut -d: -f1
SLURM_PROCID=2 SLURM_STEP_NUM_TASKS=4 cambench run config.yaml --output of4 | cut -d: -f1
JOB_COMPLETION_INDEX=1 CAMBENCH_SHARDS=2 cambench run config.yaml --output of2 | cut -d: -f1
PMI_RANK=1 PMI_SIZE=2 cambench run config.yaml --shard 1/4 --output of4 | cut -d: -f1
PMI_RANK=1 PMI_SIZE=2 cambench run config.yaml --shard 1/1 --output whole | head -n 1 | cut -d: -f1
