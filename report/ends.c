/* report/ends.c - until.csv: how many images a rule took, and the interval by which it decided. */
#include "report/csv.h"
#include "report/stats.h"

#include "base/file.h"

#include <stdio.h>

static const char *const reasons[REPORT_END_REASONS] = {[REPORT_NOT_ENDED] = "not ended",
                                                        [REPORT_END_WIDTH] = "half_width",
                                                        [REPORT_END_DECIDED] = "decided",
                                                        [REPORT_END_LEAST] = "min_images",
                                                        [REPORT_END_ALL] = "all images"};

/* `other` is empty for the mean of one method. */
static void put_end(FILE *stream, const struct report *report, int backbone, const char *method, const char *other,
                    const struct report_end *end)
{
    const struct report_metric *metric = &report->metrics[report->ends[backbone].metric];
    char images[16];
    snprintf(images, sizeof images, "%d", end->images);
    csv_texts(stream, 6,
              (const char *const[]){report->backbones[backbone].name, method, other, images, reasons[end->reason],
                                    metric->name});
    csv_numbers(stream, 2, (const double[]){shown_value(metric, end->low), shown_value(metric, end->high)});
}

int report_ends_csv(const struct report *report, struct error *err)
{
    struct file_writer file;
    char path[PATH_MAX];
    if (!report->ends)
        return 0;
    if (file_join(path, report->folder, "until.csv", err) || file_create(&file, path, err))
        return -1;
    fputs("backbone,method,minus,images,ended_by,metric,ci_low,ci_high\n", file.stream);
    for (int b = 0; b < report->backbone_count; b++) {
        const struct report_ends *ends = &report->ends[b];
        for (int m = 0; m < report->method_count; m++)
            put_end(file.stream, report, b, report->methods[m].name, "", &ends->methods[m]);
        if (ends->pair)
            put_end(file.stream, report, b, report->methods[ends->pair_methods[0]].name,
                    report->methods[ends->pair_methods[1]].name, ends->pair);
    }
    return file_commit(&file, err);
}
