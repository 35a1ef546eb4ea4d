/* models/onnx/name_map.c - a hash table with open addressing. */
#include "models/onnx/name_map.h"

#include <stdint.h>
#include <string.h>

/* The slot of the name, or the free one where it would be. */
static struct name_map_slot *slot_of(const struct name_map *map, const char *name)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    size_t at = (size_t)(hash ^ hash >> 32) & (map->capacity - 1);
    while (map->slots[at].name && strcmp(map->slots[at].name, name) != 0)
        at = (at + 1) & (map->capacity - 1);
    return &map->slots[at];
}

int name_map_find(const struct name_map *map, const char *name)
{
    const struct name_map_slot *slot = map->capacity ? slot_of(map, name) : NULL;
    return slot && slot->name ? slot->number : -1;
}

static int grow(struct name_map *map, struct arena *arena)
{
    struct name_map larger = {.capacity = map->capacity ? map->capacity * 2 : 256, .count = map->count};
    larger.slots = arena_alloc(arena, larger.capacity, sizeof *larger.slots);
    if (!larger.slots)
        return -1;
    for (size_t i = 0; i < map->capacity; i++)
        if (map->slots[i].name)
            *slot_of(&larger, map->slots[i].name) = map->slots[i];
    *map = larger;
    return 0;
}

int name_map_set(struct name_map *map, struct arena *arena, const char *name, int number)
{
    if (map->count * 2 >= map->capacity && grow(map, arena))
        return -1;
    struct name_map_slot *slot = slot_of(map, name);
    map->count += !slot->name;
    *slot = (struct name_map_slot){name, number};
    return 0;
}
