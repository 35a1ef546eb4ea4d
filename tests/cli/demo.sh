# What is shipped: networks that know the scenes, and maps that lie on the object more than chance would have it.
ln -s "$ROOT/datasets" datasets
ln -s "$ROOT/backbones" backbones
cambench run "$ROOT/configs/demo.yaml" --output demo --set dataset.images=20 --set report.plots=false \
    --set report.overlays=0 --set 'metrics=[{name: energy_pointing_game, params: {energy_map: minmax}}]' \
    --set 'methods=[gradcam, reciprocam, fakecam, random]' >log.txt
echo "exit $?"
grep -c 'top-1 [1-9][0-9.]* %' log.txt
sed -n 's/.*top-1 \([0-9.]*\) %.*/\1/p' log.txt | awk '$1 < 85 { print "top-1 is", $1 }'

# Fake-CAM is one nearly everywhere: its energy is the area's share
awk -F, '$4 == "energy_pointing_game" { energy[$1, $2] = $7; if ($2 == "fakecam") area[$1] = $7 }
    END {
        for (cell in energy) {
            split(cell, key, SUBSEP)
            explains = key[2] == "gradcam" || key[2] == "reciprocam"
            if (explains && energy[cell] < 2 * area[key[1]] || !explains && energy[cell] > 1.3 * area[key[1]])
                print key[1], key[2], energy[cell], "of an area of", area[key[1]]
            seen++
        }
        print seen, "cells"
    }' demo/summary.csv
