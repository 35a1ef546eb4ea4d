/* weights/weights_file.c - weights in HDF5: names and shapes first, then the data. */
#include "weights/weights_file.h"

#include "base/h5.h"
#include "base/text.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "cambench-weights"
#define VERSION 1
#define TENSORS "/tensor/"
#define CLASS_NAMES "/class/name"
#define NUMBERS_MAX PICTURE_CHANNELS_MAX /* of an attribute */
#define VALUES_MAX ((size_t)1 << 31)     /* of all tensors: 8 GiB */

struct weights_file {
    struct h5 *h5;
    struct arena arena; /* holds this struct */
};

/* Puts `weights "x.h5": ` before the sentence. */
static int blame(const struct h5 *h5, struct error *err)
{
    return error_prefix(err, "weights \"%s\": ", h5_path(h5));
}

/* -- attributes --------------------------------------------------------------------------------------------------- */

static const struct h5_item *attribute(const struct h5 *h5, const char *name)
{
    const struct h5_item *item = h5_find(h5, name);
    return item && (item->rank == 0 || (item->rank == 1 && item->dim[0] == 1)) ? item : NULL;
}

/* An absent attribute leaves `out` as it is. */
static int read_text(struct h5 *h5, const char *name, char *out, size_t size, struct error *err)
{
    const struct h5_item *item = attribute(h5, name);
    char *text;
    if (!item || item->type != H5_TEXT)
        return 0;
    if (h5_read_bytes(h5, item, 0, &text, NULL, err))
        return -1;
    text_printable(text, out, size);
    free(text);
    return 0;
}

static int read_number(struct h5 *h5, const char *name, double *out, struct error *err)
{
    const struct h5_item *item = attribute(h5, name);
    if (!item || item->type == H5_TEXT || item->type == H5_BYTES)
        return 0;
    return h5_read(h5, item, 0, 1, H5_FLOAT64, out, err);
}

/* An absent number stays -1, as does one that is not an int. */
static int read_int(struct h5 *h5, const char *name, int *out, struct error *err)
{
    double number = -1;
    const int status = read_number(h5, name, &number, err);
    *out = number >= 0 && number <= INT_MAX && number == floor(number) ? (int)number : -1;
    return status;
}

static int check_format(struct h5 *h5, struct error *err)
{
    char format[64] = "";
    int version;
    if (read_text(h5, "@format", format, sizeof format, err) || read_int(h5, "@version", &version, err))
        return -1;
    if (strcmp(format, FORMAT) != 0)
        error_set(err, "its attribute \"format\" is \"%s\"; needed: \"%s\"", format, FORMAT);
    else if (version != VERSION)
        error_set(err, "its attribute \"version\" is %d, this program reads version %d", version, VERSION);
    else
        return 0;
    return blame(h5, err);
}

static int read_transform(struct h5 *h5, enum transform_input *out, struct error *err)
{
    int value;
    *out = TRANSFORM_USUAL;
    if (!attribute(h5, "@transform_input"))
        return 0;
    if (read_int(h5, "@transform_input", &value, err))
        return -1;
    *out = value ? TRANSFORM_YES : TRANSFORM_NO;
    if (value == 0 || value == 1)
        return 0;
    error_set(err, "its attribute \"transform_input\" is neither 1 (yes) nor 0 (no)");
    return blame(h5, err);
}

/* Numbers of an attribute that may be absent (count 0); more than NUMBERS_MAX are counted and not read. */
static int read_numbers(struct h5 *h5, const char *name, double values[NUMBERS_MAX], size_t *count, struct error *err)
{
    const struct h5_item *item = h5_find(h5, name);
    *count = 0;
    if (!item)
        return 0;
    if (item->rank > 1 || item->type == H5_TEXT || item->type == H5_BYTES) {
        error_set(err, "its attribute \"%s\" is not a list of numbers", name + 1);
        return blame(h5, err);
    }
    *count = item->rank ? (size_t)item->dim[0] : 1;
    return *count > 0 && *count <= NUMBERS_MAX ? h5_read(h5, item, 0, *count, H5_FLOAT64, values, err) : 0;
}

