/* tests/datasets/decoded.h - the pictures of tests/golden/preprocess.py, and comparing pixels with golden ones. */
#ifndef TESTS_DATASETS_DECODED_H
#define TESTS_DATASETS_DECODED_H

#include "datasets/decode.h"
#include "datasets/preprocess.h"

#include "tests/golden.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "tests/golden/pictures/"

struct bytes {
    uint8_t data[65536];
    size_t size;
};

static inline void read_bytes(const char *name, struct bytes *bytes)
{
    char path[256];
    snprintf(path, sizeof path, FOLDER "%s", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("no file %s", path);
    bytes->size = fread(bytes->data, 1, sizeof bytes->data, file);
    fclose(file);
}

static inline struct picture decode(const char *name, struct arena *arena)
{
    struct bytes *bytes = malloc(sizeof *bytes);
    struct picture picture = {0};
    struct error err;
    read_bytes(name, bytes);
    /* a copy of the exact size, so that reading beyond it shows */
    uint8_t *copy = malloc(bytes->size);
    memcpy(copy, bytes->data, bytes->size);
    if (decode_picture(copy, bytes->size, arena, &picture, &err))
        fail_msg("%s: %s", name, err.text);
    free(copy);
    free(bytes);
    return picture;
}

static inline uint32_t crc32_of(const uint8_t *data, size_t size)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

/* Height, width, checksum and the start of the middle row. */
static inline void check_picture(const struct golden *golden, const char *key, const struct picture *picture)
{
    size_t count;
    const double *want = golden_values(golden, key, &count);
    const uint8_t *row = picture->data + (size_t)(picture->h / 2) * (size_t)picture->w * 3;
    if (picture->h != (int)want[0] || picture->w != (int)want[1])
        fail_msg("%s: %dx%d, expected %gx%g", key, picture->h, picture->w, want[0], want[1]);
    for (size_t i = 3; i < count; i++)
        if (row[i - 3] != (int)want[i])
            fail_msg("%s: byte %zu of the middle row is %d, expected %g", key, i - 3, row[i - 3], want[i]);
    const uint32_t crc = crc32_of(picture->data, (size_t)picture->h * (size_t)picture->w * 3);
    if (crc != (uint32_t)want[2])
        fail_msg("%s: checksum %08x, expected %08x", key, crc, (uint32_t)want[2]);
}

#endif
