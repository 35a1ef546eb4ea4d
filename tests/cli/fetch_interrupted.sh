# Stopped while it waits for a server, a download says so by its exit code and keeps what came.
serve
base=http://127.0.0.1:$(cat port) file=resnet18-a47b0b45.pth
cambench fetch weights resnet18 --base "$base/stall" --file $file 2>wrong.txt &
fetch=$!
until [ -s $file.part ] || ! kill -0 $fetch; do sleep 0.05; done
try cambench fetch weights resnet18 --base "$base/plain" --file $file # the part is in use
kill -INT $fetch
wait $fetch
echo "exit $?"
cat wrong.txt
ls resnet18*
try cambench fetch weights resnet18 --base "$base/plain" --file $file
