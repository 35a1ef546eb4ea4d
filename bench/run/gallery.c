/*
 * bench/run/gallery.c - pictures and maps of the images that the page's gallery shows.
 *
 * Maps are the store's, of the first protocol. Pictures are decoded again from the image set and cut as the networks see
 * them, by the inputs that the manifest has; so no model is opened, and the gallery can be made for any finished run.
 */
#include "bench/run/page_data.h"

#include "base/json.h"
#include "base/text.h"
#include "bench/process/shipped.h"
#include "bench/run/manifest.h"
#include "bench/run/walk.h"
#include "datasets/encode.h"
#include "report/tasks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sides of pictures and maps on the page, and its size, of which this is about the half. */
enum { IMAGES_MAX = 60, IMAGES_LEAST = 6, SIDE_MAX = 224, MAP_MAX = 28, QUALITY = 82, BYTES_MAX = 5000000 };
enum { PICTURE_BYTES = 18000, MAP_BYTES = 220, VALUE_BYTES = 9 };

/* How the picture of a network is cut. */
struct cut {
    bool is_known;
    struct preprocess how;
};

struct gallery {
    const struct report *report;
    const struct config *config;
    const struct results_origin *origin;
    struct arena *arena;  /* of the result */
    struct arena scratch; /* until the next image */
    struct page_sources *out;
    struct imageset *set; /* NULL: none */
    struct cut *cuts;     /* [backbone] */
    int cut_count;        /* different ones */
    int *cut_of;          /* [backbone]: number of the cut; -1: not known */
};

/* -- cuts ---------------------------------------------------------------------------------------------------------- */

static int choice_of(const json_t *input, const char *key, const char *choices)
{
    const char *word = json_string_value(json_object_get(input, key));
    const int choice = word ? text_choice(choices, word) : -1;
    return choice < 0 ? 0 : choice;
}

/* Reads how pictures are cut from a backbone's entry of the manifest. */
static struct cut read_cut(const json_t *input, const struct protocol *protocol)
{
    const json_t *size = json_object_get(input, "size");
    const int h = (int)json_integer_value(json_array_get(size, 0)),
              w = (int)json_integer_value(json_array_get(size, 1));
    const struct picture_input own = {
        .resize = (enum picture_resize)choice_of(input, "resize", PICTURE_RESIZE_CHOICES),
        .interpolation = (enum picture_interpolation)choice_of(input, "interpolation", PICTURE_INTERPOLATION_CHOICES),
        .crop = json_number_value(json_object_get(input, "crop")),
        .channels = "rgb",
        .scale = 1,
        .deviation = {1, 1, 1}};
    if (h < 1 || w < 1 || h > PICTURE_SIDE_MAX || w > PICTURE_SIDE_MAX)
        return (struct cut){0};
    struct cut cut = {true, view_preprocess(protocol, (struct shape){3, h, w}, &own)};
    cut.how.channels = "rgb";
    return cut;
}

/* Whether two cuts show the same part of a picture. */
static bool is_same_cut(const struct preprocess *a, const struct preprocess *b)
{
    return a->squash == b->squash && fabs((double)a->resize_h / a->crop_h - (double)b->resize_h / b->crop_h) < 1e-3 &&
           fabs((double)a->resize_w / a->crop_w - (double)b->resize_w / b->crop_w) < 1e-3 &&
           (long)a->crop_h * b->crop_w == (long)b->crop_h * a->crop_w;
}

static void take_manifest(struct gallery *gallery, const char *folder)
{
    struct error ignored;
    json_t *manifest, *entry;
    size_t i;
    if (manifest_read(folder, &manifest, &ignored))
        return;
    json_array_foreach(json_object_get(manifest, "backbones"), i, entry)
    {
        const char *label = json_string_value(json_object_get(entry, "label"));
        for (int b = 0; label && b < gallery->report->backbone_count; b++)
            if (!gallery->cuts[b].is_known && strcmp(label, gallery->report->backbones[b].name) == 0)
                gallery->cuts[b] = read_cut(json_object_get(entry, "input"), &gallery->config->protocols[0]);
    }
    json_decref(manifest);
}

