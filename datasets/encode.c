/* datasets/encode.c - encodes pictures by libjpeg and masks by libpng. */
#include "datasets/encode.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <png.h>

struct jpeg_encoder {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jmp_buf back;
};

/* libjpeg requires an error function that does not return. The only possible error here is a lack of memory. */
static void give_up(j_common_ptr jpeg)
{
    longjmp(((struct jpeg_encoder *)jpeg->client_data)->back, 1);
}

static int run_encoder(struct jpeg_encoder *encoder, const struct picture *picture, int quality, struct encoded *out)
{
    struct jpeg_compress_struct *jpeg = &encoder->jpeg;
    jpeg->err = jpeg_std_error(&encoder->errors);
    jpeg->client_data = encoder;
    encoder->errors.error_exit = give_up;
    if (setjmp(encoder->back))
        return -1;
    jpeg_create_compress(jpeg);
    jpeg_mem_dest(jpeg, &out->bytes, &out->size);
    jpeg->image_width = (JDIMENSION)picture->w;
    jpeg->image_height = (JDIMENSION)picture->h;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, quality, TRUE);
    jpeg_start_compress(jpeg, TRUE);
    for (int y = 0; y < picture->h; y++) {
        JSAMPROW row = picture->data + (size_t)y * (size_t)picture->w * 3;
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
    return 0;
}

/* No JPEG of the picture has more bytes: 6 for each pixel of whole blocks, and the headers (as tjBufSize()). */
static size_t most_bytes(const struct picture *picture)
{
    const size_t w = ((size_t)picture->w + 15) / 16 * 16, h = ((size_t)picture->h + 15) / 16 * 16;
    return 6 * w * h + 2048;
}

/*
 * The buffer is ours and large enough: one of libjpeg's own would move when it grows, and after an error the caller cannot
 * know where it is (libjpeg-turbo 2.1).
 */
int encode_jpeg(const struct picture *picture, int quality, struct encoded *out, struct error *err)
{
    struct jpeg_encoder encoder = {0};
    const size_t most = most_bytes(picture);
    unsigned char *const buffer = malloc(most);
    *out = (struct encoded){buffer, buffer ? most : 0};
    if (!buffer)
        return error_memory(err, "a JPEG file");
    const int status = run_encoder(&encoder, picture, quality, out);
    jpeg_destroy_compress(&encoder.jpeg);
    if (!status) {
        unsigned char *const fitting = realloc(out->bytes, out->size);
        out->bytes = fitting ? fitting : out->bytes;
        return 0;
    }
    free(buffer);
    *out = (struct encoded){0};
    return error_memory(err, "a JPEG file");
}

int encode_mask(const struct mask *mask, struct encoded *out, struct error *err)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)mask->w,
                       .height = (png_uint_32)mask->h,
                       .format = PNG_FORMAT_GRAY};
    png_alloc_size_t size = 0;
    *out = (struct encoded){0};
    if (png_image_write_to_memory(&image, NULL, &size, 0, mask->data, 0, NULL))
        out->bytes = malloc(size);
    if (out->bytes && png_image_write_to_memory(&image, out->bytes, &size, 0, mask->data, 0, NULL)) {
        out->size = size;
        return 0;
    }
    png_image_free(&image);
    free(out->bytes);
    *out = (struct encoded){0};
    return error_memory(err, "a PNG file");
}
