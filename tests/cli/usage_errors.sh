try cambench
try cambench lst
try cambench abracadabra
try cambench --verbose
try cambench --help list
try cambench list
try cambench list methods metrics
try cambench list layers
try cambench list layers resnet51
try cambench list methodes
try cambench list methods --jsn
try cambench list methods --json=yes
try cambench list methods -x
try cambench list methods --json --bibtex
try cambench inspect
try cambench inspect vgg61
try cambench inspect resnet18 --size
try cambench inspect resnet18 --size 0
try cambench inspect resnet18 --size 64px
try cambench inspect resnet18 --size=1e3
try cambench inspect vgg16 --size 8
try cambench inspect vgg16 --classes -1
try cambench generate weights
try cambench generate weights resnet18
try cambench generate wieghts resnet18 --out x.h5
try cambench generate weights resnet81 --out x.h5
try cambench import dataset
try cambench import dataset nowhere --out x.h5
try cambench import dataset fixtures/pictures
ls
