try cambench inspect fixtures/named.h5 --json
cambench inspect fixtures/resnet18.h5 --json | grep -v '^    \|^  "tensors"'
