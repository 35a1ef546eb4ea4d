/*
 * bench/run/runner.c - the main job: for each backbone, all images in parallel.
 *
 * A task is an image with the methods that are cheap, or with one that is expensive (masked passes); tasks are taken by
 * falling cost, so that no core waits for a long one at the end. With fewer images than threads, threads work inside the
 * passes of one image instead. Neither changes a bit of the results.
 */
#include "bench/run/run.h"

#include "base/file.h"
#include "base/h5.h"
#include "base/text.h"
#include "bench/process/interrupt.h"
#include "bench/process/program.h"
#include "bench/process/progress.h"
#include "bench/process/worker_threads.h"
#include "bench/run/estimate.h"
#include "bench/run/evaluate.h"
#include "bench/run/manifest.h"
#include "bench/run/pictures.h"
#include "bench/run/this_program.h"
#include "bench/store/store_programs.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct task {
    int image, group;
    double cost;
};

/* Methods that one task measures together. */
struct group {
    int count, *methods;
};

struct runner {
    struct run *run;
    const struct run_flags *flags;
    struct store *store;
    struct file_folders folders; /* made for the run */
    struct progress progress;
    struct h5_writer *maps; /* NULL: not asked for */
    bool *is_skipped;       /* [image]: could not be read */
    int skipped_count;
    /* of the backbone at hand */
    int backbone, program; /* program: the store's number for this one with its kernels */
    struct network *network;
    struct pictures *pictures;
    struct arena arena;
    int group_count, task_count;
    struct group *groups;
    struct task *tasks;
    omp_lock_t lock; /* guards the store, pictures, progress and what follows, while workers run */
    /* the first failure ends the run */
    bool has_failed;
    struct error error;
};

static bool is_ours(const struct runner *runner, int backbone, int image)
{
    return shard_has(&runner->run->shard, backbone, image, runner->run->image_count);
}

static int count_our_images(const struct runner *runner, int backbone)
{
    int count = 0;
    for (int image = 0; image < runner->run->image_count; image++)
        count += is_ours(runner, backbone, image);
    return count;
}

/* -- tasks ---------------------------------------------------------------------------------------------------------- */

/* Multiply-adds of an item, with its part of the image's base pass: no item is free. */
static double item_cost(const struct run *run, int backbone, int method)
{
    return estimate_passes(run, backbone, method).macs + run->backbones[backbone].full_macs / run->config.method_count;
}

/* Group 0: all cheap methods; then one for each expensive one. */
static int make_groups(struct runner *runner, struct error *err)
{
    const struct config *config = &runner->run->config;
    const size_t count = (size_t)config->method_count;
    runner->groups = arena_alloc(&runner->arena, count + 1, sizeof *runner->groups);
    runner->group_count = 1;
    for (size_t g = 0; runner->groups && g <= count; g++) {
        runner->groups[g].methods = arena_alloc(&runner->arena, count, sizeof(int));
        if (!runner->groups[g].methods)
            return error_memory(err, "the tasks");
    }
    if (!runner->groups)
        return error_memory(err, "the tasks");
    for (int m = 0; m < config->method_count; m++) {
        struct group *group = &runner->groups[estimate_is_apart(&config->methods[m]) ? runner->group_count++ : 0];
        group->methods[group->count++] = m;
    }
    return 0;
}

static bool is_done(const struct runner *runner, const struct group *group, int image)
{
    for (int i = 0; i < group->count; i++)
        if (!store_has_item(runner->store, runner->backbone, image, group->methods[i]))
            return false;
    return true;
}

static bool is_image_done(const struct runner *runner, int image)
{
    for (int g = 0; g < runner->group_count; g++)
        if (!is_done(runner, &runner->groups[g], image))
            return false;
    return true;
}

static int by_falling_cost(const void *a, const void *b)
{
    const struct task *x = a, *y = b;
    if (x->cost != y->cost)
        return x->cost < y->cost ? 1 : -1;
    return x->image - y->image;
}

/* Lists the methods of a group that an image lacks, or all of them if it needs pictures. Returns their number. */
static int methods_to_do(const struct runner *runner, const struct group *group, int image, int *which)
{
    const bool is_whole = pictures_want(runner->pictures, image);
    int count = 0;
    for (int i = 0; i < group->count; i++)
        if (is_whole || !store_has_item(runner->store, runner->backbone, image, group->methods[i]))
            which[count++] = group->methods[i];
    return count;
}

