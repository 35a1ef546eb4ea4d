/* nn/conv2d.c - convolution: its shapes and tensors, and which algorithm computes it. */
#include "nn/conv.h"
#include "nn/pack.h"

#include <stdlib.h>
#include <string.h>

static int convolved(int in, int kernel, int stride, int padding, int dilation)
{
    const int span = in + padding - dilation * (kernel - 1) - 1;
    return span < 0 ? 0 : span / stride + 1;
}

static bool is_size(int value, int least)
{
    return value >= least && value <= CONV_SIZE_MAX;
}

static const char *shape(const struct node *node, const struct shape *in, struct shape *out)
{
    const struct conv2d *c = node->attributes;
    const struct sides *pad = &c->pad;
    if (!is_size(c->kernel, 1) || !is_size(c->kernel_w, 1) || c->stride < 1 || c->stride_w < 1 ||
        !is_size(c->dilation, 1) || !is_size(c->dilation_w, 1) || c->kernel_w > CONV_KERNEL_W_MAX ||
        !is_size(pad->top, 0) || !is_size(pad->left, 0) || !is_size(pad->bottom, 0) || !is_size(pad->right, 0))
        return "a convolution needs a kernel, stride and dilation of at least 1 and no negative padding";
    if (c->groups < 1 || c->out < 1 || in[0].c % c->groups || c->out % c->groups)
        return "channels in and out must be multiples of the groups";
    if (c->is_linear && (c->kernel != 1 || c->kernel_w != 1 || c->groups != 1))
        return "a linear layer at each position is a convolution of kernel 1 and one group";
    *out = (struct shape){c->out, convolved(in[0].h, c->kernel, c->stride, pad->top + pad->bottom, c->dilation),
                          convolved(in[0].w, c->kernel_w, c->stride_w, pad->left + pad->right, c->dilation_w)};
    return NULL;
}

static int parameters(const struct node *node, const struct shape *in, struct parameter *out)
{
    const struct conv2d *c = node->attributes;
    out[0] = (struct parameter){.name = "weight",
                                .role = PARAMETER_CONV_WEIGHT,
                                .rank = 4,
                                .dim = {c->out, in[0].c / c->groups, c->kernel, c->kernel_w}};
    if (c->is_linear)
        out[0] =
            (struct parameter){.name = "weight", .role = PARAMETER_LINEAR_WEIGHT, .rank = 2, .dim = {c->out, in[0].c}};
    if (!c->bias)
        return 1;
    out[1] = (struct parameter){.name = "bias", .role = PARAMETER_BIAS, .rank = 1, .dim = {c->out}};
    return 2;
}

static double macs(const struct node *node, const struct shape *in)
{
    const struct conv2d *c = node->attributes;
    const int channels = in[0].c / c->groups;
    return (double)conv2d_taps(c) * channels * (double)shape_size(node->shape);
}

/* -- the algorithm -------------------------------------------------------------------------------------------------- */

/* The first algorithm that applies is used; without a kernel set, those with kernels of our own are skipped. */
static const struct conv_algorithm *const algorithms[] = {
    &conv_depthwise,       &conv_winograd,        &conv_stem,         &conv_grouped, &conv_product,
    &conv_plain_depthwise, &conv_plain_pointwise, &conv_plain_columns};

const struct conv_algorithm *conv_choose(const struct conv2d *conv, struct shape in, struct shape out, bool is_plain)
{
    const struct conv_algorithm *const *algorithm = algorithms;
    while ((is_plain && !(*algorithm)->backward) || !(*algorithm)->applies(conv, in, out))
        algorithm++;
    return *algorithm;
}

/* The weight, in torch's order, times the scale of the folded batch norm, and the bias of the two together. */
static void fold(const struct packer *packer, struct step *step, size_t row, float *weight)
{
    const struct conv2d *conv = conv_of(step);
    const struct factors *factors = packer->factors;
    const float *bias = conv->bias ? packer_tensor(packer, step->node, "bias") : NULL;
    memcpy(weight, packer_tensor(packer, step->node, "weight"), row * (size_t)conv->out * sizeof *weight);
    for (int k = 0; k < conv->out && step->bias; k++) {
        const double scale = factors ? factors->scale[k] : 1, shift = factors ? factors->shift[k] : 0;
        step->bias[k] = (float)(shift + (bias ? bias[k] * scale : 0));
        if (step->scale)
            step->scale[k] = (float)scale;
        if (step->inner_bias)
            step->inner_bias[k] = (float)(bias ? bias[k] * scale : 0);
        for (size_t i = 0; i < row; i++)
            weight[(size_t)k * row + i] = (float)(weight[(size_t)k * row + i] * scale);
    }
}

static int pack_folded(const struct packer *packer, struct step *step, const float *weight, struct error *err)
{
    const struct conv2d *conv = conv_of(step);
    const struct conv_algorithm *plain = step->plain, *algorithm = step->algorithm;
    step->weight = arena_floats(packer->arena, plain->packed(NULL, conv, packer->in.c));
    if (!step->weight)
        return error_memory(err, "packed weights");
    plain->pack(NULL, conv, packer->in.c, weight, step->weight);
    if (algorithm == plain)
        return 0;
    step->set = packer->set;
    step->packed = arena_floats(packer->arena, algorithm->packed(step->set, conv, packer->in.c));
    if (!step->packed)
        return error_memory(err, "packed weights");
    algorithm->pack(step->set, conv, packer->in.c, weight, step->packed);
    return conv_reverse_plan(packer->arena, step->set, step, packer->in, err);
}

