/*
 * nn/product_step.h - inside nn/: a step that is one matrix product, with a row for each output position of its images.
 *
 * The product is divided into blocks of rows and, if these are too few to occupy all threads, also of columns.
 */
#ifndef NN_PRODUCT_STEP_H
#define NN_PRODUCT_STEP_H

#include "nn/step.h"

#define PRODUCT_ROWS 192 /* most rows of a block: with PRODUCT_DEPTH of their floats, they fit into the L2 cache */

/* The rows and columns of a block. */
struct product_part {
    long first; /* row */
    int rows, column, columns;
};

int product_blocks(const struct step *step, const struct step_io *io);
struct product_part product_part(const struct step *step, const struct step_io *io, int block);

/* Fills in `product`, except for the fields that say where its rows are read, and runs it. */
void product_run(const struct step *step, const struct step_io *io, const struct product_part *part,
                 struct product *product);

/*
 * Packs a matrix in panels; its element (k,column) is at weight[k * row + column * stride]. product_packed() returns
 * how many floats that takes.
 */
size_t product_packed(const struct kernel_set *set, size_t depth, int columns);
void product_pack(const struct kernel_set *set, size_t depth, int columns, size_t row, size_t stride,
                  const float *weight, float *packed);

#endif
