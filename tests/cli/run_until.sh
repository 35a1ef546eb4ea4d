# dataset.until: how many images are measured follows from the seed, not from threads, resuming or shards.
demo=$ROOT/backbones/demo
write_config() # RULE
{
    cat <<YAML
name: until
dataset:
  path: $ROOT/datasets/demo/demo.h5
  images: 64
  until: {$1, min_images: 16, block: 8}
backbones:
  - {arch: resnet18, weights: $demo/resnet18.h5, label: ResNet-18}
  - {arch: mobilenet_v2, weights: $demo/mobilenet_v2.h5, label: MobileNetV2}
methods: [gradcam, fakecam, {name: scorecam, params: {max_channels: 2}}]
metrics: [complexity, adcc_of_means]
report: {plots: false, overlays: 2}
YAML
}
same() # RUN RUN
{
    for file in summary.csv per_image.csv until.csv tables/cambench.md; do
        cmp "$1/$file" "$2/$file" || echo "differs: $1 $2"
    done
}

write_config 'metric: complexity, half_width: 8, confidence: 0.9' >width.yaml
cambench run width.yaml --output one --threads 1 2>errors | grep -a -e note
cut -d, -f 1-6 one/until.csv
cambench run width.yaml --output three --threads 3 --quiet
same one three

# a longer run with the same images has all values; a shorter rule uses a part of them, as if it had been there first
cambench run width.yaml --output grown --quiet --set dataset.until.half_width=4
cambench run width.yaml --output grown --quiet
same one grown

# a dry run tries the rule on what was measured
cambench run width.yaml --output new --dry-run | grep -a -A 1 '^dataset.until'
cambench run width.yaml --output one --dry-run --set dataset.until.half_width=4 | grep -a -A 2 '^dataset.until'

# each shard has whole backbones
for shard in 1 2 3; do cambench run width.yaml --output shards --shard $shard/3 2>>errors; done
cambench merge shards --quiet
same one shards

# stopped after the first images and continued
cambench run width.yaml --output resumed --quiet --set dataset.until.min_images=8 --set dataset.until.half_width=60
cambench run width.yaml --output resumed --quiet
same one resumed

# two methods are told apart; an expensive method that is not one of them has the least number of images
write_config 'metric: complexity, decided: [gradcam, fakecam]' >pair.yaml
cambench run pair.yaml --output pair 2>>errors | grep -a -e note
cut -d, -f 1-6 pair/until.csv
write_config 'metric: complexity, decided: [gradcam, scorecam]' >close.yaml
cambench run close.yaml --output close --quiet
cut -d, -f 1-6 close/until.csv
write_config 'metric: adcc_of_means, decided: [gradcam, fakecam]' >means.yaml
cambench run means.yaml --output means --quiet
cut -d, -f 1-6 means/until.csv

# what makes no rule
refuse() { cambench run width.yaml --output refused --quiet "$@" 2>&1 && echo "not refused"; ls refused 2>&1; }
refuse --set dataset.until.decided=gradcam
refuse --set dataset.until.half_width=0
refuse --set dataset.until.metric=seconds_per_map --set metrics.0=seconds_per_map
refuse --set dataset.until.metric=adcx
refuse --set dataset.until.blocks=3
refuse --set report.maps=true
refuse --set report.overlays=17
write_config 'metric: complexity, decided: [gradcam, layercam]' >unknown.yaml
cambench run unknown.yaml --output refused --quiet 2>&1
write_config 'half_width: 3' >unknown.yaml
cambench run unknown.yaml --output refused --quiet 2>&1
