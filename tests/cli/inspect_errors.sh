try cambench inspect nowhere.h5
try cambench inspect fixtures/text.h5
try cambench inspect fixtures/empty.h5
try cambench inspect fixtures/cut_set.h5
try cambench inspect fixtures/cut_weights.h5
try cambench inspect fixtures
try cambench inspect fixtures/set.h5 --plan
try cambench inspect fixtures/resnet18.h5 --size 96