static int read_normalisation(struct h5 *h5, struct picture_input *input, struct error *err)
{
    double values[NUMBERS_MAX];
    size_t count;
    if (read_numbers(h5, "@mean", values, &count, err))
        return -1;
    if (count && picture_input_set_mean(input, "its attribute \"mean\"", values, count, err))
        return blame(h5, err);
    if (read_numbers(h5, "@std", values, &count, err))
        return -1;
    if (count && picture_input_set_deviation(input, "its attribute \"std\"", values, count, err))
        return blame(h5, err);
    const char *key;
    if (picture_input_check(input, 0, &key, err) == 0)
        return 0;
    error_prefix(err, "its attribute ");
    return blame(h5, err);
}

/* A word of an attribute; absent: 0. */
static int read_choice(struct h5 *h5, const char *name, const char *choices, int *out, struct error *err)
{
    char word[32] = "";
    if (read_text(h5, name, word, sizeof word, err))
        return -1;
    const int choice = *word ? text_choice(choices, word) : 0;
    *out = choice < 0 ? 0 : choice;
    if (choice >= 0)
        return 0;
    error_set(err, "its attribute \"%s\" is \"%s\"; allowed: %s", name + 1, word, choices);
    return blame(h5, err);
}

static int read_pixels(struct h5 *h5, struct picture_input *input, struct error *err)
{
    char channels[64] = "";
    double scale = 0, crop = 0;
    if (read_text(h5, "@channels", channels, sizeof channels, err) || read_number(h5, "@scale", &scale, err) ||
        read_number(h5, "@crop", &crop, err))
        return -1;
    if (*channels && picture_input_set_channels(input, "its attribute \"channels\"", channels, err))
        return blame(h5, err);
    if (attribute(h5, "@scale") && picture_input_set_scale(input, "its attribute \"scale\"", scale, err))
        return blame(h5, err);
    if (attribute(h5, "@crop") && picture_input_set_crop(input, "its attribute \"crop\"", crop, err))
        return blame(h5, err);
    return 0;
}

/* Absent: 3 channels and the usual stem. */
static int read_stem(struct h5 *h5, struct weights_info *info, struct error *err)
{
    int stem;
    if (read_int(h5, "@input_channels", &info->channels, err) || read_choice(h5, "@stem", STEM_CHOICES, &stem, err))
        return -1;
    info->stem = (enum stem)stem;
    info->channels = info->channels < 0 ? 0 : info->channels;
    return 0;
}

/* Sides that are not positive integers count as absent. */
static int read_input(struct h5 *h5, struct picture_input *input, struct error *err)
{
    int resize, interpolation;
    if (read_int(h5, "@height", &input->h, err) || read_int(h5, "@width_px", &input->w, err) ||
        read_choice(h5, "@resize", PICTURE_RESIZE_CHOICES, &resize, err) ||
        read_choice(h5, "@interpolation", PICTURE_INTERPOLATION_CHOICES, &interpolation, err) ||
        read_pixels(h5, input, err) || read_normalisation(h5, input, err))
        return -1;
    input->h = input->h < 0 ? 0 : input->h;
    input->w = input->w < 0 ? 0 : input->w;
    input->resize = (enum picture_resize)resize;
    input->interpolation = (enum picture_interpolation)interpolation;
    return 0;
}

static int check_info(struct h5 *h5, const struct weights_info *info, struct error *err)
{
    const struct backbone_family *family;
    if (!info->arch[0])
        error_set(err, "its attribute \"arch\", the name of their network, is missing");
    else if (info->classes < 1)
        error_set(err, "its attribute \"classes\" is missing or not a positive number");
    else if (!(info->width > 0) || info->width > 1000)
        error_set(err, "its attribute \"width\" is %g, it must be positive", info->width);
    else if (backbone_find(info->arch, &family, err)) {
        if (info->transform_input == TRANSFORM_USUAL || backbone_has_transform(info->arch))
            return 0;
        error_set(err, "its attribute \"transform_input\" is not allowed: %s has no such transform", info->arch);
    }
    return blame(h5, err);
}

static int read_info(struct h5 *h5, struct weights_info *info, struct error *err)
{
    *info = (struct weights_info){.width = 1, .accuracy = -1};
    if (check_format(h5, err) || read_text(h5, "@arch", info->arch, sizeof info->arch, err) ||
        read_int(h5, "@classes", &info->classes, err) || read_number(h5, "@width", &info->width, err) ||
        read_text(h5, "@source", info->source, sizeof info->source, err) ||
        read_text(h5, "@sha256", info->sha256, sizeof info->sha256, err) ||
        read_number(h5, "@accuracy", &info->accuracy, err) || read_input(h5, &info->input, err) ||
        read_stem(h5, info, err) || read_int(h5, "@seed", &info->seed, err) ||
        read_transform(h5, &info->transform_input, err) || read_text(h5, "@note", info->note, sizeof info->note, err) ||
        read_text(h5, "@script_sha256", info->script_sha256, sizeof info->script_sha256, err))
        return -1;
    info->accuracy = isfinite(info->accuracy) ? info->accuracy : -1;
    return check_info(h5, info, err);
}

