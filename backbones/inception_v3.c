/*
 * backbones/inception_v3.c - Inception v3. Szegedy et al., CVPR 2016. arXiv:1512.00567
 *
 * As torchvision has it: an input of 299x299, brought to (x - 0.5) / 0.5 as GoogLeNet's; no auxiliary head, whose
 * tensors its weights bring along. Where torchvision concatenates two branches before all (Mixed_7b, Mixed_7c), there is
 * one concatenation here, which gives the same tensor.
 */
#include "backbones/inception_block.h"

#define UNITS_MAX 12

enum reads {
    BEFORE,         /* the result of the unit before it */
    SAME_AS_BEFORE, /* what the unit before it reads */
    ENTRY           /* the module's input */
};

/*
 * A convolution or a pool of a module. Units that no other unit reads are concatenated. Stride 1 keeps the size of the
 * map, stride 2 is without padding.
 */
struct unit {
    const char *name;
    enum reads reads;
    int out;              /* channels; 0: of the module's row; POOL: a pool, an average if its stride is 1 */
    int kernel, kernel_w; /* kernel_w 0: the same */
    int stride;
};

enum { POOL = -1 };

/* Figure 5 of the paper, with one 5x5 left. */
static const struct unit a[] = {
    {"branch1x1", ENTRY, 64, 1, 0, 1},
    {"branch5x5_1", ENTRY, 48, 1, 0, 1},
    {"branch5x5_2", BEFORE, 64, 5, 0, 1},
    {"branch3x3dbl_1", ENTRY, 64, 1, 0, 1},
    {"branch3x3dbl_2", BEFORE, 96, 3, 0, 1},
    {"branch3x3dbl_3", BEFORE, 96, 3, 0, 1},
    {"avg_pool2d", ENTRY, POOL, 3, 0, 1},
    {"branch_pool", BEFORE, 0, 1, 0, 1},
    {0},
};

/* Figure 10: halves the map. */
static const struct unit b[] = {
    {"branch3x3", ENTRY, 384, 3, 0, 2},      {"branch3x3dbl_1", ENTRY, 64, 1, 0, 1},
    {"branch3x3dbl_2", BEFORE, 96, 3, 0, 1}, {"branch3x3dbl_3", BEFORE, 96, 3, 0, 2},
    {"max_pool2d", ENTRY, POOL, 3, 0, 2},    {0},
};

/* Figure 6 with n = 7. */
static const struct unit c[] = {
    {"branch1x1", ENTRY, 192, 1, 0, 1},       {"branch7x7_1", ENTRY, 0, 1, 0, 1},
    {"branch7x7_2", BEFORE, 0, 1, 7, 1},      {"branch7x7_3", BEFORE, 192, 7, 1, 1},
    {"branch7x7dbl_1", ENTRY, 0, 1, 0, 1},    {"branch7x7dbl_2", BEFORE, 0, 7, 1, 1},
    {"branch7x7dbl_3", BEFORE, 0, 1, 7, 1},   {"branch7x7dbl_4", BEFORE, 0, 7, 1, 1},
    {"branch7x7dbl_5", BEFORE, 192, 1, 7, 1}, {"avg_pool2d", ENTRY, POOL, 3, 0, 1},
    {"branch_pool", BEFORE, 192, 1, 0, 1},    {0},
};

/* Halves the map. */
static const struct unit d[] = {
    {"branch3x3_1", ENTRY, 192, 1, 0, 1},    {"branch3x3_2", BEFORE, 320, 3, 0, 2},
    {"branch7x7x3_1", ENTRY, 192, 1, 0, 1},  {"branch7x7x3_2", BEFORE, 192, 1, 7, 1},
    {"branch7x7x3_3", BEFORE, 192, 7, 1, 1}, {"branch7x7x3_4", BEFORE, 192, 3, 0, 2},
    {"max_pool2d", ENTRY, POOL, 3, 0, 2},    {0},
};

/* Figure 7. */
static const struct unit e[] = {
    {"branch1x1", ENTRY, 320, 1, 0, 1},
    {"branch3x3_1", ENTRY, 384, 1, 0, 1},
    {"branch3x3_2a", BEFORE, 384, 1, 3, 1},
    {"branch3x3_2b", SAME_AS_BEFORE, 384, 3, 1, 1},
    {"branch3x3dbl_1", ENTRY, 448, 1, 0, 1},
    {"branch3x3dbl_2", BEFORE, 384, 3, 0, 1},
    {"branch3x3dbl_3a", BEFORE, 384, 1, 3, 1},
    {"branch3x3dbl_3b", SAME_AS_BEFORE, 384, 3, 1, 1},
    {"avg_pool2d", ENTRY, POOL, 3, 0, 1},
    {"branch_pool", BEFORE, 192, 1, 0, 1},
    {0},
};

/* A row of the paper's table 1. */
struct module {
    const char *name;
    const struct unit *units;
    int channels; /* of the units that give none */
    const char *cat;
};

