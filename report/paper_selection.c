/* report/paper_selection.c - finds the methods and metrics that a config names for the tables of a paper. */
#include "report/paper_selection.h"

#include <string.h>

int paper_select(const struct report *report, const struct report_paper *style, struct arena *arena,
                 struct paper_selection *out, struct error *err)
{
    *out =
        (struct paper_selection){.rows = arena_alloc(arena, (size_t)report->method_count + 1, sizeof *out->rows),
                                 .columns = arena_alloc(arena, (size_t)report->metric_count + 1, sizeof *out->columns)};
    if (!out->rows || !out->columns)
        return error_memory(err, "the tables of the report");
    for (int i = 0; i < style->row_count; i++)
        for (int m = 0; m < report->method_count; m++)
            if (strcmp(style->rows[i], report->methods[m].name) == 0 && out->row_count < report->method_count)
                out->rows[out->row_count++] = m;
    for (int i = 0; i < style->column_count; i++)
        for (int k = 0; k < report->metric_count; k++)
            if (strcmp(style->columns[i], report->metrics[k].name) == 0 && out->column_count < report->metric_count)
                out->columns[out->column_count++] = k;
    for (int m = 0; m < report->method_count && style->row_count == 0; m++)
        out->rows[out->row_count++] = m;
    for (int k = 0; k < report->metric_count && style->column_count == 0; k++)
        if (!report->metrics[k].is_cost)
            out->columns[out->column_count++] = k;
    return 0;
}

int paper_digits(const struct report *report, const struct report_paper *style, int metric)
{
    return style->digits >= 0 ? style->digits : shown_decimals(&report->metrics[metric]);
}
