/*
 * nn/concat.c - values side by side along the channels, the height or the width.
 * Defines: concat, concat_h, concat_w.
 */
#include "nn/op.h"

#include <string.h>

/*
 * In memory an input is `outer` runs of floats, and so is the result: run by run it has those of all inputs. `outer` is
 * the number of positions for channels, of rows for the width, and 1 for the height.
 */
static void join(const struct step *step, const struct step_io *io, size_t outer)
{
    float *y = io->y;
    for (size_t p = 0; p < outer; p++)
        for (int i = 0; i < step->input_count; i++) {
            const size_t run = shape_size(io->in[i]) / outer;
            memcpy(y, io->x[i] + p * run, run * sizeof *y);
            y += run;
        }
}

static void part(const struct step *step, const struct step_io *io, size_t outer)
{
    const float *dy = io->dy;
    for (size_t p = 0; p < outer; p++)
        for (int i = 0; i < step->input_count; i++) {
            const size_t run = shape_size(io->in[i]) / outer;
            add_values(io->dx[i] + p * run, dy, run);
            dy += run;
        }
}

static const char *concat_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    *out = in[0];
    for (int i = 1; i < node->input_count; i++) {
        if (in[i].h != in[0].h || in[i].w != in[0].w)
            return "concat needs values of one height and width";
        if (__builtin_add_overflow(out->c, in[i].c, &out->c))
            return "its value is too large";
    }
    return NULL;
}

static void concat_forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    join(step, io, shape_positions(io->out));
}

static void concat_backward(const struct step *step, const struct step_io *io)
{
    part(step, io, shape_positions(io->out));
}

const struct op op_concat = {.name = "concat",
                             .inputs_least = 1,
                             .inputs_most = NODE_INPUTS_MAX,
                             .shape = concat_shape,
                             .forward = concat_forward,
                             .backward = concat_backward,
                             .is_linear = true};

static const char *concat_h_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    *out = in[0];
    for (int i = 1; i < node->input_count; i++) {
        if (in[i].c != in[0].c || in[i].w != in[0].w)
            return "concat_h needs values of one width and number of channels";
        if (__builtin_add_overflow(out->h, in[i].h, &out->h))
            return "its value is too large";
    }
    return NULL;
}

static void concat_h_forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    join(step, io, 1);
}

static void concat_h_backward(const struct step *step, const struct step_io *io)
{
    part(step, io, 1);
}

const struct op op_concat_h = {.name = "concat_h",
                               .inputs_least = 1,
                               .inputs_most = NODE_INPUTS_MAX,
                               .shape = concat_h_shape,
                               .forward = concat_h_forward,
                               .backward = concat_h_backward,
                               .is_linear = true};

static const char *concat_w_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    *out = in[0];
    for (int i = 1; i < node->input_count; i++) {
        if (in[i].c != in[0].c || in[i].h != in[0].h)
            return "concat_w needs values of one height and number of channels";
        if (__builtin_add_overflow(out->w, in[i].w, &out->w))
            return "its value is too large";
    }
    return NULL;
}

static void concat_w_forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    join(step, io, (size_t)io->out.h);
}

static void concat_w_backward(const struct step *step, const struct step_io *io)
{
    part(step, io, (size_t)io->out.h);
}

const struct op op_concat_w = {.name = "concat_w",
                               .inputs_least = 1,
                               .inputs_most = NODE_INPUTS_MAX,
                               .shape = concat_w_shape,
                               .forward = concat_w_forward,
                               .backward = concat_w_backward,
                               .is_linear = true};
