# One line on stderr and exit code 2 for each plugin that cannot be used; the line names the file and its place.
small_config
refused()
{
    try cambench run config.yaml --quiet --set "plugins=[$1]" 2>&1 | sed 's/--set plugins=[^:]*/WHERE/'
}
method='#include "methods/method.h"
static int explain(struct cam *cam, const void *params, float *map)
{
    (void)params;
    const struct tensor *act = cam_activations(cam);
    if (!act)
        return -1;
    memcpy(map, act->data, tensor_plane(act) * sizeof *map);
    return 0;
}'
whole='.abi = METHOD_ABI, .name = "mine", .title = "Mine", .version = 1, .explain = explain'
descriptor()
{
    printf '%s\n%s\nconst struct method method_mine = {%s};\n' "$method" "${2-}" "$1" >mine.c
    shared mine.so mine.c -w
}

# files
refused missing.so
refused fixtures
refused config.yaml
: >empty.so
refused empty.so
mkfifo pipe.so
refused pipe.so
refused "$(command -v sleep)"
descriptor "$whole"
head -c 3000 mine.so >cut.so
refused cut.so
head -c 60 mine.so >shorter.so
refused shorter.so
cp mine.so other.so
printf '\363' | dd of=other.so bs=1 seek=18 conv=notrunc status=none
refused other.so
# shellcheck disable=SC2086 # CC may be several words
${CC:-cc} -std=gnu17 "-I$ROOT" -c mine.c -o mine.o
refused mine.o

# contents
echo 'int answer = 42;' >none.c
shared none.so none.c
refused none.so
cp mine.so twice.so
refused mine.so,twice.so
descriptor "${whole/mine/gradcam}"
refused mine.so
renamed methods/layercam.c method none none >layercam.c
shared layercam.so layercam.c
refused layercam.so
descriptor "${whole/METHOD_ABI/1}"
refused mine.so
descriptor "${whole/.title = \"Mine\", /}"
refused mine.so
descriptor "${whole/, .version = 1/}"
refused mine.so
descriptor "${whole/, .explain = explain/}"
refused mine.so
descriptor "$whole, .params_size = 8"
refused mine.so
descriptor "$whole" 'const struct method method_Mine = {.abi = METHOD_ABI};'
refused mine.so
descriptor "$whole" 'const int method_count = 1;'
refused mine.so
descriptor "$whole" 'const struct { int abi, more; } metric_short = {1, 2};'
refused mine.so
descriptor "$whole" 'int cam_unknown(void); int call(void); int call(void) { return cam_unknown(); }'
refused mine.so
descriptor "$whole" 'void qsort_r(void); void qsort_r(void) {}'
refused mine.so
descriptor "$whole" 'void weighted_sum(const struct tensor *act, const float *weight, float *map) { (void)act, (void)weight, (void)map; }'
refused mine.so
printf '#include "metrics/metric.h"\nconst struct metric metric_mine = {.abi = METRIC_ABI, .name = "mine", .title = "Mine", .unit = "", .max = 1, .version = 1};' >metric.c
shared metric.so metric.c
refused metric.so

# in the file, on the command line, and a list that is not one
echo 'plugins: [missing.so]' >>config.yaml
try cambench run config.yaml --quiet
try cambench run config.yaml --quiet --set plugins={}
try cambench run config.yaml --quiet --set 'plugins=[[]]'
try cambench list methods --plugin missing.so
try cambench explain picture.jpg --plugin config.yaml
try cambench list methods --plugin
ls
