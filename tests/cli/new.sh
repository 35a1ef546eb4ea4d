# outside of the project
try cambench new method mycam

# in a project: what the command looks for, and nothing else
mkdir methods metrics tests
touch Makefile methods/method.h metrics/metric.h tests/test.h
try cambench new method mycam
try cambench new metric roughness --quiet
find methods metrics tests -type f | sort

# nothing is overwritten; names are checked
try cambench new method mycam
try cambench new metric mycam
try cambench new method gradcam
try cambench new metric adcc
try cambench new method MyCam
try cambench new method 1cam
try cambench new method ../cam
try cambench new method a_name_that_is_much_too_long_to_be_a_name
try cambench new methods mycam
try cambench new method

# both files compile without a warning, and the tests pass
rm -rf methods/method.h metrics/metric.h tests/test.h
run_unit_test methods mycam
run_unit_test metrics roughness

# without parameters the template's tests of a method or a metric fail with a message or are skipped; none crashes
cat >methods/mycam.c <<'END'
#include "methods/method.h"

static int explain(struct cam *cam, __attribute__((unused)) const void *params, float *map)
{
    const struct tensor *act = cam_activations(cam);
    if (!act)
        return -1;
    memcpy(map, act->data, tensor_plane(act) * sizeof *map);
    return 0;
}

const struct method method_mycam = {
    .abi = METHOD_ABI, .name = "mycam", .title = "Mine", .version = 1, .passes = "1 forward", .explain = explain};
END
# a test that fails ends without releasing its memory
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 run_unit_test methods mycam

cat >metrics/roughness.c <<'END'
#include "metrics/metric.h"

static int measure(struct evidence *evidence, __attribute__((unused)) const void *params, struct value *value,
                   struct error *err)
{
    double p;
    if (evidence_probability(evidence, EVIDENCE_ORIGINAL, &p, err))
        return -1;
    *value = value_of(p);
    return 0;
}

const struct metric metric_roughness = {
    .abi = METRIC_ABI, .name = "roughness", .title = "Roughness", .unit = "", .max = 1, .version = 1, .measure = measure};
END
run_unit_test metrics roughness
