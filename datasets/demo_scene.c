/*
 * datasets/demo_scene.c - composes and draws the demo's scenes.
 *
 * Each image has two independent random streams, one for the evidence of the class (objects, pieces, occluders) and one
 * for everything else, so that either part can be changed alone.
 */
#include "datasets/demo_scene.h"

#include "base/random.h"
#include "datasets/demo_class.h"

#include <math.h>
#include <string.h>

/* Shares of the scenes that have each feature. */
#define SHARE_SECOND 0.2
#define SHARE_PIECES 0.4
#define SHARE_OCCLUDER 0.3
#define SHARE_HORIZON 0.5

/* Fractions of the shorter side: the networks' centre crop, 7/8 of it, holds every object nearly whole. */
#define RADIUS_MIN 0.15
#define RADIUS_MAX 0.29
#define REACH 0.42

#define SECOND_MIN 0.55 /* of the labelled object's radius: the label belongs to the larger object */
#define SECOND_MAX 0.7
#define CONTRAST 70 /* least difference between the two colours of an object, in grey levels */

static double between(struct random_stream *random, double low, double high)
{
    return low + (high - low) * random_uniform(random);
}

static bool chance(struct random_stream *random, double share)
{
    return random_uniform(random) < share;
}

static void choose_turn(struct random_stream *random, double size, double *cosine, double *sine)
{
    const double turn = between(random, 0, 2 * M_PI);
    *cosine = cos(turn) / size;
    *sine = sin(turn) / size;
}

static void choose_colour(struct random_stream *random, double colour[3])
{
    for (int c = 0; c < 3; c++)
        colour[c] = between(random, 15, 240);
}

/* Colours like those of earth, plants, stone and sky. */
static void choose_muted_colour(struct random_stream *random, double colour[3])
{
    const double grey = between(random, 45, 205);
    for (int c = 0; c < 3; c++)
        colour[c] = grey + between(random, -40, 40);
}

static double brightness(const double colour[3])
{
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2];
}

/* -- background --------------------------------------------------------------------------------------------------- */

static void choose_noise(struct random_stream *random, double cells, struct demo_noise *noise)
{
    const double turn = between(random, 0, M_PI), stretch = exp(between(random, -0.7, 0.7));
    const double persistence = between(random, 0.4, 0.75);
    double sum = 0;
    noise->across[0] = cos(turn) * cells * stretch;
    noise->across[1] = sin(turn) * cells * stretch;
    noise->down[0] = -sin(turn) * cells / stretch;
    noise->down[1] = cos(turn) * cells / stretch;
    for (int i = 0; i < DEMO_OCTAVES; i++)
        sum += noise->weights[i] = pow(persistence, i);
    for (int i = 0; i < DEMO_OCTAVES; i++)
        noise->weights[i] /= sum;
    noise->lattice = random_u32(random);
}

static void choose_thing(struct random_stream *random, double w, double h, double low, double high,
                         struct demo_thing *thing)
{
    const double side = fmin(w, h);
    thing->form = (int)random_below(random, 3);
    thing->x = between(random, 0, w);
    thing->y = between(random, 0, h);
    thing->long_side = side * between(random, low, high);
    thing->short_side = thing->long_side * between(random, 0.3, 0.9) * (thing->form == DEMO_STROKE ? 0.3 : 1);
    choose_turn(random, 1, &thing->cosine, &thing->sine);
    choose_colour(random, thing->colour);
    thing->grain = between(random, 5, 40);
}

