/*
 * nn/conv_grouped.c - convolution in groups of channels, as in ResNeXt's 3x3 layers.
 *
 * A band of the input is copied, one piece of the channels after the other, with zeros around it: the inputs of a
 * vector of outputs are then dense, stay in the L1 cache and need no test for the border. Several pieces, a slab, are
 * copied together, so that cache lines of the image are read whole. An input in panels is not copied: the kernel reads
 * it where it is and leaves out taps outside the image.
 */
#include "nn/conv.h"

#include <stddef.h>

#define PIECE_FLOATS 6144 /* of a piece of a band, about: three quarters of an L1 cache of 32 KiB */
#define SLAB_CHANNELS 32  /* of a slab, about; with the pieces above, a quarter of an L2 cache */
#define PIECE_PAD 16      /* floats between pieces: strides that are powers of two would share the same cache sets */
#define BLOCKS_EACH 4     /* for each thread, so that none waits long for the last block */

/* The kernel takes groups whose outputs are a multiple of GROUPED_STRIP, and groups of 4 or 8 inputs and outputs. */
static bool applies(const struct conv2d *conv, struct shape in, struct shape out)
{
    const int inputs = in.c / conv->groups, outputs = out.c / conv->groups;
    if (conv->groups == 1 || out.c % GROUPED_STRIP)
        return false;
    return outputs % GROUPED_STRIP == 0 || (inputs == outputs && (outputs == 4 || outputs == 8));
}

/* How a layer is divided. */
struct cut {
    int inputs, outputs;   /* channels of a group */
    bool shares;           /* several groups share a vector */
    int pieces, channels;  /* number of pieces; input channels of each */
    int slab, slabs;       /* pieces of a slab; number of slabs */
    int piece_outputs;     /* outputs that read one piece */
    int rows, bands;       /* output rows of a band; bands of an image */
    int x_rows, x_columns; /* size of a band's input */
    size_t piece_floats;
};

static struct cut cut_of(const struct kernel_set *set, const struct conv2d *conv, struct shape in, struct shape out)
{
    struct cut cut = {.inputs = in.c / conv->groups, .outputs = out.c / conv->groups};
    cut.shares = cut.outputs < set->lanes;
    const int together = cut.shares ? set->lanes / cut.outputs : 1;
    cut.pieces = conv->groups / together;
    cut.channels = cut.inputs * together;
    cut.piece_outputs = cut.outputs * together;
    cut.slab = cut.channels < SLAB_CHANNELS ? SLAB_CHANNELS / cut.channels : 1;
    cut.slabs = divide_up(cut.pieces, cut.slab);
    cut.x_columns = (out.w - 1) * conv->stride_w + (conv->kernel_w - 1) * conv->dilation_w + 1;
    const long x_rows = PIECE_FLOATS / ((long)cut.x_columns * cut.channels),
               reach = (conv->kernel - 1) * conv->dilation;
    const long rows = x_rows > reach ? (x_rows - reach - 1) / conv->stride + 1 : 1;
    cut.bands = divide_up(out.h, rows < out.h ? (int)rows : out.h);
    cut.rows = divide_up(out.h, cut.bands);
    cut.bands = divide_up(out.h, cut.rows);
    cut.x_rows = (cut.rows - 1) * conv->stride + (int)reach + 1;
    cut.piece_floats = (size_t)cut.x_rows * (size_t)cut.x_columns * (size_t)cut.channels + PIECE_PAD;
    return cut;
}

static size_t channel_weights(const struct conv2d *conv, int channels_in)
{
    return (size_t)(channels_in / conv->groups) * (size_t)(conv->kernel * conv->kernel_w);
}

static size_t packed(const struct kernel_set *set, const struct conv2d *conv, int channels_in)
{
    (void)set;
    return (size_t)conv->out * channel_weights(conv, channels_in);
}

