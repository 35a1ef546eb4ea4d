/* bench/run/explain.c - opens a network by its options and walks pictures through it. */
#include "bench/run/explain.h"

#include "base/file.h"
#include "base/text.h"
#include "bench/config/names.h"
#include "bench/process/shipped.h"
#include "bench/process/worker_threads.h"
#include "bench/run/evaluate.h"
#include "bench/run/notes.h"
#include "bench/run/run_backbone.h"
#include "bench/run/sheet.h"
#include "datasets/decode.h"
#include "datasets/import/import_files.h"
#include "methods/method_table.h"
#include "report/escape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define DEMO_BACKBONE "resnet18"
#define DEMO_FILE "backbones/demo/%s.h5"
#define USUAL_METHODS "gradcam,gradcam_pp,layercam,reciprocam" /* of different kinds; seconds on any network */
#define USUAL_PROTOCOL "cambench"
#define PICTURE_BYTES_MAX ((size_t)256 << 20) /* as in an image set */
#define STEM_MAX 128
#define NOTE_MAX 64

struct explain {
    struct explain_options options;
    struct file_folders folders; /* made for the sheets */
    struct arena arena;
    struct config_given *params; /* of --param */
    bool *is_used;               /* those that a method has */
    struct config_method *methods;
    struct protocol protocol;
    struct panel panel; /* these methods, this protocol, no metrics */
    struct config_backbone config;
    struct run_backbone backbone;
    struct network *network;
    int threads;
    struct evaluator evaluator;
    int *which;      /* methods: all of the panel's */
    int named_class; /* -1: the class is not a named one */
    int next;        /* picture */
    bool is_clipped;
    struct stat *files;
    char (*written)[PATH_MAX]; /* (next) */
};

/* -- methods and protocol ----------------------------------------------------------------------------------------- */

/* Splits the texts of --param. */
static int split_params(struct explain *explain, struct error *err)
{
    const struct explain_options *options = &explain->options;
    const size_t count = (size_t)options->param_count;
    explain->params = arena_alloc(&explain->arena, count + 1, sizeof *explain->params);
    explain->is_used = arena_alloc(&explain->arena, count + 1, sizeof *explain->is_used);
    if (!explain->params || !explain->is_used)
        return error_memory(err, "the parameters");
    for (size_t i = 0; i < count; i++) {
        char *name = arena_string(&explain->arena, options->params[i]), *equals = name ? strchr(name, '=') : NULL;
        if (!name)
            return error_memory(err, "the parameters");
        if (!equals)
            return error_set(err, "--param: \"%s\" is not KEY=VALUE", options->params[i]);
        *equals = 0;
        explain->params[i] = (struct config_given){name, equals + 1};
    }
    return 0;
}

/* Whether a method has a parameter of this name, or takes any. */
static bool is_for(const struct method *method, const char *name)
{
    const struct param *param = param_find(method->params, name), *others = param_find_others(method->params);
    return param ? param != others : others != NULL;
}

/* Adds a method with those of the parameters that it has. */
static int add_method(struct explain *explain, const char *name, struct error *err)
{
    struct panel *panel = &explain->panel;
    struct config_method *method = &explain->methods[panel->method_count];
    const int count = explain->options.param_count;
    struct config_given *given = arena_alloc(&explain->arena, (size_t)count + 1, sizeof *given);
    const struct method *found = method_called("--methods", name, err);
    int given_count = 0;
    if (!found)
        return -1;
    if (!given)
        return error_memory(err, "the parameters");
    for (int i = 0; i < count; i++)
        if (is_for(found, explain->params[i].name)) {
            explain->is_used[i] = true;
            given[given_count++] = explain->params[i];
        }
    if (config_method_with("--methods", name, given, given_count, &explain->arena, method, err))
        return -1;
    for (int i = 0; i < panel->method_count; i++)
        if (explain->methods[i].method == method->method)
            return error_set(err, "--methods: \"%s\" is given twice", name);
    panel->method_count++;
    return 0;
}

/* Whether "all" includes the method: it has maps of any picture, needs no parameter, and the network can be used. */
static bool is_in_all(const struct explain *explain, const struct method *method)
{
    const bool has_graph = !explain->options.command || !(method->flags & METHOD_NEEDS_GRAPH);
    return has_graph && !(method->flags & METHOD_ORIGINAL_ONLY) && !param_required(method->params);
}

static int registry_size(void)
{
    int count = 0;
    while (methods_all()[count])
        count++;
    return count;
}

static int check_params(const struct explain *explain, struct error *err)
{
    for (int i = 0; i < explain->options.param_count; i++)
        if (!explain->is_used[i])
            return error_set(err, "--param: none of the methods has a parameter \"%s\"", explain->params[i].name);
    return 0;
}

