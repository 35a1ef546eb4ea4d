/*
 * tests/backbones/test_backbones.c - every network against torchvision's, with generated weights: names, logits, target
 * layer, gradients (tests/golden/backbones.py). Whole VGGs are few here: most of their time goes into making weights.
 */
#include "tests/backbones/golden_network.h"

static void check_cases(const char *prefix, bool at_224)
{
    check_cases_of("backbones", "tests/golden/backbone_cases.txt", prefix, at_224);
}

TEST(vggs_equal_torchvision)
{
    check_cases("vgg", false);
}

TEST(resnets_equal_torchvision)
{
    check_cases("res", false);
    check_cases("wide_resnet", false);
}

TEST(mobilenets_of_any_width_equal_torchvision)
{
    check_cases("mobilenet", false);
}

TEST(efficientnets_equal_torchvision)
{
    check_cases("efficientnet", false);
}

TEST(densenets_equal_torchvision)
{
    check_cases("densenet", false);
}

TEST(squeezenets_equal_torchvision)
{
    check_cases("squeezenet", false);
}

TEST(googlenet_equals_torchvision)
{
    check_cases("googlenet", false);
}

TEST(alexnet_equals_torchvision)
{
    check_cases("alexnet", false);
}

TEST(networks_equal_torchvision_at_224)
{
    check_cases("", true);
}

#define GOLDEN_FILES 3

TEST(nodes_are_called_as_torchvision_calls_them)
{
    struct golden *const files[GOLDEN_FILES] = {golden_open("backbones"), golden_open("backbones_more"),
                                                golden_open("backbones_scaled")};
    const struct backbone_options options = {.classes = 1000, .width = 1, .height = 80, .width_px = 80};
    for (int f = 0; backbone_families[f]; f++)
        for (const struct backbone_variant *variant = backbone_families[f]->variants; variant->name; variant++) {
            char key[64];
            size_t count;
            int in = 0;
            snprintf(key, sizeof key, "%s.nodes", variant->name);
            if (variant->is_timm)
                continue;
            while (in < GOLDEN_FILES - 1 && !golden_has(files[in], key))
                in++;
            const double *want = golden_values(files[in], key, &count);
            struct graph *graph = graph_of(variant->name, &options);
            assert_int_equal(graph_node_count(graph), count + 1);
            for (int i = 1; i < graph_node_count(graph); i++) {
                const char *name = graph_node(graph, i).name;
                if (golden_seed(name) % 1000000000 != want[i - 1])
                    fail_msg("%s: node %d is \"%s\", torchvision has another", variant->name, i, name);
            }
            graph_free(graph);
        }
    for (int i = 0; i < GOLDEN_FILES; i++)
        golden_close(files[i]);
}

/* Values of PyTorch's parameters, without running statistics; from torchvision's documentation. */
TEST(numbers_of_parameters_are_torchvisions)
{
    static const struct {
        const char *arch;
        size_t count;
    } rows[] = {{"vgg11", 132863336},
                {"vgg11_bn", 132868840},
                {"vgg13", 133047848},
                {"vgg13_bn", 133053736},
                {"vgg16", 138357544},
                {"vgg16_bn", 138365992},
                {"vgg19", 143667240},
                {"vgg19_bn", 143678248},
                {"resnet18", 11689512},
                {"resnet34", 21797672},
                {"resnet50", 25557032},
                {"resnet101", 44549160},
                {"resnet152", 60192808},
                {"resnext50_32x4d", 25028904},
                {"resnext101_32x8d", 88791336},
                {"wide_resnet50_2", 68883240},
                {"mobilenet_v2", 3504872},
                {"mobilenet_v3_large", 5483032},
                {"mobilenet_v3_small", 2542856},
                {"efficientnet_b0", 5288548},
                {"densenet121", 7978856},
                {"squeezenet1_0", 1248424},
                {"squeezenet1_1", 1235496},
                {"googlenet", 6624904},
                {"alexnet", 61100840}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct graph *graph = graph_of(
            rows[i].arch, &(struct backbone_options){.classes = 1000, .width = 1, .height = 224, .width_px = 224});
        size_t sum = 0;
        for (int p = 0; p < graph_parameter_count(graph); p++) {
            const struct parameter parameter = graph_parameter(graph, p);
            size_t size = 1;
            for (int d = 0; d < parameter.rank; d++)
                size *= (size_t)parameter.dim[d];
            if (parameter.role != PARAMETER_NORM_MEAN && parameter.role != PARAMETER_NORM_VARIANCE)
                sum += size;
        }
        assert_int_equal(sum, rows[i].count);
        graph_free(graph);
    }
}

