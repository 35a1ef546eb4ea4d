/* datasets/import/import_picture.c - the structure of JPEG (ITU-T T.81, annex B) and PNG (ISO/IEC 15948) files. */
#include "datasets/import/import_picture.h"

#include "datasets/decode_formats.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <zlib.h>

struct file_scan {
    const uint8_t *bytes;
    size_t size, at;
    unsigned w, h;
    bool has_frame, has_data;
};

static unsigned big_16(const uint8_t *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

static uint32_t big_32(const uint8_t *bytes)
{
    return (uint32_t)big_16(bytes) << 16 | big_16(bytes + 2);
}

/* -- JPEG --------------------------------------------------------------------------------------------------------- */

enum { SOI = 0xd8, EOI = 0xd9, SOS = 0xda, TEM = 0x01 };

static bool is_frame(uint8_t marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/* Baseline, extended, progressive; the last two with arithmetic coding. */
static bool is_decodable(uint8_t marker)
{
    return marker <= 0xc2 || marker == 0xc9 || marker == 0xca;
}

static bool is_restart(uint8_t marker)
{
    return marker >= 0xd0 && marker <= 0xd7;
}

static int take_frame(struct file_scan *walk, uint8_t marker, const uint8_t *segment, unsigned length,
                      struct error *err)
{
    if (walk->has_frame)
        return error_set(err, "damaged JPEG file: a second frame");
    if (!is_decodable(marker) || length < 8 || segment[2] != 8)
        return error_set(err, "JPEG of a kind that is not supported (lossless, hierarchical or of more than 8 bits)");
    walk->has_frame = true;
    walk->h = big_16(segment + 3);
    walk->w = big_16(segment + 5);
    const int components = segment[7];
    if (components != 1 && components != 3 && components != 4)
        return error_set(err, "JPEG of %d components is not supported", components);
    return decode_check_sides("JPEG", walk->w, walk->h, err);
}

/* The next marker from `at` on; 0 at the end. Inside coded data, ff00 and restart markers do not count. */
static uint8_t next_marker(struct file_scan *walk)
{
    for (;;) {
        const uint8_t *mark =
            walk->at < walk->size ? memchr(walk->bytes + walk->at, 0xff, walk->size - walk->at) : NULL;
        if (!mark || mark + 1 == walk->bytes + walk->size)
            return 0;
        walk->at = (size_t)(mark - walk->bytes) + 1;
        const uint8_t marker = *++mark;
        if (marker == 0xff)
            continue;
        walk->at++;
        if (marker != 0 && marker != TEM && !is_restart(marker))
            return marker;
    }
}

static int walk_jpeg(struct file_scan *walk, struct error *err)
{
    uint8_t marker;
    for (walk->at = 2; (marker = next_marker(walk)) && marker != EOI;) {
        if (marker == SOI)
            return error_set(err, "damaged JPEG file: a second start");
        if (walk->size - walk->at < 2)
            break;
        const uint8_t *segment = walk->bytes + walk->at;
        const unsigned length = big_16(segment);
        if (length < 2)
            return error_set(err, "damaged JPEG file: a segment of %u bytes", length);
        if (walk->size - walk->at < length)
            break;
        if (is_frame(marker) && take_frame(walk, marker, segment, length, err))
            return -1;
        if (marker == SOS && !walk->has_frame)
            return error_set(err, "damaged JPEG file: data before a frame");
        walk->has_data |= marker == SOS;
        walk->at += length;
    }
    if (marker != EOI)
        return error_set(err, "truncated JPEG file");
    return walk->has_data ? 0 : error_set(err, "damaged JPEG file: no data");
}

/* -- PNG ---------------------------------------------------------------------------------------------------------- */

static int take_header(struct file_scan *walk, const uint8_t *chunk, uint32_t length, struct error *err)
{
    if (memcmp(chunk + 4, "IHDR", 4) != 0 || length != 13)
        return error_set(err, "damaged PNG file: it does not begin with its header");
    walk->has_frame = true;
    walk->w = big_32(chunk + 8);
    walk->h = big_32(chunk + 12);
    return decode_check_sides("PNG", walk->w, walk->h, err);
}

static int walk_png(struct file_scan *walk, struct error *err)
{
    for (walk->at = 8; walk->size - walk->at >= 12;) {
        const uint8_t *chunk = walk->bytes + walk->at;
        const uint32_t length = big_32(chunk);
        if (length > walk->size - walk->at - 12)
            break;
        const bool is_critical = !(chunk[4] & 0x20);
        if (is_critical && crc32(0, chunk + 4, length + 4) != big_32(chunk + 8 + length))
            return error_set(err, "damaged PNG file: a wrong check sum");
        if (!walk->has_frame && take_header(walk, chunk, length, err))
            return -1;
        walk->has_data |= memcmp(chunk + 4, "IDAT", 4) == 0;
        if (memcmp(chunk + 4, "IEND", 4) == 0)
            return walk->has_data ? 0 : error_set(err, "damaged PNG file: no data");
        walk->at += 12 + (size_t)length;
    }
    return error_set(err, "truncated PNG file");
}

int import_check_picture(const void *bytes, size_t size, int *w, int *h, struct error *err)
{
    static const struct {
        const char *start;
        size_t size;
        int (*walk)(struct file_scan *, struct error *);
    } formats[] = {{"\xff\xd8\xff", 3, walk_jpeg}, {"\x89PNG\r\n\x1a\n", 8, walk_png}};
    struct file_scan walk = {.bytes = bytes, .size = size};
    if (size == 0)
        return error_set(err, "empty file");
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (size >= formats[i].size && memcmp(bytes, formats[i].start, formats[i].size) == 0) {
            const int status = formats[i].walk(&walk, err);
            *w = (int)walk.w;
            *h = (int)walk.h;
            return status;
        }
    return error_set(err, "neither a JPEG nor a PNG file");
}
