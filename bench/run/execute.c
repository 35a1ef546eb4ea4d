/* bench/run/execute.c - a run from its folder to its tables: open the store, measure, write the manifest, report. */
#include "bench/run/run.h"

#include "base/file.h"
#include "base/text.h"
#include "bench/process/interrupt.h"
#include "bench/process/program.h"
#include "bench/run/results_spent.h"
#include "bench/run/runner.h"
#include "bench/run/schedule.h"

#include <string.h>
#include <unistd.h>

struct execution {
    const struct run_flags *flags;
    struct file_folders folders; /* folders that had to be made for the run */
    time_t started, ended;
    struct progress progress;
    struct runner_job job;
};

static size_t count_items(const struct runner_job *job)
{
    const struct run *run = job->run;
    size_t count = 0;
    for (int b = 0; b < run->config.backbone_count; b++)
        for (int image = 0; image < run->image_count; image++)
            for (int m = 0; m < run->config.method_count; m++)
                count += store_has_item(job->store, b, image, m);
    return count;
}

static size_t count_images(const struct run *run)
{
    size_t count = 0;
    for (int b = 0; b < run->config.backbone_count; b++)
        count += (size_t)schedule_image_count(run, b);
    return count;
}

/* -- maps.h5: it exists only if complete. A resumed run makes all maps again, a finished run none ------------------ */

static int open_maps(struct runner_job *job, struct error *err)
{
    const struct config *config = &job->run->config;
    const size_t items = count_images(job->run) * (size_t)config->method_count;
    char path[PATH_MAX];
    if (!config->report.maps)
        return 0;
    if (file_join(path, config->output, "maps.h5", err))
        return -1;
    if (access(path, F_OK) == 0 && count_items(job) == items)
        return 0;
    job->maps = h5_create(path, err);
    return job->maps ? 0 : -1;
}

static int close_maps(struct runner_job *job, struct error *err)
{
    struct h5_writer *maps = job->maps;
    if (!maps || interrupt_has_come)
        return 0;
    job->maps = NULL;
    return h5_commit(maps, err);
}

/* -- report -------------------------------------------------------------------------------------------------------- */

/* Stores the time spent so far, reporting included. A call that measured nothing is left out. */
static int store_times(const struct runner_job *job, struct error *err)
{
    spent_enter(job->times, -1, SPENT_REPORTING);
    return job->session->items ? spent_store(job->times, job->store, err) : 0;
}

/* Writes the manifest. */
static int close_record(const struct execution *execution, struct error *err)
{
    const struct runner_job *job = &execution->job;
    return record_close(job->run, job->store, execution->started, execution->ended, err);
}

/* Means over a part of the images could be mistaken for results, so a shard prints only its progress. */
static int report_shard(const struct runner_job *job, const struct run_flags *flags, struct error *err)
{
    struct run *run = job->run;
    const size_t all = count_images(run) * (size_t)run->config.method_count;
    const char *whole = text_shell_word(run->whole_output, &run->arena);
    if (!whole)
        return error_memory(err, "the shard");
    if (!flags->is_quiet && run->config.dataset.until.metric)
        printf("shard %d of %d: %zu maps measured; with the other shards: cambench merge %s\n", run->shard.number,
               run->shard.count, count_items(job), whole);
    else if (!flags->is_quiet)
        printf("shard %d of %d: %zu of %zu maps measured; with the other shards: cambench merge %s\n",
               run->shard.number, run->shard.count, count_items(job), all, whole);
    return store_times(job, err);
}

static void print_times(const struct runner_job *job, const struct run_flags *flags)
{
    struct spent_sum sums[SPENT_ACTIVITIES];
    char text[512];
    spent_of_call(job->times, sums);
    spent_describe(sums, text, sizeof text);
    if (!flags->is_quiet && job->session->items)
        printf("time: %s\n", text);
}

struct reporting {
    const struct execution *execution;
    struct report rows;
    struct report_work work; /* not yet added to the times */
};

static int update_times(void *context, struct error *err)
{
    struct reporting *reporting = context;
    const struct runner_job *job = &reporting->execution->job;
    struct report_work *work = &reporting->work;
    spent_enter(job->times, -1, SPENT_REPORTING);
    spent_share_reporting(job->times, work->wall, work->seconds, work->longest);
    *work = (struct report_work){0};
    return status_of(store_times(job, err) ||
                     results_read_spent(&job->store, 1, &job->run->arena, &reporting->rows, err) ||
                     close_record(reporting->execution, err));
}

