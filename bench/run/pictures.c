/* bench/run/pictures.c - collects maps, and writes overlays and maps.h5. */
#include "bench/run/pictures.h"

#include "base/file.h"
#include "base/h5.h"
#include "bench/run/sheet.h"
#include "report/escape.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct kept_map {
    float *data; /* (H,W); NULL: undefined, and the panel shows the image without a map */
    char note[48];
};

/* An image whose overlay is not written yet; all zero before its first map and after its last. */
struct kept_image {
    uint8_t *pixels;
    struct kept_map *maps; /* [method] */
    int come;              /* number of maps so far */
};

struct pictures {
    struct arena arena;
    const struct run *run;
    int backbone;
    struct shape input;
    int kept_count;
    struct h5_writer *maps;
    int view_count;
    const char **views;     /* [view]: label of its first protocol */
    struct map_form *forms; /* [view][method]; h 0: no map so far */
    pthread_mutex_t lock;   /* guards what follows */
    struct kept_image *kept;
    int32_t *classes;     /* [view][image]; -1: not measured */
    float *probabilities; /* likewise */
};

static void drop(const struct pictures *pictures, struct kept_image *kept)
{
    for (int m = 0; kept->maps && m < pictures->run->config.method_count; m++)
        free(kept->maps[m].data);
    free(kept->maps);
    free(kept->pixels);
    *kept = (struct kept_image){0};
}

/* Names the views in the evaluator's order (bench/run/view.c). */
static void name_views(struct pictures *pictures)
{
    const struct panel *panel = &pictures->run->panel;
    for (int p = 0; p < panel->protocol_count; p++)
        if (panel_is_first_of_view(panel, p))
            pictures->views[pictures->view_count++] = panel->protocols[p].name;
}

struct pictures *pictures_create(const struct run *run, int backbone, struct shape input, struct h5_writer *maps,
                                 struct error *err)
{
    struct pictures *pictures = calloc(1, sizeof *pictures);
    if (!pictures) {
        error_memory(err, "overlays");
        return NULL;
    }
    *pictures = (struct pictures){.run = run, .backbone = backbone, .input = input, .maps = maps};
    arena_init(&pictures->arena, 0);
    pthread_mutex_init(&pictures->lock, NULL);
    const int asked = run->config.report.overlays;
    pictures->kept_count = asked < run->image_count ? asked : run->image_count;
    const size_t images = (size_t)run->image_count, count = (size_t)run->config.method_count;
    pictures->kept = arena_alloc(&pictures->arena, (size_t)pictures->kept_count, sizeof *pictures->kept);
    const size_t views = (size_t)panel_view_count(&run->panel);
    pictures->views = arena_alloc(&pictures->arena, views, sizeof *pictures->views);
    pictures->forms = arena_alloc(&pictures->arena, views * count, sizeof *pictures->forms);
    pictures->classes = arena_alloc(&pictures->arena, views * images, sizeof *pictures->classes);
    pictures->probabilities = arena_floats(&pictures->arena, views * images);
    if (!pictures->kept || !pictures->views || !pictures->forms || !pictures->classes || !pictures->probabilities) {
        error_memory(err, "overlays");
        pictures_free(pictures);
        return NULL;
    }
    name_views(pictures);
    for (size_t i = 0; i < views * images; i++)
        pictures->classes[i] = -1;
    return pictures;
}

void pictures_free(struct pictures *pictures)
{
    if (!pictures)
        return;
    for (int i = 0; pictures->kept && i < pictures->kept_count; i++)
        drop(pictures, &pictures->kept[i]);
    pthread_mutex_destroy(&pictures->lock);
    arena_release(&pictures->arena);
    free(pictures);
}

/* -- overlays ------------------------------------------------------------------------------------------------------ */

static int overlay_path(const struct pictures *pictures, int image, char path[PATH_MAX], struct error *err)
{
    const struct config *config = &pictures->run->config;
    char label[64], name[128], file[256];
    snprintf(file, sizeof file, "overlays/%s-%04d-%s.png",
             escape_file_name(config->backbones[pictures->backbone].label, label, sizeof label), image + 1,
             escape_file_name(pictures->run->image_names[image], name, sizeof name));
    return file_join(path, config->output, file, err);
}

