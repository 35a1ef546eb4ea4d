/*
 * report/sensitivity_tables.c - the sensitivity to the protocol as sensitivity.csv (taus), sensitivity_ranks.csv,
 * tables/sensitivity.md and a few lines for the terminal.
 */
#include "base/file.h"
#include "report/completeness.h"
#include "report/csv.h"
#include "report/escape.h"
#include "report/sensitivity.h"
#include "report/stats.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

struct writer {
    const struct report *report;
    const struct sensitivity *sensitivity;
    FILE *stream;
};

/* -- CSV ----------------------------------------------------------------------------------------------------------- */

static void csv_taus(const struct writer *writer)
{
    const struct report *report = writer->report;
    const int p = report->protocol_count;
    fputs("backbone,metric,protocol_a,protocol_b,n,tau,ci_low,ci_high\n", writer->stream);
    for (int b = 0; b < report->backbone_count; b++)
        for (int k = 0; k < report->metric_count; k++)
            for (int i = 0; i < p * p && !report->metrics[k].is_cost; i++) {
                if (i / p >= i % p)
                    continue;
                const struct sensitivity_tau *tau = sensitivity_tau_at(report, writer->sensitivity, b, k, i / p, i % p);
                csv_texts(writer->stream, 4,
                          (const char *[]){report->backbones[b].name, report->metrics[k].name,
                                           report->protocols[i / p].name, report->protocols[i % p].name});
                fprintf(writer->stream, "%d,", tau->n);
                csv_numbers(writer->stream, 3, (const double[]){tau->tau, tau->ci_low, tau->ci_high});
            }
}

static void csv_method(const struct writer *writer, int b, int k, int m)
{
    const struct report *report = writer->report;
    for (int p = 0; p < report->protocol_count; p++) {
        const struct sensitivity_rank *rank = sensitivity_rank_at(report, writer->sensitivity, b, k, p, m);
        const struct cell *cell = cell_at(report, writer->sensitivity->cells, b, m, p, k);
        csv_texts(writer->stream, 4,
                  (const char *[]){report->backbones[b].name, report->metrics[k].name, report->methods[m].name,
                                   report->protocols[p].name});
        fprintf(writer->stream, "%d,", cell->n);
        csv_numbers(writer->stream, 4,
                    (const double[]){shown_value(&report->metrics[k], cell->mean), rank->rank, rank->low, rank->high});
    }
}

static void csv_ranks(const struct writer *writer)
{
    const struct report *report = writer->report;
    fputs("backbone,metric,method,protocol,n,mean,rank,rank_low,rank_high\n", writer->stream);
    for (int b = 0; b < report->backbone_count; b++)
        for (int k = 0; k < report->metric_count; k++)
            for (int m = 0; m < report->method_count && !report->metrics[k].is_cost; m++)
                csv_method(writer, b, k, m);
}

/* -- Markdown ------------------------------------------------------------------------------------------------------ */

/* "3 (2–4): 66.77"; "66.77" of a control */
static void markdown_cell(const struct writer *writer, int b, int k, int p, int m)
{
    const struct report_metric *metric = &writer->report->metrics[k];
    const struct sensitivity_rank *rank = sensitivity_rank_at(writer->report, writer->sensitivity, b, k, p, m);
    const struct cell *cell = cell_at(writer->report, writer->sensitivity->cells, b, m, p, k);
    fputs(" | ", writer->stream);
    if (isfinite(rank->rank)) {
        fprintf(writer->stream, rank->rank == 1 ? "**%g**" : "%g", rank->rank);
        if (isfinite(rank->low))
            fprintf(writer->stream, " (%g–%g)", rank->low, rank->high);
        fputs(": ", writer->stream);
    }
    if (cell->n > 0)
        fprintf(writer->stream, "%.*f", shown_decimals(metric), shown_value(metric, cell->mean));
    else
        fputs("–", writer->stream);
}

/* "0.71 (0.60 to 0.80)" */
static const char *tau_text(const struct sensitivity_tau *tau, char text[64])
{
    if (!isfinite(tau->tau))
        snprintf(text, 64, "none");
    else if (!isfinite(tau->ci_low))
        snprintf(text, 64, "%.2f", tau->tau);
    else
        snprintf(text, 64, "%.2f (%.2f to %.2f)", tau->tau, tau->ci_low, tau->ci_high);
    return text;
}

static void markdown_taus(const struct writer *writer, int b, int k)
{
    const struct report *report = writer->report;
    const int p = report->protocol_count;
    const char *before = "\nKendall's tau: ";
    for (int i = 0; i < p * p; i++) {
        char text[64];
        if (i / p >= i % p)
            continue;
        fputs(before, writer->stream);
        escape_markdown(writer->stream, report->protocols[i / p].name);
        fputs(" and ", writer->stream);
        escape_markdown(writer->stream, report->protocols[i % p].name);
        fprintf(writer->stream, " %s",
                tau_text(sensitivity_tau_at(report, writer->sensitivity, b, k, i / p, i % p), text));
        before = "; ";
    }
    fputs(".\n", writer->stream);
}

