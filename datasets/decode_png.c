/*
 * datasets/decode_png.c - PNG by libpng's row API, without gamma, to what Pillow's convert("RGB") gives.
 *
 * As in Pillow, alpha is dropped, 16-bit colour keeps the high byte, 16-bit grey is clipped at 255, and indices beyond
 * the palette become greys. A mask's samples are not changed.
 */
#include "datasets/decode_formats.h"

#include "datasets/decode.h"

#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CHUNKS_MAX 256
#define CHUNK_BYTES_MAX ((png_alloc_size_t)8 << 20)

struct decoder {
    png_structp png;
    png_infop info;
    struct error *err;
    const uint8_t *bytes;
    size_t size, done;
    bool lacks_memory;
    png_uint_32 w, h;
    int depth, colour;
    uint8_t palette[256][3];
    uint8_t *samples; /* rows as libpng gives them */
    png_bytep *rows;
};

/* libpng requires an error function that does not return. */
_Noreturn static void refuse(png_structp png, png_const_charp text)
{
    struct decoder *decoder = png_get_error_ptr(png);
    if (decoder->lacks_memory)
        error_memory(decoder->err, "a picture");
    else if (decoder->done > decoder->size)
        error_set(decoder->err, "truncated PNG file");
    else
        error_set(decoder->err, "damaged PNG file: %s", text);
    longjmp(png_jmpbuf(png), 1);
}

/* libpng has several texts for a lack of memory, one of them zlib's. */
static png_voidp take_memory(png_structp png, png_alloc_size_t size)
{
    struct decoder *decoder = png_get_mem_ptr(png);
    void *memory = malloc(size);
    decoder->lacks_memory |= !memory;
    return memory;
}

static void free_memory(png_structp png, png_voidp memory)
{
    (void)png;
    free(memory);
}

static void ignore_warning(png_structp png, png_const_charp text)
{
    (void)png, (void)text;
}

static void take_bytes(png_structp png, png_bytep out, size_t size)
{
    struct decoder *decoder = png_get_io_ptr(png);
    if (size > decoder->size - decoder->done) {
        decoder->done = decoder->size + 1;
        png_error(png, "end of file");
    }
    memcpy(out, decoder->bytes + decoder->done, size);
    decoder->done += size;
}

static void read_palette(struct decoder *decoder)
{
    png_colorp colours = NULL;
    int count = 0;
    for (int i = 0; i < 256; i++)
        memset(decoder->palette[i], i, 3);
    if (png_get_PLTE(decoder->png, decoder->info, &colours, &count))
        for (int i = 0; i < count && i < 256; i++)
            memcpy(decoder->palette[i], (uint8_t[]){colours[i].red, colours[i].green, colours[i].blue}, 3);
}

static int prepare_picture(struct decoder *decoder, struct arena *arena, struct picture *picture)
{
    png_structp png = decoder->png;
    if (decode_make_room("PNG", decoder->w, decoder->h, arena, picture, decoder->err))
        return -1;
    if (decoder->colour == PNG_COLOR_TYPE_PALETTE)
        read_palette(decoder);
    if (decoder->depth < 8 && decoder->colour == PNG_COLOR_TYPE_GRAY)
        png_set_expand_gray_1_2_4_to_8(png);
    if (decoder->depth < 8)
        png_set_packing(png);
    if (decoder->depth == 16 && decoder->colour != PNG_COLOR_TYPE_GRAY)
        png_set_strip_16(png);
    if (decoder->colour & PNG_COLOR_MASK_ALPHA)
        png_set_strip_alpha(png);
    return 0;
}

static int read_samples(struct decoder *decoder, struct arena *arena)
{
    png_set_interlace_handling(decoder->png);
    png_read_update_info(decoder->png, decoder->info);
    const size_t stride = png_get_rowbytes(decoder->png, decoder->info);
    decoder->samples = arena_alloc(arena, decoder->h, stride);
    decoder->rows = arena_alloc(arena, decoder->h, sizeof *decoder->rows);
    if (!decoder->samples || !decoder->rows)
        return error_memory(decoder->err, "a picture");
    for (size_t y = 0; y < decoder->h; y++)
        decoder->rows[y] = decoder->samples + y * stride;
    png_read_image(decoder->png, decoder->rows);
    png_read_end(decoder->png, NULL);
    return 0;
}

