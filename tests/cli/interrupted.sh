# SIGTERM and SIGINT end every command within two seconds, with code 130, one line, and no unfinished files.
mkdir place
small_config
cambench run config.yaml --quiet --output run
cp -r run again
mkfifo silent
sleep 60 >silent & # writes nothing
sleeper=$!
exec 9<silent

# stopped DELAY COMMAND...: by each of the two signals, DELAY seconds after its start
stopped()
{
    local delay=$1 signal code begun took
    shift
    for signal in TERM INT; do
        "$@" >/dev/null 2>wrong.txt &
        sleep "$delay"
        begun=${EPOCHREALTIME/./}
        kill -$signal $! 2>/dev/null
        wait $!
        code=$?
        took=$(((${EPOCHREALTIME/./} - begun) / 1000))
        echo "$signal: $*: exit $code, $(tail -n 1 wrong.txt)"
        [ $took -lt 2500 ] || echo "gone after $took ms"
    done
    find . -name '*.part*' -o -name 'run.lock'
}

rm again/config.yaml
ln -s ../silent again/config.yaml
explain_many()
{
    local i pictures=()
    for ((i = 0; i < 2000; i++)); do pictures+=(fixtures/pictures/cat/colour_420.jpg); done
    exec cambench explain "${pictures[@]}" --threads 1 --output place
}

stopped 0.5 cambench generate weights vgg16 --out place/vgg.h5
stopped 0.5 cambench generate demo --images 100000 --out place/demo.h5
stopped 0.5 cambench run silent
stopped 0.5 cambench import dataset fixtures/pictures --list silent --out place/set.h5
stopped 1 explain_many
stopped 0.5 cambench report again
stopped 0.5 cambench compare run again
stopped 0.5 cambench merge again --output merged
find place -mindepth 1 -maxdepth 1 ! -name "*.png" -printf "%f\n"
kill $sleeper
