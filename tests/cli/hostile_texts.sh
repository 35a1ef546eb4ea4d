# Names that are commands, markup, formulas and escapes, through every output.
command -v python3 >/dev/null || skip "no python3"
python3 "$ROOT/tests/survival/hostile.py" make . "$ROOT/tests/golden/pictures"
cambench import dataset pictures --out set.h5 --quiet
cambench generate weights resnet18 --classes 22 --width 0.125 --size 64 --out net.h5 --quiet
cambench run config.yaml >stdout.txt 2>stderr.txt
echo "exit $?"
python3 "$ROOT/tests/survival/hostile.py" check .
