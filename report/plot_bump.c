/*
 * report/plot_bump.c - bump charts: for each metric a panel per backbone, a column per protocol, and for each method a
 * line through its positions in the rankings. Controls are left out. Tied methods have neighbouring positions.
 */
#include "base/file.h"
#include "report/escape.h"
#include "report/plot.h"
#include "report/sensitivity.h"

#include <math.h>
#include <string.h>

/* Pixels. */
enum { ROW = 26, COLUMN = 170, HEAD = 34, BOTTOM = 44, GAP = 24, CAPTION = 26, COLUMNS_MAX = 2, POINTS = 5 };

struct bump {
    const struct plot *plot;
    const struct sensitivity *sensitivity;
    int metric, methods; /* methods: the largest number of ranked ones */
    int columns, rows, name_width;
};

static double rank_at(const struct bump *bump, int b, int p, int m)
{
    return sensitivity_rank_at(bump->plot->report, bump->sensitivity, b, bump->metric, p, m)->rank;
}

/* The position of a method, 1 at the top; 0: it has no rank. */
static int position(const struct bump *bump, int b, int p, int m)
{
    const double rank = rank_at(bump, b, p, m);
    int at = 1;
    if (!isfinite(rank))
        return 0;
    for (int other = 0; other < bump->plot->report->method_count; other++) {
        const double others = rank_at(bump, b, p, other);
        at += isfinite(others) && (others < rank || (others == rank && other < m));
    }
    return at;
}

static int panel_width(const struct bump *bump)
{
    return (bump->plot->report->protocol_count - 1) * COLUMN;
}

static int panel_height(const struct bump *bump)
{
    return bump->methods * ROW;
}

static int figure_width(const struct bump *bump)
{
    return GAP + bump->columns * (panel_width(bump) + 2 * bump->name_width + GAP);
}

static int figure_height(const struct bump *bump)
{
    return PLOT_TOP + bump->rows * (HEAD + panel_height(bump) + BOTTOM) + CAPTION;
}

static void write_data(FILE *stream, const void *context)
{
    const struct bump *bump = context;
    const struct report *report = bump->plot->report;
    fputs("# protocol position; a block per backbone and method\n", stream);
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++) {
            fputs(b || m ? "\n\n" : "", stream);
            for (int p = 0; p < report->protocol_count; p++) {
                const int at = position(bump, b, p, m);
                if (at)
                    fprintf(stream, "%d %d\n", p + 1, at);
                else
                    fprintf(stream, "%d NaN\n", p + 1);
            }
        }
}

/* Writes the names of the methods beside the first and the last protocol, with their ranks. */
static void write_names(FILE *stream, const struct bump *bump, int b, int p, const char *place, const char *align)
{
    const struct report *report = bump->plot->report;
    for (int m = 0; m < report->method_count; m++) {
        const int at = position(bump, b, p, m);
        char text[256];
        if (!at)
            continue;
        snprintf(text, sizeof text, p ? "%g  %s" : "%2$s  %1$g", rank_at(bump, b, p, m), report->methods[m].title);
        fputs("set label ", stream);
        escape_gnuplot(stream, text, PLOT_TITLE_COLUMNS + 5);
        fprintf(stream, " at graph %s, first %d %s textcolor rgb '#202020' noenhanced\n", place, at, align);
    }
}

/* Names of protocols are labels, because gnuplot takes names of ticks for printf formats. */
static void write_protocols(FILE *stream, const struct bump *bump)
{
    const struct report *report = bump->plot->report;
    for (int p = 0; p < report->protocol_count; p++) {
        fputs("set label ", stream);
        escape_gnuplot(stream, report->protocols[p].name, 22);
        fprintf(stream, " at first %d, graph 0 offset 0,-0.9 center textcolor rgb '#202020' noenhanced\n", p + 1);
    }
}