static void convert_row(const struct decoder *decoder, const uint8_t *in, uint8_t *out)
{
    const size_t w = decoder->w;
    if (decoder->colour == PNG_COLOR_TYPE_PALETTE)
        for (size_t x = 0; x < w; x++)
            memcpy(out + 3 * x, decoder->palette[in[x]], 3);
    else if (decoder->colour & PNG_COLOR_MASK_COLOR)
        memcpy(out, in, w * 3);
    else if (decoder->depth == 16 && decoder->colour == PNG_COLOR_TYPE_GRAY)
        for (size_t x = 0; x < w; x++) /* above 255 if the high byte is not zero */
            memset(out + 3 * x, in[2 * x] ? 255 : in[2 * x + 1], 3);
    else
        for (size_t x = 0; x < w; x++)
            memset(out + 3 * x, in[x], 3);
}

/* Reads the rest of the file, after its header, as a picture or as a mask. */
typedef int read_target(struct decoder *decoder, struct arena *arena, void *target);

static int read_picture(struct decoder *decoder, struct arena *arena, void *target)
{
    const struct picture *picture = target;
    if (prepare_picture(decoder, arena, target) || read_samples(decoder, arena))
        return -1;
    for (size_t y = 0; y < decoder->h; y++)
        convert_row(decoder, decoder->rows[y], picture->data + y * decoder->w * 3);
    return 0;
}

static const char *colour_name(int colour)
{
    return colour == PNG_COLOR_TYPE_PALETTE ? "a palette"
           : colour == PNG_COLOR_TYPE_GRAY  ? "grey"
           : colour & PNG_COLOR_MASK_COLOR  ? "colour"
                                            : "grey and alpha";
}

static int read_mask(struct decoder *decoder, struct arena *arena, void *target)
{
    if (decoder->colour != PNG_COLOR_TYPE_GRAY || decoder->depth != 8)
        return error_set(decoder->err, "a PNG of one channel with 8 bits is needed; this one has %s with %d bits",
                         colour_name(decoder->colour), decoder->depth);
    if (decode_check_sides("PNG", decoder->w, decoder->h, decoder->err) || read_samples(decoder, arena))
        return -1;
    *(struct mask *)target = (struct mask){(int)decoder->h, (int)decoder->w, decoder->samples};
    return 0;
}

/*
 * Variables that change after setjmp() are members of the decoder, since locals would be indeterminate after longjmp().
 */
static int decode(struct decoder *decoder, struct arena *arena, read_target *read, void *target)
{
    if (setjmp(png_jmpbuf(decoder->png)))
        return -1;
    png_set_read_fn(decoder->png, decoder, take_bytes);
    png_set_user_limits(decoder->png, 0x7fffffff, 0x7fffffff); /* the message of decode_check_sides() is clearer */
    png_set_chunk_cache_max(decoder->png, CHUNKS_MAX);
    png_set_chunk_malloc_max(decoder->png, CHUNK_BYTES_MAX);
    png_read_info(decoder->png, decoder->info);
    png_get_IHDR(decoder->png, decoder->info, &decoder->w, &decoder->h, &decoder->depth, &decoder->colour, NULL, NULL,
                 NULL);
    return read(decoder, arena, target);
}

static int decode_bytes(const void *bytes, size_t size, struct arena *arena, read_target *read, void *target,
                        struct error *err)
{
    struct decoder decoder = {.err = err, .bytes = bytes, .size = size};
    decoder.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &decoder, refuse, ignore_warning, &decoder,
                                           take_memory, free_memory);
    decoder.info = decoder.png ? png_create_info_struct(decoder.png) : NULL;
    const int status = decoder.info ? decode(&decoder, arena, read, target) : error_memory(err, "a picture");
    png_destroy_read_struct(&decoder.png, &decoder.info, NULL);
    return status;
}

int decode_png(const void *bytes, size_t size, struct arena *arena, struct picture *picture, struct error *err)
{
    return decode_bytes(bytes, size, arena, read_picture, picture, err);
}

int decode_mask(const void *bytes, size_t size, struct arena *arena, struct mask *mask, struct error *err)
{
    return decode_bytes(bytes, size, arena, read_mask, mask, err);
}

/* The bytes read are those of the header chunk: signature, length, "IHDR", width, height, depth, colour. */
bool decode_clips(const char *bytes, size_t size)
{
    return size > 26 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0 && bytes[24] == 16 &&
           bytes[25] == PNG_COLOR_TYPE_GRAY;
}
