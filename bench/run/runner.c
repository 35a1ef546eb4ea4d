/*
 * bench/run/runner.c - the workers: they take tasks, evaluate images and give what they have measured to the writer.
 *
 * A worker that finds no task left runs parts of the passes of the others. How many workers there are changes no bit of
 * the results. No worker waits for a disk, unless the writer's queue is full.
 */
#include "bench/run/runner.h"

#include "base/clock.h"
#include "bench/process/interrupt.h"
#include "bench/process/worker_threads.h"
#include "bench/run/commit.h"
#include "bench/run/replicas.h"
#include "bench/run/schedule.h"
#include "bench/run/this_program.h"
#include "bench/run/until_store.h"
#include "bench/store/store_programs.h"

#include <omp.h>
#include <stdatomic.h>

struct runner {
    struct runner_job *job;
    struct run *run;
    struct store *store;
    bool *is_skipped; /* [image]: could not be read; shared by the workers */
    /* of the backbone at hand */
    int backbone;
    struct network *network;
    struct replicas *replicas; /* of the network, for other NUMA nodes; NULL: none */
    struct altered *altered;   /* NULL: no metric needs it */
    struct until *until;       /* NULL: all images are measured */
    bool *was_open;            /* [method]: went on before the rule was looked at */
    struct schedule schedule;
    bool *had_base; /* [image]: the store had its base pass before the workers began */
    struct arena arena, schedule_arena, scratch;
    struct commit commit;
    struct writer *writer;
    pthread_mutex_t store_lock; /* commit.lock */
    /* the first failure of a worker ends the run */
    pthread_mutex_t error_lock;
    atomic_bool has_failed;
    struct error error;
};

/* -- one task ------------------------------------------------------------------------------------------------------- */

static void fail(struct runner *runner, const struct error *err)
{
    pthread_mutex_lock(&runner->error_lock);
    if (!atomic_load(&runner->has_failed))
        runner->error = *err;
    atomic_store(&runner->has_failed, true);
    pthread_mutex_unlock(&runner->error_lock);
}

static bool should_stop(const struct runner *runner)
{
    return interrupt_has_come || atomic_load(&runner->has_failed) ||
           (runner->writer && writer_has_failed(runner->writer));
}

/* A worker's memory for the task at hand. */
struct task_work {
    int *which; /* (methods) */
    struct arena known;
    struct run_request request;
};

/* With the store's lock. */
static int read_known(struct runner *runner, struct task_work *work, struct store_item *known, struct error *err)
{
    const struct run_request *request = &work->request;
    for (int i = 0; i < request->count; i++)
        if (store_has_part(runner->store, request->backbone, request->image, request->which[i]) &&
            store_read_item(runner->store, request->backbone, request->image, request->which[i], &work->known,
                            &known[i], err))
            return -1;
    return 0;
}

