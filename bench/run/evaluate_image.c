/*
 * bench/run/evaluate_image.c - the evaluation of one image: prepare and base pass, then for each method explain, then
 * for each protocol finish and measure.
 *
 * evaluate_picture() does the whole walk; its steps are in view.c, explanation.c and measure.c.
 */
#include "bench/run/walk.h"

#include <math.h>

/*
 * Counts the classes that are more probable than the label (equal ones of lower index too); -1: no label. NaN never
 * ranks below the label, so a network that outputs NaN scores no hits.
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

/* Fills the facts about the image itself: its prediction and crop under the first protocol, the class of each view. */
static int describe_image(const struct walk *walk, struct evaluated *out, struct error *err)
{
    out->base = base_of(walk);
    out->pixels = walk->views[0].pixels;
    out->views = arena_alloc(walk->arena, (size_t)walk->view_count, sizeof *out->views);
    if (!out->views)
        return error_memory(err, "an image's classes");
    for (int v = 0; v < walk->view_count; v++) {
        const struct view *view = &walk->views[v];
        const int klass = view->has_class ? cam_pass_class(view->pass) : -1;
        out->views[v] = (struct evaluated_view){klass, klass < 0 ? 0 : cam_pass_probabilities(view->pass)[klass]};
    }
    return 0;
}

/* Allocates the results of `count` methods. */
static int make_methods(const struct walk *walk, const int *which, int count, struct evaluated *out, struct error *err)
{
    const int values = walk->panel->protocol_count * walk->panel->metric_count;
    out->methods = arena_alloc(walk->arena, (size_t)count, sizeof *out->methods);
    for (int i = 0; out->methods && i < count; i++) {
        struct evaluated_method *method = &out->methods[i];
        method->method = which[i];
        method->cost.seconds = -1;
        method->value_count = values;
        method->values = arena_alloc(walk->arena, (size_t)values, sizeof *method->values);
        method->raws = arena_alloc(walk->arena, (size_t)walk->view_count, sizeof *method->raws);
        if (!method->values || !method->raws)
            return error_memory(err, "an image's values");
    }
    return out->methods ? 0 : error_memory(err, "an image's values");
}

static struct walk begin_walk(struct evaluator *evaluator, const struct evaluate_subject *subject)
{
    struct walk walk = {.evaluator = evaluator,
                        .panel = evaluator->panel,
                        .arena = &evaluator->arena,
                        .subject = subject,
                        .input = network_input(session_network(evaluator->worker.session))};
    for (int colour = 0; colour < 3; colour++)
        walk.black[colour] = picture_input_black(&evaluator->input, colour);
    return walk;
}

static int walk_method(const struct walk *walk, struct evaluated_method *out, struct error *err)
{
    const struct panel *panel = walk->panel;
    for (int v = 0; v < walk->view_count; v++) {
        struct view *view = &walk->views[v];
        if (view_explain(walk, view, out->method, err))
            return -1;
        if (!view->has_class)
            continue;
        out->raws[v] = view->raw;
        if (out->cost.seconds < 0)
            out->cost = view->raw.cost;
    }
    for (int p = 0; p < panel->protocol_count; p++) {
        struct measurement m;
        if (measurement_begin(&m, walk, out->method, p, err))
            return -1;
        for (int k = 0; k < panel->metric_count; k++)
            if (measurement_value(&m, k, &out->values[p * panel->metric_count + k], err))
                return -1;
        if (measurement_keep_curves(&m, out, err))
            return -1;
        if (p == 0)
            out->saliency = m.saliency;
    }
    return 0;
}

/* 0 if the failure is the method's result. */
static int note_failure(const struct walk *walk, struct evaluated_method *out, struct error *err)
{
    error_prefix(err, "backbone \"%s\", image \"%s\", method \"%s\": ", walk->evaluator->backbone, walk->subject->name,
                 walk->panel->methods[out->method].label);
    if (!walk->panel->keeps_on || err->is_system)
        return -1;
    out->failure = arena_string(walk->arena, err->text);
    return out->failure ? 0 : error_memory(err, "an image's values");
}

int evaluate_picture(struct evaluator *evaluator, const struct evaluate_subject *subject, const int *which, int count,
                     struct evaluated *out, bool *is_unreadable, struct error *err)
{
    struct walk walk = begin_walk(evaluator, subject);
    *out = (struct evaluated){0};
    *is_unreadable = false;
    if (views_list(&walk, err))
        return -1;
    for (int v = 0; v < walk.view_count; v++)
        if (view_prepare(&walk, &walk.views[v], is_unreadable, err) || view_pass(&walk, &walk.views[v], err))
            return -1;
    if (describe_image(&walk, out, err) || make_methods(&walk, which, count, out, err))
        return -1;
    for (int i = 0; i < count; i++)
        if (walk_method(&walk, &out->methods[i], err) && note_failure(&walk, &out->methods[i], err))
            return -1;
    return 0;
}

void evaluator_release(struct evaluator *evaluator)
{
    cam_worker_release(&evaluator->worker);
    arena_release(&evaluator->arena);
    arena_release(&evaluator->changed);
}

size_t evaluator_bytes(const struct evaluator *evaluator)
{
    return cam_worker_bytes(&evaluator->worker) + evaluator->arena.held_bytes + evaluator->changed.held_bytes;
}
