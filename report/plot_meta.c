/*
 * report/plot_meta.c - the meta-evaluation as a figure: a panel per backbone, a row per metric in order of falling tau,
 * and a point with its interval for each of both forms; controls are left out.
 */
#include "report/escape.h"
#include "report/meta.h"
#include "report/plot.h"

/* Pixels. */
enum { ROW = 30, PANEL = 400, HEAD = 34, BOTTOM = 56, RIGHT = 24, CAPTION = 44, COLUMNS_MAX = 2 };

static const struct form {
    const char *title;
    unsigned color;
    int point;    /* gnuplot's pointtype */
    double shift; /* from the middle of the row, upwards */
} forms[META_FORMS] = {{"over methods", 0x0072b2, 7, 0.14}, {"per image (mean)", 0xd55e00, 5, -0.14}};

struct panels {
    const struct plot *plot;
    int *order; /* (metrics), of one backbone */
    int metric_count, columns, rows, left;
};

static const struct meta_cell *cell_of(const struct panels *panels, int b, int k, int form)
{
    return meta_cell_at(panels->plot->report, panels->plot->meta, b, panels->plot->protocol, k, (enum meta_form)form,
                        false);
}

static bool is_drawn(const struct panels *panels, int b, int k, int form)
{
    return meta_has_row(panels->plot->report, k, (enum meta_form)form) && isfinite(cell_of(panels, b, k, form)->tau);
}

/* Fills panels->order for a backbone. */
static void sort_metrics(const struct panels *panels, int b)
{
    meta_order(panels->plot->report, panels->plot->meta, b, panels->plot->protocol, panels->order);
}

static int figure_width(const struct panels *panels)
{
    return panels->columns * (panels->left + PANEL + RIGHT);
}

static int panel_height(const struct panels *panels)
{
    return panels->metric_count * ROW;
}

static int figure_height(const struct panels *panels)
{
    return PLOT_TOP + panels->rows * (HEAD + panel_height(panels) + BOTTOM) + CAPTION;
}

static void write_data(FILE *stream, const void *context)
{
    const struct panels *panels = context;
    fputs("# position tau ci_low ci_high; a block per backbone and form\n", stream);
    for (int b = 0; b < panels->plot->report->backbone_count; b++)
        for (int form = 0; form < META_FORMS; form++) {
            bool is_empty = true;
            fputs(b || form ? "\n\n" : "", stream);
            sort_metrics(panels, b);
            for (int i = 0; i < panels->metric_count; i++) {
                const struct meta_cell *cell = cell_of(panels, b, panels->order[i], form);
                if (!is_drawn(panels, b, panels->order[i], form))
                    continue;
                fprintf(stream, "%.6f %.9g %.9g %.9g\n", forms[form].shift - i, cell->tau, cell->ci_low, cell->ci_high);
                is_empty = false;
            }
            if (is_empty)
                fputs("NaN NaN NaN NaN\n", stream);
        }
}

/* Metric names are written as labels, because gnuplot takes names of ticks for printf formats. */
static void write_names(FILE *stream, const struct panels *panels, int b)
{
    sort_metrics(panels, b);
    for (int i = 0; i < panels->metric_count; i++) {
        const struct report_metric *metric = &panels->plot->report->metrics[panels->order[i]];
        fputs("set label ", stream);
        escape_gnuplot(stream, metric->title, PLOT_TITLE_COLUMNS);
        fprintf(stream, " at graph -0.02, first %d right textcolor rgb '#%06x' noenhanced\n", -i,
                metric->is_truth ? 0x909090u : 0x202020u);
    }
}

static void write_panel(FILE *stream, const char *file, const struct panels *panels, int b)
{
    const struct report_backbone *backbone = &panels->plot->report->backbones[b];
    const double width = figure_width(panels), height = figure_height(panels);
    const int x0 = b % panels->columns * (panels->left + PANEL + RIGHT) + panels->left;
    const int y0 = CAPTION + BOTTOM + (panels->rows - 1 - b / panels->columns) * (HEAD + panel_height(panels) + BOTTOM);
    char title[256];
    fprintf(stream, "set lmargin at screen %.6f\nset rmargin at screen %.6f\n", x0 / width, (x0 + PANEL) / width);
    fprintf(stream, "set bmargin at screen %.6f\nset tmargin at screen %.6f\n", y0 / height,
            (y0 + panel_height(panels)) / height);
    snprintf(title, sizeof title, "%.120s (%.120s)", backbone->title, backbone->layer);
    fputs("set label ", stream);
    escape_gnuplot(stream, title, 48);
    fprintf(stream, " at screen %.6f, screen %.6f center noenhanced\n", (x0 + PANEL / 2.0) / width,
            (y0 + panel_height(panels) + 12) / height);
    write_names(stream, panels, b);
    const char *comma = "plot ";
    for (int form = 0; form < META_FORMS; form++) {
        fprintf(
            stream,
            "%s'%s' index %d using 2:1:3:4 with xerrorbars pointtype 0 linewidth 1.2 linecolor rgb '#%06x' notitle, "
            "\\\n    '' index %d using 2:1 with points pointtype %d pointsize 0.7 linecolor rgb '#%06x' title '%s'",
            comma, file, b * META_FORMS + form, forms[form].color, b * META_FORMS + form, forms[form].point,
            forms[form].color, forms[form].title);
        comma = ", \\\n    ";
    }
    fputs("\nunset label\nunset key\n", stream);
}

