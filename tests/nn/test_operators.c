/*
 * tests/nn/test_operators.c - every operator against PyTorch: values, logits, the tail, gradients to layer and input.
 *
 * The cases are data, tests/golden/operator_cases.txt and operators_shapes_cases.txt, which the golden scripts build
 * too.
 */
#include "base/error.h"
#include "base/param.h"
#include "nn/nn.h"
#include "nn/ops.h"
#include "tests/golden.h"
#include "tests/golden_weights.h"
#include "tests/session_calls.h"
#include "tests/test.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RELATIVE 2e-5
#define ABSOLUTE 1e-6

/* Short words of the cases; any other word is the operator's or the attribute's own name. */
static const struct {
    const char *word, *name;
} words[] = {
    {"aavg", "adaptive_avg_pool"},
    {"avg", "avg_pool"},
    {"b", "bias"},
    {"bn", "batch_norm"},
    {"ceil", "ceil_mode"},
    {"conv", "conv2d"},
    {"d", "dilation"},
    {"dw", "dilation_w"},
    {"g", "groups"},
    {"hsigmoid", "hard_sigmoid"},
    {"hswish", "hard_swish"},
    {"k", "kernel"},
    {"kw", "kernel_w"},
    {"max", "max_pool"},
    {"o", "out"},
    {"p", "padding"},
    {"pw", "padding_w"},
    {"s", "stride"},
    {"scale", "scale_channels"},
    {"sw", "stride_w"},
    {"there", "count_exclude_padding"},
};

static const char *full_name(const char *word)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i].word) == 0)
            return words[i].name;
    return word;
}

#define ATTRIBUTES_BYTES 256

struct attributes {
    char name[32], from[32], with[32];
    const struct param *rows;
    _Alignas(max_align_t) char own[ATTRIBUTES_BYTES]; /* the operator's struct */
};

/* Booleans are 0 and 1 in the cases. */
static void set_attribute(struct attributes *attr, const char *word, const char *value)
{
    struct error err = {0};
    if (strcmp(word, "from") == 0 || strcmp(word, "with") == 0) {
        snprintf(word[0] == 'f' ? attr->from : attr->with, sizeof attr->from, "%s", value);
        return;
    }
    const struct param *row = param_find(attr->rows, full_name(word));
    if (!row)
        fail_msg("\"%s\" has no attribute \"%s\"", attr->name, word);
    if (row->type == PARAM_TYPE_BOOL)
        value = value[0] == '0' ? "false" : "true";
    if (param_parse(row, value, attr->own, &err))
        fail_msg("\"%s\": %s", attr->name, err.text);
}

/* "conv@name:o=6:k=3"; returns the operator. */
static const struct op *parse_token(char *token, struct attributes *attr)
{
    char *rest, *word = strtok_r(token, ":", &rest), *name = strchr(word, '@');
    size_t size;
    *attr = (struct attributes){0};
    if (name)
        *name++ = '\0';
    snprintf(attr->name, sizeof attr->name, "%s", name ? name : word);
    const struct op *op = op_find(full_name(word));
    if (!op)
        fail_msg("there is no operator \"%s\"", word);
    attr->rows = op_attributes(op, &size);
    assert_true(size <= sizeof attr->own);
    param_defaults(attr->rows, attr->own);
    const struct param *bias = param_find(attr->rows, "bias");
    if (bias && bias->type == PARAM_TYPE_BOOL) /* in the cases there is none without b=1 */
        set_attribute(attr, "bias", "0");
    for (char *pair; (pair = strtok_r(NULL, ":", &rest));) {
        char *value = strchr(pair, '=');
        *value++ = '\0';
        set_attribute(attr, pair, value);
    }
    return op;
}

static int find(const struct graph *graph, const char *name)
{
    struct error err = {0};
    const int node = graph_find(graph, name, &err);
    if (node < 0)
        fail_msg("%s", err.text);
    return node;
}