bool pictures_want(const struct pictures *pictures, int image)
{
    return pictures->maps || image < pictures->kept_count;
}

int pictures_views(const struct pictures *pictures, int image)
{
    return pictures->maps ? pictures->view_count : image < pictures->kept_count ? 1 : 0;
}

bool pictures_have(const struct pictures *pictures, int image)
{
    char path[PATH_MAX];
    struct error err;
    return !pictures->maps && overlay_path(pictures, image, path, &err) == 0 && access(path, F_OK) == 0;
}

static int write_sheet(const struct pictures *pictures, const struct sheet *sheet, const struct kept_image *kept,
                       int image, struct error *err)
{
    const struct config *config = &pictures->run->config;
    const int count = config->method_count;
    struct overlay_panel *panels = calloc((size_t)count + 1, sizeof *panels);
    char folder[PATH_MAX], path[PATH_MAX];
    if (!panels)
        return error_memory(err, "an overlay");
    for (int m = 0; m < count; m++)
        panels[m + 1] = (struct overlay_panel){
            .title = config->methods[m].title, .subtitle = kept->maps[m].note, .map = kept->maps[m].data};
    const int status = file_make_inside(folder, config->output, "overlays", err) ||
                       overlay_path(pictures, image, path, err) || sheet_write(path, sheet, panels, count + 1, err);
    free(panels);
    return status_of(status);
}

/* Without the lock: the image's maps have all come, and no other thread has them. */
static int write_overlay(const struct pictures *pictures, int image, const struct kept_image *kept, struct error *err)
{
    const struct run_backbone *backbone = &pictures->run->backbones[pictures->backbone];
    const int klass = pictures->classes[image];
    const struct sheet sheet = {.image = pictures->run->image_names[image],
                                .klass = klass,
                                .class_name = class_names_shown(&backbone->classes, klass),
                                .probability = (double)pictures->probabilities[image],
                                .backbone = backbone->title,
                                .input = pictures->input,
                                .pixels = kept->pixels};
    return write_sheet(pictures, &sheet, kept, image, err);
}

/* Writes "ADCC 71.2 %", or why the value is undefined. */
static void note_of(const struct run *run, const struct evaluated_method *method, char *note, size_t size)
{
    const char *flag = sheet_flag(method->saliency.flag);
    snprintf(note, size, "%s", method->failure ? "failed" : flag ? flag : "");
    for (int k = 0; k < run->config.metric_count && !note[0]; k++)
        if (strcmp(run->config.metrics[k].metric->name, "adcc") == 0 && !method->values[k].undefined)
            snprintf(note, size, "ADCC %.1f %%", 100 * method->values[k].number);
}

static int keep_map(const struct pictures *pictures, const struct evaluated_method *method, struct kept_map *kept)
{
    const size_t plane = (size_t)pictures->input.h * (size_t)pictures->input.w;
    note_of(pictures->run, method, kept->note, sizeof kept->note);
    if (!method->saliency.data)
        return 0;
    kept->data = malloc(plane * sizeof *kept->data);
    if (!kept->data)
        return -1;
    memcpy(kept->data, method->saliency.data, plane * sizeof *kept->data);
    return 0;
}

/* Keeps the maps of an image, with the lock. */
static int keep(struct pictures *pictures, int image, const struct evaluated *evaluated, int method_count,
                struct error *err)
{
    struct kept_image *kept = &pictures->kept[image];
    const size_t bytes = 3 * (size_t)pictures->input.h * (size_t)pictures->input.w;
    if (!kept->maps) {
        kept->maps = calloc((size_t)pictures->run->config.method_count, sizeof *kept->maps);
        kept->pixels = malloc(bytes);
        if (!kept->maps || !kept->pixels)
            return error_memory(err, "an overlay");
        memcpy(kept->pixels, evaluated->pixels, bytes);
    }
    for (int i = 0; i < method_count; i++)
        if (keep_map(pictures, &evaluated->methods[i], &kept->maps[evaluated->methods[i].method]))
            return error_memory(err, "an overlay");
    kept->come += method_count;
    return 0;
}

