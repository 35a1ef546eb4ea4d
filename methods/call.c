/* methods/call.c - calls a method: manages its state in a worker, its scratch memory and its errors. */
#include "methods/cam_private.h"

#include <stdarg.h>

/* -- states --------------------------------------------------------------------------------------------------------- */

/* A method that a worker has opened, once for each set of parameters. */
struct cam_open {
    struct cam_open *next;
    const struct method *method;
    const void *params;
    void *state;
};

int cam_check_method(const struct method *method, struct error *err)
{
    if (method->abi == METHOD_ABI)
        return 0;
    return error_set(err,
                     "method \"%s\": was written for interface %d, this program has %d; adapt it to methods/method.h",
                     method->name, method->abi, METHOD_ABI);
}

static struct cam_open *find_open(const struct cam_worker *worker, const struct method *method, const void *params)
{
    struct cam_open *open = worker->open;
    while (open && (open->method != method || open->params != params))
        open = open->next;
    return open;
}

/* Returns the method's state; opens the method if it was not called before with these parameters. */
static int state_of(struct cam_worker *worker, const struct method *method, const void *params, void **state,
                    struct error *err)
{
    *state = NULL;
    if (!method->open && !method->check)
        return 0;
    struct cam_open *open = find_open(worker, method, params);
    if (!open) {
        if (method->check && method->check(params, err))
            return -1;
        open = arena_alloc(&worker->lasting, 1, sizeof *open);
        if (!open)
            return error_memory(err, "a method's state");
        *open = (struct cam_open){worker->open, method, params, NULL};
        if (method->open && !(open->state = method->open(params, &worker->lasting, err)))
            return -1;
        worker->open = open;
    }
    *state = open->state;
    return 0;
}

static int try_open(const struct method *method, const void *params, struct error *err)
{
    struct arena arena = {0};
    *err = (struct error){0};
    void *state = method->open ? method->open(params, &arena, err) : NULL;
    if (state && method->close)
        method->close(state);
    arena_release(&arena);
    if (state || !method->open)
        return 0;
    return err->text[0] ? -1 : error_set(err, "it failed and gave no reason");
}

static int try_base(void *context, const struct param *row, const void *in, const struct param *top, struct error *err)
{
    (void)context, (void)top;
    const struct param_named *base = row->type == PARAM_TYPE_NAMED ? param_named(row, in) : NULL;
    return base ? try_open(base->found, base->params, err) : 0;
}

const char *cam_title(const struct cam_worker *worker, const struct method *method, const void *params)
{
    const struct cam_open *open = find_open(worker, method, params);
    return open && method->title_of ? method->title_of(open->state) : NULL;
}

int cam_try_open(const struct method *method, const void *params, struct error *err)
{
    return status_of(try_open(method, params, err) || param_visit(method->params, params, try_base, NULL, err));
}

int cam_open_method(struct cam *cam, const struct method *method, const void *params)
{
    return state_of(cam->pass->setup.worker, method, params, &cam->state, cam->err);
}

/* Opens a method that another one wraps, before the time of the map is measured. */
static int open_base(void *context, const struct param *row, const void *in, const struct param *top, struct error *err)
{
    void *state;
    (void)top;
    const struct param_named *base = row->type == PARAM_TYPE_NAMED ? param_named(row, in) : NULL;
    return base ? state_of(context, base->found, base->params, &state, err) : 0;
}

void cam_worker_release(struct cam_worker *worker)
{
    for (const struct cam_open *open = worker->open; open; open = open->next)
        if (open->method->close)
            open->method->close(open->state);
    arena_release(&worker->lasting);
    arena_release(&worker->scratch);
    worker->open = NULL;
}

size_t cam_worker_bytes(const struct cam_worker *worker)
{
    return session_bytes(worker->session) + arena_touched_bytes(&worker->lasting) +
           arena_touched_bytes(&worker->scratch);
}

/* -- costs ---------------------------------------------------------------------------------------------------------- */

struct cost cost_of_gradient(const void *params, const struct tensor *layer, struct shape input)
{
    (void)params, (void)layer, (void)input;
    return (struct cost){.full = 1, .backward = 1};
}

struct cost cam_cost(const struct method *method, const void *params, const struct tensor *layer, struct shape input)
{
    return method->cost ? method->cost(params, layer, input) : (struct cost){.full = 1};
}

struct cost cam_usual_cost(const struct method *method, const void *params)
{
    return cam_cost(method, params, &(struct tensor){512, 7, 7, NULL}, (struct shape){3, 224, 224});
}