static void write_panel(FILE *stream, const char *file, const struct bump *bump, int b)
{
    const struct report *report = bump->plot->report;
    const struct report_backbone *backbone = &report->backbones[b];
    const double width = figure_width(bump), height = figure_height(bump);
    const int stride = panel_width(bump) + 2 * bump->name_width + GAP;
    const int x0 = GAP + b % bump->columns * stride + bump->name_width;
    const int y0 = CAPTION + BOTTOM + (bump->rows - 1 - b / bump->columns) * (HEAD + panel_height(bump) + BOTTOM);
    char title[256];
    fprintf(stream, "set lmargin at screen %.6f\nset rmargin at screen %.6f\n", x0 / width,
            (x0 + panel_width(bump)) / width);
    fprintf(stream, "set bmargin at screen %.6f\nset tmargin at screen %.6f\n", y0 / height,
            (y0 + panel_height(bump)) / height);
    snprintf(title, sizeof title, "%.120s (%.120s)", backbone->title, backbone->layer);
    fputs("set label ", stream);
    escape_gnuplot(stream, title, 48);
    fprintf(stream, " at screen %.6f, screen %.6f center noenhanced\n", (x0 + panel_width(bump) / 2.0) / width,
            (y0 + panel_height(bump) + 12) / height);
    write_names(stream, bump, b, 0, "-0.02", "right");
    write_names(stream, bump, b, report->protocol_count - 1, "1.02", "left");
    write_protocols(stream, bump);
    const char *comma = "plot ";
    for (int m = 0; m < report->method_count; m++) {
        static const int points[POINTS] = {7, 5, 9, 13, 11}; /* gnuplot's filled shapes */
        if (report->methods[m].is_control)
            continue;
        fprintf(stream,
                "%s'%s' index %d using 1:2 with linespoints linewidth 2.2 pointtype %d pointsize 1.1 "
                "linecolor rgb '#%06x' notitle",
                comma, file, b * report->method_count + m, points[m % POINTS], plot_color(m));
        comma = ", \\\n    ";
    }
    fputs("\nunset label\n", stream);
}

static void write_commands(FILE *stream, const char *file, const void *context)
{
    const struct bump *bump = context;
    const struct report *report = bump->plot->report;
    char text[512];
    fputs("set multiplot\nset label ", stream);
    snprintf(text, sizeof text, "%.80s: rank by %.80s under each protocol", report->name,
             report->metrics[bump->metric].title);
    escape_gnuplot(stream, text, 90);
    fprintf(stream, " at screen 0.5, screen %.6f center noenhanced\n", 1 - 18.0 / figure_height(bump));
    fprintf(stream,
            "set label '1: the best mean; controls left out' at screen 0.5, screen %.6f center "
            "textcolor rgb '#707070' noenhanced\n",
            12.0 / figure_height(bump));
    fprintf(
        stream,
        "set xrange [1:%d]\nset yrange [%.1f:0.5]\nunset xtics\nunset ytics\nunset border\nunset key\nset clip two\n",
        report->protocol_count, bump->methods + 0.5);
    for (int p = 0; p < report->protocol_count; p++)
        fprintf(stream, "set arrow from %d, graph 0 to %d, graph 1 nohead back linecolor rgb '#d8d8d8'\n", p + 1,
                p + 1);
    for (int b = 0; b < report->backbone_count; b++)
        write_panel(stream, file, bump, b);
    fputs("unset multiplot\n", stream);
}

static void measure(struct bump *bump)
{
    const struct report *report = bump->plot->report;
    int names = 6;
    for (int m = 0; m < report->method_count; m++) {
        const int columns = escape_gnuplot(NULL, report->methods[m].title, PLOT_TITLE_COLUMNS);
        names = !report->methods[m].is_control && columns > names ? columns : names;
        bump->methods += !report->methods[m].is_control;
    }
    bump->name_width = 16 + figure_text_width(names + 5);
    bump->columns = report->backbone_count < COLUMNS_MAX ? report->backbone_count : COLUMNS_MAX;
    bump->rows = (report->backbone_count + bump->columns - 1) / bump->columns;
}

static bool has_numbers(const struct bump *bump)
{
    for (int b = 0; b < bump->plot->report->backbone_count; b++)
        if (sensitivity_has_ranks(bump->plot->report, bump->sensitivity, b, bump->metric))
            return true;
    return false;
}

static int list_plots(const struct plot *plot, const struct sensitivity *sensitivity, struct error *err)
{
    for (int k = 0; k < plot->report->metric_count; k++) {
        struct bump bump = {.plot = plot, .sensitivity = sensitivity, .metric = k};
        char metric[64], name[80];
        if (!has_numbers(&bump))
            continue;
        measure(&bump);
        snprintf(name, sizeof name, "bump_%s", escape_file_name(plot->report->metrics[k].name, metric, sizeof metric));
        const struct figure figure = {name,  figure_width(&bump), figure_height(&bump),
                                      &bump, write_data,          write_commands};
        if (plot_figure(plot, &figure, err))
            return -1;
    }
    return 0;
}

int report_sensitivity_plots(const struct report *report, const struct sensitivity *sensitivity, struct error *warning,
                             struct error *err)
{
    struct figure_list list = {0};
    char folder[PATH_MAX];
    if (file_make_inside(folder, report->folder, "plots", err))
        return -1;
    const struct plot plot = {
        .report = report, .cells = sensitivity->cells, .suffix = "", .folder = folder, .list = &list};
    const int status = status_of(list_plots(&plot, sensitivity, err) || figure_list_draw(&list, report, warning, err));
    figure_list_free(&list);
    return status;
}