/* With the store's lock. */
static int read_bases(struct runner *runner, struct task_work *work, const struct store_base **known, struct error *err)
{
    const struct run_request *request = &work->request;
    const size_t count = (size_t)panel_input_count(&runner->run->panel);
    struct store_base *bases = arena_alloc(&work->known, count, sizeof *bases);
    if (!bases)
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

/* Whether the store had anything of a task when the workers began. */
static bool has_known(const struct runner *runner, const struct run_request *request)
{
    bool has_any = runner->had_base[request->image];
    for (int i = 0; i < request->count && !has_any; i++)
        has_any = store_has_part(runner->store, request->backbone, request->image, request->which[i]);
    return has_any;
}

/* Reads what is known of a task. A task of which nothing is known does not wait for the store's lock. */
static int find_known(struct runner *runner, struct task_work *work, struct error *err)
{
    struct run_request *request = &work->request;
    struct store_item *known = arena_alloc(&work->known, (size_t)request->count + 1, sizeof *known);
    const struct store_base **bases =
        arena_alloc(&work->known, (size_t)panel_input_count(&runner->run->panel), sizeof *bases);
    request->known = known;
    request->bases = bases;
    if (!known || !bases)
        return error_memory(err, "what is measured already");
    if (!has_known(runner, request))
        return 0;
    pthread_mutex_lock(&runner->store_lock);
    const int status = status_of(read_known(runner, work, known, err) || read_bases(runner, work, bases, err));
    pthread_mutex_unlock(&runner->store_lock);
    return status;
}

/* Finds what is missing of the task. */
static int begin_task(struct runner *runner, struct task_work *work, const struct task *task, struct error *err)
{
    arena_reset(&work->known);
    work->request =
        (struct run_request){.backbone = runner->backbone,
                             .image = task->image,
                             .count = schedule_methods(&runner->schedule, task->group, task->image, work->which),
                             .which = work->which,
                             .needs_base = schedule_needs_base(&runner->schedule, task->group, task->image),
                             .wanted_views = pictures_views(runner->commit.pictures, task->image)};
    return find_known(runner, work, err);
}

static bool was_skipped(const struct runner *runner, int image)
{
    return __atomic_load_n(&runner->is_skipped[image], __ATOMIC_RELAXED);
}

/* Gives a parcel to the writer. -1: it has no content. */
static int deliver(struct runner *runner, struct parcel *parcel, bool is_late)
{
    if (parcel->content)
        writer_add(runner->writer, parcel, is_late);
    else
        writer_drop(runner->writer, parcel);
    return status_of(!parcel->content);
}

/* An image that cannot be read is named once, whatever the number of tasks that wanted it. */
static int deliver_skipped(struct runner *runner, const struct task *task, const char *why, struct error *err)
{
    const bool is_known = __atomic_exchange_n(&runner->is_skipped[task->image], true, __ATOMIC_RELAXED);
    struct parcel *parcel = writer_parcel(runner->writer, err);
    if (!parcel)
        return -1;
    parcel->content = delivery_of_skipped(task, is_known ? NULL : why, &parcel->arena, err);
    return deliver(runner, parcel, false);
}

static int deliver_results(struct runner *runner, const struct task *task, const struct evaluated *evaluated, int count,
                           struct evaluate_made *made, bool is_late, struct error *err)
{
    struct parcel *parcel = writer_parcel(runner->writer, err);
    if (!parcel)
        return -1;
    parcel->content = delivery_of(&runner->commit, task, evaluated, count, made, &parcel->arena, err);
    *made = (struct evaluate_made){0};
    return deliver(runner, parcel, is_late);
}

/* Evaluates a task, draws the overlay that it completes, and gives its results to the writer. */
static void run_task(struct runner *runner, struct evaluator *evaluator, const struct task *task,
                     struct task_work *work)
{
    struct evaluated evaluated;
    struct error err = {0};
    struct spent *spent = evaluator->spent;
    const double begun = seconds_now();
    spent_switch(spent, SPENT_OTHER);
    bool is_unreadable = was_skipped(runner, task->image);
    work->request.count = 0;
    const int status =
        is_unreadable || begin_task(runner, work, task, &err)
            ? -1
            : run_evaluate_missing(evaluator, runner->run, &work->request, &evaluated, &is_unreadable, &err);
    if (should_stop(runner)) /* passes may have been left out */
        return;
    const int count = work->request.count;
    const bool is_late = seconds_now() - begun > 1e-3 * WRITER_LOSS_MS;
    struct error problem;
    int stored = 0;
    spent_switch(spent, SPENT_PICTURES);
    if (!is_unreadable && !status)
        stored = pictures_add(runner->commit.pictures, task->image, &evaluated, count, &problem);
    spent_switch(spent, SPENT_WAITING);
    if (is_unreadable)
        stored = deliver_skipped(runner, task, err.text, &problem);
    else if (status)
        fail(runner, &err);
    else
        stored = stored || deliver_results(runner, task, &evaluated, count, &evaluator->made, is_late, &problem);
    if (stored)
        fail(runner, &problem);
}

/* A worker is a thread with a session of its own. */
struct workers {
    int count, threads_each;
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

/* How many workers have room beside `held` bytes, if each takes `each`. */
static int fitting(const struct run *run, size_t held, size_t each, int wanted)
{
    const size_t memory = (size_t)run->config.runtime.memory << 20;
    const size_t room = memory > held ? (memory - held - 1) / each : 0;
    return !memory || room > (size_t)wanted ? wanted : (int)room;
}

/* Each thread creates the session that it will work with, and so writes its memory first: on its own NUMA node. */
static int make_sessions(const struct runner *runner, struct workers *workers, int threads, struct error *err)
{
    int status = 0;
#pragma omp parallel num_threads(workers->count) if (workers->count > 1)
    {
        struct error own;
        const int worker = omp_get_thread_num();
        const struct network *network = replicas_here(runner->replicas, runner->network);
        struct session *session = worker ? session_create(network, threads, &own) : workers->sessions[0];
        workers->sessions[worker] = session;
        if (session)
            session_stop_when(session, &interrupt_has_come);
        else
#pragma omp critical(workers)
        {
            *err = own;
            status = -1;
        }
    }
    return status;
}

/*
 * One for each thread, or as many as runtime.memory has room for beside the network. With fewer images than threads, one
 * process of a network that another program runs is used, with several threads. What an image needs beside its session is
 * a few dozen MiB and is not counted.
 */
static int make_workers(struct runner *runner, struct workers *workers, struct error *err)
{
    struct run *run = runner->run;
    const int threads = worker_threads(run->threads, err);
    const bool is_wide = !network_is_foreign(runner->network) || images_at_once(runner) >= threads;
    const int wanted = is_wide ? threads : 1, inside = is_wide ? 1 : threads;
    workers->threads_each = inside;
    const size_t held =
        network_bytes(runner->network) + replicas_bytes(runner->replicas) + altered_bytes(runner->altered);
    if (!threads)
        return -1;
    workers->sessions = arena_alloc(&runner->arena, (size_t)wanted, sizeof *workers->sessions);
    workers->which =
        arena_alloc(&runner->arena, (size_t)wanted, (size_t)run->config.method_count * sizeof *workers->which);
    if (!workers->sessions || !workers->which)
        return error_memory(err, "the workers");
    workers->sessions[0] = session_create(runner->network, inside, err);
    if (!workers->sessions[0])
        return -1;
    const size_t each = session_bytes(workers->sessions[0]) + 1;
    const int count = fitting(run, held, each, wanted);
    workers->count = count > 0 ? count : 1;
    if (count == 0)
        return error_set(err, "backbone \"%s\" needs %zu MiB with one worker; runtime.memory is %d",
                         run->config.backbones[runner->backbone].label, ((held + each) >> 20) + 1,
                         run->config.runtime.memory);
    run->backbones[runner->backbone].workspace_bytes = session_workspace_bytes(workers->sessions[0]);
    return make_sessions(runner, workers, inside, err);
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
        struct spent spent = spent_begin_worker(runner->job->times);
        struct task_work task = {.which = workers->which + worker * (size_t)runner->run->config.method_count};
        struct evaluator evaluator = {.panel = &runner->run->panel,
                                      .backbone = runner->run->config.backbones[runner->backbone].label,
                                      .named_class = runner->run->backbones[runner->backbone].named_class,
                                      .input = runner->run->backbones[runner->backbone].model->input,
                                      .altered = runner->altered,
                                      .spent = &spent,
                                      .worker.session = workers->sessions[worker]};
#pragma omp for schedule(dynamic, 1) nowait
        for (int t = 0; t < runner->schedule.task_count; t++)
            if (!should_stop(runner)) {
                run_task(runner, &evaluator, &runner->schedule.tasks[t], &task);
                spent_give(runner->job->times, &spent);
            }
        arena_release(&task.known);
        evaluator_release(&evaluator);
        spent_switch(&spent, SPENT_IDLE);
        const double helped = session_help(workers->sessions[worker]);
        spent_switch(&spent, SPENT_IDLE); /* counts the seconds up to now */
        spent_move(&spent, SPENT_IDLE, SPENT_HELPING, helped);
        spent_end_worker(runner->job->times, &spent);
    }
    session_team_free(team);
    return 0;
}

/* Takes what methods would still have cost that do not go on from the total of the progress. */
static void lower_total(struct runner *runner)
{
    const int first = until_next(runner->until).first;
    for (int m = 0; m < runner->run->config.method_count; m++)
        if (runner->was_open[m] && !until_is_open(runner->until, m))
            runner->job->progress->total -= schedule_method_ahead(runner->run, runner->store, runner->job->maps != NULL,
                                                                  runner->backbone, m, first);
}

/* Looks at the rule; all of the block is in the store, except what failed. */
static int look(struct runner *runner, struct error *err)
{
    if (runner->writer && writer_drain(runner->writer, err))
        return -1;
    for (int m = 0; m < runner->run->config.method_count; m++)
        runner->was_open[m] = until_is_open(runner->until, m);
    if (until_look_at_store(runner->until, runner->store, runner->backbone, runner->is_skipped, &runner->scratch, err))
        return -1;
    lower_total(runner);
    return 0;
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

static void note_bases(struct runner *runner)
{
    for (int image = 0; image < runner->run->image_count; image++)
        runner->had_base[image] = store_has_base(runner->store, runner->backbone, image);
}

static int run_blocks(struct runner *runner, const struct workers *workers, struct error *err)
{
    int status = 0;
    while (!status && runner->schedule.task_count > 0) {
        note_bases(runner);
        spent_begin_workers(runner->job->times, runner->backbone, workers->count, workers->threads_each);
        status = work(runner, workers, err);
        spent_end_workers(runner->job->times);
        if (status || !runner->until || should_stop(runner))
            break;
        status = look(runner, err) || find_tasks(runner, err);
    }
    return status_of(status);
}

/* Runs the tasks with a writer. What the workers have finished is committed also if the run ends early. */
static int run_with_writer(struct runner *runner, const struct workers *workers, struct error *err)
{
    const struct writer_use use = commit_use(&runner->commit);
    struct error problem;
    if (store_defer_sync(runner->store, err))
        return -1;
    runner->writer = writer_create(&use, err);
    if (!runner->writer)
        return -1;
    int status = run_blocks(runner, workers, err);
    const double begun = seconds_now();
    if (writer_drain(runner->writer, &problem)) {
        *err = problem;
        status = -1;
    } else if (atomic_load(&runner->has_failed)) {
        *err = runner->error;
        status = -1;
    }
    const double beside = writer_figures(runner->writer).wrote - (seconds_now() - begun);
    spent_add_beside(runner->job->times, runner->backbone, SPENT_STORING, beside > 0 ? beside : 0);
    writer_free(runner->writer);
    runner->writer = NULL;
    return status_of(status);
}

static int run_tasks(struct runner *runner, struct error *err)
{
    struct workers workers = {0};
    const int status = make_workers(runner, &workers, err) || run_with_writer(runner, &workers, err);
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
    if (!runner->network || replicas_create(run, runner->backbone, runner->network, &runner->replicas, err))
        return -1;
    if (draws)
        runner->altered = altered_create(backbone, runner->network, run->panel.seed, draws, kernels, err);
    return draws && !runner->altered ? -1 : 0;
}

static void free_networks(struct runner *runner)
{
    altered_free(runner->altered);
    replicas_free(runner->replicas);
    runner->replicas = NULL;
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
                   store_add_program(runner->store, &here, &runner->commit.program, err)
               ? -1
               : 0;
}

/* Makes the rule of dataset.until, if there is one. */
static int make_until(struct runner *runner, struct error *err)
{
    runner->until = NULL;
    if (!runner->run->config.dataset.until.metric || schedule_image_count(runner->run, runner->backbone) == 0)
        return 0;
    const size_t count = (size_t)runner->run->config.method_count;
    runner->was_open = arena_alloc(&runner->arena, count, sizeof *runner->was_open);
    if (!runner->was_open)
        return error_memory(err, "the rule dataset.until");
    runner->until = until_create(&runner->run->config, runner->run->image_count, &runner->arena, err);
    return status_of(!runner->until);
}

static int begin_backbone(struct runner *runner, struct error *err)
{
    const struct run_backbone *backbone = &runner->run->backbones[runner->backbone];
    spent_enter(runner->job->times, runner->backbone, SPENT_LOADING);
    const struct shape input = {run_backbone_channels(backbone), backbone->model->input.h, backbone->model->input.w};
    arena_reset(&runner->arena);
    runner->commit.backbone = runner->backbone;
    runner->commit.pictures = pictures_create(runner->run, runner->backbone, input, runner->job->maps, err);
    runner->had_base = arena_alloc(&runner->arena, (size_t)runner->run->image_count, sizeof *runner->had_base);
    if (!runner->commit.pictures)
        return -1;
    if (!runner->had_base)
        return error_memory(err, "the run");
    if (make_until(runner, err))
        return -1;
    runner->schedule = (struct schedule){.run = runner->run,
                                         .store = runner->store,
                                         .pictures = runner->commit.pictures,
                                         .backbone = runner->backbone,
                                         .until = runner->until};
    return find_tasks(runner, err);
}

static int run_loaded(struct runner *runner, struct error *err)
{
    struct run_backbone *backbone = &runner->run->backbones[runner->backbone];
    if (load_networks(runner, err))
        return -1;
    model_close_files(backbone->model);
    return status_of(keep_plan(runner->run, backbone, runner->network, err) || sign_items(runner, err) ||
                     run_tasks(runner, err));
}

static int run_backbone(struct runner *runner, struct error *err)
{
    if (begin_backbone(runner, err))
        return -1;
    if (runner->schedule.task_count == 0)
        return 0;
    const int status = run_loaded(runner, err);
    free_networks(runner);
    return status_of(status || pictures_finish(runner->commit.pictures, err));
}

static int measure_all(struct runner *runner, struct error *err)
{
    const struct run *run = runner->run;
    runner->is_skipped = arena_alloc(&runner->run->arena, (size_t)run->image_count, sizeof *runner->is_skipped);
    if (!runner->is_skipped)
        return error_memory(err, "the run");
    for (; runner->backbone < run->config.backbone_count && !interrupt_has_come; runner->backbone++) {
        const int status = run_backbone(runner, err);
        pictures_free(runner->commit.pictures);
        runner->commit.pictures = NULL;
        if (status)
            return -1;
    }
    return 0;
}

int runner_measure(struct runner_job *job, struct error *err)
{
    struct runner runner = {.job = job, .run = job->run, .store = job->store};
    runner.commit = (struct commit){.store = job->store,
                                    .lock = &runner.store_lock,
                                    .run = job->run,
                                    .session = job->session,
                                    .progress = job->progress,
                                    .times = job->times};
    arena_init(&runner.arena, 0);
    arena_init(&runner.schedule_arena, 0);
    arena_init(&runner.scratch, 0);
    pthread_mutex_init(&runner.store_lock, NULL);
    pthread_mutex_init(&runner.error_lock, NULL);
    const int status = measure_all(&runner, err);
    job->skipped_count = runner.commit.skipped_count;
    job->item_count = runner.commit.item_count;
    pthread_mutex_destroy(&runner.error_lock);
    pthread_mutex_destroy(&runner.store_lock);
    arena_release(&runner.scratch);
    arena_release(&runner.schedule_arena);
    arena_release(&runner.arena);
    return status;
}