struct backbone_options weights_options(const struct weights_info *info, int side)
{
    return (struct backbone_options){.classes = info->classes,
                                     .width = info->width,
                                     .height = info->input.h > 0 ? info->input.h : side,
                                     .width_px = info->input.w > 0 ? info->input.w : side,
                                     .transform_input = info->transform_input,
                                     .channels = info->channels,
                                     .stem = info->stem};
}

/* -- class names -------------------------------------------------------------------------------------------------- */

/* The strings of `texts`, which are end to end; NULL: no memory, or fewer than `count`. */
static const char **split_texts(const char *texts, size_t size, size_t count, struct arena *arena)
{
    const char **list = arena_alloc(arena, count, sizeof *list);
    char *copy = arena_alloc(arena, size + 1, 1);
    if (!list || !copy)
        return NULL;
    memcpy(copy, texts, size);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (used >= size)
            return NULL;
        list[i] = copy + used;
        used += strlen(copy + used) + 1;
    }
    return list;
}

static int read_class_names(struct weights_file *file, struct weights_info *info, struct error *err)
{
    const struct h5_item *item = h5_find(file->h5, CLASS_NAMES);
    char *texts;
    size_t size;
    if (!item)
        return 0;
    if (item->type != H5_TEXT || item->rank != 1 || item->dim[0] != (uint64_t)class_count(info->classes)) {
        error_set(err, "dataset \"%s\" is not a list of %d texts, one for each class", CLASS_NAMES,
                  class_count(info->classes));
        return blame(file->h5, err);
    }
    if (h5_read_texts(file->h5, item, &texts, &size, err))
        return -1;
    info->class_names = split_texts(texts, size, (size_t)class_count(info->classes), &file->arena);
    free(texts);
    if (info->class_names)
        return 0;
    error_set(err, "dataset \"%s\" does not fit into memory, or has zero bytes inside", CLASS_NAMES);
    return blame(file->h5, err);
}

/* -- opening ------------------------------------------------------------------------------------------------------ */

static struct weights_file *make_file(struct h5 *h5, struct error *err)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct weights_file *file = arena_alloc(&arena, 1, sizeof *file);
    if (file)
        *file = (struct weights_file){.h5 = h5, .arena = arena};
    else
        error_memory(err, h5_path(h5));
    return file;
}

struct weights_file *weights_open(const char *path, struct weights_info *info, struct error *err)
{
    struct h5 *h5 = h5_open(path, "weights", err);
    if (!h5)
        return NULL;
    struct weights_file *file = make_file(h5, err);
    if (!file) {
        h5_close(h5);
        return NULL;
    }
    if (read_info(h5, info, err) == 0 && read_class_names(file, info, err) == 0)
        return file;
    weights_close(file);
    return NULL;
}

void weights_close(struct weights_file *file)
{
    if (!file)
        return;
    h5_close(file->h5);
    struct arena arena = file->arena;
    arena_release(&arena);
}

/* -- tensors ------------------------------------------------------------------------------------------------------ */

static bool is_tensor(const struct h5_item *item)
{
    return strncmp(item->path, TENSORS, strlen(TENSORS)) == 0;
}

static int take_shape(const struct h5_item *item, struct arena *arena, struct weight *weight, struct error *err)
{
    const char *name = item->path + strlen(TENSORS);
    if (item->type != H5_FLOAT32 && item->type != H5_FLOAT16)
        return error_set(err, "tensor \"%s\" is neither float32 nor float16", name);
    if (item->rank < 1 || item->rank > 4)
        return error_set(err, "tensor \"%s\" has %d dimensions, a network's tensors have 1 to 4", name, item->rank);
    weight->name = arena_string(arena, name);
    if (!weight->name)
        return error_memory(err, "the names of tensors");
    weight->rank = item->rank;
    for (int d = 0; d < item->rank; d++) {
        if (item->dim[d] < 1 || item->dim[d] > INT_MAX)
            return error_set(err, "tensor \"%s\" has %llu as one of its sides", name, (unsigned long long)item->dim[d]);
        weight->dim[d] = (int)item->dim[d];
    }
    return 0;
}