/* Numbers the different cuts. */
static void number_cuts(struct gallery *gallery)
{
    for (int b = 0; b < gallery->report->backbone_count; b++) {
        int earlier = 0;
        gallery->cut_of[b] = -1;
        if (!gallery->cuts[b].is_known)
            continue;
        while (earlier < b &&
               !(gallery->cuts[earlier].is_known && is_same_cut(&gallery->cuts[earlier].how, &gallery->cuts[b].how)))
            earlier++;
        gallery->cut_of[b] = earlier < b ? gallery->cut_of[earlier] : gallery->cut_count++;
    }
}

/* -- pictures ------------------------------------------------------------------------------------------------------ */

/* Position of an image in the set; -1: none of that name. */
static int find_image(const struct imageset *set, const char *name)
{
    for (int i = 0; set && i < imageset_count(set); i++)
        if (strcmp(imageset_name(set, i), name) == 0)
            return i;
    return -1;
}

/* Encodes a picture, cut and made small. */
static int encode_picture(struct gallery *gallery, const struct picture *picture, const struct preprocess *how,
                          struct page_picture *out, struct error *err)
{
    const int longer = how->crop_h > how->crop_w ? how->crop_h : how->crop_w;
    const int h = longer > SIDE_MAX ? (int)lround((double)how->crop_h * SIDE_MAX / longer) : how->crop_h;
    const int w = longer > SIDE_MAX ? (int)lround((double)how->crop_w * SIDE_MAX / longer) : how->crop_w;
    struct picture cut = {.h = how->crop_h, .w = how->crop_w}, small;
    struct encoded encoded;
    float *input = arena_floats(&gallery->scratch, 3 * (size_t)how->crop_h * (size_t)how->crop_w);
    if (!input)
        return error_memory(err, "the gallery");
    if (preprocess_picture(picture, how, &gallery->scratch, input, &cut.data, NULL, err) ||
        resize_picture(&cut, h < 1 ? 1 : h, w < 1 ? 1 : w, PREPROCESS_BILINEAR, &gallery->scratch, &small, err) ||
        encode_jpeg(&small, QUALITY, &encoded, err))
        return -1;
    uint8_t *kept;
#pragma omp critical(gallery_arena)
    kept = arena_alloc(gallery->arena, encoded.size, 1);
    if (kept)
        memcpy(kept, encoded.bytes, encoded.size);
    free(encoded.bytes);
    *out = (struct page_picture){kept, encoded.size};
    return kept ? 0 : error_memory(err, "the gallery");
}

/* Fills an image's pictures. A picture that cannot be decoded or cut is left out, without an error. */
static int read_pictures(struct gallery *gallery, struct page_image *image, struct page_picture *pictures,
                         struct error *err)
{
    const int at = find_image(gallery->set, gallery->report->images[image->image]);
    struct picture picture;
    struct error why;
    image->pictures = pictures;
    if (at < 0)
        return 0;
    int status = imageset_picture(gallery->set, at, &gallery->scratch, &picture, &why);
    for (int b = 0; b < gallery->report->backbone_count && !status; b++) {
        if (gallery->cut_of[b] != image->picture_count)
            continue;
        status = encode_picture(gallery, &picture, &gallery->cuts[b].how, &pictures[image->picture_count], &why);
        image->picture_count += !status;
    }
    if (!status || !why.is_system)
        return 0;
    *err = why;
    return -1;
}

/* -- maps ---------------------------------------------------------------------------------------------------------- */

