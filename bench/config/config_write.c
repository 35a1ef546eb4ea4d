/*
 * bench/config/config_write.c - a config back to YAML, by libyaml's emitter, which knows how to quote.
 */
#include "bench/config/config.h"

#include "base/file.h"
#include "base/text.h"
#include "bench/config/config_rows.h"
#include "bench/process/program.h"

#include <yaml.h>

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libyaml's nodes are numbers from 1; 0 says that there was no memory, and so does everything made from it. */
struct writer {
    yaml_document_t document;
    bool is_identity; /* limits are left out */
    bool has_failed;
};

static int keep(struct writer *writer, int node)
{
    writer->has_failed |= node == 0;
    return node;
}

/* Plain where no reader could take it for something else. */
static bool is_safe_plain(const char *text)
{
    if (!isalnum((unsigned char)text[0]) || strcasecmp(text, "null") == 0)
        return false;
    for (const char *c = text; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("_-./+=", *c))
            return false;
    return true;
}

static int text_node(struct writer *writer, const char *text)
{
    const yaml_scalar_style_t style = is_safe_plain(text) ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    return keep(writer, yaml_document_add_scalar(&writer->document, NULL, (const yaml_char_t *)text, -1, style));
}

/* A number or truth value: as it is, never quoted. */
static int plain_node(struct writer *writer, const char *text)
{
    return keep(writer, yaml_document_add_scalar(&writer->document, NULL, (const yaml_char_t *)text, -1,
                                                 YAML_PLAIN_SCALAR_STYLE));
}

static int mapping_node(struct writer *writer)
{
    return keep(writer, yaml_document_add_mapping(&writer->document, NULL, YAML_BLOCK_MAPPING_STYLE));
}

static int list_node(struct writer *writer)
{
    return keep(writer, yaml_document_add_sequence(&writer->document, NULL, YAML_BLOCK_SEQUENCE_STYLE));
}

static void put(struct writer *writer, int mapping, const char *key, int value)
{
    const int name = plain_node(writer, key);
    if (mapping && name && value)
        keep(writer, yaml_document_append_mapping_pair(&writer->document, mapping, name, value));
}

static void add(struct writer *writer, int list, int value)
{
    if (list && value)
        keep(writer, yaml_document_append_sequence_item(&writer->document, list, value));
}

static void put_text(struct writer *writer, int mapping, const char *key, const char *text)
{
    if (text)
        put(writer, mapping, key, text_node(writer, text));
}

static void put_bool(struct writer *writer, int mapping, const char *key, bool value)
{
    put(writer, mapping, key, plain_node(writer, value ? "true" : "false"));
}

static int names_node(struct writer *writer, const struct param_names *names)
{
    const int list = list_node(writer);
    for (int i = 0; i < names->count; i++)
        add(writer, list, text_node(writer, names->name[i]));
    return list;
}

static int strings_node(struct writer *writer, const char *const *strings, int count)
{
    const int list = list_node(writer);
    for (int i = 0; i < count; i++)
        add(writer, list, text_node(writer, strings[i]));
    return list;
}

/* A field of a struct that is only read. */
static const void *field_of(const struct param *row, const void *in)
{
    return param_field(row, (void *)in);
}

static int scalar_node(struct writer *writer, const struct param *row, const void *in)
{
    char text[PARAM_VALUE_MAX];
    param_format(row, in, text, sizeof text);
    const bool is_text = row->type == PARAM_TYPE_TEXT || row->type == PARAM_TYPE_PATH;
    return is_text ? text_node(writer, text) : plain_node(writer, text);
}

static void put_others(struct writer *writer, int mapping, const struct param_others *others)
{
    for (int i = 0; i < others->count; i++)
        put_text(writer, mapping, others->item[i].name, others->item[i].text);
}

static void put_rows(struct writer *writer, int mapping, const struct param *rows, const void *in);

static int named_node(struct writer *writer, const struct param_named *named)
{
    const int node = mapping_node(writer), params = mapping_node(writer);
    put_text(writer, node, "name", named->name);
    put_rows(writer, params, named->rows, named->params);
    put(writer, node, "params", params);
    return node;
}

