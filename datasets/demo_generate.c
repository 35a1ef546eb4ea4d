/* datasets/demo_generate.c - writes generated scenes to an image set. */
#include "datasets/demo.h"

#include "base/arena.h"
#include "datasets/demo_class.h"
#include "datasets/demo_scene.h"
#include "datasets/encode.h"
#include "datasets/imageset.h"

#include <stdlib.h>
#include <string.h>

struct demo {
    const struct demo_options *options;
    struct imageset_entry *entries;
    struct encoded *files, *masks;
    int32_t (*boxes)[5];
    int box_count;
    struct arena arena;   /* lives as long as the set is made */
    struct arena drawing; /* reset for every scene */
};

/* Notes the box around the visible part of the labelled object, if there is any. */
static void note_box(struct demo *demo, int image, const struct mask *mask)
{
    int x0 = mask->w, y0 = mask->h, x1 = 0, y1 = 0;
    for (int y = 0; y < mask->h; y++)
        for (int x = 0; x < mask->w; x++)
            if (mask->data[(size_t)y * (size_t)mask->w + (size_t)x] == MASK_LABELLED) {
                x0 = x < x0 ? x : x0;
                x1 = x + 1 > x1 ? x + 1 : x1;
                y0 = y < y0 ? y : y0;
                y1 = y + 1;
            }
    const int32_t box[5] = {image, x0, y0, x1, y1};
    if (x0 < x1)
        memcpy(demo->boxes[demo->box_count++], box, sizeof box);
}

static int draw(struct demo *demo, const struct demo_scene *scene, int image, struct error *err)
{
    const size_t area = (size_t)scene->w * (size_t)scene->h;
    const struct picture picture = {scene->h, scene->w, arena_alloc(&demo->drawing, area, 3)};
    const struct mask mask = {scene->h, scene->w, arena_alloc(&demo->drawing, area, 1)};
    if (!picture.data || !mask.data)
        return error_memory(err, "a demo picture");
    demo_draw(scene, picture.data, mask.data);
    if (encode_jpeg(&picture, scene->quality, &demo->files[image], err))
        return -1;
    if (demo->options->no_objects)
        return 0;
    note_box(demo, image, &mask);
    return encode_mask(&mask, &demo->masks[image], err);
}

static int make_entry(struct demo *demo, int image, struct error *err)
{
    struct demo_scene scene;
    demo_compose(&scene, demo->options, image);
    const char *name = arena_format(&demo->arena, "scene_%05d_%s.jpg", image, demo_classes[scene.label].name);
    if (!name)
        return error_memory(err, "a demo image set");
    arena_reset(&demo->drawing);
    if (draw(demo, &scene, image, err))
        return -1;
    demo->entries[image] = (struct imageset_entry){
        .name = name, .label = scene.label, .bytes = demo->files[image].size, .mask_bytes = demo->masks[image].size};
    return 0;
}

static int make_entries(struct demo *demo, struct error *err)
{
    const size_t count = (size_t)demo->options->images;
    demo->entries = arena_alloc(&demo->arena, count, sizeof *demo->entries);
    demo->files = arena_alloc(&demo->arena, count, sizeof *demo->files);
    demo->masks = arena_alloc(&demo->arena, count, sizeof *demo->masks);
    demo->boxes = arena_alloc(&demo->arena, count, sizeof *demo->boxes);
    if (!demo->entries || !demo->files || !demo->masks || !demo->boxes) {
        demo->files = demo->masks = NULL;
        return error_memory(err, "a demo image set");
    }
    for (int i = 0; i < demo->options->images; i++)
        if (make_entry(demo, i, err))
            return -1;
    return 0;
}

static int write_entries(const struct demo *demo, struct imageset_writer *writer, struct error *err)
{
    for (int i = 0; i < demo->options->images; i++)
        if (imageset_write_file(writer, demo->files[i].bytes, demo->files[i].size, err))
            return -1;
    for (int i = 0; i < demo->options->images && !demo->options->no_objects; i++)
        if (imageset_write_mask(writer, demo->masks[i].bytes, demo->masks[i].size, err))
            return -1;
    return 0;
}

static int write_set(const struct demo *demo, const char *path, struct error *err)
{
    const char *names[DEMO_CLASSES];
    for (int k = 0; k < DEMO_CLASSES; k++)
        names[k] = demo_classes[k].name;
    const struct imageset_description description = {.source = "generated demo scenes",
                                                     .created_by = "cambench",
                                                     .count = demo->options->images,
                                                     .entries = demo->entries,
                                                     .class_count = DEMO_CLASSES,
                                                     .class_names = names,
                                                     .class_ids = names,
                                                     .boxes = (const int32_t(*)[5])demo->boxes,
                                                     .box_count = demo->box_count};
    struct imageset_writer *writer = imageset_create(path, &description, err);
    if (!writer)
        return -1;
    if (!write_entries(demo, writer, err))
        return imageset_commit(writer, err);
    imageset_abandon(writer);
    return -1;
}

static void release(struct demo *demo)
{
    for (int i = 0; i < demo->options->images && demo->files; i++) {
        free(demo->files[i].bytes);
        free(demo->masks[i].bytes);
    }
    arena_release(&demo->arena);
    arena_release(&demo->drawing);
}

int demo_generate(const char *path, const struct demo_options *options, struct error *err)
{
    if (options->images < 1)
        return error_set(err, "a demo image set of %d images; at least 1", options->images);
    if (options->size < DEMO_SIZE_MIN || options->size > DEMO_SIZE_MAX)
        return error_set(err, "demo pictures of %d pixels; allowed: %d..%d", options->size, DEMO_SIZE_MIN,
                         DEMO_SIZE_MAX);
    struct demo demo = {.options = options};
    arena_init(&demo.arena, 0);
    arena_init(&demo.drawing, 0);
    const int status = make_entries(&demo, err) || write_set(&demo, path, err) ? -1 : 0;
    release(&demo);
    return status;
}
