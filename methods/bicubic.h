/*
 * methods/bicubic.h - enlarges a map as Pillow does.
 */
#ifndef METHODS_BICUBIC_H
#define METHODS_BICUBIC_H

#include "base/arena.h"

/*
 * Pillow's Image.resize(..., BICUBIC) of one plane (h,w) of floats to (out_h,out_w): a = -0.5, rows first, sums in
 * double; results are not clamped. Scratch memory is from the arena. 0, or -1: no memory.
 */
int resize_bicubic(const float *in, int h, int w, float *out, int out_h, int out_w, struct arena *arena);

#endif
