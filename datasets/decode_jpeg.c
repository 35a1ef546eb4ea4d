/*
 * datasets/decode_jpeg.c - JPEG by libjpeg-turbo with its defaults, which are Pillow's.
 *
 * libjpeg reports errors through a function that must not return; ours jumps back into decode_jpeg() (longjmp). The
 * library's warnings, most of which mean missing data, are errors here, apart from a few harmless ones.
 */
#include "datasets/decode_formats.h"

#include <setjmp.h>
#include <stdio.h>

#include <jerror.h>
#include <jpeglib.h>

#define SCANS_MAX 200 /* real progressive files have about ten; a hostile one keeps the library busy for minutes */

struct decoder {
    struct jpeg_decompress_struct jpeg; /* first, so that the library's pointer is ours */
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf back;
    struct error *err;
    uint8_t *line; /* CMYK only: one row */
};

_Noreturn static void give_up(struct decoder *decoder)
{
    longjmp(decoder->back, 1);
}

static void refuse(j_common_ptr jpeg)
{
    struct decoder *decoder = (struct decoder *)(void *)jpeg;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    const int code = jpeg->err->msg_code;
    if (code == JERR_OUT_OF_MEMORY)
        error_memory(decoder->err, "a picture");
    else if (code == JWRN_JPEG_EOF || code == JERR_INPUT_EOF || code == JERR_INPUT_EMPTY)
        error_set(decoder->err, "truncated JPEG file");
    else
        error_set(decoder->err, "damaged JPEG file: %s", text);
    give_up(decoder);
}

static bool is_harmless(int warning)
{
    return warning == JWRN_EXTRANEOUS_DATA || warning == JWRN_JFIF_MAJOR || warning == JWRN_ADOBE_XFORM ||
           warning == JWRN_BOGUS_ICC;
}

static void take_message(j_common_ptr jpeg, int level)
{
    if (level < 0 && !is_harmless(jpeg->err->msg_code))
        refuse(jpeg);
}

static void check_scans(j_common_ptr jpeg)
{
    struct decoder *decoder = (struct decoder *)(void *)jpeg;
    if (decoder->jpeg.input_scan_number <= SCANS_MAX)
        return;
    error_set(decoder->err, "JPEG of more than %d scans is not supported", SCANS_MAX);
    give_up(decoder);
}

/* a * b / 255, rounded as Pillow's MULDIV255 */
static int multiply_255(int a, int b)
{
    const int product = a * b + 128;
    return ((product >> 8) + product) >> 8;
}

/* Adobe stores CMYK inverted, and other programs follow; the conversion is Pillow's cmyk2rgb. */
static void rgb_of_inverted_cmyk(const uint8_t *in, uint8_t *out, int count)
{
    for (int i = 0; i < count; i++, in += 4, out += 3)
        for (int c = 0; c < 3; c++)
            out[c] = (uint8_t)(in[3] - multiply_255(255 - in[c], in[3]));
}

static int choose_colours(struct decoder *decoder)
{
    struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    switch (jpeg->num_components) {
    case 1:
    case 3:
        jpeg->out_color_space = JCS_RGB;
        return 0;
    case 4:
        jpeg->out_color_space = JCS_CMYK;
        return 0;
    default:
        return error_set(decoder->err, "JPEG of %d components is not supported", jpeg->num_components);
    }
}

static void read_rows(struct decoder *decoder, const struct picture *picture)
{
    struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *out = picture->data + (size_t)jpeg->output_scanline * (size_t)picture->w * 3;
        JSAMPROW row = decoder->line ? decoder->line : out;
        jpeg_read_scanlines(jpeg, &row, 1);
        if (decoder->line)
            rgb_of_inverted_cmyk(decoder->line, out, picture->w);
    }
}

static int decode(struct decoder *decoder, const void *bytes, size_t size, struct arena *arena, struct picture *picture)
{
    struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    if (setjmp(decoder->back))
        return -1;
    jpeg_create_decompress(jpeg);
    jpeg->progress = &decoder->progress;
    jpeg_mem_src(jpeg, bytes, (unsigned long)size);
    jpeg_read_header(jpeg, TRUE);
    if (choose_colours(decoder) ||
        decode_make_room("JPEG", jpeg->image_width, jpeg->image_height, arena, picture, decoder->err))
        return -1;
    if (jpeg->out_color_space == JCS_CMYK) {
        decoder->line = arena_alloc(arena, jpeg->image_width, 4);
        if (!decoder->line)
            return error_memory(decoder->err, "a picture");
    }
    jpeg_start_decompress(jpeg);
    read_rows(decoder, picture);
    jpeg_finish_decompress(jpeg);
    return 0;
}

int decode_jpeg(const void *bytes, size_t size, struct arena *arena, struct picture *picture, struct error *err)
{
    struct decoder decoder = {.err = err, .progress.progress_monitor = check_scans};
    decoder.jpeg.err = jpeg_std_error(&decoder.errors);
    decoder.errors.error_exit = refuse;
    decoder.errors.emit_message = take_message;
    const int status = decode(&decoder, bytes, size, arena, picture);
    jpeg_destroy_decompress(&decoder.jpeg);
    return status;
}
