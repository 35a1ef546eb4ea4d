/*
 * nn/linear.c - flatten and linear: with packed weights by a kernel of our own, otherwise by OpenBLAS.
 * Defines: flatten, linear.
 *
 * A row's bits must not depend on the number of rows or on its place among them. So OpenBLAS always multiplies
 * LINEAR_ROWS rows (missing ones are zeros), as weight times the transposed rows: rows are then lanes of the library's
 * vectors, and all lanes go through the same instructions. In rows times weight, rows would fall into kernels of
 * different heights, which add in different orders.
 */
#include "nn/backend.h"
#include "nn/ops.h"
#include "nn/pack.h"
#include "nn/product_step.h"

#include <string.h>

static const char *flatten_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    (void)node;
    *out = (struct shape){(int)shape_size(in[0]), 1, 1};
    return NULL;
}

/* torch flattens (C,h,w); values here are (h,w,C). */
static void flatten_forward(const struct step *step, const struct step_io *io, int block)
{
    (void)step, (void)block;
    transpose(io->x[0], shape_positions(io->in[0]), (size_t)io->in[0].c, io->y);
}

static void flatten_backward(const struct step *step, const struct step_io *io)
{
    (void)step;
    const struct shape in = io->in[0];
    const size_t plane = shape_positions(in), c = (size_t)in.c;
    for (size_t k = 0; k < c; k++)
        for (size_t p = 0; p < plane; p++)
            io->dx[0][p * c + k] += io->dy[k * plane + p];
}

const struct op op_flatten = {.name = "flatten",
                              .inputs_least = 1,
                              .inputs_most = 1,
                              .is_flatten = true,
                              .works_on_rows = true,
                              .shape = flatten_shape,
                              .forward = flatten_forward,
                              .backward = flatten_backward,
                              .is_linear = true};

static const struct linear *linear_of(const struct node *node)
{
    return node->attributes;
}

static const char *linear_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    *out = (struct shape){linear_of(node)->out, 1, 1};
    return in[0].h == 1 && in[0].w == 1 ? NULL : "linear needs a flattened value";
}

static int linear_parameters(const struct node *node, const struct shape *in, struct parameter *out)
{
    out[0] = (struct parameter){
        .name = "weight", .role = PARAMETER_LINEAR_WEIGHT, .rank = 2, .dim = {linear_of(node)->out, in[0].c}};
    if (!linear_of(node)->bias)
        return 1;
    out[1] = (struct parameter){.name = "bias", .role = PARAMETER_BIAS, .rank = 1, .dim = {linear_of(node)->out}};
    return 2;
}

static double linear_macs(const struct node *node, const struct shape *in)
{
    return (double)linear_of(node)->out * in[0].c;
}

#define LINEAR_ROWS 16

static size_t linear_scratch(const struct step *step, const struct shape *in, struct shape out, bool is_backward)
{
    if (is_backward)
        return step->set ? (size_t)(out.c + step->set->panel) : (size_t)in[0].c;
    return step->set ? 0 : (size_t)LINEAR_ROWS * ((size_t)in[0].c + (size_t)out.c);
}

static int linear_blocks(const struct step *step, const struct step_io *io)
{
    if (!step->set)
        return divide_up(io->images, LINEAR_ROWS);
    return product_blocks(step, io);
}

static void forward_by_openblas(const struct step *step, const struct step_io *io, int block)
{
    const int in = io->in[0].c, out = io->out.c, row = block * LINEAR_ROWS;
    const int count = io->images - row < LINEAR_ROWS ? io->images - row : LINEAR_ROWS;
    float *x = io->scratch, *columns = io->scratch + (size_t)LINEAR_ROWS * (size_t)in;
    float *const first = io->y + (size_t)row * (size_t)out, *y = first;
    memset(x, 0, (size_t)LINEAR_ROWS * (size_t)in * sizeof *x);
    memcpy(x, io->x[0] + (size_t)row * (size_t)in, (size_t)count * (size_t)in * sizeof *x);
    backend()->gemm(true, out, LINEAR_ROWS, in, step->weight, in, x, in, columns, LINEAR_ROWS);
    for (int i = 0; i < count; i++)
        for (int k = 0; k < out; k++)
            *y++ = columns[k * LINEAR_ROWS + i];
    epilogue(first, step->bias, io->residual ? io->residual + (first - io->y) : NULL, (size_t)count, out, (size_t)out,
             step->activation);
}