static void layer_is(const char *arch, int channels, int side)
{
    const struct backbone_family *family;
    struct error err;
    const struct backbone_variant *variant = backbone_find(arch, &family, &err);
    assert_non_null(variant);
    struct graph *graph =
        graph_of(arch, &(struct backbone_options){.classes = 1000, .width = 1, .height = 224, .width_px = 224});
    const int node = graph_find(graph, variant->layer, &err);
    assert_true(node >= 0);
    const struct shape shape = graph_node(graph, node).shape;
    assert_int_equal(shape.c, channels);
    assert_int_equal(shape.h, side);
    assert_int_equal(shape.w, side);
    graph_free(graph);
}

TEST(target_layers_have_the_published_shapes)
{
    layer_is("vgg11", 512, 14);
    layer_is("vgg19_bn", 512, 14);
    layer_is("resnet34", 512, 7);
    layer_is("resnext101_32x8d", 2048, 7);
    layer_is("mobilenet_v2", 1280, 7);
    layer_is("mobilenet_v3_large", 960, 7);
    layer_is("mobilenet_v3_small", 576, 7);
    layer_is("efficientnet_b0", 1280, 7);
    layer_is("efficientnet_b7", 2560, 7);
    layer_is("efficientnet_v2_s", 1280, 7);
    layer_is("regnet_x_400mf", 400, 7);
    layer_is("regnet_y_128gf", 7392, 7);
    layer_is("densenet121", 1024, 7);
    layer_is("densenet161", 2208, 7);
    layer_is("squeezenet1_0", 512, 13);
    layer_is("squeezenet1_1", 512, 13);
    layer_is("googlenet", 1024, 7);
    layer_is("alexnet", 256, 13);
}

TEST(modules_that_return_a_node_name_it_too)
{
    static const char *const same[][3] = {
        {"resnet50", "layer4", "layer4.2.relu_2"},
        {"resnet50", "layer4.2", "layer4.2.relu_2"},
        {"resnet18", "layer1.1", "layer1.1.relu_1"},
        {"resnet18", "layer2.0.downsample", "layer2.0.downsample.1"},
        {"vgg16", "features", "features.30"},
        {"mobilenet_v2", "features.18", "features.18.2"},
        {"mobilenet_v2", "features", "features.18.2"},
        {"mobilenet_v2", "features.3", "features.3.add"},
        {"mobilenet_v2", "features.2.conv", "features.2.conv.3"},
        {"mobilenet_v3_large", "features.16", "features.16.2"},
        {"mobilenet_v3_small", "features.1.block.1", "features.1.block.1.mul"},
        {"mobilenet_v3_small", "features.3", "features.3.add"},
        {"efficientnet_b0", "features.2", "features.2.1.add"},
        {"efficientnet_v2_s", "features.2", "features.2.3.add"},
        {"regnet_y_400mf", "trunk_output", "trunk_output.block4.block4-5.activation"},
        {"regnet_y_400mf", "trunk_output.block1.block1-0.f.se", "trunk_output.block1.block1-0.f.se.mul"},
        {"densenet121", "features", "features.norm5"},
        {"densenet121", "features.denseblock4", "features.denseblock4.cat"},
        {"squeezenet1_1", "features.12", "features.12.cat"},
        {"googlenet", "inception5b", "inception5b.cat"},
        {"googlenet", "inception5b.branch3.1", "inception5b.branch3.1.relu"},
        {"alexnet", "features", "features.12"}};
    struct error err;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct graph *graph =
            graph_of(same[i][0], &(struct backbone_options){.classes = 10, .width = 1, .height = 64, .width_px = 64});
        const int node = graph_find(graph, same[i][1], &err);
        assert_true(node > 0);
        assert_int_equal(node, graph_find(graph, same[i][2], &err));
        graph_free(graph);
    }
}

