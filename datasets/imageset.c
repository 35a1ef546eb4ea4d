/*
 * datasets/imageset.c - reads image sets. The file is checked once, at opening, and everything except the pictures is
 * kept in memory.
 */
#include "datasets/imageset.h"

#include "base/h5.h"
#include "datasets/decode.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND "image set"
#define IMAGES_MAX (1 << 24)
#define CLASSES_MAX (1 << 20)
#define BOXES_MAX (1 << 26)
#define FILE_BYTES_MAX ((uint64_t)256 << 20) /* of one encoded picture */

enum layout { LAYOUT_OWN, LAYOUT_ARRAY, LAYOUT_ENCODED };

static const char *const layout_names[] = {"cambench", "array", "encoded files"};

/* Files of one kind (pictures or masks), stored one after the other in a dataset. */
struct files {
    const struct h5_item *data;
    uint64_t *offset; /* (count + 1) */
};

struct imageset {
    struct h5 *file;
    struct arena arena; /* holds everything below */
    enum layout layout;
    const struct h5_item *pictures; /* /images; NULL in LAYOUT_OWN */
    struct files files, masks;      /* of LAYOUT_OWN; masks.data may be NULL */
    int count, class_count;
    bool has_labels;
    uint64_t bytes;
    const char **name;                   /* (count) */
    int64_t *label;                      /* (count) */
    const char **class_name, **class_id; /* (class_count); class_id may be NULL */
    const char *source;
    int *box_start; /* (count + 1) or NULL; boxes sorted by image */
    struct box *boxes;
};

