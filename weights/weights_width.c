/* weights/weights_width.c - finds the width multiplier of a network from the shapes of its tensors. */
#include "weights/weights_matcher.h"

#define WIDTH_MAX 4

bool matcher_fits(const char *arch, const struct backbone_options *options, const struct weights *weights,
                  struct error *lost)
{
    struct error why;
    struct graph *graph = backbone_graph(arch, options, &why);
    const bool is_fit = graph && network_check_weights(graph, weights, &why) == 0;
    graph_free(graph);
    if (!is_fit && why.is_system)
        *lost = why;
    return is_fit;
}

/* Compares by the first side that differs: -1: the network of this width is narrower than the file's; 1: wider. */
static int compare_width(const char *arch, const struct backbone_options *options, const struct weights *weights,
                         struct error *lost)
{
    struct error why;
    struct graph *graph = backbone_graph(arch, options, &why);
    if (!graph && why.is_system)
        *lost = why;
    int order = 0;
    for (int i = 0; graph && !order && i < graph_parameter_count(graph); i++) {
        const struct parameter parameter = graph_parameter(graph, i);
        const struct weight *weight = matcher_find(weights, parameter.name);
        for (int d = 0; weight && !order && d < parameter.rank && d < weight->rank; d++)
            order = (parameter.dim[d] > weight->dim[d]) - (parameter.dim[d] < weight->dim[d]);
    }
    graph_free(graph);
    return order;
}

/* The least width, of i / steps, that is not too narrow. Sides never shrink as the width grows. */
static double least_width(const char *arch, const struct backbone_options *options, const struct weights *weights,
                          int steps, struct error *lost)
{
    struct backbone_options tried = *options;
    int low = 1, high = WIDTH_MAX * steps;
    while (low < high) {
        const int middle = (low + high) / 2;
        tried.width = (double)middle / steps;
        if (compare_width(arch, &tried, weights, lost) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return (double)low / steps;
}

double matcher_find_width(const char *arch, const struct backbone_options *options, const struct weights *weights,
                          struct error *lost)
{
    static const int steps[] = {1, 4, 8, 20, 16, 3, 100, 1000}; /* VGG's 4096 channels distinguish 0.002 */
    const struct backbone_family *family;
    struct backbone_options tried = *options;
    struct error unused;
    double near = -1;
    if (!backbone_find(arch, &family, &unused) || !family->has_width || matcher_fits(arch, options, weights, lost))
        return 1;
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        tried.width = least_width(arch, options, weights, steps[s], lost);
        if (matcher_fits(arch, &tried, weights, lost))
            return tried.width;
        if (near < 0 && compare_width(arch, &tried, weights, lost) == 0)
            near = tried.width;
    }
    return near < 0 || compare_width(arch, options, weights, lost) == 0 ? 1 : near;
}
