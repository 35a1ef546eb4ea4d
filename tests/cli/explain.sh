# Sheets of maps for any pictures; what cannot be read is named, the rest is done.
pictures=$ROOT/tests/golden/pictures
cp "$pictures/colour_444.jpg" "$pictures/rgb.png" .
try cambench explain colour_444.jpg rgb.png --weights fixtures/resnet18.h5
try cambench explain colour_444.jpg --weights fixtures/resnet18.h5 --output maps --methods gradcam --protocol poppi2021
try cambench explain colour_444.jpg --weights fixtures/mobilenet_v2.h5 --backbone mobilenet_v2 --layer features.13 --class 0
try cambench explain rgb.png --weights fixtures/resnet18.h5 --methods all --quiet --threads 1

# the network of the name, out of the box
mkdir -p data/backbones/demo
cp fixtures/resnet18.h5 fixtures/mobilenet_v2.h5 data/backbones/demo
export CAMBENCH_DATA=$PWD/data
rm -f ./*-resnet18.png
try cambench explain rgb.png
try cambench explain rgb.png --backbone mobilenet_v2
unset CAMBENCH_DATA

# a picture is never written over, and two of one name get two sheets
mkdir -p other
cp rgb.png rgb-resnet18.png
cp colour_444.jpg other/rgb.jpg
cp rgb.png 'r g;b.png'
cp rgb.png "$(printf 'esc\033[31m\n.png')"
try cambench explain rgb.png other/rgb.jpg rgb-resnet18.png 'r g;b.png' esc* --weights fixtures/resnet18.h5 | cat -v
cmp rgb.png rgb-resnet18.png && echo untouched

# some fail, then all
head -c 700 colour_444.jpg >cut.jpg
: >empty.png
echo text >text.jpg
try cambench explain cut.jpg rgb.png empty.png text.jpg nowhere.jpg . --weights fixtures/resnet18.h5
try cambench explain nowhere.jpg --weights fixtures/resnet18.h5
try cambench explain nowhere.jpg empty.png --weights fixtures/resnet18.h5 --quiet
find . -name '*.png' -a -name '[!e]*' | sort
