/*
 * bench/perf/part_runs.c - the whole program: `cambench run` on generated images and weights, time and memory against the
 * number of images, 32 images on 1, 2, 4 ... threads, and the share of the work that one thread does alone.
 *
 * The program is the one beside this one. Time per further image is the slope between one row and the row before.
 */
#include "bench/perf/perf.h"
#include "bench/perf/rounds.h"
#include "bench/perf/serial_share.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 16
#define SCALING_IMAGES 32
#define DEMO_IMAGES 64

static const struct perf_numbers usual_images = {3, {250, 500, 1000}};

static const struct column columns[] = {
    {"what", "what", -24, 0},
    {"images", "images", 7, 0},
    {"threads", "threads", 7, 0},
    {"seconds", "seconds", 9, 2},
    {"ms_per_further_image", "ms per further image", 20, 2},
    {"cores_busy", "cores busy", 10, 2},
    {"peak_mb", "peak MB", 8, 1},
    {"speedup", "speedup", 8, 2},
    {0},
};

struct runs {
    struct perf *perf;
    char program[PATH_MAX], folder[PATH_MAX];
};

/* What a child took. */
struct usage {
    double seconds, processor_seconds, peak_mb;
};

extern char **environ;

/* -- children ---------------------------------------------------------------------------------------------------------- */

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + 1e-6 * (double)time.tv_usec;
}

