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

static struct store_base base_of(const struct walk *walk, const struct view *view)
{
    const struct cam_pass *pass = view->pass;
    const float *probabilities = cam_pass_probabilities(pass);
    const int predicted = cam_pass_predicted(pass);
    return (struct store_base){.predicted = predicted,
                               .rank = rank_of(pass, walk->subject->label),
                               .probability = isfinite(probabilities[predicted]) ? probabilities[predicted] : 0,
                               .input = view->input_number};
}

/* Lists the base passes on the inputs. */
static int list_bases(const struct walk *walk, struct evaluated *out, struct error *err)
{
    out->bases = arena_alloc(walk->arena, (size_t)walk->input_count, sizeof *out->bases);
    if (!out->bases)
        return error_memory(err, "an image's base passes");
    for (int v = 0; v < walk->view_count; v++) {
        const struct view *view = &walk->views[v];
        bool is_listed = !view->pass;
        for (int i = 0; i < out->base_count && !is_listed; i++)
            is_listed = out->bases[i].input == view->input_number;
        if (!is_listed)
            out->bases[out->base_count++] = base_of(walk, view);
    }
    return 0;
}

static const struct store_base *stored_base(const struct walk *walk, const struct view *view)
{
    return walk->subject->bases ? walk->subject->bases[view->input_number] : NULL;
}

/* Of the view's class; 0: the store has it for another class only, and the pass has not been made. */
static double probability_of(const struct walk *walk, const struct view *view)
{
    const struct store_base *base = stored_base(walk, view);
    if (view->pass)
        return cam_pass_probabilities(view->pass)[view->klass];
    return base && base->predicted == view->klass ? base->probability : 0;
}

/*
 * Fills the facts about the image itself: its prediction and crop under the first protocol, the class of each view. A
 * view that was left out has none.
 */
static int describe_image(const struct walk *walk, struct evaluated *out, struct error *err)
{
    if (walk->views[0].pass)
        out->base = base_of(walk, &walk->views[0]);
    else if (stored_base(walk, &walk->views[0]))
        out->base = *stored_base(walk, &walk->views[0]);
    out->pixels = walk->views[0].pixels;
    out->views = arena_alloc(walk->arena, (size_t)walk->view_count, sizeof *out->views);
    if (!out->views)
        return error_memory(err, "an image's classes");
    for (int v = 0; v < walk->view_count; v++) {
        const struct view *view = &walk->views[v];
        const int klass = view->has_class ? view->klass : -1;
        out->views[v] = (struct evaluated_view){klass, klass < 0 ? 0 : probability_of(walk, view)};
    }
    return list_bases(walk, out, err);
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
        method->maps = arena_alloc(walk->arena, (size_t)walk->view_count, sizeof *method->maps);
        if (!method->values || !method->raws || !method->maps)
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
    for (int colour = 0; colour < walk.input.c; colour++) {
        walk.black[colour] = picture_input_black(&evaluator->input, colour);
        walk.white[colour] = picture_input_white(&evaluator->input, colour);
    }
    return walk;
}

/* -- what is wanted ------------------------------------------------------------------------------------------------ */

/* A method and what is known of it on the image. */
struct method_walk {
    const struct walk *walk;
    const struct store_item *known;    /* NULL: nothing */
    const struct store_value **values; /* [protocol][metric]; NULL: to be measured */
};

static int begin_method(struct method_walk *of, const struct walk *walk, const struct store_item *known,
                        struct error *err)
{
    const size_t count = (size_t)walk->panel->protocol_count * (size_t)walk->panel->metric_count;
    *of = (struct method_walk){walk, known, arena_alloc(walk->arena, count, sizeof *of->values)};
    if (!of->values)
        return error_memory(err, "an image's values");
    for (int i = 0; known && i < known->value_count; i++)
        of->values[known->values[i].protocol * walk->panel->metric_count + known->values[i].metric] = &known->values[i];
    return 0;
}

static const struct store_map *known_map(const struct store_item *known, int view)
{
    for (int i = 0; known && i < known->map_count; i++)
        if (known->maps[i].view == view)
            return &known->maps[i];
    return NULL;
}

static bool wants_protocol(const struct method_walk *of, int protocol)
{
    const int metric_count = of->walk->panel->metric_count;
    for (int k = 0; k < metric_count; k++)
        if (!of->values[protocol * metric_count + k])
            return true;
    return protocol == 0 && (!of->known || of->walk->subject->wanted_views > 0);
}