static void compose_background(struct demo_scene *scene, int size, struct random_stream *random)
{
    const double area = between(random, 0.9, 1.3), aspect = exp(between(random, -0.3, 0.3));
    scene->w = (int)(size * sqrt(area * aspect) + 0.5);
    scene->h = (int)(size * sqrt(area / aspect) + 0.5);
    scene->quality = (int)between(random, 55, 96);
    for (int i = 0; i < 4; i++)
        choose_muted_colour(random, scene->palette[i]);
    scene->haze = between(random, 0, 30);
    for (int i = 0; i < 2; i++)
        scene->tilt[i] = between(random, -50, 50);
    scene->has_horizon = chance(random, SHARE_HORIZON);
    scene->horizon = between(random, 0.2, 0.8);
    scene->slope = between(random, -0.3, 0.3);
    choose_noise(random, between(random, 1, 4), &scene->field);
    choose_noise(random, between(random, 1, 3), &scene->tint);
    choose_noise(random, between(random, 3, 12), &scene->ground);
    choose_noise(random, between(random, 8, 30), &scene->grain);
    scene->thing_count = (int)random_below(random, DEMO_CLUTTER_MAX + 1);
    for (int i = 0; i < scene->thing_count; i++)
        choose_thing(random, scene->w, scene->h, 0.03, 0.25, &scene->things[i]);
}

/* -- objects ------------------------------------------------------------------------------------------------------ */

static void choose_object(struct random_stream *random, int kind, double radius, struct demo_object *object)
{
    object->kind = kind;
    object->radius = radius;
    choose_turn(random, radius, &object->cosine, &object->sine);
    do {
        choose_colour(random, object->colours[0]);
        choose_colour(random, object->colours[1]);
    } while (fabs(brightness(object->colours[0]) - brightness(object->colours[1])) < CONTRAST);
    for (int i = 0; i < 2; i++)
        object->light[i] = between(random, -0.25, 0.25);
    object->grain = between(random, 0, 0.3);
}

static int other_class(struct random_stream *random, int kind)
{
    return (kind + 1 + (int)random_below(random, DEMO_CLASSES - 1)) % DEMO_CLASSES;
}

/* Places the object so near to the picture's centre that it is inside the crop. */
static void place(const struct demo_scene *scene, struct random_stream *random, struct demo_object *object)
{
    const double room = fmax(0, REACH * fmin(scene->w, scene->h) - object->radius);
    object->x = 0.5 * scene->w + between(random, -room, room);
    object->y = 0.5 * scene->h + between(random, -room, room);
}

static bool is_apart(const struct demo_object *a, const struct demo_object *b)
{
    return hypot(a->x - b->x, a->y - b->y) > 1.05 * (a->radius + b->radius);
}

static bool place_apart(const struct demo_scene *scene, struct random_stream *random, struct demo_object *object)
{
    for (int tries = 0; tries < 50; tries++) {
        place(scene, random, object);
        if (is_apart(object, &scene->object))
            return true;
    }
    return false;
}

static void choose_piece(struct demo_scene *scene, struct random_stream *random)
{
    struct demo_object *piece = &scene->pieces[scene->piece_count];
    const double turn = between(random, 0, 2 * M_PI);
    choose_object(random, other_class(random, scene->label), scene->object.radius * between(random, 0.5, 0.8), piece);
    piece->is_piece = true;
    piece->cut[0] = cos(turn);
    piece->cut[1] = sin(turn);
    piece->cut[2] = between(random, -0.5, -0.2);
    scene->piece_count += place_apart(scene, random, piece);
}

static void compose_objects(struct demo_scene *scene, struct random_stream *random)
{
    const double side = fmin(scene->w, scene->h);
    struct demo_thing *occluder = &scene->occluder;
    choose_object(random, scene->label, side * between(random, RADIUS_MIN, RADIUS_MAX), &scene->object);
    place(scene, random, &scene->object);
    if (chance(random, SHARE_SECOND)) {
        const double share = between(random, SECOND_MIN, SECOND_MAX);
        choose_object(random, other_class(random, scene->label), scene->object.radius * share, &scene->second);
        scene->has_second = place_apart(scene, random, &scene->second);
    }
    for (int n = chance(random, SHARE_PIECES) ? 1 + (int)random_below(random, DEMO_PIECES_MAX) : 0; n > 0; n--)
        choose_piece(scene, random);
    scene->has_occluder = chance(random, SHARE_OCCLUDER);
    const double radius = scene->object.radius, turn = between(random, 0, 2 * M_PI), away = between(random, 0.6, 1);
    choose_thing(random, radius, radius, 0.4, 0.8, occluder); /* on its rim */
    occluder->x = scene->object.x + radius * away * cos(turn);
    occluder->y = scene->object.y + radius * away * sin(turn);
}

