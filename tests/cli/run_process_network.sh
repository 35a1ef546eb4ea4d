# A network in Perl, as a process: measured like others, hashed; what needs the graph is refused; failures of passes.
command -v perl >/dev/null || skip "no perl"
cp "$ROOT/docs/examples/network.pl" "$ROOT/docs/examples/gradcam.pl" .

# config COMMAND ON_ERROR METHODS
config()
{
    cat >config.yaml <<YAML
name: small
dataset: {path: fixtures/set.h5}
backbones: [{model: process, command: $1, files: [network.pl], timeout: 20}]
methods: $3
metrics: [average_drop]
runtime: {threads: 2, on_error: $2}
report: {plots: false, overlays: 1, bootstrap: 20}
YAML
}

config 'perl network.pl' stop '[gradcam, hirescam, shapleycam, ablationcam, input_x_gradient,
    {name: process, label: Perl-CAM, params: {command: perl gradcam.pl}}]'
try cambench run config.yaml --dry-run
try cambench run config.yaml
# the tail is a mean and a matrix, for which Grad-CAM and HiResCAM have the same map
awk -F, '$2 == "gradcam" { value[$4, $5] = $6 }
    $2 == "hirescam" || $2 == "Perl-CAM" { d = $6 - value[$4, $5]; n++; if (d > 1e-4 || d < -1e-4) print $0 }
    END { print n, "values" }' results/small/per_image.csv
grep -E '"(arch|command|kernels|path)"' results/small/manifest.json
sed -n '/^backbones/,/^methods/p' results/small/config.yaml

for method in guided_backprop guided_gradcam cam liftcam fullgrad winsorcam '{name: aug_smooth, params: {base: cam}}'; do
    told cambench run config.yaml --quiet --fresh --set "methods=[$method]"
done
told cambench run config.yaml --dry-run --set 'methods=[gradcam, fullgrad]'
told cambench run config.yaml --quiet --fresh --set backbones.0.layer=block
told cambench run config.yaml --quiet --fresh --set 'backbones.0.input={size: 32}'
told cambench run config.yaml --quiet --fresh --set backbones.0.command=no-such-program
told cambench run config.yaml --quiet --fresh --set 'methods=[{name: layercam, params: {layers: [blokcs]}}]'
echo '# changed' >>network.pl
told cambench run config.yaml --quiet

# a network that fails at its third base pass
perl -pe 's/^(\s+)my \(\$count, \@layers\) = \@words;/$&\n$1if (\@layers && ++\$main::n == 3) { print STDERR "the third\\n"; no warnings; eval \$ENV{HOW}; }/' \
    network.pl >failing.pl
config 'perl failing.pl' stop '[gradcam]'
while read -r how; do
    HOW=$how told cambench run config.yaml --quiet --fresh --set runtime.threads=1
done <<'HOWS'
exit 7
kill KILL => $$
print $talk "ok 1x4\n"; next
$| = 1; print "hello\n"; next
print $talk "\xff\n"; next
sysseek $arrays, 0, 0; syswrite $arrays, pack "f*", ("nan") x 261; print $talk "ok 1x5 4x8x8\n"; next
HOWS
HOW='sleep 100' told cambench run config.yaml --quiet --fresh --set runtime.threads=1 --set backbones.0.timeout=1
config 'perl failing.pl' skip '[gradcam]'
HOW='exit 7' try cambench run config.yaml --fresh --set runtime.threads=1
grep -A 7 '"failed"' results/small/manifest.json
HOW='' try cambench run config.yaml --quiet --set runtime.threads=1
grep '"failed"' results/small/manifest.json
