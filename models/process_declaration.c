/* models/process_declaration.c - reads the lines that docs/process-networks.md calls the declaration. */
#include "models/process_declaration.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define LAYERS_MAX 4096
#define CLASSES_MAX (1 << 20)
#define BATCH_MAX 4096
#define FLOATS_MAX ((size_t)256 << 20) /* of one value */

/* A declaration that is being read. */
struct reader {
    struct script *script;
    struct arena *arena;
    struct process_declaration *out;
    struct error *err;
    int layer_room, name_count;
    struct foreign_layer *layers;
    const char *target;
};

/* Shows a line in an error. */
static int fail(struct reader *reader, const char *why)
{
    char shown[128];
    return script_fail(reader->script, reader->err, "declares \"%s\": %s",
                       text_printable(reader->script->line, shown, sizeof shown), why);
}

static int lacks_memory(struct reader *reader)
{
    return error_memory(reader->err, "a network's declaration");
}

/* "C H W" */
static bool read_shape(const char *text, struct shape *shape)
{
    char end;
    return sscanf(text, "%d %d %d %c", &shape->c, &shape->h, &shape->w, &end) == 3 && shape->c > 0 && shape->h > 0 &&
           shape->w > 0 && shape->h <= PICTURE_SIDE_MAX && shape->w <= PICTURE_SIDE_MAX &&
           (size_t)shape->c <= FLOATS_MAX / ((size_t)shape->h * (size_t)shape->w);
}

static int read_input(struct reader *reader, const char *rest)
{
    struct process_declaration *out = reader->out;
    if (!read_shape(rest, &out->input))
        return fail(reader, "an input is input C H W");
    if (out->input.c > PICTURE_CHANNELS_MAX)
        return fail(reader, "there are too many channels");
    out->picture.h = out->input.h;
    out->picture.w = out->input.w;
    return 0;
}

static int read_number(struct reader *reader, const char *rest, int most, int *out)
{
    long long number;
    if (text_to_int(rest, &number) || number < 1 || number > most)
        return fail(reader, "that is not a number that it can be");
    *out = (int)number;
    return 0;
}

static int read_classes(struct reader *reader, const char *rest)
{
    return read_number(reader, rest, CLASSES_MAX, &reader->out->outputs);
}

static int read_batch(struct reader *reader, const char *rest)
{
    return read_number(reader, rest, BATCH_MAX, &reader->out->batch);
}

/* The names follow the number of classes. */
static int read_class(struct reader *reader, const char *rest)
{
    struct process_declaration *out = reader->out;
    const int classes = class_count(out->outputs);
    if (!out->names)
        out->names = arena_alloc(reader->arena, (size_t)classes + 1, sizeof *out->names);
    if (reader->name_count == classes || !*rest)
        return fail(reader, "names follow the line classes, one for each class");
    const char *name = out->names ? arena_string(reader->arena, rest) : NULL;
    if (!name)
        return lacks_memory(reader);
    out->names[reader->name_count++] = name;
    return 0;
}

/* Reads up to `room` numbers, and counts all of them; -1: there is something else. */
static int read_values(const char *rest, double *values, int room)
{
    char text[SCRIPT_LINE_BYTES], *left, *word;
    int count = 0;
    snprintf(text, sizeof text, "%s", rest);
    for (char *from = text; (word = strtok_r(from, " ", &left)); from = NULL, count++) {
        double value;
        if (text_to_double(word, &value))
            return -1;
        if (count < room)
            values[count] = value;
    }
    return count;
}

/* "mean M...", "std S..." */
static int read_channel_values(struct reader *reader, const char *rest, const char *key,
                               int (*set)(struct picture_input *, const char *, const double *, size_t, struct error *))
{
    double values[PICTURE_CHANNELS_MAX];
    struct error why;
    const int count = read_values(rest, values, PICTURE_CHANNELS_MAX);
    if (count < 1)
        return fail(reader, "a number for each channel is needed");
    return set(&reader->out->picture, key, values, (size_t)count, &why) ? fail(reader, why.text) : 0;
}

static int read_mean(struct reader *reader, const char *rest)
{
    return read_channel_values(reader, rest, "mean", picture_input_set_mean);
}

static int read_std(struct reader *reader, const char *rest)
{
    return read_channel_values(reader, rest, "std", picture_input_set_deviation);
}

static int read_resize(struct reader *reader, const char *rest)
{
    const int choice = text_choice(PICTURE_RESIZE_CHOICES, rest);
    if (choice < 0)
        return fail(reader, "it is one of " PICTURE_RESIZE_CHOICES);
    reader->out->picture.resize = (enum picture_resize)choice;
    return 0;
}

static int read_scale(struct reader *reader, const char *rest)
{
    double scale;
    struct error why;
    if (text_to_double(rest, &scale))
        return fail(reader, "a number is needed");
    return picture_input_set_scale(&reader->out->picture, "scale", scale, &why) ? fail(reader, why.text) : 0;
}

static int read_channels(struct reader *reader, const char *rest)
{
    struct error why;
    return picture_input_set_channels(&reader->out->picture, "channels", rest, &why) ? fail(reader, why.text) : 0;
}

