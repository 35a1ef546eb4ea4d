/*
 * bench/run/runner.c - the workers: they take tasks, evaluate images and commit what they have measured.
 *
 * With fewer images than threads, one worker takes the tasks and its threads work inside the passes of an image. How many
 * workers there are changes no bit of the results.
 */
#include "bench/run/runner.h"

#include "base/text.h"
#include "bench/process/interrupt.h"
#include "bench/process/worker_threads.h"
#include "bench/run/pictures.h"
#include "bench/run/schedule.h"
#include "bench/run/this_program.h"
#include "bench/run/until_store.h"
#include "bench/store/store_programs.h"

#include <omp.h>

struct runner {
    struct runner_job *job;
    struct run *run;
    struct store *store;
    struct store_session *session;
    bool *is_skipped; /* [image]: could not be read */
    /* of the backbone at hand */
    int backbone, program; /* program: the store's number for this one with its kernels */
    struct network *network;
    struct altered *altered; /* NULL: no metric needs it */
    struct pictures *pictures;
    struct until *until; /* NULL: all images are measured */
    struct schedule schedule;
    struct arena arena, schedule_arena, scratch;
    omp_lock_t lock; /* guards the store, pictures, progress and what follows, while workers run */
    /* the first failure ends the run */
    bool has_failed;
    struct error error;
};

/* -- one task ------------------------------------------------------------------------------------------------------- */

/* Names a failed map and notes it for the manifest. The next run of the same command tries it again. */
static int note_failure(struct runner *runner, int image, const struct evaluated_method *method, struct error *err)
{
    struct run *run = runner->run;
    struct run_failure *failure = arena_alloc(&run->arena, 1, sizeof *failure);
    const char *why = arena_string(&run->arena, method->failure);
    if (!failure || !why)
        return error_memory(err, "the failed maps");
    *failure = (struct run_failure){run->failures, runner->backbone, image, method->method, why};
    run->failures = failure;
    run->failure_count++;
    progress_clear(runner->job->progress);
    fprintf(stderr, "cambench: failed: %s\n", TEXT_SHOWN(why));
    return 0;
}

/* Moves the values that the store lacks to the front; returns their number. */
static int take_new_values(const struct runner *runner, int image, const struct evaluated_method *method)
{
    int count = 0;
    for (int i = 0; i < method->value_count; i++) {
        const struct store_value value = method->values[i];
        if (!store_has_value(runner->store, runner->backbone, image, method->method, value.protocol, value.metric))
            method->values[count++] = value;
    }
    return count;
}

/* Adds to an item what the store lacks of it. */
static int commit_item(struct runner *runner, int image, const struct evaluated_method *method, struct error *err)
{
    const struct store_item item = {.backbone = runner->backbone,
                                    .image = image,
                                    .method = method->method,
                                    .program = runner->program,
                                    .cost = method->cost,
                                    .value_count = take_new_values(runner, image, method),
                                    .values = method->values,
                                    .curves = method->curves,
                                    .map_count = method->map_count,
                                    .maps = method->maps};
    if (method->failure && !store_has_item(runner->store, item.backbone, image, item.method))
        return note_failure(runner, image, method, err);
    if (method->failure || (item.value_count == 0 && item.map_count == 0))
        return 0;
    runner->session->items++;
    runner->session->values += (size_t)item.value_count;
    return store_commit(runner->store, &item, err);
}

static void count_made(struct store_session *session, struct evaluate_made *made)
{
    session->maps += made->maps;
    session->kept_maps += made->kept_maps;
    session->base_passes += made->base;
    session->full += made->full;
    session->tail += made->tail;
    session->backward += made->backward;
    *made = (struct evaluate_made){0};
}

static int commit(struct runner *runner, int image, const struct evaluated *evaluated, int count, struct error *err)
{
    for (int i = 0; i < evaluated->base_count; i++)
        if (store_commit_base(runner->store, &evaluated->bases[i], err))
            return -1;
    if (pictures_add(runner->pictures, image, evaluated, count, err))
        return -1;
    for (int i = 0; i < count; i++)
        if (commit_item(runner, image, &evaluated->methods[i], err))
            return -1;
    return 0;
}

/* An image that cannot be read is named once, whatever the number of tasks that wanted it. */
static int skip(struct runner *runner, int image, const struct error *why, struct error *err)
{
    if (runner->is_skipped[image])
        return 0;
    runner->is_skipped[image] = true;
    runner->job->skipped_count++;
    progress_clear(runner->job->progress);
    fprintf(stderr, "cambench: skipped: %s\n", TEXT_SHOWN(why->text));
    return store_commit_skipped(runner->store, image, why->text, err);
}

