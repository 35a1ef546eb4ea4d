# every command has a usage line and an example, and writes them to stdout
for command in $(cambench --help | sed -n 's/^  \([a-z]*\)  .*/\1/p' | grep -v exit); do
    cambench "$command" --help >help.txt
    code=$? usages=$(grep -cm 1 "^Usage: cambench $command" help.txt) examples=$(grep -cm 1 "^  cambench $command" help.txt)
    echo "$command: exit $code, $usages usage, $examples example"
done
