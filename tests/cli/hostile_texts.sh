# Names that are commands, markup, formulas, escapes, no UTF-8 or without end, through every output and as arguments.
command -v python3 >/dev/null || skip "no python3"
python3 "$ROOT/tests/survival/hostile.py" make . "$ROOT/tests/golden/pictures"
cambench import dataset pictures --out set.h5 >import.txt 2>&1
cambench generate weights resnet18 --classes 26 --width 0.125 --size 64 --out net.h5 --quiet
cambench inspect set.h5 >inspect.txt 2>&1
cambench inspect set.h5 --json >inspect.json
cambench run config.yaml >stdout.txt 2>stderr.txt
echo "run: exit $?"
# the run again, in a folder whose name is no UTF-8
odd=$'odd \xff\xfe caf\xe9 \x9b31m \xc2\x9b31m \e[31m'
cambench merge run* --output "$odd" >merge.txt 2>&1
echo "merge: exit $? $(cat merge.txt)"
cp -r run* "$odd"
cambench report "$odd" >report.txt 2>&1
echo "report: exit $?"
python3 -c 'import os, sqlite3, sys
with sqlite3.connect(os.fsencode(sys.argv[1])) as run:
    run.execute("UPDATE value SET number = number / 2")' "$odd/run.db"
cambench compare run* "$odd" --speed 0 --junit compare.xml --history nights.db >compare.txt 2>&1
echo "compare: exit $?"
cambench compare run* "$odd" --speed 0 --json >compare.json
cambench history nights.db --plots trends >history.txt 2>&1
echo "history: exit $?"
python3 "$ROOT/tests/survival/hostile.py" check .
