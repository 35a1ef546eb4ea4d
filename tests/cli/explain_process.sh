# A network that another process runs: what inspect and explain show of it, and options that do not go together.
command -v perl >/dev/null || skip "no perl"
cp "$ROOT/docs/examples/network.pl" "$ROOT/tests/golden/pictures/colour_444.jpg" .
run='perl network.pl'

try cambench inspect process --command "$run"
try cambench inspect process --command "$run" --json
try cambench explain colour_444.jpg --command "$run"
try cambench explain colour_444.jpg --backbone process --command "$run" --layer blocks --class 2 --methods gradcam --output maps
ls ./*.png maps

told cambench inspect process
told cambench inspect resnet18 --command "$run"
told cambench inspect process --command "$run" --size 32
told cambench inspect process --command "$run" --plan
told cambench inspect process --command no-such-program
told cambench explain colour_444.jpg --backbone process
told cambench explain colour_444.jpg --backbone resnet18 --command "$run"
told cambench explain colour_444.jpg --weights fixtures/resnet18.h5 --command "$run"
told cambench explain colour_444.jpg --command "$run" --layer block
told cambench explain colour_444.jpg --command "$run" --methods gradcam,fullgrad
told cambench explain colour_444.jpg --command "$run no.pl" --class 7
told cambench explain colour_444.jpg --command 'perl missing.pl'