void demo_compose(struct demo_scene *scene, const struct demo_options *options, int image)
{
    const uint64_t background = options->background_seed ? options->background_seed : options->seed;
    const uint64_t number = (uint64_t)image + 1;
    struct random_stream random;
    *scene = (struct demo_scene){.label = image % DEMO_CLASSES, .has_objects = !options->no_objects};
    random_init(&random, background, random_purpose(number, "demo background"));
    compose_background(scene, options->size, &random);
    random_init(&random, options->seed, random_purpose(number, "demo objects"));
    compose_objects(scene, &random);
}

/* -- drawing ------------------------------------------------------------------------------------------------------ */

/* Hashes a position to a number in -1..1. */
static double scatter(uint32_t key, int x, int y)
{
    uint32_t n = key ^ ((uint32_t)x * 0x9e3779b1u) ^ ((uint32_t)y * 0x85ebca77u);
    n = (n ^ (n >> 15)) * 0x2c1b3c6du;
    n = (n ^ (n >> 12)) * 0x297a2d39u;
    return (double)(n ^ (n >> 15)) * (2.0 / UINT32_MAX) - 1;
}

static double smooth(double t)
{
    return t * t * (3 - 2 * t);
}

static double blend(double a, double b, double share)
{
    return a + (b - a) * share;
}

static double noise_at(const struct demo_noise *noise, double x, double y)
{
    double u = x * noise->across[0] + y * noise->across[1], v = x * noise->down[0] + y * noise->down[1], sum = 0;
    for (int i = 0; i < DEMO_OCTAVES; i++, u = 2 * u + 17, v = 2 * v + 17) {
        const int x0 = (int)floor(u), y0 = (int)floor(v);
        const double along = smooth(u - x0), down = smooth(v - y0);
        const uint32_t key = noise->lattice + (uint32_t)i * 0x61c88647u;
        const double upper = blend(scatter(key, x0, y0), scatter(key, x0 + 1, y0), along);
        const double lower = blend(scatter(key, x0, y0 + 1), scatter(key, x0 + 1, y0 + 1), along);
        sum += noise->weights[i] * blend(upper, lower, down);
    }
    return sum;
}

static double clip(double x, double low, double high)
{
    return fmin(high, fmax(low, x));
}

struct pixel {
    double x, y, grain; /* grain: noise there */
    double colour[3];
    double labelled, second; /* shares of the pixel that the objects cover */
};

static void lay(struct pixel *pixel, double share, const double colour[3])
{
    for (int c = 0; c < 3; c++)
        pixel->colour[c] = blend(pixel->colour[c], colour[c], share);
    pixel->labelled *= 1 - share;
    pixel->second *= 1 - share;
}

static void draw_ground(const struct demo_scene *scene, struct pixel *pixel)
{
    const double side = fmax(scene->w, scene->h), x = pixel->x / side, y = pixel->y / side;
    const double field = noise_at(&scene->field, x, y), tint = noise_at(&scene->tint, x, y);
    const bool is_below = scene->has_horizon && y > scene->horizon + scene->slope * (x - 0.5) + 0.1 * field;
    const double share = clip(0.5 + 1.2 * (is_below ? noise_at(&scene->ground, x, y) : field), 0, 1);
    const double(*colours)[3] = scene->palette + (is_below ? 2 : 0);
    pixel->grain = noise_at(&scene->grain, x, y);
    for (int c = 0; c < 3; c++)
        pixel->colour[c] = blend(colours[0][c], colours[1][c], share) + scene->haze * tint + 25 * pixel->grain;
}

