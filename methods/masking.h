/*
 * methods/masking.h - what methods that mask the input share: what shows where the mask is 0, and the score of a
 * baseline image. For files of this room.
 */
#ifndef METHODS_MASKING_H
#define METHODS_MASKING_H

#include "methods/method.h"

/* normalized: a mask multiplies the network's input, 0 leaves the mean colour; pixel: the picture, 0 leaves black. */
enum mask_space { MASK_SPACE_NORMALIZED, MASK_SPACE_PIXEL };
#define MASK_SPACE_CHOICES "normalized|pixel"

/* zero: what the mask space leaves; blur: the blurred image, as Group-CAM (51x51 taps, sigma 50; arXiv:2103.13859). */
enum mask_fill { MASK_FILL_ZERO, MASK_FILL_BLUR };
#define MASK_FILL_CHOICES "zero|blur"

/* The image (3,H,W) that shows where the mask is 0; *image NULL: zeros, as cam_masked() takes it. */
int mask_background(struct cam *cam, int space, int fill, const float **image);

/* What one full pass says of another image (3,H,W), NULL: zeros. */
int masked_baseline(struct cam *cam, const float *image, struct cam_output *out);

#endif
