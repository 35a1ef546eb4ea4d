/* bench/config/config_input.c - reads the numbers of a network's input; backbones/picture_input.c checks them. */
#include "bench/config/config_input.h"

#include "base/text.h"

#define NUMBERS_MAX PICTURE_CHANNELS_MAX

/* Reads a number, or a list of them; more than NUMBERS_MAX are counted only. */
static int read_numbers(const struct yaml *value, double numbers[NUMBERS_MAX], size_t *count, struct error *err)
{
    const bool is_list = value->kind == YAML_LIST;
    const struct yaml *item = is_list ? value->first : value;
    *count = is_list ? (size_t)value->count : 1;
    for (size_t i = 0; i < *count; i++, item = item->next) {
        char shown[64];
        double number;
        if (item->kind != YAML_TEXT)
            return yaml_error(item, err, "%s must be a number or a list of numbers", value->path);
        if (item->is_quoted || text_to_double(item->text, &number))
            return yaml_error(item, err, "%s has \"%s\"%s, which is not a number", value->path,
                              text_printable(item->text, shown, sizeof shown), item->is_quoted ? ", in quotes" : "");
        if (i < NUMBERS_MAX)
            numbers[i] = number;
    }
    return 0;
}

typedef int numbers_setter(struct picture_input *input, const char *key, const double *values, size_t count,
                           struct error *err);

static int set_numbers(const struct yaml *value, numbers_setter *set, struct picture_input *input, struct error *err)
{
    double numbers[NUMBERS_MAX] = {0};
    size_t count;
    if (read_numbers(value, numbers, &count, err))
        return -1;
    return set(input, value->path, numbers, count, err) ? error_prefix(err, "%s: ", value->where) : 0;
}

static int read_mean(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                     struct error *err)
{
    (void)row, (void)arena;
    return set_numbers(value, picture_input_set_mean, out, err);
}

static int read_deviation(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                          struct error *err)
{
    (void)row, (void)arena;
    return set_numbers(value, picture_input_set_deviation, out, err);
}

static int read_size(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                     struct error *err)
{
    (void)row, (void)arena;
    return set_numbers(value, picture_input_set_size, out, err);
}

static int set_scale(struct picture_input *input, const char *key, const double *values, size_t count,
                     struct error *err)
{
    return count == 1 ? picture_input_set_scale(input, key, values[0], err)
                      : error_set(err, "%s must be one number", key);
}

static int set_crop(struct picture_input *input, const char *key, const double *values, size_t count, struct error *err)
{
    return count == 1 ? picture_input_set_crop(input, key, values[0], err)
                      : error_set(err, "%s must be one number", key);
}

static int read_scale(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                      struct error *err)
{
    (void)row, (void)arena;
    return set_numbers(value, set_scale, out, err);
}

static int read_crop(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                     struct error *err)
{
    (void)row, (void)arena;
    return set_numbers(value, set_crop, out, err);
}

static int read_channels(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                         struct error *err)
{
    const char *text;
    (void)row, (void)arena;
    if (yaml_read_text(value, &text, err))
        return -1;
    return picture_input_set_channels(out, value->path, text, err) ? error_prefix(err, "%s: ", value->where) : 0;
}

/* The preset itself is applied by config_read_input(), below the other keys. */
static int read_preset(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                       struct error *err)
{
    static const struct param words = {.name = "preset", .type = PARAM_TYPE_ENUM, .choices = PICTURE_PRESET_CHOICES};
    int preset;
    (void)row, (void)out;
    return yaml_read_value(value, &words, &preset, arena, err);
}

/* A reader gets the whole struct, with the others' fields. */
const struct param config_input_rows[] = {
    {.name = "preset",
     .type = PARAM_TYPE_ENUM,
     .read_yaml = read_preset,
     .choices = PICTURE_PRESET_CHOICES,
     .usual = "none",
     .help = "mean, std, scale and channels of a known kind; the other keys replace parts of it"},
    {.name = "mean",
     .type = PARAM_TYPE_LIST,
     .read_yaml = read_mean,
     .usual = "the weights file's, else [0.485, 0.456, 0.406]",
     .allowed = "a number for each channel, or one for all, each 0..scale",
     .help = "of the channels, with pixels from 0 to the scale"},
    {.name = "std",
     .type = PARAM_TYPE_LIST,
     .read_yaml = read_deviation,
     .usual = "the weights file's, else [0.229, 0.224, 0.225]",
     .allowed = "likewise, each above 0, at most 1000",
     .help = "standard deviation of each channel"},
    {.name = "scale",
     .type = PARAM_TYPE_FLOAT,
     .read_yaml = read_scale,
     .usual = "the weights file's, else 1",
     .min = 1e-6,
     .max = 1000,
     .help = "factor of pixels from 0 to 1 before the mean is subtracted; 255: pixels from 0 to 255"},
    {.name = "channels",
     .type = PARAM_TYPE_STRING,
     .read_yaml = read_channels,
     .usual = "the weights file's, else rgb, of one channel gray",
     .allowed = "rgb, bgr, gray, or letters of r, g, b, l, 0",
     .help = "what each channel of the input holds: red, green, blue, l luma, 0 zero"},
    {.name = "size",
     .type = PARAM_TYPE_INT,
     .read_yaml = read_size,
     .usual = "the weights file's, else 224",
     .min = 1,
     .max = PICTURE_SIDE_MAX,
     .choices = "[height, width]",
     .help = "side of the input, or both sides"},
    PARAM_ROW(struct picture_input, resize, ENUM, .choices = PICTURE_RESIZE_CHOICES,
              .usual = "the weights file's, else protocol",
              .help = "how pictures are resized for this network; protocol: as each protocol says"),
    PARAM_ROW(struct picture_input, interpolation, ENUM, .choices = PICTURE_INTERPOLATION_CHOICES,
              .usual = "the weights file's, else protocol",
              .help = "Pillow's filter of resizing for this network; protocol: as each protocol says"),
    {.name = "crop",
     .type = PARAM_TYPE_FLOAT,
     .read_yaml = read_crop,
     .usual = "the weights file's, else the protocol's",
     .allowed = "0.05..1, or a side of 2..16384",
     .help = "side of the crop / resized side, or the resized side in pixels, for this network"},
    PARAM_ROW(struct picture_input, layout, ENUM, .choices = PICTURE_LAYOUT_CHOICES, .usual = "model",
              .help = "order of the model's own input; model: as its file says"),
    {0},
};

/* The place of the key, for an error that is known when all keys are read. */
static int blame(const struct yaml *mapping, const char *key, struct error *err)
{
    const struct yaml *value = yaml_get(mapping, key);
    const struct yaml *at = value ? value : mapping;
    return error_prefix(err, "%s: %s.", at->where, mapping->path);
}

int config_read_input(const struct yaml *mapping, int channels, struct picture_input *input, struct error *err)
{
    const struct yaml *word = yaml_get(mapping, "preset");
    const int choice = word ? text_choice(PICTURE_PRESET_CHOICES, word->text) : 0;
    struct picture_input given = *input;
    if (choice) {
        *input = *picture_input_preset((enum picture_preset)choice);
        picture_input_add(input, &given);
    }
    const char *key;
    return picture_input_check(input, channels, &key, err) ? blame(mapping, key, err) : 0;
}
