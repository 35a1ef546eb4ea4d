/* report/completeness.c - describes counts of images in words; limits a report to the images that methods share. */
#include "report/completeness.h"

#include <string.h>

const struct report_progress *progress_of(const struct report *report, int backbone)
{
    return report->progress ? &report->progress[backbone] : NULL;
}

bool is_incomplete(const struct report *report, int backbone)
{
    const struct report_progress *progress = progress_of(report, backbone);
    for (int m = 0; progress && m < report->method_count; m++)
        if (progress->measured[m] < progress->wanted)
            return true;
    return false;
}

bool is_incomplete_anywhere(const struct report *report)
{
    bool is_any = false;
    for (int b = 0; b < report->backbone_count && !is_any; b++)
        is_any = is_incomplete(report, b);
    return is_any;
}

/* -- counting ------------------------------------------------------------------------------------------------------ */

static bool has_item(const struct report *report, const uint8_t *has, int b, int m, int image)
{
    return has[((size_t)b * (size_t)report->method_count + (size_t)m) * (size_t)report->image_count + (size_t)image];
}

static bool has_any(const struct report *report, const uint8_t *has, int b, int m)
{
    bool is_any = false;
    for (int image = 0; image < report->image_count && !is_any; image++)
        is_any = has_item(report, has, b, m, image);
    return is_any;
}

/* An image counts as unreadable only if a method has not measured it: earlier runs may have been able to read it. */
static void count_image(const struct report *report, const uint8_t *has, const uint8_t *is_unreadable, int b, int image,
                        const bool *counts, struct report_progress *progress, uint8_t *shared)
{
    bool is_whole = true, is_shared = false;
    for (int m = 0; m < report->method_count; m++)
        is_whole = is_whole && has_item(report, has, b, m, image);
    if (is_unreadable[image] && !is_whole) {
        progress->unreadable++;
        return;
    }
    progress->wanted++;
    for (int m = 0; m < report->method_count; m++) {
        progress->measured[m] += has_item(report, has, b, m, image);
        is_shared = is_shared || counts[m];
    }
    for (int m = 0; m < report->method_count; m++)
        is_shared = is_shared && (!counts[m] || has_item(report, has, b, m, image));
    *shared = is_shared;
    progress->shared += is_shared;
}

int report_count_progress(struct report *report, const uint8_t *has, const uint8_t *is_unreadable, struct arena *arena,
                          struct error *err)
{
    const size_t images = (size_t)report->image_count, methods = (size_t)report->method_count;
    struct report_progress *rows = arena_alloc(arena, (size_t)report->backbone_count + 1, sizeof *rows);
    uint8_t *shared = arena_alloc(arena, (size_t)report->backbone_count, images);
    int *measured = arena_alloc(arena, (size_t)report->backbone_count, methods * sizeof *measured);
    bool *counts = arena_alloc(arena, methods + 1, sizeof *counts);
    if (!rows || !shared || !measured || !counts)
        return error_memory(err, "the progress of the run");
    for (int b = 0; b < report->backbone_count; b++) {
        rows[b].measured = measured + (size_t)b * methods;
        for (int m = 0; m < report->method_count; m++) {
            counts[m] = has_any(report, has, b, m);
            rows[b].without += !counts[m];
        }
        for (int i = 0; i < report->image_count; i++)
            count_image(report, has, is_unreadable, b, i, counts, &rows[b], &shared[(size_t)b * images + (size_t)i]);
    }
    report->progress = rows;
    report->shared = shared;
    for (int b = 0; b < report->backbone_count; b++)
        if (!is_incomplete(report, b))
            memset(shared + (size_t)b * images, 1, images);
    return 0;
}

/* -- comparable values ------------------------------------------------------------------------------------------- */

