# Methods and metrics from shared libraries: the numbers of the same files compiled in, bit for bit.
renamed methods/layercam.c method layercam mylayercam >mylayercam.c
renamed methods/ablationcam.c method ablationcam myablationcam >myablationcam.c
renamed metrics/complexity.c metric complexity mycomplexity >mycomplexity.c
renamed metrics/max_sensitivity.c metric max_sensitivity mysensitivity >mysensitivity.c
shared mylayercam.so mylayercam.c
# a helper that lies beside methods/method.h is linked into the plugin
mine="myablationcam.c $ROOT/methods/subspace.c mycomplexity.c mysensitivity.c $(pkg-config --cflags openblas)"
# shellcheck disable=SC2086 # several words
shared mine.so $mine

small_config
cat >>config.yaml <<'YAML'
plugins: [mylayercam.so, ./mine.so, mine.so]
runtime: {threads: 2}
YAML
sed -i 's/methods: .*/methods: [layercam, mylayercam, ablationcam, myablationcam]/' config.yaml
sed -i 's/metrics: .*/metrics: [complexity, mycomplexity, max_sensitivity, mysensitivity, average_drop]/' config.yaml
try cambench run config.yaml --quiet
cd results/small || exit
for pair in layercam,mylayercam ablationcam,myablationcam; do
    for metric in complexity,mycomplexity average_drop,average_drop; do
        sed -n "s/,${pair%,*},\(.*\),${metric%,*},/,\1,/p" per_image.csv summary.csv >one.txt
        sed -n "s/,${pair#*,},\(.*\),${metric#*,},/,\1,/p" per_image.csv summary.csv >two.txt
        cmp one.txt two.txt && sed -n '$=' one.txt
    done
done
rm one.txt two.txt
grep -c ',mysensitivity,' summary.csv
tail -n 3 config.yaml
grep -c '"param": "plugin"' manifest.json
cd ../..

# the store is enough for the report, the plugins describe what is in it; the run goes on with the same contents only
try cambench report results/small --quiet
try cambench run config.yaml --quiet
shared mylayercam.so mylayercam.c -O1
try cambench run config.yaml --quiet
shared mylayercam.so mylayercam.c
echo 'static const int unused = 1; int mine_is_longer(void) { return unused; }' >longer.c
# shellcheck disable=SC2086
shared mine.so $mine longer.c
try cambench run config.yaml --quiet
try cambench run config.yaml --quiet --fresh
try cambench run config.yaml --quiet --dry-run --set plugins=mine.so

# lists and pictures
cambench list methods mylayercam --plugin mylayercam.so | sed -n '1,2p; /^plugin /p' | tr -s ' '
cambench list methods --plugin mylayercam.so --plugin mine.so --json | grep '"name": "my'
cambench list metrics --plugin mine.so | grep -o '^my[a-z]*'
cambench list methods | grep -c '^my'
cambench explain "$ROOT/tests/golden/pictures/grey.jpg" --methods layercam,mylayercam --plugin mylayercam.so \
    --weights fixtures/resnet18.h5
cambench compare results/small results/small --speed 0 | tail -n 1
mv mine.so away.so
try cambench report results/small --quiet
cambench compare results/small results/small --speed 0 | tail -n 1

# the program exports every function of the headers
sed -n 's/.*symbol=//p' "$BUILD/registry/plugin_api" | sort >declared
nm -D --defined-only "$BUILD/cambench" | sed 's/.* //' | sort >exported
comm -23 declared exported
grep -c '^cam_[a-z]*$' declared | sed 's/^[1-9][0-9]*$/many/'
