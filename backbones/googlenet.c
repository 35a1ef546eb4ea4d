/*
 * backbones/googlenet.c - GoogLeNet (Inception v1). Szegedy et al., CVPR 2015. arXiv:1409.4842
 *
 * As torchvision has it: batch norm; 3x3 where the paper has 5x5; no auxiliary heads, whose tensors its weights bring
 * along; and an input normalised by the usual means and deviations is brought to (x - 0.5) / 0.5, as in the training of
 * its weights, unless options.transform_input says no.
 */
#include "backbones/inception_block.h"

/* A row of the paper's table 1; a module without branches is a max pool of that kernel. */
struct inception {
    const char *name;
    int direct, reduced3, expanded3, reduced5, expanded5, projected; /* channels of the four branches */
    int pool;
};

static const struct inception modules[] = {
    {.name = "inception3a", 64, 96, 128, 16, 32, 32},
    {.name = "inception3b", 128, 128, 192, 32, 96, 64},
    {.name = "maxpool3", .pool = 3},
    {.name = "inception4a", 192, 96, 208, 16, 48, 64},
    {.name = "inception4b", 160, 112, 224, 24, 64, 64},
    {.name = "inception4c", 128, 128, 256, 24, 64, 64},
    {.name = "inception4d", 112, 144, 288, 32, 64, 64},
    {.name = "inception4e", 256, 160, 320, 32, 128, 128},
    {.name = "maxpool4", .pool = 2},
    {.name = "inception5a", 256, 160, 320, 32, 128, 128},
    {.name = "inception5b", 384, 192, 384, 48, 128, 128},
};

/* 1x1 to fewer channels, then 3x3. */
static int reduced_branch(struct graph *graph, const char *module, int branch, int x, int reduced, int expanded)
{
    const struct node_name name = node_name("%s.branch%d", module, branch);
    x = inception_conv(graph, node_name("%s.0", name.text).text, x, (struct conv2d){.out = reduced, .kernel = 1});
    return inception_conv(graph, node_name("%s.1", name.text).text, x,
                          (struct conv2d){.out = expanded, .kernel = 3, .padding = 1});
}

static int inception(struct graph *graph, const struct inception *row, int x)
{
    const struct pool2d pool = {.kernel = 3, .stride = 1, .padding = 1, .ceil_mode = true};
    int branches[4];
    branches[0] = inception_conv(graph, node_name("%s.branch1", row->name).text, x,
                                 (struct conv2d){.out = row->direct, .kernel = 1});
    branches[1] = reduced_branch(graph, row->name, 2, x, row->reduced3, row->expanded3);
    branches[2] = reduced_branch(graph, row->name, 3, x, row->reduced5, row->expanded5);
    branches[3] = graph_max_pool(graph, node_name("%s.branch4.0", row->name).text, x, pool);
    branches[3] = inception_conv(graph, node_name("%s.branch4.1", row->name).text, branches[3],
                                 (struct conv2d){.out = row->projected, .kernel = 1});
    x = graph_concat(graph, node_name("%s.cat", row->name).text, branches, 4);
    graph_alias(graph, row->name, x);
    return x;
}

static int shrink(struct graph *graph, const char *name, int x, int kernel)
{
    return graph_max_pool(graph, name, x, (struct pool2d){.kernel = kernel, .stride = 2, .ceil_mode = true});
}

static void build(struct graph *graph, __attribute__((unused)) const struct backbone_variant *variant,
                  const struct backbone_options *options)
{
    int x = inception_input(graph, options);
    x = inception_conv(graph, "conv1", x, (struct conv2d){.out = 64, .kernel = 7, .stride = 2, .padding = 3});
    x = shrink(graph, "maxpool1", x, 3);
    x = inception_conv(graph, "conv2", x, (struct conv2d){.out = 64, .kernel = 1});
    x = inception_conv(graph, "conv3", x, (struct conv2d){.out = 192, .kernel = 3, .padding = 1});
    x = shrink(graph, "maxpool2", x, 3);
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
        x = modules[i].pool ? shrink(graph, modules[i].name, x, modules[i].pool) : inception(graph, &modules[i], x);
    x = graph_adaptive_avg_pool(graph, "avgpool", x, 1, 1);
    x = graph_flatten(graph, "flatten", x);
    graph_linear(graph, "fc", x, options->classes, true);
}

static const struct backbone_variant variants[] = {
    {.name = "googlenet", .title = "GoogLeNet", .layer = "inception5b"},
    {0},
};

const struct backbone_family backbone_googlenet = {
    .name = "googlenet",
    .source = "szegedy2015googlenet",
    .variants = variants,
    .has_transform = true,
    .ignored = (const char *const[]){"aux1.", "aux2.", NULL},
    .build = build,
};
