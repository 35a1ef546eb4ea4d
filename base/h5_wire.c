/* base/h5_wire.c - sizes that both sides compute. */
#include "base/h5_wire.h"

size_t h5_type_size(enum h5_type type)
{
    static const size_t size[] = {[H5_FLOAT16] = 2, [H5_FLOAT32] = 4, [H5_FLOAT64] = 8, [H5_UINT8] = 1,
                                  [H5_INT32] = 4,   [H5_INT64] = 8,   [H5_UINT64] = 8,  [H5_OTHER] = 0};
    return size[type];
}

uint64_t h5_rows(const struct h5_item *item)
{
    return item->rank ? item->dim[0] : 1;
}

uint64_t h5_row_elements(const struct h5_item *item)
{
    uint64_t product = 1;
    for (int i = 1; i < item->rank; i++)
        if (__builtin_mul_overflow(product, item->dim[i], &product))
            return 0;
    return product;
}
