/* backbones/weights_import.c - which network a file's tensors are of, and its weights file. */
#include "backbones/weights_import.h"

#include "backbones/tensor_file.h"
#include "backbones/weights_naming.h"
#include "base/text.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SIDE 224 /* of the input: shapes of weights do not depend on it */
#define CLASSES 1000
#define WIDTH_MAX 4

/* Of the file, without what is not a network's. */
struct source {
    struct tensor_file *file;
    struct arena *arena;
    const char **names; /* without common prefix */
    const struct stored_tensor **tensors;
    int count;
    struct naming_blocks blocks;
};

/* The tensors under the names of one naming: as weights without data. */
struct named {
    const struct naming *naming;
    struct weights weights;
};

struct fit {
    const char *arch;
    const struct naming *naming;
    struct backbone_options options;
    int known; /* tensors of the network whose names the file has */
};

/* -- what the file holds ------------------------------------------------------------------------------------------ */

static bool ends_with(const char *name, const char *end)
{
    const size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

/* Counters of batches and of averaged models; floating-point numbers where all tensors were averaged or converted. */
static bool is_counter(const struct stored_tensor *tensor)
{
    return ends_with(tensor->name, "num_batches_tracked") || ends_with(tensor->name, "n_averaged");
}

static bool all_begin_with(const struct source *source, const char *prefix)
{
    const size_t length = strlen(prefix);
    for (int i = 0; i < source->count; i++)
        if (strncmp(source->names[i], prefix, length) != 0)
            return false;
    return source->count > 0;
}

/* Wrappers put their attribute's name before all names, several of them one after the other. */
static void strip_prefixes(struct source *source)
{
    static const char *const prefixes[] = {"module.", "_orig_mod.", "model.", "backbone.", "encoder."};
    const size_t count = sizeof prefixes / sizeof *prefixes;
    for (size_t p = 0; p < count; p++) {
        if (!all_begin_with(source, prefixes[p]))
            continue;
        for (int i = 0; i < source->count; i++)
            source->names[i] += strlen(prefixes[p]);
        p = (size_t)-1; /* another one may stand behind it */
    }
}

static int check_unique(const struct source *source, struct error *err)
{
    char shown[128];
    for (int i = 0; i < source->count; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(source->names[i], source->names[j]) == 0)
                return error_set(err, "tensor \"%s\" is there twice",
                                 text_printable(source->names[i], shown, sizeof shown));
    return 0;
}

static int collect(struct source *source, struct error *err)
{
    const struct tensor_file *file = source->file;
    source->names = arena_alloc(source->arena, (size_t)file->tensor_count + 1, sizeof *source->names);
    source->tensors = arena_alloc(source->arena, (size_t)file->tensor_count + 1, sizeof *source->tensors);
    if (!source->names || !source->tensors)
        return error_memory(err, "the list of tensors");
    for (int i = 0; i < file->tensor_count; i++) {
        if (is_counter(&file->tensors[i]))
            continue;
        source->names[source->count] = file->tensors[i].name;
        source->tensors[source->count++] = &file->tensors[i];
    }
    strip_prefixes(source);
    int kept = 0;
    for (int i = 0; i < source->count; i++) {
        if (backbone_ignores(source->names[i]))
            continue;
        source->names[kept] = source->names[i];
        source->tensors[kept++] = source->tensors[i];
        naming_see(&source->blocks, source->names[i]);
    }
    source->count = kept;
    return check_unique(source, err);
}

static int take_shape(const struct stored_tensor *tensor, const char *name, bool is_flat, struct weight *weight,
                      struct error *err)
{
    char shown[128];
    int64_t rest = 1;
    text_printable(name, shown, sizeof shown);
    if (strlen(name) >= sizeof weight->name)
        return error_set(err, "tensor \"%.100s...\": the name is too long", shown);
    if (tensor->rank > 4)
        return error_set(err, "tensor \"%s\" has %d dimensions, a network's tensors have 1 to 4", shown, tensor->rank);
    weight->rank = is_flat && tensor->rank > 2 ? 2 : tensor->rank;
    for (int d = 0; d < tensor->rank; d++) {
        rest = d < weight->rank ? tensor->dim[d] : rest * tensor->dim[d];
        if (tensor->dim[d] > INT_MAX || rest > INT_MAX)
            return error_set(err, "tensor \"%s\" has %lld as one of its sides", shown, (long long)rest);
        weight->dim[d < weight->rank ? d : 1] = (int)rest;
    }
    return 0;
}

static int name_tensors(const struct source *source, const struct naming *naming, struct named *named,
                        struct error *err)
{
    char name[2 * sizeof named->weights.list->name];
    *named = (struct named){
        .naming = naming,
        .weights = {source->count, arena_alloc(source->arena, (size_t)source->count + 1, sizeof(struct weight))}};
    if (!named->weights.list)
        return error_memory(err, "the names of tensors");
    for (int i = 0; i < source->count; i++) {
        struct weight *weight = &named->weights.list[i];
        const struct naming_rule *rule = naming_apply(naming, &source->blocks, source->names[i], name, sizeof name);
        if (take_shape(source->tensors[i], name, rule && rule->is_flat, weight, err))
            return -1;
        snprintf(weight->name, sizeof weight->name, "%s", name);
    }
    return 0;
}

/* -- which network it is ------------------------------------------------------------------------------------------ */

static const struct weight *find(const struct weights *weights, const char *name)
{
    for (int i = 0; i < weights->count; i++)
        if (strcmp(weights->list[i].name, name) == 0)
            return &weights->list[i];
    return NULL;
}

static int count_known(const struct graph *graph, const struct weights *weights)
{
    int known = 0;
    for (int i = 0; i < graph_parameter_count(graph); i++)
        known += find(weights, graph_parameter(graph, i).name) != NULL;
    return known;
}

/* The last matrix or kernel gives a logit for each class. */
static int find_classes(const struct graph *graph, const struct weights *weights)
{
    for (int i = graph_parameter_count(graph); i-- > 0;) {
        const struct parameter parameter = graph_parameter(graph, i);
        if (parameter.rank < 2)
            continue;
        const struct weight *weight = find(weights, parameter.name);
        return weight && weight->rank > 0 ? weight->dim[0] : CLASSES;
    }
    return CLASSES;
}

static bool fits(const char *arch, const struct backbone_options *options, const struct weights *weights)
{
    struct error unused;
    struct graph *graph = backbone_graph(arch, options, &unused);
    const bool is_fit = graph && network_check_weights(graph, weights, &unused) == 0;
    graph_free(graph);
    return is_fit;
}

/* By the first side that differs: -1 the network of this width is narrower than the file's, 1 wider. */
static int compare_width(const char *arch, const struct backbone_options *options, const struct weights *weights)
{
    struct error unused;
    struct graph *graph = backbone_graph(arch, options, &unused);
    int order = 0;
    for (int i = 0; graph && !order && i < graph_parameter_count(graph); i++) {
        const struct parameter parameter = graph_parameter(graph, i);
        const struct weight *weight = find(weights, parameter.name);
        for (int d = 0; weight && !order && d < parameter.rank && d < weight->rank; d++)
            order = (parameter.dim[d] > weight->dim[d]) - (parameter.dim[d] < weight->dim[d]);
    }
    graph_free(graph);
    return order;
}

/* The least width, of i / steps, that is not too narrow. Sides never shrink as the width grows. */
static double least_width(const char *arch, const struct backbone_options *options, const struct weights *weights,
                          int steps)
{
    struct backbone_options tried = *options;
    int low = 1, high = WIDTH_MAX * steps;
    while (low < high) {
        const int middle = (low + high) / 2;
        tried.width = (double)middle / steps;
        if (compare_width(arch, &tried, weights) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return (double)low / steps;
}

/* The roundest multiplier that gives these shapes; 1 if none does, and for networks that have none. */
static double find_width(const char *arch, const struct backbone_options *options, const struct weights *weights)
{
    static const int steps[] = {1, 4, 8, 20, 16, 3, 100, 1000}; /* VGG's 4096 channels tell 0.002 apart */
    const struct backbone_family *family;
    struct backbone_options tried = *options;
    struct error unused;
    if (!backbone_find(arch, &family, &unused) || !family->has_width || fits(arch, options, weights))
        return 1;
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        tried.width = least_width(arch, options, weights, steps[s]);
        if (fits(arch, &tried, weights))
            return tried.width;
    }
    return 1;
}

/* Takes what fits better than `fit` does: under which naming `arch` knows most names. */
static int try_arch(const char *arch, const struct named *named, struct fit *fit, struct error *err)
{
    struct backbone_options options = {CLASSES, 1, SIDE, SIDE};
    struct graph *graph = backbone_graph(arch, &options, err);
    if (!graph)
        return -1;
    for (; named->naming; named++) {
        const int known = count_known(graph, &named->weights);
        if (known <= fit->known)
            continue;
        options.classes = find_classes(graph, &named->weights);
        *fit = (struct fit){arch, named->naming, options, known};
    }
    graph_free(graph);
    return 0;
}

static const struct weights *weights_of(const struct named *named, const struct naming *naming)
{
    while (named->naming != naming)
        named++;
    return &named->weights;
}

/* The network that the user names. */
static int match_arch(const char *arch, const struct named *named, struct fit *fit, struct error *err)
{
    *fit = (struct fit){.known = -1};
    if (try_arch(arch, named, fit, err))
        return -1;
    const struct weights *weights = weights_of(named, fit->naming);
    fit->options.width = find_width(arch, &fit->options, weights);
    struct graph *graph = backbone_graph(arch, &fit->options, err);
    const int status = graph ? network_check_weights(graph, weights, err) : -1;
    graph_free(graph);
    return status ? error_prefix(err, "are none of %s: ", arch) : 0;
}

static int count_names(const char *arch)
{
    struct error unused;
    struct graph *graph = backbone_graph(arch, &(struct backbone_options){CLASSES, 1, SIDE, SIDE}, &unused);
    const int count = graph ? graph_parameter_count(graph) : 0;
    graph_free(graph);
    return count;
}

/* How well a variant fits, `best` becomes it if no other has; an error if another has. */
static int weigh(const char *arch, const struct named *named, struct fit *best, bool *is_exact, struct error *err)
{
    struct fit fit = {.known = -1};
    if (try_arch(arch, named, &fit, err))
        return -1;
    const struct weights *weights = weights_of(named, fit.naming);
    const bool has_names = fit.known == weights->count && fit.known == count_names(arch);
    if (has_names) {
        fit.options.width = find_width(arch, &fit.options, weights);
        if (fits(arch, &fit.options, weights)) {
            if (*is_exact && best->options.width == 1 && fit.options.width == 1)
                return error_set(err, "fit both %s and %s: say which with --arch", best->arch, arch);
            if (!*is_exact || best->options.width != 1)
                *best = fit;
            *is_exact = true;
        }
    }
    if (!*is_exact && fit.known > best->known)
        *best = fit;
    return 0;
}

/* The one network that fits exactly; one without a multiplier of its channels before others. */
static int match_any(const struct named *named, struct fit *fit, struct error *err)
{
    bool is_exact = false;
    struct error why;
    *fit = (struct fit){.known = -1};
    for (int f = 0; backbone_families[f]; f++)
        for (const struct backbone_variant *variant = backbone_families[f]->variants; variant->name; variant++)
            if (weigh(variant->name, named, fit, &is_exact, err))
                return -1;
    if (is_exact)
        return 0;
    const char *nearest = fit->arch;
    if (match_arch(nearest, named, fit, &why))
        return error_set(err, "are of no network here; the nearest: they %s", why.text);
    return 0;
}

static int match(const struct weights_import *what, const struct named *named, struct fit *fit, struct error *err)
{
    return what->arch ? match_arch(what->arch, named, fit, err) : match_any(named, fit, err);
}

/* -- data --------------------------------------------------------------------------------------------------------- */

struct loading {
    const struct source *source;
    struct weights *weights;
};

static int take_storage(void *context, int storage, const unsigned char *bytes, struct error *err)
{
    const struct loading *loading = context;
    const struct source *source = loading->source;
    for (int i = 0; i < source->count; i++) {
        const struct stored_tensor *tensor = source->tensors[i];
        if (tensor->storage != storage)
            continue;
        float *data = arena_floats(source->arena, (size_t)stored_tensor_size(tensor));
        if (!data)
            return error_memory(err, "the tensors");
        if (stored_tensor_floats(source->file, tensor, bytes, data, err))
            return -1;
        loading->weights->list[i].data = data;
    }
    return 0;
}

static int load(const struct source *source, struct weights *weights, struct error *err)
{
    struct loading loading = {source, weights};
    bool *wanted = arena_alloc(source->arena, (size_t)source->file->storage_count + 1, sizeof *wanted);
    if (!wanted)
        return error_memory(err, "the list of tensors");
    for (int i = 0; i < source->count; i++)
        wanted[source->tensors[i]->storage] = true;
    return tensor_file_read(source->file, wanted, take_storage, &loading, err);
}

/* A batch norm that adds one epsilon becomes the equal one that adds torchvision's: only its factor changes. */
static void change_eps(const struct weights *weights, double from, double to)
{
    static const char end[] = ".running_var";
    for (int i = 0; i < weights->count; i++) {
        const struct weight *variance = &weights->list[i];
        char name[sizeof variance->name];
        if (!ends_with(variance->name, end))
            continue;
        snprintf(name, sizeof name, "%.*s.weight", (int)(strlen(variance->name) - strlen(end)), variance->name);
        const struct weight *factor = find(weights, name);
        for (int c = 0; factor && c < variance->dim[0]; c++)
            factor->data[c] *= (float)sqrt((variance->data[c] + to) / (variance->data[c] + from));
    }
}

/* -- writing ------------------------------------------------------------------------------------------------------ */

static void copy_text(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text);
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static struct weights_info info_of(const struct weights_import *what, const struct fit *fit)
{
    struct weights_info info = {
        .classes = fit->options.classes, .width = fit->options.width, .accuracy = what->accuracy, .seed = -1};
    copy_text(info.arch, sizeof info.arch, fit->arch);
    copy_text(info.source, sizeof info.source, what->source ? what->source : file_name(what->path));
    copy_text(info.sha256, sizeof info.sha256, what->sha256);
    return info;
}

static int import_source(const struct weights_import *what, struct source *source, struct weights_imported *imported,
                         struct error *err)
{
    struct named named[NAMING_COUNT + 1] = {0};
    struct fit fit;
    char shown[512];
    int status = collect(source, err);
    for (int i = 0; i < NAMING_COUNT && !status; i++)
        status = name_tensors(source, &namings[i], &named[i], err);
    if (status || match(what, named, &fit, err))
        return error_prefix(err, "weights \"%s\": ", text_printable(what->path, shown, sizeof shown));
    struct weights weights = *weights_of(named, fit.naming);
    if (load(source, &weights, err))
        return -1;
    if (fit.naming->norm_eps > 0)
        change_eps(&weights, fit.naming->norm_eps, fit.naming->torchvision_eps);
    *imported = (struct weights_imported){.info = info_of(what, &fit),
                                          .tensor_count = weights.count,
                                          .format = source->file->format,
                                          .names = fit.naming->title};
    return weights_write(what->out, &imported->info, &weights, err);
}

static int import_foreign(const struct weights_import *what, struct weights_imported *imported, struct error *err)
{
    struct arena arena;
    struct source source = {.file = tensor_file_open(what->path, err), .arena = &arena};
    if (!source.file)
        return -1;
    arena_init(&arena, 0);
    const int status = import_source(what, &source, imported, err);
    arena_release(&arena);
    tensor_file_close(source.file);
    return status;
}

/* -- the project's own -------------------------------------------------------------------------------------------- */

static int check_own(const struct weights_import *what, const struct weights_info *info, const struct weights *weights,
                     struct error *err)
{
    if (what->arch && strcmp(what->arch, info->arch) != 0)
        return error_set(err, "are of %s, not of %s", info->arch, what->arch);
    const struct backbone_options options = {info->classes, info->width, SIDE, SIDE};
    struct graph *graph = backbone_graph(info->arch, &options, err);
    const int status = graph ? network_check_weights(graph, weights, err) : -1;
    graph_free(graph);
    return status;
}

static int copy_own(const struct weights_import *what, struct weights_file *file, struct weights_imported *imported,
                    struct arena *arena, struct error *err)
{
    struct weights weights;
    struct weights_info *info = &imported->info;
    if (weights_read_shapes(file, arena, &weights, err))
        return -1;
    if (check_own(what, info, &weights, err))
        return error_prefix(err, "weights \"%s\": ", what->path);
    if (weights_read(file, arena, &weights, err))
        return -1;
    if (what->source)
        copy_text(info->source, sizeof info->source, what->source);
    if (what->accuracy >= 0)
        info->accuracy = what->accuracy;
    imported->tensor_count = weights.count;
    imported->format = "cambench's HDF5";
    imported->names = namings[0].title;
    const int status = weights_write(what->out, info, &weights, err);
    info->class_names = NULL; /* they go with the file */
    return status;
}

static int import_own(const struct weights_import *what, struct weights_imported *imported, struct error *err)
{
    struct arena arena;
    struct weights_file *file = weights_open(what->path, &imported->info, err);
    if (!file)
        return -1;
    arena_init(&arena, 0);
    const int status = copy_own(what, file, imported, &arena, err);
    arena_release(&arena);
    weights_close(file);
    return status;
}

int weights_import(const struct weights_import *what, struct weights_imported *imported, struct error *err)
{
    *imported = (struct weights_imported){0};
    const int is_own = tensor_file_is_hdf5(what->path, err);
    if (is_own < 0)
        return -1;
    return is_own ? import_own(what, imported, err) : import_foreign(what, imported, err);
}
