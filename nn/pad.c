/*
 * nn/pad.c - a value with more positions on its sides, and more channels: a constant, mirrored, the border's, or
 * periodic, as numpy.pad.
 */
#include "nn/op.h"
#include "nn/ops.h"

#include <string.h>

enum { CONSTANT, REFLECT, EDGE, WRAP };

#define PADDING_MOST 32768

static bool is_padding(int padding)
{
    return padding >= 0 && padding <= PADDING_MOST;
}

static const char *shape(const struct node *node, const struct shape *in, struct shape *out)
{
    const struct pad *p = node->attributes;
    const struct sides *pad = &p->pad;
    if (!is_padding(pad->top) || !is_padding(pad->left) || !is_padding(pad->bottom) || !is_padding(pad->right) ||
        !is_padding(p->channels_before) || !is_padding(p->channels_after))
        return "padding is from 0 to 32768 on each side";
    if (p->mode < CONSTANT || p->mode > WRAP)
        return "padding is constant, reflect, edge or wrap";
    *out = (struct shape){in[0].c + p->channels_before + p->channels_after, in[0].h + pad->top + pad->bottom,
                          in[0].w + pad->left + pad->right};
    return NULL;
}

/* The index of the input, of `size`, whose value index `at` gets, which may lie outside; -1: the constant. */
static int source(int mode, int at, int size)
{
    if (at >= 0 && at < size)
        return at;
    if (mode == CONSTANT)
        return -1;
    if (mode == EDGE)
        return at < 0 ? 0 : size - 1;
    const int period = mode == WRAP ? size : size > 1 ? 2 * (size - 1) : 1;
    const int inside = (at % period + period) % period;
    return inside < size ? inside : period - inside;
}

/* The place in the input of position (i,j) of the result: its first channel; -1: the constant. */
static ptrdiff_t source_position(const struct pad *p, struct shape in, int i, int j)
{
    const int y = source(p->mode, i - p->pad.top, in.h), x = source(p->mode, j - p->pad.left, in.w);
    return y < 0 || x < 0 ? -1 : ((ptrdiff_t)y * in.w + x) * in.c;
}

/* The channels of one position: of the input's position at x; NULL: the constant. */
static void gather_channels(const struct pad *p, int channels, const float *x, float value, float *y)
{
    const int before = p->channels_before, count = before + channels + p->channels_after;
    for (int k = 0; k < count; k++) {
        if (x && k == before) {
            memcpy(y + k, x, (size_t)channels * sizeof *y);
            k += channels - 1;
            continue;
        }
        const int channel = x ? source(p->mode, k - before, channels) : -1;
        y[k] = channel < 0 ? value : x[channel];
    }
}

/* y = the padded x, with `value` where a constant is. */
static void gather(const struct pad *p, const struct step_io *io, const float *x, float value, float *y)
{
    const struct shape out = io->out;
    for (int i = 0; i < out.h; i++)
        for (int j = 0; j < out.w; j++, y += out.c) {
            const ptrdiff_t at = source_position(p, io->in[0], i, j);
            gather_channels(p, io->in[0].c, at < 0 ? NULL : x + at, value, y);
        }
}

static void forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    const struct pad *p = step->node->attributes;
    gather(p, io, io->x[0], (float)p->value, io->y);
}

static void backward(const struct step *step, const struct step_io *io)
{
    const struct pad *p = step->node->attributes;
    const struct shape in = io->in[0], out = io->out;
    const float *dy = io->dy;
    for (int i = 0; i < out.h; i++)
        for (int j = 0; j < out.w; j++, dy += out.c) {
            const ptrdiff_t at = source_position(p, in, i, j);
            for (int k = 0; at >= 0 && k < out.c; k++) {
                const int channel = source(p->mode, k - p->channels_before, in.c);
                if (channel >= 0)
                    io->dx[0][at + channel] += dy[k];
            }
        }
}

/* The constant is a bias, so the operator is not marked as linear. */
static void tangent(const struct step *step, const struct step_io *io, const float *const *dx, float *dy)
{
    gather(step->node->attributes, io, dx[0], 0, dy);
}

static void multiply(const struct step *step, const struct step_io *io, const struct step_io *reference)
{
    (void)reference;
    backward(step, io);
}

static const struct param attributes[] = {
    SIDES_ROWS(struct pad),
    PARAM_INT(struct pad, channels_before, 0, 0, PADDING_MOST, "channels before the first"),
    PARAM_INT(struct pad, channels_after, 0, 0, PADDING_MOST, "channels after the last"),
    PARAM_ENUM(struct pad, mode, "constant|reflect|edge|wrap", "what the new values are"),
    PARAM_FLOAT(struct pad, value, 0, -3e38, 3e38, "the constant"),
    {0}};

const struct op op_pad = {.name = "pad",
                          .inputs_least = 1,
                          .inputs_most = 1,
                          .attributes = attributes,
                          .attributes_size = sizeof(struct pad),
                          .shape = shape,
                          .forward = forward,
                          .backward = backward,
                          .tangent = tangent,
                          .multiply = multiply};