static void draw_thing(const struct demo_thing *thing, struct pixel *pixel)
{
    const double dx = pixel->x - thing->x, dy = pixel->y - thing->y;
    const double u = fabs(dx * thing->cosine + dy * thing->sine), v = fabs(dy * thing->cosine - dx * thing->sine);
    double distance; /* in pixels, approximate */
    if (thing->form == DEMO_BLOB)
        distance = (hypot(u / thing->long_side, v / thing->short_side) - 1) * thing->short_side;
    else if (thing->form == DEMO_SLAB)
        distance = fmax(u - thing->long_side, v - thing->short_side);
    else
        distance = hypot(fmax(0, u - thing->long_side), v) - thing->short_side;
    const double share = clip(0.5 - distance, 0, 1), light = 1 - 0.3 * v / thing->short_side;
    double colour[3];
    if (share == 0)
        return;
    for (int c = 0; c < 3; c++)
        colour[c] = thing->colour[c] * light + thing->grain * pixel->grain;
    lay(pixel, share, colour);
}

/*
 * Returns the share of the pixel that the object covers. It has no shadow, which would be evidence outside of the mask.
 */
static double draw_object(const struct demo_object *object, struct pixel *pixel)
{
    const struct demo_class *class = &demo_classes[object->kind];
    const double dx = pixel->x - object->x, dy = pixel->y - object->y;
    const double u = dx * object->cosine + dy * object->sine, v = dx * object->sine - dy * object->cosine;
    if (u * u + v * v > 1.6)
        return 0;
    double distance = class->outline(u, v);
    if (object->is_piece)
        distance = fmax(distance, u * object->cut[0] + v * object->cut[1] - object->cut[2]);
    const double share = clip(0.5 - distance * object->radius, 0, 1);
    if (share == 0)
        return 0;
    const double pattern = class->pattern(u, v, 1 / object->radius);
    const double light = 1 + object->light[0] * u + object->light[1] * v + object->grain * pixel->grain;
    double colour[3];
    for (int c = 0; c < 3; c++)
        colour[c] = light * blend(object->colours[0][c], object->colours[1][c], pattern);
    lay(pixel, share, colour);
    return share;
}

static void draw_objects(const struct demo_scene *scene, struct pixel *pixel)
{
    for (int i = 0; i < scene->piece_count; i++)
        draw_object(&scene->pieces[i], pixel);
    if (scene->has_second)
        pixel->second = draw_object(&scene->second, pixel);
    pixel->labelled = draw_object(&scene->object, pixel);
    if (scene->has_occluder)
        draw_thing(&scene->occluder, pixel);
}

static void draw_pixel(const struct demo_scene *scene, int x, int y, uint8_t *out, uint8_t *mask)
{
    struct pixel pixel = {.x = x + 0.5, .y = y + 0.5};
    draw_ground(scene, &pixel);
    for (int i = 0; i < scene->thing_count; i++)
        draw_thing(&scene->things[i], &pixel);
    if (scene->has_objects)
        draw_objects(scene, &pixel);
    const double light = scene->tilt[0] * (pixel.x / scene->w - 0.5) + scene->tilt[1] * (pixel.y / scene->h - 0.5);
    for (int c = 0; c < 3; c++)
        out[c] =
            (uint8_t)(clip(pixel.colour[c] + light + 5 * scatter(scene->grain.lattice + (uint32_t)c, x, y), 0, 255) +
                      0.5);
    *mask = pixel.labelled >= 0.5 ? MASK_LABELLED : pixel.second >= 0.5;
}

void demo_draw(const struct demo_scene *scene, uint8_t *pixels, uint8_t *mask)
{
    for (int y = 0; y < scene->h; y++)
        for (int x = 0; x < scene->w; x++, pixels += 3, mask++)
            draw_pixel(scene, x, y, pixels, mask);
}
