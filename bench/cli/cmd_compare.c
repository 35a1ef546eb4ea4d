/* bench/cli/cmd_compare.c - cambench compare BASE NEW: shows what has changed between two runs. */
#include "bench/cli/command.h"
#include "bench/cli/options.h"
#include "bench/cli/table.h"
#include "bench/compare/baseline.h"
#include "bench/compare/compare_read.h"
#include "bench/compare/history.h"
#include "bench/process/interrupt.h"
#include "bench/process/json_build.h"

#include "base/file.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

#define TOLERANCES_MAX 64
#define METRIC_MAX 128

struct arguments {
    struct options common;
    const char *folders[2]; /* base, new */
    const char *junit, *history;
    bool is_update;
    struct compare_tolerance tolerances[TOLERANCES_MAX];
    char metrics[TOLERANCES_MAX][METRIC_MAX];
    struct compare_options options;
};

/* Reads --tolerance: "0.1" or "average_drop=0.1". */
static int read_tolerance(const char *text, const struct param *row, void *out, struct error *err)
{
    struct arguments *arguments = out;
    const int at = arguments->options.tolerance_count;
    const char *equals = strchr(text, '='), *number = equals ? equals + 1 : text;
    if (at == TOLERANCES_MAX)
        return error_set(err, "more than %d --tolerance options", TOLERANCES_MAX);
    if (equals && (size_t)(equals - text) >= sizeof arguments->metrics[at])
        return error_set(err, "--tolerance: the metric's name has more than %d bytes", METRIC_MAX - 1);
    struct compare_tolerance *tolerance = &arguments->tolerances[at];
    if (equals) {
        snprintf(arguments->metrics[at], sizeof arguments->metrics[at], "%.*s", (int)(equals - text), text);
        tolerance->metric = arguments->metrics[at];
    }
    arguments->options.tolerance_count++;
    return options_store(row, number, tolerance, err);
}

static int read_speed(const char *text, const struct param *row, void *out, struct error *err)
{
    const double *speed = param_field(row, out);
    if (options_store(row, text, out, err))
        return -1;
    return *speed == 0 || *speed > 1 ? 0 : error_set(err, "--speed is %s; allowed: 0, or a ratio above 1", text);
}

/* The row of --tolerance describes one element of `tolerances`. */
static const struct param rows[] = {
    OPTION_ROW(struct compare_tolerance, value, FLOAT, "tolerance", 0, .value = "[METRIC=]X", .max = 1e300,
               .read_word = read_tolerance,
               .help = "accept differences up to X instead of equal bits (percent: points); may be repeated"),
    OPTION_ROW(struct arguments, options.speed, FLOAT, "speed", 0, .value = "R", .fallback = "1.1", .max = 1e6,
               .read_word = read_speed, .help = "ratio of times that counts (1.1); 0: do not compare times"),
    OPTION_STRING(struct arguments, junit, "junit", 0, "FILE", "write JUnit's XML, a test case per cell"),
    OPTION_STRING(struct arguments, history, "history", 0, "FILE",
                  "add NEW to a history of nights; see cambench history"),
    OPTION_FLAG(struct arguments, is_update, "update-baseline", 0, "then make BASE a copy of NEW's results; exit 0"),
    {0},
};

static const struct param word_rows[] = {
    OPTIONS_WORD(struct arguments, folders[0]), OPTIONS_WORD(struct arguments, folders[1]), {0}};

static const struct options_usage usage = {
    .words = "BASE NEW",
    .doc =
        "Compares two runs, or a run with a saved baseline, on the images that both have. What was made with the "
        "same versions, images and weights must be the same to the last bit; else a difference counts when it exceeds "
        "the tolerance and a paired bootstrap over the images says that it is not chance. Exit status: 0 no "
        "difference, 1 a difference, 2 nothing compared, something missing or unreadable. With --quiet nothing is "
        "printed if nothing has changed and nothing is new.\vExample:\n"
        "  cambench compare results/baseline results/nightly --junit compare.xml",
    .rows = rows,
    .common = OPTIONS_QUIET | OPTIONS_COLOR | OPTIONS_JSON,
    .words_min = 2,
    .words_max = 2,
    .word_rows = word_rows,
};

/* Both runs and their comparison. */
struct job {
    const struct arguments *arguments;
    struct arena arena;
    struct compared runs[2];
    struct comparison comparison;
};

