/* bench/run/plan.c - opens and checks the files of a run, chooses its images, lists missing files. */
#include "bench/run/run.h"

#include "base/input.h"
#include "base/random.h"
#include "base/text.h"
#include "bench/process/shipped.h"
#include "bench/process/worker_threads.h"
#include "bench/run/estimate.h"
#include "bench/run/paper_numbers.h"
#include "datasets/imagenet.h"
#include "weights/published.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Lists the config's metrics, then the parts of composites that it does not name. */
static int list_metrics(struct run *run, struct error *err)
{
    struct config *config = &run->config;
    struct config_metric *list;
    int count;
    if (config_all_metrics(config, &run->arena, &list, &count, err))
        return -1;
    config->metrics = list;
    config->metric_count = count;
    return 0;
}

static int fill_panel(struct run *run, struct error *err)
{
    const struct config *config = &run->config;
    struct evidence_metric *list = arena_alloc(&run->arena, (size_t)config->metric_count, sizeof *list);
    if (!list)
        return error_memory(err, "the list of metrics");
    for (int i = 0; i < config->metric_count; i++)
        list[i] = (struct evidence_metric){config->metrics[i].metric, config->metrics[i].params};
    run->panel = (struct panel){.method_count = config->method_count,
                                .metric_count = config->metric_count,
                                .protocol_count = config->protocol_count,
                                .methods = config->methods,
                                .metrics = list,
                                .protocols = config->protocols,
                                .seed = config->seed,
                                .exact_passes = config->runtime.exact_passes,
                                .keeps_on = config->runtime.on_error == CONFIG_SKIP,
                                .batch = config->runtime.batch};
    return 0;
}

/* -- files that are not there -------------------------------------------------------------------------------------- */

static int add_missing(struct run *run, const char *what, const char *path, const char *command, struct error *err)
{
    if (!command)
        return error_memory(err, "the list of missing files");
    for (int i = 0; i < run->missing_count; i++)
        if (strcmp(run->missing[i].path, path) == 0)
            return 0;
    run->missing[run->missing_count++] = (struct run_missing){what, path, command};
    return 0;
}

/* Whether a dry run must go on without the file. Any other run opens the file, which gives the error. */
static bool is_missing(const struct run *run, const char *path)
{
    return run->is_dry && access(path, F_OK) != 0 && errno == ENOENT;
}

/* Whether the images may have ImageNet's classes; torchvision's weights are suggested only for these. */
static bool may_be_imagenet(const struct imageset *images)
{
    const int classes = images ? imageset_class_count(images) : 0;
    return classes == 0 || classes == IMAGENET_CLASSES;
}

/*
 * The command that makes the weights file: for "weights/resnet50.h5" and "resnet50_v2.h5", the names that `cambench
 * fetch` gives to torchvision's two trainings, it is fetch, otherwise import. NULL: no memory.
 */
static const char *weights_command(const struct config_backbone *backbone, const struct imageset *images,
                                   struct arena *arena)
{
    static const struct {
        const char *suffix, *training;
    } kinds[] = {{".h5", "V1"}, {"_v2.h5", "V2"}};
    const char *slash = strrchr(backbone->weights, '/'), *file = slash ? slash + 1 : backbone->weights;
    const int folder_length = slash ? (int)(slash - backbone->weights) + (slash == backbone->weights) : 1;
    const char *folder = arena_format(arena, "%.*s", folder_length, slash ? backbone->weights : ".");
    const char *to = folder ? text_shell_word(folder, arena) : NULL, *out = text_shell_word(backbone->weights, arena);
    const size_t length = strlen(backbone->arch);
    struct error unpublished;
    if (!to || !out)
        return NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && may_be_imagenet(images); i++)
        if (strncmp(file, backbone->arch, length) == 0 && strcmp(file + length, kinds[i].suffix) == 0 &&
            published_find(backbone->arch, kinds[i].training, &unpublished))
            return arena_format(arena, "cambench fetch weights %s --weights %s --to %s", backbone->arch,
                                kinds[i].training, to);
    return arena_format(arena, "cambench import weights FILE --arch %s --out %s", backbone->arch, out);
}

/* The command; for a file that comes with the program, which no command makes, a sentence where it is. */
static const char *command_for(const char *path, const char *command)
{
    return shipped_is_own(path)
               ? "it comes with cambench, in its sources and in PREFIX/share/cambench; CAMBENCH_DATA may "
                 "name a folder that has it"
               : command;
}