static double cost_of(const struct runner *runner, const int *which, int count)
{
    double cost = 0;
    for (int i = 0; i < count; i++)
        cost += item_cost(runner->run, runner->backbone, which[i]);
    return cost;
}

static int make_tasks(struct runner *runner, struct error *err)
{
    const int images = runner->run->image_count;
    int *which = arena_alloc(&runner->arena, (size_t)runner->run->config.method_count, sizeof *which);
    runner->tasks = arena_alloc(&runner->arena, (size_t)images * (size_t)runner->group_count, sizeof *runner->tasks);
    if (!runner->tasks || !which)
        return error_memory(err, "the tasks");
    runner->task_count = 0;
    for (int image = 0; image < images; image++) {
        if (!is_ours(runner, runner->backbone, image))
            continue;
        const bool is_whole = pictures_want(runner->pictures, image); /* measured with all methods, or not at all */
        const bool has_all = is_whole && pictures_have(runner->pictures, image) && is_image_done(runner, image);
        for (int g = 0; g < runner->group_count; g++) {
            const int count = has_all ? 0 : methods_to_do(runner, &runner->groups[g], image, which);
            if (count > 0)
                runner->tasks[runner->task_count++] = (struct task){image, g, cost_of(runner, which, count)};
        }
    }
    qsort(runner->tasks, (size_t)runner->task_count, sizeof *runner->tasks, by_falling_cost);
    return 0;
}

/* -- one task ------------------------------------------------------------------------------------------------------- */

/* Items that the store has already, of an image measured again for its pictures, stay as they are. */
static int commit(struct runner *runner, int image, const struct evaluated *evaluated, int count, struct error *err)
{
    if (store_commit_base(runner->store, &evaluated->base, err))
        return -1;
    if (pictures_add(runner->pictures, image, evaluated, count, err))
        return -1;
    for (int i = 0; i < count; i++) {
        const struct evaluated_method *method = &evaluated->methods[i];
        const struct store_item item = {.backbone = runner->backbone,
                                        .image = image,
                                        .method = method->method,
                                        .program = runner->program,
                                        .cost = method->cost,
                                        .value_count = method->value_count,
                                        .values = method->values,
                                        .curves = method->curves};
        if (!store_has_item(runner->store, item.backbone, image, item.method) &&
            store_commit(runner->store, &item, err))
            return -1;
    }
    return 0;
}

