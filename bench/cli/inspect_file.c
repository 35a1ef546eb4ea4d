/* bench/cli/inspect_file.c - describes a weights file or an image set as JSON. */
#include "bench/cli/inspect.h"

#include "base/arena.h"
#include "base/h5.h"
#include "base/input.h"
#include "bench/cli/catalog.h"
#include "bench/cli/table.h"
#include "bench/process/json_build.h"
#include "datasets/imageset.h"
#include "weights/weights_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_IMAGES 5
#define SAMPLED_IMAGES 32

/* -- weights ------------------------------------------------------------------------------------------------------ */

static json_t *pack_dimensions(const struct weight *weight)
{
    json_t *shape = json_array();
    for (int d = 0; d < weight->rank; d++)
        if (json_array_append_new(shape, json_integer(weight->dim[d]))) {
            json_decref(shape);
            return NULL;
        }
    return shape;
}

static json_t *list_tensors(const struct weights *weights)
{
    json_t *tensors = json_array();
    for (int i = 0; i < weights->count; i++) {
        const struct weight *weight = &weights->list[i];
        json_t *shape = pack_dimensions(weight);
        if (json_array_append_new(tensors, json_pack("{so so}", "name", table_text(weight->name), "shape", shape))) {
            json_decref(tensors);
            return NULL;
        }
    }
    return tensors;
}

static const char *const transforms[] = {
    [TRANSFORM_USUAL] = "yes (assumed)", [TRANSFORM_YES] = "yes", [TRANSFORM_NO] = "no"};

/* The input of a network with these weights, where the file or the network's own differs from what is usual. */
static struct picture_input input_of(const struct weights_info *info)
{
    const struct backbone_family *family;
    struct error unused;
    const struct backbone_variant *variant = backbone_find(info->arch, &family, &unused);
    struct picture_input input = variant ? variant->input : (struct picture_input){0};
    picture_input_add(&input, &info->input);
    return input;
}

static json_t *pack_weights(const struct weights_info *info, const struct weights *weights)
{
    json_t *object =
        json_pack("{ss so si sf si sb so so so*}", "kind", "weights", "arch", table_text(info->arch), "classes",
                  class_count(info->classes), "width", info->width, "tensor_count", weights->count, "class_names",
                  info->class_names != NULL, "source", table_text(info->source), "sha256", table_text(info->sha256),
                  "top1_percent", info->accuracy >= 0 ? json_real(info->accuracy) : NULL);
    if (info->seed >= 0)
        json_build_set(&object, "seed", json_integer(info->seed));
    if (info->script_sha256[0])
        json_build_set(&object, "script_sha256", table_text(info->script_sha256));
    if (info->classes == 1)
        json_build_set(&object, "outputs", json_integer(info->classes));
    if (backbone_has_transform(info->arch))
        json_build_set(&object, "transform_input", json_string(transforms[info->transform_input]));
    if (info->channels && info->channels != 3)
        json_build_set(&object, "input_channels", json_integer(info->channels));
    if (info->stem != STEM_USUAL)
        json_build_set(&object, "stem", json_string(info->stem == STEM_SMALL ? "small" : "small_pool"));
    if (info->note[0])
        json_build_set(&object, "note", table_text(info->note));
    if (info->input.h > 0)
        json_build_set(&object, "input",
                       json_pack("[iii]", info->channels ? info->channels : 3, info->input.h, info->input.w));
    const struct picture_input input = input_of(info);
    inspect_add_input(object, &input);
    return object;
}

/* Adds whether the tensors are those of the architecture that the file names, and if not, why. */
static int add_fit(json_t *object, const struct model_spec *spec, const struct weights *weights, struct error *err)
{
    struct error why;
    struct model *model = model_open(spec, &why);
    const bool fits = model && network_check_weights(model->graph, weights, &why) == 0;
    int status = json_object_set_new(object, "fits", json_boolean(fits));
    if (!fits)
        status |= json_object_set_new(object, "misfit", table_text(why.text));
    if (model)
        status |= json_object_set_new(object, "parameters", json_integer(graph_trainable(model->graph)));
    model_close(model);
    return status ? error_memory(err, "the description") : 0;
}

static int add_weights_plan(json_t *object, const struct model_spec *spec, struct error *err)
{
    json_t *plan = inspect_architecture(spec, true, err);
    if (!plan)
        return -1;
    static const char *const keys[] = {"workspace_bytes", "steps"};
    int status = 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        status |= json_object_set(object, keys[i], json_object_get(plan, keys[i]));
    json_decref(plan);
    return status ? error_memory(err, "the plan") : 0;
}

