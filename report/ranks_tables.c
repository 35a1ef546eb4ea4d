/*
 * report/ranks_tables.c - ranks of methods, and their means over networks, as ranks.csv and tables/ranks.md.
 *
 * Over networks, each network is a block of the same weight: means are means of the networks' means, ranks means of the
 * ranks within the networks.
 */
#include "report/completeness.h"
#include "report/critical.h"
#include "report/csv.h"
#include "report/escape.h"
#include "report/pairs.h"
#include "report/pairs_files.h"
#include "report/stats.h"

#include <math.h>

#define OVERALL "all networks"

/* Backbone -1: over the networks. */
static const struct method_rank *rank_of(const struct report *report, int b, int p, int k, int m)
{
    return b < 0 ? overall_rank_at(report, p, k, m) : rank_at(report, b, p, k, m);
}

/* The first position of the loop over backbones: -1, over the networks, if there are several. */
static int first_block(const struct report *report)
{
    return report->backbone_count > 1 ? -1 : 0;
}

static void csv(FILE *stream, const struct report *report)
{
    fputs("backbone,protocol,metric,method,n,mean,mean_low,mean_high,rank,rank_low,rank_high\n", stream);
    for (int b = first_block(report); b < report->backbone_count; b++)
        for (int p = 0; p < report->protocol_count; p++)
            for (int k = 0; k < report->metric_count; k++)
                for (int m = 0; m < report->method_count && is_paired(report, k); m++) {
                    const struct report_metric *metric = &report->metrics[k];
                    const struct method_rank *rank = rank_of(report, b, p, k, m);
                    csv_texts(stream, 4,
                              (const char *[]){b < 0 ? OVERALL : report->backbones[b].name, report->protocols[p].name,
                                               metric->name, report->methods[m].name});
                    fprintf(stream, "%d,", rank->n);
                    csv_numbers(stream, 6,
                                (const double[]){shown_value(metric, rank->mean), shown_value(metric, rank->mean_low),
                                                 shown_value(metric, rank->mean_high), rank->rank, rank->low,
                                                 rank->high});
                }
}

/* "2 (1 to 3)" of a network; over networks with a decimal, and the mean of the metric. */
static void markdown_cell(FILE *stream, const struct report *report, int b, int p, int k, int m)
{
    const struct report_metric *metric = &report->metrics[k];
    const struct method_rank *rank = rank_of(report, b, p, k, m);
    const int decimals = b < 0 ? 1 : rank->rank != floor(rank->rank);
    fputs(" ", stream);
    if (b < 0 && isfinite(rank->mean))
        fprintf(stream, "%.*f", shown_decimals(metric), shown_value(metric, rank->mean));
    if (b < 0 && isfinite(rank->mean_low))
        fprintf(stream, " (%.*f–%.*f)", shown_decimals(metric), shown_value(metric, rank->mean_low),
                shown_decimals(metric), shown_value(metric, rank->mean_high));
    if (b < 0)
        fputs(isfinite(rank->rank) ? "; rank " : "", stream);
    if (isfinite(rank->rank))
        fprintf(stream, "%.*f", decimals, rank->rank);
    else
        fputs(b < 0 ? "" : "–", stream);
    if (isfinite(rank->low))
        fprintf(stream, " (%.*f–%.*f)", decimals, rank->low, decimals, rank->high);
    fputs(" |", stream);
}

static void markdown_block(FILE *stream, const struct report *report, int b, int p)
{
    fputs("\n## ", stream);
    if (b < 0) {
        fprintf(stream, "Means over %d networks", report->backbone_count);
    } else {
        escape_markdown(stream, report->backbones[b].title);
        fputs(" (", stream);
        escape_markdown(stream, report->backbones[b].layer);
        fputs(")", stream);
    }
    fputs(", protocol ", stream);
    escape_markdown(stream, report->protocols[p].name);
    fputs("\n\n| Method |", stream);
    for (int k = 0; k < report->metric_count; k++) {
        if (!is_paired(report, k))
            continue;
        putc(' ', stream);
        escape_markdown(stream, report->metrics[k].title);
        fputs(report->metrics[k].higher_is_better ? " ↑ |" : " ↓ |", stream);
    }
    fputs("\n| --- |", stream);
    for (int k = 0; k < report->metric_count; k++)
        fputs(is_paired(report, k) ? " ---: |" : "", stream);
    putc('\n', stream);
    for (int m = 0; m < report->method_count; m++) {
        if (b >= 0 && report->methods[m].is_control)
            continue;
        fputs("| ", stream);
        escape_markdown(stream, report->methods[m].title);
        fputs(" |", stream);
        for (int k = 0; k < report->metric_count; k++)
            if (is_paired(report, k))
                markdown_cell(stream, report, b, p, k, m);
        putc('\n', stream);
    }
}

static void markdown(FILE *stream, const struct report *report)
{
    char text[CRITICAL_TEXT_MAX];
    fputs("# ", stream);
    escape_markdown(stream, report->name);
    fputs(": ranks\n\nRank of each method by the mean of each metric, 1 the best, controls left out", stream);
    fputs(report->bootstrap > 0 ? "; in brackets 95 % bootstrap intervals over images. " : ". ", stream);
    if (report->backbone_count > 1)
        fputs(
            "Over networks: means of the networks' means and ranks; where the networks have the same images, the same "
            "ones are drawn for all. Intervals say what other images would change, not other networks. Areas under "
            "curves of changed inputs (insertion, deletion) have limits that depend on the network (Edin et al., ACL "
            "2025): compare their ranks. ",
            stream);
    fputs("Made by ", stream);
    escape_markdown(stream, report->program);
    fputs(".\n", stream);
    completeness_list(report, stream, "\n", ".\n", escape_markdown);
    if (*critical_refusal(report, text)) {
        fputs("\n", stream);
        escape_markdown(stream, text);
        fputs("\n", stream);
    }
    for (int p = 0; p < report->protocol_count; p++)
        for (int b = first_block(report); b < report->backbone_count; b++)
            markdown_block(stream, report, b, p);
}

int ranks_write(const struct report *report, struct error *err)
{
    const bool is_needed = report->paired && report->method_count > 1;
    return pairs_file(report, "ranks.csv", is_needed, csv, err) ||
                   pairs_file(report, "tables/ranks.md", is_needed, markdown, err)
               ? -1
               : 0;
}