static void linear_forward(const struct step *step, const struct step_io *io, int block)
{
    if (!step->set) {
        forward_by_openblas(step, io, block);
        return;
    }
    const struct product_part part = product_part(step, io, block);
    const size_t in = (size_t)io->in[0].c;
    product_run(step, io, &part,
                &(struct product){
                    .segments = 1, .length = io->in[0].c, .x = io->x[0] + (size_t)part.first * in, .x_stride = in});
}

#define FEATURES_EACH 1024 /* least features of a thread's share */

static void linear_backward(const struct step *step, const struct step_io *io)
{
    const int in = io->in[0].c, out = io->out.c;
    if (!step->set) {
        float *dx = io->scratch;
        backend()->gemv(out, in, step->weight, io->dy, dx);
        add_values(io->dx[0], dx, (size_t)in);
        return;
    }
    float *dy = io->scratch; /* with zeros up to a whole panel */
    memset(dy, 0, (size_t)(out + step->set->panel) * sizeof *dy);
    memcpy(dy, io->dy, (size_t)out * sizeof *dy);
#pragma omp parallel for num_threads(io->workers) if (io->workers > 1)
    for (int first = 0; first < in; first += FEATURES_EACH)
        step->set->product_transposed(step->packed, in, out, dy, first,
                                      first + FEATURES_EACH < in ? first + FEATURES_EACH : in, io->dx[0]);
}

static int linear_pack(struct packer *packer, struct step *step, struct error *err)
{
    const struct linear *linear = linear_of(step->node);
    const size_t out = (size_t)linear->out, in = (size_t)packer->in.c;
    const float *weight = packer_tensor(packer, step->node, "weight");
    step->set = packer->set;
    float **place = step->set ? &step->packed : &step->weight;
    *place = arena_floats(packer->arena, step->set ? product_packed(step->set, in, linear->out) : out * in);
    if (linear->bias)
        step->bias = packer_bias(packer, linear->out);
    if (!*place || (linear->bias && !step->bias))
        return error_memory(err, "packed weights");
    if (step->set)
        product_pack(step->set, in, linear->out, 1, in, weight, *place);
    else
        memcpy(*place, weight, out * in * sizeof *weight);
    if (step->bias)
        memcpy(step->bias, packer_tensor(packer, step->node, "bias"), out * sizeof *weight);
    return 0;
}

/* Reads the packed weight: panels of outputs, (in, panel) each. */
static void linear_column(const struct step *step, int features, int feature, float *column)
{
    const size_t in = (size_t)features, at = (size_t)feature;
    const int outputs = linear_of(step->node)->out, panel = step->set ? step->set->panel : 1;
    const float *weight = step->set ? step->packed : step->weight;
    for (int first = 0; first < outputs; first += panel)
        for (int k = first; k < outputs && k < first + panel; k++)
            column[k] = weight[(size_t)first * in + at * (size_t)panel + (size_t)(k - first)];
}

static void linear_row(const struct step *step, int features, int output, float *row)
{
    const size_t in = (size_t)features, panel = step->set ? (size_t)step->set->panel : 1;
    const size_t first = (size_t)output / panel * panel;
    const float *weight = (step->set ? step->packed : step->weight) + first * in + (size_t)output % panel;
    for (size_t feature = 0; feature < in; feature++)
        row[feature] = weight[feature * panel];
}

static const char *linear_kernel_name(const struct step *step)
{
    return step->set ? "product" : "gemm";
}

static const struct param linear_attributes[] = {
    PARAM_INT(struct linear, out, 1, 1, 1 << 28, "outputs"), PARAM_BOOL(struct linear, bias, true, "adds a bias"), {0}};

const struct op op_linear = {.name = "linear",
                             .inputs_least = 1,
                             .inputs_most = 1,
                             .attributes = linear_attributes,
                             .attributes_size = sizeof(struct linear),
                             .fuses = true,
                             .works_on_rows = true,
                             .begins_rows = true,
                             .shape = linear_shape,
                             .parameters = linear_parameters,
                             .macs = linear_macs,
                             .pack = linear_pack,
                             .column = linear_column,
                             .row = linear_row,
                             .kernel_name = linear_kernel_name,
                             .scratch = linear_scratch,
                             .blocks = linear_blocks,
                             .forward = linear_forward,
                             .backward = linear_backward,
                             .is_linear = true};
