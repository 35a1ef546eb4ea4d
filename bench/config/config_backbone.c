/*
 * bench/config/config_backbone.c - entries of the list `backbones`: a network of a family, of a file, or of a process.
 */
#include "bench/config/config_entry.h"
#include "bench/config/config_input.h"
#include "bench/config/config_lists.h"

#include "base/text.h"

#include <string.h>

static int read_transform(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                          struct error *err)
{
    static const struct param given = {.name = "transform_input", .type = PARAM_TYPE_BOOL};
    bool is_given;
    (void)row;
    if (yaml_read_value(value, &given, &is_given, arena, err))
        return -1;
    ((struct config_backbone *)out)->transform_input = is_given ? TRANSFORM_YES : TRANSFORM_NO;
    return 0;
}

static const struct param backbone_rows[] = {
    PARAM_ROW(struct config_backbone, arch, STRING, .usual = "that of the weights file",
              .help = "architecture, as torchvision calls it (cambench list backbones)"),
    PARAM_ROW(struct config_backbone, model, STRING, .usual = "none",
              .help = "instead of arch: a file with a whole network (.onnx), or process"),
    PARAM_ROW(struct config_backbone, weights, STRING, .usual = "none",
              .help = "weights file (HDF5, .pth, .pt, safetensors); required by run"),
    PARAM_ROW(struct config_backbone, layer, STRING, .usual = "the architecture's own",
              .help = "target layer (cambench list layers ARCH)"),
    PARAM_ROW(struct config_backbone, output, STRING, .usual = "the only one",
              .help = "the output of a model that has several"),
    PARAM_ROW(struct config_backbone, label, STRING, .usual = "the arch, or the file's name",
              .help = "name in the results"),
    PARAM_ROW(struct config_backbone, command, STRING, .usual = "none",
              .help = "model: process: the command that runs the network"),
    {.name = "files",
     .type = PARAM_TYPE_STRINGS,
     .offset = offsetof(struct config_backbone, files),
     .count_offset = offsetof(struct config_backbone, file_count),
     .usual = "none",
     .help = "further files that the model depends on, such as the script; their SHA-256 is part of a run's identity"},
    PARAM_ROW(struct config_backbone, timeout, FLOAT, .fallback = MODEL_TIMEOUT_TEXT, .min = 0.01, .max = 1e6,
              .is_limit = true, .help = "model: process: seconds for an answer"),
    {.name = "transform_input",
     .type = PARAM_TYPE_BOOL,
     .read_yaml = read_transform,
     .usual = "the weights file's, else true",
     .help = "GoogLeNet: the network begins with torchvision's transform of its input"},
    PARAM_ROW(struct config_backbone, stem, STRING, .choices = "small|small_pool", .usual = "the weights file's",
              .help =
                  "how a ResNet or DenseNet with a 3x3 first convolution begins: with stride 1, and without (small) "
                  "or with the max pool"),
    PARAM_ROW(struct config_backbone, input, TABLE, .rows = config_input_rows,
              .usual = "the weights file's, else ImageNet's", .help = "how pictures become the network's input"),
    {0},
};

bool config_is_model_file(const char *word)
{
    const size_t length = strlen(word);
    return length > 5 && strcasecmp(word + length - 5, ".onnx") == 0;
}

const char *config_backbone_file(const struct config_backbone *backbone)
{
    const struct model_spec spec = config_backbone_spec(backbone);
    return model_spec_file(&spec);
}

/* Errors: keys that exclude or need each other. */
static int check_keys(const struct yaml *value, const struct config_backbone *backbone, struct error *err)
{
    static const char *const of_process[] = {"command", "timeout"};
    const bool is_process = backbone->model && strcmp(backbone->model, MODEL_PROCESS) == 0;
    if (!backbone->arch && !backbone->model && !backbone->weights)
        return yaml_error(value, err, "%s needs arch, model or weights", value->path);
    if (backbone->model && (backbone->arch || backbone->weights))
        return yaml_error(yaml_get(value, "model"), err, "%s.model is given together with %s; leave one of them out",
                          value->path, backbone->arch ? "arch" : "weights");
    if (is_process && !backbone->command)
        return yaml_error(value, err, "%s.model is process, which needs a command: {model: process, command: ...}",
                          value->path);
    for (size_t i = 0; i < sizeof of_process / sizeof *of_process && !is_process; i++)
        if (value->kind == YAML_MAPPING && yaml_get(value, of_process[i]))
            return yaml_error(yaml_get(value, of_process[i]), err, "%s.%s is for model: process only", value->path,
                              of_process[i]);
    if (backbone->model && backbone->stem)
        return yaml_error(yaml_get(value, "stem"), err, "%s.stem is for weights, a model has its own", value->path);
    if (!backbone->model && backbone->output)
        return yaml_error(yaml_get(value, "output"), err, "%s.output is for a model, an arch has one output",
                          value->path);
    if (!backbone->model && backbone->file_count)
        return yaml_error(yaml_get(value, "files"), err, "%s.files is for a model, an arch has weights", value->path);
    return 0;
}

