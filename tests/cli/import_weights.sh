try cambench generate weights mobilenet_v2 --width 0.25 --classes 10 --out a.h5 --quiet
try cambench import weights a.h5 --out b.h5
try cambench import weights a.h5 --arch mobilenet_v2 --out b.h5 --source "here and there" --accuracy 71.9 --quiet
try cambench inspect b.h5
try cambench import weights a.h5 --arch resnet18 --out c.h5
cp "$ROOT/tests/golden/weights/views_zip.pth" .
try cambench import weights views_zip.pth --arch vgg16 --out c.h5
try cambench import weights nowhere.pth --out c.h5
try cambench import weights a.h5
try cambench import wieghts a.h5

# nothing that a file names is run
printf '\200\002\212\012l\374\234F\371 j\250P\031.\200\002M\351\003.\200\002}.\200\002cos\nsystem\n(X\005\0\0\0ls >xtR.' >evil.pth
try cambench import weights evil.pth --out c.h5
ls

# the content of a checkpoint, and the part that is imported
cp "$ROOT/tests/golden/weights/training_legacy.pth" .
try cambench inspect training_legacy.pth

# GoogLeNet's transform of its input is assumed, or said
try cambench generate weights googlenet --classes 10 --out g.h5 --quiet
try cambench import weights g.h5 --out assumed.h5
try cambench import weights g.h5 --out said.h5 --transform-input no
for file in assumed said; do
    echo "$file: $(cambench inspect $file.h5 | grep '^transform')"
done
try cambench import weights a.h5 --out refused.h5 --transform-input no
try cambench import weights g.h5 --out refused.h5 --transform-input true

# a stem for small pictures shows in its kernel, and its max pool in nothing
cambench generate weights resnet18 --width 0.125 --classes 4 --out usual.h5 --quiet
try cambench import weights usual.h5 --out refused.h5 --stem small