static int fail(const struct imageset *set, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(const struct imageset *set, struct error *err, const char *format, ...)
{
    struct error reason;
    va_list args;
    va_start(args, format);
    error_write_list(&reason, format, args);
    va_end(args);
    return error_set(err, KIND " \"%s\": %s", h5_path(set->file), reason.text);
}

static const char *shape_text(const struct h5_item *item, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "(");
    for (int i = 0; i < item->rank && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%llu", i ? "," : "", (unsigned long long)item->dim[i]);
    if (used < size)
        snprintf(text + used, size - used, ")");
    return text;
}

/* Checks that an item is a list (N) or a column (N,1) of `count` entries; count negative: of at most `most`. */
static int check_list(const struct imageset *set, const struct h5_item *item, int64_t count, int64_t most,
                      struct error *err)
{
    char shape[128];
    const bool is_list = item->rank == 1 || (item->rank == 2 && item->dim[1] == 1);
    if (!is_list)
        return fail(set, err, "dataset \"%s\" has shape %s, a list is needed", item->path,
                    shape_text(item, shape, sizeof shape));
    if (count >= 0 && item->dim[0] != (uint64_t)count)
        return fail(set, err, "dataset \"%s\" has %llu entries, %lld are needed for %d images", item->path,
                    (unsigned long long)item->dim[0], (long long)count, set->count);
    if (item->dim[0] > (uint64_t)most)
        return fail(set, err, "dataset \"%s\" has %llu entries, at most %lld are supported", item->path,
                    (unsigned long long)item->dim[0], (long long)most);
    return 0;
}

static const struct h5_item *need(const struct imageset *set, const char *path, struct error *err)
{
    const struct h5_item *item = h5_find(set->file, path);
    if (!item)
        fail(set, err, "dataset \"%s\" is missing", path);
    return item;
}

/* -- texts -------------------------------------------------------------------------------------------------------- */

/* Reads a list of texts, one per row of the item, into the arena. */
static int read_texts(struct imageset *set, const struct h5_item *item, const char ***out, struct error *err)
{
    char *texts = NULL, *copy = NULL;
    size_t size = 0;
    if (item->type != H5_TEXT || item->rank != 1)
        return fail(set, err, "dataset \"%s\" is not a list of text", item->path);
    if (h5_read_texts(set->file, item, &texts, &size, err))
        return -1;
    const char **list = arena_alloc(&set->arena, item->dim[0] + 1, sizeof *list);
    copy = arena_alloc(&set->arena, size + 1, 1);
    if (copy)
        memcpy(copy, texts, size);
    free(texts);
    if (!list || !copy)
        return error_memory(err, "the names of an image set");
    size_t used = 0;
    for (uint64_t i = 0; i < item->dim[0]; i++) {
        if (used >= size)
            return fail(set, err, "dataset \"%s\" has text with a zero byte inside", item->path);
        list[i] = copy + used;
        used += strlen(copy + used) + 1;
    }
    *out = list;
    return 0;
}

/* Reads a text attribute of the root; "" if it does not exist. */
static int read_attribute(struct imageset *set, const char *path, const char **out, struct error *err)
{
    const struct h5_item *item = h5_find(set->file, path);
    char *text = NULL;
    *out = "";
    if (!item)
        return 0;
    if (item->type != H5_TEXT)
        return fail(set, err, "attribute \"%s\" is not text", path + 1);
    if (h5_read_bytes(set->file, item, 0, &text, NULL, err))
        return -1;
    *out = arena_string(&set->arena, text);
    free(text);
    return *out ? 0 : error_memory(err, "an image set");
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int check_unique(struct imageset *set, const char *path, struct error *err)
{
    const struct arena_mark mark = arena_mark(&set->arena);
    const char **sorted = arena_alloc(&set->arena, (size_t)set->count + 1, sizeof *sorted);
    if (!sorted)
        return error_memory(err, "the names of an image set");
    memcpy(sorted, set->name, (size_t)set->count * sizeof *sorted);
    qsort(sorted, (size_t)set->count, sizeof *sorted, compare_texts);
    int status = 0;
    for (int i = 1; i < set->count && !status; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            status = fail(set, err, "dataset \"%s\" holds \"%s\" twice", path, sorted[i]);
    arena_rewind(&set->arena, mark);
    return status;
}

static int make_names(struct imageset *set, struct error *err)
{
    set->name = arena_alloc(&set->arena, (size_t)set->count + 1, sizeof *set->name);
    for (int i = 0; i < set->count; i++) {
        if (set->name)
            set->name[i] = arena_format(&set->arena, "#%d", i);
        if (!set->name || !set->name[i])
            return error_memory(err, "the names of an image set");
    }
    return 0;
}

static int read_names(struct imageset *set, struct error *err)
{
    const char *path = "/name";
    const struct h5_item *item = h5_find(set->file, path);
    if (!item && set->layout == LAYOUT_OWN)
        return fail(set, err, "dataset \"%s\" is missing", path);
    if (!item)
        return make_names(set, err);
    if (check_list(set, item, set->count, IMAGES_MAX, err) || read_texts(set, item, &set->name, err))
        return -1;
    return check_unique(set, path, err);
}

/* -- classes, labels, boxes --------------------------------------------------------------------------------------- */

static int read_classes(struct imageset *set, struct error *err)
{
    const struct h5_item *names = h5_find(set->file, "/class/name"), *ids = h5_find(set->file, "/class/id");
    if (!names)
        return 0;
    if (check_list(set, names, -1, CLASSES_MAX, err) || read_texts(set, names, &set->class_name, err))
        return -1;
    set->class_count = (int)names->dim[0];
    if (!ids)
        return 0;
    if (check_list(set, ids, -1, CLASSES_MAX, err) || read_texts(set, ids, &set->class_id, err))
        return -1;
    if (ids->dim[0] != names->dim[0])
        return fail(set, err, "\"/class/name\" has %d entries and \"/class/id\" %llu", set->class_count,
                    (unsigned long long)ids->dim[0]);
    return 0;
}

static int check_label(struct imageset *set, const struct h5_item *item, int image, struct error *err)
{
    const int64_t label = set->label[image], most = set->class_count ? set->class_count - 1 : INT_MAX;
    if (label < -1 || label > most)
        return fail(set, err, "dataset \"%s\": image \"%s\" has label %lld; allowed: 0..%lld, or -1 for unknown",
                    item->path, set->name[image], (long long)label, (long long)most);
    set->has_labels |= label >= 0;
    return 0;
}

static int read_labels(struct imageset *set, struct error *err)
{
    const struct h5_item *item = h5_find(set->file, "/label");
    if (!item && set->layout != LAYOUT_OWN)
        item = h5_find(set->file, "/labels");
    set->label = arena_alloc(&set->arena, (size_t)set->count + 1, sizeof *set->label);
    if (!set->label)
        return error_memory(err, "the labels of an image set");
    for (int i = 0; i < set->count; i++)
        set->label[i] = -1;
    if (!item)
        return 0;
    if (check_list(set, item, set->count, IMAGES_MAX, err) ||
        h5_read(set->file, item, 0, (uint64_t)set->count, H5_INT64, set->label, err))
        return -1;
    int status = 0;
    for (int i = 0; i < set->count && !status; i++)
        status = check_label(set, item, i, err);
    return status;
}

static int check_box(struct imageset *set, int row, const int32_t box[5], struct error *err)
{
    if (box[0] < 0 || box[0] >= set->count)
        return fail(set, err, "dataset \"/box\", row %d: image %d; allowed: 0..%d", row, box[0], set->count - 1);
    if (box[1] < 0 || box[2] < 0 || box[3] <= box[1] || box[4] <= box[2])
        return fail(
            set, err,
            "dataset \"/box\", row %d: x0,y0,x1,y1 = %d,%d,%d,%d is not a box; needed: 0 <= x0 < x1 and 0 <= y0 < y1",
            row, box[1], box[2], box[3], box[4]);
    return 0;
}

/* Sorts the rows by image; rows of one image keep their order. */
static void sort_boxes(struct imageset *set, int32_t (*rows)[5], int count)
{
    for (int i = 0; i < count; i++)
        set->box_start[rows[i][0] + 1]++;
    for (int i = 0; i < set->count; i++)
        set->box_start[i + 1] += set->box_start[i];
    for (int i = count; i-- > 0;) { /* backwards, each to the end of its image's part */
        const int image = rows[i][0], place = --set->box_start[image + 1];
        set->boxes[place] = (struct box){rows[i][1], rows[i][2], rows[i][3], rows[i][4]};
    }
    /* box_start[i + 1] is now where image i begins */
    memmove(set->box_start, set->box_start + 1, (size_t)set->count * sizeof *set->box_start);
    set->box_start[set->count] = count;
}

static int read_boxes(struct imageset *set, struct error *err)
{
    const struct h5_item *item = h5_find(set->file, "/box");
    char shape[128];
    if (!item || set->layout != LAYOUT_OWN)
        return 0;
    if (item->rank != 2 || item->dim[1] != 5 || item->dim[0] > BOXES_MAX)
        return fail(set, err, "dataset \"/box\" has shape %s; needed: (M,5), image, x0, y0, x1, y1",
                    shape_text(item, shape, sizeof shape));
    const int count = (int)item->dim[0];
    int32_t(*rows)[5] = arena_alloc(&set->arena, (size_t)count + 1, sizeof *rows);
    set->boxes = arena_alloc(&set->arena, (size_t)count + 1, sizeof *set->boxes);
    set->box_start = arena_alloc(&set->arena, (size_t)set->count + 1, sizeof *set->box_start);
    if (!rows || !set->boxes || !set->box_start)
        return error_memory(err, "the boxes of an image set");
    int status = h5_read(set->file, item, 0, item->dim[0], H5_INT32, rows, err);
    for (int i = 0; i < count && !status; i++)
        status = check_box(set, i, rows[i], err);
    if (!status)
        sort_boxes(set, rows, count);
    return status;
}

/* -- pictures ----------------------------------------------------------------------------------------------------- */

static int check_offsets(const struct imageset *set, const struct files *files, const char *path, struct error *err)
{
    const uint64_t end = files->data->dim[0];
    for (int i = 0; i <= set->count; i++) {
        if (i && files->offset[i] < files->offset[i - 1])
            return fail(set, err, "dataset \"%s\" decreases at entry %d, from %llu to %llu", path, i,
                        (unsigned long long)files->offset[i - 1], (unsigned long long)files->offset[i]);
        if (files->offset[i] > end)
            return fail(set, err, "dataset \"%s\", entry %d: %llu is beyond the %llu bytes of \"%s\"", path, i,
                        (unsigned long long)files->offset[i], (unsigned long long)end, files->data->path);
    }
    return 0;
}

/* `offset` must have `entries` entries; negative: any number, which determines the number of images. */
static int open_files(struct imageset *set, const struct h5_item *data, const struct h5_item *offset, int64_t entries,
                      struct files *files, struct error *err)
{
    if (data->type != H5_UINT8 || data->rank != 1)
        return fail(set, err, "dataset \"%s\" is not a list of bytes (uint8)", data->path);
    if (check_list(set, offset, entries, IMAGES_MAX, err))
        return -1;
    if (offset->dim[0] == 0)
        return fail(set, err, "dataset \"%s\" is empty; needed: one entry more than there are images", offset->path);
    set->count = (int)offset->dim[0] - 1;
    files->data = data;
    files->offset = arena_alloc(&set->arena, offset->dim[0], sizeof *files->offset);
    if (!files->offset)
        return error_memory(err, "the offsets of an image set");
    if (h5_read(set->file, offset, 0, offset->dim[0], H5_UINT64, files->offset, err))
        return -1;
    return check_offsets(set, files, offset->path, err);
}

static int open_own(struct imageset *set, struct error *err)
{
    const struct h5_item *data = need(set, "/jpeg/data", err), *offset = data ? need(set, "/jpeg/offset", err) : NULL;
    if (!offset || open_files(set, data, offset, -1, &set->files, err))
        return -1;
    set->bytes = set->files.offset[set->count] - set->files.offset[0];
    return 0;
}

static int read_masks(struct imageset *set, struct error *err)
{
    const bool is_there = h5_find(set->file, "/mask/data") || h5_find(set->file, "/mask/offset");
    if (!is_there || set->layout != LAYOUT_OWN)
        return 0;
    const struct h5_item *data = need(set, "/mask/data", err), *offset = data ? need(set, "/mask/offset", err) : NULL;
    return offset ? open_files(set, data, offset, (int64_t)set->count + 1, &set->masks, err) : -1;
}

static int open_foreign(struct imageset *set, struct error *err)
{
    const struct h5_item *item = h5_find(set->file, "/images");
    char shape[128];
    if (!item)
        return fail(set, err,
                    "is not an image set: it has neither the attribute format = \"cambench-imageset\" nor a "
                    "dataset \"/images\"");
    const bool is_array = item->is_number && item->rank == 4 && item->dim[3] == 3;
    const bool is_encoded = item->type == H5_BYTES && item->rank == 1;
    if (!is_array && !is_encoded)
        return fail(set, err,
                    "dataset \"/images\" holds %s of shape %s; needed: uint8 (N,H,W,3) or variable-length uint8 (N)",
                    item->stored, shape_text(item, shape, sizeof shape));
    if (is_array && (item->dim[1] == 0 || item->dim[2] == 0 || item->dim[1] > DECODE_SIDE_MAX ||
                     item->dim[2] > DECODE_SIDE_MAX || item->dim[1] * item->dim[2] > DECODE_PIXELS_MAX))
        return fail(set, err, "dataset \"/images\" has shape %s; at most %d pixels a side are supported",
                    shape_text(item, shape, sizeof shape), DECODE_SIDE_MAX);
    if (item->dim[0] > IMAGES_MAX)
        return fail(set, err, "dataset \"/images\" has %llu images, at most %d are supported",
                    (unsigned long long)item->dim[0], IMAGES_MAX);
    set->layout = is_array ? LAYOUT_ARRAY : LAYOUT_ENCODED;
    set->pictures = item;
    set->count = (int)item->dim[0];
    set->bytes = is_array ? item->dim[0] * item->dim[1] * item->dim[2] * 3 : 0;
    return 0;
}

/* Checks that pixels of another type are whole numbers from 0 to 255, by reading the first picture. */
static int check_pixels(struct imageset *set, struct error *err)
{
    const struct h5_item *item = set->pictures;
    if (set->layout != LAYOUT_ARRAY || item->type == H5_UINT8 || set->count == 0)
        return 0;
    struct arena arena;
    arena_init(&arena, 0);
    uint8_t *pixels = arena_alloc(&arena, item->dim[1] * item->dim[2] * 3, 1);
    const int status = pixels ? h5_read(set->file, item, 0, 1, H5_UINT8, pixels, err) : error_memory(err, "a picture");
    arena_release(&arena);
    return status;
}

static int check_format(struct imageset *set, bool *is_own, struct error *err)
{
    const struct h5_item *version = h5_find(set->file, "@version");
    const char *format;
    int32_t number = 0;
    if (read_attribute(set, "@format", &format, err))
        return -1;
    *is_own = format[0] != 0;
    if (!*is_own)
        return 0;
    if (strcmp(format, "cambench-imageset") != 0)
        return fail(set, err, "its format is \"%.60s\"; needed: \"cambench-imageset\"", format);
    if (!version || version->rank != 0)
        return fail(set, err, "attribute \"version\" is missing or not a number");
    if (h5_read(set->file, version, 0, 1, H5_INT32, &number, err))
        return -1;
    return number == 1 ? 0 : fail(set, err, "has version %d; this program reads version 1", number);
}

static int read_all(struct imageset *set, struct error *err)
{
    bool is_own;
    if (check_format(set, &is_own, err) || (is_own ? open_own : open_foreign)(set, err))
        return -1;
    if (set->count == 0)
        return fail(set, err, "holds no images");
    if (check_pixels(set, err))
        return -1;
    if (read_attribute(set, "@source", &set->source, err) || read_names(set, err) || read_classes(set, err))
        return -1;
    return status_of(read_labels(set, err) || read_boxes(set, err) || read_masks(set, err));
}

struct imageset *imageset_open(const char *path, struct error *err)
{
    struct imageset *set = calloc(1, sizeof *set);
    if (!set) {
        error_memory(err, path);
        return NULL;
    }
    arena_init(&set->arena, 0);
    set->file = h5_open(path, KIND, err);
    if (set->file && !read_all(set, err))
        return set;
    imageset_close(set);
    return NULL;
}

void imageset_close(struct imageset *set)
{
    if (!set)
        return;
    h5_close(set->file);
    arena_release(&set->arena);
    free(set);
}

/* -- access ------------------------------------------------------------------------------------------------------- */

int imageset_count(const struct imageset *set)
{
    return set->count;
}

const char *imageset_name(const struct imageset *set, int image)
{
    return set->name[image];
}

int imageset_label(const struct imageset *set, int image)
{
    return (int)set->label[image];
}

bool imageset_has_labels(const struct imageset *set)
{
    return set->has_labels;
}

int imageset_class_count(const struct imageset *set)
{
    return set->class_count;
}

const char *imageset_class_name(const struct imageset *set, int k)
{
    return k >= 0 && k < set->class_count ? set->class_name[k] : NULL;
}

const char *imageset_class_id(const struct imageset *set, int k)
{
    return k >= 0 && k < set->class_count && set->class_id ? set->class_id[k] : NULL;
}

const char *imageset_source(const struct imageset *set)
{
    return set->source;
}

const char *imageset_layout(const struct imageset *set)
{
    return layout_names[set->layout];
}

uint64_t imageset_bytes(const struct imageset *set)
{
    return set->bytes;
}

int imageset_boxes(const struct imageset *set, int image, const struct box **boxes)
{
    *boxes = NULL;
    if (!set->box_start)
        return 0;
    *boxes = set->boxes + set->box_start[image];
    return set->box_start[image + 1] - set->box_start[image];
}

bool imageset_has_boxes(const struct imageset *set)
{
    return set->box_start && set->box_start[set->count] > 0;
}

static int read_array(struct imageset *set, int image, struct arena *arena, struct picture *picture, struct error *err)
{
    const int h = (int)set->pictures->dim[1], w = (int)set->pictures->dim[2];
    *picture = (struct picture){h, w, arena_alloc(arena, (size_t)h * (size_t)w, 3)};
    if (!picture->data)
        return error_memory(err, "a picture");
    return h5_read(set->file, set->pictures, (uint64_t)image, 1, H5_UINT8, picture->data, err);
}

/* Reads the bytes of one file into the arena. */
static int read_file(struct imageset *set, const struct files *files, int image, struct arena *arena, void **bytes,
                     uint64_t *size, struct error *err)
{
    const uint64_t first = files->offset[image];
    *size = files->offset[image + 1] - first;
    if (*size > FILE_BYTES_MAX)
        return error_set(err, "%llu bytes are too many for a picture", (unsigned long long)*size);
    *bytes = arena_alloc(arena, *size, 1);
    if (!*bytes)
        return error_memory(err, "a picture");
    return h5_read(set->file, files->data, first, *size, H5_UINT8, *bytes, err);
}

static int decode_own(struct imageset *set, int image, struct arena *arena, struct picture *picture, struct error *err)
{
    void *bytes;
    uint64_t size;
    if (read_file(set, &set->files, image, arena, &bytes, &size, err))
        return -1;
    return decode_picture(bytes, size, arena, picture, err);
}

static int decode_encoded(struct imageset *set, int image, struct arena *arena, struct picture *picture,
                          struct error *err)
{
    char *bytes;
    size_t size;
    if (h5_read_bytes(set->file, set->pictures, (uint64_t)image, &bytes, &size, err))
        return -1;
    const int status = decode_picture(bytes, size, arena, picture, err);
    free(bytes);
    return status;
}

int imageset_picture(struct imageset *set, int image, struct arena *arena, struct picture *picture, struct error *err)
{
    static int (*const read[])(struct imageset *, int, struct arena *, struct picture *, struct error *) = {
        [LAYOUT_OWN] = decode_own, [LAYOUT_ARRAY] = read_array, [LAYOUT_ENCODED] = decode_encoded};
    return read[set->layout](set, image, arena, picture, err)
               ? error_prefix(err, "image \"%s\": ", imageset_name(set, image))
               : 0;
}

static bool has_mask(const struct imageset *set, int image)
{
    return set->masks.data && set->masks.offset[image] < set->masks.offset[image + 1];
}

int imageset_mask(struct imageset *set, int image, struct arena *arena, struct mask *mask, struct error *err)
{
    void *bytes;
    uint64_t size;
    *mask = (struct mask){0};
    if (!has_mask(set, image))
        return 0;
    if (read_file(set, &set->masks, image, arena, &bytes, &size, err) || decode_mask(bytes, size, arena, mask, err))
        return error_prefix(err, "image \"%s\": mask: ", imageset_name(set, image));
    return 0;
}

bool imageset_has_masks(const struct imageset *set)
{
    return set->masks.data && set->masks.offset[0] < set->masks.offset[set->count];
}
