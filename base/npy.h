/*
 * base/npy.h - reads NumPy's .npy files (format versions 1.0 to 3.0): arrays of floats, integers or truth values, of either
 * byte order, in C order.
 */
#ifndef BASE_NPY_H
#define BASE_NPY_H

#include "base/arena.h"
#include "base/error.h"

#include <stdint.h>

#define NPY_RANK_MAX 8

struct npy {
    int rank;
    uint64_t dim[NPY_RANK_MAX];
    float *data; /* in the arena, converted */
};

/*
 * Reads a file of at most `most` elements. Errors name what is wrong but not the file: not a .npy file, another type of
 * element, Fortran order, too many elements, fewer bytes than the shape needs; those of reading it; no memory.
 */
int npy_read(const char *path, uint64_t most, struct arena *arena, struct npy *out, struct error *err);

#endif
