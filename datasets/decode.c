/* datasets/decode.c - which format it is, and how large a picture may be. */
#include "datasets/decode.h"

#include "datasets/decode_formats.h"

#include <string.h>

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

int decode_picture(const void *bytes, size_t size, struct arena *arena, struct picture *picture, struct error *err)
{
    static const struct {
        const char *start;
        size_t size;
        int (*decode)(const void *, size_t, struct arena *, struct picture *, struct error *);
    } formats[] = {{"\xff\xd8\xff", 3, decode_jpeg}, {"\x89PNG\r\n\x1a\n", 8, decode_png}};
    if (size == 0)
        return error_set(err, "empty file");
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (size >= formats[i].size && memcmp(bytes, formats[i].start, formats[i].size) == 0)
            return formats[i].decode(bytes, size, arena, picture, err);
    return error_set(err, "neither a JPEG nor a PNG file");
}
