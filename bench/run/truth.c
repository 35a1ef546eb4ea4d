/* bench/run/truth.c - resizes and crops masks and boxes of the file as the picture was resized and cropped. */
#include "bench/run/truth.h"

#include <string.h>

int annotation_read(struct imageset *set, int image, const struct picture *picture, struct arena *arena,
                    struct annotation *annotation, struct error *err)
{
    const struct mask *mask = &annotation->mask;
    annotation->box_count = imageset_boxes(set, image, &annotation->boxes);
    if (imageset_mask(set, image, arena, &annotation->mask, err))
        return -1;
    if (mask->data && (mask->h != picture->h || mask->w != picture->w))
        return error_set(err, "image \"%s\": mask: has %dx%d pixels, the picture %dx%d", imageset_name(set, image),
                         mask->w, mask->h, picture->w, picture->h);
    return 0;
}

/* Replaces the image set's mask values by those of enum truth_pixel. */
static void name_pixels(uint8_t *pixels, size_t n)
{
    for (size_t i = 0; i < n; i++)
        pixels[i] = pixels[i] == MASK_LABELLED ? TRUTH_LABELLED : pixels[i] ? TRUTH_OTHER : TRUTH_NOTHING;
}

static int make_mask(const struct annotation *annotation, const struct preprocess_geometry *geometry,
                     struct shape input, struct arena *arena, struct truth *truth, struct error *err)
{
    struct mask mask;
    const size_t n = (size_t)input.h * (size_t)input.w;
    truth->no_mask = "no_truth";
    if (!annotation->mask.data)
        return 0;
    if (preprocess_mask(&annotation->mask, geometry, input.h, input.w, arena, &mask, err))
        return -1;
    name_pixels(mask.data, n);
    truth->mask = (struct truth_mask){input.h, input.w, mask.data};
    truth->no_mask = memchr(mask.data, TRUTH_LABELLED, n) ? NULL : "no_box";
    return 0;
}

/* The box around the visible part of the labelled object; the mask has at least one pixel of it. */
static struct truth_box box_of_mask(const struct truth_mask *mask)
{
    struct truth_box box = {mask->w, mask->h, 0, 0};
    for (int y = 0; y < mask->h; y++)
        for (int x = 0; x < mask->w; x++) {
            if (mask->data[(size_t)y * (size_t)mask->w + (size_t)x] != TRUTH_LABELLED)
                continue;
            box.x0 = x < box.x0 ? x : box.x0;
            box.y0 = y < box.y0 ? y : box.y0;
            box.x1 = x >= box.x1 ? x + 1 : box.x1;
            box.y1 = y + 1;
        }
    return box;
}

static int make_boxes(const struct annotation *annotation, const struct preprocess_geometry *geometry,
                      struct shape input, struct arena *arena, struct truth *truth, struct error *err)
{
    struct truth_box *list = arena_alloc(arena, (size_t)annotation->box_count + 1, sizeof *list);
    int count = 0;
    if (!list)
        return error_memory(err, "an image's boxes");
    for (int i = 0; i < annotation->box_count; i++) {
        struct box box;
        if (preprocess_box(&annotation->boxes[i], geometry, input.h, input.w, &box))
            list[count++] = (struct truth_box){box.x0, box.y0, box.x1, box.y1};
    }
    if (annotation->box_count == 0 && !truth->no_mask)
        list[count++] = box_of_mask(&truth->mask);
    truth->boxes = (struct truth_boxes){count, list};
    truth->no_boxes = count ? NULL : annotation->box_count ? "no_box" : truth->no_mask;
    return 0;
}

static int make_box_mask(struct shape input, struct arena *arena, struct truth *truth, struct error *err)
{
    uint8_t *pixels = arena_alloc(arena, (size_t)input.h * (size_t)input.w, 1);
    if (!pixels)
        return error_memory(err, "an image's boxes");
    for (int i = 0; i < truth->boxes.count; i++) {
        const struct truth_box *box = &truth->boxes.list[i];
        for (int y = box->y0; y < box->y1; y++)
            memset(pixels + (size_t)y * (size_t)input.w + (size_t)box->x0, TRUTH_LABELLED, (size_t)(box->x1 - box->x0));
    }
    truth->box_mask = (struct truth_mask){input.h, input.w, pixels};
    return 0;
}

const struct truth *truth_at_input(const struct annotation *annotation, const struct preprocess_geometry *geometry,
                                   struct shape input, int label, int klass, struct arena *arena, struct error *err)
{
    struct truth *truth = arena_alloc(arena, 1, sizeof *truth);
    if (!truth) {
        error_memory(err, "an image's truth");
        return NULL;
    }
    if (klass != label) {
        truth->no_mask = truth->no_boxes = label < 0 ? "no_label" : "other_class";
        return truth;
    }
    if (make_mask(annotation, geometry, input, arena, truth, err) ||
        make_boxes(annotation, geometry, input, arena, truth, err) || make_box_mask(input, arena, truth, err))
        return NULL;
    return truth;
}
