/* tests/methods/test_scripts.c - what scripts of method "process" may request, their parameters and maps. */
#include "tests/methods/scripted.h"

#define ARRAY_MAX 20000

/* -- what scripts may request --------------------------------------------------------------------------------------- */

static const struct asked {
    const char *request, *kind;
    int count;
    int (*expect)(struct cam *cam, const float *array, float *out); /* writes at most PLANE floats */
} * now;

static int put(const float *data, size_t count, float *out)
{
    if (!data)
        return -1;
    memcpy(out, data, (count < PLANE ? count : PLANE) * sizeof *out);
    return 0;
}

static int put_tensor(const struct tensor *tensor, float *out)
{
    return tensor ? put(tensor->data, tensor_size(tensor), out) : -1;
}

static int input(struct cam *cam, const float *array, float *out)
{
    (void)array;
    return put(cam_input(cam), PLANE, out);
}

static int activations(struct cam *cam, const float *array, float *out)
{
    (void)array;
    return put_tensor(cam_activations(cam), out);
}

static int activations_before(struct cam *cam, const float *array, float *out)
{
    (void)array;
    return put_tensor(cam_activations(cam_layer(cam, "block1")), out);
}

static int logits(struct cam *cam, const float *array, float *out)
{
    (void)array;
    return put(cam_logits(cam), (size_t)cam_classes(cam), out);
}

static int probabilities(struct cam *cam, const float *array, float *out)
{
    (void)array;
    return put(cam_probabilities(cam), (size_t)cam_classes(cam), out);
}

static int gradient(struct cam *cam, const float *array, float *out)
{
    (void)array;
    return put_tensor(cam_gradient(cam, CAM_LOGIT), out);
}

static int gradient_of_probability(struct cam *cam, const float *array, float *out)
{
    (void)array;
    return put_tensor(cam_gradient(cam, CAM_PROBABILITY), out);
}

static int guided_gradients(struct cam *cam, const float *array, float *out)
{
    const struct param_names names = {.count = 2, .name = {"block1", "block2"}};
    (void)array;
    return put_tensor(cam_gradients(cam, &names, CAM_REST, GRADIENT_GUIDED), out);
}

static int gradient_of(struct cam *cam, const float *array, float *out)
{
    return put_tensor(cam_gradient_of(cam, array), out);
}

static int gradient_of_before(struct cam *cam, const float *array, float *out)
{
    return put_tensor(cam_gradient_of(cam_layer(cam, "block1"), array), out);
}

static int input_gradient(struct cam *cam, const float *array, float *out)
{
    (void)array;
    return put_tensor(cam_input_gradient(cam, CAM_LOG_PROBABILITY, GRADIENT_DECONVOLUTION), out);
}

static int put_scores(const struct cam_output *scores, int count, float *out)
{
    for (int i = 0; i < count; i++) {
        *out++ = scores[i].logit;
        *out++ = scores[i].probability;
    }
    return 0;
}

struct slices {
    const float *array;
    size_t size;
};

static void slice(void *context, int index, float *out)
{
    const struct slices *slices = context;
    memcpy(out, slices->array + (size_t)index * slices->size, slices->size * sizeof *out);
}

static int tail(struct cam *cam, const float *array, float *out)
{
    struct slices slices = {array, tensor_size(cam_activations(cam))};
    struct cam_output scores[3];
    return cam_tail(cam, 3, slice, &slices, scores) ? -1 : put_scores(scores, 3, out);
}

static int spatial_masks(struct cam *cam, const float *array, float *out)
{
    struct cam_output scores[4];
    return cam_tail_spatial_masks(cam, 4, array, scores) ? -1 : put_scores(scores, 4, out);
}

static int channels(struct cam *cam, const float *array, float *out)
{
    struct cam_output scores[5];
    const int channel[] = {0, 1, 2, 3, 4};
    const float value[] = {0.25f, 0.75f, 1.25f, 1.75f, 2.25f};
    (void)array;
    return cam_tail_channels(cam, 5, channel, value, scores) ? -1 : put_scores(scores, 5, out);
}

static int masked(struct cam *cam, const float *array, float *out)
{
    struct slices slices = {array, 56 * 48};
    struct cam_output scores[2];
    return cam_masked(cam, 2, slice, &slices, NULL, scores) ? -1 : put_scores(scores, 2, out);
}