static void fail(struct runner *runner, const struct error *err)
{
    if (!runner->has_failed)
        runner->error = *err;
    runner->has_failed = true;
}

static bool was_skipped(struct runner *runner, int image)
{
    bool skipped;
    omp_set_lock(&runner->lock);
    skipped = runner->is_skipped[image];
    omp_unset_lock(&runner->lock);
    return skipped;
}

/* A worker's memory for the task at hand. */
struct task_work {
    int *which; /* (methods) */
    struct arena known;
    struct run_request request;
};

static int read_known(struct runner *runner, struct task_work *work, struct error *err)
{
    struct run_request *request = &work->request;
    struct store_item *known = arena_alloc(&work->known, (size_t)request->count + 1, sizeof *known);
    request->known = known;
    if (!known)
        return error_memory(err, "what is measured already");
    for (int i = 0; i < request->count; i++)
        if (store_has_part(runner->store, request->backbone, request->image, request->which[i]) &&
            store_read_item(runner->store, request->backbone, request->image, request->which[i], &work->known,
                            &known[i], err))
            return -1;
    return 0;
}

static int read_bases(struct runner *runner, struct task_work *work, struct error *err)
{
    struct run_request *request = &work->request;
    const size_t count = (size_t)panel_input_count(&runner->run->panel);
    struct store_base *bases = arena_alloc(&work->known, count, sizeof *bases);
    const struct store_base **known = arena_alloc(&work->known, count, sizeof *known);
    request->bases = known;
    if (!bases || !known)
        return error_memory(err, "what is measured already");
    for (size_t i = 0; i < count; i++) {
        bases[i].input = (int)i;
        const int found = store_read_base(runner->store, request->backbone, request->image, &bases[i], err);
        if (found < 0)
            return -1;
        known[i] = found ? &bases[i] : NULL;
    }
    return 0;
}

/* Finds what is missing of the task, with the lock. */
static int begin_task(struct runner *runner, struct task_work *work, const struct task *task, struct error *err)
{
    omp_set_lock(&runner->lock);
    arena_reset(&work->known);
    work->request =
        (struct run_request){.backbone = runner->backbone,
                             .image = task->image,
                             .count = schedule_methods(&runner->schedule, task->group, task->image, work->which),
                             .which = work->which,
                             .needs_base = schedule_needs_base(&runner->schedule, task->group, task->image),
                             .wanted_views = pictures_views(runner->pictures, task->image)};
    const int status = status_of(read_known(runner, work, err) || read_bases(runner, work, err));
    omp_unset_lock(&runner->lock);
    return status;
}

/* Runs outside the lock but for what it shares. */
static void run_task(struct runner *runner, struct evaluator *evaluator, const struct task *task,
                     struct task_work *work)
{
    struct evaluated evaluated;
    struct error err = {0};
    bool is_unreadable = was_skipped(runner, task->image);
    work->request.count = 0;
    const int status =
        is_unreadable || begin_task(runner, work, task, &err)
            ? -1
            : run_evaluate_missing(evaluator, runner->run, &work->request, &evaluated, &is_unreadable, &err);
    omp_set_lock(&runner->lock);
    struct error problem;
    int stored = 0;
    const bool is_dropped = runner->has_failed || interrupt_has_come; /* passes may have been left out */
    if (!is_dropped && is_unreadable)
        stored = skip(runner, task->image, &err, &problem);
    else if (!is_dropped && status)
        fail(runner, &err);
    else if (!is_dropped) {
        count_made(runner->session, &evaluator->made);
        stored = commit(runner, task->image, &evaluated, work->request.count, &problem);
    }
    if (stored)
        fail(runner, &problem);
    progress_add_items(runner->job->progress, task->cost, work->request.count);
    omp_unset_lock(&runner->lock);
}

static bool should_stop(struct runner *runner)
{
    bool stop;
    omp_set_lock(&runner->lock);
    stop = runner->has_failed;
    omp_unset_lock(&runner->lock);
    return stop || interrupt_has_come;
}

/* A worker is a thread with a session of its own. */
struct workers {
    int count;
    int *which; /* (count,methods): the methods of a worker's task */
    struct session **sessions;
};

