/*
 * datasets/demo.c - scenes of one shape before a background, drawn from a random stream per image.
 *
 * Every image is drawn twice, once for its size and once for its bytes, so that memory holds one at a time.
 */
#include "datasets/demo.h"

#include "base/random.h"
#include "datasets/imageset.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#define WAVES 6 /* of a background */
#define QUALITY 90

/* Distance-like: negative inside, about 1 one unit outside; u,v in units of the shape's radius. */
static double disc(double u, double v)
{
    return hypot(u, v) - 1;
}

static double square(double u, double v)
{
    return fmax(fabs(u), fabs(v)) - 0.85;
}

static double triangle(double u, double v)
{
    return fmax(-v - 0.6, fmax(0.87 * u + 0.5 * v, -0.87 * u + 0.5 * v) - 0.6);
}

static double ring(double u, double v)
{
    return fabs(hypot(u, v) - 0.7) - 0.28;
}

static double cross(double u, double v)
{
    return fmax(fmin(fabs(u), fabs(v)) - 0.3, fmax(fabs(u), fabs(v)) - 0.95);
}

static double star(double u, double v)
{
    return hypot(u, v) - 0.65 - 0.33 * cos(5 * atan2(v, u));
}

static double bars(double u, double v)
{
    return fmax(fmax(fabs(u), fabs(v)) - 0.95, fabs(fmod(u + 4, 0.64) - 0.32) - 0.18);
}

static double checker(double u, double v)
{
    const double product = sin(u * 6.5) * sin(v * 6.5);
    return fmax(fmax(fabs(u), fabs(v)) - 0.95, 0.15 * (0.05 - product));
}

static double dots(double u, double v)
{
    const double x = fmod(u + 4, 0.64) - 0.32, y = fmod(v + 4, 0.64) - 0.32;
    return fmax(hypot(u, v) - 1, hypot(x, y) - 0.22);
}

static double crescent(double u, double v)
{
    return fmax(hypot(u, v) - 1, 0.75 - hypot(u - 0.5, v));
}

static const struct {
    const char *name;
    double (*distance)(double u, double v);
} shapes[DEMO_CLASSES] = {{"disc", disc},   {"square", square},    {"triangle", triangle}, {"ring", ring},
                          {"cross", cross}, {"star", star},        {"bars", bars},         {"checker", checker},
                          {"dots", dots},   {"crescent", crescent}};

struct scene {
    int kind, w, h;
    double x, y, radius, cosine, sine; /* the shape's place and turn */
    double background[3], shape[3], stripe, light_x, light_y, grain;
    struct wave {
        double x, y, phase, height[3];
    } waves[WAVES];
    struct random_stream random;
};

static double between(struct random_stream *random, double low, double high)
{
    return low + (high - low) * random_uniform(random);
}

static void choose_colours(struct scene *scene)
{
    struct random_stream *random = &scene->random;
    for (int c = 0; c < 3; c++) {
        scene->background[c] = between(random, 50, 200);
        const double step = between(random, 60, 110);
        scene->shape[c] = scene->background[c] > 125 ? scene->background[c] - step : scene->background[c] + step;
    }
    for (int i = 0; i < WAVES; i++) {
        struct wave *wave = &scene->waves[i];
        const double length = scene->radius * between(random, 0.1, 1.5), turn = between(random, 0, 6.283);
        wave->x = cos(turn) * 6.283 / length;
        wave->y = sin(turn) * 6.283 / length;
        wave->phase = between(random, 0, 6.283);
        for (int c = 0; c < 3; c++)
            wave->height[c] = between(random, -14, 14);
    }
}

