/*
 * methods/masking.h - shared by methods that mask the input: the image that shows where the mask is 0, and the score of
 * a baseline image. For files of this room.
 */
#ifndef METHODS_MASKING_H
#define METHODS_MASKING_H

#include "methods/method.h"

/*
 * What a mask multiplies. normalized: the network's input, so 0 leaves the mean colour; pixel: the picture, 0 leaves
 * black.
 */
enum mask_space { MASK_SPACE_NORMALIZED, MASK_SPACE_PIXEL };
#define MASK_SPACE_CHOICES "normalized|pixel"

/*
 * What shows where the mask is 0. zero: as the mask space; blur: the blurred image of Group-CAM (51x51, sigma 50;
 * arXiv:2103.13859).
 */
enum mask_fill { MASK_FILL_ZERO, MASK_FILL_BLUR };
#define MASK_FILL_CHOICES "zero|blur"

/*
 * Sets *image to the image (C,H,W) that shows where the mask is 0, for cam_masked(); NULL: zeros. 0, or -1 and the
 * context's error.
 */
int mask_background(struct cam *cam, int space, int fill, const float **image);

/* Runs one full pass on another image (C,H,W), NULL: zeros, and writes its scores. 0, or -1 and the context's error. */
int masked_baseline(struct cam *cam, const float *image, struct cam_output *out);

/* Masks (H,W) made from maps (n,h,w) of the target layer's size: N(U(map)), 0 if U(map) is constant. */
struct plane_masks {
    const struct cam *cam;
    const float *map;
    size_t plane, pixels; /* h*w, H*W */
};

struct plane_masks plane_masks_of(const struct cam *cam, const float *map, size_t plane);

/* Writes mask `index`; a cam_source whose context is the masks. */
void plane_mask_write(void *context, int index, float *out);

#endif
