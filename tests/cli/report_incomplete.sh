# Each table of an unfinished run is marked and shows how many images each method has; a single method is not the best.
cat >config.yaml <<'YAML'
name: half
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam, layercam, random]
metrics: [average_drop, coherency]
report: {plots: true, overlays: 0, bootstrap: 50}
YAML
cambench run config.yaml --quiet --output whole
cambench run config.yaml --quiet --output parts --shard 1/2
try cambench merge parts --quiet
tables()
{
    sed -n '/ncomplete/p; s/^| \([A-Z][A-Za-z-]*\) *| *\([0-9]* of [0-9]*\) |.*/\1 \2/p' "$1/tables/cambench.md"
    sed -n 's/^\([A-Z][A-Za-z-]*\) & \([0-9]* of [0-9]*\) &.*/\1 \2/p; /incomplete/p' "$1/tables/cambench.tex"
}
tables parts
cat parts/plots/*.gp | grep -o 'incomplete, n = [0-9]* of [0-9]* images' | sort | uniq -c
cambench report parts | head -n 5

# only one method has values
python3 - <<'PY' || skip "no python3"
import sqlite3
db = sqlite3.connect("parts/run.db")
for table in ("item", "value", "made"):
    db.execute("DELETE FROM %s WHERE method > 0" % table)
db.commit()
PY
cambench report parts --quiet
tables parts
grep -c '\*\*[0-9]' parts/tables/cambench.md
grep -c textbf parts/tables/cambench.tex

# after the end of the run, all tables are those of an uninterrupted one
cambench run parts/config.yaml --quiet
tables parts
for file in summary.csv per_image.csv tables/cambench.md tables/cambench.tex; do
    cmp whole/$file parts/$file
done