/* What `scale` multiplies is `with`, by the factors before it; otherwise `with` is the second input. */
static int add_node(struct graph *graph, int x, char *token)
{
    struct error err = {0};
    struct attributes a;
    const struct op *op = parse_token(token, &a);
    int inputs[2] = {a.from[0] ? find(graph, a.from) : x, 0}, count = 1;
    if (a.with[0]) {
        inputs[count++] = find(graph, a.with);
        if (op == op_find("scale_channels"))
            inputs[1] = inputs[0], inputs[0] = find(graph, a.with);
    }
    const int node = graph_add(graph, op, a.name, inputs, count, a.own, &err);
    if (node < 0)
        fail_msg("%s", err.text);
    return node;
}

struct bench {
    char name[64], layer[32];
    const char *kernels;
    bool has_tangents;
    struct network *network;
    struct session *session;
    struct shape input, value;
    size_t input_size, layer_size, classes;
};

static void bench_open(struct bench *bench, char *line)
{
    struct error err = {0};
    struct graph *graph = graph_create();
    struct weights weights;
    int c, h, w;
    char *rest, *name = strtok_r(line, " \n", &rest), *shape = strtok_r(NULL, " \n", &rest),
                *layer = strtok_r(NULL, " \n", &rest);
    assert_int_equal(sscanf(shape, "%d,%d,%d", &c, &h, &w), 3);
    snprintf(bench->name, sizeof bench->name, "%s", name);
    snprintf(bench->layer, sizeof bench->layer, "%s", layer);
    int x = graph_input(graph, "input", (struct shape){c, h, w});
    for (char *token; (token = strtok_r(NULL, " \n", &rest));)
        x = add_node(graph, x, token);
    if (graph_finish(graph, &err))
        fail_msg("%s: %s", bench->name, err.text);
    golden_weights(graph, &weights);
    bench->network = network_create_with(graph, &weights, (const char *[]){bench->layer}, 1, bench->kernels, &err);
    if (!bench->network || !(bench->session = session_create(bench->network, 1, &err)))
        fail_msg("%s: %s", bench->name, err.text);
    golden_weights_release(&weights);
    graph_free(graph);
    bench->value = network_layer_shape(bench->network, 0);
    bench->layer_size = (size_t)bench->value.c * (size_t)bench->value.h * (size_t)bench->value.w;
    bench->input_size = (size_t)c * (size_t)h * (size_t)w;
    bench->classes = (size_t)network_classes(bench->network);
}

static void bench_close(struct bench *bench)
{
    session_free(bench->session);
    network_free(bench->network);
}

static void check(const struct golden *golden, const struct bench *bench, const char *what, const float *got,
                  size_t size)
{
    char key[128];
    snprintf(key, sizeof key, "%s.%s", bench->name, what);
    golden_check(golden, key, got, size, RELATIVE, ABSOLUTE);
}

static void copy_value(void *context, int index, float *out)
{
    const struct tensor *value = context;
    (void)index;
    memcpy(out, value->data, tensor_size(value) * sizeof *out);
}

static float *floats(size_t count)
{
    float *out = calloc(count + 1, sizeof *out);
    assert_non_null(out);
    return out;
}

typedef void case_check(struct golden *golden, struct bench *bench, const float *input, const float *layer,
                        const float *logits);

/* Golden values, and the cases that they belong to. */
static const struct {
    const char *golden, *cases;
    size_t least;      /* number of cases */
    bool has_tangents; /* after each case's layer */
} families[] = {
    {"operators", "tests/golden/operator_cases.txt", 70, false},
    {"operators_values", "tests/golden/operators_values_cases.txt", 25, false},
    {"operators_pieces", "tests/golden/operators_pieces_cases.txt", 25, true},
    {"operators_shapes", "tests/golden/operators_shapes_cases.txt", 80, true},
};

