/* bench/run/results_until.c - asks the rule of dataset.until for a report, and says in words what it says. */
#include "bench/run/results_until.h"

#include "bench/run/until_store.h"

static int keep_ends(const struct until *until, const struct config *config, struct arena *arena,
                     struct report_ends *ends, struct error *err)
{
    const struct config_until *rule = &config->dataset.until;
    struct report_end *rows = arena_alloc(arena, (size_t)config->method_count, sizeof *rows);
    if (!rows)
        return error_memory(err, "the rule dataset.until");
    for (int m = 0; m < config->method_count; m++)
        rows[m] = *until_end_of(until, m);
    *ends = (struct report_ends){
        .methods = rows, .pair = until_end_of_pair(until), .metric = config_metric_position(config, rule->metric)};
    for (int i = 0; i < rule->decided_count; i++)
        ends->pair_methods[i] = config_method_position(config, rule->decided[i]);
    return 0;
}

int results_read_ends(const struct config *config, struct store *store, struct arena *arena, struct report *report,
                      struct error *err)
{
    struct report_ends *ends = arena_alloc(arena, (size_t)report->backbone_count, sizeof *ends);
    bool *is_unreadable = arena_alloc(arena, (size_t)report->image_count + 1, sizeof *is_unreadable);
    struct store_skipped *skipped;
    int count;
    if (!ends || !is_unreadable)
        return error_memory(err, "the rule dataset.until");
    if (store_read_skipped(store, arena, &skipped, &count, err))
        return -1;
    for (int i = 0; i < count; i++)
        is_unreadable[skipped[i].image] = true;
    for (int b = 0; b < report->backbone_count; b++) {
        const struct until *until = until_of_store(config, store, b, report->image_count, is_unreadable, arena, err);
        if (!until || keep_ends(until, config, arena, &ends[b], err))
            return -1;
    }
    report->ends = ends;
    return 0;
}

/* -- sentences ----------------------------------------------------------------------------------------------------- */

/* "Grad-CAM 150, Score-CAM 50"; one number where all are equal. */
static const char *counts_text(const struct report *report, const struct report_end *ends, struct arena *arena)
{
    bool is_same = true;
    for (int m = 1; m < report->method_count; m++)
        is_same = is_same && ends[m].images == ends[0].images;
    const char *text = is_same ? arena_format(arena, "%d", ends[0].images) : "";
    for (int m = 0; m < report->method_count && !is_same && text; m++)
        text = arena_format(arena, "%s%s%s %d", text, m ? ", " : "", report->methods[m].title, ends[m].images);
    return text;
}

static const char *pair_text(const struct report *report, const struct report_ends *ends, struct arena *arena)
{
    const struct report_metric *metric = &report->metrics[ends->metric];
    const struct report_end *pair = ends->pair;
    const double unit = metric->is_percent ? 100 : 1;
    const char *a = report->methods[ends->pair_methods[0]].title, *b = report->methods[ends->pair_methods[1]].title;
    if (pair->reason != REPORT_END_DECIDED)
        return arena_format(arena, "; %s and %s were not told apart by %s", a, b, metric->title);
    return arena_format(arena, "; %s of %s is %s than that of %s, the difference is %.3g to %.3g", metric->title, a,
                        pair->low > 0 ? "higher" : "lower", b, pair->low * unit, pair->high * unit);
}

int results_note_ends(struct report *report, struct arena *arena, struct error *err)
{
    size_t count = 0;
    if (!report->ends)
        return 0;
    while (report->remarks && report->remarks[count])
        count++;
    const char **remarks = arena_alloc(arena, count + (size_t)report->backbone_count + 1, sizeof *remarks);
    if (!remarks)
        return error_memory(err, "the remarks");
    for (size_t i = 0; i < count; i++)
        remarks[i] = report->remarks[i];
    for (int b = 0; b < report->backbone_count; b++) {
        const struct report_ends *ends = &report->ends[b];
        const char *counts = counts_text(report, ends->methods, arena);
        const char *pair = ends->pair ? pair_text(report, ends, arena) : "";
        remarks[count] = counts && pair ? arena_format(arena, "%s: images by the rule dataset.until: %s of %d%s",
                                                       report->backbones[b].title, counts, report->image_count, pair)
                                        : NULL;
        if (!remarks[count++])
            return error_memory(err, "the remarks");
    }
    report->remarks = remarks;
    return 0;
}
