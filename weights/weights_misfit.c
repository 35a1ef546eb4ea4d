/* weights/weights_misfit.c - explains why tensors do not fit a network. */
#include "weights/weights_matcher.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_numbers(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static uint64_t shape_key(int rank, const int *dim)
{
    uint64_t key = (uint64_t)rank;
    for (int d = 0; d < rank; d++)
        key = key * 1000003 + (uint64_t)dim[d];
    return key;
}

double matcher_shape_likeness(const struct network_names *network, const struct weights *weights, struct arena *arena)
{
    const size_t n = (size_t)network->count, m = (size_t)weights->count;
    uint64_t *a = arena_alloc(arena, n + 1, sizeof *a), *b = arena_alloc(arena, m + 1, sizeof *b);
    size_t common = 0;
    for (size_t i = 0; a && i < n; i++)
        a[i] = shape_key(network->list[i].rank, network->list[i].dim);
    for (size_t i = 0; b && i < m; i++)
        b[i] = shape_key(weights->list[i].rank, weights->list[i].dim);
    if (!a || !b)
        return 0;
    qsort(a, n, sizeof *a, compare_numbers);
    qsort(b, m, sizeof *b, compare_numbers);
    for (size_t i = 0, k = 0; i < n && k < m;)
        if (a[i] == b[k]) {
            common++, i++, k++;
        } else if (a[i] < b[k])
            i++;
        else
            k++;
    return 2.0 * (double)common / (double)(n + m + 1);
}

const char *matcher_shape_text(const struct weight *weight, char out[64])
{
    int used = 0;
    for (int d = 0; d < weight->rank; d++)
        used += snprintf(out + used, 64 - (size_t)used, "%s%d", d ? "," : "(", weight->dim[d]);
    snprintf(out + used, 64 - (size_t)used, "%s", weight->rank ? ")" : "()");
    return out;
}

/* Adds the first tensor that the network does not have, unless the sentence already names it. */
static void add_unexpected(const struct network_names *network, const struct weights *weights, struct error *err)
{
    const struct error why = *err;
    char shown[128], shape[64];
    for (int i = 0; i < weights->count; i++) {
        const char *name = weights->list[i].name;
        if (matcher_has_parameter(network, name))
            continue;
        if (!strstr(why.text, name))
            error_set(err, "%s; the first that it does not have: \"%s\" %s", why.text,
                      text_printable(name, shown, sizeof shown), matcher_shape_text(&weights->list[i], shape));
        return;
    }
}

int matcher_explain_misfit(const struct network_names *network, struct fit *fit, struct error *err)
{
    struct error lost = {0};
    fit->options.width = matcher_find_width(fit->arch, &fit->options, &fit->weights, &lost);
    if (lost.is_system) {
        *err = lost;
        return -1;
    }
    struct graph *graph = backbone_graph(fit->arch, &fit->options, err);
    const int status = graph ? network_check_weights(graph, &fit->weights, err) : -1;
    if (status && graph)
        add_unexpected(network, &fit->weights, err);
    graph_free(graph);
    return status ? error_prefix(err, "do not fit %s: ", fit->arch) : 0;
}
