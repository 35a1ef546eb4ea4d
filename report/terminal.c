/*
 * report/terminal.c - the table at the end of a run: per protocol and backbone, as wide as the terminal.
 *
 * Columns that do not fit are printed below, with the methods' names repeated, so that none is lost in a narrow window.
 */
#include "report/completeness.h"
#include "report/escape.h"
#include "report/pairs.h"
#include "report/stats.h"
#include "report/undefined.h"

#include <math.h>
#include <string.h>

#define HEAD_MAX 48
#define GAP 2

/* A column: two lines of head, and the number that it shows of a method. */
struct column {
    char head[2][HEAD_MAX];
    int width, metric; /* metric COLUMN_SECONDS, COLUMN_PASSES: from the costs; COLUMN_IMAGES: measured images */
    bool has_ties;     /* some method cannot be told from the best one */
};

enum { COLUMN_SECONDS = -1, COLUMN_PASSES = -2, COLUMN_IMAGES = -3 };

struct view {
    const struct report *report;
    const struct cell *cells;
    FILE *stream;
    bool has_color;
    int backbone, protocol, method_width;
    struct cost_summary *costs; /* [method], of the backbone */
};

static int text_columns(const char *text)
{
    return escape_terminal(NULL, text, 0);
}

/* "Average" over "Drop ↓ %": broken at the last space of the title if it is long. */
static void column_head(struct column *column, const struct report_metric *metric)
{
    const char *space = strrchr(metric->title, ' ');
    const bool is_broken = space && text_columns(metric->title) > 8 && space - metric->title < HEAD_MAX;
    snprintf(column->head[0], HEAD_MAX, "%.*s", is_broken ? (int)(space - metric->title) : 0, metric->title);
    snprintf(column->head[1], HEAD_MAX, "%.24s %s%s%.8s", is_broken ? space + 1 : metric->title,
             metric->higher_is_better ? "↑" : "↓", *metric->unit ? " " : "", metric->unit);
}

static bool is_tied(const struct view *view, int method, int metric)
{
    return is_tied_with_best(view->report, view->cells, view->backbone, method, view->protocol, metric);
}

static void column_text(const struct view *view, const struct column *column, int method, char text[64])
{
    const struct cost_summary *cost = &view->costs[method];
    char measured[COMPLETENESS_MAX];
    if (column->metric == COLUMN_IMAGES) {
        snprintf(text, 64, "%.63s", measured_text_of(view->report, view->backbone, method, "/", measured));
        return;
    }
    if (column->metric < 0) {
        const double value = column->metric == COLUMN_SECONDS ? cost->median : cost->full + cost->tail + cost->backward;
        snprintf(text, 64, isfinite(value) ? column->metric == COLUMN_SECONDS ? "%.4f" : "%.1f" : "–", value);
        return;
    }
    const struct report_metric *metric = &view->report->metrics[column->metric];
    const struct cell *cell =
        cell_at(view->report, view->cells, view->backbone, method, view->protocol, column->metric);
    const char *mark = cell->undefined ? "*" : " ", *tie = "";
    if (column->has_ties)
        tie = is_tied(view, method, column->metric) ? "†" : " ";
    if (cell->n)
        snprintf(text, 64, "%.*f%s%s", shown_decimals(metric), shown_value(metric, cell->mean), tie, mark);
    else
        snprintf(text, 64, "–%s%s", tie, mark);
}

static void column_fit(const struct view *view, struct column *column)
{
    char text[64];
    for (int i = 0; i < 2; i++) {
        const int width = text_columns(column->head[i]);
        column->width = width > column->width ? width : column->width;
    }
    for (int m = 0; m < view->report->method_count; m++) {
        column_text(view, column, m, text);
        const int width = text_columns(text);
        column->width = width > column->width ? width : column->width;
    }
}