/* "dir/net.onnx" gives "net". NULL: no memory. */
static const char *stem_of(const char *path, struct arena *arena)
{
    const char *slash = strrchr(path, '/'), *file = slash && slash[1] ? slash + 1 : path, *dot = strrchr(file, '.');
    return arena_format(arena, "%.*s", dot && dot > file ? (int)(dot - file) : (int)strlen(file), file);
}

static int set_label(struct config_backbone *backbone, struct arena *arena, struct error *err)
{
    const char *file = config_backbone_file(backbone);
    if (backbone->label)
        return 0;
    if (backbone->arch && !backbone->model)
        backbone->label = backbone->arch;
    else if (file || backbone->file_count)
        backbone->label = stem_of(file ? file : backbone->files[0], arena);
    else
        backbone->label = MODEL_PROCESS;
    return backbone->label ? 0 : error_memory(err, "the config");
}

static int read_word(const struct yaml *value, struct config_backbone *backbone, struct error *err)
{
    const char *word;
    if (yaml_read_text(value, &word, err))
        return -1;
    *(config_is_model_file(word) ? &backbone->model : &backbone->arch) = word;
    return 0;
}

static int describe(const struct yaml *value, struct config_backbone *backbone, struct error *err)
{
    struct model_facts facts;
    const struct model_spec spec = config_backbone_spec(backbone);
    if (model_describe(&spec, &facts, err))
        return error_prefix(err, "%s: ", config_place_of(value, backbone->model ? "model" : "arch", value->where));
    backbone->arch = facts.arch;
    if (backbone->transform_input != TRANSFORM_USUAL && facts.arch && !facts.has_transform)
        return yaml_error(yaml_get(value, "transform_input"), err,
                          "%s has no transform of its input; leave transform_input out", facts.arch);
    if (backbone->stem && facts.arch && !facts.has_stem)
        return yaml_error(yaml_get(value, "stem"), err, "%s has no stem for small pictures; leave stem out",
                          facts.arch);
    if (!backbone->layer)
        backbone->layer = facts.layer;
    return 0;
}

static int read_backbone(const struct yaml *value, void *element, struct arena *arena, struct error *err)
{
    struct config_backbone *backbone = element;
    param_defaults(backbone_rows, backbone);
    if (value->kind == YAML_TEXT ? read_word(value, backbone, err)
                                 : yaml_read_mapping(value, backbone_rows, backbone, arena, err))
        return -1;
    const struct yaml *input = value->kind == YAML_MAPPING ? yaml_get(value, "input") : NULL;
    if (input && config_read_input(input, backbone->model ? 0 : 3, &backbone->input, err))
        return -1;
    if (check_keys(value, backbone, err) || describe(value, backbone, err) || set_label(backbone, arena, err))
        return -1;
    backbone->where = value->where;
    backbone->entry = value;
    return config_check_label(value, "label", backbone->label, CONFIG_LABEL_BYTES, err);
}

struct model_spec config_backbone_spec(const struct config_backbone *backbone)
{
    return (struct model_spec){
        .arch = backbone->arch,
        .weights = backbone->weights,
        .model = backbone->model,
        .output = backbone->output,
        .command = backbone->command,
        .files = backbone->files,
        .file_count = backbone->file_count,
        .timeout = backbone->timeout,
        .transform_input = backbone->transform_input,
        .stem = backbone->stem ? (enum stem)text_choice(STEM_CHOICES, backbone->stem) : STEM_USUAL,
        .input = backbone->input,
        .arch_where = backbone->entry ? config_backbone_where(backbone, "arch") : "--backbone",
        .transform_where = config_backbone_where(backbone, "transform_input"),
        .stem_where = config_backbone_where(backbone, "stem"),
    };
}

const char *config_backbone_where(const struct config_backbone *backbone, const char *key)
{
    return config_place_of(backbone->entry, key, backbone->where);
}

static const char *backbone_label(const void *element)
{
    return ((const struct config_backbone *)element)->label;
}

static const char label_hint[] = "give one of them another label";
const struct config_list config_backbones = {
    sizeof(struct config_backbone), read_backbone, backbone_label, label_hint, false, backbone_rows, NULL};
