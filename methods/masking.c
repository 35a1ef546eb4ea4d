/* methods/masking.c - backgrounds and baselines of masked passes, masks made from maps. */
#include "methods/masking.h"

int mask_background(struct cam *cam, int space, int fill, const float **image)
{
    *image = NULL;
    if (fill == MASK_FILL_BLUR) /* the same in both spaces: normalising and blurring commute */
        *image = cam_blurred_input(cam, 51, 50);
    else if (space == MASK_SPACE_PIXEL)
        *image = cam_black_input(cam);
    else
        return 0;
    return *image ? 0 : -1;
}

struct frame {
    size_t pixels;
};

static void hide_all(void *context, int index, float *out)
{
    (void)index;
    const struct frame *frame = context;
    memset(out, 0, frame->pixels * sizeof *out);
}

int masked_baseline(struct cam *cam, const float *image, struct cam_output *out)
{
    const struct shape input = cam_input_shape(cam);
    struct frame frame = {(size_t)input.h * (size_t)input.w};
    return cam_masked(cam, 1, hide_all, &frame, image, out);
}

struct plane_masks plane_masks_of(const struct cam *cam, const float *map, size_t plane)
{
    const struct shape input = cam_input_shape(cam);
    return (struct plane_masks){cam, map, plane, (size_t)input.h * (size_t)input.w};
}

/* Runs in several threads, so it writes to `out` only. */
void plane_mask_write(void *context, int index, float *out)
{
    const struct plane_masks *masks = context;
    cam_upsample(masks->cam, masks->map + index * masks->plane, out, false);
    min_max(out, masks->pixels, 0, out);
}