static void run_case(struct golden *golden, char *line, struct bench *bench, case_check *run)
{
    bench_open(bench, line);
    float *input = floats(bench->input_size), *layer = floats(bench->layer_size), *logits = floats(bench->classes);
    golden_fill(input, bench->input_size, golden_seed(bench->name));
    session_base(bench->session, input, logits, &layer);
    run(golden, bench, input, layer, logits);
    free(input);
    free(layer);
    free(logits);
    bench_close(bench);
}

/* Runs `run` on every case, after its base pass, with these kernels. */
static void for_each_case_by(const char *kernels, case_check *run)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        struct golden *golden = golden_open(families[i].golden);
        FILE *file = fopen(families[i].cases, "r");
        char *line = NULL;
        size_t room = 0, cases = 0;
        assert_non_null(file);
        while (getline(&line, &room, file) > 0)
            if (line[0] != '#') {
                struct bench bench = {.kernels = kernels, .has_tangents = families[i].has_tangents};
                run_case(golden, line, &bench, run);
                cases++;
            }
        assert_true(cases >= families[i].least);
        free(line);
        fclose(file);
        golden_close(golden);
    }
}

static void for_each_case(case_check *run)
{
    for_each_case_by("auto", run);
}

static void check_values(struct golden *golden, struct bench *bench, const float *input, const float *layer,
                         const float *logits)
{
    (void)input;
    check(golden, bench, "layer", layer, bench->layer_size);
    check(golden, bench, "logits", logits, bench->classes);
}

TEST(values_and_logits_are_those_of_pytorch)
{
    for_each_case(check_values);
}

static void check_forward(struct golden *golden, struct bench *bench, const float *input, const float *layer,
                          const float *base)
{
    float *logits = floats(2 * bench->classes);
    const struct shape shape = network_input(bench->network);
    struct tensor source = {shape.c, shape.h, shape.w, input};
    (void)layer;
    run_forward(bench->session, 2, copy_value, &source, logits);
    check(golden, bench, "logits", logits, bench->classes);
    assert_memory_equal(logits, base, bench->classes * sizeof *base);
    assert_memory_equal(logits + bench->classes, base, bench->classes * sizeof *base);
    free(logits);
}

TEST(a_batch_gives_the_logits_of_the_base_pass)
{
    for_each_case(check_forward);
}

static void check_tail(struct golden *golden, struct bench *bench, const float *input, const float *layer,
                       const float *base)
{
    float *logits = floats(2 * bench->classes);
    struct tensor source = {bench->value.c, bench->value.h, bench->value.w, layer};
    (void)input, (void)base;
    run_tail(bench->session, 0, 2, copy_value, &source, logits);
    check(golden, bench, "logits", logits, bench->classes);
    check(golden, bench, "logits", logits + bench->classes, bench->classes);
    free(logits);
}

TEST(the_tail_from_the_layer_gives_the_logits_of_pytorch)
{
    for_each_case(check_tail);
}

static void check_gradients(struct golden *golden, struct bench *bench, const float *input, const float *layer,
                            const float *base)
{
    float *cotangent = floats(bench->classes), *logits = floats(bench->classes);
    float *gradient = floats(bench->layer_size), *input_gradient = floats(bench->input_size);
    char name[128];
    struct error err = {0};
    (void)base;
    snprintf(name, sizeof name, "%s.cotangent", bench->name);
    golden_fill(cotangent, bench->classes, golden_seed(name));
    if (run_gradient(bench->session, 0, layer, cotangent, logits, gradient, &err) ||
        run_gradient(bench->session, -1, input, cotangent, NULL, input_gradient, &err))
        fail_msg("%s: %s", bench->name, err.text);
    check(golden, bench, "layer_gradient", gradient, bench->layer_size);
    check(golden, bench, "logits", logits, bench->classes);
    check(golden, bench, "input_gradient", input_gradient, bench->input_size);
    free(cotangent);
    free(logits);
    free(gradient);
    free(input_gradient);
}

TEST(gradients_to_layer_and_input_are_those_of_autograd)
{
    for_each_case(check_gradients);
}

TEST(values_and_gradients_by_the_reference_are_those_of_pytorch)
{
    for_each_case_by("openblas", check_values);
    for_each_case_by("openblas", check_gradients);
}

