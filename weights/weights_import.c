/* weights/weights_import.c - turns a foreign file's tensors into a weights file of their network. */
#include "weights/weights_import.h"

#include "base/text.h"
#include "weights/tensor_file.h"
#include "weights/weights_match.h"
#include "weights/weights_naming.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SIDE 224 /* of the input: shapes of weights do not depend on it */

/* -- data --------------------------------------------------------------------------------------------------------- */

struct loading {
    const struct weights_source *source;
    struct weights *weights;
};

static int take_storage(void *context, int storage, const unsigned char *bytes, struct error *err)
{
    const struct loading *loading = context;
    const struct weights_source *source = loading->source;
    for (int i = 0; i < source->count; i++) {
        const struct stored_tensor *tensor = source->tensors[i].stored;
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

static int load(const struct weights_source *source, struct weights *weights, struct error *err)
{
    struct loading loading = {source, weights};
    bool *wanted = arena_alloc(source->arena, (size_t)source->file->storage_count + 1, sizeof *wanted);
    if (!wanted)
        return error_memory(err, "the list of tensors");
    for (int i = 0; i < source->count; i++)
        wanted[source->tensors[i].stored->storage] = true;
    return tensor_file_read(source->file, wanted, take_storage, &loading, err);
}

/* The tensor MODULE.END; NULL: none. */
static const struct weight *find_of_module(const struct weights *weights, const char *module, const char *end)
{
    const size_t length = strlen(module);
    for (int i = 0; i < weights->count; i++)
        if (strncmp(weights->list[i].name, module, length) == 0 && strcmp(weights->list[i].name + length, end) == 0)
            return &weights->list[i];
    return NULL;
}

static double added(const struct node_info *node)
{
    return strcmp(node->op, "batch_norm") == 0 ? ((const struct batch_norm *)node->attributes)->eps : 0;
}

/*
 * A batch norm that adds `from` to variances becomes the equal one that adds what the network's adds: only its factor
 * changes.
 */
static int change_eps(const struct fit *fit, const struct weights *weights, double from, struct error *err)
{
    struct graph *graph = backbone_graph(fit->arch, &fit->options, err);
    for (int i = 0; graph && i < graph_node_count(graph); i++) {
        const struct node_info node = graph_node(graph, i);
        const double to = added(&node);
        if (to <= 0 || to == from)
            continue;
        const struct weight *factor = find_of_module(weights, node.name, ".weight");
        const struct weight *variance = find_of_module(weights, node.name, ".running_var");
        for (int c = 0; factor && variance && c < variance->dim[0]; c++)
            factor->data[c] *= (float)sqrt((variance->data[c] + to) / (variance->data[c] + from));
    }
    const int status = graph ? 0 : -1;
    graph_free(graph);
    return status;
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
    struct weights_info info = {.classes = fit->options.classes,
                                .width = fit->options.width,
                                .accuracy = what->accuracy,
                                .transform_input = what->transform_input,
                                .channels = fit->options.channels,
                                .stem = fit->options.stem,
                                .input = what->input,
                                .seed = -1};
    copy_text(info.arch, sizeof info.arch, fit->arch);
    copy_text(info.source, sizeof info.source, what->source ? what->source : file_name(what->path));
    copy_text(info.sha256, sizeof info.sha256, what->sha256);
    return info;
}

/* -- notes -------------------------------------------------------------------------------------------------------- */

/* Adds a sentence to the import's note. */
__attribute__((format(printf, 2, 3))) static void add_note(struct weights_info *info, const char *format, ...)
{
    const size_t used = strlen(info->note);
    char *end = info->note + used;
    va_list arguments;
    va_start(arguments, format);
    if (used + 2 < sizeof info->note) {
        const int joined = snprintf(end, sizeof info->note - used, "%s", used ? "; " : "");
        vsnprintf(end + joined, sizeof info->note - used - (size_t)joined, format, arguments);
    }
    va_end(arguments);
}

static void note_choices(const struct weights_source *source, const struct fit *fit, struct weights_info *info)
{
    const struct tensor_file *file = source->file;
    char shown[96], other[96];
    if (*file->others)
        add_note(info, "the tensors are those under \"%s\", not %s (--key chooses)",
                 text_printable(file->taken, shown, sizeof shown), file->others);
    if (fit->twin)
        add_note(info, "the tensors are those of \"%s\", not \"%s\" (--key chooses)",
                 text_printable(source->group, shown, sizeof shown), text_printable(fit->twin, other, sizeof other));
    if (fit->is_by_file_name)
        add_note(info, "the file's name shows that it is %s, no tensor does (--arch chooses)", fit->arch);
    if (fit->head[0])
        add_note(info, "its last layer is \"%s\"", text_printable(fit->head, shown, sizeof shown));
    const int left = source->left_count - (fit->weights.count > source->named_count ? 2 : 0);
    if (left > 0 && !fit->twin)
        add_note(info, "%d tensor%s outside \"%s\" %s left out, the first \"%s\"", left, left == 1 ? "" : "s",
                 text_printable(source->group, shown, sizeof shown), left == 1 ? "is" : "are",
                 text_printable(source->left[0].name, other, sizeof other));
}

static int check_transform(const struct weights_import *what, const char *arch, struct error *err)
{
    char shown[512];
    if (what->transform_input == TRANSFORM_USUAL || backbone_has_transform(arch))
        return 0;
    return error_set(err, "weights \"%s\": are of %s, which has no transform of its input; leave --transform-input out",
                     text_printable(what->path, shown, sizeof shown), arch);
}

/* Checks the stem that the tensors show, and replaces it by the given one. */
static int choose_stem(const struct weights_import *what, const char *arch, enum stem *stem, struct error *err)
{
    char shown[512];
    text_printable(what->path, shown, sizeof shown);
    if (*stem != STEM_USUAL && what->stem == STEM_USUAL)
        return error_set(
            err,
            "weights \"%s\": the first convolution of this %s is 3x3, a stem for small pictures, and no tensor "
            "shows whether a max pool follows it: choose --stem small (none) or --stem small_pool, or stem: in a config",
            shown, arch);
    if (*stem == STEM_USUAL && what->stem != STEM_USUAL)
        return error_set(err, "weights \"%s\": are of %s with its usual stem; leave stem out", shown, arch);
    *stem = what->stem;
    return 0;
}

static int import_source(const struct weights_import *what, struct weights_source *source,
                         struct weights_imported *imported, struct error *err)
{
    struct fit fit;
    char shown[512];
    const char *key = source->file->is_key_found ? NULL : what->key;
    if (weights_match(source, what->arch, key, &fit, err))
        return error_prefix(err, "weights \"%s\": ", text_printable(what->path, shown, sizeof shown));
    if (check_transform(what, fit.arch, err) || choose_stem(what, fit.arch, &fit.options.stem, err))
        return -1;
    struct weights weights = fit.weights;
    if (load(source, &weights, err))
        return -1;
    if (weights_check_variances(&weights, err))
        return error_prefix(err, "weights \"%s\": ", text_printable(what->path, shown, sizeof shown));
    if (fit.naming->norm_eps > 0 && !fit.is_timm && change_eps(&fit, &weights, fit.naming->norm_eps, err))
        return -1;
    *imported = (struct weights_imported){.info = info_of(what, &fit),
                                          .tensor_count = weights.count,
                                          .format = source->file->format,
                                          .names = fit.naming->title};
    note_choices(source, &fit, &imported->info);
    return weights_write(what->out, &imported->info, &weights, err);
}

static int import_foreign(const struct weights_import *what, struct weights_imported *imported, struct error *err)
{
    struct arena arena;
    struct weights_source source = {.file = tensor_file_open(what->path, what->key, err), .arena = &arena};
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
    if (what->arch && !text_same_name(what->arch, info->arch))
        return error_set(err, "are of %s, not of %s", info->arch, what->arch);
    const struct backbone_options options = weights_options(info, SIDE);
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
    if (check_transform(what, info->arch, err) || weights_read(file, arena, &weights, err))
        return -1;
    if (what->stem != STEM_USUAL && choose_stem(what, info->arch, &info->stem, err))
        return -1;
    if (what->source)
        copy_text(info->source, sizeof info->source, what->source);
    if (what->transform_input != TRANSFORM_USUAL)
        info->transform_input = what->transform_input;
    picture_input_add(&info->input, &what->input);
    if (what->accuracy >= 0)
        info->accuracy = what->accuracy;
    imported->tensor_count = weights.count;
    imported->format = "cambench's HDF5";
    imported->names = namings[0].title;
    const int status = weights_write(what->out, info, &weights, err);
    info->class_names = NULL; /* they are freed with the file */
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
