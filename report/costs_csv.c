/*
 * report/costs_csv.c - costs.csv: seconds and passes of a map, and the time that the run has spent.
 *
 * A row of a method has the time that making its maps took. Rows without a method, at the end, have the time of the
 * other activities; they are left out if the times are not known.
 */
#include "report/csv.h"

#include "base/file.h"
#include "report/stats.h"

#include <math.h>
#include <stdio.h>

#define COST_COLUMNS \
    "backbone,method,n,seconds_median,seconds_mean,seconds_q1,seconds_q3,full_passes,tail_passes,backward_passes," \
    "activity,total_seconds,wall_seconds\n"

static const struct report_spent *find_spent(const struct report *report, int b, int m)
{
    for (int i = 0; i < report->spent_count; i++)
        if (report->spent[i].backbone == b && report->spent[i].method == m)
            return &report->spent[i];
    return NULL;
}

static void put_map(FILE *stream, const struct report *report, int b, int m, double *scratch)
{
    const struct cost_summary cost = cost_summary(report, b, m, scratch);
    const struct report_spent *spent = find_spent(report, b, m);
    const double numbers[] = {cost.median, cost.mean, cost.low, cost.high, cost.full, cost.tail, cost.backward};
    csv_texts(stream, 2, (const char *[]){report->backbones[b].name, report->methods[m].name});
    fprintf(stream, "%d,", cost.n);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        csv_number(stream, numbers[i]);
        putc(',', stream);
    }
    fputs("method,", stream);
    csv_numbers(stream, 2, (const double[]){spent ? spent->seconds : NAN, spent ? spent->wall : NAN});
}

static void put_activity(FILE *stream, const struct report *report, const struct report_spent *spent)
{
    csv_texts(stream, 1, (const char *[]){spent->backbone < 0 ? "" : report->backbones[spent->backbone].name});
    fprintf(stream, ",,,,,,,,,%s,", spent->activity);
    csv_numbers(stream, 2, (const double[]){spent->seconds, spent->wall});
}

static void put_rows(FILE *stream, const struct report *report, double *scratch)
{
    fputs(COST_COLUMNS, stream);
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++)
            put_map(stream, report, b, m, scratch);
    for (int i = 0; i < report->spent_count; i++)
        if (report->spent[i].method < 0)
            put_activity(stream, report, &report->spent[i]);
}

int report_costs_csv(const struct report *report, double *scratch, struct error *err)
{
    struct file_writer writer;
    char path[PATH_MAX];
    if (file_join(path, report->folder, "costs.csv", err) || file_create(&writer, path, err))
        return -1;
    put_rows(writer.stream, report, scratch);
    return file_commit(&writer, err);
}
