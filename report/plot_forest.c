/*
 * report/plot_forest.c - differences of all methods from one of them, as a figure: a panel per backbone, a row per method
 * with its difference and interval. Filled points differ significantly; controls are left out.
 */
#include "report/escape.h"
#include "report/pairs.h"
#include "report/plot.h"

#include <math.h>

/* Pixels. */
enum { ROW = 24, PANEL = 380, HEAD = 52, BOTTOM = 56, RIGHT = 24, CAPTION = 44, COLUMNS_MAX = 2 };

struct forest {
    const struct plot *plot;
    int metric, row_count; /* rows: methods that are no controls */
    int columns, rows, left;
    double axis_min, axis_max;
};

static int reference_of(const struct forest *forest, int b)
{
    return reference_method(forest->plot->report, b, forest->plot->protocol, forest->metric);
}

/* The pair of a method and the backbone's reference; n 0: none. */
static struct method_pair pair_of(const struct forest *forest, int b, int m)
{
    const int reference = reference_of(forest, b);
    return pair_at(forest->plot->report, b, forest->plot->protocol, forest->metric, m, reference < 0 ? m : reference);
}

static double shown(const struct forest *forest, double value)
{
    return shown_value(&forest->plot->report->metrics[forest->metric], value);
}

static int figure_width(const struct forest *forest)
{
    return forest->columns * (forest->left + PANEL + RIGHT);
}

static int panel_height(const struct forest *forest)
{
    return forest->row_count * ROW;
}

static int figure_height(const struct forest *forest)
{
    return PLOT_TOP + forest->rows * (HEAD + panel_height(forest) + BOTTOM) + CAPTION;
}

/* -- data ---------------------------------------------------------------------------------------------------------- */

static void write_block(FILE *stream, const struct forest *forest, int b, bool is_significant)
{
    const struct report *report = forest->plot->report;
    bool is_empty = true;
    int row = 0;
    for (int m = 0; m < report->method_count; m++) {
        if (report->methods[m].is_control)
            continue;
        const struct method_pair pair = pair_of(forest, b, m);
        if (isfinite(pair.difference) && (pair.p_holm < PAIRS_ALPHA) == is_significant) {
            fprintf(stream, "%d %.9g %.9g %.9g\n", -row, shown(forest, pair.difference), shown(forest, pair.ci_low),
                    shown(forest, pair.ci_high));
            is_empty = false;
        }
        row++;
    }
    fputs(is_empty ? "NaN NaN NaN NaN\n" : "", stream);
}

static void write_data(FILE *stream, const void *context)
{
    const struct forest *forest = context;
    fputs("# position difference ci_low ci_high; a block per backbone: not significant, significant\n", stream);
    for (int b = 0; b < forest->plot->report->backbone_count; b++)
        for (int significant = 0; significant < 2; significant++) {
            fputs(b || significant ? "\n\n" : "", stream);
            write_block(stream, forest, b, significant);
        }
}

/* -- commands ------------------------------------------------------------------------------------------------------ */

/* Method names are written as labels, because gnuplot takes names of ticks for printf formats. */
static void write_names(FILE *stream, const struct forest *forest, int reference)
{
    const struct report *report = forest->plot->report;
    int row = 0;
    for (int m = 0; m < report->method_count; m++) {
        if (report->methods[m].is_control)
            continue;
        fputs("set label ", stream);
        escape_gnuplot(stream, report->methods[m].title, PLOT_TITLE_COLUMNS);
        fprintf(stream, " at graph -0.02, first %d right textcolor rgb '#%06x' noenhanced\n", -row,
                m == reference ? 0x909090u : 0x202020u);
        row++;
    }
}

static void write_title(FILE *stream, const struct forest *forest, int b, int reference, double x, double y)
{
    const struct report *report = forest->plot->report;
    const char *name = reference < 0 ? "none" : report->methods[reference].title;
    char title[256];
    snprintf(title, sizeof title, "%.100s (%.100s)", report->backbones[b].title, report->backbones[b].layer);
    fputs("set label ", stream);
    escape_gnuplot(stream, title, 48);
    fprintf(stream, " at screen %.6f, screen %.6f center noenhanced\nset label ", x, y + 26.0 / figure_height(forest));
    snprintf(title, sizeof title, "minus %.100s%s", name, report->reference_method ? "" : ", the best");
    escape_gnuplot(stream, title, 48);
    fprintf(stream, " at screen %.6f, screen %.6f center textcolor rgb '#505050' noenhanced\n", x,
            y + 10.0 / figure_height(forest));
}

