/* bench/perf/mapper.c - a method on a subject, as the runner would call it. */
#include "bench/perf/mapper.h"

#include "base/registry.h"
#include "methods/method_table.h"

#include <stdio.h>

static const char *name_of(int i)
{
    return methods_all()[i] ? methods_all()[i]->name : NULL;
}

static const struct method *find_method(const char *name, struct error *err)
{
    static const struct registry registry = {.refusal = "unknown method", .name = name_of, .is_exact = true};
    const int i = registry_find(&registry, name, err);
    return i < 0 ? NULL : methods_all()[i];
}

/* Whether "key=" comes next. */
static bool is_key(const char *text)
{
    return text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '=';
}

/* Cuts off the first of "key=value,key=value": at the first comma before a key, outside parentheses. */
static char *next_pair(char **rest)
{
    char *pair = *rest;
    int depth = 0;
    *rest = NULL;
    for (char *at = pair; *at && !*rest; at++) {
        depth += (*at == '(') - (*at == ')');
        if (*at == ',' && depth == 0 && is_key(at + 1)) {
            *at = '\0';
            *rest = at + 1;
        }
    }
    return pair;
}

static int set_params(const struct method *method, void *params, char *pairs, struct error *err)
{
    while (pairs) {
        char *pair = next_pair(&pairs);
        char *key = strsep(&pair, "=");
        const struct param *param = param_find(method->params, key);
        if (!param || !pair)
            return error_set(err, "method %s has no parameter \"%s\"", method->name, key);
        if (param_parse(param, pair, params, err))
            return -1;
    }
    return 0;
}

int mapper_open(struct mapper *mapper, const struct subject *subject, const char *method, struct error *err)
{
    *mapper = (struct mapper){.subject = subject, .worker.session = subject->session};
    arena_init(&mapper->held, 0);
    arena_init(&mapper->image, 0);
    char *rest = arena_string(&mapper->held, method);
    if (!rest)
        return error_memory(err, "a method");
    const struct method *found = find_method(strsep(&rest, ":"), err);
    if (!found)
        return -1;
    void *params = arena_alloc(&mapper->held, 1, found->params_size + 1);
    if (!params)
        return error_memory(err, "a method");
    param_defaults(found->params, params);
    mapper->method = (struct config_method){.method = found, .label = found->name, .params = params};
    mapper->panel = (struct panel){.method_count = 1, .methods = &mapper->method, .seed = 1};
    return set_params(found, params, rest, err) ? -1 : param_complete(found->params, params, &mapper->held, err);
}

void mapper_close(struct mapper *mapper)
{
    cam_worker_release(&mapper->worker);
    arena_release(&mapper->held);
    arena_release(&mapper->image);
}

int mapper_map(struct mapper *mapper, int input, struct saliency *saliency, struct cost *cost, struct error *err)
{
    const struct subject *subject = mapper->subject;
    const struct config_method *method = &mapper->method;
    const struct shape shape = network_input(subject->network);
    const struct cam_post post = {.at_layer = true, .at_input = true, .eps = 1e-7f};
    struct cam_map map;
    arena_reset(&mapper->image);
    struct cam_setup setup = panel_setup(&mapper->panel, &mapper->worker, &mapper->image);
    setup.input = subject->inputs + (size_t)input * subject_input_size(subject);
    setup.image_name = "input";
    setup.image_index = -1;
    panel_set_pixels(&setup, &subject->model->input);
    struct cam_pass *pass = cam_pass_run(&setup, err);
    if (!pass || cam_explain(pass, method->method, method->params, 0, method->label, &map, err) ||
        cam_finish(&map, &post, shape.h, shape.w, &mapper->image, saliency, err))
        return error_prefix(err, "method \"%s\": ", method->label);
    if (cost)
        *cost = map.cost;
    return 0;
}

void mapper_passes(const struct mapper *mapper, double *full, double *tail)
{
    const struct shape shape = network_layer_shape(mapper->subject->network, 0);
    const struct tensor layer = {shape.c, shape.h, shape.w, NULL};
    const struct cost cost =
        cam_cost(mapper->method.method, mapper->method.params, &layer, network_input(mapper->subject->network));
    *full = cost.full;
    *tail = cost.tail;
}
