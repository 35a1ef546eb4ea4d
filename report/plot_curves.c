/*
 * report/plot_curves.c - mean curves of the metrics that are areas under a curve (insertion, deletion): a row of panels
 * per backbone, a panel per metric, a line per method; controls are grey and dashed.
 */
#include "report/escape.h"
#include "report/plot.h"

/* Pixels. */
enum { PANEL_W = 400, PANEL_H = 300, LEFT = 66, RIGHT = 16, BOTTOM = 56, HEAD = 30, LEGEND_ROW = 18, LEGEND_LINE = 26 };

struct curves {
    const struct plot *plot;
    int *metrics; /* (metric_count): metrics with a curve */
    int metric_count, legend;
    double top; /* upper end of the probability axis */
};

static const struct report_curve *curve_of(const struct curves *curves, int b, int k, int m)
{
    const struct report *report = curves->plot->report;
    return &report->curves[report_curve_index(report, b, m, curves->plot->protocol, curves->metrics[k])];
}

/* Whether there is a curve of probabilities; correlations, which may be negative, are in curves.csv only. */
static bool has_curve(const struct plot *plot, int metric)
{
    if (plot->report->metrics[metric].min < 0)
        return false;
    const struct report *report = plot->report;
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++)
            if (report->curves[report_curve_index(report, b, m, plot->protocol, metric)].count > 0)
                return true;
    return false;
}

static int figure_width(const struct curves *curves)
{
    return curves->metric_count * (LEFT + PANEL_W + RIGHT) + curves->legend;
}

static int figure_height(const struct curves *curves)
{
    const int panels = PLOT_TOP + curves->plot->report->backbone_count * (HEAD + PANEL_H + BOTTOM);
    const int legend = PLOT_TOP + HEAD + curves->plot->report->method_count * LEGEND_ROW + LEGEND_ROW;
    return panels > legend ? panels : legend;
}

static void write_data(FILE *stream, const void *context)
{
    const struct curves *curves = context;
    const struct report *report = curves->plot->report;
    fputs("# fraction probability; a block per backbone, metric and method\n", stream);
    for (int b = 0; b < report->backbone_count; b++)
        for (int k = 0; k < curves->metric_count; k++)
            for (int m = 0; m < report->method_count; m++) {
                const struct report_curve *curve = curve_of(curves, b, k, m);
                fputs(b || k || m ? "\n\n" : "", stream);
                for (int i = 0; i < curve->count; i++)
                    fprintf(stream, "%.9g %.9g\n", curve->fraction[i], curve->mean[i]);
                if (curve->count == 0)
                    fputs("NaN NaN\n", stream);
            }
}

/* Writes the style of a method's line: methods differ in colour, controls, which are grey, in their dashes. */
static void write_line(FILE *stream, const struct report *report, int method)
{
    int before = 0;
    for (int m = 0; m < method; m++)
        before += report->methods[m].is_control == report->methods[method].is_control;
    if (report->methods[method].is_control)
        fprintf(stream, "linewidth 1.5 dashtype %d linecolor rgb '#%06x'", before % 4 + 2, (unsigned)PLOT_CONTROL);
    else
        fprintf(stream, "linewidth 1.5 dashtype 1 linecolor rgb '#%06x'", plot_color(before));
}

static void write_legend(FILE *stream, const struct curves *curves)
{
    const struct report *report = curves->plot->report;
    const double width = figure_width(curves), height = figure_height(curves);
    const int x = figure_width(curves) - curves->legend;
    for (int m = 0; m < report->method_count; m++) {
        const double y = (figure_height(curves) - PLOT_TOP - HEAD - (m + 0.5) * LEGEND_ROW) / height;
        fprintf(stream, "set arrow from screen %.6f, screen %.6f to screen %.6f, screen %.6f nohead ", x / width, y,
                (x + LEGEND_LINE) / width, y);
        write_line(stream, report, m);
        fputs("\nset label ", stream);
        escape_gnuplot(stream, report->methods[m].title, PLOT_TITLE_COLUMNS);
        fprintf(stream, " at screen %.6f, screen %.6f left noenhanced\n", (x + LEGEND_LINE + 8) / width, y);
    }
}