/* Replaces paths of files that come with the program by the paths where they are. */
static void find_shipped(struct run *run)
{
    struct config *config = &run->config;
    config->dataset.path = shipped_or(config->dataset.path, &run->arena);
    for (int i = 0; i < config->backbone_count; i++) {
        struct config_backbone *backbone = &config->backbones[i];
        const char **path = backbone->weights ? &backbone->weights : &backbone->model;
        if (config_backbone_file(backbone))
            *path = shipped_or(*path, &run->arena);
    }
    for (int i = 0; i < config->report.reference_count; i++)
        config->report.references[i] = shipped_or(config->report.references[i], &run->arena);
}

static int check_references(struct run *run, struct error *err)
{
    const struct config_report *config = &run->config.report;
    struct report unused = {0};
    bool is_complete = true;
    for (int i = 0; i < config->reference_count; i++) {
        if (!is_missing(run, config->references[i]))
            continue;
        is_complete = false;
        if (add_missing(
                run, "published numbers", config->references[i],
                "copy it from results/reference of cambench's sources, or from share/cambench/results/reference", err))
            return -1;
    }
    return is_complete ? paper_numbers_read(config, &run->arena, &unused, err) : 0;
}

static int add_missing_method_file(struct run *run, const struct method_file *file, struct error *err)
{
    const char *what = arena_format(&run->arena, "file of method %s", file->owner);
    const char *advice =
        arena_format(&run->arena, "make it, or name another one: params: {%s: FILE}", file->param->name);
    return what ? add_missing(run, what, file->path, advice, err) : error_memory(err, "the list of missing files");
}

static int check_method_files(struct run *run, struct error *err)
{
    int status = 0;
    for (int i = 0; i < run->method_file_count && !status; i++) {
        const struct method_file *file = &run->method_files[i];
        status = file->param && is_missing(run, file->path) ? add_missing_method_file(run, file, err)
                                                            : method_file_check(&run->config, file, err);
    }
    return status;
}

bool run_lacks_file(const struct run *run, int method)
{
    for (int i = 0; i < run->method_file_count; i++)
        if (run->method_files[i].method == method && is_missing(run, run->method_files[i].path))
            return true;
    return false;
}

/* Finds what is wrong with a method before anything is measured. */
static int try_methods(const struct run *run, struct error *err)
{
    for (int m = 0; m < run->config.method_count; m++) {
        const struct config_method *method = &run->config.methods[m];
        if (!run_lacks_file(run, m) && cam_try_open(method->method, method->params, err))
            return error_prefix(err, "%s: method \"%s\": ", method->where, method->label);
    }
    return 0;
}

/* -- images -------------------------------------------------------------------------------------------------------- */

/*
 * Chooses the file's first images, or a seeded sample: the first of a shuffled list (Fisher-Yates). Both are in the
 * file's order.
 */
static void choose_images(struct run *run, int available)
{
    const struct config *config = &run->config;
    int *order = run->chosen;
    for (int i = 0; i < available; i++)
        order[i] = i;
    if (!config->dataset.shuffle)
        return;
    struct random_stream stream;
    random_init(&stream, config->seed, random_purpose(0, "images"));
    for (int i = 0; i < run->image_count; i++) {
        const int other = i + (int)random_below(&stream, (uint32_t)(available - i));
        const int swap = order[i];
        order[i] = order[other];
        order[other] = swap;
    }
}

/* A rule that ends a run early needs images that are drawn at random, whatever the order in the file. */
static void order_images(struct run *run)
{
    struct random_stream stream;
    random_init(&stream, run->config.seed, random_purpose(0, "until"));
    for (int i = run->image_count - 1; i > 0; i--) {
        const int other = (int)random_below(&stream, (uint32_t)i + 1), swap = run->chosen[i];
        run->chosen[i] = run->chosen[other];
        run->chosen[other] = swap;
    }
}

