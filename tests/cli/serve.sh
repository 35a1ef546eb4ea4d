# cambench.serve(): modules of PyTorch as backbones, tokens among them; what it says of modules and layers that it cannot serve.
has_torch() { python3 -c 'import torch' 2>/dev/null; }
has_torch || { PATH=/usr/bin:$PATH; has_torch; } || skip "no PyTorch"
export PYTHONPATH=$ROOT/python
cp "$ROOT/tests/golden/pictures/colour_444.jpg" .
cat >net.py <<'PYTHON'
import sys
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 5, 4)
        self.last = nn.Conv2d(6, 4, 3, 2)
        self.token = nn.LayerNorm(4)
        self.fc = nn.Linear(4, 5)

    def forward(self, x):
        x = torch.relu(self.last(torch.relu(self.conv(x))))     # (N,4,7,7)
        x = self.token(x.flatten(2).transpose(1, 2))            # tokens (N,49,4)
        if HOW == "fails" and len(x) > 1:
            raise ValueError("no such pass")
        return self.fc(x.mean(1)) * (float("nan") if HOW == "nan" and x.requires_grad else 1)

HOW = sys.argv[1]
torch.manual_seed(1)
module, options = Net(), {"input": (3, 64, 64), "resize": "squash", "names": "abcde"}
import cambench
if HOW in ("plain", "fails", "nan"):
    cambench.serve(module, layer="last", **options)
elif HOW == "tokens":
    cambench.serve(module, layer=module.token, reshape=lambda t: t.transpose(1, 2).unflatten(2, (7, 7)), **options)
elif HOW == "sums":
    cambench.serve(module, layer="token", reshape=lambda t: 2 * t.transpose(1, 2).unflatten(2, (7, 7)), **options)
elif HOW == "layer":
    cambench.serve(module, layer="lats", **options)
else:
    cambench.serve(module, classes=7, **options)
PYTHON

try python3 net.py plain
try cambench explain colour_444.jpg --command 'python3 net.py plain' --methods gradcam,ablationcam,shapleycam,saliency --class b
cat >config.yaml <<'YAML'
name: serve
dataset: {path: fixtures/set.h5}
backbones:
  - {model: process, command: python3 net.py plain, files: [net.py], label: conv}
  - {model: process, command: python3 net.py tokens, files: [net.py], label: tokens}
methods: [gradcam, hirescam, shapleycam, {name: shapleycam, label: at logits, params: {score: logit}}, ablationcam]
metrics: [average_drop, coherency]
runtime: {threads: 2}
report: {plots: false, overlays: 0, bootstrap: 20, maps: true}
YAML
try cambench run config.yaml --quiet
# the mean and the matrix behind the tokens are linear: one map
awk -F, '$1 == "tokens" && $2 == "gradcam" { value[$4, $5] = $6 }
    $1 == "tokens" && ($2 == "hirescam" || $2 == "at logits") { d = $6 - value[$4, $5]; n++; if (d > 1e-3 || d < -1e-3) print $0 }
    END { print n, "values" }' results/serve/per_image.csv

# last COMMAND...: the last line that it prints
last()
{
    "$@" 2>&1 | tail -n 1
}
for how in sums layer classes; do
    last python3 net.py "$how"
done
sed -i 's/ plain/ nan/; /tokens/d' config.yaml
last cambench run config.yaml --quiet --fresh --set 'methods=[gradcam]'
last cambench run config.yaml --quiet --fresh --set 'methods=[ablationcam]' --set 'backbones.0.command=python3 net.py fails'
