/* tests/nn/test_shape_operators.c - attributes that operators of shapes refuse, and values by hand. */
#include "base/error.h"
#include "nn/nn.h"
#include "nn/ops.h"
#include "tests/golden_weights.h"
#include "tests/session_calls.h"
#include "tests/test.h"

#include <string.h>

/* Adds the operator to an input of this shape; `message`: what it refuses, after the layer's name. */
static void assert_refuses(const char *op, struct shape in, const void *attributes, const char *message)
{
    struct error err = {0};
    struct graph *graph = graph_create();
    const int x = graph_input(graph, "x", in);
    assert_int_equal(graph_add(graph, op_find(op), "y", &x, 1, attributes, &err), -1);
    assert_memory_equal(err.text, "layer \"y\": ", 11);
    assert_string_equal(err.text + 11, message);
    graph_free(graph);
}

#define MAP ((struct shape){6, 5, 4})

TEST(slices_that_leave_their_input_are_refused)
{
    static const char outside[] = "a slice begins and ends inside its input";
    static const struct slice_axis wrong[] = {{6, 0, 1},  {-1, 0, 1}, {2, 5, 1}, {0, 4, 2},      {1, 3, -1},
                                              {0, -1, 1}, {5, 7, -1}, {0, 2, 6}, {5, 2, 1 << 30}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_refuses("slice", MAP, &(struct slice){.c = wrong[i]}, outside);
    assert_refuses("slice", MAP, &(struct slice){.h = {5, 0, 1}}, outside);
    assert_refuses("slice", MAP, &(struct slice){.w = {0, 5, 1}}, outside);
}

TEST(shuffles_need_whole_groups)
{
    static const char whole[] = "channels must be a multiple of the groups";
    assert_refuses("channel_shuffle", MAP, &(struct channel_shuffle){4}, whole);
    assert_refuses("channel_shuffle", MAP, &(struct channel_shuffle){0}, whole);
    assert_refuses("channel_shuffle", MAP, &(struct channel_shuffle){-3}, whole);
}
