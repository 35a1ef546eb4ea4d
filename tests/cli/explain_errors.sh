# One line on stderr and exit code 2 for each; nothing is written.
cp "$ROOT/tests/golden/pictures/rgb.png" .
try cambench explain
try cambench explain --weights fixtures/resnet18.h5
try cambench explain rgb.png --backbone resnet81
try cambench explain rgb.png --backbone resnet152
try cambench explain rgb.png --weights nowhere.h5
try cambench explain rgb.png --weights rgb.png
try cambench explain rgb.png --weights fixtures/set.h5
try cambench explain rgb.png --weights fixtures/cut_weights.h5
try cambench explain rgb.png --weights fixtures/resnet18.h5 --backbone vgg16
try cambench explain rgb.png --weights fixtures/resnet18.h5 --methods gradcm
try cambench explain rgb.png --weights fixtures/resnet18.h5 --methods gradcam,,layercam
try cambench explain rgb.png --weights fixtures/resnet18.h5 --methods gradcam,gradcam
try cambench explain rgb.png --weights fixtures/resnet18.h5 --methods ''
try cambench explain rgb.png --weights fixtures/resnet18.h5 --class 5
try cambench explain rgb.png --weights fixtures/resnet18.h5 --class cat
try cambench explain rgb.png --weights fixtures/resnet18.h5 --layer layer5
try cambench explain rgb.png --weights fixtures/resnet18.h5 --layer avgpool
try cambench explain rgb.png --weights fixtures/resnet18.h5 --protocol cambenhc
try cambench explain rgb.png --weights fixtures/resnet18.h5 --threads many
try cambench explain rgb.png --weights fixtures/resnet18.h5 --output rgb.png
try cambench explain rgb.png --weights fixtures/resnet18.h5 --output /proc/maps
ls