static int pack(struct packer *packer, struct step *step, struct error *err)
{
    const struct conv2d *conv = conv_of(step);
    const size_t row = (size_t)(packer->in.c / conv->groups) * (size_t)conv2d_taps(conv);
    const bool has_bias = packer->factors || conv->bias;
    step->plain = conv_choose(conv, packer->in, step->node->shape, true);
    step->algorithm = packer->set ? conv_choose(conv, packer->in, step->node->shape, false) : step->plain;
    const bool has_two = packer->factors && conv->bias;
    if (has_bias)
        step->bias = packer_bias(packer, conv->out);
    if (packer->factors)
        step->scale = arena_floats(packer->arena, (size_t)conv->out);
    if (has_two)
        step->inner_bias = arena_floats(packer->arena, (size_t)conv->out);
    float *folded = malloc(row * (size_t)conv->out * sizeof *folded);
    if (!folded || (has_bias && !step->bias) || (packer->factors && !step->scale) || (has_two && !step->inner_bias)) {
        free(folded);
        return error_memory(err, "packed weights");
    }
    fold(packer, step, row, folded);
    const int status = pack_folded(packer, step, folded, err);
    free(folded);
    return status;
}

static const char *kernel_name(const struct step *step)
{
    return step->algorithm->name;
}

/* -- running -------------------------------------------------------------------------------------------------------- */

static size_t scratch(const struct step *step, const struct shape *in, struct shape out, bool is_backward)
{
    const struct conv_algorithm *algorithm = is_backward ? step->plain : step->algorithm;
    const size_t floats = algorithm->scratch(step->set, conv_of(step), in[0], out);
    const size_t reverse = is_backward && step->reverse ? conv_reverse_scratch(step, in[0], out) : 0;
    return floats > reverse ? floats : reverse;
}

static int blocks(const struct step *step, const struct step_io *io)
{
    return step->algorithm->blocks ? step->algorithm->blocks(step, io) : io->images;
}

static void forward(const struct step *step, const struct step_io *io, int block)
{
    step->algorithm->forward(step, io, block);
}

static void backward(const struct step *step, const struct step_io *io)
{
    step->plain->backward(step, io);
}

static int pack_reverse(struct arena *arena, const struct step *step, const struct shape *in, struct error *err)
{
    return step->reverse ? conv_reverse_pack(arena, step, in[0].c, err) : 0;
}

static bool takes_panels(const struct step *step, enum operand operand, int channels, int panel)
{
    const struct conv_algorithm *algorithm = step->algorithm;
    return algorithm->takes_panels && algorithm->takes_panels(step->set, conv_of(step), operand, channels, panel);
}

/* -- attributes ----------------------------------------------------------------------------------------------------- */

static void complete(void *attributes)
{
    struct conv2d *c = attributes;
    same_if_zero(&c->kernel_w, c->kernel);
    same_if_zero(&c->stride, 1);
    same_if_zero(&c->stride_w, c->stride);
    same_if_zero(&c->dilation, 1);
    same_if_zero(&c->dilation_w, c->dilation);
    same_if_zero(&c->groups, 1);
    sides_take(&c->pad, &c->padding, &c->padding_w);
}

static const struct param attributes[] = {
    PARAM_INT(struct conv2d, out, 1, 1, 1 << 28, "channels of the result"),
    PARAM_INT(struct conv2d, kernel, 1, 1, 32768, "height of the kernel"),
    PARAM_INT(struct conv2d, kernel_w, 0, 0, CONV_KERNEL_W_MAX, "width; 0: as the height"),
    PARAM_INT(struct conv2d, stride, 1, 1, 1 << 28, "along the height"),
    PARAM_INT(struct conv2d, stride_w, 0, 0, 1 << 28, "along the width; 0: as along the height"),
    PARAM_INT(struct conv2d, padding, 0, 0, 32768, "above and below"),
    PARAM_INT(struct conv2d, padding_w, 0, -1, 32768, "left and right; 0: as above; -1: none"),
    PARAM_INT(struct conv2d, dilation, 1, 1, 32768, "between taps along the height"),
    PARAM_INT(struct conv2d, dilation_w, 0, 0, 32768, "along the width; 0: as along the height"),
    PARAM_INT(struct conv2d, groups, 1, 1, 1 << 28, "of channels that do not see each other"),
    PARAM_BOOL(struct conv2d, bias, false, "adds a bias"),
    PARAM_BOOL(struct conv2d, is_linear, false, "the weight is that of a linear layer, (out, in)"),
    SIDES_ROWS(struct conv2d),
    {0}};

const struct op op_conv2d = {.name = "conv2d",
                             .inputs_least = 1,
                             .inputs_most = 1,
                             .attributes = attributes,
                             .attributes_size = sizeof(struct conv2d),
                             .complete = complete,
                             .shape = shape,
                             .parameters = parameters,
                             .macs = macs,
                             .pack = pack,
                             .takes_factors = true,
                             .fuses = true,
                             .kernel_name = kernel_name,
                             .scratch = scratch,
                             .blocks = blocks,
                             .forward = forward,
                             .backward = backward,
                             .pack_reverse = pack_reverse,
                             .reverse = conv_reverse_run,
                             .mix = conv_mix,
                             .is_linear = true,
                             .takes_panels = takes_panels};
