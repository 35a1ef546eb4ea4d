/* bench/run/rehearse.c - tries the steps of a run and leaves no changes. */
#include "bench/run/rehearse.h"

#include "base/file.h"
#include "bench/run/estimate.h"
#include "bench/run/runner.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static struct error *add_problem(struct rehearsal *out)
{
    return &out->problems[out->problem_count];
}

/* -- the run directory --------------------------------------------------------------------------------------------- */

/* Error: a file has the name of a folder that the run writes, or a folder that of a file. */
static int check_names(const char *folder, struct error *err)
{
    static const struct {
        const char *name;
        bool is_folder;
    } rows[] = {{"overlays", true},     {"plots", true},          {"tables", true},     {"run.db", false},
                {"config.yaml", false}, {"manifest.json", false}, {"maps.h5", false},   {"summary.csv", false},
                {"costs.csv", false},   {"per_image.csv", false}, {"index.html", false}};
    char path[PATH_MAX];
    struct stat info;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (file_join(path, folder, rows[i].name, err))
            return -1;
        if (stat(path, &info) == 0 && S_ISDIR(info.st_mode) != rows[i].is_folder)
            return error_set(err, "run directory \"%s\": \"%s\" is a %s; the run needs a %s of that name", folder,
                             rows[i].name, rows[i].is_folder ? "file" : "folder",
                             rows[i].is_folder ? "folder" : "file");
    }
    return 0;
}

static int check_writable(const char *folder, struct error *err)
{
    char path[PATH_MAX];
    struct file_writer writer;
    if (file_join(path, folder, "run.try", err) || file_create(&writer, path, err))
        return -1;
    file_abandon(&writer);
    return 0;
}

static double size_of(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat info;
    struct error ignored;
    return file_join(path, folder, name, &ignored) == 0 && stat(path, &info) == 0 ? (double)info.st_size : 0;
}

/* Error: the disk is too small for the run, less the bytes that a continued run has written already. */
static int check_disk(const struct run *run, struct error *err)
{
    const char *folder = run->config.output;
    const double wanted = estimate_disk(run) - size_of(folder, "run.db");
    struct statvfs disk;
    char texts[2][32];
    if (statvfs(folder, &disk))
        return 0; /* the file system does not report its free space */
    const double has = (double)disk.f_bavail * (double)disk.f_frsize;
    if (has >= wanted)
        return 0;
    return error_set(err, "run directory \"%s\": the run writes about %s, its disk has %s left", folder,
                     estimate_size(wanted, texts[0]), estimate_size(has, texts[1]));
}

static int check_output(struct run *run, bool fresh, struct error *err)
{
    const char *folder = run->config.output;
    struct file_folders made;
    if (file_make_folders(&made, folder, err))
        return -1;
    const int status = check_writable(folder, err) || check_names(folder, err) || record_check(run, fresh, err) ||
                       check_disk(run, err);
    file_remove_folders(&made);
    return status ? -1 : 0;
}

/* -- networks and memory ------------------------------------------------------------------------------------------- */

static int check_backbones(struct run *run, struct error *err)
{
    for (int b = 0; b < run->config.backbone_count; b++)
        if (run->backbones[b].model->has_weights && runner_try_backbone(run, b, err))
            return -1;
    return 0;
}

static int check_machine(const struct run *run, const struct calibration *calibration, struct error *warning)
{
    const double has = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    const double wanted = estimate_memory(run, calibration);
    char texts[2][32];
    if (run->config.runtime.memory || has <= 0 || has >= wanted)
        return 0;
    return error_set(warning,
                     "the run takes about %s of memory, this machine has %s: use fewer --threads or set "
                     "runtime.memory",
                     estimate_size(wanted, texts[0]), estimate_size(has, texts[1]));
}

/* -- plots --------------------------------------------------------------------------------------------------------- */

static bool is_program(const char *name)
{
    const char *folders = getenv("PATH");
    char path[PATH_MAX];
    for (const char *next = folders; next && *next;) {
        const size_t length = strcspn(next, ":");
        const int size = snprintf(path, sizeof path, "%.*s/%s", (int)length, length ? next : ".", name);
        if (size > 0 && size < PATH_MAX && access(path, X_OK) == 0)
            return true;
        next += length + (next[length] == ':');
    }
    return false;
}

static int check_plots(const struct run *run, struct error *warning)
{
    if (!run->config.report.plots || shard_is_part(&run->shard) || is_program("gnuplot"))
        return 0;
    return error_set(warning, "plots will be left out: there is no gnuplot (package gnuplot-nox)");
}

/*
 * -------------------------------------------------------------------------------------------------------------------
 */

void rehearse(struct run *run, const struct calibration *calibration, bool fresh, struct rehearsal *out)
{
    *out = (struct rehearsal){0};
    out->problem_count += check_output(run, fresh, add_problem(out)) != 0;
    out->problem_count += check_backbones(run, add_problem(out)) != 0;
    out->warning_count += check_machine(run, calibration, &out->warnings[out->warning_count]) != 0;
    out->warning_count += check_plots(run, &out->warnings[out->warning_count]) != 0;
}
