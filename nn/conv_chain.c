/*
 * nn/conv_chain.c - 1x1 convolution, depthwise convolution, 1x1 convolution as one step: MobileNetV2's inverted
 * residual (expand, depthwise, project), or its last two.
 *
 * Output rows are computed a few at a time. The expanded rows that these depend on lie in a ring buffer in scratch,
 * where each is computed once; the depthwise rows lie after it and are projected from there. So the wide values, six
 * times as large as those between blocks, stay in the L2 cache. The kernels and the order of sums are those of the
 * separate steps, so results are equal to the last bit.
 */
#include "nn/conv.h"

#define CHAIN_FLOATS ((size_t)64 << 10) /* of wide rows in scratch: half of a usual L2 cache */
#define BANDS_EACH 2 /* for each thread, when threads share images: rows at the borders of bands are computed twice */

struct chain {
    const struct step *expand; /* NULL: the depthwise convolution reads the input */
    const struct step *depthwise, *project;
    struct shape in, wide, deep, out; /* the input, the depthwise convolution's input and output, the result */
    int rows;                         /* output rows computed at a time */
    int lines;                        /* input rows that these depend on, from first to last */
};

static bool is_pointwise(const struct step *step)
{
    const struct conv2d *conv = conv_of(step);
    return step->algorithm == &conv_product && conv2d_is_pointwise(conv);
}

static size_t row_floats(struct shape shape)
{
    return (size_t)shape.w * (size_t)shape.c;
}

/* Floats of the expanded rows (0 without an expansion), and of the depthwise rows. */
static size_t wide_floats(const struct chain *chain, int rows)
{
    const size_t lines = chain->expand ? (size_t)conv2d_reach(conv_of(chain->depthwise), rows) : 0;
    return lines * row_floats(chain->wide) + (size_t)rows * row_floats(chain->deep);
}

/* Floats of the table of lines, rounded up to whole cache lines. */
static size_t table_floats(const struct chain *chain)
{
    return (pointer_floats((size_t)chain->lines) + 15) / 16 * 16;
}

static struct chain chain_of(const struct step *parts, int count, struct shape in)
{
    const struct step *last = &parts[count - 1];
    struct chain chain = {.expand = count == 3 ? parts : NULL,
                          .depthwise = last - 1,
                          .project = last,
                          .in = in,
                          .wide = count == 3 ? parts[0].node->shape : in,
                          .deep = last[-1].node->shape,
                          .out = last->node->shape,
                          .rows = 1};
    while (chain.rows < chain.out.h && wide_floats(&chain, chain.rows + 1) <= CHAIN_FLOATS)
        chain.rows++;
    chain.rows = divide_up(chain.out.h, divide_up(chain.out.h, chain.rows));
    chain.lines = conv2d_reach(conv_of(chain.depthwise), chain.rows);
    return chain;
}

static struct chain chain_of_step(const struct step *step, struct shape in)
{
    return chain_of(step->parts, step->part_count, in);
}

/*
 * A chain pays if its wide values are larger than its weights: it does not move the wide values through memory, but it
 * reads the weights of its products for each image, while separate steps read them once for a group of images.
 */
static bool pays(const struct chain *chain)
{
    const size_t wide = (chain->expand ? shape_size(chain->wide) : 0) + shape_size(chain->deep);
    const size_t weights = (chain->expand ? (size_t)chain->in.c * (size_t)chain->wide.c : 0) +
                           (size_t)chain->deep.c * (size_t)chain->out.c;
    return wide > weights && wide_floats(chain, chain->rows) <= 2 * CHAIN_FLOATS;
}

int conv_chain_length(const struct step *steps, int count, struct shape in)
{
    const int depthwise = count > 0 && is_pointwise(&steps[0]) ? 1 : 0, length = depthwise + 2;
    if (length > count || steps[depthwise].algorithm != &conv_depthwise || !is_pointwise(&steps[depthwise + 1]))
        return 0;
    for (int i = 0; i < length - 1; i++)
        if (steps[i + 1].inputs[0] != steps[i].output || steps[i].residual >= 0)
            return 0;
    const struct chain chain = chain_of(steps, length, in);
    return pays(&chain) ? length : 0;
}

static size_t scratch(const struct step *step, const struct shape *in, struct shape out, bool is_backward)
{
    (void)out, (void)is_backward;
    const struct chain chain = chain_of_step(step, in[0]);
    return table_floats(&chain) + wide_floats(&chain, chain.rows);
}

static int blocks(const struct step *step, const struct step_io *io)
{
    (void)step;
    return io->images * divide_up(io->out.h, shared_rows(io, BANDS_EACH));
}

