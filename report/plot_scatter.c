/*
 * report/plot_scatter.c - methods as named points over two axes, a panel per backbone with the same axes.
 *
 * Names are placed here and not by gnuplot, so that they do not cover each other. Margins and ranges are fixed, which
 * makes the pixel position of each point known.
 */
#include "report/escape.h"
#include "report/labels.h"
#include "report/plot.h"

#include <math.h>

enum { PANEL_W = 460, PANEL_H = 340, LEFT = 72, RIGHT = 20, BOTTOM = 58, HEAD = 30, TEXT_H = 15, COLUMNS_MAX = 2 };

/* One axis: a metric's means, or seconds on a logarithmic scale. */
struct axis {
    int metric; /* -1: median seconds per map */
    double min, max;
};

struct point {
    double at[2]; /* coordinates on both axes; NAN: the method has none */
};

struct scatter {
    const struct plot *plot;
    struct axis axis[2];
    struct point *points; /* [backbone][method] */
    struct label *labels; /* [method], of one backbone */
    int *label_method;    /* [method] */
    int columns, rows;
};

static struct point *point_at(const struct scatter *scatter, int b, int m)
{
    return &scatter->points[(size_t)b * (size_t)scatter->plot->report->method_count + (size_t)m];
}

static bool is_drawn(const struct point *point)
{
    return isfinite(point->at[0]) && isfinite(point->at[1]);
}

static double coordinate(const struct scatter *scatter, const struct axis *axis, int b, int m, double *scratch)
{
    if (axis->metric >= 0) {
        const struct report_metric *metric = &scatter->plot->report->metrics[axis->metric];
        return shown_value(metric, plot_cell(scatter->plot, b, m, axis->metric)->mean);
    }
    const double seconds = cost_summary(scatter->plot->report, b, m, scratch).median;
    return seconds > 0 ? seconds : NAN;
}

/* Widens the range, so that no point lies on the frame; the axis of seconds spans at least one power of ten. */
static void axis_widen(struct axis *axis)
{
    if (axis->metric >= 0) {
        const double pad = axis->max > axis->min ? (axis->max - axis->min) * 0.1 : 1;
        axis->min -= pad;
        axis->max += pad;
        return;
    }
    const double middle = (log10(axis->min) + log10(axis->max)) / 2;
    const double half = fmax(0.55, (log10(axis->max) - log10(axis->min)) / 2 * 1.25);
    axis->min = pow(10, middle - half);
    axis->max = pow(10, middle + half);
}

/* Fills points and axes; false if no method has both numbers. */
static bool scatter_fill(struct scatter *scatter, double *scratch)
{
    const struct report *report = scatter->plot->report;
    bool has_points = false;
    for (int i = 0; i < 2; i++)
        scatter->axis[i].min = INFINITY, scatter->axis[i].max = -INFINITY;
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++) {
            struct point *point = point_at(scatter, b, m);
            for (int i = 0; i < 2; i++)
                point->at[i] = coordinate(scatter, &scatter->axis[i], b, m, scratch);
            for (int i = 0; i < 2 && is_drawn(point); i++) {
                scatter->axis[i].min = fmin(scatter->axis[i].min, point->at[i]);
                scatter->axis[i].max = fmax(scatter->axis[i].max, point->at[i]);
            }
            has_points |= is_drawn(point);
        }
    for (int i = 0; i < 2 && has_points; i++)
        axis_widen(&scatter->axis[i]);
    return has_points;
}

static double axis_pixel(const struct axis *axis, double value, double length)
{
    if (axis->metric >= 0)
        return (value - axis->min) / (axis->max - axis->min) * length;
    return log10(value / axis->min) / log10(axis->max / axis->min) * length;
}

static int figure_width(const struct scatter *scatter)
{
    return scatter->columns * (LEFT + PANEL_W + RIGHT);
}

static int figure_height(const struct scatter *scatter)
{
    return PLOT_TOP + scatter->rows * (HEAD + PANEL_H + BOTTOM);
}

