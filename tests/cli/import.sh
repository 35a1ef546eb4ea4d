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