static void write_axes(FILE *stream, const struct panels *panels)
{
    fprintf(stream,
            "set xrange [-1:1]\nset yrange [%.6f:0.5]\nset xtics -1, 0.5, 1 nomirror textcolor rgb '#202020'\n"
            "unset ytics\nset border 1 linecolor rgb '#808080'\nset grid xtics linecolor rgb '#e4e4e4' linetype 1\n"
            "set arrow from 0, graph 0 to 0, graph 1 nohead back linecolor rgb '#707070' linewidth 1.2\n"
            "set xlabel 'Kendall’s tau%s; 1: the same ranking' noenhanced\n",
            0.5 - panels->metric_count, panels->plot->report->bootstrap > 0 ? ", 95 % bootstrap interval" : "");
}

static bool has_other_truth(const struct report *report)
{
    for (int k = 0; k < report->metric_count; k++)
        if (report->metrics[k].is_truth && meta_has_row(report, k, META_OVER_METHODS))
            return true;
    return false;
}

static void write_commands(FILE *stream, const char *file, const void *context)
{
    const struct panels *panels = context;
    const struct report *report = panels->plot->report;
    const double height = figure_height(panels);
    const int truth = meta_truth(report);
    char subject[256];
    snprintf(subject, sizeof subject, "Agreement with %.80s", report->metrics[truth].title);
    fputs("set multiplot\n", stream);
    plot_title(stream, panels->plot, subject, &truth, 1, figure_height(panels));
    fprintf(stream,
            "set label 'controls left out%s' at screen 0.5, screen %.6f center textcolor rgb '#707070' noenhanced\n",
            has_other_truth(report) ? "; grey: other metrics that use the annotation" : "", 12 / height);
    fprintf(stream, "set key at screen 0.5, screen %.6f center center horizontal samplen 2 noenhanced\n", 32 / height);
    write_axes(stream, panels);
    for (int b = 0; b < report->backbone_count; b++)
        write_panel(stream, file, panels, b);
    fputs("unset multiplot\n", stream);
}

static bool has_numbers(const struct panels *panels)
{
    const struct report *report = panels->plot->report;
    for (int b = 0; b < report->backbone_count; b++)
        for (int k = 0; k < report->metric_count; k++)
            for (int form = 0; form < META_FORMS; form++)
                if (is_drawn(panels, b, k, form))
                    return true;
    return false;
}

static void measure(struct panels *panels)
{
    const struct report *report = panels->plot->report;
    int names = 6;
    for (int k = 0; k < report->metric_count; k++) {
        const int columns = escape_gnuplot(NULL, report->metrics[k].title, PLOT_TITLE_COLUMNS);
        panels->metric_count += meta_has_row(report, k, META_OVER_METHODS);
        names = columns > names ? columns : names;
    }
    panels->left = 24 + figure_text_width(names);
    panels->columns = report->backbone_count < COLUMNS_MAX ? report->backbone_count : COLUMNS_MAX;
    panels->rows = (report->backbone_count + panels->columns - 1) / panels->columns;
}

int plot_meta(const struct plot *plot, struct error *err)
{
    struct panels panels = {.plot = plot};
    struct arena arena;
    char name[160];
    int status = 0;
    arena_init(&arena, 0);
    panels.order = arena_alloc(&arena, (size_t)plot->report->metric_count + 1, sizeof *panels.order);
    if (!panels.order) {
        status = error_memory(err, "a plot");
    } else if (has_numbers(&panels)) {
        measure(&panels);
        snprintf(name, sizeof name, "meta%.90s", plot->suffix);
        const struct figure figure = {name,       figure_width(&panels), figure_height(&panels), &panels,
                                      write_data, write_commands};
        status = plot_figure(plot, &figure, err);
    }
    arena_release(&arena);
    return status;
}