/* The field of a row; a STRING that is not given is left out. */
static void put_row(struct writer *writer, int mapping, const struct param *row, const void *in)
{
    if (row->type == PARAM_TYPE_NAMES)
        put(writer, mapping, row->name, names_node(writer, field_of(row, in)));
    else if (row->type == PARAM_TYPE_OTHERS)
        put_others(writer, mapping, field_of(row, in));
    else if (row->type == PARAM_TYPE_PATHS) {
        const struct param_paths *paths = field_of(row, in);
        put(writer, mapping, row->name, strings_node(writer, paths->path, paths->count));
    } else if (row->type == PARAM_TYPE_STRING)
        put_text(writer, mapping, row->name, *(const char *const *)field_of(row, in));
    else if (row->type == PARAM_TYPE_STRINGS)
        put(writer, mapping, row->name,
            strings_node(writer, *(const char *const *const *)field_of(row, in), *param_count(row, (void *)in)));
    else if (row->type == PARAM_TYPE_TABLE)
        return; /* where a table may be absent, its owner writes it */
    else if (row->type == PARAM_TYPE_NAMED)
        put(writer, mapping, row->name, named_node(writer, param_named(row, in)));
    else
        put(writer, mapping, row->name, scalar_node(writer, row, in));
}

static void put_rows(struct writer *writer, int mapping, const struct param *rows, const void *in)
{
    for (const struct param *row = rows; row && row->name; row++)
        if (!(writer->is_identity && row->is_limit))
            put_row(writer, mapping, row, in);
}

static int rows_node(struct writer *writer, const struct param *rows, const void *in)
{
    const int node = mapping_node(writer);
    put_rows(writer, node, rows, in);
    return node;
}

/* The shortest text that reads back to the same number. */
static int number_node(struct writer *writer, double number)
{
    char text[32];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    return plain_node(writer, text);
}

static int numbers_node(struct writer *writer, const double *numbers, int count)
{
    const int list = list_node(writer);
    for (int i = 0; i < count; i++)
        add(writer, list, number_node(writer, numbers[i]));
    return list;
}

/* The first choice says that nothing is given. */
static void put_choice(struct writer *writer, int mapping, const char *key, const char *choices, int choice)
{
    char word[16];
    text_choice_name(choices, choice, word, sizeof word);
    put_text(writer, mapping, key, choice ? word : NULL);
}

/* Only what is given, so that configs without `input` keep their identity. */
static void put_input(struct writer *writer, int mapping, const struct picture_input *input)
{
    if (picture_input_is_empty(input))
        return;
    const int node = mapping_node(writer);
    if (input->has_mean)
        put(writer, node, "mean", numbers_node(writer, input->mean, input->mean_count ? input->mean_count : 3));
    if (input->has_deviation)
        put(writer, node, "std",
            numbers_node(writer, input->deviation, input->deviation_count ? input->deviation_count : 3));
    if (input->h)
        put(writer, node, "size", numbers_node(writer, (const double[]){input->h, input->w}, 2));
    put_choice(writer, node, "resize", PICTURE_RESIZE_CHOICES, (int)input->resize);
    put_choice(writer, node, "interpolation", PICTURE_INTERPOLATION_CHOICES, (int)input->interpolation);
    if (input->crop > 0)
        put(writer, node, "crop", number_node(writer, input->crop));
    if (input->scale > 0)
        put(writer, node, "scale", number_node(writer, input->scale));
    if (input->channels[0])
        put_text(writer, node, "channels", input->channels);
    put_choice(writer, node, "layout", PICTURE_LAYOUT_CHOICES, (int)input->layout);
    put(writer, mapping, "input", node);
}

/* Keys of entries that are not of a family. */
static void put_model(struct writer *writer, int mapping, const struct config_backbone *backbone)
{
    put_text(writer, mapping, "model", backbone->model);
    put_text(writer, mapping, "output", backbone->output);
    put_text(writer, mapping, "command", backbone->command);
    if (backbone->file_count)
        put(writer, mapping, "files", strings_node(writer, backbone->files, backbone->file_count));
    if (backbone->command && !writer->is_identity)
        put(writer, mapping, "timeout", number_node(writer, backbone->timeout));
}

static int backbones_node(struct writer *writer, const struct config *config)
{
    const int list = list_node(writer);
    for (int i = 0; i < config->backbone_count; i++) {
        const struct config_backbone *backbone = &config->backbones[i];
        const int node = mapping_node(writer);
        if (!backbone->model)
            put_text(writer, node, "arch", backbone->arch);
        put_text(writer, node, "weights", backbone->weights);
        put_model(writer, node, backbone);
        put_text(writer, node, "layer", backbone->layer);
        put_text(writer, node, "label", backbone->label);
        if (backbone->transform_input != TRANSFORM_USUAL)
            put_bool(writer, node, "transform_input", backbone->transform_input == TRANSFORM_YES);
        put_text(writer, node, "stem", backbone->stem);
        put_input(writer, node, &backbone->input);
        add(writer, list, node);
    }
    return list;
}

static int methods_node(struct writer *writer, const struct config *config)
{
    const int list = list_node(writer);
    for (int i = 0; i < config->method_count; i++) {
        const struct config_method *method = &config->methods[i];
        const int node = mapping_node(writer), params = mapping_node(writer);
        put_text(writer, node, "name", method->method->name);
        put_text(writer, node, "label", method->label);
        put_rows(writer, params, method->method->params, method->params);
        put(writer, node, "params", params);
        add(writer, list, node);
    }
    return list;
}