/* What the manifest says of the network. */
static int keep_plan(struct run *run, struct run_backbone *backbone, const struct network *network, struct error *err)
{
    const int count = network_step_count(network);
    backbone->kernels = network_kernels(network);
    backbone->steps = arena_alloc(&run->arena, (size_t)count, sizeof *backbone->steps);
    for (int i = 0; backbone->steps && i < count; i++) {
        const struct step_info step = network_step(network, i);
        const char *name = arena_string(&run->arena, step.name);
        if (!name)
            break;
        backbone->steps[backbone->step_count++] = (struct manifest_step){name, step.kernel};
    }
    return backbone->step_count == count ? 0 : error_memory(err, "the plan");
}

/* How many images there are to choose from at a time. */
static int images_at_once(const struct runner *runner)
{
    const int images = schedule_image_count(runner->run, runner->backbone),
              block = runner->run->config.dataset.until.block;
    return runner->run->config.dataset.until.metric && block < images ? block : images;
}

/*
 * One for each thread, or as many as runtime.memory has room for beside the network; with fewer images than threads one,
 * whose threads work inside an image. What an image needs beside its session is a few dozen MiB and is not counted.
 */
static int make_workers(struct runner *runner, struct workers *workers, struct error *err)
{
    const int threads = worker_threads(runner->run->threads, err), memory = runner->run->config.runtime.memory;
    const bool is_wide = images_at_once(runner) >= threads;
    const int wanted = is_wide ? threads : 1;
    size_t held = network_bytes(runner->network) + altered_bytes(runner->altered);
    if (!threads)
        return -1;
    workers->sessions = arena_alloc(&runner->arena, (size_t)wanted, sizeof *workers->sessions);
    workers->which =
        arena_alloc(&runner->arena, (size_t)wanted, (size_t)runner->run->config.method_count * sizeof *workers->which);
    if (!workers->sessions || !workers->which)
        return error_memory(err, "the workers");
    while (workers->count < wanted) {
        struct session *session = session_create(runner->network, is_wide ? 1 : threads, err);
        if (!session)
            return -1;
        session_stop_when(session, &interrupt_has_come);
        held += session_bytes(session);
        if (memory && held >> 20 >= (size_t)memory) {
            session_free(session);
            break;
        }
        workers->sessions[workers->count++] = session;
    }
    if (workers->count == 0)
        return error_set(err, "backbone \"%s\" needs %zu MiB with one worker; runtime.memory is %d",
                         runner->run->config.backbones[runner->backbone].label, (held >> 20) + 1, memory);
    runner->run->backbones[runner->backbone].workspace_bytes = session_workspace_bytes(workers->sessions[0]);
    return 0;
}

static void free_workers(struct workers *workers)
{
    for (int i = 0; i < workers->count; i++)
        session_free(workers->sessions[i]);
}

/* A worker that finds no task left helps the others. */
static int work(struct runner *runner, const struct workers *workers, struct error *err)
{
    struct session_team *team = session_team_create(workers->sessions, workers->count, err);
    if (!team)
        return -1;
#pragma omp parallel num_threads(workers->count) if (workers->count > 1)
    {
        const size_t worker = (size_t)omp_get_thread_num();
        struct task_work task = {.which = workers->which + worker * (size_t)runner->run->config.method_count};
        struct evaluator evaluator = {.panel = &runner->run->panel,
                                      .backbone = runner->run->config.backbones[runner->backbone].label,
                                      .named_class = runner->run->backbones[runner->backbone].named_class,
                                      .input = runner->run->backbones[runner->backbone].model->input,
                                      .altered = runner->altered,
                                      .worker.session = workers->sessions[worker]};
#pragma omp for schedule(dynamic, 1) nowait
        for (int t = 0; t < runner->schedule.task_count; t++)
            if (!should_stop(runner))
                run_task(runner, &evaluator, &runner->schedule.tasks[t], &task);
        session_help(workers->sessions[worker]);
        arena_release(&task.known);
        evaluator_release(&evaluator);
    }
    session_team_free(team);
    return 0;
}

/* Looks at the rule; all of the block is in the store, except what failed. */
static int look(struct runner *runner, struct error *err)
{
    return until_look_at_store(runner->until, runner->store, runner->backbone, runner->is_skipped, &runner->scratch,
                               err);
}

/* Makes the schedule; with a rule, that of the first block which lacks something. No tasks: nothing is left to do. */
static int find_tasks(struct runner *runner, struct error *err)
{
    for (;;) {
        arena_reset(&runner->schedule_arena);
        if (schedule_make(&runner->schedule, &runner->schedule_arena, err))
            return -1;
        if (runner->schedule.task_count > 0 || !runner->until || until_has_ended(runner->until))
            return 0;
        if (look(runner, err))
            return -1;
    }
}

