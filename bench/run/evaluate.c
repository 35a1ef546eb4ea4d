/*
 * bench/run/evaluate.c - the walk of one image: decode, preprocess, base pass; for each method explain, finish, measure.
 *
 * Protocols that prepare the input alike and explain the same class share a view: one base pass, one raw map a method.
 */
#include "bench/run/evaluate.h"

#include "bench/run/curves.h"
#include "datasets/preprocess.h"

#include <math.h>
#include <string.h>

/* x*m, made once for all protocols and methods of a view that mask alike. */
struct explanation {
    struct explanation *next;
    const float *mask; /* (H,W) */
    int mask_space;
    struct cam_pass *pass; /* base pass; NULL: not yet */
    bool has_rest;
    double rest;          /* the class's probability on x*(1-m) */
    struct cam_map again; /* a method's raw map of it */
    int again_by;         /* the method, -1: none yet */
};

struct view {
    const struct protocol *protocol; /* the first that uses it */
    float *input;
    uint8_t *pixels;
    struct cam_pass *pass;
    bool has_class;
    const struct truth *truth; /* NULL: no metric asks for it */
    struct explanation *explanations;
    struct cam_map raw; /* of the method at hand */
    struct map energy;  /* likewise; no data: not asked for yet */
    struct curves curves;
};

struct walk {
    struct evaluator *evaluator;
    const struct panel *panel;
    const struct evaluate_subject *subject;
    bool is_unreadable; /* the picture cannot be decoded or brought to the network's size */
    struct shape input;
    int view_count;
    struct view *views;
    int *view_of; /* [protocol] */
};

static struct arena *arena_of(const struct walk *walk)
{
    return &walk->evaluator->arena;
}

/* -- views ---------------------------------------------------------------------------------------------------------- */

/* A network that needs one way of resizing gets it; any other follows the protocol. */
static bool is_squashed(const struct protocol *protocol, const struct picture_input *own)
{
    return own->resize == PICTURE_RESIZE_PROTOCOL ? protocol->resize == PROTOCOL_RESIZE_SQUASH
                                                  : own->resize == PICTURE_RESIZE_SQUASH;
}

static struct preprocess preprocess_of(const struct protocol *protocol, struct shape input,
                                       const struct picture_input *own)
{
    struct preprocess how = {.squash = is_squashed(protocol, own),
                             .filter =
                                 protocol->interpolation == PROTOCOL_BICUBIC ? PREPROCESS_BICUBIC : PREPROCESS_BILINEAR,
                             .crop_h = input.h,
                             .crop_w = input.w};
    how.resize_h = (int)lround(protocol->resize_ratio * input.h);
    how.resize_w = (int)lround(protocol->resize_ratio * input.w);
    if (!how.squash && how.resize_w > how.resize_h)
        how.resize_h = how.resize_w;
    for (int c = 0; c < 3; c++) {
        how.mean[c] = (float)own->mean[c];
        how.deviation[c] = (float)own->deviation[c];
    }
    return how;
}

static float black(const struct walk *walk, int colour)
{
    return picture_input_black(&walk->evaluator->input, colour);
}

static struct cam_setup setup_of(const struct walk *walk, const float *input)
{
    struct cam_setup setup = panel_setup(walk->panel, &walk->evaluator->worker, arena_of(walk));
    setup.input = input;
    setup.image_name = walk->subject->name;
    setup.image_index = walk->subject->index;
    for (int colour = 0; colour < 3; colour++)
        setup.black[colour] = black(walk, colour);
    return setup;
}