static int metrics_node(struct writer *writer, const struct config *config)
{
    const int list = list_node(writer);
    for (int i = 0; i < config->metric_count; i++) {
        const struct config_metric *metric = &config->metrics[i];
        const int node = mapping_node(writer), params = mapping_node(writer);
        put_text(writer, node, "name", metric->metric->name);
        put_rows(writer, params, metric->metric->params, metric->params);
        put(writer, node, "params", params);
        add(writer, list, node);
    }
    return list;
}

static int protocols_node(struct writer *writer, const struct config *config)
{
    const int list = list_node(writer);
    for (int i = 0; i < config->protocol_count; i++) {
        const struct protocol *protocol = &config->protocols[i];
        const int node = mapping_node(writer);
        put_text(writer, node, "preset", protocol->preset);
        put_text(writer, node, "label", protocol->name);
        put_rows(writer, node, protocol_params, protocol);
        add(writer, list, node);
    }
    return list;
}

/* The rule says which images are measured, no value depends on it. */
static int dataset_node(struct writer *writer, const struct config_dataset *dataset)
{
    const int node = mapping_node(writer);
    put_rows(writer, node, config_dataset_rows, dataset);
    if (dataset->until.metric && !writer->is_identity)
        put(writer, node, "until", rows_node(writer, config_until_rows, &dataset->until));
    return node;
}

/* What measured values depend on. */
static void put_measured(struct writer *writer, int root, const struct config *config)
{
    char seed[32];
    snprintf(seed, sizeof seed, "%" PRIu64, config->seed);
    put(writer, root, "seed", plain_node(writer, seed));
    put(writer, root, "dataset", dataset_node(writer, &config->dataset));
    put(writer, root, "backbones", backbones_node(writer, config));
    put(writer, root, "methods", methods_node(writer, config));
    put(writer, root, "metrics", metrics_node(writer, config));
    put(writer, root, "protocol", protocols_node(writer, config));
}

static void put_all(struct writer *writer, int root, const struct config *config)
{
    put_text(writer, root, "name", config->name);
    put_text(writer, root, "output", config->output);
    put_measured(writer, root, config);
    put(writer, root, "runtime", rows_node(writer, config_runtime_rows, &config->runtime));
    put(writer, root, "report", rows_node(writer, config_report_rows, &config->report));
    put(writer, root, "plugins", strings_node(writer, config->plugins, config->plugin_count));
}

static void put_identity(struct writer *writer, int root, const struct config *config)
{
    writer->is_identity = true;
    put_measured(writer, root, config);
    put_text(writer, root, "kernels", config->runtime.kernels);
    put_bool(writer, root, "exact_passes", config->runtime.exact_passes);
}

/* Prints what `fill` puts into the root mapping. False: no memory, or the stream's own trouble. */
static bool emit(const struct config *config, void (*fill)(struct writer *, int, const struct config *), FILE *stream)
{
    struct writer writer = {0};
    yaml_emitter_t emitter;
    if (!yaml_document_initialize(&writer.document, NULL, NULL, NULL, 1, 1))
        return false;
    fill(&writer, mapping_node(&writer), config);
    if (writer.has_failed || !yaml_emitter_initialize(&emitter)) {
        yaml_document_delete(&writer.document);
        return false;
    }
    yaml_emitter_set_output_file(&emitter, stream);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    const bool is_written = yaml_emitter_open(&emitter) && yaml_emitter_dump(&emitter, &writer.document) &&
                            yaml_emitter_close(&emitter); /* dump takes the document */
    yaml_emitter_delete(&emitter);
    return is_written;
}

int config_write(const struct config *config, const char *path, struct error *err)
{
    struct file_writer file;
    if (file_create(&file, path, err))
        return -1;
    fprintf(file.stream, "# As run by %s: every default is written out.\n", CAMBENCH_PROGRAM);
    if (!emit(config, put_all, file.stream) && !ferror(file.stream)) {
        file_abandon(&file);
        return error_memory(err, "the resolved config");
    }
    return file_commit(&file, err);
}

const char *config_identity(const struct config *config, struct arena *arena, struct error *err)
{
    char *text = NULL, *copy = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (stream) {
        const bool is_written = emit(config, put_identity, stream);
        /* Without memory for its last copy a stream closes well, and there is no text. */
        if (fclose(stream) == 0 && is_written && text)
            copy = arena_string(arena, text);
    }
    free(text);
    if (!copy)
        error_memory(err, "the config's text");
    return copy;
}
