/* nn/product_step.c - divides, packs and runs the steps that are matrix products. */
#include "nn/product_step.h"

#define ROWS_SHARED 48 /* least rows of a block, if threads share many rows and few columns */
#define BLOCKS_EACH 4  /* for each thread, so that none waits long for the last block */

struct cut {
    int rows_each, row_blocks, panels_each, panel_blocks;
};

/*
 * Each block of rows reads all weights, and each block of columns reads all rows. To occupy the threads, rows are
 * divided further if there are many more of them than columns, and columns otherwise.
 */
static struct cut cut_of(const struct step *step, const struct step_io *io)
{
    const int panels = divide_up(io->out.c, step->set->panel), wanted = io->workers > 1 ? io->workers * BLOCKS_EACH : 1;
    const long rows = (long)io->images * (long)shape_positions(io->out);
    int blocks = (int)((rows + PRODUCT_ROWS - 1) / PRODUCT_ROWS);
    if (blocks < wanted && rows > (long)blocks * io->out.c)
        blocks = smaller((int)((rows + ROWS_SHARED - 1) / ROWS_SHARED), wanted);
    struct cut cut = {.panels_each = panels, .panel_blocks = 1};
    cut.rows_each = (int)((rows + blocks - 1) / blocks);
    cut.row_blocks = (int)((rows + cut.rows_each - 1) / cut.rows_each);
    if (cut.row_blocks < wanted) {
        cut.panels_each = divide_up(panels, divide_up(wanted, cut.row_blocks));
        cut.panel_blocks = divide_up(panels, cut.panels_each);
    }
    return cut;
}

int product_blocks(const struct step *step, const struct step_io *io)
{
    const struct cut cut = cut_of(step, io);
    return cut.row_blocks * cut.panel_blocks;
}

struct product_part product_part(const struct step *step, const struct step_io *io, int block)
{
    const struct cut cut = cut_of(step, io);
    const long rows = (long)io->images * (long)shape_positions(io->out);
    const int width = cut.panels_each * step->set->panel;
    struct product_part part = {.first = (long)(block / cut.panel_blocks) * cut.rows_each,
                                .rows = cut.rows_each,
                                .column = block % cut.panel_blocks * width,
                                .columns = width};
    if (part.rows > rows - part.first)
        part.rows = (int)(rows - part.first);
    if (part.columns > io->out.c - part.column)
        part.columns = io->out.c - part.column;
    return part;
}

void product_run(const struct step *step, const struct step_io *io, const struct product_part *part,
                 struct product *product)
{
    const size_t depth = (size_t)product->segments * (size_t)product->length;
    const size_t first = (size_t)part->first;
    product->rows = part->rows;
    product->columns = part->columns;
    product->column = part->column;
    product->weight = step->packed + (size_t)part->column * depth;
    product->y = io->y + panels_place(io->y_panels, io->out.c, first, 0);
    product->y_stride = panels_stride(io->y_panels, io->out.c);
    product->y_panel = io->y_panels.floats;
    product->residual_stride = panels_stride(io->residual_panels, io->out.c);
    product->residual_panel = io->residual_panels.floats;
    product->finish = step_finish(step, io, panels_place(io->residual_panels, io->out.c, first, 0), part->column);
    step->set->product(product);
    const int each = io->y_panels.channels ? step->set->panel : part->columns;
    for (int column = part->column; column < part->column + part->columns; column += each)
        step_activate(step, io->y + panels_place(io->y_panels, io->out.c, first, column), (size_t)part->rows,
                      (size_t)each, product->y_stride);
}

size_t product_packed(const struct kernel_set *set, size_t depth, int columns)
{
    return (size_t)divide_up(columns, set->panel) * (size_t)set->panel * depth;
}

void product_pack(const struct kernel_set *set, size_t depth, int columns, size_t row, size_t stride,
                  const float *weight, float *packed)
{
    for (int first = 0; first < columns; first += set->panel)
        for (size_t k = 0; k < depth; k++)
            for (int column = first; column < first + set->panel; column++)
                *packed++ = column < columns ? weight[k * row + (size_t)column * stride] : 0;
}
