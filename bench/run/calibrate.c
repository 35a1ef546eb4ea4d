/*
 * bench/run/calibrate.c - measures some passes of each backbone, and each fast method, on an input of random numbers.
 *
 * Times of slow methods are derived from the passes that they make. Small backbones are measured first; when the time
 * is up, the times of the remaining ones are derived from the operations per second of those measured.
 */
#include "bench/run/calibrate.h"

#include "base/clock.h"
#include "bench/run/estimate.h"
#include "bench/run/evaluate.h"
#include "bench/run/footprint.h"

#include <omp.h>
#include <stdio.h>

#define SECONDS_MAX 6.0     /* no backbone is begun after this time */
#define EXPLAIN_SECONDS 0.1 /* a method that is expected to take longer is not measured */
#define QUICK_SECONDS 0.1
#define BATCH 2
#define PICTURE_SECONDS 0.015 /* assumed for decoding a JPEG of ImageNet if the run has no image set yet */

/* The measurements of one worker. */
struct probe {
    const struct run *run;
    int backbone;
    struct session *session;
    struct cam_worker *worker;
    struct calibrated *out;
    float *input;
    bool is_wide; /* there are several workers, each with one thread */
};

/*
 * Processor time of the worker's thread, which other programs hardly change; wall time if the worker has several
 * threads.
 */
static double now(const struct probe *probe)
{
    return clock_seconds(probe->is_wide ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC);
}

/* -- a network that needs no file ---------------------------------------------------------------------------------- */

/*
 * Fills norms with the identity, and weights with numbers of a scale that keeps activations finite (a simple
 * generator).
 */
static void fill(const struct parameter *parameter, float *data, size_t count)
{
    const bool is_one = parameter->role == PARAMETER_NORM_WEIGHT || parameter->role == PARAMETER_NORM_VARIANCE ||
                        parameter->role == PARAMETER_CONSTANT;
    const bool is_weight = parameter->role == PARAMETER_CONV_WEIGHT || parameter->role == PARAMETER_LINEAR_WEIGHT;
    const float scale = is_weight ? sqrtf(6.0f * (float)parameter->dim[0] / (float)count) : 0;
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        data[i] = is_one ? 1 : scale * ((float)(state >> 8) * 0x1p-23f - 1);
    }
}

static int make_weights(const struct graph *graph, struct arena *arena, struct weights *weights, size_t *bytes,
                        struct error *err)
{
    weights->count = graph_parameter_count(graph);
    weights->list = arena_alloc(arena, (size_t)weights->count, sizeof *weights->list);
    for (int i = 0; weights->list && i < weights->count; i++) {
        const struct parameter parameter = graph_parameter(graph, i);
        struct weight *weight = &weights->list[i];
        size_t count = 1;
        weight->rank = parameter.rank;
        weight->name = parameter.name; /* the graph lives longer */
        memcpy(weight->dim, parameter.dim, sizeof weight->dim);
        for (int d = 0; d < parameter.rank; d++)
            count *= (size_t)parameter.dim[d];
        weight->data = arena_floats(arena, count);
        if (!weight->data)
            return error_memory(err, "the weights of a calibration");
        fill(&parameter, weight->data, count);
        *bytes += count * sizeof(float);
    }
    return weights->list ? 0 : error_memory(err, "the weights of a calibration");
}

static struct network *make_network(const struct run_backbone *backbone, const char *kernels, struct calibrated *out,
                                    struct error *err)
{
    struct arena arena;
    struct weights weights;
    struct network *network = NULL;
    if (backbone->model->is_foreign)
        return run_backbone_load(backbone, kernels, err);
    arena_init(&arena, 0);
    if (make_weights(backbone->model->graph, &arena, &weights, &out->weights_bytes, err) == 0)
        network = network_create_with(backbone->model->graph, &weights, backbone->layers, backbone->layer_count,
                                      kernels, err);
    arena_release(&arena);
    return network;
}

