# An output never replaces a file that is not regular; a symbolic link that the user names stays a link.
mkfifo fifo
mkdir folder

# write PATH: runs each command that makes an HDF5 file
write()
{
    told cambench import dataset fixtures/pictures --out "$1"
    told cambench import weights fixtures/resnet18.h5 --out "$1"
    told cambench generate weights resnet18 --classes 5 --width 0.125 --size 64 --out "$1"
    told cambench generate demo --images 2 --size 64 --out "$1"
}
write fifo
write folder
ln -s fifo to_fifo
write to_fifo
[ -p fifo ] && [ -d folder ] && echo "all there"

mkdir far
echo old >far/old.h5
ln -s far/old.h5 link
ln -s far/new.h5 dangling
ln -s ../link far/back
for path in link dangling far/back; do
    told cambench generate demo --images 2 --size 64 --out $path
    [ -L $path ] && cambench inspect ./$path | head -n 1
done
ls -A far
ln -s loop loop
told cambench generate demo --images 2 --size 64 --out loop

small_config
cambench run config.yaml --output run --quiet
cp -r run again

# text may go through a pipe that has a reader
told cambench compare run again --junit fifo
cat fifo >got.txt &
told cambench compare run again --junit fifo
wait $!
head -n 1 got.txt
[ -p fifo ] && echo "still a FIFO"
cambench compare run again --quiet --speed 0 --junit /dev/stdout # times of so small a run are judged on slow machines only
told cambench compare run again --junit /dev/null
[ -c /dev/null ] && echo "still a device"
told cambench compare run again --junit /dev/full
told cambench compare run again --junit folder
ln -s far/junit.xml junit
told cambench compare run again --junit junit
[ -L junit ] && head -n 1 far/junit.xml
told cambench compare run again --history fifo

# a saved baseline that a link names
cambench compare far/base run --update-baseline
ln -s far/base base
cambench compare base again --update-baseline --quiet
[ -L base ] && ls far/base

# the files of a run
for name in summary.csv manifest.json config.yaml overlays/resnet18-0001-colour_420.jpg.png; do
    rm -f run/$name
    mkfifo run/$name
    told cambench run config.yaml --output run
    [ -p run/$name ] && rm run/$name
done
told cambench run config.yaml --output fifo
find . -name '*.part*'