static bool wants_view(const struct method_walk *of, int view)
{
    if (view < of->walk->subject->wanted_views)
        return true;
    for (int p = 0; p < of->walk->panel->protocol_count; p++)
        if (of->walk->view_of[p] == view && wants_protocol(of, p))
            return true;
    return false;
}

/* Whether a view is wanted by the caller or for any method. */
static bool is_view_wanted(const struct walk *walk, const struct method_walk *walks, int count, int view)
{
    if (!walk->subject->known || view < walk->subject->wanted_views || (view == 0 && walk->subject->needs_base))
        return true;
    for (int i = 0; i < count; i++)
        if (wants_view(&walks[i], view))
            return true;
    return false;
}

/*
 * Whether the base pass is made before the methods run: where a map is to be made, and where it takes the pass to know
 * the class or, for pictures, its probability. Otherwise a metric that needs the pass has it made. -1 with err.
 */
static int needs_pass(const struct walk *walk, const struct method_walk *walks, int count, int v, struct error *err)
{
    const struct evaluate_subject *subject = walk->subject;
    struct view *view = &walk->views[v];
    bool has_map = false, lacks_map = false;
    if (!subject->known || (v == 0 && subject->needs_base))
        return 1;
    for (int i = 0; i < count; i++) {
        const struct store_map *known = known_map(walks[i].known, v);
        has_map |= known && known->data;
        lacks_map |= wants_view(&walks[i], v) && !(known && known->data);
    }
    const int status = view_recall(walk, view, stored_base(walk, view), has_map, err);
    if (status < 0)
        return -1;
    const bool has_probability = !view->has_class || probability_of(walk, view) > 0;
    return !status || (view->has_class && lacks_map) || (v < subject->wanted_views && !has_probability);
}

/* -- one method ---------------------------------------------------------------------------------------------------- */

static struct store_map map_of(const struct cam_map *raw, int view)
{
    const bool is_kept = (size_t)raw->form.h * (size_t)raw->form.w <= STORE_MAP_VALUES;
    return (struct store_map){.view = view,
                              .h = raw->form.h,
                              .w = raw->form.w,
                              .is_signed = raw->form.is_signed,
                              .is_normalised = raw->form.is_normalised,
                              .cost = raw->cost,
                              .data = is_kept ? raw->data : NULL};
}

/* Makes the maps that are wanted. The cost is that of the first view that has a map, which may have been known. */
static int make_maps(const struct method_walk *of, struct evaluated_method *out, struct error *err)
{
    for (int v = 0; v < of->walk->view_count; v++) {
        struct view *view = &of->walk->views[v];
        const struct store_map *known = known_map(of->known, v);
        const bool is_wanted = wants_view(of, v);
        if (is_wanted && view_explain(of->walk, view, out->method, known, err))
            return -1;
        if (is_wanted && view->has_class)
            out->raws[v] = view->raw;
        if (is_wanted && view->has_class && (!known || !known->h))
            out->maps[out->map_count++] = map_of(&view->raw, v);
        if (out->cost.seconds < 0 && is_wanted && view->has_class)
            out->cost = view->raw.cost;
        else if (out->cost.seconds < 0 && known)
            out->cost = known->cost;
    }
    return 0;
}

static int measure_values(const struct method_walk *of, struct evaluated_method *out, int p, struct measurement *m,
                          struct error *err)
{
    const int metric_count = of->walk->panel->metric_count;
    if (measurement_begin(m, of->walk, out->method, p, &of->values[p * metric_count], err))
        return -1;
    m->stored = of->known;
    for (int k = 0; k < metric_count; k++)
        if (measurement_value(m, k, &out->values[p * metric_count + k], err))
            return -1;
    return measurement_keep_curves(m, out, err);
}

static int measure_protocol(const struct method_walk *of, struct evaluated_method *out, int p, struct error *err)
{
    struct spent *spent = of->walk->evaluator->spent;
    struct measurement m;
    const int before = spent_switch(spent, spent_on_evidence(out->method));
    const int status = measure_values(of, out, p, &m, err);
    spent_switch(spent, before);
    if (!status && p == 0)
        out->saliency = m.saliency;
    return status;
}