/* -- one worker ---------------------------------------------------------------------------------------------------- */

static void give_input(void *context, int index, float *out)
{
    const struct probe *probe = context;
    const struct shape shape = network_input(session_network(probe->session));
    (void)index;
    memcpy(out, probe->input, sizeof(float) * shape_size(shape));
}

static int measure_masked(struct probe *probe, struct arena *arena, struct error *err)
{
    float *logits = arena_floats(arena, (size_t)BATCH * (size_t)network_classes(session_network(probe->session)));
    if (!logits)
        return error_memory(err, "a calibration");
    const double begun = now(probe);
    session_run(probe->session, &(struct session_batch){SESSION_INPUT, SESSION_PLANES, BATCH, give_input, probe},
                logits);
    if (session_take_error(probe->session, err))
        return -1;
    probe->out->masked = (now(probe) - begun) / BATCH;
    return 0;
}

static struct cam_pass *measure_base(struct probe *probe, struct arena *arena, struct error *err)
{
    struct cam_setup setup = panel_setup(&probe->run->panel, probe->worker, arena);
    setup.input = probe->input;
    setup.image_name = "calibration";
    setup.image_index = -1;
    const double begun = now(probe);
    struct cam_pass *pass = cam_pass_run(&setup, err);
    probe->out->base = now(probe) - begun;
    return pass;
}

static double expected(const struct probe *probe, int m)
{
    const struct run_backbone *backbone = &probe->run->backbones[probe->backbone];
    return probe->out->masked * estimate_map(probe->run, probe->backbone, m).macs / backbone->full_macs;
}

static int measure_method(struct probe *probe, struct cam_pass *pass, int m, struct arena *arena, struct error *err)
{
    const struct config_method *method = &probe->run->panel.methods[m];
    const struct shape input = network_input(session_network(probe->session));
    const struct cam_post post = {.at_layer = true};
    struct cam_map map;
    struct saliency saliency;
    probe->out->explain[m] = expected(probe, m);
    if (probe->out->explain[m] > EXPLAIN_SECONDS || method_has_given_inputs(method->method, method->params) ||
        run_lacks_file(probe->run, m))
        return 0;
    const double begun = now(probe);
    if (cam_explain(pass, method->method, method->params, 0, method->label, &map, err))
        return error_prefix(err, "method \"%s\": ", method->label);
    const double explained = now(probe);
    if (cam_finish(&map, &post, input.h, input.w, arena, &saliency, err))
        return -1;
    probe->out->explain[m] = explained - begun;
    probe->out->finish = now(probe) - explained;
    return 0;
}

/* Measures one of the run's pictures up to its base passes; without an image set the time is estimated. */
static void measure_task(struct probe *probe, struct evaluator *evaluator)
{
    const struct run *run = probe->run;
    const int inputs = panel_input_count(&run->panel);
    struct evaluated evaluated;
    bool is_unreadable;
    struct error unsaid; /* not printed: the run itself names pictures that cannot be read */
    probe->out->task = PICTURE_SECONDS + inputs * probe->out->base;
    if (!run->images)
        return;
    const double begun = now(probe);
    if (run_evaluate(evaluator, run, probe->backbone, omp_get_thread_num() % run->image_count, NULL, 0, &evaluated,
                     &is_unreadable, &unsaid) == 0)
        probe->out->task = now(probe) - begun;
}