static int choose_methods(struct explain *explain, struct error *err)
{
    struct arena *arena = &explain->arena;
    const char *wanted = explain->options.methods ? explain->options.methods : USUAL_METHODS;
    const int all = registry_size();
    char *words = arena_string(arena, wanted);
    explain->methods = arena_alloc(arena, (size_t)all + 1, sizeof *explain->methods);
    explain->which = arena_alloc(arena, (size_t)all + 1, sizeof *explain->which);
    if (!words || !explain->methods || !explain->which)
        return error_memory(err, "the methods");
    if (split_params(explain, err))
        return -1;
    explain->panel.methods = explain->methods;
    for (int i = 0; i <= all; i++)
        explain->which[i] = i;
    const bool is_all = strcmp(wanted, "all") == 0;
    for (int i = 0; i < all && is_all; i++)
        if (is_in_all(explain, methods_all()[i]) && add_method(explain, methods_all()[i]->name, err))
            return -1;
    for (char *word; !is_all && (word = strsep(&words, ","));)
        if (add_method(explain, word, err))
            return -1;
    return check_params(explain, err);
}

/* The class that --class gives; the image set's label and several classes are the config's. */
static int choose_class(struct explain *explain, struct error *err)
{
    const char *klass = explain->options.klass ? explain->options.klass : "predicted";
    explain->protocol.klass = klass;
    switch (protocol_class(klass, NULL)) {
    case PROTOCOL_CLASS_LABEL:
        return error_set(err, "--class: a picture has no label; name the class");
    case PROTOCOL_CLASS_TOP:
        return error_set(err, "--class: \"%s\" is several classes; rank:1, rank:2 ... explain one of them", klass);
    default:
        return 0;
    }
}

static int choose_protocol(struct explain *explain, struct error *err)
{
    const struct explain_options *options = &explain->options;
    const struct protocol *preset = protocol_find(options->protocol ? options->protocol : USUAL_PROTOCOL, err);
    if (!preset)
        return error_prefix(err, "--protocol: ");
    explain->protocol = *preset;
    explain->panel.protocols = &explain->protocol;
    explain->panel.protocol_count = 1;
    return choose_class(explain, err);
}

/* -- network ------------------------------------------------------------------------------------------------------ */

static int find_demo(struct explain *explain, struct config_backbone *backbone, struct error *err)
{
    struct model_facts facts;
    char name[128], path[PATH_MAX];
    if (model_describe(&(struct model_spec){.arch = backbone->arch ? backbone->arch : DEMO_BACKBONE}, &facts, err))
        return error_prefix(err, "--backbone: ");
    backbone->arch = facts.arch;
    snprintf(name, sizeof name, DEMO_FILE, backbone->arch);
    if (shipped_file(name, path, err))
        return error_prefix(err, "no demo network of %s, and no --weights: ", backbone->arch);
    backbone->weights = arena_string(&explain->arena, path);
    return backbone->weights ? 0 : error_memory(err, "the network");
}

static bool is_process(const char *word)
{
    return strcmp(word, MODEL_PROCESS) == 0;
}

static bool is_model(const char *word)
{
    return config_is_model_file(word) || is_process(word);
}

static int check_command(const struct explain_options *options, struct error *err)
{
    const char *word = options->backbone;
    if (options->command && ((word && !is_process(word)) || options->weights))
        return error_set(err, "--command: runs a network of its own; leave --%s out",
                         options->weights ? "weights" : "backbone");
    if (!options->command && word && is_process(word))
        return error_set(err, "--backbone: process needs --command, the command that runs the network");
    return 0;
}

static int open_network(struct explain *explain, struct error *err)
{
    struct config_backbone *config = &explain->config;
    struct run_backbone *backbone = &explain->backbone;
    const char *word = explain->options.backbone, *weights = explain->options.weights;
    if (check_command(&explain->options, err))
        return -1;
    if (!word && explain->options.command)
        word = MODEL_PROCESS;
    *(word && is_model(word) ? &config->model : &config->arch) = word; /* NULL: that of the weights */
    if (config->model && weights)
        return error_set(err, "--weights: \"%s\" has weights of its own", TEXT_SHOWN(word));
    if (weights)
        *(config_is_model_file(weights) ? &config->model : &config->weights) = shipped_or(weights, &explain->arena);
    if (config->model && config->arch)
        return error_set(err, "--backbone: \"%s\" is a whole network; leave --backbone out", TEXT_SHOWN(config->model));
    if (!weights && !config->model && find_demo(explain, config, err))
        return -1;
    config->command = explain->options.command;
    config->timeout = MODEL_TIMEOUT;
    config->layer = explain->options.layer;
    config->where = "--layer";
    backbone->config = config;
    if (run_backbone_open(backbone, true, &explain->panel, &explain->arena, err))
        return -1;
    explain->evaluator.backbone = config->label;
    explain->evaluator.input = backbone->model->input;
    explain->network = run_backbone_load(backbone, NULL, err);
    if (!explain->network)
        return -1;
    explain->evaluator.worker.session = session_create(explain->network, explain->threads, err);
    return explain->evaluator.worker.session ? 0 : -1;
}