/* Gives the images' own inputs to the evaluator's take_input(), if it has one. */
static int take_views(const struct walk *walk, struct error *err)
{
    const struct evaluator *evaluator = walk->evaluator;
    for (int v = 0; evaluator->take_input && v < walk->view_count; v++) {
        const struct view *view = &walk->views[v];
        if (view->has_class &&
            evaluator->take_input(evaluator->take_context, view_name(walk, view), view->klass, view->input, err))
            return -1;
    }
    return 0;
}

static int walk_method(const struct method_walk *of, struct evaluated_method *out, struct error *err)
{
    const int metric_count = of->walk->panel->metric_count;
    if (take_views(of->walk, err) || make_maps(of, out, err))
        return -1;
    for (int p = 0; p < of->walk->panel->protocol_count; p++) {
        if (wants_protocol(of, p) && measure_protocol(of, out, p, err))
            return -1;
        for (int k = 0; k < metric_count && !wants_protocol(of, p); k++)
            out->values[p * metric_count + k] = *of->values[p * metric_count + k];
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

/* -- the whole ----------------------------------------------------------------------------------------------------- */

/*
 * Prepares the views and runs the base passes that are needed at once. If one of these fails, which only networks that
 * others run do, that is a failure of all methods: *failure is its text.
 */
static int pass_views(const struct walk *walk, const struct method_walk *walks, int count, bool *is_unreadable,
                      const char **failure, struct error *err)
{
    *failure = NULL;
    for (int v = 0; v < walk->view_count; v++) {
        struct view *view = &walk->views[v];
        if (*failure || !is_view_wanted(walk, walks, count, v))
            continue;
        if (view_prepare(walk, view, is_unreadable, err))
            return -1;
        const int is_needed = needs_pass(walk, walks, count, v, err);
        if (is_needed < 0)
            return -1;
        if (!is_needed || view_pass(walk, view, err) == 0)
            continue;
        error_prefix(err, "backbone \"%s\", image \"%s\": ", walk->evaluator->backbone, walk->subject->name);
        if (view->pass || count == 0 || !walk->panel->keeps_on || err->is_system)
            return -1;
        *failure = arena_string(walk->arena, err->text);
        if (!*failure)
            return error_memory(err, "an image's values");
    }
    return 0;
}

static struct method_walk *begin_methods(struct walk *walk, const int *which, int count, struct error *err)
{
    struct method_walk *walks = arena_alloc(walk->arena, (size_t)count + 1, sizeof *walks);
    walk->method_count = count;
    walk->methods = which;
    walk->known = arena_alloc(walk->arena, (size_t)count + 1, sizeof *walk->known);
    if (!walks || !walk->known) {
        error_memory(err, "an image's values");
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        if (begin_method(&walks[i], walk, walk->subject->known ? &walk->subject->known[i] : NULL, err))
            return NULL;
        walk->known[i] = walks[i].values;
    }
    return walks;
}

int evaluate_picture(struct evaluator *evaluator, const struct evaluate_subject *subject, const int *which, int count,
                     struct evaluated *out, bool *is_unreadable, struct error *err)
{
    struct walk walk = begin_walk(evaluator, subject);
    *out = (struct evaluated){0};
    *is_unreadable = false;
    if (views_list(&walk, err))
        return -1;
    const char *failure;
    const struct method_walk *walks = begin_methods(&walk, which, count, err);
    if (!walks || pass_views(&walk, walks, count, is_unreadable, &failure, err) || describe_image(&walk, out, err) ||
        make_methods(&walk, which, count, out, err))
        return -1;
    for (int i = 0; i < count && failure; i++)
        out->methods[i].failure = failure;
    for (int i = 0; i < count && !failure; i++)
        if (walk_method(&walks[i], &out->methods[i], err) && note_failure(&walk, &out->methods[i], err))
            return -1;
    return 0;
}

void evaluator_release(struct evaluator *evaluator)
{
    cam_worker_release(&evaluator->worker);
    arena_release(&evaluator->arena);
    arena_release(&evaluator->changed);
    arena_release(&evaluator->altered_sums);
}

size_t evaluator_bytes(const struct evaluator *evaluator)
{
    return cam_worker_bytes(&evaluator->worker) + arena_touched_bytes(&evaluator->arena) +
           arena_touched_bytes(&evaluator->changed) + arena_touched_bytes(&evaluator->altered_sums);
}
