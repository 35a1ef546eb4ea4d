/* base/blur.h - a separable filter over planes of floats. */
#ifndef BASE_BLUR_H
#define BASE_BLUR_H

#include <stddef.h>

#define BLUR_TAPS_MAX 128

/* REFLECT: at 0 and size-1 without repeating them, as often as needed; ZERO: 0 outside. */
enum blur_border { BLUR_REFLECT, BLUR_ZERO };

struct blur {
    enum blur_border border;
    int count;          /* of taps, odd, at most BLUR_TAPS_MAX */
    const double *taps; /* along both axes; sums run in double in their order */
};

/* Filters `planes` planes (h,w), first along rows, then along columns. `rows` is scratch (h,w). */
void blur_planes(const struct blur *blur, const float *in, int planes, int h, int w, float *rows, float *out);

#endif
