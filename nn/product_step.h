/*
 * nn/product_step.h - inside nn/: a step that is one product of all output positions of its images and packed weights.
 *
 * It is cut into blocks of rows, and where these are fewer than the threads have use for, of columns.
 */
#ifndef NN_PRODUCT_STEP_H
#define NN_PRODUCT_STEP_H

#include "nn/step.h"

#define PRODUCT_ROWS 192 /* of a block, at most; with a stretch of the depth they fit into the second cache */

struct product_part {
    long first; /* row */
    int rows, column, columns;
};

int product_blocks(const struct step *step, const struct step_io *io);
struct product_part product_part(const struct step *step, const struct step_io *io, int block);

/* Fills in all of `product` but where the rows are read, and runs it. */
void product_run(const struct step *step, const struct step_io *io, const struct product_part *part,
                 struct product *product);

/* Weights into panels: how many floats; packing, of a matrix whose element (k,column) is at k*row + column*stride. */
size_t product_packed(const struct kernel_set *set, size_t depth, int columns);
void product_pack(const struct kernel_set *set, size_t depth, int columns, size_t row, size_t stride,
                  const float *weight, float *packed);

#endif