static int columns_make(const struct view *view, struct column *columns)
{
    int count = 0;
    bool has_costs = false;
    if (is_incomplete(view->report, view->backbone))
        columns[count++] = (struct column){.head = {"", "images"}, .metric = COLUMN_IMAGES};
    for (int k = 0; k < view->report->metric_count; k++) {
        if (view->report->metrics[k].is_cost)
            continue;
        columns[count] = (struct column){.metric = k};
        for (int m = 0; m < view->report->method_count; m++)
            columns[count].has_ties |= is_tied(view, m, k);
        column_head(&columns[count++], &view->report->metrics[k]);
    }
    for (int m = 0; m < view->report->method_count; m++)
        has_costs |= view->costs[m].n > 0;
    if (has_costs) {
        columns[count++] = (struct column){.head = {"", "s/map"}, .metric = COLUMN_SECONDS};
        columns[count++] = (struct column){.head = {"", "passes"}, .metric = COLUMN_PASSES};
    }
    for (int i = 0; i < count; i++)
        column_fit(view, &columns[i]);
    return count;
}

static void put_padded(FILE *stream, const char *text, int width, bool is_right)
{
    const int columns = escape_terminal(NULL, text, width);
    fprintf(stream, "%*s", is_right ? width - columns : 0, "");
    escape_terminal(stream, text, width);
    fprintf(stream, "%*s", is_right ? 0 : width - columns, "");
}

static void put_head(const struct view *view, const struct column *columns, int count)
{
    bool is_needed = false;
    for (int i = 0; i < count; i++)
        is_needed |= columns[i].head[0][0] != 0;
    for (int line = is_needed ? 0 : 1; line < 2; line++) {
        put_padded(view->stream, line ? "Method" : "", view->method_width, false);
        for (int i = 0; i < count; i++) {
            fprintf(view->stream, "%*s", GAP, "");
            put_padded(view->stream, columns[i].head[line], columns[i].width, true);
        }
        putc('\n', view->stream);
    }
}

static void put_row(const struct view *view, const struct column *columns, int count, int method)
{
    const struct report_method *row = &view->report->methods[method];
    const char *dim = view->has_color && row->is_control ? "\033[2m" : "";
    fputs(dim, view->stream);
    put_padded(view->stream, row->title, view->method_width, false);
    for (int i = 0; i < count; i++) {
        char text[64];
        column_text(view, &columns[i], method, text);
        const bool is_bold =
            view->has_color && columns[i].metric >= 0 &&
            cell_is_best(view->report, view->cells, view->backbone, method, view->protocol, columns[i].metric);
        fprintf(view->stream, "%*s%s", GAP, "", is_bold ? "\033[1m" : "");
        put_padded(view->stream, text, columns[i].width, true);
        fputs(is_bold ? "\033[0m" : "", view->stream);
    }
    fprintf(view->stream, "%s\n", *dim ? "\033[0m" : "");
}

/* How many of the columns fit beside the methods: at least one. 0: no limit. */
static int fitting(const struct view *view, const struct column *columns, int count, int limit)
{
    int used = view->method_width, fit = 0;
    while (fit < count && (fit == 0 || limit <= 0 || used + GAP + columns[fit].width <= limit))
        used += GAP + columns[fit++].width;
    return fit;
}

static int escape_line(FILE *stream, const char *text)
{
    return escape_terminal(stream, text, 0);
}

static void put_undefined(const struct view *view)
{
    static const struct undefined_style style = {escape_line, "* ", "", " undefined\n"};
    undefined_list(view->report, view->cells, view->backbone, view->protocol, view->stream, &style);
}

/* Prints the methods some of whose maps were constant or compared with a constant map. */
static void put_noted(const struct view *view)
{
    const struct report *report = view->report;
    for (int m = 0; m < report->method_count; m++) {
        const struct cell *most = cell_at(report, view->cells, view->backbone, m, view->protocol, 0);
        for (int k = 1; k < report->metric_count; k++) {
            const struct cell *cell = cell_at(report, view->cells, view->backbone, m, view->protocol, k);
            most = cell->noted > most->noted ? cell : most;
        }
        if (most->noted == 0)
            continue;
        escape_terminal(view->stream, report->methods[m].title, 0);
        fprintf(view->stream, ": %d of %d maps constant, or compared with a constant one\n", most->noted, most->n);
    }
}

