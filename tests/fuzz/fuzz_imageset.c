/* tests/fuzz/fuzz_imageset.c - image sets in HDF5: names, labels, boxes, the first pictures and masks. */
#include "datasets/imageset.h"
#include "tests/fuzz/fuzz.h"

#define IMAGES_MAX 4

FUZZ_SEEDS("tests/golden/imagesets");

static void look(struct imageset *set, int image)
{
    struct arena arena;
    struct picture picture;
    struct mask mask;
    struct error err;
    const struct box *boxes;
    arena_init(&arena, (size_t)64 << 20);
    imageset_name(set, image);
    imageset_boxes(set, image, &boxes);
    imageset_class_name(set, imageset_label(set, image));
    imageset_picture(set, image, &arena, &picture, &err);
    imageset_mask(set, image, &arena, &mask, &err);
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    struct imageset *set = imageset_open(fuzz_file(data, size), &err);
    for (int i = 0; set && i < imageset_count(set) && i < IMAGES_MAX; i++)
        look(set, i);
    imageset_close(set);
    return 0;
}
