/* bench/perf/mapper.c - a method on a subject, as the runner would call it. */
#include "bench/perf/mapper.h"

#include "base/registry.h"

#include <stdio.h>

static const char *name_of(int i)
{
    return methods[i] ? methods[i]->name : NULL;
}

static const struct method *find_method(const char *name, struct error *err)
{
    static const struct registry registry = {.refusal = "unknown method", .name = name_of, .is_exact = true};
    const int i = registry_find(&registry, name, err);
    return i < 0 ? NULL : methods[i];
}

/* key=value,key=value */
static int set_params(struct mapper *mapper, char *pairs, struct error *err)
{
    for (char *pair; pairs && (pair = strsep(&pairs, ","));) {
        char *key = strsep(&pair, "=");
        const struct param *param = param_find(mapper->method->params, key);
        if (!param || !pair)
            return error_set(err, "method %s: there is no parameter \"%s\"", mapper->method->name, key);
        if (param_parse(param, pair, mapper->params, err))
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
    mapper->method = find_method(strsep(&rest, ":"), err);
    if (!mapper->method)
        return -1;
    mapper->params = arena_alloc(&mapper->held, 1, mapper->method->params_size + 1);
    if (!mapper->params)
        return error_memory(err, "a method");
    param_defaults(mapper->method->params, mapper->params);
    return set_params(mapper, rest, err);
}

void mapper_close(struct mapper *mapper)
{
    cam_worker_release(&mapper->worker);
    arena_release(&mapper->held);
    arena_release(&mapper->image);
}

static float black(const struct subject *subject, int colour)
{
    return picture_input_black(&subject->model->input, colour);
}

int mapper_map(struct mapper *mapper, int input, struct saliency *saliency, struct cost *cost, struct error *err)
{
    const struct subject *subject = mapper->subject;
    const struct shape shape = network_input(subject->network);
    const struct cam_post post = {.at_layer = true, .at_input = true, .eps = 1e-7f};
    struct cam_map map;
    arena_reset(&mapper->image);
    const struct cam_setup setup = {.worker = &mapper->worker,
                                    .arena = &mapper->image,
                                    .input = subject->inputs + (size_t)input * subject_input_size(subject),
                                    .black = {black(subject, 0), black(subject, 1), black(subject, 2)},
                                    .seed = 1,
                                    .image_name = "input",
                                    .image_index = -1};
    struct cam_pass *pass = cam_pass_run(&setup, err);
    if (!pass || cam_explain(pass, mapper->method, mapper->params, 0, mapper->method->name, &map, err) ||
        cam_finish(&map, &post, shape.h, shape.w, &mapper->image, saliency, err))
        return error_prefix(err, "method \"%s\": ", mapper->method->name);
    if (cost)
        *cost = map.cost;
    return 0;
}

void mapper_passes(const struct mapper *mapper, double *full, double *tail)
{
    const struct shape shape = network_layer_shape(mapper->subject->network, 0);
    const struct tensor layer = {shape.c, shape.h, shape.w, NULL};
    const struct cost cost = cam_cost(mapper->method, mapper->params, &layer, network_input(mapper->subject->network));
    *full = cost.full;
    *tail = cost.tail;
}
