# Grad-CAM's own maps, read back from files of each kind, have Grad-CAM's values; files that do not fit are named.
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || skip "no h5py or numpy"
cat >config.yaml <<'YAML'
name: maps
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5, label: net}]
methods: [gradcam]
metrics: [average_drop, average_increase, complexity, coherency]
report: {plots: false, overlays: 0, bootstrap: 0, maps: true}
YAML
cambench run config.yaml --quiet --output gradcam
/usr/bin/python3 - <<'PYTHON'
import os
import h5py, numpy as np

with h5py.File("gradcam/maps.h5") as run:
    group = run["net/gradcam"]
    maps, names, classes = group["map"][()], list(group["name"].asstr()), group["class"][()]
with h5py.File("index.h5", "w") as out:  # rows are positions in the image set
    out["maps"] = maps
with h5py.File("name.h5", "w") as out:  # in another order, under another name
    out["any/where"] = maps[::-1].astype("f8")
    out["names"] = names[::-1]
os.mkdir("npy")
for name, cam in zip(names, maps):
    np.save("npy/" + os.path.splitext(name)[0], cam)
with h5py.File("few.h5", "w") as out:
    out["maps"], out["name"] = maps[1:], names[1:]
with h5py.File("count.h5", "w") as out:
    out["maps"], out["name"] = maps, names[1:]
with h5py.File("twice.h5", "w") as out:
    out["maps"], out["name"] = maps, names[:1] * len(names)
with h5py.File("class.h5", "w") as out:
    out["maps"], out["class"] = maps, classes + 1
with h5py.File("large.h5", "w") as out:
    out["maps"] = np.zeros((len(maps), 300, 300), "f4")
with h5py.File("flat.h5", "w") as out:
    out["maps"] = maps[:, 0]
PYTHON
sed 's/^methods:.*/methods: [gradcam, *run, *index, *name, *npy]/; s/, maps: true//' config.yaml >all.yaml
sed -i 's/\*\(index\|name\)/{name: maps, label: \1, params: {file: \1.h5}}/g
    s/\*run/{name: maps, label: run, params: {file: gradcam\/maps.h5, method: gradcam}}/
    s/\*npy/{name: maps, label: npy, params: {file: npy}}/' all.yaml
cambench run all.yaml --quiet --output all --threads 2
echo "exit $?"
for label in gradcam run index name npy; do grep ",$label,cambench," all/per_image.csv | grep -v coherency | cut -d, -f4- >$label.txt; done
wc -l <gradcam.txt
for label in run index name npy; do cmp gradcam.txt $label.txt && echo "$label: same"; done
grep coherency all/per_image.csv | grep -v gradcam | cut -d, -f2- | head -4
# the files belong to the run
cp name.h5 kept.h5
cp index.h5 name.h5
try cambench run all.yaml --quiet --output all
mv kept.h5 name.h5
rm npy/grey.npy
try cambench run all.yaml --quiet --output all
# what is wrong with a file
for file in few.h5 count.h5 twice.h5 class.h5 large.h5 flat.h5 npy none.h5; do
    try cambench run config.yaml --quiet --output broken --threads 1 --fresh \
        --set "methods=[{name: maps, label: x, params: {file: $file}}]"
done
try cambench export-explanations gradcam