/* Packs torch's weight (out, in, kh, kw) as (out / lanes, kh, in, kw, lanes). */
static void pack(const struct kernel_set *set, const struct conv2d *conv, int channels_in, const float *weight,
                 float *out)
{
    const size_t inputs = (size_t)(channels_in / conv->groups), high = (size_t)conv->kernel,
                 wide = (size_t)conv->kernel_w;
    for (int first = 0; first < conv->out; first += set->lanes)
        for (size_t ky = 0; ky < high; ky++)
            for (size_t i = 0; i < inputs; i++)
                for (size_t kx = 0; kx < wide; kx++)
                    for (int k = first; k < first + set->lanes; k++)
                        *out++ = weight[(((size_t)k * inputs + i) * high + ky) * wide + kx];
}

static size_t scratch(const struct kernel_set *set, const struct conv2d *conv, struct shape in, struct shape out)
{
    const struct cut cut = cut_of(set, conv, in, out);
    return (size_t)cut.slab * cut.piece_floats;
}

/* Threads share images and bands and, if these are few, slabs. */
static int slab_parts(const struct cut *cut, const struct step_io *io)
{
    const int bands = io->images * cut->bands, wanted = io->workers > 1 ? io->workers * BLOCKS_EACH : 1;
    const int parts = divide_up(wanted, bands);
    return parts < cut->slabs ? parts : cut->slabs;
}

static int blocks(const struct step *step, const struct step_io *io)
{
    const struct cut cut = cut_of(step->set, conv_of(step), io->in[0], io->out);
    return io->images * cut.bands * slab_parts(&cut, io);
}

/* The work of a block: some rows of an image's result, and some of its pieces. */
struct part {
    int row, rows, piece, pieces;
};

static bool has_narrow_padding(const struct conv2d *conv)
{
    const struct sides *pad = &conv->pad;
    return pad->top <= 1 && pad->left <= 1 && pad->bottom <= 1 && pad->right <= 1;
}

static bool takes_panels(const struct kernel_set *set, const struct conv2d *conv, enum operand operand, int channels,
                         int panel)
{
    const int inputs = channels / conv->groups;
    if (operand == OPERAND_RESIDUAL || panel != set->panel || panel % GROUPED_STRIP || channels % panel)
        return false;
    return operand == OPERAND_Y || ((panel % inputs == 0 || inputs % panel == 0) && conv->kernel == 3 &&
                                    conv->kernel_w == 3 && conv->dilation == 1 && conv->dilation_w == 1 &&
                                    has_narrow_padding(conv) && conv->stride == conv->stride_w && conv->stride <= 2);
}

static void copy_band(const struct step *step, const struct step_io *io, const struct cut *cut, struct part part)
{
    const struct conv2d *conv = conv_of(step);
    step->set->grouped_band(&(struct grouped_band){.image = io->x[0] + (size_t)part.piece * (size_t)cut->channels,
                                                   .height = io->in[0].h,
                                                   .width = io->in[0].w,
                                                   .image_channels = io->in[0].c,
                                                   .top = part.row * conv->stride - conv->pad.top,
                                                   .left = -conv->pad.left,
                                                   .rows = cut->x_rows - (cut->rows - part.rows) * conv->stride,
                                                   .columns = cut->x_columns,
                                                   .channels = cut->channels,
                                                   .pieces = part.pieces,
                                                   .piece_floats = cut->piece_floats},
                            io->scratch);
}

/* Where a row and channel of the result begin. */
static size_t result_place(const struct step_io *io, int row, int channel)
{
    return panels_place(io->y_panels, io->out.c, (size_t)row * (size_t)io->out.w, channel);
}

