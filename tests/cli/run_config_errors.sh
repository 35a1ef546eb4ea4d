# One line on stderr and exit code 2 for each; nothing is written.
rest='
name: errors
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam]
metrics: [average_drop]'

try cambench run
try cambench run missing.yaml
try cambench run fixtures
try cambench run fixtures/set.h5
try_config <<<"name: [unclosed"
try_config <<<"just text"
try_config <<<""
try_config <<<"sede: 1$rest"
try_config <<<"seed: many$rest"
try_config <<<"output: {a: 1}$rest"
try_config <<<"protocol: cambnech$rest"
try_config <<<"report: {overlays: -1}$rest"
try_config <<<"runtime: {threads: 1e9}$rest"
try_config <<<"$rest" --set methods=[gradcma]
try_config <<<"$rest" --set metrics=[average_dorp]
try_config <<<"$rest" --set backbones.0.arch=resnet81
try_config <<<"$rest" --set backbones.0.layer=layer5
try_config <<<"$rest" --set 'methods=[{name: layercam, params: {layers: [layer9]}}]'
try_config <<<"$rest" --set 'methods=[LRP-CAM]'
try_config <<<"$rest" --set report.meta=true
try_config <<<"$rest" --set 'methods=[{name: gradcam_pp, params: {eps: 2}}]'
try_config <<<"$rest" --set 'methods=[{name: gradcam, params: {scroe: logit}}]'
try_config <<<"$rest" --set 'methods=[{name: gradcam, params: {score: legit}}]'
try_config <<<"$rest" --set 'methods=[gradcam, gradcam]'
try_config <<<"$rest" --set dataset.images=0
try_config <<<"$rest" --set dataset.images=-3
try_config <<<"$rest" --set output=
try_config <<<"${rest/name: errors/}"
try_config <<<"$rest" --set seed
try_config <<<"$rest" --set sede=3
try_config <<<"$rest" --threads many
try_config <<<"$rest" --treads 2
ls
