# shellcheck shell=bash
# What the scripts of this folder share: a small run, and what must hold of its folder whatever happened to it.
# They need cambench on the PATH and ROOT, the checkout; tests/cli/run.sh gives both.
set -u
export LC_ALL=C
wrong=0

# small_set FOLDER: an image set and two networks, made by the program itself.
small_set()
{
    local pictures=$ROOT/tests/golden/pictures
    mkdir -p "$1/pictures/cat" "$1/pictures/dog"
    cp "$pictures/colour_420.jpg" "$pictures/colour_444.jpg" "$1/pictures/cat"
    cp "$pictures/progressive.jpg" "$pictures/grey.jpg" "$1/pictures/dog"
    cambench import dataset "$1/pictures" --out "$1/set.h5" --quiet
    cambench generate weights resnet18 --classes 2 --width 0.125 --size 64 --out "$1/resnet18.h5" --quiet
    cambench generate weights vgg11 --classes 2 --width 0.125 --size 64 --out "$1/vgg11.h5" --quiet
}

# complain WHAT...: counts and says what does not hold.
complain()
{
    echo "$*"
    wrong=$((wrong + 1))
}

# no_leftovers FOLDER WHAT: nothing temporary is there.
no_leftovers()
{
    local left
    left=$(find "$1" -name '*.part-*' -o -name '*-wal' -o -name '*-shm' -o -name '*-journal' -o -name '*.lock' |
        tr '\n' ' ')
    [ -z "$left" ] || complain "$2: left behind: $left"
}

# same_tables FOLDER REFERENCE WHAT
same_tables()
{
    local file
    for file in summary.csv per_image.csv; do
        cmp -s "$1/$file" "$2/$file" || complain "$3: $file differs"
    done
}

# database FOLDER SQL: what SQLite's own shell says; that of a copy, so that nothing of the folder changes.
database()
{
    local copy
    copy=$(mktemp -d)
    cp "$1"/run.db* "$copy" 2>/dev/null
    sqlite3 "$copy/run.db" "$2" 2>&1
    rm -rf "$copy"
}

# is_sound FOLDER WHAT
is_sound()
{
    local answer
    answer=$(database "$1" 'PRAGMA integrity_check')
    [ "$answer" = ok ] || complain "$2: integrity: $answer"
}

# items FOLDER: how many the store has; 0 where there is none yet.
items()
{
    local count
    [ -e "$1/run.db" ] && count=$(database "$1" 'SELECT count(*) FROM item') || count=0
    case $count in *[!0-9]*) echo 0 ;; *) echo "$count" ;; esac
}

# conclude CLAIM: says it if it holds, and ends.
conclude()
{
    [ $wrong -eq 0 ] && echo "$1"
    exit $((wrong > 0))
}