static void write_data(FILE *stream, const void *context)
{
    const struct scatter *scatter = context;
    const struct report *report = scatter->plot->report;
    fputs("# x y colour; a block per backbone\n", stream);
    for (int b = 0; b < report->backbone_count; b++) {
        bool is_empty = true;
        fputs(b ? "\n\n" : "", stream);
        for (int m = 0; m < report->method_count; m++) {
            const struct point *point = point_at(scatter, b, m);
            if (is_drawn(point))
                fprintf(stream, "%.9g %.9g 0x%06x\n", point->at[0], point->at[1],
                        report->methods[m].is_control ? PLOT_CONTROL : plot_color(0));
            is_empty &= !is_drawn(point);
        }
        if (is_empty)
            fputs("NaN NaN 0\n", stream);
    }
}

/* Sets ticks at 1, 2 and 5 times the powers of ten; powers of ten alone may not occur in a narrow range. */
static void write_seconds_ticks(FILE *stream, const struct axis *axis)
{
    static const int steps[] = {1, 2, 5};
    const bool is_wide = axis->max / axis->min > 3000;
    const char *comma = "";
    fputs("set logscale x\nset xtics (", stream);
    for (int power = (int)floor(log10(axis->min)); power <= (int)ceil(log10(axis->max)); power++)
        for (int i = 0; i < (is_wide ? 1 : 3); i++) {
            const double at = steps[i] * pow(10, power);
            if (at < axis->min || at > axis->max)
                continue;
            fprintf(stream, "%s'%g' %.9g", comma, at, at);
            comma = ", ";
        }
    fputs(")\n", stream);
}

static void write_axes(FILE *stream, const struct scatter *scatter)
{
    static const char names[] = "xy";
    for (int i = 0; i < 2; i++) {
        const struct axis *axis = &scatter->axis[i];
        fprintf(stream, "set %crange [%.9g:%.9g]\nset %clabel ", names[i], axis->min, axis->max, names[i]);
        if (axis->metric >= 0)
            plot_axis(stream, &scatter->plot->report->metrics[axis->metric]);
        else
            fputs("'Seconds per map (median, logarithmic), lower is better'", stream);
        fputs(" noenhanced\n", stream);
        if (axis->metric < 0)
            write_seconds_ticks(stream, axis);
    }
    fputs("set border 3 linecolor rgb '#808080'\nset tics nomirror textcolor rgb '#202020'\n"
          "set grid linecolor rgb '#e4e4e4' linetype 1\nunset key\n",
          stream);
}

/* Writes the names and their lines; x0, y0: pixel of the panel's lower left corner. */
static void write_labels(FILE *stream, const struct scatter *scatter, int b, int x0, int y0)
{
    const struct report *report = scatter->plot->report;
    const double width = figure_width(scatter), height = figure_height(scatter);
    int count = 0;
    for (int m = 0; m < report->method_count; m++) {
        const struct point *point = point_at(scatter, b, m);
        if (!is_drawn(point))
            continue;
        scatter->label_method[count] = m;
        scatter->labels[count++] = (struct label){
            .x = axis_pixel(&scatter->axis[0], point->at[0], PANEL_W),
            .y = axis_pixel(&scatter->axis[1], point->at[1], PANEL_H),
            .width = figure_text_width(escape_gnuplot(NULL, report->methods[m].title, PLOT_TITLE_COLUMNS)),
            .height = TEXT_H};
    }
    labels_place(scatter->labels, count, PANEL_W, PANEL_H);
    for (int i = 0; i < count; i++) {
        const struct label *label = &scatter->labels[i];
        fputs("set label ", stream);
        escape_gnuplot(stream, report->methods[scatter->label_method[i]].title, PLOT_TITLE_COLUMNS);
        fprintf(stream, " at screen %.6f, screen %.6f left noenhanced\n", (x0 + label->left) / width,
                (y0 + label->middle) / height);
        if (!label->is_far)
            continue;
        fprintf(stream,
                "set arrow from screen %.6f, screen %.6f to screen %.6f, screen %.6f nohead back "
                "linecolor rgb '#909090' linewidth 0.7\n",
                (x0 + label->x) / width, (y0 + label->y) / height, (x0 + label->end_x) / width,
                (y0 + label->end_y) / height);
    }
}

