# all spellings of a request for help print the same text
same_text()
{
    local first=$1
    shift
    cambench $first >first.txt 2>&1
    for other in "$@"; do
        # shellcheck disable=SC2086 # several words
        cambench $other >other.txt 2>&1
        echo "$first, $other: exit $?, $(cmp -s first.txt other.txt && echo the same || echo DIFFERENT)"
    done
}
same_text --help -h help
same_text --version version -V
for command in $(cambench --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
    same_text "$command --help" "$command -h" "help $command"
done
same_text "import dataset --help" "import dataset -h" "help import dataset"
same_text "import weights --help" "import weights -h" "help import weights"

try cambench help nosuch
try cambench help runn
try cambench help run config.yaml more
try cambench version 2

# one row of a list, whole
try cambench list methods gradcam
try cambench list metrics adcc
try cambench list backbones resnet18
cambench list protocols cambench | head -n 5
cambench list methods gradcam --json | grep -c '^    "name": "gradcam"'
cambench list methods gradcam --bibtex | head -n 1
for kind in methods metrics backbones protocols; do
    for name in $(cambench list $kind --json | sed -n 's/^    "name": "\(.*\)",*/\1/p'); do
        cambench list $kind "$name" | grep -qx "name  *$name" || echo "list $kind $name: another"
    done
done
try cambench list methods gradcm
try cambench list metrics zzz
try cambench list backbones resnet19
try cambench list protocols imagenet
try cambench list methods gradcam layercam
