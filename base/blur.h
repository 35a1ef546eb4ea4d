/* base/blur.h - a separable filter over planes of floats. */
#ifndef BASE_BLUR_H
#define BASE_BLUR_H

#include <stddef.h>

#define BLUR_TAPS_MAX 224

/* REFLECT: mirrored at positions 0 and size-1, which are not repeated, as often as needed; ZERO: 0 outside. */
enum blur_border { BLUR_REFLECT, BLUR_ZERO };

struct blur {
    enum blur_border border;
    int count;          /* number of taps: odd, at most BLUR_TAPS_MAX */
    const double *taps; /* (count), the same for both axes; products are summed in double, in this order */
};

/* Filters `planes` planes (h,w) of `in` into `out`, first along rows, then along columns. `rows` is scratch (h,w). */
void blur_planes(const struct blur *blur, const float *in, int planes, int h, int w, float *rows, float *out);

#endif
