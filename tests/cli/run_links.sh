# Symbolic links in a run directory, in the place of files that the run writes, are not followed.
mkdir outside
echo precious >outside/victim
cat >config.yaml <<'YAML'
name: small
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam]
metrics: [average_drop, adcc]
report: {plots: true, overlays: 1, maps: true, bootstrap: 10}
YAML

# links in the place of files that are written in place
for name in run.lock run.db run.db-wal run.db-journal; do
    mkdir -p run
    ln -s ../outside/victim "run/$name"
    try cambench run config.yaml --quiet --output run
    rm -r run
done

# links in the place of folders
echo png >outside/mine.png
echo part >outside/mine.part-1
for name in plots tables overlays; do
    mkdir -p run
    ln -s ../outside "run/$name"
    try cambench run config.yaml --quiet --output run --fresh
    rm -r run
done
mkdir run
ln -s ../outside run/shard-1-of-2
try cambench run config.yaml --quiet --output run --set report.maps=false --shard 1/2
rm -r run

# links in the place of files that are replaced: the link is removed, its target stays
mkdir -p run/plots run/tables run/overlays
for name in config.yaml manifest.json index.html maps.h5 summary.csv per_image.csv costs.csv run.db.old plots/adcc.{gp,dat,svg,png,svg.part,png.part} \
    tables/tables.md; do
    ln -s "$PWD/outside/victim" "run/$name"
done
try cambench run config.yaml --quiet --output run --fresh
find run -type l | sort
cat outside/victim
ls outside
