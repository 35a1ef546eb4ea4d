# Four ranks of mpirun share a run; merged, it is the single one.
command -v mpirun >/dev/null || skip "no mpirun"
cat >config.yaml <<'YAML'
name: ranks
dataset: {path: fixtures/set.h5}
backbones:
  - {arch: resnet18, weights: fixtures/resnet18.h5, label: first}
  - {arch: mobilenet_v2, weights: fixtures/mobilenet_v2.h5, label: second}
methods: [gradcam, {name: scorecam, params: {max_channels: 8}}, random]
metrics: [average_drop, complexity, adcc]
report: {plots: false, bootstrap: 50}
YAML
cambench run config.yaml --quiet --output whole
# containers are root, have few cores and no ssh
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_plm_rsh_agent=true
mpirun -n 4 cambench run config.yaml --threads 1 --output ranks | sed 's/(.*)/(*)/' | sort
cambench merge ranks | head -n 1
cmp whole/summary.csv ranks/summary.csv && cmp whole/per_image.csv ranks/per_image.csv && echo same
