/*
 * tests/backbones/test_backbones_stems.c - stems for small pictures and inputs of other channels, against PyTorch's
 * (tests/golden/backbones_stems.py).
 */
#include "tests/backbones/golden_network.h"

static struct network *network_with(const char *arch, const struct backbone_options *options)
{
    struct error err;
    struct arena arena;
    struct graph *graph = graph_of(arch, options);
    const int count = graph_parameter_count(graph);
    arena_init(&arena, 0);
    struct weights weights = {count, arena_alloc(&arena, (size_t)count, sizeof *weights.list)};
    assert_non_null(weights.list);
    for (int i = 0; i < count; i++) {
        const struct parameter parameter = graph_parameter(graph, i);
        struct weight *weight = &weights.list[i];
        *weight = (struct weight){.name = parameter.name, .rank = parameter.rank};
        memcpy(weight->dim, parameter.dim, sizeof weight->dim);
        size_t size = 1;
        for (int d = 0; d < weight->rank; d++)
            size *= (size_t)weight->dim[d];
        weight->data = floats(&arena, size);
        golden_tensor(weight->data, weight->name, weight->rank, weight->dim);
    }
    struct network *network = network_create(graph, &weights, NULL, 0, &err);
    if (!network)
        fail_msg("%s: %s", arch, err.text);
    arena_release(&arena);
    graph_free(graph);
    return network;
}

static void check_stem(const char *key, const char *arch, struct backbone_options options)
{
    struct error err;
    struct arena arena;
    struct golden *golden = golden_open("backbones_stems");
    struct network *network = network_with(arch, &options);
    struct session *session = session_create(network, 1, &err);
    assert_non_null(session);
    const struct shape in = network_input(network);
    const size_t size = (size_t)in.c * (size_t)in.h * (size_t)in.w;
    arena_init(&arena, 0);
    float *input = floats(&arena, size), *gradient = floats(&arena, size);
    float *logits = floats(&arena, (size_t)options.classes), *cotangent = floats(&arena, (size_t)options.classes);
    golden_fill(input, size, 1);
    cotangent[1] = 1;
    session_base(session, input, logits, NULL);
    if (run_gradient(session, -1, input, cotangent, NULL, gradient, &err))
        fail_msg("%s", err.text);
    golden_check(golden, node_name("%s.logits", key).text, logits, (size_t)options.classes, TOLERANCE, 0);
    golden_check(golden, node_name("%s.input_gradient", key).text, gradient, size, JUMP_TOLERANCE, 0);
    arena_release(&arena);
    session_free(session);
    network_free(network);
    golden_close(golden);
}

TEST(small_stems_equal_pytorch)
{
    check_stem("resnet_small", "resnet18",
               (struct backbone_options){.classes = 10, .width = 1, .height = 32, .width_px = 32, .stem = STEM_SMALL});
    check_stem("resnet_small_pool", "resnet18",
               (struct backbone_options){
                   .classes = 7, .width = 1, .height = 40, .width_px = 32, .channels = 1, .stem = STEM_SMALL_POOL});
    check_stem("densenet_small", "densenet121",
               (struct backbone_options){.classes = 10, .width = 1, .height = 32, .width_px = 24, .stem = STEM_SMALL});
}

TEST(inputs_of_other_channels_equal_pytorch)
{
    check_stem("mobilenet_channels", "mobilenet_v2",
               (struct backbone_options){.classes = 3, .width = 1, .height = 64, .width_px = 48, .channels = 5});
}

static void refuses(const char *arch, struct backbone_options options, const char *why)
{
    struct error err;
    assert_null(backbone_graph(arch, &options, &err));
    assert_string_equal(err.text, why);
}

TEST(other_first_layers_are_refused_by_name)
{
    refuses("vgg16",
            (struct backbone_options){.classes = 10, .width = 1, .height = 32, .width_px = 32, .stem = STEM_SMALL},
            "backbone \"vgg16\": stem is given; this network has no stem that is other for small pictures");
    refuses("vgg16", (struct backbone_options){.classes = 10, .width = 1, .height = 32, .width_px = 32, .channels = 17},
            "backbone \"vgg16\": the input has 17 channels; allowed: 1..16");
}
