/* nn/stages.c - the stages of a graph, in which its weights can be replaced. */
#include "nn/op.h"

#include <stdlib.h>

enum kind { KIND_OTHER, KIND_LAYER, KIND_NORM };

static void find_kinds(const struct graph *graph, enum kind *kind)
{
    for (int i = 0; i < graph_parameter_count(graph); i++) {
        const struct parameter parameter = graph_parameter(graph, i);
        switch (parameter.role) {
        case PARAMETER_CONV_WEIGHT:
        case PARAMETER_LINEAR_WEIGHT:
            kind[parameter.node] = KIND_LAYER;
            break;
        case PARAMETER_NORM_WEIGHT:
        case PARAMETER_NORM_BIAS:
        case PARAMETER_NORM_MEAN:
        case PARAMETER_NORM_VARIANCE:
            kind[parameter.node] = KIND_NORM;
            break;
        default:
            break;
        }
    }
}

static void find_needed(const struct graph *graph, bool *is_needed)
{
    const int output = graph_output_node(graph);
    is_needed[output] = true;
    for (int i = output; i >= 0; i--) {
        const struct node_info info = graph_node(graph, i);
        for (int k = 0; is_needed[i] && k < info.input_count; k++)
            is_needed[info.inputs[k]] = true;
    }
}

struct stages {
    int *last; /* [node]: the last stage on which it depends; 0: none */
    bool *is_needed;
    enum kind *kind;
};

static int number(const struct graph *graph, const struct stages *of, int *stage)
{
    int count = 0;
    for (int i = 0; i < graph_node_count(graph); i++) {
        const struct node_info info = graph_node(graph, i);
        stage[i] = 0;
        if (!of->is_needed[i])
            continue;
        for (int k = 0; k < info.input_count; k++)
            of->last[i] = of->last[info.inputs[k]] > of->last[i] ? of->last[info.inputs[k]] : of->last[i];
        if (of->kind[i] == KIND_LAYER)
            stage[i] = of->last[i] = ++count;
        else if (of->kind[i] == KIND_NORM)
            stage[i] = of->last[i] ? of->last[i] : 1;
    }
    return count;
}

int graph_stages(const struct graph *graph, int *stage, struct error *err)
{
    const size_t count = (size_t)graph_node_count(graph);
    struct stages of = {calloc(count, sizeof(int)), calloc(count, sizeof(bool)), calloc(count, sizeof(enum kind))};
    int stages = -1;
    if (of.last && of.is_needed && of.kind) {
        find_kinds(graph, of.kind);
        find_needed(graph, of.is_needed);
        stages = number(graph, &of, stage);
    } else {
        error_memory(err, "the stages of a network");
    }
    free(of.last);
    free(of.is_needed);
    free(of.kind);
    return stages;
}