/* Makes a map of at most MAP_MAX on a side, each value the mean of a block, and writes it as bytes. */
static int take_map(struct gallery *gallery, const struct saliency *saliency, int h, int w, struct page_map *out)
{
    const int step = ((h > w ? h : w) + MAP_MAX - 1) / MAP_MAX;
    const int rows = (h + step - 1) / step, columns = (w + step - 1) / step;
    uint8_t *bytes = arena_alloc(gallery->arena, (size_t)rows, (size_t)columns);
    float low = INFINITY, high = -INFINITY;
    if (!bytes)
        return -1;
    for (int i = 0; i < h * w; i++) {
        low = fminf(low, saliency->data[i]);
        high = fmaxf(high, saliency->data[i]);
    }
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++) {
            double sum = 0;
            int n = 0;
            for (int i = y * step; i < h && i < (y + 1) * step; i++)
                for (int j = x * step; j < w && j < (x + 1) * step; j++, n++)
                    sum += (double)saliency->data[i * w + j];
            bytes[y * columns + x] =
                high > low ? (uint8_t)lround(255 * (sum / n - (double)low) / ((double)high - (double)low)) : 0;
        }
    *out = (struct page_map){rows, columns, bytes};
    return 0;
}

static int read_map(struct gallery *gallery, struct store *store, int b, int m, int image, struct page_map *out,
                    struct error *err)
{
    struct store_item item;
    struct saliency saliency;
    struct cam_post post = measurement_post(&gallery->config->protocols[0]);
    if (store_read_item(store, b, image, m, &gallery->scratch, &item, err))
        return -1;
    for (int i = 0; i < item.map_count; i++) {
        const struct store_map *map = &item.maps[i];
        if (map->view != 0 || !map->data)
            continue;
        const struct cam_map raw = {.form = {map->h, map->w, map->is_signed, map->is_normalised},
                                    .data = (float *)map->data}; /* not written to */
        if (cam_finish(&raw, &post, map->h, map->w, &gallery->scratch, &saliency, err))
            return -1;
        return saliency.data && take_map(gallery, &saliency, map->h, map->w, out) ? error_memory(err, "the gallery")
                                                                                  : 0;
    }
    return 0;
}

static int read_maps(struct gallery *gallery, int b, int image, struct page_map *maps, struct error *err)
{
    for (int m = 0; m < gallery->report->method_count; m++)
        for (int i = 0; i < gallery->origin->store_count; i++) {
            struct store *store = gallery->origin->stores[i];
            if (!store_has_part(store, b, image, m))
                continue;
            if (read_map(gallery, store, b, m, image, &maps[m], err))
                return -1;
            break;
        }
    return 0;
}

/* The name of a class of the image set, in the arena; NULL: it has none. */
static const char *class_name(const struct gallery *gallery, int klass)
{
    const char *name = gallery->set && klass >= 0 ? imageset_class_name(gallery->set, klass) : NULL;
    return name ? arena_string(gallery->arena, name) : NULL;
}

/* A label without a rank in the base pass is no class of the network: then the set's names do not fit its classes. */
static int read_view(struct gallery *gallery, int b, int at, const struct page_image *image, struct page_view *view,
                     struct error *err)
{
    struct page_map *maps = arena_alloc(gallery->arena, (size_t)gallery->report->method_count, sizeof *maps);
    const int label = at < 0 ? -1 : imageset_label(gallery->set, at);
    struct store_base base = {0};
    int found = 0;
    if (!maps)
        return error_memory(err, "the gallery");
    for (int i = 0; i < gallery->origin->store_count && found == 0; i++)
        found = store_read_base(gallery->origin->stores[i], b, image->image, &base, err);
    if (found < 0 || read_maps(gallery, b, image->image, maps, err))
        return -1;
    *view = (struct page_view){.picture = gallery->cut_of[b] < image->picture_count ? gallery->cut_of[b] : -1,
                               .klass = found ? base.predicted : -1,
                               .probability = found ? base.probability : NAN,
                               .is_right = found && base.rank == 0,
                               .maps = maps};
    view->class_name = label >= 0 && base.rank < 0 ? NULL : class_name(gallery, view->klass);
    return 0;
}

static int read_image(struct gallery *gallery, struct page_image *image, struct error *err)
{
    const int at = find_image(gallery->set, gallery->report->images[image->image]);
    struct page_view *views = arena_alloc(gallery->arena, (size_t)gallery->report->backbone_count, sizeof *views);
    if (!views)
        return error_memory(err, "the gallery");
    arena_reset(&gallery->scratch);
    const int label = at < 0 ? -1 : imageset_label(gallery->set, at);
    image->label = class_name(gallery, label);
    if (label >= 0 && !image->label)
        image->label = arena_format(gallery->arena, "class %d", label);
    for (int b = 0; b < gallery->report->backbone_count; b++)
        if (read_view(gallery, b, at, image, &views[b], err))
            return -1;
    image->views = views;
    return 0;
}