static void compose(struct scene *scene, int image, int size, uint64_t seed)
{
    struct random_stream *random = &scene->random;
    *scene = (struct scene){.kind = image % DEMO_CLASSES};
    random_init(random, seed, random_purpose((uint64_t)image + 1, "demo scene"));
    scene->w = (int)between(random, 0.85 * size, 1.4 * size);
    scene->h = (int)between(random, 0.85 * size, 1.2 * size);
    const double side = scene->w < scene->h ? scene->w : scene->h;
    scene->radius = side * between(random, 0.18, 0.34);
    scene->x = between(random, scene->radius, scene->w - scene->radius);
    scene->y = between(random, scene->radius, scene->h - scene->radius);
    const double turn = between(random, -0.5, 0.5);
    scene->cosine = cos(turn) / scene->radius;
    scene->sine = sin(turn) / scene->radius;
    scene->stripe = between(random, 3, 9);
    scene->light_x = between(random, -40, 40) / scene->w;
    scene->light_y = between(random, -40, 40) / scene->h;
    scene->grain = between(random, 2, 7);
    choose_colours(scene);
}

/* How much of a pixel the shape covers, and where in the shape it lies. */
static double coverage(const struct scene *scene, int x, int y, double *u)
{
    const double dx = x + 0.5 - scene->x, dy = y + 0.5 - scene->y;
    *u = dx * scene->cosine + dy * scene->sine;
    const double v = dy * scene->cosine - dx * scene->sine;
    return fmin(1, fmax(0, 0.5 - shapes[scene->kind].distance(*u, -v) * scene->radius));
}

static void draw_pixel(struct scene *scene, int x, int y, uint8_t out[3])
{
    double u, wave[WAVES];
    const double share = coverage(scene, x, y, &u), pattern = 22 * sin(scene->stripe * u);
    const double light = scene->light_x * x + scene->light_y * y;
    for (int i = 0; i < WAVES; i++)
        wave[i] = sin(scene->waves[i].x * x + scene->waves[i].y * y + scene->waves[i].phase);
    for (int c = 0; c < 3; c++) {
        double ground = scene->background[c];
        for (int i = 0; i < WAVES; i++)
            ground += wave[i] * scene->waves[i].height[c];
        const double value = ground + share * (scene->shape[c] + pattern - ground) + light +
                             scene->grain * (random_uniform(&scene->random) * 2 - 1);
        out[c] = (uint8_t)fmin(255, fmax(0, value + 0.5));
    }
}

static void find_box(const struct scene *scene, int image, int32_t box[5])
{
    int x0 = scene->w, y0 = scene->h, x1 = 1, y1 = 1;
    double u;
    for (int y = 0; y < scene->h; y++)
        for (int x = 0; x < scene->w; x++)
            if (coverage(scene, x, y, &u) >= 0.5) {
                x0 = x < x0 ? x : x0;
                x1 = x + 1 > x1 ? x + 1 : x1;
                y0 = y < y0 ? y : y0;
                y1 = y + 1;
            }
    const int32_t found[5] = {image, x0 < x1 ? x0 : 0, y0 < y1 ? y0 : 0, x1, y1};
    memcpy(box, found, sizeof found);
}

struct encoder {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jmp_buf back;
    unsigned char *bytes; /* malloc'ed by libjpeg */
    unsigned long size;
};

/* libjpeg's errors must not return; here they mean that there is no memory. */
static void give_up(j_common_ptr jpeg)
{
    longjmp(((struct encoder *)jpeg->client_data)->back, 1);
}

static int encode(struct encoder *encoder, struct scene *scene, uint8_t *row)
{
    struct jpeg_compress_struct *jpeg = &encoder->jpeg;
    jpeg->err = jpeg_std_error(&encoder->errors);
    jpeg->client_data = encoder;
    encoder->errors.error_exit = give_up;
    if (setjmp(encoder->back))
        return -1;
    jpeg_create_compress(jpeg);
    jpeg_mem_dest(jpeg, &encoder->bytes, &encoder->size);
    jpeg->image_width = (JDIMENSION)scene->w;
    jpeg->image_height = (JDIMENSION)scene->h;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, QUALITY, TRUE);
    jpeg_start_compress(jpeg, TRUE);
    for (int y = 0; y < scene->h; y++) {
        for (int x = 0; x < scene->w; x++)
            draw_pixel(scene, x, y, row + 3 * x);
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
    return 0;
}