static int find_class(struct explain *explain, struct error *err)
{
    if (run_backbone_find_class(&explain->backbone, explain->protocol.klass, &explain->arena, &explain->named_class,
                                err))
        return error_prefix(err, "--class: ");
    explain->evaluator.named_class = &explain->named_class;
    return 0;
}

/* -- the job ------------------------------------------------------------------------------------------------------ */

/* Which files the pictures are, so that none is written over; a missing one is told when its turn comes. */
static int note_files(struct explain *explain, struct error *err)
{
    const struct explain_options *options = &explain->options;
    explain->files = arena_alloc(&explain->arena, (size_t)options->picture_count, sizeof *explain->files);
    explain->written = arena_alloc(&explain->arena, (size_t)options->picture_count, sizeof *explain->written);
    if (!explain->files || !explain->written)
        return error_memory(err, "the list of pictures");
    for (int i = 0; i < options->picture_count; i++)
        if (stat(options->pictures[i], &explain->files[i]))
            explain->files[i] = (struct stat){0};
    return options->output ? file_make_folders(&explain->folders, options->output, err) : 0;
}

static int open_all(struct explain *explain, struct error *err)
{
    explain->threads = worker_threads(explain->options.threads, err);
    if (!explain->threads)
        return -1;
    explain->panel.seed = 1;
    explain->evaluator.panel = &explain->panel;
    return status_of(choose_methods(explain, err) || choose_protocol(explain, err) || open_network(explain, err) ||
                     find_class(explain, err) || note_files(explain, err));
}

struct explain *explain_open(const struct explain_options *options, struct error *err)
{
    struct explain *explain = calloc(1, sizeof *explain);
    if (!explain) {
        error_memory(err, "the pictures");
        return NULL;
    }
    explain->options = *options;
    arena_init(&explain->arena, 0);
    if (open_all(explain, err) == 0)
        return explain;
    explain_close(explain);
    return NULL;
}

void explain_close(struct explain *explain)
{
    if (!explain)
        return;
    evaluator_release(&explain->evaluator);
    session_free(explain->evaluator.worker.session);
    network_free(explain->network);
    model_close(explain->backbone.model);
    arena_release(&explain->arena);
    file_remove_folders(&explain->folders); /* if no sheet is in them */
    free(explain);
}

/* -- names of sheets ---------------------------------------------------------------------------------------------- */

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* "dog" of "pictures/dog.jpg", safe as a file name. */
static void stem_of(const char *path, char stem[STEM_MAX])
{
    escape_file_name(last_part(path), stem, STEM_MAX);
    char *dot = strrchr(stem, '.');
    if (dot && dot > stem)
        *dot = 0;
}

/* Is there one of the pictures, or a sheet of this job? */
static bool is_taken(const struct explain *explain, const char *path)
{
    struct stat info;
    const bool is_there = stat(path, &info) == 0;
    for (int i = 0; i < explain->options.picture_count && is_there; i++)
        if (explain->files[i].st_ino == info.st_ino && explain->files[i].st_dev == info.st_dev)
            return true;
    for (int i = 0; i < explain->next; i++)
        if (strcmp(explain->written[i], path) == 0)
            return true;
    return false;
}

static int name_sheet(const struct explain *explain, const char *picture, char path[PATH_MAX], struct error *err)
{
    const struct explain_options *options = &explain->options;
    char stem[STEM_MAX], klass[64] = "", number[16] = "", file[STEM_MAX + 160];
    stem_of(picture, stem);
    if (options->klass)
        escape_file_name(options->klass, klass, sizeof klass);
    for (int n = 2;; n++) {
        snprintf(file, sizeof file, "%s-%s%s%s%s.png", stem, explain->backbone.config->arch, *klass ? "-" : "", klass,
                 number);
        if (!options->output)
            snprintf(path, PATH_MAX, "%s", file);
        else if (file_join(path, options->output, file, err))
            return -1;
        if (!is_taken(explain, path))
            return 0;
        snprintf(number, sizeof number, "-%d", n);
    }
}

/* -- one picture -------------------------------------------------------------------------------------------------- */