int weights_read_shapes(struct weights_file *file, struct arena *arena, struct weights *weights, struct error *err)
{
    const int items = h5_count(file->h5);
    *weights = (struct weights){.list = arena_alloc(arena, (size_t)items + 1, sizeof *weights->list)};
    if (!weights->list)
        return error_memory(err, "the list of tensors");
    for (int i = 0; i < items; i++) {
        const struct h5_item *item = h5_item(file->h5, i);
        if (is_tensor(item) && take_shape(item, arena, &weights->list[weights->count++], err))
            return blame(file->h5, err);
    }
    return 0;
}

/* Number of values; VALUES_MAX + 1 when there are more. */
static size_t weight_size(const struct weight *weight)
{
    size_t size = 1;
    for (int d = 0; d < weight->rank; d++)
        if (__builtin_mul_overflow(size, (size_t)weight->dim[d], &size) || size > VALUES_MAX)
            return VALUES_MAX + 1;
    return size;
}

static int check_size(const struct weights *weights, struct error *err)
{
    size_t sum = 0;
    for (int i = 0; i < weights->count; i++) {
        const size_t size = weight_size(&weights->list[i]);
        if (size > VALUES_MAX - sum)
            return error_set(err,
                             "tensor \"%s\": the tensors up to it have more than %zu values, too many for a network",
                             weights->list[i].name, VALUES_MAX);
        sum += size;
    }
    return 0;
}

static int check_finite(const struct weight *weight, struct error *err)
{
    const size_t size = weight_size(weight);
    for (size_t i = 0; i < size; i++)
        if (!isfinite(weight->data[i]))
            return error_set(err, "tensor \"%s\": value %zu is not a finite number", weight->name, i);
    return 0;
}

static bool is_variance(const struct weight *weight)
{
    static const char end[] = ".running_var";
    const size_t length = strlen(weight->name), tail = strlen(end);
    return length >= tail && strcmp(weight->name + length - tail, end) == 0;
}

int weights_check_variances(const struct weights *weights, struct error *err)
{
    for (int i = 0; i < weights->count; i++) {
        const struct weight *weight = &weights->list[i];
        for (int c = 0; is_variance(weight) && c < weight->dim[0]; c++)
            if (weight->data[c] < 0)
                return error_set(err, "tensor \"%s\": variance %d is %g, it must not be negative", weight->name, c,
                                 (double)weight->data[c]);
    }
    return 0;
}

static int read_tensor(struct weights_file *file, struct arena *arena, struct weight *weight, struct error *err)
{
    char path[H5_PATH_MAX];
    snprintf(path, sizeof path, TENSORS "%s", weight->name);
    const struct h5_item *item = h5_find(file->h5, path);
    weight->data = arena_floats(arena, weight_size(weight));
    if (!weight->data) {
        error_memory(err, "the tensors");
        return blame(file->h5, err);
    }
    if (h5_read(file->h5, item, 0, item->dim[0], H5_FLOAT32, weight->data, err))
        return -1;
    return check_finite(weight, err) ? blame(file->h5, err) : 0;
}

static int read_all(struct weights_file *file, struct arena *arena, struct weights *weights, struct error *err)
{
    if (check_size(weights, err))
        return blame(file->h5, err);
    for (int i = 0; i < weights->count; i++)
        if (read_tensor(file, arena, &weights->list[i], err))
            return -1;
    return weights_check_variances(weights, err) ? blame(file->h5, err) : 0;
}

int weights_read(struct weights_file *file, struct arena *arena, struct weights *weights, struct error *err)
{
    return weights_read_shapes(file, arena, weights, err) ? -1 : read_all(file, arena, weights, err);
}

int weights_read_variances(struct weights_file *file, struct error *err)
{
    struct arena arena;
    struct weights weights;
    arena_init(&arena, 0);
    int status = weights_read_shapes(file, &arena, &weights, err);
    int count = 0;
    for (int i = 0; !status && i < weights.count; i++)
        if (is_variance(&weights.list[i]) && weights.list[i].rank == 1)
            weights.list[count++] = weights.list[i];
    weights.count = count;
    if (!status)
        status = read_all(file, &arena, &weights, err);
    arena_release(&arena);
    return status;
}

/* -- writing ------------------------------------------------------------------------------------------------------ */

static int write_text(struct h5_writer *writer, const char *name, const char *text, struct error *err)
{
    return h5_write_texts(writer, name, &text, 1, err);
}