/* argv[0] is the program's path; what it says goes to the folder's log. */
static int spawn(const struct runs *runs, char **argv, pid_t *child, struct error *err)
{
    char log[PATH_MAX];
    posix_spawn_file_actions_t actions;
    if (file_join(log, runs->folder, "log", err))
        return -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    const int failed = posix_spawn(child, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return failed ? error_set(err, "could not start \"%s\": %s; build it first", argv[0], strerror(failed)) : 0;
}

/* Runs cambench with words that end with NULL. */
static int run_program(const struct runs *runs, const char *const *words, struct usage *used, struct error *err)
{
    char *argv[WORDS_MAX] = {(char *)runs->program};
    struct rusage children;
    pid_t child;
    int status;
    for (int i = 0; words[i] && i + 2 < WORDS_MAX; i++)
        argv[i + 1] = (char *)words[i];
    const double start = seconds_now();
    if (spawn(runs, argv, &child, err))
        return -1;
    while (wait4(child, &status, 0, &children) < 0)
        if (errno != EINTR)
            return error_set(err, "lost the child: %s", strerror(errno));
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        return error_set(err, "\"cambench %s\" failed; what it said is in %s/log", words[0], runs->folder);
    if (used)
        *used = (struct usage){seconds_now() - start, seconds_of(children.ru_utime) + seconds_of(children.ru_stime),
                               (double)children.ru_maxrss / 1024};
    return 0;
}

/* -- what is run --------------------------------------------------------------------------------------------------------- */

/* Many small images through a small network, cheap methods: the program's own overhead shows. */
static const char small_config[] = "name: small\n"
                                   "dataset: {path: small.h5}\n"
                                   "backbones: [{arch: mobilenet_v2, weights: small_weights.h5}]\n"
                                   "methods: [gradcam, layercam, reciprocam]\n"
                                   "metrics: [average_drop, coherency, complexity, adcc]\n"
                                   "report: {plots: false, overlays: 0, bootstrap: 0}\n";

/* Few images, one of the methods expensive: what threads make of it. */
static const char large_config[] = "name: large\n"
                                   "dataset: {path: large.h5}\n"
                                   "backbones: [{arch: resnet18, weights: large_weights.h5}]\n"
                                   "methods: [gradcam, reciprocam, {name: scorecam, params: {max_channels: 4}}]\n"
                                   "metrics: [average_drop, coherency, complexity, adcc]\n"
                                   "report: {plots: false, overlays: 0, bootstrap: 0}\n";

/* A table of twelve methods, as in a paper: what one thread does alone, with the usual report. */
static const char table_config[] = "name: table\n"
                                   "dataset: {path: large.h5}\n"
                                   "backbones: [{arch: resnet18, weights: large_weights.h5}]\n"
                                   "methods: [gradcam, gradcam_pp, xgradcam, layercam, hirescam, ablationcam,\n"
                                   "  reciprocam, clustercam, actmap, fakecam, random,\n"
                                   "  {name: scorecam, params: {max_channels: 64}}]\n"
                                   "metrics: [average_drop, average_increase, coherency, complexity, adcc]\n";

static int write_config(const char *name, const char *text, struct error *err)
{
    struct file_writer writer;
    if (file_create(&writer, name, err))
        return -1;
    fputs(text, writer.stream);
    return file_commit(&writer, err);
}

static int generate(const struct runs *runs, int small_images, struct error *err)
{
    char images[32];
    snprintf(images, sizeof images, "--images=%d", small_images);
    const char *const small[] = {"generate", "demo", "--out=small.h5", "--size=64", images, NULL};
    const char *const large[] = {"generate", "demo", "--out=large.h5", "--images=32", NULL};
    const char *const small_weights[] = {"generate",     "weights",    "mobilenet_v2",           "--size=64",
                                         "--classes=10", "--width=.5", "--out=small_weights.h5", NULL};
    const char *const large_weights[] = {"generate", "weights", "resnet18", "--out=large_weights.h5", NULL};
    const char *const *const commands[] = {small, large, small_weights, large_weights};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (run_program(runs, commands[i], NULL, err))
            return -1;
    return status_of(write_config("small.yaml", small_config, err) || write_config("large.yaml", large_config, err) ||
                     write_config("table.yaml", table_config, err));
}

static int run_config(const struct runs *runs, const char *config, int images, int threads, struct usage *used,
                      struct error *err)
{
    char set[48], thread_option[32];
    snprintf(set, sizeof set, "--set=dataset.images=%d", images);
    snprintf(thread_option, sizeof thread_option, "--threads=%d", threads);
    const char *const words[] = {"run", config, "--quiet", "--fresh", "--output=out", set, thread_option, NULL};
    return run_program(runs, words, used, err);
}

/* -- the tables ------------------------------------------------------------------------------------------------------------ */

static void print(const struct runs *runs, const char *what, int images, int threads, const struct usage *used,
                  double per_image, double speedup)
{
    output_row(&runs->perf->output, (const struct cell[]){cell_text(what), cell_number(images), cell_number(threads),
                                                          cell_number(used->seconds), cell_number(1e3 * per_image),
                                                          cell_number(used->processor_seconds / used->seconds),
                                                          cell_number(used->peak_mb), cell_number(speedup)});
}

static int measure_images(const struct runs *runs, const struct perf_numbers *images, struct error *err)
{
    const int threads = runs->perf->options->threads;
    struct usage before = {0};
    for (int i = 0; i < images->count; i++) {
        const int count = images->number[i];
        struct usage used;
        if (run_config(runs, "small.yaml", count, threads, &used, err))
            return -1;
        const double further = i ? (used.seconds - before.seconds) / (count - images->number[i - 1]) : NAN;
        print(runs, "mobilenet_v2 0.5, 64 px", count, threads, &used, further, NAN);
        before = used;
    }
    return 0;
}

static int measure_threads(const struct runs *runs, struct error *err)
{
    const int most = runs->perf->options->threads;
    double one = 0;
    for (int threads = 1;; threads = 2 * threads < most ? 2 * threads : most) {
        struct usage used;
        if (run_config(runs, "large.yaml", SCALING_IMAGES, threads, &used, err))
            return -1;
        one = threads == 1 ? used.seconds : one;
        print(runs, "resnet18, 224 px", SCALING_IMAGES, threads, &used, NAN, one / used.seconds);
        if (threads == most)
            return 0;
    }
}

/* The demo and a table of twelve methods; the share hardly depends on the number of threads. */
static int measure_serial_share(const struct runs *runs, struct error *err)
{
    const int threads = runs->perf->options->threads;
    serial_share_table(&runs->perf->output);
    return status_of(run_config(runs, "demo", DEMO_IMAGES, threads, NULL, err) ||
                     serial_share_rows(&runs->perf->output, "demo", "out", err) ||
                     run_config(runs, "table.yaml", SCALING_IMAGES, threads, NULL, err) ||
                     serial_share_rows(&runs->perf->output, "resnet18, 12 methods", "out", err));
}

/* -- the folder ------------------------------------------------------------------------------------------------------------ */

static int find_program(struct runs *runs, struct error *err)
{
    char self[PATH_MAX] = "";
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash = length > 0 ? strrchr(self, '/') : NULL;
    if (!slash)
        return error_set(err, "could not find the program \"cambench\"");
    *slash = '\0';
    return file_join(runs->program, self, "cambench", err);
}

/* The children find everything in their working directory, which is this program's too meanwhile. */
static int enter_folder(struct runs *runs, struct error *err)
{
    const char *parent = getenv("TMPDIR");
    if (file_join(runs->folder, parent && *parent ? parent : "/tmp", "cambench-bench-XXXXXX", err))
        return -1;
    if (!mkdtemp(runs->folder) || chdir(runs->folder))
        return error_set(err, "could not make a folder \"%s\": %s", runs->folder, strerror(errno));
    return 0;
}

static void remove_folder(const char *folder)
{
    const char *const remove[] = {"rm", "-rf", "--", folder, NULL};
    pid_t child;
    if (posix_spawnp(&child, "rm", NULL, NULL, (char **)remove, environ) == 0)
        waitpid(child, NULL, 0);
}

static int measure(const struct runs *runs, const struct perf_numbers *images, struct error *err)
{
    const int most = images->number[images->count - 1];
    return status_of(generate(runs, most, err) || measure_images(runs, images, err) || measure_threads(runs, err) ||
                     measure_serial_share(runs, err));
}

int part_runs(struct perf *perf, struct error *err)
{
    const struct perf_numbers *images = perf->options->images.count ? &perf->options->images : &usual_images;
    struct runs runs = {.perf = perf};
    char home[PATH_MAX];
    for (int i = 1; i < images->count; i++)
        if (images->number[i] <= images->number[i - 1])
            return error_set(err, "--images must ascend");
    if (!getcwd(home, sizeof home))
        return error_set(err, "there is no working directory: %s", strerror(errno));
    if (find_program(&runs, err) || enter_folder(&runs, err))
        return -1;
    output_table(&perf->output, "runs", "Whole program: cambench run", columns);
    const int status = measure(&runs, images, err);
    if (chdir(home))
        return error_set(err, "could not return to \"%s\": %s", home, strerror(errno));
    if (status == 0)
        remove_folder(runs.folder); /* else its log is of use */
    return status;
}
