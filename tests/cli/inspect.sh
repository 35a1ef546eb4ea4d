try cambench inspect resnet18
try cambench inspect mobilenet_v2 --size 64 --width 0.125 --classes 5 --plan
try cambench inspect fixtures/resnet18.h5
try cambench inspect fixtures/named.h5
try cambench inspect fixtures/unlabelled.h5
