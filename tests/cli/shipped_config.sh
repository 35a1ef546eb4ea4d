# a config that is not here is said to be the program's own, also with --quiet; a name means that one
few="--dry-run --output out --set dataset.images=2"
# shellcheck disable=SC2086 # several words
for config in configs/demo.yaml demo.yaml demo; do
    try cambench run $config $few --quiet 2>&1 | grep '^! config\|^exit\|^\$'
done
mkdir configs
cp "$ROOT/configs/demo.yaml" configs
# shellcheck disable=SC2086 # several words
try cambench run configs/demo.yaml $few | grep '^! config\|^exit\|^\$'
# shellcheck disable=SC2086 # several words
try cambench run configs/nowhere.yaml $few
