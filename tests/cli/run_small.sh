# A run end to end: what it leaves, and that neither threads nor resuming change a byte of summary.csv.
cat >config.yaml <<'YAML'
name: small
dataset: {path: fixtures/set.h5}
backbones:
  - {arch: resnet18, weights: fixtures/resnet18.h5, label: first}
  - {arch: mobilenet_v2, weights: fixtures/mobilenet_v2.h5, label: second}
methods: [gradcam, reciprocam, {name: scorecam, params: {max_channels: 8}}, fakecam, random]
metrics: [average_drop, average_increase, coherency, complexity, adcc, adcc_of_means, seconds_per_map]
report: {plots: false, bootstrap: 100}
YAML
for threads in 1 2 5; do
    cambench run config.yaml --threads $threads --output results/$threads >log$threads.txt
    echo "threads $threads: exit $?"
done
cmp results/1/summary.csv results/2/summary.csv && cmp results/1/summary.csv results/5/summary.csv && echo same
cmp results/1/per_image.csv results/2/per_image.csv && echo same

# again: nothing is left to measure
cambench run config.yaml --threads 2 --output results/1 >log.txt
echo "again: exit $?"
cmp results/1/summary.csv results/2/summary.csv && echo same

# the resolved config does the same once more
cambench run results/1/config.yaml --output results/resolved >log.txt
echo "resolved: exit $?"
cmp results/1/summary.csv results/resolved/summary.csv && echo same

(cd results/1 && find . -type f | sort)
head -n 1 results/1/summary.csv
cut -d, -f1-4 results/1/summary.csv | sed 1d | cut -d, -f1,2 | sort -u
grep -c . results/1/summary.csv
