/* bench/run/measure.c - one method under one protocol: saliency map, evidence, the values of the metrics. */
#include "base/counts.h"
#include "bench/run/walk.h"

/* -- what metrics request ------------------------------------------------------------------------------------------- */

static int outputs(struct measurement *m, struct evidence_input input, struct cam_output *out, struct error *err)
{
    switch (input.kind) {
    case EVIDENCE_OF_ORIGINAL:
        *out = cam_pass_output(m->view->pass, m->view->klass);
        return 0;
    case EVIDENCE_OF_EXPLANATION:
        return explanation_output(m, out, err);
    case EVIDENCE_OF_REST:
        return explanation_rest(m, out, err);
    case EVIDENCE_OF_SHARED:
        return shared_outputs(m, input, out, err);
    default:
        return changed_outputs(m, input, out, err);
    }
}

static int scores(void *context, struct evidence_input input, enum evidence_score score, double *values,
                  struct error *err)
{
    struct measurement *m = context;
    struct arena *arena = m->walk->arena;
    const bool is_source = input.kind == EVIDENCE_OF_SOURCE || input.kind == EVIDENCE_OF_SHARED;
    const size_t count = is_source ? (size_t)input.count : 1;
    struct cam_output *out = arena_alloc(arena, count, sizeof *out);
    if (!out)
        return error_memory(err, "the outputs of changed inputs");
    if (view_need_pass(m->walk, m->view, err) || outputs(m, input, out, err))
        return -1;
    for (size_t i = 0; i < count; i++)
        values[i] = score == EVIDENCE_SCORE_LOGIT ? out[i].logit : out[i].probability;
    return 0;
}

static int map(void *context, struct evidence_input input, struct map *at_input, struct map *at_layer,
               struct error *err)
{
    struct measurement *m = context;
    const struct cam_map *raw;
    struct saliency saliency;
    if (view_need_pass(m->walk, m->view, err))
        return -1;
    if (m->walk->evaluator->take_input) {
        if (changed_take(m, input, err))
            return -1;
        saliency = m->saliency;
    } else if (input.kind != EVIDENCE_OF_EXPLANATION) {
        if (changed_map(m, input, &saliency, err))
            return -1;
    } else if (explanation_map(m, &raw, err) || measurement_finish(m, raw, m->walk->arena, &saliency, err)) {
        return -1;
    }
    *at_input = saliency_map(m->walk, &saliency);
    *at_layer = saliency_native(&saliency);
    return 0;
}

static int map_of_class(void *context, int other, struct map *at_input, struct map *at_layer, struct error *err)
{
    struct measurement *m = context;
    const struct cam_map *raw;
    struct saliency saliency = m->saliency;
    if (view_need_pass(m->walk, m->view, err))
        return -1;
    if (m->walk->evaluator->take_input) {
        if (other_class_take(m, other, err))
            return -1;
    } else if (other_class_map(m, other, &raw, err) || measurement_finish(m, raw, m->walk->arena, &saliency, err)) {
        return -1;
    }
    *at_input = saliency_map(m->walk, &saliency);
    *at_layer = saliency_native(&saliency);
    return 0;
}

/* ReLU, of maps that keep negative values too, and enlargement; the same under all protocols of a view. */
static int energy(void *context, struct map *map, struct error *err)
{
    const struct measurement *m = context;
    struct view *view = m->view;
    const struct shape shape = m->walk->input;
    if (!view->energy.data) {
        const struct cam_map raw = {.form = {view->raw.form.h, view->raw.form.w, false, false}, .data = view->raw.data};
        const struct cam_post relu_alone = {0};
        struct saliency saliency;
        if (cam_finish(&raw, &relu_alone, shape.h, shape.w, m->walk->arena, &saliency, err))
            return -1;
        view->energy = (struct map){shape.h, shape.w, saliency.data};
    }
    *map = view->energy;
    return 0;
}

