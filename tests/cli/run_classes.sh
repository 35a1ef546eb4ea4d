# The classes of an image set are not those of the network: a warning before and after, an error if labels are read.
cat >config.yaml <<'END'
name: classes
dataset: {path: fixtures/named.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam]
metrics: [complexity]
report: {plots: false, overlays: 0, bootstrap: 0}
END
try cambench run config.yaml --quiet
try cambench run config.yaml --set 'protocol={preset: cambench, class: label}'
try cambench run config.yaml --set dataset.path=fixtures/set.h5 --fresh --quiet

# indices of ImageNet, or of the folders; one table names only some pictures
mkdir -p s/n01440764 s/n02099601 s/__MACOSX s/empty flat
cp "$ROOT/tests/golden/pictures/grey.jpg" s/n01440764/a.jpg
cp "$ROOT/tests/golden/pictures/grey.jpg" s/n02099601/b.jpg
cp s/n01440764/a.jpg s/n02099601/b.jpg flat
try cambench import dataset s --out s.h5
try cambench import dataset s --out s.h5 --classes folder
try cambench import dataset s --out s.h5 --classes alphabet
try cambench import dataset flat --out s.h5
printf 'file,class_index\na.jpg,1\n' >flat/labels.csv
try cambench import dataset flat --out s.h5
try cambench import dataset flat --out s.h5 --partial

# names of classes
cambench generate weights resnet18 --classes 1000 --width 0.125 --size 64 --seed 1 --out imagenet.h5
for class in golden_retriever 'Great White SHARK' n01440764 crane retreiver; do
    try cambench explain flat/a.jpg --weights imagenet.h5 --methods gradcam --class "$class"
done
