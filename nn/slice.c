/* nn/slice.c - a part of a value: along each axis every step-th index, forwards or backwards. */
#include "nn/op.h"
#include "nn/ops.h"

#include <stdlib.h>
#include <string.h>

static void complete_axis(struct slice_axis *axis)
{
    same_if_zero(&axis->step, 1);
}

static void complete(void *attributes)
{
    struct slice *slice = attributes;
    complete_axis(&slice->c);
    complete_axis(&slice->h);
    complete_axis(&slice->w);
}

/* Number of indices that the axis takes of `size`; 0: it begins or ends outside. */
static int taken(struct slice_axis axis, int size)
{
    if (axis.first < 0 || axis.first >= size || axis.count < 0 || axis.step == 0)
        return 0;
    const long long room = axis.step > 0 ? size - 1 - axis.first : axis.first;
    const long long most = room / llabs(axis.step) + 1;
    return axis.count > most ? 0 : axis.count ? axis.count : (int)most;
}

static const char *shape(const struct node *node, const struct shape *in, struct shape *out)
{
    const struct slice *slice = node->attributes;
    *out = (struct shape){taken(slice->c, in[0].c), taken(slice->h, in[0].h), taken(slice->w, in[0].w)};
    return out->c && out->h && out->w ? NULL : "a slice begins and ends inside its input";
}

/* Where position (i,j) of the result begins in an input: its first channel. */
static size_t source(const struct slice *slice, struct shape in, int i, int j)
{
    const int row = slice->h.first + i * slice->h.step, column = slice->w.first + j * slice->w.step;
    return ((size_t)row * (size_t)in.w + (size_t)column) * (size_t)in.c + (size_t)slice->c.first;
}

static void forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    const struct slice *slice = step->node->attributes;
    float *y = io->y;
    for (int i = 0; i < io->out.h; i++)
        for (int j = 0; j < io->out.w; j++, y += io->out.c) {
            const float *x = io->x[0] + source(slice, io->in[0], i, j);
            if (slice->c.step == 1)
                memcpy(y, x, (size_t)io->out.c * sizeof *y);
            else
                for (int k = 0; k < io->out.c; k++)
                    y[k] = x[(ptrdiff_t)k * slice->c.step];
        }
}

static void backward(const struct step *step, const struct step_io *io)
{
    const struct slice *slice = step->node->attributes;
    const float *dy = io->dy;
    for (int i = 0; i < io->out.h; i++)
        for (int j = 0; j < io->out.w; j++, dy += io->out.c) {
            float *dx = io->dx[0] + source(slice, io->in[0], i, j);
            for (int k = 0; k < io->out.c; k++)
                dx[(ptrdiff_t)k * slice->c.step] += dy[k];
        }
}

/* clang-format off */
#define AXIS_ROW(axis, field, least, most, default, text) \
    {.name = #axis "_" #field, .type = PARAM_TYPE_INT, .offset = offsetof(struct slice, axis.field), \
     .fallback = default, .min = least, .max = most, .help = text}
#define AXIS_ROWS(axis) \
    AXIS_ROW(axis, first, 0, 1 << 28, "0", "first index"), \
    AXIS_ROW(axis, count, 0, 1 << 28, "0", "number of indices; 0: up to the end"), \
    AXIS_ROW(axis, step, -(1 << 28), 1 << 28, "1", "from one index to the next; negative: backwards")
/* clang-format on */

static const struct param attributes[] = {AXIS_ROWS(c), AXIS_ROWS(h), AXIS_ROWS(w), {0}};

const struct op op_slice = {.name = "slice",
                            .inputs_least = 1,
                            .inputs_most = 1,
                            .attributes = attributes,
                            .attributes_size = sizeof(struct slice),
                            .complete = complete,
                            .works_on_rows = true,
                            .shape = shape,
                            .forward = forward,
                            .backward = backward,
                            .is_linear = true};
