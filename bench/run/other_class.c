/* bench/run/other_class.c - maps of x for another class than the explained one, each computed once for a method. */
#include "bench/run/walk.h"

/* Of the classes that are not explained, the one with the largest or the smallest logit; of equal ones the first. */
static int ranked(const struct cam_pass *pass, bool is_lowest)
{
    const int explained = cam_pass_class(pass);
    int best = explained == 0;
    for (int k = best + 1; k < cam_pass_classes(pass); k++) {
        const float logit = cam_pass_output(pass, k).logit, most = cam_pass_output(pass, best).logit;
        if (k != explained && (is_lowest ? logit < most : logit > most))
            best = k;
    }
    return best;
}

static int class_of(const struct cam_pass *pass, int other)
{
    if (other == EVIDENCE_SECOND_CLASS || other == EVIDENCE_LOWEST_CLASS)
        return ranked(pass, other == EVIDENCE_LOWEST_CLASS);
    return other < cam_pass_class(pass) ? other : other + 1;
}

/* The name says which metric requests the class; a metric requests one. */
static int name_of(const struct measurement *m, const char **name, struct error *err)
{
    return explanation_name(m, m->evidence.metric->name, -1, name, err);
}

static struct other_class *find(struct measurement *m, int other, struct error *err)
{
    struct view *view = m->view;
    const int klass = class_of(view->pass, other);
    struct other_class *known = view->others;
    const char *name;
    while (known && known->klass != klass)
        known = known->next;
    if (known)
        return known;
    known = arena_alloc(m->walk->arena, 1, sizeof *known);
    if (!known) {
        error_memory(err, "another class");
        return NULL;
    }
    if (name_of(m, &name, err))
        return NULL;
    *known = (struct other_class){
        .next = view->others, .klass = klass, .pass = cam_pass_copy(view->pass, name, err), .map_by = -1};
    if (!known->pass)
        return NULL;
    cam_pass_set_class(known->pass, klass);
    view->others = known;
    return known;
}

int other_class_map(struct measurement *m, int other, const struct cam_map **raw, struct error *err)
{
    const struct config_method *config = &m->walk->panel->methods[m->method];
    struct other_class *known = find(m, other, err);
    if (!known)
        return -1;
    *raw = &known->map;
    if (known->map_by == m->method)
        return 0;
    if (cam_explain(known->pass, config->method, config->params, 0, config->label, &known->map, err))
        return -1;
    walk_count_map(m->walk, &known->map.cost);
    known->map_by = m->method;
    return 0;
}

int other_class_take(struct measurement *m, int other, struct error *err)
{
    const struct evaluator *evaluator = m->walk->evaluator;
    const char *name;
    if (name_of(m, &name, err))
        return -1;
    return evaluator->take_input(evaluator->take_context, name, class_of(m->view->pass, other), m->view->input, err);
}
