/* models/onnx/name_map.h - from names to numbers. */
#ifndef MODELS_ONNX_NAME_MAP_H
#define MODELS_ONNX_NAME_MAP_H

#include "base/arena.h"

struct name_map {
    size_t capacity, count; /* capacity: a power of two */
    struct name_map_slot {
        const char *name; /* NULL: free */
        int number;
    } * slots;
};

/* The number of a name; -1: it has none. */
int name_map_find(const struct name_map *map, const char *name);

/* Gives a name, which is not copied, its number, or another one. -1: no memory. */
int name_map_set(struct name_map *map, struct arena *arena, const char *name, int number);

#endif