static void keep_classes(struct pictures *pictures, int image, const struct evaluated *evaluated)
{
    for (int v = 0; v < pictures->view_count; v++) {
        const int row = v * pictures->run->image_count + image;
        pictures->classes[row] = evaluated->views[v].klass;
        pictures->probabilities[row] = (float)evaluated->views[v].probability;
    }
}

int pictures_add(struct pictures *pictures, int image, const struct evaluated *evaluated, int method_count,
                 struct error *err)
{
    struct kept_image whole = {0};
    int status = 0;
    if (!pictures_want(pictures, image))
        return 0;
    pthread_mutex_lock(&pictures->lock);
    keep_classes(pictures, image, evaluated);
    if (image < pictures->kept_count) {
        status = keep(pictures, image, evaluated, method_count, err);
        if (!status && pictures->kept[image].come >= pictures->run->config.method_count) {
            whole = pictures->kept[image];
            pictures->kept[image] = (struct kept_image){0};
        }
    }
    pthread_mutex_unlock(&pictures->lock);
    if (!status && whole.come)
        status = write_overlay(pictures, image, &whole, err);
    drop(pictures, &whole);
    return status;
}

/* -- maps.h5 ------------------------------------------------------------------------------------------------------- */

static void dataset_path(const struct pictures *pictures, int view, int method, const char *what, char *path,
                         size_t size)
{
    const struct config *config = &pictures->run->config;
    snprintf(path, size, "/%s/%s%s%s/%s", config->backbones[pictures->backbone].label, config->methods[method].label,
             view ? "/" : "", view ? pictures->views[view] : "", what);
}

int pictures_raw_views(const struct pictures *pictures)
{
    return pictures->maps ? pictures->view_count : 0;
}

int pictures_write(struct pictures *pictures, int image, int view, int method, const struct cam_map *raw,
                   struct error *err)
{
    struct map_form *form = &pictures->forms[view * pictures->run->config.method_count + method];
    char path[H5_PATH_MAX];
    dataset_path(pictures, view, method, "map", path, sizeof path);
    if (form->h == 0) {
        *form = raw->form;
        const uint64_t dim[3] = {(uint64_t)pictures->run->image_count, (uint64_t)form->h, (uint64_t)form->w};
        if (h5_define(pictures->maps, path, H5_FLOAT32, 3, dim, err))
            return -1;
    }
    return h5_write_rows(pictures->maps, path, (uint64_t)image, 1, raw->data, err);
}

/* Writes the columns beside the maps of a method in a view: which image each row is, and what was explained. */
static int write_columns(struct pictures *pictures, int view, int method, const int32_t *positions, struct error *err)
{
    const struct run *run = pictures->run;
    const uint64_t count = (uint64_t)run->image_count;
    const size_t first = (size_t)view * (size_t)run->image_count;
    const struct {
        const char *name;
        enum h5_type type;
        const void *data;
    } columns[] = {{"image", H5_INT32, positions},
                   {"class", H5_INT32, pictures->classes + first},
                   {"probability", H5_FLOAT32, pictures->probabilities + first}};
    char path[H5_PATH_MAX];
    for (size_t k = 0; k < sizeof columns / sizeof columns[0]; k++) {
        dataset_path(pictures, view, method, columns[k].name, path, sizeof path);
        if (h5_write(pictures->maps, path, columns[k].type, 1, &count, columns[k].data, err))
            return -1;
    }
    dataset_path(pictures, view, method, "name", path, sizeof path);
    return h5_write_texts(pictures->maps, path, run->image_names, count, err);
}

int pictures_finish(struct pictures *pictures, struct error *err)
{
    const struct run *run = pictures->run;
    const int count = run->config.method_count;
    int32_t *positions = arena_alloc(&pictures->arena, (size_t)run->image_count, sizeof *positions);
    if (!positions)
        return error_memory(err, "maps.h5");
    for (int i = 0; i < run->image_count; i++)
        positions[i] = (int32_t)run->chosen[i];
    for (int v = 0; pictures->maps && v < pictures->view_count; v++)
        for (int m = 0; m < count; m++)
            if (pictures->forms[v * count + m].h && write_columns(pictures, v, m, positions, err))
                return -1;
    return 0;
}