static int masked_on_baseline(struct cam *cam, const float *array, float *out)
{
    struct slices slices = {array + 3 * 56 * 48, 56 * 48};
    struct cam_output scores[2];
    return cam_masked(cam, 2, slice, &slices, array, scores) ? -1 : put_scores(scores, 2, out);
}

static int black(struct cam *cam, const float *array, float *out)
{
    (void)array;
    return put(cam_black_input(cam), PLANE, out);
}

static int blurred(struct cam *cam, const float *array, float *out)
{
    (void)array;
    return put(cam_blurred_input(cam, 5, 1.5), PLANE, out);
}

static int upsample(struct cam *cam, const float *array, float *out)
{
    float plane[56 * 48];
    cam_upsample(cam, array, plane, true);
    return put(plane, PLANE, out);
}

static int at_input(struct cam *cam, const float *array, float *out)
{
    return put_tensor(cam_gradient(cam_at_input(cam, array), CAM_LOGIT), out);
}

static int at_image_again(struct cam *cam, const float *array, float *out)
{
    return cam_at_input(cam, array) ? gradient(cam, array, out) : -1;
}

static int explain_asked(struct cam *cam, const void *params, float *map)
{
    static float array[ARRAY_MAX];
    (void)params;
    for (int i = 0; i < now->count; i++)
        array[i] = (float)(37 * i % 101 / 101.0);
    return now->expect(cam, array, map);
}

static void check_request(const struct asked *asked)
{
    static const struct method expected = {
        .abi = METHOD_ABI, .name = "expected", .version = 1, .explain = explain_asked};
    struct scripted script;
    char count[16];
    struct cam_map want;
    now = asked;
    snprintf(count, sizeof count, "%d", asked->count);
    script_open(&script, "perl tests/methods/scripts/ask.pl");
    set(&script, "request", asked->request);
    set(&script, "count", count);
    set(&script, "kind", asked->kind ? asked->kind : "fraction");
    const struct cam_map got = must_map(&script);
    assert_int_equal(cam_explain(script.bench.pass, &expected, NULL, 0, "script", &want, &script.bench.err), 0);
    assert_int_equal(got.form.h * got.form.w, PLANE);
    for (int i = 0; i < PLANE; i++)
        if (memcmp(&got.data[i], &want.data[i], sizeof(float)) != 0)
            fail_msg("%s: float %d is %.9g; want %.9g", asked->request, i, (double)got.data[i], (double)want.data[i]);
    const struct cost a = got.cost, b = want.cost;
    if (a.full != b.full || a.tail != b.tail || a.backward != b.backward)
        fail_msg("%s: other passes are counted", asked->request);
    script_close(&script);
}

TEST(a_script_gets_what_a_method_in_c_gets_and_pays_the_same)
{
    static const struct asked rows[] = {
        {"input", NULL, 0, input},
        {"activations", NULL, 0, activations},
        {"activations block1", NULL, 0, activations_before},
        {"logits", NULL, 0, logits},
        {"probabilities", NULL, 0, probabilities},
        {"gradient logit", NULL, 0, gradient},
        {"gradient prob", NULL, 0, gradient_of_probability},
        {"gradient rest guided block1 block2", NULL, 0, guided_gradients},
        {"gradient_of", NULL, 5, gradient_of},
        {"gradient_of block1", NULL, 5, gradient_of_before},
        {"input_gradient logprob deconvolution", NULL, 0, input_gradient},
        {"tail 3", NULL, 3 * 24 * PLANE, tail},
        {"spatial_masks 4", NULL, 4 * PLANE, spatial_masks},
        {"channels 5", "pair", 10, channels},
        {"masked 2", NULL, 2 * 56 * 48, masked},
        {"masked 2 baseline", NULL, 5 * 56 * 48, masked_on_baseline},
        {"black", NULL, 0, black},
        {"blurred 5 1.5", NULL, 0, blurred},
        {"upsample corners", NULL, PLANE, upsample},
        {"at_input;gradient logit", NULL, 3 * 56 * 48, at_input},
        {"at_input;at_image;gradient logit", NULL, 3 * 56 * 48, at_image_again},
    };
    if (!has_perl())
        skip();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_request(&rows[i]);
}

