/* report/undefined.c - lists undefined values, in one entry for all methods with the same counts. */
#include "report/undefined.h"

#include "report/stats.h"

struct undefined_list {
    const struct report *report;
    const struct cell *cells;
    int backbone, protocol;
    FILE *stream;
    const struct undefined_style *style;
};

static const struct cell *cell_of(const struct undefined_list *list, int method, int metric)
{
    return cell_at(list->report, list->cells, list->backbone, method, list->protocol, metric);
}

static bool is_alike(const struct undefined_list *list, int a, int b, int metric)
{
    const struct cell *one = cell_of(list, a, metric), *other = cell_of(list, b, metric);
    return one->undefined == other->undefined && one->n == other->n;
}

/* Writes the entry of all methods with the same counts as method `first`. */
static void put_entry(const struct undefined_list *list, int first, int metric)
{
    const struct report *report = list->report;
    const struct cell *cell = cell_of(list, first, metric);
    int alike = 0, named = 0;
    for (int m = 0; m < report->method_count; m++)
        alike += is_alike(list, m, first, metric);
    list->style->escape(list->stream, report->metrics[metric].title);
    for (int m = 0; m < report->method_count && alike < report->method_count; m++)
        if (is_alike(list, m, first, metric)) {
            fputs(named++ ? ", " : " (", list->stream);
            list->style->escape(list->stream, report->methods[m].title);
        }
    fprintf(list->stream, "%s: %d of %d", named ? ")" : "", cell->undefined, cell->undefined + cell->n);
}

int undefined_list(const struct report *report, const struct cell *cells, int backbone, int protocol, FILE *stream,
                   const struct undefined_style *style)
{
    const struct undefined_list list = {report, cells, backbone, protocol, stream, style};
    int entries = 0;
    for (int k = 0; k < report->metric_count; k++)
        for (int m = 0; m < report->method_count && !report->metrics[k].is_cost; m++) {
            int before = 0;
            while (before < m && !is_alike(&list, before, m, k))
                before++;
            if (before < m || cell_of(&list, m, k)->undefined == 0)
                continue;
            if (stream) {
                fprintf(stream, "%s%s", entries ? style->between : "", style->before);
                put_entry(&list, m, k);
                fputs(style->after, stream);
            }
            entries++;
        }
    return entries;
}