static void write_panel(FILE *stream, const char *file, const struct scatter *scatter, int b)
{
    const struct report_backbone *backbone = &scatter->plot->report->backbones[b];
    const double width = figure_width(scatter), height = figure_height(scatter);
    const int x0 = b % scatter->columns * (LEFT + PANEL_W + RIGHT) + LEFT;
    const int y0 = (scatter->rows - 1 - b / scatter->columns) * (HEAD + PANEL_H + BOTTOM) + BOTTOM;
    char title[256];
    fprintf(stream, "set lmargin at screen %.6f\nset rmargin at screen %.6f\n", x0 / width, (x0 + PANEL_W) / width);
    fprintf(stream, "set bmargin at screen %.6f\nset tmargin at screen %.6f\n", y0 / height, (y0 + PANEL_H) / height);
    snprintf(title, sizeof title, "%.120s (%.120s)", backbone->title, backbone->layer);
    fputs("set label ", stream);
    escape_gnuplot(stream, title, 48);
    fprintf(stream, " at screen %.6f, screen %.6f center noenhanced\n", (x0 + PANEL_W / 2.0) / width,
            (y0 + PANEL_H + 14) / height);
    write_labels(stream, scatter, b, x0, y0);
    fprintf(stream, "plot '%s' index %d using 1:2:3 with points pointtype 7 pointsize 0.7 linecolor rgb variable\n",
            file, b);
    fputs("unset label\nunset arrow\n", stream);
}

static void write_commands(FILE *stream, const char *file, const void *context)
{
    const struct scatter *scatter = context;
    const struct report *report = scatter->plot->report;
    const int x = scatter->axis[0].metric, y = scatter->axis[1].metric;
    char subject[256];
    snprintf(subject, sizeof subject, "%.100s against %.100s", report->metrics[x >= 0 ? x : y].title,
             x >= 0 ? report->metrics[y].title : "seconds per map");
    fputs("set multiplot\n", stream);
    plot_title(stream, scatter->plot, subject, (const int[]){x, y}, 2, figure_height(scatter));
    write_axes(stream, scatter);
    for (int b = 0; b < report->backbone_count; b++)
        write_panel(stream, file, scatter, b);
    fputs("unset multiplot\n", stream);
}

static int draw(struct scatter *scatter, const char *name, struct arena *arena, struct error *err)
{
    const struct report *report = scatter->plot->report;
    const size_t methods = (size_t)report->method_count + 1;
    double *scratch = arena_alloc(arena, (size_t)report->image_count + 1, sizeof *scratch);
    scatter->points = arena_alloc(arena, (size_t)report->backbone_count + 1, methods * sizeof *scatter->points);
    scatter->labels = arena_alloc(arena, methods, sizeof *scatter->labels);
    scatter->label_method = arena_alloc(arena, methods, sizeof *scatter->label_method);
    if (!scratch || !scatter->points || !scatter->labels || !scatter->label_method)
        return error_memory(err, "a plot");
    if (!scatter_fill(scatter, scratch))
        return 0;
    scatter->columns = report->backbone_count < COLUMNS_MAX ? report->backbone_count : COLUMNS_MAX;
    scatter->rows = (report->backbone_count + scatter->columns - 1) / scatter->columns;
    const struct figure figure = {name,       figure_width(scatter), figure_height(scatter), scatter,
                                  write_data, write_commands};
    return plot_figure(scatter->plot, &figure, err);
}

int plot_scatter(const struct plot *plot, const char *name, int x, int y, struct error *err)
{
    struct scatter scatter = {.plot = plot, .axis = {{.metric = x}, {.metric = y}}};
    struct arena arena;
    char file[160];
    snprintf(file, sizeof file, "%s%.90s", name, plot->suffix);
    arena_init(&arena, 0);
    const int status = draw(&scatter, file, &arena, err);
    arena_release(&arena);
    return status;
}
