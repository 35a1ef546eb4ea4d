/* bench/config/config_input.c - reads the numbers of a network's input; backbones/picture_input.c checks them. */
#include "bench/config/config_input.h"

#include "base/text.h"

#define NUMBERS_MAX 8

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
    double numbers[NUMBERS_MAX];
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

/* A reader gets the whole struct, with the others' fields. */
const struct param config_input_rows[] = {
    {.name = "mean",
     .type = PARAM_TYPE_LIST,
     .read_yaml = read_mean,
     .usual = "the weights file's, else [0.485, 0.456, 0.406]",
     .allowed = "three numbers, each 0..1",
     .help = "of red, green and blue, with pixels from 0 to 1"},
    {.name = "std",
     .type = PARAM_TYPE_LIST,
     .read_yaml = read_deviation,
     .usual = "the weights file's, else [0.229, 0.224, 0.225]",
     .allowed = "three numbers, each above 0, at most 1000",
     .help = "standard deviation of each colour"},
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
    {0},
};