/* -- a call --------------------------------------------------------------------------------------------------------- */

static struct map_form form_of(struct cam *cam, const struct method *method)
{
    const bool is_input = method->map == METHOD_MAP_INPUT;
    const struct shape input = network_input(cam->pass->network);
    const struct tensor *act = &cam->pass->layers[cam->layer];
    return (struct map_form){is_input ? input.h : act->h, is_input ? input.w : act->w, method->is_signed,
                             method->is_normalised};
}

int cam_form(struct cam *cam, const struct method *method, const void *params, struct map_form *form)
{
    *form = form_of(cam, method);
    return method->form ? method->form(cam, params, form) : 0;
}

int cam_call(struct cam *cam, const struct method *method, const void *params, struct arena *arena,
             struct base_map *map)
{
    if (cam_form(cam, method, params, &map->form))
        return -1;
    map->data = arena_floats(arena, (size_t)map->form.h * (size_t)map->form.w);
    if (!map->data)
        return error_memory(cam->err, "a map");
    return method->explain(cam, params, map->data);
}

int cam_explain(struct cam_pass *pass, const struct method *method, const void *params, int layer, const char *label,
                struct cam_map *map, struct error *err)
{
    struct cam_worker *worker = pass->setup.worker;
    struct cam cam = {
        .pass = pass, .layer = layer, .label = label, .call = ++pass->calls, .cost = &map->cost, .err = err};
    struct base_map raw = {0};
    *map = (struct cam_map){.cost = {.full = 1}};
    *err = (struct error){0};
    if (cam_open_method(&cam, method, params) || param_visit(method->params, params, open_base, worker, err))
        return -1;
    const double start = session_clock(worker->session);
    const int status = cam_call(&cam, method, params, pass->setup.arena, &raw);
    map->form = raw.form;
    map->data = raw.data;
    arena_reset(&worker->scratch);
    if (status)
        return err->text[0] ? -1 : error_set(err, "it failed and gave no reason");
    map->cost.seconds += pass->seconds + (session_clock(worker->session) - start);
    return 0;
}

/* -- what every method may call ------------------------------------------------------------------------------------- */

int cam_fail(struct cam *cam, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    error_write_list(cam->err, format, args);
    va_end(args);
    return -1;
}

struct error *cam_error(struct cam *cam)
{
    return cam->err;
}

bool cam_is_stopped(const struct cam *cam)
{
    return session_is_stopped(cam->pass->setup.worker->session);
}

void *cam_state(struct cam *cam)
{
    return cam->state;
}

struct cam *cam_layer(struct cam *cam, const char *name)
{
    const int layer = network_find_layer(cam->pass->network, name);
    if (layer < 0) {
        cam_fail(cam, CAM_UNKNOWN_LAYER, name);
        return NULL;
    }
    struct cam *other = cam_alloc(cam, 1, sizeof *other);
    if (!other)
        return NULL;
    *other = *cam;
    other->layer = layer;
    return other;
}

void *cam_alloc(struct cam *cam, size_t count, size_t size)
{
    void *memory = arena_alloc(&cam->pass->setup.worker->scratch, count, size);
    if (!memory)
        error_memory(cam->err, "a method's work");
    return memory;
}

float *cam_floats(struct cam *cam, size_t count)
{
    return cam_alloc(cam, count, sizeof(float));
}

struct random_stream cam_random(struct cam *cam)
{
    struct random_stream stream;
    random_init(&stream, cam->pass->setup.seed,
                random_purpose(random_purpose(0, cam->pass->setup.image_name), cam->label));
    return stream;
}

struct random_stream cam_random_shared(struct cam *cam)
{
    struct random_stream stream;
    random_init(&stream, cam->pass->setup.seed, random_purpose(0, cam->label));
    return stream;
}

void cam_upsample(const struct cam *cam, const float *plane, float *out, bool align_corners)
{
    const struct tensor *act = &cam->pass->layers[cam->layer];
    const struct shape input = network_input(cam->pass->network);
    upsample_bilinear(plane, 1, act->h, act->w, out, input.h, input.w, align_corners);
}

void weighted_sum(const struct tensor *act, const float *weight, float *map)
{
    const size_t plane = tensor_plane(act);
    memset(map, 0, plane * sizeof *map);
    for (int k = 0; k < act->c; k++)
        for (size_t i = 0; i < plane; i++)
            map[i] += weight[k] * act->data[k * plane + i];
}