static void write_panel(FILE *stream, const char *file, const struct forest *forest, int b)
{
    const double width = figure_width(forest), height = figure_height(forest);
    const int x0 = b % forest->columns * (forest->left + PANEL + RIGHT) + forest->left;
    const int y0 = CAPTION + BOTTOM + (forest->rows - 1 - b / forest->columns) * (HEAD + panel_height(forest) + BOTTOM);
    const int reference = reference_of(forest, b);
    fprintf(stream, "set lmargin at screen %.6f\nset rmargin at screen %.6f\n", x0 / width, (x0 + PANEL) / width);
    fprintf(stream, "set bmargin at screen %.6f\nset tmargin at screen %.6f\n", y0 / height,
            (y0 + panel_height(forest)) / height);
    write_title(stream, forest, b, reference, (x0 + PANEL / 2.0) / width, (y0 + panel_height(forest)) / height);
    write_names(stream, forest, reference);
    const unsigned color = plot_color(b);
    fprintf(
        stream,
        "plot '%s' index %d using 2:1:3:4 with xerrorbars pointtype 0 linewidth 1.5 linecolor rgb '#%06x' notitle, "
        "\\\n    '' index %d using 2:1:3:4 with xerrorbars pointtype 0 linewidth 1.5 linecolor rgb '#%06x' notitle, "
        "\\\n    '' index %d using 2:1 with points pointtype 7 pointsize 0.9 linecolor rgb '#%06x' notitle, "
        "\\\n    '' index %d using 2:1 with points pointtype 7 pointsize 0.6 linecolor rgb '#ffffff' notitle, "
        "\\\n    '' index %d using 2:1 with points pointtype 7 pointsize 0.9 linecolor rgb '#%06x' notitle\n"
        "unset label\n",
        file, 2 * b, color, 2 * b + 1, color, 2 * b, color, 2 * b, 2 * b + 1, color);
}

static void write_axes(FILE *stream, const struct forest *forest)
{
    const struct report_metric *metric = &forest->plot->report->metrics[forest->metric];
    char text[256];
    fprintf(stream,
            "set xrange [%.9g:%.9g]\nset yrange [%.6f:0.6]\nset xtics nomirror textcolor rgb '#202020'\n"
            "unset ytics\nset border 1 linecolor rgb '#808080'\nset grid xtics linecolor rgb '#e4e4e4' linetype 1\n"
            "set arrow from 0, graph 0 to 0, graph 1 nohead back linecolor rgb '#707070' linewidth 1.2\nset xlabel ",
            forest->axis_min, forest->axis_max, 0.4 - forest->row_count);
    snprintf(text, sizeof text, "difference of %.100s%s%.40s%s, %s is better", metric->title, *metric->unit ? " (" : "",
             metric->unit, *metric->unit ? ")" : "", metric->higher_is_better ? "higher" : "lower");
    escape_gnuplot(stream, text, 60);
    fputs(" noenhanced\n", stream);
}

/* Two lines below a single panel, which is too narrow for one. */
static void write_caption(FILE *stream, const struct forest *forest)
{
    const double height = figure_height(forest);
    const bool has_interval = forest->plot->report->bootstrap > 0, is_narrow = forest->columns == 1;
    static const char interval[] = "95 % interval of the paired bootstrap";
    static const char style[] = "center textcolor rgb '#707070' noenhanced";
    if (has_interval && is_narrow)
        fprintf(stream, "set label '%s;' at screen 0.5, screen %.6f %s\n", interval, 32 / height, style);
    fprintf(stream,
            "set label '%s%sfilled: significant at 5 %% (sign-flip test, Holm over all pairs)' at screen 0.5, "
            "screen %.6f %s\n",
            has_interval && !is_narrow ? interval : "", has_interval && !is_narrow ? "; " : "", 14 / height, style);
}

static void write_commands(FILE *stream, const char *file, const void *context)
{
    const struct forest *forest = context;
    const struct report *report = forest->plot->report;
    char subject[256];
    snprintf(subject, sizeof subject, "%.80s: differences on the same images", report->metrics[forest->metric].title);
    fputs("set multiplot\n", stream);
    plot_title(stream, forest->plot, subject, &forest->metric, 1, figure_height(forest));
    write_caption(stream, forest);
    write_axes(stream, forest);
    for (int b = 0; b < report->backbone_count; b++)
        write_panel(stream, file, forest, b);
    fputs("unset multiplot\n", stream);
}

/* -- figure -------------------------------------------------------------------------------------------------------- */

/* Finds the range of the axis; false if there is no difference. */
static bool find_range(struct forest *forest)
{
    const struct report *report = forest->plot->report;
    double low = 0, high = 0;
    bool is_any = false;
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++) {
            const struct method_pair pair = pair_of(forest, b, m);
            if (report->methods[m].is_control || !isfinite(pair.difference))
                continue;
            low = fmin(low, fmin(shown(forest, pair.difference), shown(forest, pair.ci_low)));
            high = fmax(high, fmax(shown(forest, pair.difference), shown(forest, pair.ci_high)));
            is_any = true;
        }
    const double pad = high > low ? (high - low) * 0.05 : 1;
    forest->axis_min = low - pad, forest->axis_max = high + pad;
    return is_any;
}

static void measure(struct forest *forest)
{
    const struct report *report = forest->plot->report;
    int names = 6;
    for (int m = 0; m < report->method_count; m++) {
        const int columns = escape_gnuplot(NULL, report->methods[m].title, PLOT_TITLE_COLUMNS);
        forest->row_count += !report->methods[m].is_control;
        names = columns > names ? columns : names;
    }
    forest->left = 24 + figure_text_width(names);
    forest->columns = report->backbone_count < COLUMNS_MAX ? report->backbone_count : COLUMNS_MAX;
    forest->rows = (report->backbone_count + forest->columns - 1) / forest->columns;
}

int plot_forest(const struct plot *plot, const char *end, int metric, struct error *err)
{
    struct forest forest = {.plot = plot, .metric = metric};
    char name[160];
    if (!plot->report->paired || !find_range(&forest))
        return 0;
    measure(&forest);
    snprintf(name, sizeof name, "forest%.60s%.60s", end, plot->suffix);
    const struct figure figure = {name,       figure_width(&forest), figure_height(&forest), &forest,
                                  write_data, write_commands};
    return plot_figure(plot, &figure, err);
}
