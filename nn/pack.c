/* nn/pack.c - finds weights by name, checks whether they fit a graph, and makes a step's copies of them. */
#include "nn/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- by name -------------------------------------------------------------------------------------------------------- */

static const struct weight *weights_find(const struct weights *weights, const char *name)
{
    for (int i = 0; i < weights->count; i++)
        if (strcmp(weights->list[i].name, name) == 0)
            return &weights->list[i];
    return NULL;
}

/* Whether the name is that of the node, a dot and `what`, or the one that its only tensor was given. */
static bool is_of(const char *name, const struct node *node, const char *what)
{
    if (node->tensor)
        return strcmp(name, node->tensor) == 0;
    const size_t length = strlen(node->name);
    return strncmp(name, node->name, length) == 0 && name[length] == '.' && strcmp(name + length + 1, what) == 0;
}

const float *packer_tensor(const struct packer *packer, const struct node *node, const char *what)
{
    for (int i = 0; i < packer->weights->count; i++)
        if (is_of(packer->weights->list[i].name, node, what))
            return packer->weights->list[i].data;
    return NULL;
}

static void write_dims(int rank, const int *dim, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "(");
    for (int i = 0; i < rank && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%d", i ? "," : "", dim[i]);
    if (used < size)
        snprintf(out + used, size - used, ")");
}

static int check_tensor(const struct parameter *want, const struct weight *have, struct error *err)
{
    char wanted[64], given[64];
    write_dims(want->rank, want->dim, wanted, sizeof wanted);
    if (!have)
        return error_set(err, "tensor \"%s\" %s is missing", want->name, wanted);
    write_dims(have->rank, have->dim, given, sizeof given);
    if (strcmp(wanted, given) != 0)
        return error_set(err, "tensor \"%s\" is %s, this network needs %s", want->name, given, wanted);
    return 0;
}

int network_check_weights(const struct graph *graph, const struct weights *weights, struct error *err)
{
    const int count = graph_parameter_count(graph);
    bool *is_known = calloc((size_t)weights->count + 1, sizeof *is_known);
    if (!is_known)
        return error_memory(err, "the check of weights");
    int status = 0;
    for (int i = 0; i < count && !status; i++) {
        const struct parameter want = graph_parameter(graph, i);
        const struct weight *have = weights_find(weights, want.name);
        status = check_tensor(&want, have, err);
        if (have)
            is_known[have - weights->list] = true;
    }
    for (int i = 0; i < weights->count && !status; i++)
        if (!is_known[i])
            status = error_set(err, "tensor \"%s\" is not part of this network", weights->list[i].name);
    free(is_known);
    return status;
}

/* -- copies --------------------------------------------------------------------------------------------------------- */

float *packer_bias(const struct packer *packer, int columns)
{
    const int panel = packer->set ? packer->set->panel : 1;
    return arena_floats(packer->arena, (size_t)divide_up(columns, panel) * (size_t)panel);
}

int pack_factors(const struct packer *packer, struct step *step, const double *scale, const double *shift,
                 struct error *err)
{
    const size_t channels = (size_t)packer->in.c;
    step->weight = arena_floats(packer->arena, channels);
    step->bias = arena_floats(packer->arena, channels);
    if (!step->weight || !step->bias)
        return error_memory(err, "packed weights");
    for (size_t k = 0; k < channels; k++) {
        step->weight[k] = (float)scale[k];
        step->bias[k] = (float)shift[k];
    }
    return 0;
}
