# Small files that the cases read, made by the program itself.
pictures=$ROOT/tests/golden/pictures

# two classes, four pictures; the same without labels
mkdir -p pictures/cat pictures/dog
cp "$pictures/colour_420.jpg" "$pictures/colour_444.jpg" pictures/cat
cp "$pictures/progressive.jpg" "$pictures/grey.jpg" pictures/dog
cambench import dataset pictures --out named.h5
# classes by their numbers alone, which are those of any network
printf 'file,class_index\ncat/colour_420.jpg,0\ncat/colour_444.jpg,0\ndog/grey.jpg,1\ndog/progressive.jpg,1\n' >numbers.csv
cambench import dataset pictures --labels numbers.csv --out set.h5
mkdir unlabelled
cp "$pictures/colour_420.jpg" "$pictures/progressive.jpg" unlabelled
printf 'file,class_index\ncolour_420.jpg,-1\nprogressive.jpg,-1\n' >unlabelled/labels.csv
cambench import dataset unlabelled --out unlabelled.h5

cambench generate weights resnet18 --classes 5 --width 0.125 --size 64 --seed 1 --out resnet18.h5
cambench generate weights mobilenet_v2 --classes 5 --width 0.125 --size 64 --seed 1 --out mobilenet_v2.h5

head -c $(($(wc -c <resnet18.h5) / 2)) resnet18.h5 >cut_weights.h5
head -c $(($(wc -c <set.h5) / 2)) set.h5 >cut_set.h5
printf 'this is not HDF5\n' >text.h5
: >empty.h5