static void refuses(const char *arch, struct backbone_options options, const char *text)
{
    struct error err;
    assert_null(backbone_graph(arch, &options, &err));
    assert_string_equal(err.text, text);
}

TEST(an_unknown_backbone_is_named_with_the_nearest)
{
    const struct backbone_options usual = {.classes = 1000, .width = 1, .height = 224, .width_px = 224};
    refuses("resnet51", usual, "unknown backbone \"resnet51\", did you mean \"resnet50\"?");
    refuses("mobilenet_v22", usual, "unknown backbone \"mobilenet_v22\", did you mean \"mobilenet_v2\"?");
    refuses("?\n", usual, "unknown backbone \"??\"");
}

TEST(options_out_of_range_are_refused)
{
    refuses("vgg16", (struct backbone_options){.classes = 0, .width = 1, .height = 224, .width_px = 224},
            "backbone \"vgg16\": classes is 0; allowed: 1..1000000");
    refuses("vgg16", (struct backbone_options){.classes = 1000, .width = 0, .height = 224, .width_px = 224},
            "backbone \"vgg16\": width is 0; allowed: more than 0, at most 16");
    refuses("vgg16", (struct backbone_options){.classes = 1000, .width = NAN, .height = 224, .width_px = 224},
            "backbone \"vgg16\": width is nan; allowed: more than 0, at most 16");
    refuses("vgg16", (struct backbone_options){.classes = 1000, .width = 1, .height = 224, .width_px = -1},
            "backbone \"vgg16\": input is 224x-1; allowed: sides of 1..16384");
}

TEST(an_input_that_is_too_small_names_the_layer)
{
    struct error err;
    assert_null(backbone_graph(
        "vgg16", &(struct backbone_options){.classes = 1000, .width = 1, .height = 31, .width_px = 224}, &err));
    assert_non_null(strstr(err.text, "backbone \"vgg16\": layer \"features.30\": "));
    graph_free(
        graph_of("vgg16", &(struct backbone_options){.classes = 1000, .width = 1, .height = 32, .width_px = 32}));
    graph_free(
        graph_of("resnet50", &(struct backbone_options){.classes = 1000, .width = 1, .height = 1, .width_px = 1}));
}

TEST(tensors_for_training_alone_are_ignored)
{
    assert_true(backbone_ignores("aux1.conv.conv.weight"));
    assert_true(backbone_ignores("aux2.fc2.bias"));
    assert_false(backbone_ignores("aux.fc2.bias"));
    assert_false(backbone_ignores("conv1.conv.weight"));
}