static int report(const struct execution *execution, struct error *err)
{
    const struct runner_job *job = &execution->job;
    const struct run_flags *flags = execution->flags;
    struct run *run = job->run;
    struct reporting reporting = {.execution = execution};
    const struct results_origin origin = {1, 1, &job->store, &run->config.output, update_times, &reporting};
    if (shard_is_part(&run->shard))
        return status_of(report_shard(job, flags, err) || close_record(execution, err));
    if (results_read(&run->config, job->store, run->image_names, run->image_count, &run->arena, &reporting.rows, err))
        return -1;
    reporting.rows.threads = run->threads;
    reporting.rows.work = &reporting.work;
    return results_write(&reporting.rows, &run->config, flags, &origin, err);
}

/* -- the whole ----------------------------------------------------------------------------------------------------- */

/* Makes the run directory. That of a shard must not be a link: it is inside the run's, which may be another user's. */
static int make_output(struct execution *execution, struct error *err)
{
    const struct run *run = execution->job.run;
    if (shard_is_part(&run->shard) && file_is_link(run->config.output))
        return error_set(err, "\"%s\" is a symbolic link, which is not followed; remove it", run->config.output);
    return file_make_folders(&execution->folders, run->config.output, err);
}

static int execute(struct execution *execution, struct error *err)
{
    const struct run_flags *flags = execution->flags;
    struct runner_job *job = &execution->job;
    execution->started = time(NULL);
    job->times = spent_create(job->run->config.backbone_count, job->run->config.method_count, job->run->begun, err);
    if (!job->times || make_output(execution, err))
        return -1;
    job->store = record_open(job->run, flags, err);
    if (job->store)
        job->session = store_begin_session(job->store, execution->started);
    if (!job->store || store_clear_skipped(job->store, err) || open_maps(job, err))
        return -1;
    progress_begin(job->progress, schedule_cost_ahead(job->run, job->store, job->maps), "maps",
                   flags->is_quiet ? NULL : stderr, isatty(STDERR_FILENO));
    job->progress->is_most = job->run->config.dataset.until.metric != NULL;
    const int status = runner_measure(job, err) || close_maps(job, err);
    execution->ended = time(NULL);
    progress_end(job->progress);
    spent_enter(job->times, -1, SPENT_REPORTING);
    if (status || store_end_session(job->store, execution->ended, err) || close_record(execution, err) ||
        report(execution, err) || store_finish(job->store, err))
        return -1;
    print_times(job, flags);
    return 0;
}

/* Removes the folders that were made for a run, if it failed before it measured anything. */
static void take_back(struct execution *execution)
{
    static const char *const files[] = {"run.db", "config.yaml"};
    const struct runner_job *job = &execution->job;
    const bool is_new = strlen(execution->folders.path) > execution->folders.there;
    const bool is_empty = job->store && job->item_count == 0; /* a new folder has no others */
    char path[PATH_MAX];
    struct error ignored;
    store_close(job->store);
    for (size_t i = 0; is_new && is_empty && i < sizeof files / sizeof *files; i++)
        if (file_join(path, job->run->config.output, files[i], &ignored) == 0)
            unlink(path);
    file_remove_folders(&execution->folders); /* removes only empty ones */
}

int run_execute(struct run *run, const struct run_flags *flags, struct error *err)
{
    struct execution execution = {.flags = flags, .job.run = run};
    execution.job.progress = &execution.progress;
    const int status = execute(&execution, err);
    h5_abandon(execution.job.maps);
    spent_free(execution.job.times);
    if (status) {
        take_back(&execution);
        return EXIT_USAGE;
    }
    store_close(execution.job.store);
    if (interrupt_has_come)
        return EXIT_INTERRUPTED;
    if (run->failure_count > 0)
        fprintf(stderr, "cambench: %d map%s failed and %s left out (runtime.on_error: skip); run again to retry\n",
                run->failure_count, run->failure_count == 1 ? "" : "s", run->failure_count == 1 ? "is" : "are");
    const bool is_incomplete = run->failure_count > 0 || (flags->is_strict && execution.job.skipped_count > 0);
    return is_incomplete ? EXIT_INCOMPLETE : EXIT_DONE;
}
