/* bench/run/explanation.c - x*m and x*(1-m): their probabilities and the method's map of x*m, each computed once. */
#include "bench/run/walk.h"

/* Sets 1 in the better half of the pixels, 0 in the rest. */
static int top_half(const struct measurement *m, const float **mask, struct error *err)
{
    const struct map map = saliency_map(m->walk, &m->saliency), native = saliency_native(&m->saliency);
    const size_t plane = (size_t)map.h * (size_t)map.w;
    const struct curve_request halves = {.order = PROTOCOL_CURVE_PIXELS, .steps = 2};
    struct curve_plan plan;
    float *half = arena_floats(m->walk->arena, plane);
    if (!half)
        return error_memory(err, "an explanation");
    if (curve_plan_make(&plan, &map, &native, &halves, m->walk->arena, err))
        return -1;
    for (size_t i = 0; i < plane; i++)
        half[i] = plan.step_of[i] == 1;
    *mask = half;
    return 0;
}

static const struct protocol *protocol_of(const struct measurement *m)
{
    return &m->walk->panel->protocols[m->protocol];
}

static struct explanation *find_explanation(const struct measurement *m, const float *mask)
{
    const size_t bytes = (size_t)m->walk->input.h * (size_t)m->walk->input.w * sizeof *mask;
    struct explanation *known = m->view->explanations;
    while (known && (known->mask_space != protocol_of(m)->mask_space || memcmp(known->mask, mask, bytes) != 0))
        known = known->next;
    return m->walk->panel->exact_passes ? NULL : known;
}

/* Finds the explanation of the measurement's mask, or begins it. */
static int choose_explanation(struct measurement *m, struct error *err)
{
    const float *mask = m->saliency.data;
    if (m->explanation)
        return 0;
    if (protocol_of(m)->mask == PROTOCOL_MASK_TOP_HALF && top_half(m, &mask, err))
        return -1;
    m->explanation = find_explanation(m, mask);
    if (m->explanation)
        return 0;
    m->explanation = arena_alloc(m->walk->arena, 1, sizeof *m->explanation);
    if (!m->explanation)
        return error_memory(err, "an explanation");
    *m->explanation = (struct explanation){
        .next = m->view->explanations, .mask = mask, .mask_space = protocol_of(m)->mask_space, .map_by = -1};
    m->view->explanations = m->explanation;
    return 0;
}

/* Writes x*m, or x*(1-m); the mean colour or black replaces what is hidden. */
static void write_masked(const struct measurement *m, bool is_rest, float *out)
{
    const size_t plane = (size_t)m->walk->input.h * (size_t)m->walk->input.w;
    const bool in_pixels = protocol_of(m)->mask_space == PROTOCOL_MASK_PIXEL;
    const float *mask = m->explanation->mask;
    for (int c = 0; c < m->walk->input.c; c++) {
        const float hidden = in_pixels ? m->walk->black[c] : 0;
        const float *x = m->view->input + (size_t)c * plane;
        for (size_t i = 0; i < plane; i++, out++) {
            const float kept = is_rest ? 1 - mask[i] : mask[i];
            *out = x[i] * kept + hidden * (1 - kept);
        }
    }
}

int explanation_name(const struct measurement *m, const char *kind, int index, const char **name, struct error *err)
{
    const char *protocol = protocol_of(m)->name;
    *name = index < 0 ? arena_format(m->walk->arena, "%s/%s", kind, protocol)
                      : arena_format(m->walk->arena, "%s/%s/%d", kind, protocol, index);
    return *name ? 0 : error_memory(err, "the name of an input");
}

/* The base pass of x*m, for the class of x. */
static int explanation_pass(struct measurement *m, struct error *err)
{
    const struct shape shape = m->walk->input;
    if (choose_explanation(m, err))
        return -1;
    if (m->explanation->pass)
        return 0;
    float *masked = arena_floats(m->walk->arena, shape_size(shape));
    const char *name;
    if (!masked)
        return error_memory(err, "an explanation");
    if (explanation_name(m, "explanation", -1, &name, err))
        return -1;
    write_masked(m, false, masked);
    const struct cam_setup setup = walk_setup(m->walk, masked, name);
    m->explanation->pass = cam_pass_run(&setup, err);
    if (!m->explanation->pass)
        return -1;
    walk_count_passes(m->walk, 1);
    cam_pass_set_class(m->explanation->pass, m->view->klass);
    return 0;
}

int explanation_output(struct measurement *m, struct cam_output *out, struct error *err)
{
    if (explanation_pass(m, err))
        return -1;
    *out = cam_pass_output(m->explanation->pass, m->view->klass);
    return 0;
}

int explanation_write(struct measurement *m, bool is_rest, float *out, struct error *err)
{
    if (choose_explanation(m, err))
        return -1;
    write_masked(m, is_rest, out);
    return 0;
}

static void write_rest(void *context, int index, float *out)
{
    (void)index; /* the only one */
    write_masked(context, true, out);
}

int explanation_rest(struct measurement *m, struct cam_output *out, struct error *err)
{
    if (choose_explanation(m, err))
        return -1;
    if (!m->explanation->has_rest) {
        if (cam_pass_others(m->view->pass, 1, write_rest, m, &m->explanation->rest, err))
            return -1;
        walk_count_passes(m->walk, 1);
        m->explanation->has_rest = true;
    }
    *out = m->explanation->rest;
    return 0;
}

int explanation_map(struct measurement *m, const struct cam_map **raw, struct error *err)
{
    const struct config_method *config = &m->walk->panel->methods[m->method];
    if (explanation_pass(m, err))
        return -1;
    struct explanation *explanation = m->explanation;
    *raw = &explanation->map;
    if (explanation->map_by == m->method)
        return 0;
    if (cam_explain(explanation->pass, config->method, config->params, 0, config->label, &explanation->map, err))
        return -1;
    walk_count_map(m->walk, &explanation->map.cost);
    explanation->map_by = m->method;
    return 0;
}