/* "ResNet-18 (layer4): top-1 77.67 %, top-5 93.00 % of 300 labelled images" */
static void put_title(const struct view *view)
{
    const struct report_backbone *backbone = &view->report->backbones[view->backbone];
    fputs(view->has_color ? "\033[1m" : "", view->stream);
    escape_terminal(view->stream, backbone->title, 0);
    fputs(view->has_color ? "\033[0m (" : " (", view->stream);
    escape_terminal(view->stream, backbone->layer, 0);
    fputs(")", view->stream);
    if (backbone->labelled > 0)
        fprintf(view->stream, ": top-1 %.2f %%, top-5 %.2f %% of %d labelled images",
                100.0 * backbone->top1 / backbone->labelled, 100.0 * backbone->top5 / backbone->labelled,
                backbone->labelled);
    putc('\n', view->stream);
}

/* Prints which images are missing. */
static void put_progress(const struct view *view)
{
    char text[COMPLETENESS_MAX];
    if (*incomplete_text(view->report, view->backbone, text))
        fprintf(view->stream, "%s\n", text);
    if (*unreadable_text(view->report, view->backbone, text))
        fprintf(view->stream, "%s\n", text);
}

static void put_table(const struct view *view, struct column *columns, int limit)
{
    put_title(view);
    put_progress(view);
    const int count = columns_make(view, columns);
    for (int first = 0, fit; first < count; first += fit) {
        fit = fitting(view, columns + first, count - first, limit);
        if (first)
            putc('\n', view->stream);
        put_head(view, columns + first, fit);
        for (int m = 0; m < view->report->method_count; m++)
            put_row(view, columns + first, fit, m);
    }
    bool has_ties = false;
    for (int i = 0; i < count; i++)
        has_ties |= columns[i].has_ties;
    if (has_ties) {
        fputs("† not distinguishable from the best (paired sign-flip test, Holm)", view->stream);
        untested_note(view->report, view->stream, escape_line);
        putc('\n', view->stream);
    }
    put_undefined(view);
    put_noted(view);
}

/* The width of the longest title, but at most 32 columns and a third of the terminal, which counts as 12 at least. */
static int method_width(const struct report *report, int limit)
{
    int width = 6, most = 32;
    if (limit > 0 && limit / 3 < most)
        most = limit / 3 > 12 ? limit / 3 : 12;
    for (int m = 0; m < report->method_count; m++) {
        const int columns = text_columns(report->methods[m].title);
        width = columns > width ? columns : width;
    }
    return width < most ? width : most;
}

/* Whether the name is the preset's and lists the changed keys, as that of a protocol without a label. */
static bool name_has_changes(const struct report_protocol *protocol)
{
    const size_t length = strlen(protocol->preset);
    return strncmp(protocol->name, protocol->preset, length) == 0 && protocol->name[length] == '+';
}

/* "protocol mine (cambench with class=label), "; nothing for the only protocol of a run, if it is a preset. */
static void put_protocol(const struct report *report, int p, FILE *stream)
{
    const struct report_protocol *protocol = &report->protocols[p];
    const bool is_changed = protocol->changes && !name_has_changes(protocol);
    if (report->protocol_count == 1 && !is_changed)
        return;
    fputs("protocol ", stream);
    escape_terminal(stream, protocol->name, 0);
    if (is_changed)
        protocol_changes(protocol, stream, " (", ")", escape_line);
    fputs(", ", stream);
}

int report_terminal(const struct report *report, const struct cell *cells, FILE *stream, int columns, bool color)
{
    struct view view = {report, cells, stream, color, 0, 0, method_width(report, columns), NULL};
    struct arena arena;
    arena_init(&arena, 0);
    double *scratch = arena_alloc(&arena, (size_t)report->image_count + 1, sizeof *scratch);
    struct column *column = arena_alloc(&arena, (size_t)report->metric_count + 3, sizeof *column);
    view.costs = arena_alloc(&arena, (size_t)report->method_count + 1, sizeof *view.costs);
    const bool is_ready = scratch && column && view.costs;
    for (view.protocol = 0; is_ready && view.protocol < report->protocol_count; view.protocol++)
        for (view.backbone = 0; view.backbone < report->backbone_count; view.backbone++) {
            if (view.backbone || view.protocol)
                putc('\n', stream);
            put_protocol(report, view.protocol, stream);
            for (int m = 0; m < report->method_count; m++)
                view.costs[m] = cost_summary(report, view.backbone, m, scratch);
            put_table(&view, column, columns);
        }
    remarks_list(report, stream, "\nnote: ", "\n", escape_line);
    arena_release(&arena);
    return is_ready ? 0 : -1;
}
