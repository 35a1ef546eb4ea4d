/*
 * nn/broadcast.c - arithmetic of two values, or of a value and a constant tensor "value", element by element. An axis
 * (c, h, w) that has size 1 in one operand alone is repeated there to the size of the other (broadcasting).
 * Defines: broadcast_add, constant_add, constant_mul, constant_over, constant_pow, constant_sub_from, div, maximum, minimum, mul, power, sub.
 *
 * An operator is a row of kinds[] and a descriptor. The gradient of an operand that is repeated is a sum, in double,
 * in the order of memory. A constant is step->bias where it is one addend for each channel, so that visitors see it,
 * and step->weight otherwise.
 */
#include "nn/ops.h"
#include "nn/pack.h"
#include "nn/simd.h"

#include <math.h>
#include <string.h>

/* -- rows ----------------------------------------------------------------------------------------------------------- */

#define ROW 256 /* elements at a time */

/* Some elements that lie side by side in the result. An operand with step 0 has one value for all of them. */
struct row {
    const float *x, *z;
    bool x_steps, z_steps;
    const float *d; /* gradient of the result, or tangent of the operand */
    int n;
};

typedef void row_kernel(const struct row *row, float *out);

/* Writes `value`, of the operands x and z and of d = `reads`, for each element of a row. */
#define ROW_LOOP(x_value, z_value, reads, value) \
    for (int k = 0; k < n; k++) { \
        const float x = x_value, z = z_value, d = (reads); \
        (void)x, (void)z, (void)d; \
        out[k] = (value); \
    }
#define ROW_KERNEL(name, reads, value) \
    MULTIVERSION static void name(const struct row *row, float *restrict out) \
    { \
        const float *const x_row = row->x, *const z_row = row->z, *const d_row = row->d; \
        const float x_one = x_row[0], z_one = z_row[0]; \
        const int n = row->n; \
        (void)d_row; \
        if (row->x_steps && row->z_steps) \
            ROW_LOOP(x_row[k], z_row[k], reads, value) \
        else if (row->x_steps) \
            ROW_LOOP(x_row[k], z_one, reads, value) \
        else \
            ROW_LOOP(x_one, z_row[k], reads, value) \
    }