static int write_int(struct h5_writer *writer, const char *name, int32_t value, struct error *err)
{
    return h5_write(writer, name, H5_INT32, 0, NULL, &value, err);
}

static int write_numbers(struct h5_writer *writer, const char *name, const double *values, int count, struct error *err)
{
    return h5_write(writer, name, H5_FLOAT64, 1, (const uint64_t[]){count ? (uint64_t)count : 3}, values, err);
}

/* 0, the first choice: not given. */
static int write_choice(struct h5_writer *writer, const char *name, const char *choices, int choice, struct error *err)
{
    char word[16];
    text_choice_name(choices, choice, word, sizeof word);
    return choice ? write_text(writer, name, word, err) : 0;
}

static int write_pixels(struct h5_writer *writer, const struct picture_input *input, struct error *err)
{
    if (input->has_mean && write_numbers(writer, "@mean", input->mean, input->mean_count, err))
        return -1;
    if (input->has_deviation && write_numbers(writer, "@std", input->deviation, input->deviation_count, err))
        return -1;
    if (input->scale > 0 && h5_write(writer, "@scale", H5_FLOAT64, 0, NULL, &input->scale, err))
        return -1;
    return input->channels[0] ? write_text(writer, "@channels", input->channels, err) : 0;
}

static int write_input(struct h5_writer *writer, const struct picture_input *input, struct error *err)
{
    if (input->h > 0 && write_int(writer, "@height", input->h, err))
        return -1;
    if (input->w > 0 && write_int(writer, "@width_px", input->w, err))
        return -1;
    if (input->crop > 0 && h5_write(writer, "@crop", H5_FLOAT64, 0, NULL, &input->crop, err))
        return -1;
    return write_pixels(writer, input, err) ||
                   write_choice(writer, "@resize", PICTURE_RESIZE_CHOICES, (int)input->resize, err) ||
                   write_choice(writer, "@interpolation", PICTURE_INTERPOLATION_CHOICES, (int)input->interpolation, err)
               ? -1
               : 0;
}

static int write_info(struct h5_writer *writer, const struct weights_info *info, struct error *err)
{
    if (write_text(writer, "@format", FORMAT, err) || write_int(writer, "@version", VERSION, err) ||
        write_text(writer, "@arch", info->arch, err) || write_int(writer, "@classes", info->classes, err) ||
        h5_write(writer, "@width", H5_FLOAT64, 0, NULL, &info->width, err) ||
        write_text(writer, "@source", info->source, err) || write_text(writer, "@sha256", info->sha256, err))
        return -1;
    if (info->accuracy >= 0 && h5_write(writer, "@accuracy", H5_FLOAT64, 0, NULL, &info->accuracy, err))
        return -1;
    if (write_input(writer, &info->input, err) || write_choice(writer, "@stem", STEM_CHOICES, (int)info->stem, err) ||
        (info->channels && info->channels != 3 && write_int(writer, "@input_channels", info->channels, err)))
        return -1;
    if (info->transform_input != TRANSFORM_USUAL &&
        write_int(writer, "@transform_input", info->transform_input == TRANSFORM_YES, err))
        return -1;
    if (info->note[0] && write_text(writer, "@note", info->note, err))
        return -1;
    return info->class_names
               ? h5_write_texts(writer, CLASS_NAMES, info->class_names, (uint64_t)class_count(info->classes), err)
               : 0;
}

static int write_tensor(struct h5_writer *writer, const struct weight *weight, struct error *err)
{
    char path[H5_PATH_MAX];
    uint64_t dim[4];
    if (snprintf(path, sizeof path, TENSORS "%s", weight->name) >= (int)sizeof path)
        return error_set(err, "tensor \"%.100s...\": the name is too long", weight->name);
    for (int d = 0; d < weight->rank; d++)
        dim[d] = (uint64_t)weight->dim[d];
    return h5_write(writer, path, H5_FLOAT32, weight->rank, dim, weight->data, err);
}

int weights_write(const char *path, const struct weights_info *info, const struct weights *weights, struct error *err)
{
    struct h5_writer *writer = h5_create(path, err);
    if (!writer)
        return -1;
    int status = write_info(writer, info, err);
    for (int i = 0; i < weights->count && !status; i++)
        status = write_tensor(writer, &weights->list[i], err);
    if (!status)
        return h5_commit(writer, err);
    h5_abandon(writer);
    return -1;
}