static json_t *describe_weights(struct weights_file *file, const struct weights_info *info, bool with_plan,
                                struct arena *arena, struct error *err)
{
    struct weights weights;
    if (weights_read_shapes(file, arena, &weights, err))
        return NULL;
    const struct model_spec spec = {.arch = info->arch,
                                    .classes = info->classes,
                                    .width = info->width,
                                    .channels = info->channels,
                                    .stem = info->stem,
                                    .transform_input = info->transform_input,
                                    .input = info->input};
    json_t *object = pack_weights(info, &weights);
    int status = object ? add_fit(object, &spec, &weights, err) : error_memory(err, "the description");
    if (!status && with_plan)
        status = add_weights_plan(object, &spec, err);
    else if (!status && json_object_set_new(object, "tensors", list_tensors(&weights)))
        status = error_memory(err, "the list of tensors");
    if (status == 0)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *inspect_weights(const char *path, bool with_plan, struct error *err)
{
    struct weights_info info;
    struct weights_file *file = weights_open(path, &info, err);
    if (!file)
        return NULL;
    struct arena arena;
    arena_init(&arena, 0);
    json_t *object = describe_weights(file, &info, with_plan, &arena, err);
    arena_release(&arena);
    weights_close(file);
    return object;
}

/* -- image set ---------------------------------------------------------------------------------------------------- */

static int compare_labels(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

struct label_summary {
    int labelled, used, least, most; /* images with a label; labels; images of the rarest and commonest label */
};

static int summarise_labels(const struct imageset *set, struct arena *arena, struct label_summary *summary,
                            struct error *err)
{
    *summary = (struct label_summary){0};
    int *labels = arena_alloc(arena, (size_t)imageset_count(set) + 1, sizeof *labels);
    if (!labels)
        return error_memory(err, "labels");
    for (int i = 0; i < imageset_count(set); i++)
        if (imageset_label(set, i) >= 0)
            labels[summary->labelled++] = imageset_label(set, i);
    qsort(labels, (size_t)summary->labelled, sizeof *labels, compare_labels);
    for (int i = 0, begin = 0; i < summary->labelled; i++) {
        if (i + 1 < summary->labelled && labels[i + 1] == labels[i])
            continue;
        const int images = i + 1 - begin;
        summary->least = summary->used == 0 || images < summary->least ? images : summary->least;
        summary->most = images > summary->most ? images : summary->most;
        summary->used++;
        begin = i + 1;
    }
    return 0;
}

struct size_summary {
    int sampled, unreadable;
    int smallest[2], largest[2]; /* width and height of the pictures with fewest and most pixels */
    struct error first_failure;
};

static void take_size(struct size_summary *summary, const struct picture *picture)
{
    const long pixels = (long)picture->w * picture->h;
    const int size[2] = {picture->w, picture->h};
    if (!summary->smallest[0] || pixels < (long)summary->smallest[0] * summary->smallest[1])
        memcpy(summary->smallest, size, sizeof size);
    if (pixels > (long)summary->largest[0] * summary->largest[1])
        memcpy(summary->largest, size, sizeof size);
}

/* Decodes some images, spread evenly over the set. */
static void summarise_sizes(struct imageset *set, struct arena *arena, struct size_summary *summary)
{
    const int count = imageset_count(set), wanted = count < SAMPLED_IMAGES ? count : SAMPLED_IMAGES;
    *summary = (struct size_summary){.sampled = wanted};
    for (int i = 0; i < wanted; i++) {
        struct picture picture;
        struct error why;
        const struct arena_mark mark = arena_mark(arena);
        if (imageset_picture(set, (int)((long)i * count / wanted), arena, &picture, &why) == 0)
            take_size(summary, &picture);
        else if (summary->unreadable++ == 0)
            summary->first_failure = why;
        arena_rewind(arena, mark);
    }
}

static long long count_boxes(const struct imageset *set)
{
    long long count = 0;
    const struct box *boxes;
    for (int i = 0; i < imageset_count(set); i++)
        count += imageset_boxes(set, i, &boxes);
    return count;
}

static json_t *list_first_images(const struct imageset *set)
{
    json_t *images = json_array();
    const int count = imageset_count(set) < FIRST_IMAGES ? imageset_count(set) : FIRST_IMAGES;
    for (int i = 0; i < count; i++) {
        const int label = imageset_label(set, i);
        const char *class_name = label >= 0 ? imageset_class_name(set, label) : NULL;
        json_t *image = json_pack("{so si so*}", "name", table_text(imageset_name(set, i)), "label", label, "class",
                                  class_name ? table_text(class_name) : NULL);
        if (json_array_append_new(images, image)) {
            json_decref(images);
            return NULL;
        }
    }
    return images;
}

static json_t *pack_set(const struct imageset *set, const struct label_summary *labels,
                        const struct size_summary *sizes, bool has_masks)
{
    json_t *object =
        json_pack("{ss ss so si sI si si si so* si si so* so* sI sb}", "kind", "image set", "layout",
                  imageset_layout(set), "source", table_text(imageset_source(set)), "images", imageset_count(set),
                  "encoded_bytes", (json_int_t)imageset_bytes(set), "classes", imageset_class_count(set),
                  "images_with_label", labels->labelled, "labels_used", labels->used, "images_per_label",
                  labels->labelled ? json_pack("[ii]", labels->least, labels->most) : NULL, "images_decoded",
                  sizes->sampled, "unreadable", sizes->unreadable, "smallest",
                  sizes->smallest[0] ? json_pack("[ii]", sizes->smallest[0], sizes->smallest[1]) : NULL, "largest",
                  sizes->largest[0] ? json_pack("[ii]", sizes->largest[0], sizes->largest[1]) : NULL, "boxes",
                  (json_int_t)count_boxes(set), "masks", has_masks);
    if (sizes->unreadable)
        json_build_set(&object, "first_unreadable", table_text(sizes->first_failure.text));
    return object;
}

static json_t *describe_set(struct imageset *set, bool has_masks, struct arena *arena, struct error *err)
{
    struct label_summary labels;
    struct size_summary sizes;
    if (summarise_labels(set, arena, &labels, err))
        return NULL;
    summarise_sizes(set, arena, &sizes);
    json_t *object = pack_set(set, &labels, &sizes, has_masks);
    if (object && json_object_set_new(object, "first_images", list_first_images(set)) == 0)
        return object;
    json_decref(object);
    error_memory(err, "the description");
    return NULL;
}

static json_t *inspect_set(const char *path, bool has_masks, struct error *err)
{
    struct imageset *set = imageset_open(path, err);
    if (!set)
        return NULL;
    struct arena arena;
    arena_init(&arena, 0);
    json_t *object = describe_set(set, has_masks, &arena, err);
    arena_release(&arena);
    imageset_close(set);
    return object;
}

/* ----------------------------------------------------------------------------------------------------------------- */

/* Finds the kind of an HDF5 file by its root attribute, or by the arrays of the simple layout. */
static int identify(const char *path, bool *is_weights, bool *has_masks, struct error *err)
{
    struct h5 *file = h5_open(path, "file", err);
    if (!file)
        return -1;
    const struct h5_item *format = h5_find(file, "@format");
    char *text = NULL;
    int status = 0;
    if (format && format->type == H5_TEXT)
        status = h5_read_bytes(file, format, 0, &text, NULL, err);
    *is_weights = text && strcmp(text, "cambench-weights") == 0;
    *has_masks = h5_find(file, "/mask/data") != NULL;
    const bool is_set = (text && strcmp(text, "cambench-imageset") == 0) || (!text && h5_find(file, "/images"));
    if (!status && !*is_weights && !is_set)
        status = error_set(err,
                           "file \"%s\" is neither weights nor an image set: it has no format attribute of cambench "
                           "and no dataset /images",
                           path);
    free(text);
    h5_close(file);
    return status;
}

/* Whether the first bytes are those of PyTorch or safetensors. Other files go to the HDF5 reader, which checks them. */
static bool is_foreign(const char *path)
{
    char start[9] = "";
    struct error ignored;
    FILE *file = input_stream(path, &ignored);
    const size_t size = file ? fread(start, 1, sizeof start, file) : 0;
    if (file)
        fclose(file);
    return size == sizeof start && (memcmp(start, "PK\x03\x04", 4) == 0 || start[0] == '\x80' || start[8] == '{');
}

json_t *inspect_file(const char *path, bool with_plan, struct error *err)
{
    bool is_weights, has_masks;
    if (!with_plan && is_foreign(path))
        return inspect_foreign(path, err);
    if (identify(path, &is_weights, &has_masks, err))
        return NULL;
    if (!is_weights && with_plan) {
        error_set(err, "image set \"%s\": --plan is for weights and architectures", path);
        return NULL;
    }
    return is_weights ? inspect_weights(path, with_plan, err) : inspect_set(path, has_masks, err);
}
