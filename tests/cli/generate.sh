# same seed, same bytes; another seed, others
generate() { cambench generate weights resnet18 --classes 5 --width 0.125 --size 64 "$@"; }
try generate --seed 7 --out a.h5
try generate --seed 7 --out b.h5 --quiet
try generate --seed 8 --out c.h5 --quiet
cmp a.h5 b.h5 && echo same
cmp -s a.h5 c.h5 || echo different

# the demo set: the same pictures for the same seed, readable by a run
try cambench generate demo --images 6 --out d.h5 --quiet
cambench generate demo --images 6 --out e.h5 --quiet
cmp d.h5 e.h5 && echo same
cambench inspect d.h5 | grep -E '^(kind|images|unreadable) '
