/* nn/kernels/set.c - the table of the kernels of one instruction set. */
#include "nn/kernels/vector.h"

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

extern const struct kernel_set SET(kernels);
const struct kernel_set SET(kernels) = {
    .name = TEXT(KERNEL_SET),
    .lanes = LANES,
    .panel = PANEL,
    .tile_rows = TILE_ROWS,
    .product = SET(product),
    .depthwise = SET(depthwise),
    .winograd_input = SET(winograd_input),
    .max_pool = SET(max_pool),
    .product_transposed = SET(product_transposed),
    .sparse = SET(sparse),
    .winograd_output = SET(winograd_output),
    .grouped_band = SET(grouped_band),
    .grouped = SET(grouped),
};