TEST(channels_are_rounded_as_torchvision_rounds_them)
{
    /* torchvision.models._utils._make_divisible(v, 8) */
    static const struct {
        double asked;
        int given;
    } rows[] = {{1, 8},     {11.2, 16}, {12, 16},     {5.6, 8}, {8.4, 8}, {22.4, 24},
                {44.8, 48}, {112, 112}, {1792, 1792}, {18, 24}, {17, 16}, {84, 88}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(backbone_channels(rows[i].asked), rows[i].given);
}

static void written_layer_is(const char *arch, const char *written, const char *meant)
{
    struct error err;
    char name[128];
    struct graph *graph = backbone_graph(
        arch, &(struct backbone_options){.classes = 10, .width = 1, .height = 224, .width_px = 224}, &err);
    assert_non_null(graph);
    assert_string_equal(graph_layer_name(graph, written, name, sizeof name), meant);
    graph_free(graph);
}

TEST(layers_are_found_as_people_write_them_for_pytorch)
{
    written_layer_is("resnet18", "layer4", "layer4");
    written_layer_is("resnet18", "layer4[-1]", "layer4.1");
    written_layer_is("resnet18", "layer4.-2", "layer4.0");
    written_layer_is("resnet18", "model.layer4[-1]", "layer4.1");
    written_layer_is("resnet18", "module.backbone.layer4", "layer4");
    written_layer_is("vgg16", "features[29]", "features.29");
    written_layer_is("resnet18", "layer3.conv1", "layer3.conv1");
}

/* Logits of GoogLeNet for a picture x, transformed before it goes in if `is_transformed`. */
static void googlenet_logits(enum transform_input transform, bool is_transformed, float logits[10])
{
    static const float mean[3] = {0.485f, 0.456f, 0.406f}, deviation[3] = {0.229f, 0.224f, 0.225f};
    const struct backbone_case c = {
        "googlenet",
        "googlenet",
        {.classes = 10, .width = 1, .height = 64, .width_px = 64, .transform_input = transform}};
    const size_t plane = 64 * 64;
    float x[3 * 64 * 64];
    struct error err;
    struct network *network = network_of(&c);
    struct session *session = session_create(network, 1, &err);
    assert_non_null(session);
    golden_fill(x, 3 * plane, 1);
    for (size_t i = 0; is_transformed && i < 3 * plane; i++)
        x[i] = (x[i] * deviation[i / plane] + mean[i / plane] - 0.5f) / 0.5f;
    const struct shape shape = network_layer_shape(network, 0);
    float *layer = calloc((size_t)shape.c * (size_t)shape.h * (size_t)shape.w, sizeof *layer);
    assert_non_null(layer);
    session_base(session, x, logits, &layer);
    free(layer);
    session_free(session);
    network_free(network);
}

TEST(googlenet_without_its_transform_reads_what_the_transform_gives)
{
    float usual[10], with[10], without[10], raw[10], furthest = 0;
    googlenet_logits(TRANSFORM_USUAL, false, usual);
    googlenet_logits(TRANSFORM_YES, false, with);
    googlenet_logits(TRANSFORM_NO, true, without);
    googlenet_logits(TRANSFORM_NO, false, raw);
    assert_memory_equal(usual, with, sizeof usual);
    for (int k = 0; k < 10; k++) {
        furthest = fmaxf(furthest, fabsf(raw[k] - with[k]));
        if (!(fabsf(with[k] - without[k]) <= 1e-4f * (1 + fabsf(with[k]))))
            fail_msg("logit %d is %.9g, without the transform %.9g", k, (double)with[k], (double)without[k]);
    }
    assert_true(furthest > 0.01f);
    refuses("resnet18",
            (struct backbone_options){
                .classes = 10, .width = 1, .height = 64, .width_px = 64, .transform_input = TRANSFORM_NO},
            "backbone \"resnet18\": transform_input is given; this network has no such transform of its input");
}

TEST(a_layer_is_asked_for_as_people_write_it)
{
    struct error err;
    struct graph *graph =
        graph_of("resnet18", &(struct backbone_options){.classes = 10, .width = 1, .height = 64, .width_px = 64});
    assert_int_equal(graph_find(graph, "layer4[-1]", &err), graph_find(graph, "layer4", &err));
    assert_int_equal(graph_find(graph, "module.layer3[0].conv2", &err), graph_find_exact(graph, "layer3.0.conv2"));
    assert_int_equal(graph_find(graph, "layer4[-3]", &err), -1);
    assert_non_null(strstr(err.text, "unknown layer \"layer4[-3]\""));
    graph_free(graph);
}