static int open_view(struct walk *walk, struct view *view, struct error *err)
{
    const struct evaluate_subject *subject = walk->subject;
    struct preprocess_geometry geometry;
    const struct preprocess how = preprocess_of(view->protocol, walk->input, &walk->evaluator->input);
    view->input = arena_floats(arena_of(walk), (size_t)3 * (size_t)walk->input.h * (size_t)walk->input.w);
    if (!view->input)
        return error_memory(err, "a network's input");
    walk->is_unreadable =
        preprocess_picture(&subject->picture, &how, arena_of(walk), view->input, &view->pixels, &geometry, err) != 0;
    if (walk->is_unreadable) {
        walk->is_unreadable = !err->is_system;
        return error_prefix(err, "image \"%s\": ", subject->name);
    }
    const struct cam_setup setup = setup_of(walk, view->input);
    view->pass = cam_pass_run(&setup, err);
    if (!view->pass)
        return -1;
    view->has_class = view->protocol->klass == PROTOCOL_CLASS_PREDICTED || subject->label >= 0;
    if (view->protocol->klass == PROTOCOL_CLASS_LABEL && view->has_class)
        cam_pass_set_class(view->pass, subject->label);
    view->curves = (struct curves){.pass = view->pass,
                                   .input = view->input,
                                   .shape = walk->input,
                                   .black = {black(walk, 0), black(walk, 1), black(walk, 2)},
                                   .arena = arena_of(walk)};
    if (!panel_needs_truth(walk->panel))
        return 0;
    view->truth = truth_at_input(&subject->annotation, &geometry, walk->input, subject->label,
                                 cam_pass_class(view->pass), arena_of(walk), err);
    return view->truth ? 0 : -1;
}

static int open_views(struct walk *walk, struct error *err)
{
    const struct panel *panel = walk->panel;
    const size_t count = (size_t)panel->protocol_count;
    walk->views = arena_alloc(arena_of(walk), count, sizeof *walk->views);
    walk->view_of = arena_alloc(arena_of(walk), count, sizeof *walk->view_of);
    if (!walk->views || !walk->view_of)
        return error_memory(err, "an image's protocols");
    for (int p = 0; p < panel->protocol_count; p++) {
        int v = 0;
        while (v < walk->view_count && !panel_same_view(walk->views[v].protocol, &panel->protocols[p]))
            v++;
        walk->view_of[p] = v;
        if (v < walk->view_count)
            continue;
        walk->views[walk->view_count++].protocol = &panel->protocols[p];
        if (open_view(walk, &walk->views[v], err))
            return -1;
    }
    return 0;
}

/* -- evidence ------------------------------------------------------------------------------------------------------- */

/* One method under one protocol. */
struct judgement {
    const struct walk *walk;
    struct view *view;
    const struct protocol *protocol;
    int method;
    struct cam_post post;
    struct saliency saliency;
    struct explanation *explanation; /* NULL: not yet */
};

static struct map map_of(const struct judgement *j)
{
    return (struct map){j->walk->input.h, j->walk->input.w, j->saliency.data};
}

static struct map native_of(const struct saliency *saliency)
{
    return (struct map){saliency->native_h, saliency->native_w, saliency->native};
}

/* 1 where the better half of the pixels is, else 0. */
static int top_half(const struct judgement *j, const float **mask, struct error *err)
{
    const struct map map = map_of(j), native = native_of(&j->saliency);
    const size_t plane = (size_t)map.h * (size_t)map.w;
    const struct curve_request halves = {.order = PROTOCOL_CURVE_PIXELS, .steps = 2};
    struct curve_plan plan;
    float *half = arena_floats(arena_of(j->walk), plane);
    if (!half)
        return error_memory(err, "an explanation");
    if (curve_plan_make(&plan, &map, &native, &halves, arena_of(j->walk), err))
        return -1;
    for (size_t i = 0; i < plane; i++)
        half[i] = plan.step_of[i] == 1;
    *mask = half;
    return 0;
}

static struct explanation *find_explanation(const struct judgement *j, const float *mask)
{
    const size_t bytes = (size_t)j->walk->input.h * (size_t)j->walk->input.w * sizeof *mask;
    struct explanation *known = j->view->explanations;
    while (known && (known->mask_space != j->protocol->mask_space || memcmp(known->mask, mask, bytes) != 0))
        known = known->next;
    return j->walk->panel->exact_passes ? NULL : known;
}

static int choose_explanation(struct judgement *j, struct error *err)
{
    const float *mask = j->saliency.data;
    if (j->explanation)
        return 0;
    if (j->protocol->mask == PROTOCOL_MASK_TOP_HALF && top_half(j, &mask, err))
        return -1;
    j->explanation = find_explanation(j, mask);
    if (j->explanation)
        return 0;
    j->explanation = arena_alloc(arena_of(j->walk), 1, sizeof *j->explanation);
    if (!j->explanation)
        return error_memory(err, "an explanation");
    *j->explanation = (struct explanation){
        .next = j->view->explanations, .mask = mask, .mask_space = j->protocol->mask_space, .again_by = -1};
    j->view->explanations = j->explanation;
    return 0;
}