/* The curve as the store has it, under a protocol with the same map whose area may be another. NULL: none. */
static const struct store_curve *stored_curve(const struct measurement *m, enum curve_kind kind)
{
    const struct panel *panel = m->walk->panel;
    const struct store_curve *stored = m->stored ? m->stored->curves : NULL;
    while (stored && (panel->metrics[stored->metric].metric->curve != kind ||
                      !panel_same_curve(&panel->protocols[stored->protocol], &panel->protocols[m->protocol], kind)))
        stored = stored->next;
    return stored;
}

/* All requests are those of the protocol. */
static int curve(void *context, const struct curve_request *request, struct curve *out, struct error *err)
{
    const struct measurement *m = context;
    const struct store_curve *stored = stored_curve(m, request->kind);
    if (stored) {
        *out = (struct curve){stored->count, stored->fraction, stored->probability};
        return 0;
    }
    const struct map map = saliency_map(m->walk, &m->saliency), native = saliency_native(&m->saliency);
    struct curves *curves = &m->view->curves;
    if (view_need_pass(m->walk, m->view, err))
        return -1;
    const int before = curves->passes;
    const int status = curves_measure(curves, &map, &native, request, out, err);
    walk_count_passes(m->walk, curves->passes - before);
    return status;
}

static int truth(void *context, const struct truth **out, struct error *err)
{
    *out = ((const struct measurement *)context)->view->truth;
    return *out ? 0 : error_set(err, "requests truth without the flag is_truth");
}

static int altered(void *context, struct evidence_altered of, struct evidence_input input, struct map *at_input,
                   struct map *at_layer, struct error *err)
{
    struct measurement *m = context;
    struct saliency saliency;
    if (view_need_pass(m->walk, m->view, err) || altered_map(m, of, input, &saliency, err))
        return -1;
    *at_input = saliency_map(m->walk, &saliency);
    *at_layer = saliency_native(&saliency);
    return 0;
}

static const struct evidence_ops evidence_of_run = {scores, map, map_of_class, energy, curve, truth, altered};

/* -- the measurement ------------------------------------------------------------------------------------------------ */

struct cam_post measurement_post(const struct protocol *protocol)
{
    const struct protocol_post_steps steps = protocol_post_steps((enum protocol_post)protocol->post);
    return (struct cam_post){.at_layer = steps.at_layer,
                             .at_input = steps.at_input,
                             .eps = steps.eps,
                             .always_relu = protocol->relu == PROTOCOL_RELU_ALWAYS,
                             .is_bicubic = protocol->enlarge == PROTOCOL_ENLARGE_BICUBIC};
}

static const char *why_not_altered(const struct measurement *m)
{
    const struct evaluator *evaluator = m->walk->evaluator;
    const struct config_method *method = &m->walk->panel->methods[m->method];
    if (network_is_foreign(session_network(evaluator->worker.session)))
        return "foreign_network";
    return evaluator->take_input || method_has_given_inputs(method->method, method->params) ? "original_only" : NULL;
}

/* The evidence needs the finished map. */
static int begin_evidence(struct measurement *m, struct error *err)
{
    const struct panel *panel = m->walk->panel;
    const size_t count = (size_t)panel->metric_count;
    m->evidence = (struct evidence){
        .ops = &evidence_of_run,
        .context = m,
        .protocol = &panel->protocols[m->protocol],
        .map = saliency_map(m->walk, &m->saliency),
        .image = m->view->input,
        .channels = m->walk->input.c,
        .class_count =
            m->view->has_class ? class_count(network_classes(session_network(m->walk->evaluator->worker.session))) : 0,
        .keeper = &m->view->keeper,
        .native = saliency_native(&m->saliency),
        .map_flag = m->saliency.flag == SALIENCY_CONSTANT ? "constant_map" : NULL,
        .cost = m->view->raw.cost,
        .is_original_only = !m->walk->evaluator->take_input &&
                            method_is_original_only(panel->methods[m->method].method, panel->methods[m->method].params),
        .stages = m->walk->evaluator->altered ? altered_stages(m->walk->evaluator->altered) : 0,
        .no_altered = why_not_altered(m),
        .seed = panel->seed,
        .image_name = m->walk->subject->name,
        .arena = m->walk->arena,
        .metric_count = panel->metric_count,
        .metrics = panel->metrics,
        .values = arena_alloc(m->walk->arena, count, sizeof *m->evidence.values),
        .is_measured = arena_alloc(m->walk->arena, count, sizeof *m->evidence.is_measured)};
    return m->evidence.values && m->evidence.is_measured ? 0 : error_memory(err, "an image's values");
}