/* -- JSON ---------------------------------------------------------------------------------------------------------- */

static json_t *number_or_null(const struct compare_cell *cell, double number)
{
    const double shown = cell->metric && cell->metric->is_percent ? number * 100 : number;
    return isfinite(shown) ? json_real(shown) : json_null();
}

static json_t *cell_json(const struct compare_cell *cell)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:[o, o], s:b, s:b, s:i, s:i, s:i, s:[i, i], s:o}",
                     "verdict", table_text(compare_result_name(cell->result)), "backbone", table_text(cell->backbone),
                     "method", table_text(cell->method), "protocol", table_text(cell->protocol), "metric",
                     table_text(cell->metric ? cell->metric->name : "seconds"), "unit",
                     table_text(cell->metric ? cell->metric->unit : "s"), "base", number_or_null(cell, cell->value[0]),
                     "new", number_or_null(cell, cell->value[1]), cell->metric ? "difference" : "ratio",
                     number_or_null(cell, cell->difference), "interval", number_or_null(cell, cell->low),
                     number_or_null(cell, cell->high), "exact", cell->is_exact, "beside_others", cell->is_beside_others,
                     "images", cell->n, "images_changed", cell->changed, "images_missing", cell->missing, "undefined",
                     cell->undefined[0], cell->undefined[1], "most", cell->most ? table_text(cell->most) : json_null());
}

static json_t *cells_json(const struct comparison *comparison)
{
    json_t *list = json_array();
    for (int i = 0; i < comparison->count; i++)
        if (comparison->cells[i].result != COMPARE_SAME)
            json_build_append(&list, cell_json(&comparison->cells[i]));
    return list;
}

static json_t *notes_json(const struct comparison *comparison)
{
    json_t *list = json_array();
    for (int i = 0; i < comparison->note_count; i++)
        json_build_append(&list, table_text(comparison->notes[i]));
    return list;
}

static int print_json(const struct job *job, struct error *err)
{
    const struct comparison *comparison = &job->comparison;
    json_t *json = json_pack(
        "{s:o, s:o, s:o, s:i, s:i, s:i, s:{s:i, s:i, s:i}, s:o, s:o}", "base", table_text(job->runs[0].folder), "cause",
        *comparison->cause ? table_text(comparison->cause) : json_null(), "new", table_text(job->runs[1].folder),
        "cells", comparison->count, "differences", compare_differences(comparison), "missing", comparison->missing,
        "images", "compared", comparison->images, "only_base", comparison->images_only[0], "only_new",
        comparison->images_only[1], "notes", notes_json(comparison), "changes", cells_json(comparison));
    const int status = json ? table_print_json(json, err) : error_memory(err, "the comparison");
    json_decref(json);
    return status;
}

/* -- the result ---------------------------------------------------------------------------------------------------- */

static int write_junit(const struct job *job, struct error *err)
{
    struct file_writer writer;
    if (!job->arguments->junit)
        return 0;
    if (file_create_given(&writer, job->arguments->junit, err))
        return -1;
    compare_junit(&job->comparison, writer.stream);
    return file_commit(&writer, err);
}

static int note_night(struct job *job, const struct comparison *comparison, struct error *err)
{
    job->runs[1].report.bootstrap = job->arguments->options.bootstrap;
    job->runs[1].report.seed = job->arguments->options.seed;
    return job->arguments->history ? history_note(job->arguments->history, &job->runs[1], comparison, err) : 0;
}

static int tell(struct job *job, struct error *err)
{
    const struct comparison *comparison = &job->comparison;
    const struct options *common = &job->arguments->common;
    if (common->json)
        return print_json(job, err);
    if (!common->quiet || compare_differences(comparison) || comparison->missing || comparison->results[COMPARE_NEW])
        compare_terminal(comparison, stdout, options_use_color(common, stdout), &job->arena);
    return 0;
}

/* Exit code 1 means only that numbers differ. If cells are missing, not everything was compared, and the code is 2. */
static int result_of(const struct job *job, struct error *err)
{
    const struct comparison *comparison = &job->comparison;
    if (compare_compared(comparison) == 0) {
        error_set(err, "nothing to compare: \"%s\" and \"%s\" have %s in common", job->runs[0].folder,
                  job->runs[1].folder, comparison->images ? "no cell" : "no image");
        return EXIT_USAGE;
    }
    if (comparison->missing) {
        error_set(err, "%d of %d cells of \"%s\" are missing or incomplete in \"%s\"", comparison->missing,
                  comparison->count - comparison->results[COMPARE_NEW], job->runs[0].folder, job->runs[1].folder);
        return EXIT_USAGE;
    }
    return compare_differences(comparison) ? EXIT_DIFFERENCE : EXIT_DONE;
}

