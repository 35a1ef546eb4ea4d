/*
 * models/family.c - models of the families of backbones/: the graph is built from a table, the weights come from a
 * file.
 */
#include "base/text.h"
#include "models/model_source.h"
#include "models/weights_cache.h"

struct family_model {
    struct weights_file *file;
};

/* Takes every spec that no other source takes; a name that is not a backbone's is then an error. */
static bool takes(const struct model_spec *spec)
{
    (void)spec;
    return true;
}

static int describe(const struct model_spec *spec, struct model_facts *facts, struct error *err)
{
    const struct backbone_family *family;
    if (spec->model || (!spec->arch && spec->weights)) /* known when it is open */
        return 0;
    const struct backbone_variant *variant = backbone_find(spec->arch, &family, err);
    if (!variant)
        return -1;
    *facts = (struct model_facts){
        variant->name,   variant->title, family->name, variant->layer, backbone_has_transform(variant->name),
        family->has_stem};
    return 0;
}

const char model_note_one_output[] =
    "has one output, read as the logit of a sigmoid: class 1 has p = sigmoid(z), class 0 has 1 - p";

int model_weights_notes(const struct weights_info *info, struct model_note notes[MODEL_NOTES_MAX])
{
    int count = 0;
    if (info->classes == 1)
        notes[count++] = (struct model_note){" ", model_note_one_output};
    if (info->transform_input == TRANSFORM_USUAL && backbone_has_transform(info->arch))
        notes[count++] = (struct model_note){
            ": ", "transform_input=yes is assumed, as in torchvision's pretrained weights; cambench import weights "
                  "--transform-input no, or transform_input: false in a config, says otherwise"};
    if (info->note[0])
        notes[count++] = (struct model_note){": ", info->note};
    return count;
}

/* -- the file ------------------------------------------------------------------------------------------------------ */

/* Error: the spec contradicts the file. */
static int check_spec(const struct model_spec *spec, const struct backbone_variant *variant,
                      const struct weights_info *info, struct error *err)
{
    char own[16], asked[16];
    if (variant && !text_same_name(info->arch, variant->name))
        return error_set(err, "weights \"%s\": are of %s, %s requires %s", spec->weights, info->arch,
                         spec->arch_where ? spec->arch_where : "the caller", variant->name);
    if (spec->transform_input != TRANSFORM_USUAL && info->transform_input != TRANSFORM_USUAL &&
        spec->transform_input != info->transform_input)
        return error_set(err, "weights \"%s\": have transform_input=%s, %s: transform_input says %s", spec->weights,
                         info->transform_input == TRANSFORM_YES ? "yes" : "no",
                         spec->transform_where ? spec->transform_where : "the caller",
                         spec->transform_input == TRANSFORM_YES ? "true" : "false");
    text_choice_name(STEM_CHOICES, info->stem, own, sizeof own);
    text_choice_name(STEM_CHOICES, spec->stem, asked, sizeof asked);
    if (spec->stem != STEM_USUAL && spec->stem != info->stem)
        return error_set(err, "weights \"%s\": have the stem %s, %s: stem says %s", spec->weights, own,
                         spec->stem_where ? spec->stem_where : "the caller", asked);
    return 0;
}

static int open_file(struct model *model, const struct model_spec *spec, const struct backbone_variant **variant,
                     struct weights_info *info, struct error *err)
{
    const struct backbone_family *family;
    struct family_model *state = arena_alloc(&model->arena, 1, sizeof *state);
    if (!state)
        return error_memory(err, "a model");
    model->state = state;
    state->file = weights_open_any(spec->weights, *variant ? (*variant)->name : NULL, spec->stem, info, err);
    if (!state->file || check_spec(spec, *variant, info, err))
        return -1;
    model->has_weights = true;
    if (!*variant)
        *variant = backbone_find(info->arch, &family, err);
    return *variant ? 0 : -1;
}

static int check_tensors(const struct model *model, struct error *err)
{
    const struct family_model *state = model->state;
    struct arena arena;
    struct weights shapes;
    arena_init(&arena, 0);
    int status = weights_read_shapes(state->file, &arena, &shapes, err);
    if (!status && network_check_weights(model->graph, &shapes, err))
        status = error_prefix(err, "weights \"%s\": ", model->path);
    if (!status)
        status = weights_read_variances(state->file, err);
    arena_release(&arena);
    return status;
}

/* -- opening ------------------------------------------------------------------------------------------------------- */

static int make_graph(struct model *model, const struct model_spec *spec, const struct backbone_variant *variant,
                      struct weights_info *info, struct error *err)
{
    if (spec->transform_input != TRANSFORM_USUAL)
        info->transform_input = spec->transform_input;
    struct picture_input input = variant->input;
    picture_input_add(&input, &info->input);
    model_set_input(model, &input, spec);
    struct backbone_options options = weights_options(info, MODEL_SIDE);
    options.height = model->input.h;
    options.width_px = model->input.w;
    model->graph = backbone_graph(model->arch, &options, err);
    if (!model->graph && spec->weights)
        error_prefix(err, "weights \"%s\": ", spec->weights);
    model->outputs = info->classes;
    return model->graph ? 0 : -1;
}

static int open_model(struct model *model, const struct model_spec *spec, struct error *err)
{
    const struct backbone_family *family;
    const struct backbone_variant *variant = spec->arch ? backbone_find(spec->arch, &family, err) : NULL;
    struct weights_info *info = arena_alloc(&model->arena, 1, sizeof *info);
    if (spec->model)
        return error_set(err, "model \"%s\": is of no kind that this program can run", spec->model);
    if (!info)
        return error_memory(err, "a model");
    *info = (struct weights_info){.classes = spec->classes ? spec->classes : MODEL_CLASSES,
                                  .width = spec->width != 0 ? spec->width : 1,
                                  .channels = spec->channels,
                                  .stem = spec->stem};
    if ((spec->arch && !variant) || (spec->weights && open_file(model, spec, &variant, info, err)))
        return -1;
    if (!variant)
        return error_set(err, "a model needs an architecture or a weights file");
    model->arch = variant->name;
    model->title = variant->title;
    model->layer = variant->layer;
    if (make_graph(model, spec, variant, info, err))
        return -1;
    model->classes.count = class_count(info->classes);
    if (!model->has_weights)
        return 0;
    model->note_count = model_weights_notes(info, model->notes);
    return check_tensors(model, err) ||
                   class_names_of_network(model->outputs, info->class_names, &model->arena, &model->classes, err)
               ? -1
               : 0;
}

static int read_weights(const struct model *model, struct arena *arena, struct weights *weights, struct error *err)
{
    const struct family_model *state = model->state;
    return weights_read(state->file, arena, weights, err);
}

static void close_files(struct model *model)
{
    struct family_model *state = model->state;
    if (state)
        weights_close(state->file);
    model->state = NULL;
}

const struct model_source model_family = {.name = "family",
                                          .takes = takes,
                                          .describe = describe,
                                          .open = open_model,
                                          .read = read_weights,
                                          .close_files = close_files};