/* sum_k q[k] logit[k] of the tail on value + step * direction. */
static double moved(struct bench *bench, const float *value, const float *direction, float step, const float *cotangent)
{
    float *logits = floats(bench->classes), *there = floats(bench->layer_size);
    struct tensor source = {bench->value.c, bench->value.h, bench->value.w, there};
    double sum = 0;
    for (size_t i = 0; i < bench->layer_size; i++)
        there[i] = value[i] + step * direction[i];
    run_tail(bench->session, 0, 1, copy_value, &source, logits);
    for (size_t k = 0; k < bench->classes; k++)
        sum += (double)cotangent[k] * (double)logits[k];
    free(logits);
    free(there);
    return sum;
}

/*
 * Central difference along a random direction against gradient * direction. Float32 logits and the kinks of ReLU and
 * maximum that lie within the step allow 2 % of |gradient| |direction|.
 */
static void check_difference(struct golden *golden, struct bench *bench, const float *input, const float *layer,
                             const float *base)
{
    const float step = 2e-3f;
    float *cotangent = floats(bench->classes), *direction = floats(bench->layer_size);
    float *gradient = floats(bench->layer_size);
    double product = 0, norm = 0, length = 0;
    struct error err = {0};
    (void)golden, (void)input, (void)base;
    golden_fill(cotangent, bench->classes, 1);
    golden_fill(direction, bench->layer_size, 2);
    /* A value of zero behind a ReLU is a kink: the two sides differ there, so it stays where it is. */
    for (size_t i = 0; i < bench->layer_size; i++)
        direction[i] = layer[i] == 0 ? 0 : direction[i];
    assert_int_equal(run_gradient(bench->session, 0, layer, cotangent, NULL, gradient, &err), 0);
    for (size_t i = 0; i < bench->layer_size; i++) {
        product += (double)gradient[i] * (double)direction[i];
        norm += (double)gradient[i] * (double)gradient[i];
        length += (double)direction[i] * (double)direction[i];
    }
    const double difference =
        (moved(bench, layer, direction, step, cotangent) - moved(bench, layer, direction, -step, cotangent)) /
        (2 * (double)step);
    if (!(fabs(difference - product) <= 0.02 * sqrt(norm * length)))
        fail_msg("%s: finite difference %g, gradient %g", bench->name, difference, product);
    free(cotangent);
    free(direction);
    free(gradient);
}

TEST(gradients_agree_with_finite_differences)
{
    for_each_case(check_difference);
}

static double dot(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* q (J v) = (q J) v: the two passes go through the same matrix, one forward and one backward. */
static void check_tangent(struct golden *golden, struct bench *bench, const float *input, const float *layer,
                          const float *base)
{
    float *cotangent = floats(bench->classes), *direction = floats(bench->layer_size);
    float *gradient = floats(bench->layer_size), *tangent = floats(bench->classes);
    struct error err = {0};
    (void)golden, (void)input, (void)base;
    golden_fill(cotangent, bench->classes, 1);
    golden_fill(direction, bench->layer_size, 2);
    if (session_tangent(bench->session, 0, layer, direction, tangent, &err)) {
        if (bench->has_tangents)
            fail_msg("%s: %s", bench->name, err.text);
    } else {
        assert_int_equal(run_gradient(bench->session, 0, layer, cotangent, NULL, gradient, &err), 0);
        const double there = dot(cotangent, tangent, bench->classes);
        const double back = dot(gradient, direction, bench->layer_size);
        const double size =
            sqrt(dot(gradient, gradient, bench->layer_size) * dot(direction, direction, bench->layer_size));
        if (!(fabs(there - back) <= 1e-6 * size))
            fail_msg("%s: tangent %g, gradient %g", bench->name, there, back);
    }
    free(cotangent);
    free(direction);
    free(gradient);
    free(tangent);
}

TEST(tangents_are_the_transpose_of_gradients)
{
    for_each_case(check_tangent);
}
