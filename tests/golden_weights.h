/*
 * tests/golden_weights.h - weights for a graph that a golden script has too: each tensor by golden_tensor().
 *
 * A header with bodies, because tests of rooms that know no graph link tests/golden.c as well.
 */
#ifndef TESTS_GOLDEN_WEIGHTS_H
#define TESTS_GOLDEN_WEIGHTS_H

#include "nn/nn.h"
#include "tests/golden.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

/* Fills `weights` for a finished graph, which must live longer; release with golden_weights_release(). */
static inline void golden_weights(const struct graph *graph, struct weights *weights)
{
    weights->count = graph_parameter_count(graph);
    weights->list = calloc((size_t)weights->count + 1, sizeof *weights->list);
    assert_non_null(weights->list);
    for (int i = 0; i < weights->count; i++) {
        const struct parameter parameter = graph_parameter(graph, i);
        struct weight *weight = &weights->list[i];
        size_t size = 1;
        weight->name = parameter.name;
        weight->rank = parameter.rank;
        for (int k = 0; k < parameter.rank; k++)
            size *= (size_t)(weight->dim[k] = parameter.dim[k]);
        weight->data = malloc(size * sizeof *weight->data);
        assert_non_null(weight->data);
        golden_tensor(weight->data, weight->name, weight->rank, weight->dim);
    }
}

static inline void golden_weights_release(struct weights *weights)
{
    for (int i = 0; i < weights->count; i++)
        free(weights->list[i].data);
    free(weights->list);
    *weights = (struct weights){0};
}

#endif
