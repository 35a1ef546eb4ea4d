/* datasets/decode_formats.c - limits of a picture's size, for all formats. */
#include "datasets/decode_formats.h"

int decode_check_sides(const char *format, uint64_t w, uint64_t h, struct error *err)
{
    if (w == 0 || h == 0 || w > DECODE_SIDE_MAX || h > DECODE_SIDE_MAX || w * h > DECODE_PIXELS_MAX)
        return error_set(err, "%s of %llux%llu pixels; at most %d a side and %u million in all are supported", format,
                         (unsigned long long)w, (unsigned long long)h, DECODE_SIDE_MAX, DECODE_PIXELS_MAX >> 20);
    return 0;
}

int decode_make_room(const char *format, uint64_t w, uint64_t h, struct arena *arena, struct picture *picture,
                     struct error *err)
{
    if (decode_check_sides(format, w, h, err))
        return -1;
    *picture = (struct picture){.h = (int)h, .w = (int)w, .data = arena_alloc(arena, w * h, 3)};
    return picture->data ? 0 : error_memory(err, "a picture");
}
