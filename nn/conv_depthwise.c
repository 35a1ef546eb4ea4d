/* nn/conv_depthwise.c - depthwise convolution by a kernel of our own, in bands of output rows; lanes are channels. */
#include "nn/conv.h"

#define BANDS_EACH 4 /* for each thread, when threads share images */

static bool applies(const struct conv2d *conv, struct shape in, struct shape out)
{
    return conv->groups == in.c && out.c == in.c && in.c > 1;
}

static size_t packed_floats(const struct kernel_set *set, const struct conv2d *conv, int channels_in)
{
    return (size_t)divide_up(channels_in, set->lanes) * (size_t)set->lanes * (size_t)conv->kernel *
           (size_t)conv->kernel_w;
}

/* Packs torch's weight (channels, 1, kh, kw) as [block of lanes][tap][lane]. */
static void pack(const struct kernel_set *set, const struct conv2d *conv, int channels_in, const float *weight,
                 float *packed)
{
    const int taps = conv->kernel * conv->kernel_w;
    for (int block = 0; block < divide_up(channels_in, set->lanes); block++) {
        const int first = depthwise_channel(block, channels_in, set->lanes);
        for (int t = 0; t < taps; t++)
            for (int k = first; k < first + set->lanes; k++)
                *packed++ = k < channels_in ? weight[(size_t)k * (size_t)taps + (size_t)t] : 0;
    }
}

static size_t scratch(const struct kernel_set *set, const struct conv2d *conv, struct shape in, struct shape out)
{
    (void)set, (void)in;
    return pointer_floats((size_t)conv2d_reach(conv, out.h));
}

static int blocks(const struct step *step, const struct step_io *io)
{
    (void)step;
    return io->images * divide_up(io->out.h, shared_rows(io, BANDS_EACH));
}

struct depthwise depthwise_of(const struct step *step, struct shape in, struct shape out)
{
    const struct conv2d *conv = conv_of(step);
    return (struct depthwise){.channels = in.c,
                              .kernel = conv->kernel,
                              .kernel_w = conv->kernel_w,
                              .stride = conv->stride,
                              .stride_w = conv->stride_w,
                              .dilation = conv->dilation,
                              .dilation_w = conv->dilation_w,
                              .padding_w = conv->pad.left,
                              .width = in.w,
                              .columns = out.w,
                              .weight = step->packed};
}

static void forward(const struct step *step, const struct step_io *all, int block)
{
    const struct conv2d *conv = conv_of(step);
    const int each = shared_rows(all, BANDS_EACH), bands = divide_up(all->out.h, each), first = block % bands * each;
    const struct step_io io = step_images(all, block / bands, 1);
    const size_t at = (size_t)first * (size_t)io.out.w * (size_t)io.out.c;
    const float **lines = (const float **)(void *)io.scratch;
    struct depthwise d = depthwise_of(step, io.in[0], io.out);
    d.rows = smaller(io.out.h - first, each);
    const int top = first * conv->stride - conv->pad.top, count = conv2d_reach(conv, d.rows);
    for (int k = 0; k < count; k++) {
        const int y = top + k;
        lines[k] = y < 0 || y >= io.in[0].h ? NULL : io.x[0] + (size_t)y * (size_t)io.in[0].w * (size_t)io.in[0].c;
    }
    d.lines = lines;
    d.y = io.y + at;
    d.finish = step_finish(step, &io, at, 0);
    step->set->depthwise(&d);
    step_activate(step, d.y, (size_t)d.rows * (size_t)io.out.w, (size_t)io.out.c, (size_t)io.out.c);
}

const struct conv_algorithm conv_depthwise = {.name = "depthwise",
                                              .applies = applies,
                                              .packed = packed_floats,
                                              .pack = pack,
                                              .scratch = scratch,
                                              .blocks = blocks,
                                              .forward = forward};