/* The scene as a JPEG file: encoder->bytes, which the caller frees. */
static int make_file(struct encoder *encoder, struct scene *scene, struct error *err)
{
    uint8_t *row = malloc((size_t)scene->w * 3);
    *encoder = (struct encoder){0};
    const int status = row ? encode(encoder, scene, row) : -1;
    jpeg_destroy_compress(&encoder->jpeg);
    free(row);
    if (!status)
        return 0;
    free(encoder->bytes);
    return error_memory(err, "a demo picture");
}

struct demo {
    int images, size;
    uint64_t seed;
    struct imageset_entry *entries;
    int32_t (*boxes)[5];
    struct arena arena;
};

static int describe(struct demo *demo, struct error *err)
{
    demo->entries = arena_alloc(&demo->arena, (size_t)demo->images, sizeof *demo->entries);
    demo->boxes = arena_alloc(&demo->arena, (size_t)demo->images, sizeof *demo->boxes);
    if (!demo->entries || !demo->boxes)
        return error_memory(err, "a demo image set");
    for (int i = 0; i < demo->images; i++) {
        struct scene scene;
        struct encoder encoder;
        compose(&scene, i, demo->size, demo->seed);
        find_box(&scene, i, demo->boxes[i]);
        const char *name = arena_format(&demo->arena, "scene_%05d_%s.jpg", i, shapes[scene.kind].name);
        if (!name)
            return error_memory(err, "a demo image set");
        if (make_file(&encoder, &scene, err))
            return -1;
        demo->entries[i] = (struct imageset_entry){.name = name, .label = scene.kind, .bytes = encoder.size};
        free(encoder.bytes);
    }
    return 0;
}

static int write_files(const struct demo *demo, struct imageset_writer *writer, struct error *err)
{
    int status = 0;
    for (int i = 0; i < demo->images && !status; i++) {
        struct scene scene;
        struct encoder encoder;
        compose(&scene, i, demo->size, demo->seed);
        if (make_file(&encoder, &scene, err))
            return -1;
        status = imageset_write_file(writer, encoder.bytes, encoder.size, err);
        free(encoder.bytes);
    }
    return status;
}

static int write_set(struct demo *demo, const char *path, struct error *err)
{
    const char *names[DEMO_CLASSES];
    for (int k = 0; k < DEMO_CLASSES; k++)
        names[k] = shapes[k].name;
    const struct imageset_description description = {.source = "generated demo scenes",
                                                     .created_by = "cambench",
                                                     .count = demo->images,
                                                     .entries = demo->entries,
                                                     .class_count = DEMO_CLASSES,
                                                     .class_names = names,
                                                     .class_ids = names,
                                                     .boxes = (const int32_t(*)[5])demo->boxes,
                                                     .box_count = demo->images};
    struct imageset_writer *writer = imageset_create(path, &description, err);
    if (!writer)
        return -1;
    if (!write_files(demo, writer, err))
        return imageset_commit(writer, err);
    imageset_abandon(writer);
    return -1;
}

int demo_generate(const char *path, int images, int size, uint64_t seed, struct error *err)
{
    if (images < 1)
        return error_set(err, "a demo image set of %d images; at least 1", images);
    if (size < DEMO_SIZE_MIN || size > DEMO_SIZE_MAX)
        return error_set(err, "demo pictures of %d pixels; allowed: %d..%d", size, DEMO_SIZE_MIN, DEMO_SIZE_MAX);
    struct demo demo = {.images = images, .size = size, .seed = seed};
    arena_init(&demo.arena, 0);
    const int status = describe(&demo, err) || write_set(&demo, path, err) ? -1 : 0;
    arena_release(&demo.arena);
    return status;
}