/* Buffers are allocated at their first use, so fast passes and methods are measured a second time. */
static int measure(struct probe *probe, struct evaluator *evaluator, struct error *err)
{
    const struct shape shape = network_input(session_network(probe->session));
    const size_t count = shape_size(shape);
    probe->input = arena_floats(&evaluator->arena, count);
    if (!probe->input)
        return error_memory(err, "a calibration");
    for (size_t i = 0; i < count; i++)
        probe->input[i] = (float)(i * 2654435761u >> 8 & 0xffff) / 16384 - 2;
    struct cam_pass *pass = measure_base(probe, &evaluator->arena, err);
    if (!pass || measure_masked(probe, &evaluator->arena, err))
        return -1;
    if (probe->out->base < QUICK_SECONDS) {
        if (measure_method(probe, pass, 0, &evaluator->arena, err))
            return -1;
        pass = measure_base(probe, &evaluator->arena, err);
    }
    for (int m = 0; pass && m < probe->run->panel.method_count; m++)
        if (measure_method(probe, pass, m, &evaluator->arena, err))
            return -1;
    return pass ? 0 : -1;
}

static int measure_worker(const struct run *run, int backbone, struct session *session, bool is_wide,
                          struct calibrated *out, struct error *err)
{
    struct evaluator evaluator = {.panel = &run->panel,
                                  .backbone = run->config.backbones[backbone].label,
                                  .input = run->backbones[backbone].model->input,
                                  .worker.session = session};
    struct probe probe = {.run = run,
                          .backbone = backbone,
                          .session = session,
                          .worker = &evaluator.worker,
                          .out = out,
                          .is_wide = is_wide && !run->backbones[backbone].model->is_foreign};
    const double wall = clock_seconds(CLOCK_MONOTONIC), own = now(&probe);
    const int status = measure(&probe, &evaluator, err);
    out->worker_bytes = evaluator_bytes(&evaluator);
    if (!status)
        measure_task(&probe, &evaluator);
    out->own_seconds = now(&probe) - own;
    out->wall_seconds = clock_seconds(CLOCK_MONOTONIC) - wall;
    evaluator_release(&evaluator);
    return status;
}

/* -- all workers of a backbone ------------------------------------------------------------------------------------- */

static void add_share(struct calibrated *out, const struct calibrated *one, int workers, int method_count)
{
    out->task += one->task / workers;
    out->base += one->base / workers;
    out->masked += one->masked / workers;
    out->finish += one->finish / workers;
    for (int m = 0; m < method_count; m++)
        out->explain[m] += one->explain[m] / workers;
    out->own_seconds += one->own_seconds;
    out->wall_seconds += one->wall_seconds;
    out->worker_bytes = one->worker_bytes > out->worker_bytes ? one->worker_bytes : out->worker_bytes;
}

/* Allocates `count` calibrated backbones. */
static struct calibrated *make_calibrated(int count, int method_count, struct arena *arena)
{
    struct calibrated *list = arena_alloc(arena, (size_t)count, sizeof *list);
    for (int i = 0; list && i < count; i++) {
        list[i].explain = arena_alloc(arena, (size_t)method_count, sizeof *list[i].explain);
        if (!list[i].explain)
            return NULL;
    }
    return list;
}

static int measure_workers(struct run *run, int b, const struct network *network, int workers, struct calibrated *out,
                           struct error *err)
{
    const int method_count = run->config.method_count, threads = workers == 1 ? run->threads : 1;
    struct calibrated *shares = make_calibrated(workers, method_count, &run->arena);
    int failed = 0;
    if (!shares)
        return error_memory(err, "a calibration");
#pragma omp parallel num_threads(workers) if (workers > 1)
    {
        struct error own;
        struct calibrated *share = &shares[omp_get_thread_num()];
        struct session *session = session_create(network, threads, &own);
        const int status = session ? measure_worker(run, b, session, threads == 1, share, &own) : -1;
        session_free(session);
#pragma omp critical(calibration)
        {
            if (status && !failed)
                *err = own;
            failed |= status;
            add_share(out, share, workers, method_count);
        }
    }
    return failed;
}

/* Measures what a worker takes, and the network with all weights that methods have had packed. */
static int measure_memory(const struct run *run, int b, const struct network *network, struct calibrated *out,
                          struct error *err)
{
    if (!run->backbones[b].model->is_foreign) {
        struct session *session = session_create(network, 1, err);
        if (!session)
            return -1;
        out->worker_bytes = footprint_of_worker(run, b, session);
        session_free(session);
    }
    out->network_bytes = network_bytes(network);
    return 0;
}

