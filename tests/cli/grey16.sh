# A PNG of 16-bit grey is clipped, as in Pillow, with one line about it.
mkdir grey
cp "$ROOT/tests/golden/pictures/grey_16.png" grey/x.png
printf 'file,class_index\nx.png,-1\n' >grey/labels.csv
try cambench import dataset grey --out grey.h5
try cambench explain grey/x.png --weights fixtures/resnet18.h5 --methods gradcam
