/*
 * bench/run/altered_map.c - a method's maps on networks with altered weights. The passes of a network are made once for
 * all methods of the task that need them: when the first method requests its map, those of the others are made too.
 */
#include "bench/run/walk.h"

#include <string.h>

/* Maps of the task's methods on one network and one list of inputs. */
struct altered_maps {
    struct altered_maps *next;
    struct evidence_altered of;
    const struct metric *metric; /* of a source */
    struct evidence_input input;
    bool always_relu;
    struct altered_map {
        bool is_made;
        struct cam_map mean;
        const char *failure; /* NULL: none */
    } * list;                /* [walk->method_count] */
};

/* What a call works with. */
struct maker {
    struct measurement *m;
    struct altered_maps *maps;
    bool *is_wanted; /* [walk->method_count] */
    double **sums;   /* likewise */
};

static bool always_relu(const struct measurement *m)
{
    return m->walk->panel->protocols[m->protocol].relu == PROTOCOL_RELU_ALWAYS;
}

static bool is_same(const struct altered_maps *maps, const struct measurement *m, struct evidence_altered of,
                    struct evidence_input input)
{
    const bool is_source = input.kind == EVIDENCE_OF_SOURCE;
    return maps->of.stage == of.stage && (of.stage == 0 || (maps->of.order == of.order && maps->of.draw == of.draw)) &&
           maps->always_relu == always_relu(m) && maps->input.kind == input.kind &&
           (!is_source || (maps->metric == m->evidence.metric && maps->input.source == input.source &&
                           maps->input.first == input.first && maps->input.count == input.count));
}

/* -- which methods need the maps ------------------------------------------------------------------------------------ */

/* Whether the metric at hand is still to be measured for the task's method i, under a protocol that shares the maps. */
static bool is_lacking(const struct measurement *m, int i)
{
    const struct walk *walk = m->walk;
    const struct panel *panel = walk->panel;
    for (int p = 0; p < panel->protocol_count; p++)
        for (int k = 0; k < panel->metric_count; k++)
            if (&walk->views[walk->view_of[p]] == m->view &&
                (panel->protocols[p].relu == PROTOCOL_RELU_ALWAYS) == always_relu(m) &&
                panel->metrics[k].metric == m->evidence.metric && !walk->known[i][p * panel->metric_count + k])
                return true;
    return false;
}

static void choose(struct maker *maker)
{
    const struct walk *walk = maker->m->walk;
    for (int i = 0; i < walk->method_count; i++) {
        const struct config_method *method = &walk->panel->methods[walk->methods[i]];
        const bool is_own = walk->methods[i] == maker->m->method;
        maker->is_wanted[i] =
            !maker->maps->list[i].is_made &&
            (is_own || (!method_has_given_inputs(method->method, method->params) && is_lacking(maker->m, i)));
    }
}

/* -- one input on one network --------------------------------------------------------------------------------------- */

/* Writes the input, and its name for methods that look maps up by it. */
static float *make_input(const struct maker *maker, int index, const char **name, struct error *err)
{
    static const char *const orders[] = {"top_down", "bottom_up", "independent"};
    const struct walk *walk = maker->m->walk;
    const struct evidence_altered of = maker->maps->of;
    const struct evidence_input *input = &maker->maps->input;
    float *x = arena_floats(&walk->evaluator->changed, shape_size(walk->input));
    *name = arena_format(&walk->evaluator->changed, "altered/%s/%d/%d/%d", orders[of.order], of.draw, of.stage, index);
    if (!x || !*name) {
        error_memory(err, "a changed input");
        return NULL;
    }
    if (input->kind == EVIDENCE_OF_SOURCE)
        input->source(input->context, input->first + index, maker->m->view->input, x);
    else
        memcpy(x, maker->m->view->input, shape_size(walk->input) * sizeof *x);
    return x;
}

/* Adds the map after the method's ReLU. */
static int add_map(const struct maker *maker, int i, const struct cam_map *raw, struct error *err)
{
    struct arena *arena = &maker->m->walk->evaluator->altered_sums;
    struct altered_map *map = &maker->maps->list[i];
    const size_t size = (size_t)raw->form.h * (size_t)raw->form.w;
    const bool has_relu = !raw->form.is_normalised && (!raw->form.is_signed || maker->maps->always_relu);
    if (!maker->sums[i]) {
        map->mean.form = raw->form;
        maker->sums[i] = arena_alloc(arena, size, sizeof **maker->sums);
    }
    if (!maker->sums[i])
        return error_memory(err, "a mean map");
    for (size_t k = 0; k < size; k++)
        maker->sums[i][k] += has_relu && raw->data[k] < 0 ? 0 : (double)raw->data[k];
    return 0;
}

/* A failure is kept for the method that it belongs to, unless the system is the cause. */
static int explain(const struct maker *maker, struct cam_pass *pass, int i, struct error *err)
{
    const struct walk *walk = maker->m->walk;
    const struct config_method *method = &walk->panel->methods[walk->methods[i]];
    struct altered_map *map = &maker->maps->list[i];
    struct cam_map raw;
    if (map->failure)
        return 0;
    if (cam_explain(pass, method->method, method->params, 0, method->label, &raw, err) == 0) {
        walk_count_map(walk, &raw.cost);
        return add_map(maker, i, &raw, err);
    }
    if (err->is_system)
        return -1;
    map->failure = arena_string(walk->arena, err->text);
    return map->failure ? 0 : error_memory(err, "a method's error");
}

