/*
 * report/costs_tables.c - tables/costs.md and tables/costs.tex: seconds and passes of a map, by backbone and method, and
 * what the time of the run went into.
 *
 * Seconds depend on the machine, so these tables differ from run to run, as costs.csv does.
 */
#include "base/file.h"
#include "report/activities.h"
#include "report/csv.h"
#include "report/document.h"
#include "report/escape.h"
#include "report/stats.h"

#define COSTS_NOTE \
    "Seconds: median over the images, in brackets the quartiles. Passes: means over the images; a full pass goes " \
    "through the whole network, a tail pass from the target layer on, a backward pass back to it"

#define SPENT_NOTE \
    "Seconds of all threads together, and shares of the wall time of all calls of the program. The store is written " \
    "beside the workers, which takes no wall time while they run"

enum { ROWS_MAX = 42 }; /* methods of a float */

struct costs {
    const struct report *report;
    FILE *stream;
    double *scratch; /* (images) */
};

static void markdown_row(const struct costs *costs, int b, int m)
{
    const struct cost_summary cost = cost_summary(costs->report, b, m, costs->scratch);
    fputs("| ", costs->stream);
    escape_markdown(costs->stream, costs->report->methods[m].title);
    if (cost.n == 0)
        fputs(" | 0 | – | – | – | – |\n", costs->stream);
    else
        fprintf(costs->stream, " | %d | %.3g (%.3g–%.3g) | %.1f | %.1f | %.1f |\n", cost.n, cost.median, cost.low,
                cost.high, cost.full, cost.tail, cost.backward);
}

static void markdown_activity(const void *context, const struct report_spent *spent, double share)
{
    const struct costs *costs = context;
    fputs("| ", costs->stream);
    escape_markdown(costs->stream, spent->activity);
    fprintf(costs->stream, " | %.2f | %.1f |\n", spent->seconds, share);
}

static void markdown_spent(const struct costs *costs)
{
    if (!costs->report->spent)
        return;
    fputs("\n## Time of the run\n\n" SPENT_NOTE ".\n\n| Activity | Seconds | Wall time (%) |\n| --- | ---: | ---: |\n",
          costs->stream);
    each_activity(costs->report, markdown_activity, costs);
}

static void markdown(struct costs *costs)
{
    const struct report *report = costs->report;
    fputs("# ", costs->stream);
    escape_markdown(costs->stream, report->name);
    fputs(": costs of a map\n\n" COSTS_NOTE ".\n", costs->stream);
    for (int b = 0; b < report->backbone_count; b++) {
        fputs("\n## ", costs->stream);
        escape_markdown(costs->stream, report->backbones[b].title);
        fputs(" (", costs->stream);
        escape_markdown(costs->stream, report->backbones[b].layer);
        fputs(")\n\n| Method | Images | Seconds | Full passes | Tail passes | Backward passes |\n"
              "| --- | ---: | ---: | ---: | ---: | ---: |\n",
              costs->stream);
        for (int m = 0; m < report->method_count; m++)
            markdown_row(costs, b, m);
    }
    markdown_spent(costs);
}

static void tex_row(const struct costs *costs, int b, int m)
{
    const struct cost_summary cost = cost_summary(costs->report, b, m, costs->scratch);
    escape_tex(costs->stream, costs->report->methods[m].title);
    if (cost.n == 0)
        fputs(" & 0 & -- & -- & -- & -- \\\\\n", costs->stream);
    else
        fprintf(costs->stream, " & %d & %.3g {\\scriptsize [%.3g, %.3g]} & %.1f & %.1f & %.1f \\\\\n", cost.n,
                cost.median, cost.low, cost.high, cost.full, cost.tail, cost.backward);
}

/* A float of the methods first..end-1. */
static void tex_float(const struct costs *costs, int b, int first, int end)
{
    const struct report *report = costs->report;
    document_float(costs->stream);
    fputs("\\caption{", costs->stream);
    escape_tex(costs->stream, report->name);
    fputs(": costs of a map on ", costs->stream);
    escape_tex(costs->stream, report->backbones[b].title);
    fputs(" (", costs->stream);
    escape_tex(costs->stream, report->backbones[b].layer);
    fprintf(costs->stream, ")}\n\\label{tab:costs-%d-%d}\n", b + 1, first / ROWS_MAX + 1);
    document_fit(costs->stream);
    fputs("\\begin{tabular}{lrrrrr}\n\\toprule\n"
          "Method & Images & Seconds & Full passes & Tail passes & Backward passes \\\\\n\\midrule\n",
          costs->stream);
    for (int m = first; m < end; m++)
        tex_row(costs, b, m);
    document_fitted(costs->stream);
    document_note(costs->stream);
    fputs(COSTS_NOTE ".", costs->stream);
    document_note_end(costs->stream);
    document_float_end(costs->stream);
}

static void tex_activity(const void *context, const struct report_spent *spent, double share)
{
    const struct costs *costs = context;
    escape_tex(costs->stream, spent->activity);
    fprintf(costs->stream, " & %.2f & %.1f \\\\\n", spent->seconds, share);
}

static void tex_spent(const struct costs *costs)
{
    if (!costs->report->spent)
        return;
    document_float(costs->stream);
    fputs("\\caption{", costs->stream);
    escape_tex(costs->stream, costs->report->name);
    fputs(": time of the run}\n\\label{tab:costs-run}\n", costs->stream);
    document_fit(costs->stream);
    fputs("\\begin{tabular}{lrr}\n\\toprule\nActivity & Seconds & Wall time (\\%) \\\\\n\\midrule\n", costs->stream);
    each_activity(costs->report, tex_activity, costs);
    document_fitted(costs->stream);
    document_note(costs->stream);
    fputs(SPENT_NOTE ".", costs->stream);
    document_note_end(costs->stream);
    document_float_end(costs->stream);
}

static void tex(struct costs *costs)
{
    const struct report *report = costs->report;
    document_begin(costs->stream, report->program);
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m += ROWS_MAX)
            tex_float(costs, b, m, m + ROWS_MAX < report->method_count ? m + ROWS_MAX : report->method_count);
    tex_spent(costs);
    document_end(costs->stream);
}

static int write_file(struct costs *costs, const char *name, void (*put)(struct costs *costs), struct error *err)
{
    struct file_writer writer;
    char path[PATH_MAX];
    if (file_join(path, costs->report->folder, name, err) || file_create(&writer, path, err))
        return -1;
    costs->stream = writer.stream;
    put(costs);
    return file_commit(&writer, err);
}

int report_costs(const struct report *report, struct error *err)
{
    struct arena arena;
    char folder[PATH_MAX];
    arena_init(&arena, 0);
    struct costs costs = {.report = report,
                          .scratch = arena_alloc(&arena, (size_t)report->image_count + 1, sizeof *costs.scratch)};
    const int status = !costs.scratch ? error_memory(err, "the table of costs")
                                      : status_of(file_make_inside(folder, report->folder, "tables", err) ||
                                                  report_costs_csv(report, costs.scratch, err) ||
                                                  write_file(&costs, "tables/costs.md", markdown, err) ||
                                                  write_file(&costs, "tables/costs.tex", tex, err));
    arena_release(&arena);
    return status;
}
