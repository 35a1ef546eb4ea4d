# Two nights of the same program are the same; a method or metric that is broken on purpose is found and named.
ln -s "$ROOT/datasets" datasets
ln -s "$ROOT/backbones" backbones
sed -e 's/^\(  images:\) .*/\1 6/' -e '/^methods:/,/^protocol:/d' "$ROOT/configs/nightly.yaml" >nightly.yaml
cat >>nightly.yaml <<'YAML'
methods: [gradcam, layercam, reciprocam, random]
metrics: [average_drop, coherency, complexity, adcc, adcc_of_means, seconds_per_map, tail_passes]
protocol: cambench
YAML
night()
{
    local program=$1 folder=$2
    shift 2
    "$program" run nightly.yaml --quiet --output "$folder" "$@"
}
night cambench one
night cambench two --threads 1

# the first night makes the baseline, the second is compared with it; on other numbers of threads times are not
try cambench compare baseline one
try cambench compare baseline one --update-baseline
ls baseline
try cambench compare baseline two
try cambench compare baseline two --quiet
try cambench compare baseline one --speed 0 --json

# the program with one source changed: $1 the file, $2 a sed command
break_it()
{
    sed "$2" "$ROOT/$1" >broken.c
    cmp -s broken.c "$ROOT/$1" && echo "sed has changed nothing"
    # shellcheck disable=SC2046,SC2086 # several words
    ${CC:-cc} -std=gnu17 -fopenmp -ffp-contract=off -fno-math-errno -O2 -I"$ROOT" ${CFLAGS-} ${EXTRA-} broken.c \
        -Wl,--whole-archive "$BUILD/libbench.a" -Wl,--no-whole-archive \
        -Wl,--start-group "$BUILD"/lib*.a -Wl,--end-group $(libraries) -lm -o broken
}

# the sign of one channel's weight
break_it methods/gradcam.c 's/weight\[k\] = (float)mean_of/weight[k] = (k == 0 ? -1 : 1) * (float)mean_of/'
night ./broken sign
try cambench compare baseline sign --speed 0 --junit sign.xml
grep -c '<testcase' sign.xml
grep '<testsuite ' sign.xml
grep -o '<failure message="[^0-9]*' sign.xml | sort -u
grep -B 1 '<failure' sign.xml | sed -n 's/.*classname="[^.]*\.\([a-z]*\)".*/\1/p' | sort -u

# half a point of a metric
break_it metrics/complexity.c 's/value_of(\(.*\));/value_of((\1) + 0.005);/'
night ./broken metric
cambench compare baseline metric --speed 0 >log.txt
echo "exit $?"
sed -n 2p log.txt
sed -n 's/^changed *[^ ].*  \([a-z]*\)  *complexity .*/\1/p; s/^changed .* \(random\) .*/last \1/p' log.txt | tail -n 1
sed -n 's/^changed .* complexity .* \([+-][0-9.]*\)  \(.*\), most.*/complexity \1, \2/p' log.txt | uniq -c
cambench compare baseline metric --speed 0 --tolerance 0.4 | head -n 1
try cambench compare baseline metric --speed 0 --tolerance 0.4 --tolerance complexity=0.6 --tolerance adcc=1

# another seed is said; of what is left, chance is no difference
night cambench seed --set seed=2
try cambench compare baseline seed --speed 0

# a method with other parameters is another method; one that is not there leaves no verdict
night cambench fewer --set 'methods=[gradcam, {name: random, params: {grid: 5}}]' --set 'metrics=[complexity, coherency, average_drop, average_increase]'
try cambench compare baseline fewer --speed 0

# a method that is new in the config is reported, also with --quiet
night cambench more --set 'methods=[gradcam, layercam, reciprocam, random, xgradcam]'
try cambench compare baseline more --speed 0 --quiet

# other images: compared on the common ones
night cambench images --set dataset.images=4
try cambench compare baseline images --speed 0
try cambench compare images baseline --speed 0

# a baseline is replaced whole, and no run is overwritten
try cambench compare baseline sign --update-baseline --speed 0 --quiet
try cambench compare baseline sign --speed 0
try cambench compare one sign --update-baseline --speed 0 --quiet
try cambench compare baseline baseline --speed 0 --update-baseline
ls baseline
find . -name '*.part*'

# what is no run
try cambench compare nowhere one
try cambench compare one
try cambench compare one two --tolerance colour=1
try cambench compare one two --tolerance complexty=1
try cambench compare one two --tolerance x
try cambench compare one two --speed 0.9
mkdir text && cp nightly.yaml text/run.db
try cambench compare text one
cp -r one cut && head -c 5000 one/run.db >cut/run.db
try cambench compare one cut
cp -r one without && rm without/config.yaml
try cambench compare without one
