/* datasets/decode_picture.c - chooses the decoder by the first bytes. */
#include "datasets/decode.h"

#include "datasets/decode_formats.h"

#include <string.h>

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
