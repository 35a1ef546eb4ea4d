# A descriptor has its file's name, or the file lists the names of all that it defines. tools/registry.sh in a folder with
# three small files.
mkdir metrics
scan() { try sh "$ROOT/tools/registry.sh" metrics table.c; }
echo 'const struct metric metric_one = {0};' >metrics/one.c
printf '/*\n * Several.\n *\n * Defines: two, three.\n */\nconst struct metric metric_two = {0};\nconst struct metric metric_three = {0};\n' \
    >metrics/several.c
scan
grep '&' table.c

echo 'const struct metric metric_four = {0};' >>metrics/several.c
scan
rm metrics/several.c
echo 'const struct metric metric_other = {0};' >metrics/one.c
scan
