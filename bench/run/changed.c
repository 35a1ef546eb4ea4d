/* bench/run/changed.c - outputs and maps of the changed inputs that a metric writes. */
#include "bench/run/walk.h"

#include <string.h>

/* Adapts a metric's source, which receives x, to the engine's, which does not. */
struct writer {
    struct evidence_input input;
    const float *x;
};

static void write_changed(void *context, int index, float *out)
{
    const struct writer *writer = context;
    writer->input.source(writer->input.context, writer->input.first + index, writer->x, out);
}

int changed_outputs(struct measurement *m, struct evidence_input input, struct cam_output *out, struct error *err)
{
    struct writer writer = {input, m->view->input};
    if (cam_pass_others(m->view->pass, input.count, write_changed, &writer, out, err))
        return -1;
    walk_count_passes(m->walk, input.count);
    return 0;
}

static const struct shared *find_shared(const struct measurement *m, struct evidence_input input)
{
    const struct shared *known = m->view->shared;
    while (known && (known->metric != m->evidence.metric || known->input.source != input.source ||
                     known->input.first != input.first || known->input.count != input.count))
        known = known->next;
    return known;
}

static const struct shared *make_shared(struct measurement *m, struct evidence_input input, struct error *err)
{
    struct arena *arena = m->walk->arena;
    struct shared *made = arena_alloc(arena, 1, sizeof *made);
    struct cam_output *outputs = arena_alloc(arena, (size_t)input.count, sizeof *outputs);
    if (!made || !outputs) {
        error_memory(err, "the outputs of changed inputs");
        return NULL;
    }
    if (changed_outputs(m, input, outputs, err))
        return NULL;
    *made = (struct shared){m->view->shared, m->evidence.metric, input, outputs};
    m->view->shared = made;
    return made;
}

int shared_outputs(struct measurement *m, struct evidence_input input, struct cam_output *out, struct error *err)
{
    const struct shared *shared = find_shared(m, input);
    if (!shared)
        shared = make_shared(m, input, err);
    if (!shared)
        return -1;
    memcpy(out, shared->outputs, (size_t)input.count * sizeof *out);
    return 0;
}

static int write_input(struct measurement *m, struct evidence_input input, float *out, struct error *err)
{
    if (input.kind == EVIDENCE_OF_REST || input.kind == EVIDENCE_OF_EXPLANATION)
        return explanation_write(m, input.kind == EVIDENCE_OF_REST, out, err);
    input.source(input.context, input.first, m->view->input, out);
    return 0;
}

/* The input, in the arena `changed`, and its name. */
static float *make_input(struct measurement *m, struct evidence_input input, const char **name, struct error *err)
{
    const struct walk *walk = m->walk;
    const bool is_source = input.kind == EVIDENCE_OF_SOURCE;
    const char *kind = is_source                               ? m->evidence.metric->name
                       : input.kind == EVIDENCE_OF_EXPLANATION ? "explanation"
                                                               : "rest";
    arena_reset(&walk->evaluator->changed);
    float *x = arena_floats(&walk->evaluator->changed, shape_size(walk->input));
    if (!x) {
        error_memory(err, "a changed input");
        return NULL;
    }
    return write_input(m, input, x, err) || explanation_name(m, kind, is_source ? input.first : -1, name, err) ? NULL
                                                                                                               : x;
}

int changed_take(struct measurement *m, struct evidence_input input, struct error *err)
{
    const struct evaluator *evaluator = m->walk->evaluator;
    const char *name;
    const float *x = make_input(m, input, &name, err);
    return x ? evaluator->take_input(evaluator->take_context, name, m->view->klass, x, err) : -1;
}

int changed_map(struct measurement *m, struct evidence_input input, struct saliency *saliency, struct error *err)
{
    const struct walk *walk = m->walk;
    const struct config_method *config = &walk->panel->methods[m->method];
    struct arena *arena = &walk->evaluator->changed;
    struct cam_map raw;
    const char *name;
    const float *x = make_input(m, input, &name, err);
    if (!x)
        return -1;
    struct cam_setup setup = walk_setup(walk, x, name);
    setup.arena = arena;
    struct cam_pass *pass = cam_pass_run(&setup, err);
    if (!pass)
        return -1;
    cam_pass_set_class(pass, m->view->klass);
    if (cam_explain(pass, config->method, config->params, 0, config->label, &raw, err))
        return -1;
    walk_count_passes(walk, 1);
    walk_count_map(walk, &raw.cost);
    return measurement_finish(m, &raw, arena, saliency, err);
}