/* Gives the evidence what is known, for metrics that request values of others. */
static void use_known(struct measurement *m)
{
    for (int k = 0; k < m->evidence.metric_count; k++) {
        const struct store_value *known = m->known[k];
        if (!known)
            continue;
        m->evidence.values[k] = (struct value){known->number, known->undefined, known->flag};
        m->evidence.is_measured[k] = true;
    }
}

int measurement_begin(struct measurement *m, const struct walk *walk, int method, int protocol,
                      const struct store_value *const *known, struct error *err)
{
    struct view *view = &walk->views[walk->view_of[protocol]];
    *m = (struct measurement){.walk = walk,
                              .view = view,
                              .protocol = protocol,
                              .method = method,
                              .known = known,
                              .post = measurement_post(&walk->panel->protocols[protocol])};
    if (view->has_class && measurement_finish(m, &view->raw, walk->arena, &m->saliency, err))
        return -1;
    if (begin_evidence(m, err))
        return -1;
    use_known(m);
    return 0;
}

int measurement_value(struct measurement *m, int k, struct store_value *out, struct error *err)
{
    struct value value = {.undefined = "no_label"};
    if (m->known[k]) {
        *out = *m->known[k];
        return 0;
    }
    if (m->view->has_class && evidence_measure(&m->evidence, k, &value, err))
        return -1;
    *out = (struct store_value){m->protocol, k, value.number, value.undefined, value.flag};
    return 0;
}

/* Adds the counts of metric k to the method's curves, if it has written some and its value is defined. */
static int keep_counts(const struct measurement *m, int k, struct evaluated_method *out, struct error *err)
{
    const struct evidence_counts *counts = m->evidence.counts;
    while (counts && counts->metric != m->evidence.metrics[k].metric)
        counts = counts->next;
    if (!counts || m->known[k] || m->evidence.values[k].undefined)
        return 0;
    const int pairs = counts_pairs(counts->data, counts->length);
    struct store_curve *kept = arena_alloc(m->walk->arena, 1, sizeof *kept);
    double *first = arena_alloc(m->walk->arena, 2 * (size_t)pairs, sizeof *first);
    if (!kept || !first)
        return error_memory(err, "an image's counts");
    counts_pack(counts->data, counts->length, first, first + pairs);
    *kept = (struct store_curve){out->curves, m->protocol, k, pairs, first, first + pairs};
    out->curves = kept;
    return 0;
}

int measurement_keep_curves(const struct measurement *m, struct evaluated_method *out, struct error *err)
{
    for (int k = 0; k < m->evidence.metric_count; k++)
        if (keep_counts(m, k, out, err))
            return -1;
    for (int k = 0; k < m->evidence.metric_count; k++) {
        const enum curve_kind kind = m->evidence.metrics[k].metric->curve;
        const struct curve *from = &m->evidence.curves[kind];
        if (kind == CURVE_NONE || from->count == 0 || m->known[k])
            continue;
        struct store_curve *kept = arena_alloc(m->walk->arena, 1, sizeof *kept);
        if (!kept)
            return error_memory(err, "an image's curves");
        *kept = (struct store_curve){out->curves, m->protocol, k, from->count, from->fraction, from->probability};
        out->curves = kept;
    }
    return 0;
}