/* workers 0: the times are not measured. */
static int measure_backbone(struct run *run, int b, int workers, struct calibrated *out, struct error *err)
{
    struct network *network = make_network(&run->backbones[b], run->config.runtime.kernels, out, err);
    if (!network)
        return -1;
    out->is_measured = workers > 0;
    int status = workers ? measure_workers(run, b, network, workers, out, err) : 0;
    if (!status)
        status = measure_memory(run, b, network, out, err);
    network_free(network);
    return status ? error_prefix(err, "backbone \"%s\": ", run->backbones[b].config->label) : 0;
}

/* -- backbones for which there was no time ------------------------------------------------------------------------- */

/* Derives the times of backbone b from the seconds per multiply-add of the measured ones. */
static void derive(const struct run *run, const struct calibration *calibration, int b, struct calibrated *out)
{
    double seconds = 0, macs = 0;
    for (int other = 0; other < run->config.backbone_count; other++) {
        const struct calibrated *measured = &calibration->backbones[other];
        if (!measured->is_measured)
            continue;
        seconds += measured->masked;
        macs += run->backbones[other].full_macs;
        out->finish = measured->finish;
    }
    const double pass = seconds / macs * run->backbones[b].full_macs;
    out->base = out->masked = pass;
    out->task = PICTURE_SECONDS + panel_input_count(&run->panel) * pass;
    for (int m = 0; m < run->config.method_count; m++)
        out->explain[m] = pass * estimate_map(run, b, m).macs / run->backbones[b].full_macs;
}

/* The factor by which work takes longer than if the workers had their cores to themselves. */
static double slowdown(const struct run *run, const struct calibration *calibration)
{
    double own = 0, wall = 0;
    for (int b = 0; b < run->config.backbone_count; b++) {
        own += calibration->backbones[b].own_seconds;
        wall += calibration->backbones[b].wall_seconds;
    }
    return wall > own && own > 0 ? wall / own : 1;
}

/* The smallest backbone that is not measured yet; -1: all are measured. */
static int next_backbone(const struct run *run, const struct calibration *calibration)
{
    int next = -1;
    for (int b = 0; b < run->config.backbone_count; b++)
        if (!calibration->backbones[b].is_measured &&
            (next < 0 || run->backbones[b].full_macs < run->backbones[next].full_macs))
            next = b;
    return next;
}

static bool has_foreign(const struct run *run)
{
    for (int b = 0; b < run->config.backbone_count; b++)
        if (run->backbones[b].model->is_foreign)
            return true;
    return false;
}

int calibrate(struct run *run, struct calibration *out, struct error *err)
{
    const double begun = clock_seconds(CLOCK_MONOTONIC);
    const bool is_wide = run->image_count == 0 || run->image_count >= run->threads || !has_foreign(run);
    *out = (struct calibration){.workers = is_wide ? run->threads : 1};
    out->backbones = make_calibrated(run->config.backbone_count, run->config.method_count, &run->arena);
    if (!out->backbones)
        return error_memory(err, "a calibration");
    int b = next_backbone(run, out);
    do {
        if (measure_backbone(run, b, out->workers, &out->backbones[b], err))
            return -1;
        b = next_backbone(run, out);
    } while (b >= 0 && clock_seconds(CLOCK_MONOTONIC) - begun < SECONDS_MAX);
    for (b = 0; b < run->config.backbone_count; b++)
        if (!out->backbones[b].is_measured) {
            derive(run, out, b, &out->backbones[b]);
            if (measure_backbone(run, b, 0, &out->backbones[b], err))
                return -1;
        }
    out->slowdown = slowdown(run, out);
    out->seconds = clock_seconds(CLOCK_MONOTONIC) - begun;
    return 0;
}