/* An image that cannot be read is named once, whatever the number of tasks that wanted it. */
static int skip(struct runner *runner, int image, const struct error *why, struct error *err)
{
    if (runner->is_skipped[image])
        return 0;
    runner->is_skipped[image] = true;
    runner->skipped_count++;
    progress_clear(&runner->progress);
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

/* Runs outside the lock but for what it shares. */
static void run_task(struct runner *runner, struct evaluator *evaluator, const struct task *task, int *which)
{
    const int count = methods_to_do(runner, &runner->groups[task->group], task->image, which);
    struct evaluated evaluated;
    struct error err = {0};
    bool is_unreadable = was_skipped(runner, task->image);
    const int status = is_unreadable ? -1
                                     : evaluate_image(evaluator, runner->run, runner->backbone, task->image, which,
                                                      count, &evaluated, &is_unreadable, &err);
    omp_set_lock(&runner->lock);
    struct error problem;
    int stored = 0;
    const bool is_dropped = runner->has_failed || interrupt_has_come; /* passes may have been left out */
    if (!is_dropped && is_unreadable)
        stored = skip(runner, task->image, &err, &problem);
    else if (!is_dropped && status)
        fail(runner, &err);
    else if (!is_dropped)
        stored = commit(runner, task->image, &evaluated, count, &problem);
    if (stored)
        fail(runner, &problem);
    for (int i = 0; i < count; i++)
        progress_add(&runner->progress, task->cost / count);
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

/*
 * One for each thread, or as many as runtime.memory has room for beside the network; with fewer images than threads one,
 * whose threads work inside an image. What an image needs beside its session is a few dozen MiB and is not counted.
 */
static int make_workers(struct runner *runner, struct workers *workers, struct error *err)
{
    const int threads = worker_threads(runner->run->threads, err), memory = runner->run->config.runtime.memory;
    const bool is_wide = count_our_images(runner, runner->backbone) >= threads;
    const int wanted = is_wide ? threads : 1;
    size_t held = network_bytes(runner->network);
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

static void work(struct runner *runner, const struct workers *workers)
{
#pragma omp parallel num_threads(workers->count) if (workers->count > 1)
    {
        const size_t worker = (size_t)omp_get_thread_num();
        int *which = workers->which + worker * (size_t)runner->run->config.method_count;
        struct evaluator evaluator = {.panel = &runner->run->panel,
                                      .backbone = runner->run->config.backbones[runner->backbone].label,
                                      .input = runner->run->backbones[runner->backbone].model->input,
                                      .worker.session = workers->sessions[worker]};
#pragma omp for schedule(dynamic, 1)
        for (int t = 0; t < runner->task_count; t++)
            if (!should_stop(runner))
                run_task(runner, &evaluator, &runner->tasks[t], which);
        evaluator_release(&evaluator);
    }
}

static void run_tasks(struct runner *runner)
{
    struct workers workers = {0};
    struct error err;
    if (make_workers(runner, &workers, &err))
        fail(runner, &err);
    else
        work(runner, &workers);
    free_workers(&workers);
}

int run_try_backbone(struct run *run, int b, struct error *err)
{
    struct runner runner = {.run = run, .backbone = b};
    struct workers workers = {0};
    arena_init(&runner.arena, 0);
    runner.network = run_load_network(&run->backbones[b], run->config.runtime.kernels, err);
    const int status = runner.network ? make_workers(&runner, &workers, err) : -1;
    free_workers(&workers);
    network_free(runner.network);
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
    const struct shape input = {3, backbone->model->input.h, backbone->model->input.w};
    runner->pictures = pictures_create(runner->run, runner->backbone, input, runner->maps, err);
    if (!runner->pictures || make_groups(runner, err) || make_tasks(runner, err))
        return -1;
    if (runner->task_count == 0)
        return 0;
    runner->network = run_load_network(backbone, runner->run->config.runtime.kernels, err);
    if (!runner->network)
        return -1;
    model_close_files(backbone->model);
    if (keep_plan(runner->run, backbone, runner->network, err) || sign_items(runner, err))
        return -1;
    run_tasks(runner);
    network_free(runner->network);
    runner->network = NULL;
    if (runner->has_failed) {
        *err = runner->error;
        return -1;
    }
    return pictures_finish(runner->pictures, err);
}

/* -- the whole ------------------------------------------------------------------------------------------------------ */

/* Of what is not measured yet; the pictures of a resumed run may take a little more. */
static double cost_ahead(const struct runner *runner)
{
    const struct run *run = runner->run;
    double total = 0;
    for (int b = 0; b < run->config.backbone_count; b++)
        for (int m = 0; m < run->config.method_count; m++) {
            const double cost = item_cost(run, b, m);
            for (int image = 0; image < run->image_count; image++)
                if (is_ours(runner, b, image) && (runner->maps || !store_has_item(runner->store, b, image, m)))
                    total += cost;
        }
    return total;
}

static bool has_all_items(const struct runner *runner)
{
    const struct config *config = &runner->run->config;
    for (int b = 0; b < config->backbone_count; b++)
        for (int image = 0; image < runner->run->image_count; image++)
            for (int m = 0; m < config->method_count; m++)
                if (!store_has_item(runner->store, b, image, m))
                    return false;
    return true;
}

static bool has_any_item(const struct runner *runner)
{
    const struct config *config = &runner->run->config;
    for (int b = 0; b < config->backbone_count; b++)
        for (int image = 0; image < runner->run->image_count; image++)
            for (int m = 0; m < config->method_count; m++)
                if (store_has_item(runner->store, b, image, m))
                    return true;
    return false;
}

/* maps.h5 is complete or not there: a run that is resumed makes all maps again, one that is done none. */
static int open_maps(struct runner *runner, struct error *err)
{
    const struct config *config = &runner->run->config;
    char path[PATH_MAX];
    if (!config->report.maps)
        return 0;
    if (file_join(path, config->output, "maps.h5", err))
        return -1;
    if (access(path, F_OK) == 0 && has_all_items(runner))
        return 0;
    runner->maps = h5_create(path, err);
    return runner->maps ? 0 : -1;
}

static int close_maps(struct runner *runner, struct error *err)
{
    struct h5_writer *maps = runner->maps;
    if (!maps || interrupt_has_come)
        return 0;
    runner->maps = NULL;
    return h5_commit(maps, err);
}

static int measure_all(struct runner *runner, struct error *err)
{
    struct run *run = runner->run;
    for (runner->backbone = 0; runner->backbone < run->config.backbone_count && !interrupt_has_come;
         runner->backbone++) {
        const int status = run_backbone(runner, err);
        pictures_free(runner->pictures);
        runner->pictures = NULL;
        if (status)
            return -1;
    }
    return close_maps(runner, err);
}

/* Means over a part of the images would pass for results: a shard says how far it is. */
static int report_shard(const struct runner *runner, struct error *err)
{
    const struct run *run = runner->run;
    const struct shard *shard = &run->shard;
    size_t done = 0, all = 0;
    for (int b = 0; b < run->config.backbone_count; b++) {
        all += (size_t)count_our_images(runner, b) * (size_t)run->config.method_count;
        for (int image = 0; image < run->image_count; image++)
            for (int m = 0; m < run->config.method_count; m++)
                done += is_ours(runner, b, image) && store_has_item(runner->store, b, image, m);
    }
    const char *whole = text_shell_word(run->whole_output, &runner->run->arena);
    if (!whole)
        return error_memory(err, "the shard");
    if (!runner->flags->is_quiet)
        printf("shard %d of %d: %zu of %zu maps measured; with the other shards: cambench merge %s\n", shard->number,
               shard->count, done, all, whole);
    return 0;
}

static int report_all(struct runner *runner, struct error *err)
{
    struct run *run = runner->run;
    struct report report;
    if (shard_is_part(&run->shard))
        return report_shard(runner, err);
    return results_read(&run->config, runner->store, run->image_names, run->image_count, &run->arena, &report, err) ||
                   results_write(&report, &run->config, runner->flags, err)
               ? -1
               : 0;
}

static int exit_code(const struct runner *runner)
{
    if (interrupt_has_come)
        return EXIT_INTERRUPTED;
    return runner->flags->is_strict && runner->skipped_count > 0 ? EXIT_INCOMPLETE : EXIT_DONE;
}

/* A shard's folder is inside the run's, which may be someone else's. */
static int make_output(struct runner *runner, struct error *err)
{
    const struct run *run = runner->run;
    if (shard_is_part(&run->shard) && file_is_link(run->config.output))
        return error_set(err, "\"%s\" is a symbolic link, which is not followed; remove it", run->config.output);
    return file_make_folders(&runner->folders, run->config.output, err);
}

static int execute(struct runner *runner, struct error *err)
{
    struct run *run = runner->run;
    const time_t started = time(NULL);
    const size_t images = (size_t)run->image_count;
    runner->is_skipped = arena_alloc(&run->arena, images, sizeof *runner->is_skipped);
    if (!runner->is_skipped)
        return error_memory(err, "the run");
    if (make_output(runner, err))
        return -1;
    runner->store = record_open(run, runner->flags, err);
    if (!runner->store || store_clear_skipped(runner->store, err) || open_maps(runner, err))
        return -1;
    progress_begin(&runner->progress, cost_ahead(runner), "maps", runner->flags->is_quiet ? NULL : stderr,
                   isatty(STDERR_FILENO));
    const int status = measure_all(runner, err);
    progress_end(&runner->progress);
    return status || record_close(run, runner->store, started, err) || report_all(runner, err) ||
                   store_finish(runner->store, err)
               ? -1
               : 0;
}

/* Cleans up the folder that was made for a run which failed before it measured anything. */
static void take_back(struct runner *runner)
{
    static const char *const files[] = {"run.db", "config.yaml"};
    const bool is_new = strlen(runner->folders.path) > runner->folders.there;
    const bool is_empty = runner->store && !has_any_item(runner);
    char path[PATH_MAX];
    struct error ignored;
    store_close(runner->store);
    for (size_t i = 0; is_new && is_empty && i < sizeof files / sizeof *files; i++)
        if (file_join(path, runner->run->config.output, files[i], &ignored) == 0)
            unlink(path);
    file_remove_folders(&runner->folders); /* if nothing is in them */
}

int run_execute(struct run *run, const struct run_flags *flags, struct error *err)
{
    struct runner runner = {.run = run, .flags = flags};
    arena_init(&runner.arena, 0);
    omp_init_lock(&runner.lock);
    const int status = execute(&runner, err);
    h5_abandon(runner.maps);
    if (status)
        take_back(&runner);
    else
        store_close(runner.store);
    omp_destroy_lock(&runner.lock);
    arena_release(&runner.arena);
    return status ? EXIT_USAGE : exit_code(&runner);
}