static void write_panel(FILE *stream, const char *file, const struct curves *curves, int b, int k)
{
    const struct report *report = curves->plot->report;
    const struct report_metric *metric = &report->metrics[curves->metrics[k]];
    const double width = figure_width(curves), height = figure_height(curves);
    const int x0 = k * (LEFT + PANEL_W + RIGHT) + LEFT;
    const int y0 = figure_height(curves) - PLOT_TOP - (b + 1) * (HEAD + PANEL_H + BOTTOM) + BOTTOM;
    char title[320];
    fprintf(stream, "set lmargin at screen %.6f\nset rmargin at screen %.6f\n", x0 / width, (x0 + PANEL_W) / width);
    fprintf(stream, "set bmargin at screen %.6f\nset tmargin at screen %.6f\n", y0 / height, (y0 + PANEL_H) / height);
    snprintf(title, sizeof title, "%.100s, %.100s (%.100s)", metric->title, report->backbones[b].title,
             report->backbones[b].layer);
    fputs("set label ", stream);
    escape_gnuplot(stream, title, 52);
    fprintf(stream, " at screen %.6f, screen %.6f center noenhanced\n", (x0 + PANEL_W / 2.0) / width,
            (y0 + PANEL_H + 14) / height);
    fprintf(stream, "set ylabel 'Probability of the class, %s is better' noenhanced\n",
            metric->higher_is_better ? "higher" : "lower");
    const char *comma = "plot ";
    for (int m = 0; m < report->method_count; m++) {
        fprintf(stream, "%s'%s' index %d using 1:2 with lines ", comma, file,
                (b * curves->metric_count + k) * report->method_count + m);
        write_line(stream, report, m);
        comma = ", \\\n    ";
    }
    fputs("\nunset label\nunset arrow\n", stream);
}

static void write_commands(FILE *stream, const char *file, const void *context)
{
    const struct curves *curves = context;
    fputs("set multiplot\n", stream);
    plot_title(stream, curves->plot, "Mean curves", curves->metrics, curves->metric_count, figure_height(curves));
    write_legend(stream, curves);
    fprintf(stream,
            "set xrange [0:1]\nset yrange [0:%.6g]\nset xlabel 'Share of the image that has changed'\n"
            "set border 3 linecolor rgb '#808080'\nset tics nomirror textcolor rgb '#202020'\n"
            "set grid linecolor rgb '#e4e4e4' linetype 1\nunset key\n",
            curves->top);
    for (int b = 0; b < curves->plot->report->backbone_count; b++)
        for (int k = 0; k < curves->metric_count; k++)
            write_panel(stream, file, curves, b, k);
    fputs("unset multiplot\n", stream);
}

static void measure(struct curves *curves)
{
    const struct report *report = curves->plot->report;
    int names = 6;
    for (int m = 0; m < report->method_count; m++) {
        const int columns = escape_gnuplot(NULL, report->methods[m].title, PLOT_TITLE_COLUMNS);
        names = columns > names ? columns : names;
        for (int b = 0; b < report->backbone_count; b++)
            for (int k = 0; k < curves->metric_count; k++) {
                const struct report_curve *curve = curve_of(curves, b, k, m);
                for (int i = 0; i < curve->count; i++)
                    curves->top = curve->mean[i] > curves->top ? curve->mean[i] : curves->top;
            }
    }
    curves->top = curves->top > 0 ? curves->top * 1.05 : 1;
    curves->legend = LEGEND_LINE + 8 + figure_text_width(names) + RIGHT;
}

static int draw(struct curves *curves, struct error *err)
{
    const struct plot *plot = curves->plot;
    char name[160];
    for (int k = 0; k < plot->report->metric_count; k++)
        if (has_curve(plot, k))
            curves->metrics[curves->metric_count++] = k;
    if (curves->metric_count == 0)
        return 0;
    measure(curves);
    snprintf(name, sizeof name, "curves%.90s", plot->suffix);
    const struct figure figure = {name,   figure_width(curves), figure_height(curves),
                                  curves, write_data,           write_commands};
    return plot_figure(plot, &figure, err);
}

int plot_curves(const struct plot *plot, struct error *err)
{
    struct curves curves = {.plot = plot};
    struct arena arena;
    if (!plot->report->curves)
        return 0;
    arena_init(&arena, 0);
    curves.metrics = arena_alloc(&arena, (size_t)plot->report->metric_count + 1, sizeof *curves.metrics);
    const int status = curves.metrics ? draw(&curves, err) : error_memory(err, "a plot");
    arena_release(&arena);
    return status;
}