static const struct foreign_layer *find_layer(const struct reader *reader, const char *name)
{
    for (int i = 0; i < reader->out->layer_count; i++)
        if (strcmp(reader->layers[i].name, name) == 0)
            return &reader->layers[i];
    return NULL;
}

static int grow_layers(struct reader *reader)
{
    const int room = reader->layer_room ? 2 * reader->layer_room : 32;
    struct foreign_layer *layers = arena_alloc(reader->arena, (size_t)room, sizeof *layers);
    if (!layers)
        return lacks_memory(reader);
    if (reader->out->layer_count)
        memcpy(layers, reader->layers, (size_t)reader->out->layer_count * sizeof *layers);
    reader->layers = layers;
    reader->layer_room = room;
    return 0;
}

/* "layer NAME C H W" */
static int read_layer(struct reader *reader, const char *rest)
{
    struct foreign_layer layer;
    const size_t length = strcspn(rest, " ");
    char *name = arena_format(reader->arena, "%.*s", (int)length, rest);
    if (!name)
        return lacks_memory(reader);
    layer.name = name;
    if (!length || strcmp(name, "input") == 0 || !read_shape(rest + length, &layer.shape))
        return fail(reader, "a layer is layer NAME C H W, with a name other than input");
    if (find_layer(reader, name))
        return fail(reader, "that layer is declared twice");
    if (reader->out->layer_count == LAYERS_MAX)
        return fail(reader, "there are too many layers");
    if (reader->out->layer_count == reader->layer_room && grow_layers(reader))
        return -1;
    reader->layers[reader->out->layer_count++] = layer;
    return 0;
}

static int read_target(struct reader *reader, const char *rest)
{
    reader->target = arena_string(reader->arena, rest);
    return reader->target ? 0 : lacks_memory(reader);
}

static const struct line {
    const char *word;
    int (*read)(struct reader *reader, const char *rest);
} lines[] = {{"input", read_input}, {"classes", read_classes},   {"class", read_class}, {"mean", read_mean},
             {"scale", read_scale}, {"channels", read_channels}, {"std", read_std},     {"resize", read_resize},
             {"layer", read_layer}, {"target", read_target},     {"batch", read_batch}};

static int read_line(struct reader *reader)
{
    const char *line = reader->script->line;
    const size_t length = strcspn(line, " ");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (strlen(lines[i].word) == length && memcmp(line, lines[i].word, length) == 0)
            return lines[i].read(reader, line + length + (line[length] == ' '));
    return fail(reader,
                "expected input, classes, class, mean, std, scale, channels, resize, layer, target, batch or ready");
}

/* "network VERSION [TITLE]" */
static int read_first(struct reader *reader)
{
    struct script *script = reader->script;
    int version, end = 0;
    if (script_receive(script, reader->err))
        return -1;
    if (sscanf(script->line, "network %d%n", &version, &end) != 1 || !strchr(" ", script->line[end]))
        return fail(reader, "the first line of a network must be network 1 TITLE");
    if (version != PROCESS_PROTOCOL)
        return fail(reader, "this program has protocol 1");
    text_printable(script->line + end + strspn(script->line + end, " "), reader->out->title, sizeof reader->out->title);
    return 0;
}

/* "ready": whether something is missing. */
static int finish(struct reader *reader)
{
    struct process_declaration *out = reader->out;
    const int classes = class_count(out->outputs);
    if (!out->input.c || !out->outputs || !out->layer_count)
        return fail(reader, "before it come input, classes and at least one layer");
    if (out->names && reader->name_count != classes)
        return fail(reader, "there are fewer names than classes");
    const struct foreign_layer *target =
        reader->target ? find_layer(reader, reader->target) : &reader->layers[out->layer_count - 1];
    if (!target)
        return fail(reader, "the target is not one of the layers");
    out->target = target->name;
    out->layers = reader->layers;
    out->batch = out->batch ? out->batch : 1;
    return 0;
}

int process_declare(struct script *script, struct arena *arena, struct process_declaration *out, struct error *err)
{
    struct reader reader = {.script = script, .arena = arena, .out = out, .err = err};
    *out = (struct process_declaration){0};
    if (read_first(&reader))
        return -1;
    for (;;) {
        if (script_receive(script, err))
            return -1;
        if (strcmp(script->line, "ready") == 0)
            return finish(&reader);
        if (read_line(&reader))
            return -1;
    }
}

static bool same_shape(struct shape a, struct shape b)
{
    return a.c == b.c && a.h == b.h && a.w == b.w;
}

bool process_declares_same(const struct process_declaration *a, const struct process_declaration *b)
{
    bool is_same = same_shape(a->input, b->input) && a->outputs == b->outputs && a->layer_count == b->layer_count;
    for (int i = 0; is_same && i < a->layer_count; i++)
        is_same =
            strcmp(a->layers[i].name, b->layers[i].name) == 0 && same_shape(a->layers[i].shape, b->layers[i].shape);
    return is_same;
}
