# No input blocks a command for ever: a FIFO without a writer, a device, a socket, a folder.
mkfifo fifo
cp -r fixtures/pictures pictures
cp fixtures/resnet18.h5 w.h5

for input in fifo /dev/zero; do
    told cambench import dataset $input --out x.h5
    told cambench import dataset pictures --labels $input --out x.h5
    told cambench import dataset pictures --list $input --out x.h5
    told cambench import dataset pictures --boxes $input --out x.h5
    told cambench import weights $input --out x.h5
    told cambench run $input
    told cambench history $input
    told cambench explain $input --weights w.h5
    told cambench explain pictures/cat/colour_420.jpg --weights $input
done
told cambench inspect ./fifo
ln -s fifo labels.csv
told cambench import dataset pictures --labels labels.csv --out x.h5
mkfifo pictures/labels.csv
told cambench import dataset pictures --out x.h5
rm pictures/labels.csv
told cambench fetch weights squeezenet1_0 --base "file://$PWD" --to .
mkfifo squeezenet1_0-b66bff10.pth
told cambench fetch weights squeezenet1_0 --base "file://$PWD" --to .
ls x.h5 2>&1

# pipes that a shell passes as <(command) or /dev/stdin
echo cat/colour_420.jpg >list.txt
told cambench import dataset pictures --list <(cat list.txt) --out x.h5
told cambench import dataset pictures --list /dev/stdin --out x.h5 < <(sleep 0.2 && cat list.txt)
told cambench import dataset pictures --list <(:) --out x.h5

# a run directory of another user
small_config
cambench run config.yaml --output whole --quiet
told cambench run <(cat config.yaml) --output whole
for name in config.yaml run.db run.db-journal run.db-wal run.db-shm manifest.json run.lock; do
    rm -rf run merged
    cp -r whole run
    rm -f run/$name
    mkfifo run/$name
    told cambench report run
    told cambench compare whole run
    told cambench merge run --output merged
    told cambench run config.yaml --output run
done