/* The counts of incomplete backbones, on shared images alone. */
static int compare_counts(const struct report *report, struct arena *arena, struct report *out, struct error *err)
{
    const size_t cells = report_curve_index(report, report->backbone_count, 0, 0, 0);
    const size_t images = (size_t)report->image_count, of_backbone = report_curve_index(report, 1, 0, 0, 0);
    const struct report_counts **rows = arena_alloc(arena, cells + 1, sizeof *rows);
    if (!rows)
        return error_memory(err, "the counts of the report");
    for (size_t i = 0; report->counts && i < cells; i++) {
        const int b = (int)(i / of_backbone);
        rows[i] = report->counts[i];
        if (!rows[i] || !is_incomplete(report, b))
            continue;
        struct report_counts *row = arena_alloc(arena, images + 1, sizeof *row);
        if (!row)
            return error_memory(err, "the counts of the report");
        for (size_t image = 0; image < images; image++)
            if (report->shared[(size_t)b * images + image])
                row[image] = report->counts[i][image];
        rows[i] = row;
    }
    out->counts = rows;
    return 0;
}

int report_compared(const struct report *report, struct arena *arena, struct report *out, struct error *err)
{
    *out = *report;
    if (!is_incomplete_anywhere(report))
        return 0;
    const size_t count = report_index(report, report->backbone_count, 0, 0, 0, 0);
    const size_t images = (size_t)report->image_count;
    const size_t rows = count && images ? count / images : 0;
    uint8_t *states = arena_alloc(arena, count + 1, 1);
    if (!states)
        return error_memory(err, "the values of the report");
    for (size_t row = 0; row < rows; row++) {
        const int b = (int)(row / (rows / (size_t)report->backbone_count));
        const uint8_t *shared = report->shared + (size_t)b * images;
        const bool keeps_all = !is_incomplete(report, b);
        for (size_t i = 0; i < images; i++)
            states[row * images + i] = keeps_all || shared[i] ? report->states[row * images + i] : REPORT_ABSENT;
    }
    out->states = states;
    return compare_counts(report, arena, out, err);
}

/* -- texts --------------------------------------------------------------------------------------------------------- */

const char *incomplete_text(const struct report *report, int backbone, char text[COMPLETENESS_MAX])
{
    const struct report_progress *progress = progress_of(report, backbone);
    text[0] = 0;
    if (!is_incomplete(report, backbone))
        return text;
    const int have = report->method_count - progress->without;
    if (have == 0)
        snprintf(text, COMPLETENESS_MAX, "incomplete: 0 of %d images", progress->wanted);
    else if (have == 1)
        snprintf(text, COMPLETENESS_MAX, "incomplete: %d of %d images, of one method alone", progress->shared,
                 progress->wanted);
    else if (progress->without)
        snprintf(text, COMPLETENESS_MAX,
                 "incomplete: means over the %d of %d images that %d of %d methods share; the others have none",
                 progress->shared, progress->wanted, have, report->method_count);
    else
        snprintf(text, COMPLETENESS_MAX, "incomplete: means over the %d of %d images that all methods share",
                 progress->shared, progress->wanted);
    return text;
}

const char *unreadable_text(const struct report *report, int backbone, char text[COMPLETENESS_MAX])
{
    const struct report_progress *progress = progress_of(report, backbone);
    text[0] = 0;
    if (progress && progress->unreadable)
        snprintf(text, COMPLETENESS_MAX, "%d of %d images could not be read", progress->unreadable,
                 progress->unreadable + progress->wanted);
    return text;
}

const char *measured_text_of(const struct report *report, int backbone, int method, const char *between,
                             char text[COMPLETENESS_MAX])
{
    const struct report_progress *progress = progress_of(report, backbone);
    snprintf(text, COMPLETENESS_MAX, "%d%s%d", progress->measured[method], between, progress->wanted);
    return text;
}

void remarks_list(const struct report *report, FILE *stream, const char *before, const char *after,
                  int (*escape)(FILE *, const char *))
{
    for (int i = 0; report->remarks && report->remarks[i]; i++) {
        fputs(before, stream);
        escape(stream, report->remarks[i]);
        fputs(after, stream);
    }
}

void completeness_list(const struct report *report, FILE *stream, const char *before, const char *after,
                       int (*escape)(FILE *, const char *))
{
    char text[COMPLETENESS_MAX];
    for (int b = 0; b < report->backbone_count; b++) {
        if (!is_incomplete(report, b))
            continue;
        fputs(before, stream);
        escape(stream, report->backbones[b].title);
        fprintf(stream, " is %s%s", incomplete_text(report, b, text), after);
    }
    remarks_list(report, stream, before, after, escape);
}
