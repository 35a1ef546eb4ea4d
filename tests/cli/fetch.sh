# Published weights from a server of our own on loopback, which misbehaves as the address says.
file=resnet18-a47b0b45.pth

# fetch HOW [OPTION]...: and the requests that it made
fetch()
{
    local how=$1 code=0
    shift
    : >log
    echo "\$ fetch $how $*"
    cambench fetch weights resnet18 --base "$base/$how" --file "$file" "$@" >said.txt 2>wrong.txt || code=$?
    { cat said.txt; sed 's/^/! /' wrong.txt; } | sed "s|$base|BASE|g; s|localhost:[0-9]*|HOST|g"
    cat log
    echo "exit $code"
}

serve
server=$! base=http://127.0.0.1:$(cat port)
published=$ROOT/tests/golden/published

fetch plain --to new/folder
ls new/folder
fetch plain --to new/folder # nothing to do
rm new/folder/resnet18.h5
fetch plain --to new/folder # nothing to download
cambench inspect new/folder/resnet18.h5 | grep -E '^(arch|source|sha256)' | sed "s|$base|BASE|"
fetch plain --to quiet --quiet
fetch chunked --to chunked
fetch moved --to moved

# cut, then resumed; by a server that knows no ranges; a part that is whole
fetch cut --to cut
ls cut
fetch cut --to cut
fetch plain --to cut
mkdir whole
head -c 30000 "$published/$file" >whole/$file.part
fetch whole --to whole
mkdir there
cp "$published/$file" there/$file.part
fetch plain --to there
ls there

# a part that is another file's, or longer; a server that sends another part than was asked for
mkdir other longer odd
head -c 30000 /dev/zero >other/$file.part
fetch plain --to other
head -c 90000 /dev/zero >longer/$file.part
fetch plain --to longer
head -c 30000 "$published/$file" >odd/$file.part
fetch other_part --to odd
echo text >odd/$file # is replaced
rm odd/resnet18.h5
fetch plain --to odd

# what is not the file
for how in wrong empty absent loop to_file to_ftp huge endless_redirect; do fetch $how --to bad; done
ls bad
fetch stall --to stall --timeout 1
ls stall

# another file's import is not overwritten
mkdir taken
cp fixtures/resnet18.h5 taken
fetch plain --to taken
ls taken

# no room, no server
(trap '' XFSZ; ulimit -f 20; fetch plain --to full) # 20 kB
ls full
kill $server
wait $server 2>/dev/null
fetch plain --to bad
ls bad
CAMBENCH_WEIGHTS_URL=file://$published try cambench fetch weights resnet18 --file $file --to folder
ls folder
