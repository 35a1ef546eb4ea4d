/*
 * nn/lrn.c - local response normalisation across channels: y = x / (bias + alpha / size * sum x^2)^beta. The sum is
 * over `size` channels around each one, size / 2 before it and (size - 1) / 2 after it, as in
 * torch.nn.LocalResponseNorm, or, with wider_after, the other way round, as in ONNX. Krizhevsky, Sutskever, Hinton,
 * "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 2012, section 3.3.
 */
#include "nn/op.h"

#include <math.h>

struct lrn {
    int size;
    double alpha, beta, bias;
    bool wider_after;
};

/* The channels around channel k: from first, before end. */
struct around {
    int first, end;
};

static struct around around_of(const struct lrn *lrn, int channels, int k)
{
    const int first = k - (lrn->size - lrn->wider_after) / 2, end = first + lrn->size;
    return (struct around){first < 0 ? 0 : first, smaller(end, channels)};
}

static double macs(const struct node *node, const struct shape *in)
{
    const struct lrn *lrn = node->attributes;
    return (double)lrn->size * (double)shape_size(in[0]);
}

/* bias + alpha / size * sum of x^2 around channel k. */
static double base_at(const struct lrn *lrn, const float *x, int channels, int k)
{
    const struct around around = around_of(lrn, channels, k);
    double sum = 0;
    for (int i = around.first; i < around.end; i++)
        sum += (double)x[i] * (double)x[i];
    return lrn->bias + lrn->alpha / lrn->size * sum;
}

static void forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    const struct lrn *lrn = step->node->attributes;
    const int channels = io->out.c;
    for (size_t at = 0; at < shape_size(io->out); at += (size_t)channels)
        for (int k = 0; k < channels; k++)
            io->y[at + (size_t)k] =
                (float)(io->x[0][at + (size_t)k] * pow(base_at(lrn, io->x[0] + at, channels, k), -lrn->beta));
}

/*
 * Let b_k be the base of the power for channel k. Then
 * dx_i = dy_i b_i^-beta - 2 alpha beta / size x_i sum_k dy_k x_k b_k^(-beta-1), summed over the channels k whose window
 * contains i.
 */
static void backward_position(const struct lrn *lrn, const float *x, const float *dy, int channels, float *dx)
{
    const double factor = 2 * lrn->alpha * lrn->beta / lrn->size;
    for (int k = 0; k < channels; k++) {
        const double base = base_at(lrn, x, channels, k), power = pow(base, -lrn->beta);
        const double shared = factor * dy[k] * x[k] * power / base;
        const struct around around = around_of(lrn, channels, k);
        dx[k] += (float)(dy[k] * power);
        for (int i = around.first; i < around.end; i++)
            dx[i] -= (float)(shared * x[i]);
    }
}

static void backward(const struct step *step, const struct step_io *io)
{
    const int channels = io->out.c;
    for (size_t at = 0; at < shape_size(io->out); at += (size_t)channels)
        backward_position(step->node->attributes, io->x[0] + at, io->dy + at, channels, io->dx[0] + at);
}

static const struct param attributes[] = {
    PARAM_INT(struct lrn, size, 5, 1, 65536, "channels of a window"),
    PARAM_FLOAT(struct lrn, alpha, 0.0001, 0, 1e6, "factor of the mean of squares"),
    PARAM_FLOAT(struct lrn, beta, 0.75, 0, 100, "exponent"),
    PARAM_FLOAT(struct lrn, bias, 1, 1e-6, 1e6, "added to it (k)"),
    PARAM_BOOL(struct lrn, wider_after, false, "an even window has one more channel after than before"),
    {0}};

const struct op op_lrn = {.name = "lrn",
                          .inputs_least = 1,
                          .inputs_most = 1,
                          .attributes = attributes,
                          .attributes_size = sizeof(struct lrn),
                          .shape = same_shape,
                          .macs = macs,
                          .forward = forward,
                          .backward = backward};
