# Only a method whose source has changed is measured again; a reformatted one is not. --keep-old keeps the old numbers,
# and tables and manifest say so.
ln -s "$ROOT/datasets" datasets
ln -s "$ROOT/backbones" backbones
cat >config.yaml <<'YAML'
name: stale
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}, {arch: mobilenet_v2, weights: fixtures/mobilenet_v2.h5}]
methods: [gradcam, {name: gradcam, label: other}, layercam, clustercam, scorecam, random]
metrics: [average_drop, coherency, complexity, adcc, insertion]
report: {plots: false, overlays: 0, bootstrap: 50}
YAML

# builds the program with one source changed: $1 its name, $2 the file, $3 a sed command
change()
{
    rm -rf tree && mkdir tree
    (cd "$ROOT" && cp -r tools nn base metrics methods models bench "$OLDPWD/tree") 2>/dev/null
    mkdir tree/backbones tree/datasets tree/weights
    cp "$ROOT"/backbones/*.[ch] tree/backbones && cp "$ROOT"/datasets/*.[ch] tree/datasets
    cp "$ROOT"/weights/*.[ch] tree/weights
    sed -i "$3" "tree/$2"
    cmp -s "tree/$2" "$ROOT/$2" && echo "sed has changed nothing"
    (cd tree && tools/digests.sh digests.c && tools/commit.sh commit.c)
    # shellcheck disable=SC2046,SC2086 # several words
    ${CC:-cc} -std=gnu17 -fopenmp -ffp-contract=off -fno-math-errno -O2 -Itree ${CFLAGS-} ${EXTRA-} "tree/$2" \
        tree/digests.c tree/commit.c -Wl,--whole-archive "$BUILD/libbench.a" -Wl,--no-whole-archive \
        -Wl,--start-group "$BUILD"/lib*.a -Wl,--end-group $(libraries) -lm -o "$1"
}

# prints the methods whose numbers differ in another run
differing()
{
    diff "$1/per_image.csv" "$2/per_image.csv" | sed -n 's/^[<>] [^,]*,\([^,]*\),.*/\1/p' | sort -u
}

cambench run config.yaml --quiet --output whole
cp -r whole again && cp -r whole kept && cp -r whole plain
change squared methods/gradcam.c 's/(float)\(mean_of(.*)\);/(float)(\1 * \1);/'
change plain_text methods/gradcam.c 's|(float)mean_of(|( float ) mean_of ( /* a comment */ |'
change helper methods/kmeans.c 's/ROUNDS_MAX 300/ROUNDS_MAX 301/'

try ./plain_text run config.yaml --quiet --output plain
cmp whole/per_image.csv plain/per_image.csv && echo "the same"
try ./helper run config.yaml --quiet --output plain
try ./squared run config.yaml --quiet --output again
differing whole again
./squared run config.yaml --quiet --output fresh
cmp fresh/per_image.csv again/per_image.csv && echo "as if measured from nothing"
try ./squared run config.yaml --quiet --output again
try ./squared run config.yaml --quiet --keep-old --output kept
cmp whole/per_image.csv kept/per_image.csv && echo "the old numbers"
try ./squared report kept --quiet

# half of it measured by the new program, the other half kept
cambench run config.yaml --quiet --output mixed --shard 1/2
./squared run config.yaml --quiet --output mixed --shard 2/2
try cambench merge mixed --quiet
grep -h contributed mixed/tables/*.md mixed/tables/*.tex | cut -c 1-57
grep -c '"2 programs contributed' mixed/manifest.json
cambench merge mixed | grep '^note'
try cambench run mixed/config.yaml --quiet
grep -c contributed mixed/tables/*.md mixed/manifest.json
cmp whole/per_image.csv mixed/per_image.csv && echo "whole again"

# two runs of different programs are compared: the first note names the source that has changed
try cambench compare whole fresh --speed 0