static int explain_all(const struct maker *maker, int index, struct error *err)
{
    const struct walk *walk = maker->m->walk;
    const char *name;
    arena_reset(&walk->evaluator->changed);
    const float *x = make_input(maker, index, &name, err);
    if (!x)
        return -1;
    struct cam_setup setup = walk_setup(walk, x, name);
    setup.arena = &walk->evaluator->changed;
    struct cam_pass *pass = cam_pass_run(&setup, err);
    if (!pass)
        return -1;
    walk_count_passes(walk, 1);
    for (int i = 0; i < walk->method_count; i++) {
        cam_pass_set_class(pass, maker->m->view->klass);
        if (maker->is_wanted[i] && explain(maker, pass, i, err))
            return -1;
    }
    return 0;
}

/* -- the mean map --------------------------------------------------------------------------------------------------- */

static int keep_means(const struct maker *maker, int count, struct error *err)
{
    const struct walk *walk = maker->m->walk;
    for (int i = 0; i < walk->method_count; i++) {
        struct altered_map *map = &maker->maps->list[i];
        if (!maker->is_wanted[i])
            continue;
        map->is_made = true;
        if (map->failure)
            continue;
        const size_t size = (size_t)map->mean.form.h * (size_t)map->mean.form.w;
        map->mean.data = arena_floats(walk->arena, size);
        if (!map->mean.data)
            return error_memory(err, "a mean map");
        for (size_t k = 0; k < size; k++)
            map->mean.data[k] = (float)(maker->sums[i][k] / count);
    }
    return 0;
}

static int make_maps(struct maker *maker, struct error *err)
{
    const struct walk *walk = maker->m->walk;
    struct evaluator *evaluator = walk->evaluator;
    struct session *session = evaluator->worker.session;
    const struct network *own = session_network(session);
    const struct network *network = altered_network(evaluator->altered, maker->maps->of, err);
    const struct evidence_input *input = &maker->maps->input;
    const int count = input->kind == EVIDENCE_OF_SOURCE ? input->count : 1;
    const size_t method_count = (size_t)walk->method_count;
    arena_reset(&evaluator->altered_sums);
    maker->is_wanted = arena_alloc(&evaluator->altered_sums, method_count, sizeof *maker->is_wanted);
    maker->sums = arena_alloc(&evaluator->altered_sums, method_count, sizeof *maker->sums);
    if (!network)
        return -1;
    if (!maker->is_wanted || !maker->sums)
        return error_memory(err, "mean maps");
    choose(maker);
    int status = 0;
    session_use(session, network);
    for (int i = 0; i < count && !status; i++)
        status = explain_all(maker, i, err);
    session_use(session, own);
    return status ? -1 : keep_means(maker, count, err);
}

/* Finds the maps of this network and these inputs, or begins them. */
static struct altered_maps *find_maps(const struct measurement *m, struct evidence_altered of,
                                      struct evidence_input input, struct error *err)
{
    struct arena *arena = m->walk->arena;
    struct altered_maps *maps = m->view->altered;
    while (maps && !is_same(maps, m, of, input))
        maps = maps->next;
    if (maps)
        return maps;
    maps = arena_alloc(arena, 1, sizeof *maps);
    struct altered_map *list = arena_alloc(arena, (size_t)m->walk->method_count, sizeof *list);
    if (!maps || !list) {
        error_memory(err, "maps on altered networks");
        return NULL;
    }
    *maps = (struct altered_maps){m->view->altered, of, m->evidence.metric, input, always_relu(m), list};
    m->view->altered = maps;
    return maps;
}

static int find_map(struct measurement *m, struct evidence_altered of, struct evidence_input input,
                    const struct cam_map **raw, struct error *err)
{
    const struct walk *walk = m->walk;
    struct altered_maps *maps = find_maps(m, of, input, err);
    struct maker maker = {m, maps, NULL, NULL};
    int own = 0;
    if (!maps)
        return -1;
    while (walk->methods[own] != m->method)
        own++;
    if (!maps->list[own].is_made && make_maps(&maker, err))
        return -1;
    if (maps->list[own].failure)
        return error_set(err, "%s", maps->list[own].failure);
    *raw = &maps->list[own].mean;
    return 0;
}

int altered_map(struct measurement *m, struct evidence_altered of, struct evidence_input input,
                struct saliency *saliency, struct error *err)
{
    const struct cam_map *raw = &m->view->raw;
    struct cam_post post = m->post;
    if ((of.stage > 0 || input.kind == EVIDENCE_OF_SOURCE) && find_map(m, of, input, &raw, err))
        return -1;
    post.at_layer = post.at_input = false;
    arena_reset(&m->walk->evaluator->changed);
    return cam_finish(raw, &post, m->walk->input.h, m->walk->input.w, &m->walk->evaluator->changed, saliency, err);
}