/* x*m, or x*(1-m); what is not x is the mean colour or black. */
static void write_masked(const struct judgement *j, enum evidence_image image, float *out)
{
    const size_t plane = (size_t)j->walk->input.h * (size_t)j->walk->input.w;
    const bool in_pixels = j->protocol->mask_space == PROTOCOL_MASK_PIXEL;
    const float *mask = j->explanation->mask;
    for (int c = 0; c < 3; c++) {
        const float hidden = in_pixels ? black(j->walk, c) : 0;
        const float *x = j->view->input + (size_t)c * plane;
        for (size_t i = 0; i < plane; i++, out++) {
            const float m = image == EVIDENCE_REST ? 1 - mask[i] : mask[i];
            *out = x[i] * m + hidden * (1 - m);
        }
    }
}

static int explanation_pass(struct judgement *j, struct error *err)
{
    if (choose_explanation(j, err))
        return -1;
    if (j->explanation->pass)
        return 0;
    const struct shape shape = j->walk->input;
    float *masked = arena_floats(arena_of(j->walk), 3 * (size_t)shape.h * (size_t)shape.w);
    if (!masked)
        return error_memory(err, "an explanation");
    write_masked(j, EVIDENCE_EXPLANATION, masked);
    const struct cam_setup setup = setup_of(j->walk, masked);
    j->explanation->pass = cam_pass_run(&setup, err);
    if (!j->explanation->pass)
        return -1;
    cam_pass_set_class(j->explanation->pass, cam_pass_class(j->view->pass));
    return 0;
}

static void write_rest(void *context, int index, float *out)
{
    (void)index; /* the only one */
    write_masked(context, EVIDENCE_REST, out);
}

static int rest_probability(struct judgement *j, double *probability, struct error *err)
{
    struct cam_output out;
    if (choose_explanation(j, err))
        return -1;
    if (!j->explanation->has_rest) {
        if (cam_pass_others(j->view->pass, 1, write_rest, j, &out, err))
            return -1;
        j->explanation->rest = out.probability;
        j->explanation->has_rest = true;
    }
    *probability = j->explanation->rest;
    return 0;
}

static int probability(void *context, enum evidence_image image, double *out, struct error *err)
{
    struct judgement *j = context;
    if (image == EVIDENCE_REST)
        return rest_probability(j, out, err);
    if (image == EVIDENCE_EXPLANATION && explanation_pass(j, err))
        return -1;
    const struct cam_pass *pass = image == EVIDENCE_ORIGINAL ? j->view->pass : j->explanation->pass;
    *out = cam_pass_probabilities(pass)[cam_pass_class(j->view->pass)];
    return 0;
}

static int finish(const struct judgement *j, const struct cam_map *raw, struct saliency *saliency, struct error *err)
{
    return cam_finish(raw, &j->post, j->walk->input.h, j->walk->input.w, arena_of(j->walk), saliency, err);
}

static int explain_again(void *context, struct map *map, struct error *err)
{
    struct judgement *j = context;
    const struct config_method *method = &j->walk->panel->methods[j->method];
    struct saliency saliency;
    if (explanation_pass(j, err))
        return -1;
    struct explanation *explanation = j->explanation;
    if (explanation->again_by != j->method &&
        cam_explain(explanation->pass, method->method, method->params, 0, method->label, &explanation->again, err))
        return -1;
    explanation->again_by = j->method;
    if (finish(j, &explanation->again, &saliency, err))
        return -1;
    const bool is_native = j->protocol->compare_at == PROTOCOL_COMPARE_AT_LAYER;
    *map = is_native ? native_of(&saliency) : (struct map){j->walk->input.h, j->walk->input.w, saliency.data};
    return 0;
}

/* ReLU, of maps that keep negative values too, and enlargement; the same under all protocols of a view. */
static int energy(void *context, struct map *map, struct error *err)
{
    const struct judgement *j = context;
    struct view *view = j->view;
    const struct shape shape = j->walk->input;
    if (!view->energy.data) {
        const struct cam_map raw = {.form = {view->raw.form.h, view->raw.form.w, false, false}, .data = view->raw.data};
        const struct cam_post relu_alone = {0};
        struct saliency saliency;
        if (cam_finish(&raw, &relu_alone, shape.h, shape.w, arena_of(j->walk), &saliency, err))
            return -1;
        view->energy = (struct map){shape.h, shape.w, saliency.data};
    }
    *map = view->energy;
    return 0;
}

