# An installed program works in any folder, for a user who may not write to PREFIX; make uninstall removes everything.
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
chmod 755 "$place"
mkdir -m 777 "$place/empty"
unset MAKEFLAGS MAKELEVEL MFLAGS CAMBENCH_DATA
make_in_project()
{
    (cd "$ROOT" && make --no-print-directory B="$BUILD" PREFIX="$place/new/prefix" "$@" >"$place/log" 2>&1) || sed "s|$place|PLACE|" "$place/log"
}

# as_user COMMAND...: runs it in the empty folder, with the installed program; root becomes another user first
as_user()
{
    local other=
    [ "$(id -u)" -ne 0 ] || other='setpriv --reuid 65534 --regid 65534 --clear-groups'
    # shellcheck disable=SC2086 # none, or several words
    (cd "$place/empty" && PATH=$place/new/prefix/bin:$PATH HOME=/nonexistent exec $other "$@")
}

make_in_project install
chmod -R a-w "$place/new"
few="--set dataset.images=2 --set methods=[gradcam] --set metrics=[average_drop,energy_pointing_game]
    --set report.plots=false --set report.overlays=0 --set report.meta=false --quiet"
# shellcheck disable=SC2086 # several words
as_user cambench run demo $few
# shellcheck disable=SC2086
as_user cambench run configs/demo.yaml $few --output again
(cd "$place/empty" && wc -l <results/demo/summary.csv && cmp results/demo/summary.csv again/summary.csv)
try as_user cambench run demo --dry-run --output other --set dataset.images=2 | tail -n 1
as_user cambench inspect datasets/demo/demo.h5 | grep '^kind'
try as_user cambench run papers/reciprocam2024-table1 --dry-run | grep '^missing\|^exit'
cp "$ROOT/tests/golden/pictures/colour_444.jpg" "$place/empty"
try as_user cambench explain colour_444.jpg --methods gradcam --out maps --quiet
ls "$place/empty"

# a missing demo file is not replaced by ImageNet's weights
chmod -R u+w "$place/new"
rm "$place/new/prefix/share/cambench/backbones/demo/resnet18.h5"
try as_user cambench run demo --dry-run --output other --set dataset.images=2 --set "methods=[gradcam]" | sed -n '/^missing/,/^exit/p'

try as_user cambench run demo --dry-run --set dataset.images=2 --set "methods=[gradcam]" \
    --set 'backbones=[{arch: resnet18, weights: resnet18.h5}]' --output other | sed -n '/^missing/,/^exit/p'

# files that others have put there stay
echo mine >"$place/new/prefix/share/cambench/mine.txt"
make_in_project uninstall
(cd "$place" && find new ! -type d)
rm -rf "$place/new"
make_in_project install
make_in_project install
make_in_project uninstall
ls "$place"
make_in_project uninstall
