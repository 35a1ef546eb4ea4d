/*
 * datasets/imagenet.c - the table of ImageNet's classes, built into the program; lines are "n01440764 tench, Tinca
 * tinca".
 */
#include "datasets/imagenet.h"

#include "base/embed.h"

#include <assert.h>
#include <string.h>

EMBED(imagenet_classes_text, "datasets/imagenet_classes.txt");
extern const char imagenet_classes_text[];

const struct imagenet *imagenet_read(struct arena *arena)
{
    struct imagenet *imagenet = arena_alloc(arena, 1, sizeof *imagenet);
    char *text = arena_string(arena, imagenet_classes_text);
    if (!imagenet || !text)
        return NULL;
    for (int k = 0; k < IMAGENET_CLASSES; k++) {
        char *line = strsep(&text, "\n");
        assert(line);
        imagenet->id[k] = strsep(&line, " ");
        assert(line);
        imagenet->name[k] = line;
    }
    return imagenet;
}

int imagenet_find(const struct imagenet *imagenet, const char *id)
{
    int low = 0, high = IMAGENET_CLASSES - 1;
    while (low <= high) {
        const int middle = (low + high) / 2, order = strcmp(imagenet->id[middle], id);
        if (order == 0)
            return middle;
        *(order < 0 ? &low : &high) = middle + (order < 0 ? 1 : -1);
    }
    return -1;
}
