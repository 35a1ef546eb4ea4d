# Published numbers stand beside measured ones; what cannot be read is said before anything is measured.
cat >papers.csv <<'CSV'
paper,table,arch,layer,method,params,metric,value,unit,protocol,note,source
Made up 2020,Table 1,resnet18,,gradcam,score=logit,complexity,250,%,cambench,out of range to be outside,key
Made up 2020,Table 1,resnet18,layer4,scorecam,,complexity,0.5,fraction,,,key
Made up 2020,Table 1,resnet18,,gradcam,score=prob,complexity,1,%,cambench,,key
Made up 2020,Table 1,resnet34,,gradcam,,complexity,1,%,cambench,,key
CSV
cat >config.yaml <<'YAML'
name: compared
output: out
dataset: {path: fixtures/set.h5, images: 3}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5, label: tiny}]
methods: [{name: gradcam, label: G}, {name: scorecam, params: {max_channels: 4}}]
metrics: [complexity]
report: {plots: false, overlays: 0, bootstrap: 100, reference: [papers.csv]}
YAML
try cambench run config.yaml --threads 1
cut -d, -f1-7,11,13- out/reference.csv
try cambench report out --quiet
tail -n 3 out/tables/reference.md
try cambench run config.yaml --output other --set report.reference=none.csv
echo "paper,arch" >papers.csv
try cambench run config.yaml --output other
[ -e other ] || echo "nothing was written"