static const struct module modules[] = {
    {"Mixed_5b", a, 32, "cat"},  {"Mixed_5c", a, 64, "cat"},  {"Mixed_5d", a, 64, "cat"},  {"Mixed_6a", b, 0, "cat"},
    {"Mixed_6b", c, 128, "cat"}, {"Mixed_6c", c, 160, "cat"}, {"Mixed_6d", c, 160, "cat"}, {"Mixed_6e", c, 192, "cat"},
    {"Mixed_7a", d, 0, "cat"},   {"Mixed_7b", e, 0, "cat_2"}, {"Mixed_7c", e, 0, "cat_2"},
};

static int add_unit(struct graph *graph, const char *name, int x, const struct unit *unit, int channels)
{
    const bool is_padded = unit->stride == 1;
    if (unit->out == POOL) {
        const struct pool2d pool = {.kernel = unit->kernel, .stride = unit->stride, .padding = is_padded};
        return (is_padded ? graph_avg_pool : graph_max_pool)(graph, name, x, pool);
    }
    const int padding_w = unit->kernel_w == 1 ? -1 : unit->kernel_w / 2;
    return inception_conv(graph, name, x,
                          (struct conv2d){.out = unit->out ? unit->out : channels,
                                          .kernel = unit->kernel,
                                          .kernel_w = unit->kernel_w,
                                          .stride = unit->stride,
                                          .padding = is_padded ? unit->kernel / 2 : 0,
                                          .padding_w = is_padded ? padding_w : 0});
}

static int add_module(struct graph *graph, const struct module *module, int entry)
{
    int branches[UNITS_MAX], count = 0, read = entry, x = entry;
    for (const struct unit *unit = module->units; unit->name; unit++) {
        if (unit->reads != SAME_AS_BEFORE)
            read = unit->reads == ENTRY ? entry : x;
        x = add_unit(graph, node_name("%s.%s", module->name, unit->name).text, read, unit, module->channels);
        if (!unit[1].name || unit[1].reads != BEFORE)
            branches[count++] = x;
    }
    x = graph_concat(graph, node_name("%s.%s", module->name, module->cat).text, branches, count);
    graph_alias(graph, module->name, x);
    return x;
}

static void build(struct graph *graph, const struct backbone_variant *variant, const struct backbone_options *options)
{
    const struct pool2d shrink = {.kernel = 3, .stride = 2};
    int x = variant->is_timm ? BACKBONE_INPUT : inception_input(graph, options);
    x = inception_conv(graph, "Conv2d_1a_3x3", x, (struct conv2d){.out = 32, .kernel = 3, .stride = 2});
    x = inception_conv(graph, "Conv2d_2a_3x3", x, (struct conv2d){.out = 32, .kernel = 3});
    x = inception_conv(graph, "Conv2d_2b_3x3", x, (struct conv2d){.out = 64, .kernel = 3, .padding = 1});
    x = graph_max_pool(graph, "maxpool1", x, shrink);
    x = inception_conv(graph, "Conv2d_3b_1x1", x, (struct conv2d){.out = 80, .kernel = 1});
    x = inception_conv(graph, "Conv2d_4a_3x3", x, (struct conv2d){.out = 192, .kernel = 3});
    x = graph_max_pool(graph, "maxpool2", x, shrink);
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
        x = add_module(graph, &modules[i], x);
    x = graph_adaptive_avg_pool(graph, "avgpool", x, 1, 1);
    x = graph_flatten(graph, "flatten", x);
    graph_linear(graph, "fc", x, options->classes, true);
}

#define TIMM_INPUT .h = 299, .w = 299, .crop = 0.875, .interpolation = PICTURE_BICUBIC

/* timm's names of its trainings; they have the same tensors as torchvision's, but no transform of the input. */
static const struct backbone_variant variants[] = {
    {.name = "inception_v3", .title = "Inception v3", .layer = "Mixed_7c", .input = {.h = 299, .w = 299}},
    {.name = "tf_inception_v3",
     .title = "TF Inception v3",
     .layer = "Mixed_7c",
     .input = {TIMM_INPUT, PICTURE_HALVES},
     .is_timm = true},
    {.name = "adv_inception_v3",
     .title = "Adversarial Inception v3",
     .layer = "Mixed_7c",
     .input = {TIMM_INPUT, PICTURE_HALVES},
     .is_timm = true},
    {.name = "gluon_inception_v3",
     .title = "Gluon Inception v3",
     .layer = "Mixed_7c",
     .input = {TIMM_INPUT},
     .is_timm = true},
    {0},
};

const struct backbone_family backbone_inception_v3 = {
    .name = "inception_v3",
    .source = "szegedy2016inception",
    .variants = variants,
    .has_transform = true,
    .ignored = (const char *const[]){"AuxLogits.", NULL},
    .build = build,
};