static int run_tasks(struct runner *runner, struct error *err)
{
    struct workers workers = {0};
    int status = make_workers(runner, &workers, err);
    while (!status && runner->schedule.task_count > 0) {
        status = work(runner, &workers, err);
        if (status || !runner->until || should_stop(runner))
            break;
        status = look(runner, err) || find_tasks(runner, err);
    }
    free_workers(&workers);
    return status_of(status);
}

/* Makes the network, and those with altered weights that metrics need. */
static int load_networks(struct runner *runner, struct error *err)
{
    const struct run *run = runner->run;
    const struct run_backbone *backbone = &run->backbones[runner->backbone];
    const char *kernels = run->config.runtime.kernels;
    const int draws = altered_draws(backbone, run->config.protocol_count);
    runner->network = run_backbone_load(backbone, kernels, err);
    if (!runner->network)
        return -1;
    if (draws)
        runner->altered = altered_create(backbone, runner->network, run->panel.seed, draws, kernels, err);
    return draws && !runner->altered ? -1 : 0;
}

static void free_networks(struct runner *runner)
{
    altered_free(runner->altered);
    network_free(runner->network);
    runner->altered = NULL;
    runner->network = NULL;
}

int runner_try_backbone(struct run *run, int b, struct error *err)
{
    struct runner runner = {.run = run, .backbone = b};
    struct workers workers = {0};
    arena_init(&runner.arena, 0);
    const int status = load_networks(&runner, err) || make_workers(&runner, &workers, err) ? -1 : 0;
    free_workers(&workers);
    free_networks(&runner);
    arena_release(&runner.arena);
    return status;
}

/* -- one backbone --------------------------------------------------------------------------------------------------- */

/* Registers this program in the store as the one that measures from now on. */
static int sign_items(struct runner *runner, struct error *err)
{
    struct program here;
    return program_here(&runner->run->config, network_kernels(runner->network), &runner->arena, &here, err) ||
                   store_add_program(runner->store, &here, &runner->program, err)
               ? -1
               : 0;
}

static int run_backbone(struct runner *runner, struct error *err)
{
    struct run_backbone *backbone = &runner->run->backbones[runner->backbone];
    arena_reset(&runner->arena);
    const struct shape input = {run_backbone_channels(backbone), backbone->model->input.h, backbone->model->input.w};
    runner->pictures = pictures_create(runner->run, runner->backbone, input, runner->job->maps, err);
    if (!runner->pictures)
        return -1;
    runner->schedule = (struct schedule){
        .run = runner->run, .store = runner->store, .pictures = runner->pictures, .backbone = runner->backbone};
    runner->until = NULL;
    if (runner->run->config.dataset.until.metric && schedule_image_count(runner->run, runner->backbone) > 0) {
        runner->until = until_create(&runner->run->config, runner->run->image_count, &runner->arena, err);
        if (!runner->until)
            return -1;
    }
    runner->schedule.until = runner->until;
    if (find_tasks(runner, err))
        return -1;
    if (runner->schedule.task_count == 0)
        return 0;
    if (load_networks(runner, err))
        return -1;
    model_close_files(backbone->model);
    if (keep_plan(runner->run, backbone, runner->network, err) || sign_items(runner, err))
        return -1;
    const int status = run_tasks(runner, err);
    free_networks(runner);
    if (runner->has_failed)
        *err = runner->error;
    if (status || runner->has_failed)
        return -1;
    return pictures_finish(runner->pictures, err);
}

static int measure_all(struct runner *runner, struct error *err)
{
    const struct run *run = runner->run;
    runner->is_skipped = arena_alloc(&runner->run->arena, (size_t)run->image_count, sizeof *runner->is_skipped);
    if (!runner->is_skipped)
        return error_memory(err, "the run");
    for (; runner->backbone < run->config.backbone_count && !interrupt_has_come; runner->backbone++) {
        const int status = run_backbone(runner, err);
        pictures_free(runner->pictures);
        runner->pictures = NULL;
        if (status)
            return -1;
    }
    return 0;
}

int runner_measure(struct runner_job *job, struct error *err)
{
    struct runner runner = {.job = job, .run = job->run, .store = job->store, .session = job->session};
    arena_init(&runner.arena, 0);
    arena_init(&runner.schedule_arena, 0);
    arena_init(&runner.scratch, 0);
    omp_init_lock(&runner.lock);
    const int status = measure_all(&runner, err);
    omp_destroy_lock(&runner.lock);
    arena_release(&runner.scratch);
    arena_release(&runner.schedule_arena);
    arena_release(&runner.arena);
    return status;
}