static int curve(void *context, const struct curve_request *request, struct curve *out, struct error *err)
{
    const struct judgement *j = context;
    const struct map map = map_of(j), native = native_of(&j->saliency);
    return curves_measure(&j->view->curves, &map, &native, request, out, err);
}

/* -- methods -------------------------------------------------------------------------------------------------------- */

/* The curves that were asked for, under the metrics that are their areas. */
static int keep_curves(const struct judgement *j, const struct evidence *evidence, int protocol,
                       struct evaluated_method *out, struct error *err)
{
    for (int k = 0; k < evidence->metric_count; k++) {
        const enum curve_kind kind = evidence->metrics[k].metric->curve;
        const struct curve *from = &evidence->curves[kind];
        if (kind == CURVE_NONE || from->count == 0)
            continue;
        struct store_curve *kept = arena_alloc(arena_of(j->walk), 1, sizeof *kept);
        if (!kept)
            return error_memory(err, "an image's curves");
        *kept = (struct store_curve){out->curves, protocol, k, from->count, from->fraction, from->probability};
        out->curves = kept;
    }
    return 0;
}

static int measure(struct judgement *j, const struct cost *cost, int protocol, struct evaluated_method *out,
                   struct error *err)
{
    const int count = j->walk->panel->metric_count;
    struct store_value *values = out->values + (size_t)protocol * (size_t)count;
    struct evidence evidence = {
        .protocol = j->protocol,
        .map = map_of(j),
        .native = native_of(&j->saliency),
        .map_flag = j->saliency.flag == SALIENCY_CONSTANT ? "constant_map" : NULL,
        .cost = *cost,
        .is_original_only = j->walk->panel->methods[j->method].method->flags & METHOD_ORIGINAL_ONLY,
        .probability = probability,
        .explain_again = explain_again,
        .energy = energy,
        .curve = curve,
        .truth = j->view->truth,
        .arena = arena_of(j->walk),
        .context = j,
        .metric_count = count,
        .metrics = j->walk->panel->metrics,
        .values = arena_alloc(arena_of(j->walk), (size_t)count, sizeof *evidence.values),
        .is_measured = arena_alloc(arena_of(j->walk), (size_t)count, sizeof *evidence.is_measured)};
    if (!evidence.values || !evidence.is_measured)
        return error_memory(err, "an image's values");
    for (int k = 0; k < count; k++) {
        struct value value = {.undefined = "no_label"};
        if (j->view->has_class && evidence_measure(&evidence, k, &value, err))
            return -1;
        values[k] = (struct store_value){protocol, k, value.number, value.undefined, value.flag};
    }
    return keep_curves(j, &evidence, protocol, out, err);
}

static struct cam_post post_of(const struct protocol *protocol)
{
    const struct protocol_post_steps steps = protocol_post_steps((enum protocol_post)protocol->post);
    return (struct cam_post){.at_layer = steps.at_layer,
                             .at_input = steps.at_input,
                             .eps = steps.eps,
                             .always_relu = protocol->relu == PROTOCOL_RELU_ALWAYS,
                             .is_bicubic = protocol->enlarge == PROTOCOL_ENLARGE_BICUBIC};
}

static int judge(const struct walk *walk, int method, int protocol, struct evaluated_method *out, struct error *err)
{
    const struct panel *panel = walk->panel;
    struct view *view = &walk->views[walk->view_of[protocol]];
    struct judgement j = {.walk = walk,
                          .view = view,
                          .protocol = &panel->protocols[protocol],
                          .method = method,
                          .post = post_of(&panel->protocols[protocol])};
    if (view->has_class && finish(&j, &view->raw, &j.saliency, err))
        return -1;
    if (protocol == 0) {
        out->saliency = j.saliency;
        out->raw = view->raw;
    }
    return measure(&j, &view->raw.cost, protocol, out, err);
}