static int read_picture(struct explain *explain, const char *file, struct picture *picture, struct error *err)
{
    struct arena *arena = &explain->evaluator.arena;
    char *bytes;
    size_t size;
    if (import_read_file(file, PICTURE_BYTES_MAX, arena, &bytes, &size, err) ||
        decode_picture(bytes, size, arena, picture, err))
        return error_prefix(err, "picture \"%s\": ", file);
    explain->is_clipped = decode_clips(bytes, size);
    return 0;
}

/* "12.3 ms", behind what is to be said of the map. */
static void write_note(const struct evaluated_method *method, char *note, size_t size)
{
    const char *flag = sheet_flag(method->saliency.flag);
    const double seconds = method->cost.seconds;
    const int used = snprintf(note, size, "%s%s", flag ? flag : "", flag ? ", " : "");
    if (seconds < 1)
        snprintf(note + used, size - (size_t)used, "%.1f ms", 1000 * seconds);
    else
        snprintf(note + used, size - (size_t)used, "%.2f s", seconds);
}

/* "predicted (87.3 %): dog", where another class is explained; a long name may lose its end. */
static void write_predicted(const struct explained *out, char *note, size_t size)
{
    char name[NOTE_MAX / 2];
    if (out->klass != out->predicted)
        snprintf(note, size, "predicted (%.1f %%): %s", 100 * out->predicted_probability,
                 sheet_class(out->predicted, out->predicted_name, name, sizeof name));
}

/* A script may have a title of its own. */
static const char *title_of(const struct explain *explain, const struct config_method *method)
{
    const char *own = cam_title(&explain->evaluator.worker, method->method, method->params);
    return own ? own : method->title;
}

static int draw(struct explain *explain, const char *picture, const struct evaluated *evaluated,
                const struct explained *out, struct error *err)
{
    const struct panel *panel = &explain->panel;
    const size_t count = (size_t)panel->method_count + 1;
    struct overlay_panel *panels = arena_alloc(&explain->evaluator.arena, count, sizeof *panels);
    char(*notes)[NOTE_MAX] = arena_alloc(&explain->evaluator.arena, count, sizeof *notes);
    if (!panels || !notes)
        return error_memory(err, "a sheet of maps");
    write_predicted(out, notes[0], sizeof *notes);
    for (int m = 0; m < panel->method_count; m++) {
        write_note(&evaluated->methods[m], notes[m + 1], sizeof *notes);
        panels[m + 1] = (struct overlay_panel){.title = title_of(explain, &panel->methods[m]),
                                               .map = evaluated->methods[m].saliency.data};
    }
    for (size_t i = 0; i < count; i++)
        panels[i].subtitle = notes[i];
    const struct sheet sheet = {.image = last_part(picture),
                                .klass = out->klass,
                                .class_name = out->class_name,
                                .probability = out->probability,
                                .backbone = explain->backbone.title,
                                .input = network_input(explain->network),
                                .pixels = evaluated->pixels};
    return sheet_write(out->path, &sheet, panels, (int)count, err);
}

static int explain_file(struct explain *explain, const char *file, struct explained *out, struct error *err)
{
    struct evaluate_subject subject = {.name = last_part(file), .index = -1, .label = -1};
    struct evaluated evaluated;
    bool is_unreadable;
    arena_reset(&explain->evaluator.arena);
    if (read_picture(explain, file, &subject.picture, err) ||
        evaluate_picture(&explain->evaluator, &subject, explain->which, explain->panel.method_count, &evaluated,
                         &is_unreadable, err) ||
        name_sheet(explain, file, out->path, err))
        return -1;
    out->klass = evaluated.views[0].klass;
    out->class_name = class_names_shown(&explain->backbone.classes, out->klass);
    out->probability = evaluated.views[0].probability;
    out->predicted = evaluated.base.predicted;
    out->predicted_name = class_names_shown(&explain->backbone.classes, out->predicted);
    out->predicted_probability = evaluated.base.probability;
    return draw(explain, file, &evaluated, out, err);
}

int explain_next(struct explain *explain, struct explained *out, struct error *err)
{
    const char *file = explain->options.pictures[explain->next];
    *out = (struct explained){0};
    const int status = explain_file(explain, file, out, err);
    out->is_clipped = explain->is_clipped;
    if (!status)
        snprintf(explain->written[explain->next], PATH_MAX, "%s", out->path);
    explain->next++;
    return status;
}

void explain_notes(const struct explain *explain, FILE *stream)
{
    const struct config_backbone *config = explain->backbone.config;
    notes_print(config_backbone_file(config), explain->backbone.model->notes, explain->backbone.model->note_count,
                stream);
}