TEST(a_request_that_cannot_be_served_is_told_to_the_script)
{
    static const struct {
        const char *request, *count, *error;
    } rows[] = {
        {"activations block9", "0", "layer \"block9\" was not requested before the run"},
        {"gradient logits", "0", "\"logits\" is none of logit|prob|logprob|rest"},
        {"gradient logit rough", "0", "\"rough\" is none of plain|guided|deconvolution"},
        {"gradient", "0", "the request is gradient SCORE [RULE [LAYER]...]"},
        {"logits all", "0", "the request is logits"},
        {"gradient_of", "4", "descriptor 5 holds fewer than 5 floats"},
        {"tail 0", "0", "\"0\" is not a number of items from 1 to 1048576"},
        {"tail -1", "0", "\"-1\" is not a number of items"},
        {"tail 99999999999999999999", "0", "is not a number of items"},
        {"tail 1048576", "0", "descriptor 5 holds fewer than 1056964608 floats"},
        {"spatial_masks 1048576", "42", "descriptor 5 holds fewer than 44040192 floats"},
        {"masked 3", "8063", "descriptor 5 holds fewer than 8064 floats"},
        {"masked 1 white", "0", "\"white\" is none of zero|baseline"},
        {"blurred 4 1", "0", "a blur has an odd kernel"},
        {"blurred 5 nan", "0", "a blur has an odd kernel"},
        {"at_input", "9", "descriptor 5 holds fewer than 8064 floats"},
        {"sing", "0", "sent \"sing\", which is not a request"},
    };
    if (!has_perl())
        skip();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scripted script;
        script_open(&script, "perl tests/methods/scripts/ask.pl");
        set(&script, "request", rows[i].request);
        set(&script, "count", rows[i].count);
        must_fail(&script, rows[i].error);
        script_close(&script);
    }
}

TEST(a_channel_that_does_not_exist_is_told_to_the_script)
{
    struct scripted script;
    if (!has_perl())
        skip();
    script_open(&script, "perl tests/methods/scripts/ask.pl");
    set(&script, "request", "channels 1");
    set(&script, "count", "102"); /* the second float is 37/101 */
    set(&script, "kind", "fraction");
    const struct cam_map map = must_map(&script); /* channel 0 */
    assert_true(map.cost.tail == 1);
    script_close(&script);
    script_open(&script, "perl tests/methods/scripts/ask.pl");
    set(&script, "request", "channels 2");
    set(&script, "count", "4"); /* the third float is 74/101 */
    must_fail(&script, "0.732673 is not a channel from 0 to 23");
    script_close(&script);
}

static void check_grad_cam(const char *command)
{
    struct scripted script;
    struct cam_map want;
    const struct method *gradcam = bench_method("gradcam");
    script_open(&script, command);
    const struct cam_map got = must_map(&script);
    void *params = bench_params(&script.bench, gradcam, "");
    assert_int_equal(cam_explain(script.bench.pass, gradcam, params, 0, "gradcam", &want, &script.bench.err), 0);
    for (int i = 0; i < PLANE; i++)
        assert_true(fabsf(got.data[i] - want.data[i]) <= 1e-6f);
    assert_true(got.cost.full == 1 && got.cost.backward == 1 && got.cost.tail == 0);
    script_close(&script);
}

TEST(grad_cam_in_perl_equals_the_built_in_one)
{
    if (!has_perl())
        skip();
    check_grad_cam("perl docs/examples/gradcam.pl");
}

TEST(grad_cam_in_python_equals_the_built_in_one)
{
    if (system("/usr/bin/python3 -c 'import numpy' 2>/dev/null") != 0)
        skip();
    setenv("CAMBENCH_PYTHON", "python", 1);
    check_grad_cam("/usr/bin/python3 docs/examples/mycam.py");
}

/* -- parameters and form -------------------------------------------------------------------------------------------- */

