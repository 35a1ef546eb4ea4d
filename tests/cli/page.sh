# index.html: what it says, and cambench view, which opens it.
cat >config.yaml <<'YAML'
name: small
seed: 1
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5, label: net}]
methods: [gradcam, reciprocam, layercam, fakecam]
metrics: [average_drop, coherency, complexity, adcc, insertion]
report: {plots: false, bootstrap: 100}
YAML
cambench run config.yaml --quiet --output run
cambench run config.yaml --quiet --output other --set 'methods=[gradcam, actmap]'
page=run/index.html
grep -c '<svg' $page
grep -o '<h2[^>]*>[^<]*' $page | sed 's/.*>//'
grep -o 'On 4 images [a-z]* prefers' $page
grep -c '"pictures":\["/9j/' $page
grep -o 'cambench run run/config.yaml.*' $page

# the gallery without its pictures
sed -i 's#path: .*set.h5#path: gone.h5#' run/config.yaml
cambench report run --quiet
grep -o 'Pictures are missing: [^.]*' $page
grep -c '"pictures":\["' $page

# a page that compares
cambench report run other --output both --quiet 2>/dev/null
sed -n 's#.*<li><code>\(.*\)</code></li>#\1#p' both/index.html

# an opener, and none
printf '#!/bin/sh\nbasename "$1"\n' >opener
chmod +x opener
BROWSER=./opener cambench view run
try cambench view run --path | sed "s#$PWD#DIR#"
mkdir empty
try cambench view empty
try cambench view nowhere
try cambench view config.yaml