static int update(const struct job *job, struct error *err)
{
    const char *base = job->arguments->folders[0];
    const struct compared *run = &job->runs[1];
    const bool is_first = !baseline_exists(base);
    if (run->items < run->items_wanted) {
        error_set(err, "run \"%s\" is not a baseline yet: it has measured %d of %d items", run->folder, run->items,
                  run->items_wanted);
        return EXIT_USAGE;
    }
    if (baseline_update(base, run->folder, err))
        return EXIT_USAGE;
    if (!job->arguments->common.json) {
        char shown[PATH_MAX];
        printf("baseline %s: \"%s\"\n", is_first ? "made" : "updated", text_printable(base, shown, sizeof shown));
    }
    return EXIT_DONE;
}

static int check_tolerances(const struct job *job, struct error *err)
{
    const struct store_names *names = &job->runs[1].names;
    char suggestion[2 * METRIC_MAX];
    for (int i = 0; i < job->arguments->options.tolerance_count; i++) {
        const char *metric = job->arguments->tolerances[i].metric;
        bool is_known = !metric;
        for (int k = 0; k < names->lists[STORE_METRICS].count && !is_known; k++)
            is_known = strcmp(names->lists[STORE_METRICS].names[k], metric) == 0;
        if (!is_known)
            return error_set(err, "--tolerance: \"%s\" has no metric \"%s\"%s", job->runs[1].folder, metric,
                             text_suggestion(metric, names->lists[STORE_METRICS].names,
                                             names->lists[STORE_METRICS].count, suggestion, sizeof suggestion));
    }
    return 0;
}

/*
 * Finds sources that differ. Another set of kernels also changes the bits, but it depends on the machine and is a fact.
 */
static int find_causes(struct job *job, const char *const **causes, struct error *err)
{
    struct compared *runs = job->runs;
    for (int i = 0; i < 2; i++)
        runs[i].side.kernels = *runs[0].kernels && *runs[1].kernels ? runs[i].kernels : "";
    return program_causes(&runs[0].programs, &runs[0].names, &runs[1].programs, &runs[1].names, &job->arena, causes,
                          err);
}

/* Compares the runs; with --update-baseline the base need not exist yet. */
static int compare(struct job *job, struct error *err)
{
    const struct arguments *arguments = job->arguments;
    struct compare_options options = arguments->options;
    const bool is_first = arguments->is_update && !baseline_exists(arguments->folders[0]);
    for (int i = is_first; i < 2; i++)
        if (compared_read(arguments->folders[i], &job->arena, &job->runs[i], err))
            return EXIT_USAGE;
    if (is_first)
        return note_night(job, NULL, err) ? EXIT_USAGE : update(job, err);
    if (check_tolerances(job, err))
        return EXIT_USAGE;
    if (find_causes(job, &options.causes, err))
        return EXIT_USAGE;
    if (compare_runs(&job->runs[0].side, &job->runs[1].side, &options, &job->arena, &job->comparison, err) ||
        write_junit(job, err) || note_night(job, &job->comparison, err) || tell(job, err))
        return EXIT_USAGE;
    return arguments->is_update ? update(job, err) : result_of(job, err);
}

static int run(int argc, char **argv, struct error *err)
{
    struct arguments arguments = {.options = {.bootstrap = 1000, .seed = 1}};
    const int status = options_parse(&usage, argc, argv, &arguments.common, &arguments, err);
    if (status)
        return options_exit(status);
    arguments.options.tolerances = arguments.tolerances;
    struct job job = {.arguments = &arguments};
    arena_init(&job.arena, 0);
    interrupt_catch();
    const int code = compare(&job, err);
    arena_release(&job.arena);
    return code == EXIT_USAGE ? interrupt_code() : code;
}

const struct command command_compare = {
    .name = "compare",
    .summary = "show what has changed between two runs",
    .group = COMMAND_RESULTS,
    .run = run,
};