static int evaluate_method(struct walk *walk, int method, struct evaluated_method *out, struct error *err)
{
    const struct panel *panel = walk->panel;
    const struct config_method *m = &panel->methods[method];
    out->method = method;
    out->value_count = panel->protocol_count * panel->metric_count;
    out->values = arena_alloc(arena_of(walk), (size_t)out->value_count, sizeof *out->values);
    if (!out->values)
        return error_memory(err, "an image's values");
    out->cost.seconds = -1;
    for (int v = 0; v < walk->view_count; v++) {
        struct view *view = &walk->views[v];
        view->energy = (struct map){0};
        view->curves.kept = NULL;
        if (!view->has_class)
            continue;
        if (cam_explain(view->pass, m->method, m->params, 0, m->label, &view->raw, err))
            return -1;
        if (out->cost.seconds < 0)
            out->cost = view->raw.cost;
    }
    for (int p = 0; p < panel->protocol_count; p++)
        if (judge(walk, method, p, out, err))
            return -1;
    return 0;
}

/* -- the image ------------------------------------------------------------------------------------------------------ */

/*
 * How many classes are more probable than the label (equal ones of lower index too); -1: no label. What is not a number
 * is never behind: such a network has no hits.
 */
static int rank_of(const struct cam_pass *pass, int label)
{
    const float *probabilities = cam_pass_probabilities(pass);
    int rank = label < 0 ? -1 : 0;
    if (label == cam_pass_predicted(pass) && isfinite(probabilities[label]))
        return 0;
    for (int k = 0; k < cam_pass_classes(pass) && label >= 0; k++) {
        const bool is_behind =
            k < label ? probabilities[k] < probabilities[label] : probabilities[k] <= probabilities[label];
        rank += k != label && (k == cam_pass_predicted(pass) || !is_behind);
    }
    return rank;
}

static struct store_base base_of(const struct walk *walk)
{
    const struct cam_pass *pass = walk->views[0].pass;
    const float *probabilities = cam_pass_probabilities(pass);
    const int predicted = cam_pass_predicted(pass);
    return (struct store_base){.predicted = predicted,
                               .rank = rank_of(pass, walk->subject->label),
                               .probability = isfinite(probabilities[predicted]) ? probabilities[predicted] : 0};
}

int evaluate_picture(struct evaluator *evaluator, const struct evaluate_subject *subject, const int *which, int count,
                     struct evaluated *out, bool *is_unreadable, struct error *err)
{
    struct walk walk = {.evaluator = evaluator,
                        .panel = evaluator->panel,
                        .subject = subject,
                        .input = network_input(session_network(evaluator->worker.session))};
    *out = (struct evaluated){0};
    const int status = open_views(&walk, err);
    *is_unreadable = walk.is_unreadable;
    if (status)
        return -1;
    out->base = base_of(&walk);
    out->klass = walk.views[0].has_class ? cam_pass_class(walk.views[0].pass) : -1;
    out->probability = out->klass < 0 ? 0 : cam_pass_probabilities(walk.views[0].pass)[out->klass];
    out->pixels = walk.views[0].pixels;
    out->methods = arena_alloc(&evaluator->arena, (size_t)count, sizeof *out->methods);
    if (!out->methods)
        return error_memory(err, "an image's values");
    for (int i = 0; i < count; i++)
        if (evaluate_method(&walk, which[i], &out->methods[i], err))
            return error_prefix(err, "backbone \"%s\", image \"%s\", method \"%s\": ", evaluator->backbone,
                                subject->name, evaluator->panel->methods[which[i]].label);
    return 0;
}

int evaluate_image(struct evaluator *evaluator, const struct run *run, int backbone, int image, const int *which,
                   int count, struct evaluated *out, bool *is_unreadable, struct error *err)
{
    const int place = run->chosen[image];
    const bool has_labels = !run->backbones[backbone].misfit; /* else the labels are of other classes */
    struct evaluate_subject subject = {
        .name = run->image_names[image], .index = place, .label = has_labels ? imageset_label(run->images, place) : -1};
    arena_reset(&evaluator->arena);
    if (imageset_picture(run->images, place, &evaluator->arena, &subject.picture, err) ||
        (panel_needs_truth(&run->panel) &&
         annotation_read(run->images, place, &subject.picture, &evaluator->arena, &subject.annotation, err))) {
        *is_unreadable = !err->is_system;
        return -1;
    }
    if (evaluate_picture(evaluator, &subject, which, count, out, is_unreadable, err))
        return -1;
    out->base.backbone = backbone;
    out->base.image = image;
    return 0;
}
