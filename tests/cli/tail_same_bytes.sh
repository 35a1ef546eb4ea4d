# With fewer tasks than threads, threads without a task help in the others' passes: the same bytes on any number.
cat >config.yaml <<'END'
name: tail
dataset: {path: fixtures/set.h5, images: 3}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [scorecam, ablationcam, {name: rise, params: {masks: 40}}, smoothgrad]
metrics: [average_drop, coherency, insertion, deletion]
report: {plots: false, overlays: 0, bootstrap: 20}
END
for threads in 1 2 3 4 8; do
    cambench run config.yaml --quiet --threads "$threads" --output "on$threads"
    for file in per_image.csv summary.csv curves.csv; do
        cmp "on1/$file" "on$threads/$file"
    done
    echo "$threads: $(grep -c scorecam "on$threads/per_image.csv") values"
done
