# The key `stem` of a backbone: a PyTorch file of a ResNet for small pictures without an import, equal to the imported file.
has_torch() { python3 -c 'import torchvision' 2>/dev/null; }
has_torch || { PATH=/usr/bin:$PATH; has_torch; } || skip "no torchvision"
export XDG_CACHE_HOME=$PWD/cache
python3 - <<'PYTHON'
import torch, torchvision
torch.manual_seed(1)
net = torchvision.models.resnet18(weights=None, num_classes=5)
net.conv1 = torch.nn.Conv2d(3, 64, 3, 1, 1, bias=False)
torch.save(net.state_dict(), "cifar.pth")
PYTHON
cat >config.yaml <<'YAML'
name: stems
dataset: {path: fixtures/set.h5}
backbones:
  - {arch: resnet18, weights: cifar.pth, stem: small, label: small, input: {size: 32}}
  - {weights: cifar.pth, stem: small_pool, label: pool, input: {size: 32}}
methods: [gradcam]
metrics: [average_drop, complexity]
report: {plots: false, overlays: 0, bootstrap: 0}
YAML
try cambench run config.yaml --quiet --output key
for stem in small small_pool; do
    cambench import weights cifar.pth --stem $stem --input-size 32 --out $stem.h5 --quiet
done
cambench run config.yaml --quiet --output file --set \
    'backbones=[{weights: small.h5, stem: small, label: small}, {weights: small_pool.h5, label: pool}]'
cmp key/per_image.csv file/per_image.csv && echo same
grep -E '^ *-? *stem|stem:' key/config.yaml
try cambench run config.yaml --quiet --output key --set backbones.0.stem=small_pool
try cambench run config.yaml --quiet --output none --set 'backbones=[{weights: cifar.pth}]'
try cambench run config.yaml --quiet --output none --set 'backbones=[{weights: small.h5, stem: small_pool}]'
try cambench run config.yaml --quiet --output none --set 'backbones=[{weights: fixtures/resnet18.h5, stem: small}]'
try cambench run config.yaml --quiet --output none --set 'backbones=[{arch: vgg11, weights: cifar.pth, stem: small}]'
