# what is said before anything is asked for
try cambench fetch
try cambench fetch images
try cambench fetch weights
try cambench fetch weights resnet81
try cambench fetch weights vgg16 --weights V2
try cambench fetch weights vgg16 --weights v1
try cambench fetch weights vgg16 --weights V1 --file vgg16-397923af.pth
try cambench fetch weights vgg16 --file vgg16.pth
try cambench fetch weights vgg16 --file ../vgg16-397923af.pth
try cambench fetch weights vgg16 --base ftp://localhost
try cambench fetch weights vgg16 --base localhost:80/weights
try cambench fetch weights vgg16 --base /folder
try cambench fetch weights vgg16 --timeout 0
try cambench fetch weights vgg16 --to /dev/null
CAMBENCH_WEIGHTS_URL=nowhere try cambench fetch weights vgg16
# which file is asked for
try cambench fetch weights resnet50 --base file:///nowhere
try cambench fetch weights resnet50 --weights V2 --base file:///nowhere/
ls
