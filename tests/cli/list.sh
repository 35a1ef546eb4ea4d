try cambench list methods
try cambench list metrics
try cambench list backbones
try cambench list protocols
try cambench list layers resnet18
try cambench list methods HiResCAM
try cambench list methods fakecan
try cambench list methods gradcan