/* Points the kernel at an input in panels, which is not copied. */
static void read_panels(const struct step *step, const struct step_io *io, const struct cut *cut, struct part part,
                        int channel, struct grouped *grouped)
{
    const struct conv2d *conv = conv_of(step);
    const int panel = step->set->panel, first = channel / cut->piece_outputs * cut->channels;
    grouped->top = part.row * conv->stride - conv->pad.top;
    grouped->left = -conv->pad.left;
    grouped->height = io->in[0].h;
    grouped->width = io->in[0].w;
    grouped->x_row = (size_t)io->in[0].w * (size_t)panel;
    grouped->x_down = (size_t)conv->stride * grouped->x_row;
    grouped->x = io->x[0] + (size_t)(first / panel) * io->x_panels.floats + (size_t)(first % panel) +
                 ((ptrdiff_t)grouped->top * io->in[0].w + grouped->left) * panel;
    grouped->piece_floats = (size_t)cut->channels;
    grouped->segments = divide_up(cut->inputs, panel);
    grouped->segment_floats = io->x_panels.floats;
    grouped->inputs = cut->inputs / grouped->segments;
}

/* Computes the strip of result channels that begins at `channel`; its first piece is one of the part's. */
static void run_strip(const struct step *step, const struct step_io *io, const struct cut *cut, struct part part,
                      int channel)
{
    const struct conv2d *conv = conv_of(step);
    const size_t column = panels_stride(io->y_panels, io->out.c), at = result_place(io, part.row, channel);
    const size_t x_row = (size_t)cut->x_columns * (size_t)cut->channels;
    struct grouped grouped = {
        .rows = part.rows,
        .columns = io->out.w,
        .kernel = conv->kernel,
        .kernel_w = conv->kernel_w,
        .stride = conv->stride_w,
        .dilation = conv->dilation,
        .dilation_w = conv->dilation_w,
        .inputs = cut->inputs,
        .outputs = cut->outputs,
        .shares = cut->shares,
        .x = io->scratch + (size_t)(channel / cut->piece_outputs - part.piece) * cut->piece_floats,
        .piece_floats = cut->piece_floats,
        .x_row = x_row,
        .x_down = (size_t)conv->stride * x_row,
        .weight = step->packed + (size_t)channel * channel_weights(conv, io->in[0].c),
        .y = io->y + at,
        .y_row = (size_t)io->out.w * column,
        .y_column = column,
        .finish = step_finish(step, io, at, channel),
    };
    if (io->x_panels.channels)
        read_panels(step, io, cut, part, channel, &grouped);
    step->set->grouped(&grouped);
}

static void forward(const struct step *step, const struct step_io *all, int block)
{
    const struct cut cut = cut_of(step->set, conv_of(step), all->in[0], all->out);
    const int parts = slab_parts(&cut, all), share = block % parts;
    const struct step_io io = step_images(all, block / parts / cut.bands, 1);
    struct part part = {.row = block / parts % cut.bands * cut.rows};
    part.rows = smaller(io.out.h - part.row, cut.rows);
    const int begin = cut.slabs * share / parts * cut.slab, end = cut.slabs * (share + 1) / parts * cut.slab;
    for (part.piece = begin; part.piece < smaller(end, cut.pieces); part.piece += cut.slab) {
        part.pieces = smaller(cut.pieces - part.piece, cut.slab);
        if (!io.x_panels.channels)
            copy_band(step, &io, &cut, part);
        const int channels = (part.piece + part.pieces) * cut.piece_outputs;
        for (int channel = part.piece * cut.piece_outputs; channel < channels; channel += GROUPED_STRIP)
            run_strip(step, &io, &cut, part, channel);
    }
    const int first = begin * cut.piece_outputs, last = smaller(end, cut.pieces) * cut.piece_outputs;
    const int each = io.y_panels.channels ? GROUPED_STRIP : last - first;
    for (int channel = first; channel < last; channel += each)
        step_activate(step, io.y + result_place(&io, part.row, channel), (size_t)part.rows * (size_t)io.out.w,
                      (size_t)each, panels_stride(io.y_panels, io.out.c));
}

const struct conv_algorithm conv_grouped = {.name = "grouped",
                                            .applies = applies,
                                            .packed = packed,
                                            .pack = pack,
                                            .scratch = scratch,
                                            .blocks = blocks,
                                            .forward = forward,
                                            .takes_panels = takes_panels};