/* -- gallery ------------------------------------------------------------------------------------------------------- */

/* As many images as fit into the page. */
static int images_wanted(const struct gallery *gallery)
{
    const struct report *report = gallery->report;
    const double maps = (double)report->method_count * report->backbone_count;
    const double bytes = gallery->cut_count * PICTURE_BYTES + maps * (MAP_BYTES + report->metric_count * VALUE_BYTES);
    const double fitting = BYTES_MAX / bytes;
    return fitting > IMAGES_MAX ? IMAGES_MAX : fitting < IMAGES_LEAST ? IMAGES_LEAST : (int)fitting;
}

/* The pictures of all images; a task is an image. */
struct all_pictures {
    const struct gallery *gallery;
    struct page_image *images;
    struct page_picture *pictures; /* [image][cut] */
};

static int take_pictures(void *context, int i, double *children, struct error *err)
{
    const struct all_pictures *all = context;
    struct gallery own = *all->gallery;
    int status = report_stopped(own.report, err);
    (void)children;
    arena_init(&own.scratch, 0);
    if (!status)
        status = read_pictures(&own, &all->images[i], all->pictures + i * own.cut_count, err);
    arena_release(&own.scratch);
    return status;
}

static int read_all_pictures(struct gallery *gallery, struct page_image *images, int count, struct error *err)
{
    const size_t pictures = (size_t)count * (size_t)gallery->cut_count;
    struct all_pictures all = {gallery, images, arena_alloc(gallery->arena, pictures + 1, sizeof *all.pictures)};
    if (!all.pictures)
        return error_memory(err, "the gallery");
    return report_run_tasks(gallery->report, count, gallery->report->threads, take_pictures, &all, err);
}

static int read_all(struct gallery *gallery, struct error *err)
{
    int *chosen;
    const int count = report_gallery(gallery->report, images_wanted(gallery), gallery->arena, &chosen);
    struct page_image *images = count < 0 ? NULL : arena_alloc(gallery->arena, (size_t)count + 1, sizeof *images);
    if (!images)
        return error_memory(err, "the gallery");
    for (int i = 0; i < count; i++)
        images[i].image = chosen[i];
    if (read_all_pictures(gallery, images, count, err))
        return -1;
    for (int i = 0; i < count; i++) {
        if (report_stopped(gallery->report, err) || read_image(gallery, &images[i], err))
            return -1;
    }
    gallery->out->images = images;
    gallery->out->image_count = count;
    return 0;
}

int gallery_read(const struct report *report, const struct config *config, const struct results_origin *origin,
                 struct arena *arena, struct page_sources *out, struct error *err)
{
    const size_t backbones = (size_t)report->backbone_count;
    struct error why = {0};
    struct gallery gallery = {.report = report,
                              .config = config,
                              .origin = origin,
                              .arena = arena,
                              .out = out,
                              .cuts = arena_alloc(arena, backbones, sizeof *gallery.cuts),
                              .cut_of = arena_alloc(arena, backbones, sizeof *gallery.cut_of)};
    const char *path = shipped_or(config->dataset.path, arena);
    if (!gallery.cuts || !gallery.cut_of || !path)
        return error_memory(err, "the gallery");
    arena_init(&gallery.scratch, 0);
    gallery.set = imageset_open(path, &why);
    for (int i = 0; i < origin->folder_count; i++)
        take_manifest(&gallery, origin->folders[i]);
    number_cuts(&gallery);
    if (!gallery.set)
        out->without = arena_string(arena, why.text);
    else if (gallery.cut_count == 0)
        out->without = "no manifest says how pictures are cut";
    const int status = read_all(&gallery, err);
    imageset_close(gallery.set);
    arena_release(&gallery.scratch);
    return status;
}