/* y of an operator; d times its derivatives by x and by z. */
#define KERNELS(name, y, by_x, by_z) \
    ROW_KERNEL(name##_row, 0, y) \
    ROW_KERNEL(name##_by_x, d_row[k], by_x) \
    ROW_KERNEL(name##_by_z, d_row[k], by_z)

KERNELS(add, x + z, d, d)
KERNELS(sub, x - z, d, -d)
KERNELS(mul, (x * z), (d * z), (d * x))
KERNELS(div, x / z, d / z, (-d * x / (z * z)))

static inline float power_by_base(float x, float z)
{
    return z == 0 ? 0 : z * powf(x, z - 1);
}

/* At base 0 it is 0, as in torch. */
static inline float power_by_exponent(float x, float z)
{
    return x == 0 && z >= 0 ? 0 : powf(x, z) * logf(x);
}

KERNELS(power, powf(x, z), (d * power_by_base(x, z)), (d * power_by_exponent(x, z)))

static inline float larger(float x, float z)
{
    return x < z ? z : x;
}

/* The part of the gradient d of the larger of x and z that x receives; half of it if they are equal, as in torch. */
static inline float share_of_larger(float x, float z, float d)
{
    return x > z ? d : x < z ? 0 : d / 2;
}

KERNELS(max, larger(x, z), share_of_larger(x, z, d), share_of_larger(z, x, d))
KERNELS(min, -larger(-x, -z), share_of_larger(z, x, d), share_of_larger(x, z, d))

enum constant_place { NO_CONSTANT = -1, CONSTANT_FIRST, CONSTANT_SECOND };

struct kind {
    const struct op *op;
    enum constant_place constant; /* which operand is the tensor "value" */
    row_kernel *forward, *by[2];
};

#define ROWS_OF(name) \
    name##_row, \
    { \
        name##_by_x, name##_by_z \
    }

static const struct kind kinds[] = {
    {&op_broadcast_add, NO_CONSTANT, ROWS_OF(add)},
    {&op_sub, NO_CONSTANT, ROWS_OF(sub)},
    {&op_mul, NO_CONSTANT, ROWS_OF(mul)},
    {&op_div, NO_CONSTANT, ROWS_OF(div)},
    {&op_power, NO_CONSTANT, ROWS_OF(power)},
    {&op_maximum, NO_CONSTANT, ROWS_OF(max)},
    {&op_minimum, NO_CONSTANT, ROWS_OF(min)},
    {&op_constant_add, CONSTANT_SECOND, ROWS_OF(add)},
    {&op_constant_mul, CONSTANT_SECOND, ROWS_OF(mul)},
    {&op_constant_sub_from, CONSTANT_FIRST, ROWS_OF(sub)},
    {&op_constant_over, CONSTANT_FIRST, ROWS_OF(div)},
    {&op_constant_pow, CONSTANT_SECOND, ROWS_OF(power)},
};

static const struct kind *kind_of(const struct op *op)
{
    size_t i = 0;
    while (kinds[i].op != op)
        i++;
    return &kinds[i];
}

/* -- operands ------------------------------------------------------------------------------------------------------- */

struct side {
    int input; /* of the step; -1: the constant */
    const float *x;
    struct shape shape;
    double *sums; /* of gradients, if it is smaller than the result; NULL: it is not */
};

struct pair {
    const struct kind *kind;
    struct side operand[2];
    /* The result's axes, outermost first; those along which both operands behave alike are one. Steps are in floats. */
    int size[3];
    size_t step[2][3];
};

static struct shape constant_shape(const struct node *node)
{
    const struct constant *constant = node->attributes;
    return (struct shape){constant->c, constant->h, constant->w};
}

static bool is_per_channel(struct shape constant, struct shape out)
{
    return constant.c == out.c && constant.h == 1 && constant.w == 1;
}

/* The result's axes as they are in memory; returns their number. */
static int join_axes(const struct shape *shapes, struct shape out, int *size, bool moves[3][2])
{
    const int all[3] = {out.h, out.w, out.c};
    const int own[2][3] = {{shapes[0].h, shapes[0].w, shapes[0].c}, {shapes[1].h, shapes[1].w, shapes[1].c}};
    int count = 0;
    for (int axis = 0; axis < 3; axis++) {
        const bool x = own[0][axis] > 1, z = own[1][axis] > 1;
        if (all[axis] == 1)
            continue;
        if (count && moves[count - 1][0] == x && moves[count - 1][1] == z) {
            size[count - 1] *= all[axis];
            continue;
        }
        moves[count][0] = x, moves[count][1] = z;
        size[count++] = all[axis];
    }
    return count;
}

static void set_axes(struct pair *pair, struct shape out)
{
    const struct shape shapes[2] = {pair->operand[0].shape, pair->operand[1].shape};
    size_t inner[2] = {1, 1};
    int size[3];
    bool moves[3][2];
    const int count = join_axes(shapes, out, size, moves);
    for (int axis = 2, from = count - 1; axis >= 0; axis--, from--) {
        pair->size[axis] = from >= 0 ? size[from] : 1;
        for (int i = 0; i < 2; i++) {
            pair->step[i][axis] = from < 0 || moves[from][i] ? inner[i] : 0;
            inner[i] *= from < 0 || !moves[from][i] ? 1 : (size_t)size[from];
        }
    }
}

static struct pair pair_of(const struct step *step, const struct step_io *io)
{
    struct pair pair = {.kind = kind_of(step->node->op)};
    for (int i = 0, input = 0; i < 2; i++) {
        struct side *operand = &pair.operand[i];
        if (i == (int)pair.kind->constant)
            *operand = (struct side){
                .input = -1, .x = step->bias ? step->bias : step->weight, .shape = constant_shape(step->node)};
        else {
            *operand = (struct side){.input = input, .x = io->x[input], .shape = io->in[input]};
            input++;
        }
    }
    set_axes(&pair, io->out);
    return pair;
}

/* -- walking over rows ---------------------------------------------------------------------------------------------- */

static size_t pair_rows(const struct pair *pair)
{
    return (size_t)pair->size[0] * (size_t)pair->size[1] * (size_t)divide_up(pair->size[2], ROW);
}

/* Row `index`, with its place in the result and the operands'. */
static struct row row_at(const struct pair *pair, size_t index, size_t *out, size_t *at)
{
    const size_t parts = (size_t)divide_up(pair->size[2], ROW), first = index % parts * ROW, line = index / parts;
    const size_t i = line / (size_t)pair->size[1], j = line % (size_t)pair->size[1];
    for (int k = 0; k < 2; k++)
        at[k] = i * pair->step[k][0] + j * pair->step[k][1] + first * pair->step[k][2];
    *out = line * (size_t)pair->size[2] + first;
    return (struct row){.x = pair->operand[0].x + at[0],
                        .z = pair->operand[1].x + at[1],
                        .x_steps = pair->step[0][2],
                        .z_steps = pair->step[1][2],
                        .n = smaller(ROW, pair->size[2] - (int)first)};
}

static void forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    const struct pair pair = pair_of(step, io);
    size_t out, at[2];
    for (size_t i = 0; i < pair_rows(&pair); i++) {
        const struct row row = row_at(&pair, i, &out, at);
        pair.kind->forward(&row, io->y + out);
    }
    const size_t plane = shape_positions(io->out);
    if (io->residual || step->activation)
        epilogue(io->y, NULL, io->residual, plane, io->out.c, (size_t)io->out.c, step->activation);
}

/* Adds a row of an operand's gradient to it, or to its sums. */
static void add_gradient(const struct side *operand, bool steps, size_t at, const float *row, int n, float *restrict dx)
{
    double *restrict sums = operand->sums;
    if (!sums)
        add_values(dx + at, row, (size_t)n);
    else if (steps)
        for (int k = 0; k < n; k++)
            sums[at + (size_t)k] += (double)row[k];
    else
        for (int k = 0; k < n; k++)
            sums[at] += (double)row[k];
}

/* Sums of the operands that are smaller than the result lie in the scratch, one after the other. */
static void begin_sums(struct pair *pair, const struct step_io *io)
{
    double *place = (double *)(void *)io->scratch;
    for (int i = 0; i < 2; i++) {
        struct side *operand = &pair->operand[i];
        const size_t size = shape_size(operand->shape);
        if (operand->input < 0 || size == shape_size(io->out))
            continue;
        operand->sums = memset(place, 0, size * sizeof *place);
        place += size;
    }
}

static void end_sums(const struct pair *pair, const struct step_io *io)
{
    for (int i = 0; i < 2; i++) {
        const struct side *operand = &pair->operand[i];
        for (size_t k = 0; operand->sums && k < shape_size(operand->shape); k++)
            io->dx[operand->input][k] += (float)operand->sums[k];
    }
}

static size_t scratch_floats(const struct step *step, const struct shape *in, struct shape out, bool is_backward)
{
    size_t doubles = 0;
    for (int i = 0; i < step->input_count && is_backward; i++)
        doubles += shape_size(in[i]) < shape_size(out) ? shape_size(in[i]) : 0;
    return doubles * sizeof(double) / sizeof(float);
}

static void backward(const struct step *step, const struct step_io *io)
{
    struct pair pair = pair_of(step, io);
    float gradient[ROW];
    size_t out, at[2];
    begin_sums(&pair, io);
    for (size_t i = 0; i < pair_rows(&pair); i++) {
        struct row row = row_at(&pair, i, &out, at);
        row.d = io->dy + out;
        for (int k = 0; k < 2; k++) {
            const struct side *operand = &pair.operand[k];
            if (operand->input < 0)
                continue;
            pair.kind->by[k](&row, gradient);
            add_gradient(operand, pair.step[k][2], at[k], gradient, row.n, io->dx[operand->input]);
        }
    }
    end_sums(&pair, io);
}

static void tangent(const struct step *step, const struct step_io *io, const float *const *dx, float *dy)
{
    const struct pair pair = pair_of(step, io);
    float given[ROW], part[ROW];
    size_t out, at[2];
    memset(dy, 0, shape_size(io->out) * sizeof *dy);
    for (size_t i = 0; i < pair_rows(&pair); i++) {
        struct row row = row_at(&pair, i, &out, at);
        row.d = given;
        for (int k = 0; k < 2; k++) {
            const int input = pair.operand[k].input;
            for (int n = 0; input >= 0 && n < row.n; n++)
                given[n] = dx[input][at[k] + (size_t)n * pair.step[k][2]];
            if (input < 0)
                continue;
            pair.kind->by[k](&row, part);
            add_values(dy + out, part, (size_t)row.n);
        }
    }
}

/* -- multipliers ---------------------------------------------------------------------------------------------------- */

static void multiply_linear(const struct step *step, const struct step_io *io, const struct step_io *reference)
{
    (void)reference;
    backward(step, io);
}

/*
 * The multiplier of each operand between the reference, x0, and the value, x. As in a max pool the operand with the
 * larger of the two maxima has all of it, with the secant's slope; equal operands have half each. `sign` -1: minimum.
 */
static void rescale_largest(const float *x, const float *x0, float sign, double *slope)
{
    const float top = sign * x[0] < sign * x[1] ? x[1] : x[0], top0 = sign * x0[0] < sign * x0[1] ? x0[1] : x0[0];
    const float *larger = sign * top0 > sign * top ? x0 : x;
    const int place = sign * larger[0] < sign * larger[1];
    const double run = (double)x[place] - (double)x0[place];
    slope[place] = run != 0 ? ((double)top - (double)top0) / run : x[0] == x[1] ? 0.5 : 1;
    slope[!place] = run == 0 && x[0] == x[1] ? 0.5 : 0;
}

static void multiply_largest(const struct step *step, const struct step_io *io, const struct step_io *reference)
{
    struct pair pair = pair_of(step, io);
    const float sign = step->node->op == &op_minimum ? -1 : 1;
    size_t out, at[2];
    begin_sums(&pair, io);
    for (size_t i = 0; i < pair_rows(&pair); i++) {
        const struct row row = row_at(&pair, i, &out, at);
        for (size_t n = 0; n < (size_t)row.n; n++) {
            const size_t place[2] = {at[0] + n * pair.step[0][2], at[1] + n * pair.step[1][2]};
            const float x[2] = {io->x[0][place[0]], io->x[1][place[1]]};
            const float x0[2] = {reference->x[0][place[0]], reference->x[1][place[1]]};
            double slope[2];
            rescale_largest(x, x0, sign, slope);
            for (int k = 0; k < 2; k++) {
                const float gradient = (float)(slope[k] * (double)io->dy[out + n]);
                add_gradient(&pair.operand[k], false, place[k], &gradient, 1, io->dx[k]);
            }
        }
    }
    end_sums(&pair, io);
}

/* -- shapes and constants ------------------------------------------------------------------------------------------- */

static bool join(int x, int z, int *out)
{
    *out = x == 1 ? z : x;
    return x == z || x == 1 || z == 1;
}

static bool join_shapes(struct shape x, struct shape z, struct shape *out)
{
    return join(x.c, z.c, &out->c) && join(x.h, z.h, &out->h) && join(x.w, z.w, &out->w);
}

static const char *shape(const struct node *node, const struct shape *in, struct shape *out)
{
    (void)node;
    return join_shapes(in[0], in[1], out) ? NULL : "its values differ along an axis that is 1 in neither of them";
}

static const char *constant_result(const struct node *node, const struct shape *in, struct shape *out)
{
    const struct shape constant = constant_shape(node);
    if (constant.c < 1 || constant.h < 1 || constant.w < 1)
        return "its constant has no values";
    return join_shapes(in[0], constant, out) ? NULL
                                             : "its constant differs from its value along an axis that is 1 in neither";
}

static double macs(const struct node *node, const struct shape *in)
{
    (void)in;
    return (double)shape_size(node->shape);
}

static int parameters(const struct node *node, const struct shape *in, struct parameter *out)
{
    (void)in;
    const struct constant *constant = node->attributes;
    out[0] = (struct parameter){
        .name = "value", .role = PARAMETER_CONSTANT, .rank = 3, .dim = {constant->c, constant->h, constant->w}};
    return 1;
}

static int pack(struct packer *packer, struct step *step, struct error *err)
{
    const struct node *node = step->node;
    const struct shape constant = constant_shape(node);
    const bool is_addend = node->op == &op_constant_add || node->op == &op_constant_sub_from;
    float *value = arena_floats(packer->arena, shape_size(constant));
    if (!value)
        return error_memory(err, "packed weights");
    transpose(packer_tensor(packer, node, "value"), (size_t)constant.c, shape_positions(constant), value);
    if (is_addend && is_per_channel(constant, node->shape))
        step->bias = value;
    else
        step->weight = value;
    return 0;
}

/* Only as the same for all positions, and without enlarging the value. */
static bool factors(const struct packer *packer, const struct node *node, int channels, double *scale, double *shift)
{
    const struct constant *constant = node->attributes;
    const float *value = packer_tensor(packer, node, "value");
    if (constant->h > 1 || constant->w > 1 || node->shape.c != channels)
        return false;
    for (int k = 0; k < channels; k++) {
        const double own = value[constant->c > 1 ? k : 0];
        scale[k] = node->op == &op_constant_mul ? own : 1;
        shift[k] = node->op == &op_constant_mul ? 0 : own;
    }
    return true;
}

static const struct param attributes[] = {PARAM_INT(struct constant, c, 1, 1, 1 << 28, "channels of the tensor"),
                                          PARAM_INT(struct constant, h, 1, 1, 1 << 28, "height"),
                                          PARAM_INT(struct constant, w, 1, 1, 1 << 28, "width"),
                                          {0}};

#define BINARY \
    .inputs_least = 2, .inputs_most = 2, .shape = shape, .macs = macs, .fuses = true, .works_on_rows = true, \
    .scratch = scratch_floats, .forward = forward, .backward = backward

#define CONSTANT \
    .inputs_least = 1, .inputs_most = 1, .attributes = attributes, .attributes_size = sizeof(struct constant), \
    .shape = constant_result, .parameters = parameters, .macs = macs, .pack = pack, .fuses = true, \
    .works_on_rows = true, .scratch = scratch_floats, .forward = forward, .backward = backward

const struct op op_broadcast_add = {.name = "broadcast_add", BINARY, .is_linear = true};
const struct op op_sub = {.name = "sub", BINARY, .is_linear = true};
const struct op op_mul = {.name = "mul", BINARY};
const struct op op_div = {.name = "div", BINARY};
const struct op op_power = {.name = "power", BINARY};
const struct op op_maximum = {.name = "maximum", BINARY, .tangent = tangent, .multiply = multiply_largest};
const struct op op_minimum = {.name = "minimum", BINARY, .tangent = tangent, .multiply = multiply_largest};
const struct op op_constant_mul = {.name = "constant_mul", CONSTANT, .factors = factors, .is_linear = true};
const struct op op_constant_add = {
    .name = "constant_add", CONSTANT, .factors = factors, .tangent = tangent, .multiply = multiply_linear};
const struct op op_constant_sub_from = {
    .name = "constant_sub_from", CONSTANT, .tangent = tangent, .multiply = multiply_linear};
const struct op op_constant_over = {.name = "constant_over", CONSTANT};
const struct op op_constant_pow = {.name = "constant_pow", CONSTANT};