static void markdown_block(const struct writer *writer, int b, int k)
{
    const struct report *report = writer->report;
    FILE *stream = writer->stream;
    fputs("\n## ", stream);
    escape_markdown(stream, report->backbones[b].title);
    fputs(" (", stream);
    escape_markdown(stream, report->backbones[b].layer);
    fputs("): ", stream);
    escape_markdown(stream, report->metrics[k].title);
    fputs(report->metrics[k].higher_is_better ? " ↑" : " ↓", stream);
    if (*report->metrics[k].unit) {
        putc(' ', stream);
        escape_markdown(stream, report->metrics[k].unit);
    }
    fputs("\n\n| Method", stream);
    for (int p = 0; p < report->protocol_count; p++) {
        fputs(" | ", stream);
        escape_markdown(stream, report->protocols[p].name);
    }
    fputs(" |\n| ---", stream);
    for (int p = 0; p < report->protocol_count; p++)
        fputs(" | ---:", stream);
    fputs(" |\n", stream);
    for (int m = 0; m < report->method_count; m++) {
        fputs("| ", stream);
        escape_markdown(stream, report->methods[m].title);
        for (int p = 0; p < report->protocol_count; p++)
            markdown_cell(writer, b, k, p, m);
        fputs(" |\n", stream);
    }
    markdown_taus(writer, b, k);
}

/* A line for each protocol with changed keys. */
static void markdown_changes(const struct writer *writer)
{
    for (int p = 0; p < writer->report->protocol_count; p++) {
        if (!writer->report->protocols[p].changes)
            continue;
        fputs("\nProtocol ", writer->stream);
        escape_markdown(writer->stream, writer->report->protocols[p].name);
        protocol_changes(&writer->report->protocols[p], writer->stream, ": ", ".\n", escape_markdown);
    }
}

static void markdown(const struct writer *writer)
{
    const struct report *report = writer->report;
    fputs("# ", writer->stream);
    escape_markdown(writer->stream, report->name);
    fputs(
        ": how the ranking depends on the protocol\n\nRank of each method, its interval, and the mean from which it "
        "follows; 1 is the best, tied methods share their ranks, controls have none. Kendall's tau-b of two protocols: 1 is the "
        "same ranking, -1 the reverse.",
        writer->stream);
    fputs(report->bootstrap > 0 ? " In brackets 95 % bootstrap intervals over images. Made by " : " Made by ",
          writer->stream);
    escape_markdown(writer->stream, report->program);
    fputs(".\n", writer->stream);
    markdown_changes(writer);
    completeness_list(report, writer->stream, "\n", ".\n", escape_markdown);
    for (int b = 0; b < report->backbone_count; b++)
        for (int k = 0; k < report->metric_count; k++)
            if (sensitivity_has_ranks(report, writer->sensitivity, b, k))
                markdown_block(writer, b, k);
}

/* -- files --------------------------------------------------------------------------------------------------------- */

int report_sensitivity(const struct report *report, const struct sensitivity *sensitivity, struct error *err)
{
    static const struct {
        const char *name;
        void (*write)(const struct writer *writer);
    } files[] = {
        {"sensitivity.csv", csv_taus}, {"sensitivity_ranks.csv", csv_ranks}, {"tables/sensitivity.md", markdown}};
    char path[PATH_MAX];
    if (file_make_inside(path, report->folder, "tables", err))
        return -1;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct file_writer file;
        if (file_join(path, report->folder, files[i].name, err))
            return -1;
        if (!sensitivity) {
            unlink(path); /* it may be left from an earlier report */
            continue;
        }
        if (file_create(&file, path, err))
            return -1;
        files[i].write(&(struct writer){report, sensitivity, file.stream});
        if (file_commit(&file, err))
            return -1;
    }
    return 0;
}

/* -- terminal ------------------------------------------------------------------------------------------------------ */

/* Writes `head` and a line of the backbone; nothing if no tau exists. Returns whether it has. */
static bool terminal_line(const struct writer *writer, int b, const char *head)
{
    const struct report *report = writer->report;
    const int p = report->protocol_count, pairs = p * p;
    const struct sensitivity_tau *least = NULL;
    int at = 0;
    for (int i = 0; i < report->metric_count * pairs; i++) {
        const int first = i % pairs / p, second = i % pairs % p;
        if (report->metrics[i / pairs].is_cost || first >= second)
            continue;
        const struct sensitivity_tau *tau =
            sensitivity_tau_at(report, writer->sensitivity, b, i / pairs, first, second);
        if (isfinite(tau->tau) && (!least || tau->tau < least->tau))
            least = tau, at = i;
    }
    if (!least)
        return false;
    char text[64];
    fputs(head, writer->stream);
    fputs("  ", writer->stream);
    escape_terminal(writer->stream, report->backbones[b].title, 0);
    fputs(": ", writer->stream);
    escape_terminal(writer->stream, report->metrics[at / pairs].title, 0);
    fprintf(writer->stream, " %s, ", tau_text(least, text));
    escape_terminal(writer->stream, report->protocols[at % pairs / p].name, 0);
    fputs(" and ", writer->stream);
    escape_terminal(writer->stream, report->protocols[at % pairs % p].name, 0);
    putc('\n', writer->stream);
    return true;
}

void report_sensitivity_terminal(const struct report *report, const struct sensitivity *sensitivity, FILE *stream)
{
    const struct writer writer = {report, sensitivity, stream};
    const char *head = "\nProtocols that rank methods least alike, by Kendall's tau (all in tables/sensitivity.md):\n";
    for (int b = 0; b < report->backbone_count; b++)
        if (terminal_line(&writer, b, head))
            head = "";
}
