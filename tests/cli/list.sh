try cambench list methods
try cambench list metrics
try cambench list backbones
try cambench list protocols
try cambench list layers resnet18
try cambench list methods Recipro-CAM
try cambench list methods --search 'grad-cam++'
try cambench list methods --search energy_map
try cambench list metrics --search energy_map
try cambench list layers resnet18 --search layer4.1.conv
try cambench list config --search overlays
try cambench list methods gradcam --search score
cambench list methods --search openvino --json | grep '^    "name"'
cambench list methods | grep -v '^    ' | grep -o '  \(activations\|gradient\|masks\|tail\|input gradient\|meta\|control\)  ' | uniq
try cambench list methods fakecan
try cambench list methods gradcan
