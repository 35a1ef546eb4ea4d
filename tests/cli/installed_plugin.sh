# An installed program: its example is a plugin that `make` builds with pkg-config alone, and `cambench new` writes others.
command -v pkg-config >/dev/null || skip "no pkg-config"
shared nothing.so -x c /dev/null
build=$(realpath --relative-to="$ROOT" "$BUILD")
there="$PWD/a place"
make -C "$ROOT" --no-print-directory install B="$build" DESTDIR="$there" PREFIX=/opt >make.txt 2>&1 || cat make.txt
unset MAKEFLAGS CFLAGS
PATH="$there/opt/bin:$PATH"
hash -r
cp -r "$there/opt/share/cambench/example" .
wc -l <example/Makefile
PKG_CONFIG_PATH="$there/opt/share/pkgconfig" make -s -C example
cambench list methods mycam --plugin example/mycam.so | sed -n 1,3p | tr -s ' '
pkg-config --with-path="$there/opt/share/pkgconfig" --modversion cambench

# with the place of the installation in the Makefile
cambench new method --plugin second
cambench new metric --plugin third --quiet
make -s -C second && make -s -C third
cat >config.yaml <<'YAML'
name: plugins
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [second, mycam]
metrics: [third]
report: {plots: false, overlays: 0, bootstrap: 0}
plugins: [second/second.so, third/third.so, example/mycam.so]
YAML
cambench run config.yaml --quiet
cut -d, -f 1-5 results/plugins/summary.csv

# nothing is overwritten, and no name is taken twice
try cambench new method --plugin second
try cambench new metric --plugin second
try cambench new method --plugin gradcam