/* Runs a 1x1 convolution on `rows` rows of positions. */
static void run_pointwise(const struct step *step, const struct step_io *io, const float *x, int rows, float *y)
{
    const struct conv2d *conv = conv_of(step);
    const int width = step->node->shape.w, depth = io->in[0].c;
    const struct product product = {.rows = rows * width,
                                    .columns = conv->out,
                                    .segments = 1,
                                    .length = depth,
                                    .x = x,
                                    .x_stride = (size_t)depth,
                                    .weight = step->packed,
                                    .y = y,
                                    .y_stride = (size_t)conv->out,
                                    .residual_stride = (size_t)conv->out,
                                    .finish = step_finish(step, io, 0, 0)};
    step->set->product(&product);
    step_activate(step, y, (size_t)product.rows, product.y_stride, product.y_stride);
}

/* Expands rows made..end-1, each into its place in the ring. */
static void expand(const struct chain *chain, const struct step_io *io, int made, int end, float *ring)
{
    struct step_io part = {.in = {chain->in}};
    for (int count; made < end; made += count) {
        const int place = made % chain->lines, room = chain->lines - place;
        count = smaller(end - made, room);
        run_pointwise(chain->expand, &part, io->x[0] + (size_t)made * row_floats(chain->in), count,
                      ring + (size_t)place * row_floats(chain->wide));
    }
}

/* Computes output rows first..first+rows-1 from their expanded rows. */
static void convolve(const struct chain *chain, const struct step_io *io, int first, int rows, const float *ring,
                     const float **lines, float *deep)
{
    const struct conv2d *conv = conv_of(chain->depthwise);
    const int top = first * conv->stride - conv->pad.top, count = conv2d_reach(conv, rows);
    const struct step_io part = {.in = {chain->wide}};
    for (int k = 0; k < count; k++) {
        const int y = top + k;
        if (y < 0 || y >= chain->wide.h)
            lines[k] = NULL;
        else if (chain->expand)
            lines[k] = ring + (size_t)(y % chain->lines) * row_floats(chain->wide);
        else
            lines[k] = io->x[0] + (size_t)y * row_floats(chain->wide);
    }
    struct depthwise d = depthwise_of(chain->depthwise, chain->wide, chain->deep);
    d.rows = rows;
    d.lines = lines;
    d.y = deep;
    d.finish = step_finish(chain->depthwise, &part, 0, 0);
    chain->depthwise->set->depthwise(&d);
    step_activate(chain->depthwise, deep, (size_t)rows, row_floats(chain->deep), row_floats(chain->deep));
}

static void project(const struct chain *chain, const struct step_io *io, int first, int rows, const float *deep)
{
    const size_t at = (size_t)first * row_floats(chain->out);
    const struct step_io part = {.in = {chain->deep}, .residual = io->residual ? io->residual + at : NULL};
    run_pointwise(chain->project, &part, deep, rows, io->y + at);
}

static void forward(const struct step *step, const struct step_io *all, int block)
{
    const struct chain chain = chain_of_step(step, all->in[0]);
    const struct conv2d *conv = conv_of(chain.depthwise);
    const int each = shared_rows(all, BANDS_EACH), bands = divide_up(all->out.h, each), begin = block % bands * each;
    const int end = smaller(all->out.h, begin + each);
    const struct step_io io = step_images(all, block / bands, 1);
    const float **lines = (const float **)(void *)io.scratch;
    float *ring = io.scratch + table_floats(&chain);
    float *deep = ring + wide_floats(&chain, chain.rows) - (size_t)chain.rows * row_floats(chain.deep);
    int made = begin * conv->stride - conv->pad.top;
    made = made > 0 ? made : 0;
    for (int first = begin, rows; first < end; first += rows) {
        rows = smaller(end - first, chain.rows);
        const int seen = first * conv->stride - conv->pad.top + conv2d_reach(conv, rows);
        const int needed = smaller(seen, chain.wide.h);
        if (chain.expand)
            expand(&chain, &io, made, needed, ring);
        made = needed > made ? needed : made;
        convolve(&chain, &io, first, rows, ring, lines, deep);
        project(&chain, &io, first, rows, deep);
    }
}

static const char *kernel_name(const struct step *step)
{
    return step->part_count == 3 ? "product, depthwise, product" : "depthwise, product";
}

/* Chains are made when a network is compiled, never by a graph: this operator needs no inputs and no shape(). */
static const char *no_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    (void)node, (void)in, (void)out;
    return "a chain is made of other operators";
}

const struct op op_conv_chain = {.name = "conv_chain",
                                 .inputs_least = 1,
                                 .inputs_most = 1,
                                 .shape = no_shape,
                                 .kernel_name = kernel_name,
                                 .scratch = scratch,
                                 .blocks = blocks,
                                 .forward = forward};

struct step conv_chain_step(const struct step *parts, int count, struct node *node)
{
    const struct step *last = &parts[count - 1];
    struct step step = *last;
    *node = *parts[0].node;
    node->op = &op_conv_chain;
    node->attributes = NULL;
    node->shape = last->node->shape;
    step.node = node;
    step.parts = parts;
    step.part_count = count;
    step.algorithm = step.plain = NULL; /* the parts have theirs */
    step.reverse = NULL;
    step.inputs[0] = parts[0].inputs[0];
    step.before = -1;
    step.is_part = false;
    return step;
}