static int by_value(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Error: the image set lacks the truth or labels that the metric needs; it would be undefined on every image. */
static int check_truth(const struct run *run, const struct metric *metric, struct error *err)
{
    const char *path = run->config.dataset.path;
    if (!imageset_has_masks(run->images) && !imageset_has_boxes(run->images))
        return error_set(err, "image set \"%s\": has neither masks nor boxes, metric \"%s\" needs them", path,
                         metric->name);
    if (!imageset_has_labels(run->images))
        return error_set(err,
                         "image set \"%s\": has no labels, metric \"%s\" needs to know whose masks and boxes it has",
                         path, metric->name);
    return 0;
}

static int open_images(struct run *run, struct error *err)
{
    const struct config *config = &run->config;
    if (is_missing(run, config->dataset.path)) {
        run->image_count = config->dataset.images < 0 ? 0 : config->dataset.images;
        const char *out = text_shell_word(config->dataset.path, &run->arena);
        const char *command = out ? arena_format(&run->arena, "cambench import dataset DIR --out %s", out) : NULL;
        return add_missing(run, "image set", config->dataset.path, command_for(config->dataset.path, command), err);
    }
    run->images = imageset_open(config->dataset.path, err);
    if (!run->images)
        return -1;
    const int available = imageset_count(run->images);
    if (available < 1)
        return error_set(err, "image set \"%s\": holds no images", config->dataset.path);
    if (config->dataset.images > available)
        return error_set(err, "image set \"%s\": holds %d images, %s requires %d", config->dataset.path, available,
                         config->path, config->dataset.images);
    run->image_count = config->dataset.images < 0 ? available : config->dataset.images;
    run->chosen = arena_alloc(&run->arena, (size_t)available, sizeof *run->chosen);
    run->image_names = arena_alloc(&run->arena, (size_t)run->image_count, sizeof *run->image_names);
    if (!run->chosen || !run->image_names)
        return error_memory(err, "the list of images");
    choose_images(run, available);
    qsort(run->chosen, (size_t)run->image_count, sizeof *run->chosen, by_value);
    if (config->dataset.until.metric)
        order_images(run);
    for (int i = 0; i < run->image_count; i++)
        run->image_names[i] = imageset_name(run->images, run->chosen[i]);
    for (int p = 0; p < config->protocol_count; p++)
        if (protocol_class(config->protocols[p].klass, NULL) == PROTOCOL_CLASS_LABEL &&
            !imageset_has_labels(run->images))
            return error_set(err, "image set \"%s\": has no labels, protocol \"%s\" needs them (class: label)",
                             config->dataset.path, config->protocols[p].name);
    for (int k = 0; k < config->metric_count; k++)
        if (config->metrics[k].metric->is_truth && check_truth(run, config->metrics[k].metric, err))
            return -1;
    return 0;
}

/* -- backbones ----------------------------------------------------------------------------------------------------- */

/* Notes those of the model's files that a dry run goes on without. */
static int find_files(struct run *run, const struct config_backbone *config, struct error *err)
{
    for (int i = 0; i < config->file_count; i++) {
        const char *path = config->files[i];
        const int fd = is_missing(run, path) ? -1 : input_open(path, err);
        if (fd >= 0)
            close(fd);
        else if (!is_missing(run, path))
            return error_prefix(err, "%s: could not open file \"%s\": ", config_backbone_where(config, "files"), path);
        else if (add_missing(run, "file", path, "a backbone of the config names it in files", err))
            return -1;
    }
    return 0;
}

/* Looks for a backbone's weights; *has_file is false if a dry run goes on without the file. */
static int find_weights(struct run *run, const struct run_backbone *backbone, bool *has_file, struct error *err)
{
    const struct config_backbone *config = backbone->config;
    *has_file = true;
    if (config->model)
        return find_files(run, config, err);
    if (!config->weights)
        return error_set(
            err,
            "%s: backbone \"%s\" has no weights: give a file of a network trained on such images (.pth, safetensors, .h5), or one "
            "made by `cambench generate weights`",
            config->where, config->arch);
    if (!config->arch || !is_missing(run, config->weights)) /* without arch, only the file tells the network */
        return 0;
    *has_file = false;
    return add_missing(run, "weights", config->weights,
                       command_for(config->weights, weights_command(config, run->images, &run->arena)), err);
}

/* Error: an image has a label that is not a class of the network. */
static int check_classes(const struct run *run, const struct run_backbone *backbone, struct error *err)
{
    for (int i = 0; run->images && i < run->image_count; i++) {
        const int label = imageset_label(run->images, run->chosen[i]);
        if (label >= class_count(backbone->model->outputs))
            return error_set(err, "image \"%s\" has label %d, weights \"%s\" know %d classes", run->image_names[i],
                             label, run_backbone_source(backbone), class_count(backbone->model->outputs));
    }
    return 0;
}

/* The part of the run that reads labels, for a message; NULL: none does. */
static const char *user_of_labels(struct run *run)
{
    const struct config *config = &run->config;
    for (int p = 0; p < config->protocol_count; p++)
        if (protocol_class(config->protocols[p].klass, NULL) == PROTOCOL_CLASS_LABEL)
            return arena_format(&run->arena, "protocol \"%s\"", config->protocols[p].name);
    for (int k = 0; k < config->metric_count; k++)
        if (config->metrics[k].metric->is_truth)
            return arena_format(&run->arena, "metric \"%s\"", config->metrics[k].metric->name);
    return NULL;
}

/*
 * Compares the classes of image set and network. A difference is an error if the run reads labels, else a warning
 * (misfit). If they fit, the set's names are shown, because the network's may only be assumed.
 */
static int compare_classes(struct run *run, struct run_backbone *backbone, struct error *err)
{
    struct class_names set;
    struct error why;
    if (!run->images || !backbone->model->has_weights)
        return 0;
    if (class_names_of_set(run->images, &run->arena, &set, err))
        return -1;
    if (class_names_fit(&set, &backbone->classes, &why)) {
        if (set.count == backbone->classes.count)
            backbone->classes = set;
        return 0;
    }
    const char *user = user_of_labels(run);
    if (user)
        return error_set(err,
                         "image set \"%s\" and weights \"%s\" have different classes: %s; %s needs labels of the same",
                         run->config.dataset.path, run_backbone_source(backbone), why.text, user);
    backbone->misfit = arena_string(&run->arena, why.text);
    return backbone->misfit ? 0 : error_memory(err, "the names of classes");
}

/* Finds the classes that protocols explain by name. */
static int find_classes(struct run *run, struct run_backbone *backbone, struct error *err)
{
    const struct config *config = &run->config;
    backbone->named_class = arena_alloc(&run->arena, (size_t)config->protocol_count, sizeof *backbone->named_class);
    if (!backbone->named_class)
        return error_memory(err, "the explained classes");
    for (int p = 0; p < config->protocol_count; p++)
        if (run_backbone_find_class(backbone, config->protocols[p].klass, &run->arena, &backbone->named_class[p], err))
            return error_prefix(err, "protocol \"%s\", backbone \"%s\": class: ", config->protocols[p].name,
                                backbone->config->label);
    return 0;
}

/* Opens backbone b, which is then closed by run_close(). */
static int open_backbone(struct run *run, int b, struct error *err)
{
    struct run_backbone *backbone = &run->backbones[b];
    bool has_file;
    backbone->config = &run->config.backbones[b];
    return status_of(find_weights(run, backbone, &has_file, err) ||
                     run_backbone_open(backbone, has_file, &run->panel, &run->arena, err) ||
                     check_classes(run, backbone, err) || compare_classes(run, backbone, err) ||
                     find_classes(run, backbone, err) || estimate_evidence(run, backbone, err));
}

static int open_all(struct run *run, const char *config_path, const char *const *sets, int set_count, struct error *err)
{
    struct config *config = &run->config;
    if (config_read(shipped_config(config_path, &run->arena), sets, set_count, &run->arena, config, err) ||
        list_metrics(run, err) || fill_panel(run, err))
        return -1;
    find_shipped(run);
    if (method_files_list(config, &run->arena, &run->method_files, &run->method_file_count, err))
        return -1;
    size_t files =
        (size_t)config->report.reference_count + (size_t)config->backbone_count + (size_t)run->method_file_count + 1;
    for (int b = 0; b < config->backbone_count; b++)
        files += (size_t)config->backbones[b].file_count;
    run->missing = arena_alloc(&run->arena, files, sizeof *run->missing);
    if (!run->missing)
        return error_memory(err, "the list of missing files");
    if (check_references(run, err) || check_method_files(run, err) || try_methods(run, err) || open_images(run, err))
        return -1;
    run->backbones = arena_alloc(&run->arena, (size_t)config->backbone_count, sizeof *run->backbones);
    if (!run->backbones)
        return error_memory(err, "the list of backbones");
    for (int b = 0; b < config->backbone_count; b++)
        if (open_backbone(run, b, err))
            return -1;
    run->threads = worker_threads(config->runtime.threads, err);
    return run->threads ? 0 : -1;
}

int run_open(struct run *run, const char *config_path, const char *const *sets, int set_count, bool is_dry,
             struct error *err)
{
    *run = (struct run){.begun = seconds_now(), .is_dry = is_dry};
    arena_init(&run->arena, 0);
    if (open_all(run, config_path, sets, set_count, err) == 0)
        return 0;
    run_close(run);
    return -1;
}

int run_take_shard(struct run *run, const struct shard *shard, struct error *err)
{
    run->shard = *shard;
    run->shard.by_backbone = run->config.dataset.until.metric;
    if (!shard_is_part(shard))
        return 0;
    if (run->config.report.maps)
        return error_set(err, "%s: report.maps: shards make no maps.h5; --set report.maps=false leaves it out",
                         run->config.path);
    run->whole_output = run->config.output;
    run->config.output = shard_folder(shard, run->whole_output, &run->arena);
    return run->config.output ? 0 : error_memory(err, "the shard");
}

void run_close(struct run *run)
{
    for (int b = 0; run->backbones && b < run->config.backbone_count; b++)
        model_close(run->backbones[b].model);
    imageset_close(run->images);
    arena_release(&run->arena);
}
