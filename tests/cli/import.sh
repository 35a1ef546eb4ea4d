try cambench import dataset fixtures/pictures --out a.h5
try cambench import dataset fixtures/pictures --out b.h5 --quiet
cmp a.h5 b.h5 && echo same

# an unreadable picture is left out and named, or an error
cp -r fixtures/pictures some
head -c 700 fixtures/pictures/cat/colour_444.jpg >some/cat/cut.jpg
echo text >some/dog/text.jpg
try cambench import dataset some --out c.h5
try cambench import dataset some --out d.h5 --strict
try cambench import dataset some --out e.h5 --per-class 1
ls

# ImageNet's validation pictures with the development kit beside them, as a folder and as an archive
mkdir -p imagenet/val imagenet/ILSVRC2012_devkit_t12/data
n=0
for file in colour_420.jpg cmyk.jpg rgba.png grey.jpg; do
    n=$((n + 1))
    cp "$ROOT/tests/golden/pictures/$file" "imagenet/val/ILSVRC2012_val_0000000$n.JPEG"
done
printf '1\n2\n3\n515\n' >imagenet/ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt
cp "$ROOT/tests/golden/devkit/meta.mat" imagenet/ILSVRC2012_devkit_t12/data
tar -C imagenet/val -cf imagenet/ILSVRC2012_img_val.tar .
try cambench import dataset imagenet/val --out f.h5
try cambench import dataset imagenet/ILSVRC2012_img_val.tar --out g.h5 --decode
echo 'tench n01440764' >wrong.txt
try cambench import dataset imagenet/val --out h.h5 --labels imagenet
try cambench import dataset imagenet/val --out h.h5 --boxes nowhere
try cambench import dataset imagenet/val --out h.h5 --synsets wrong.txt
rm -r imagenet

# killed, it leaves a part that the next import removes; interrupted, nothing
mkdir -p one many
for i in $(seq 100); do ln "$(realpath fixtures/pictures/cat/colour_444.jpg)" "one/$i.jpg"; done
for i in $(seq 100); do ln -s ../one "many/c$i"; done
for signal in KILL INT; do
    cambench import dataset many --out i.h5 --quiet 2>&1 &
    until [ -s i.h5.part-$! ] || ! kill -0 $!; do :; done
    kill -$signal $!
    wait $! 2>/dev/null
    echo "$signal: exit $?, files: $(find . -name 'i.h5*' | wc -l)"
done
try cambench import dataset fixtures/pictures --out i.h5 --quiet
echo i.h5*