TEST(parameters_are_checked_by_name_and_type)
{
    static const struct {
        const char *name, *text, *error;
    } rows[] = {
        {"powr", "2", "has no parameter \"powr\", did you mean \"power\"?"},
        {"power", "much", "has parameter \"power\" of type float, which \"much\" is not"},
        {"power", "nan", "of type float, which \"nan\" is not"},
        {"n", "1.5", "has parameter \"n\" of type int, which \"1.5\" is not"},
        {"fast", "yes", "has parameter \"fast\" of type bool, which \"yes\" is not"},
        {"power", "2", "has parameter \"n\" without a default, which must be given"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scripted script;
        script_open(&script, SH("echo param power float 1 >&3; echo param n int >&3; echo param fast bool true >&3; ",
                                "echo error none >&3"));
        set(&script, rows[i].name, rows[i].text);
        must_fail(&script, rows[i].error);
        script_close(&script);
    }
}

TEST(values_and_layers_reach_the_script)
{
    struct scripted script;
    script_open(&script, "sh -c 'echo cambench 1 >&3; echo param word text a b >&3; echo param n int 3 >&3; "
                         "echo param t text >&3; echo ready >&3; "
                         "read -r a <&3; read -r b <&3; read -r c <&3; read -r d <&3; read -r e <&3; "
                         "echo error \"$a,$b,$c,$d,$e\" >&3'");
    set(&script, "n", "-4");
    set(&script, "t", "it is");
    set(&script, "layers", "block1,block2");
    must_fail(&script, "has no map: param word a b,param n -4,param t it is,layers block1 block2,"
                       "explain class=");
    assert_non_null(strstr(script.bench.err.text, " classes=5 index=7 seed="));
    assert_non_null(strstr(script.bench.err.text, " layer=24x7x6 input=3x56x48 map=7x6 image=image"));
    script_close(&script);
}

TEST(a_script_declares_the_form_of_its_map)
{
    static const struct {
        const char *words;
        int h, w;
        bool is_signed, is_normalised;
    } rows[] = {{"layer", 7, 6, false, false},
                {"layer signed", 7, 6, true, false},
                {"input", 56, 48, false, false},
                {"input normalised", 56, 48, false, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scripted script;
        char command[512];
        snprintf(command, sizeof command, SH("echo map %s >&3; ", "head -c 20000 /dev/zero >&5; echo map %d %d >&3"),
                 rows[i].words, rows[i].h, rows[i].w);
        script_open(&script, command);
        const struct cam_map map = must_map(&script);
        assert_int_equal(map.form.h, rows[i].h);
        assert_int_equal(map.form.w, rows[i].w);
        assert_int_equal(map.form.is_signed, rows[i].is_signed);
        assert_int_equal(map.form.is_normalised, rows[i].is_normalised);
        script_close(&script);
    }
}

TEST(a_wrong_declaration_is_an_error)
{
    static const struct {
        const char *lines, *error;
    } rows[] = {
        {"echo hello >&3", "declares \"hello\": the first line must be cambench 1 TITLE"},
        {"echo cambench 2 T >&3", "declares \"cambench 2 T\": this program has protocol 1"},
        {"echo cambench one >&3", "the first line must be"},
        {"echo cambench 1 >&3; echo param x >&3", "a parameter is param NAME TYPE DEFAULT"},
        {"echo cambench 1 >&3; echo param x real >&3", "a type is int, float, bool or text"},
        {"echo cambench 1 >&3; echo param x int a >&3", "the default does not have that type"},
        {"echo cambench 1 >&3; echo param timeout int 1 >&3", "that is a parameter of method \"process\" itself"},
        {"echo cambench 1 >&3; echo param a int 1 >&3; echo param a int 1 >&3", "that parameter is declared twice"},
        {"echo cambench 1 >&3; echo map round >&3", "a map is map layer|input"},
        {"echo cambench 1 >&3; echo map layer sharp >&3", "a map is map layer|input"},
        {"echo cambench 1 >&3; echo map layer >&3; echo map layer >&3", "expected param, one map, or ready"},
        {"echo cambench 1 >&3; echo hello; sleep 9", "prints \"hello\" to stdout"},
        {"echo why >&2; exit 3", "ended with exit code 3: why"},
        {"echo why >&2; exec 3>&-; sleep 9", "closed descriptor 3: why"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scripted script;
        char command[512];
        snprintf(command, sizeof command, "sh -c '%s; read -r a <&3'", rows[i].lines);
        script_open(&script, command);
        must_fail(&script, rows[i].error);
        script_close(&script);
    }
}
