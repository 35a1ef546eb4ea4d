/*
 * report/plot_rows.c - figures with a row per method and backbone: bars of means, boxes of distributions.
 *
 * Bars are horizontal, so that long names of methods stay readable. A group of rows is a method, a colour a backbone.
 */
#include "report/escape.h"
#include "report/percentile.h"
#include "report/plot.h"

#include <math.h>

/* Pixels. */
enum {
    ROW = 13,
    GROUP_GAP = 9,
    BOTTOM = 62,  /* ticks and the name of the axis */
    CAPTION = 18, /* line that explains the parts of a box */
    LEGEND_ROW = 20,
    RIGHT = 30,
    PANEL = 560,
    HEIGHT_MIN = 260,
};

/* One row of the data file. Bars use mean, low and high (the interval); boxes use all (low and high: 5 and 95 %). */
struct row {
    double mean, low, high, quartile[3];
    int n;
};

struct rows {
    const struct plot *plot;
    int metric;
    bool is_box;
    struct row *row; /* [backbone][method] */
    double *scratch; /* image_count */
    double axis_min, axis_max;
    int left, right, height; /* pixels: margins, height of the figure */
};

static struct row *row_at(const struct rows *rows, int b, int m)
{
    return &rows->row[(size_t)b * (size_t)rows->plot->report->method_count + (size_t)m];
}

static struct row bar_row(const struct rows *rows, int b, int m)
{
    const struct report_metric *metric = &rows->plot->report->metrics[rows->metric];
    const struct cell *cell = plot_cell(rows->plot, b, m, rows->metric);
    struct row row = {.mean = shown_value(metric, cell->mean), .n = isfinite(cell->mean) ? cell->n : 0};
    row.low = shown_value(metric, cell->ci_low); /* NAN: no error bar */
    row.high = shown_value(metric, cell->ci_high);
    return row;
}

static struct row box_row(const struct rows *rows, int b, int m)
{
    const struct plot *plot = rows->plot;
    const struct report_metric *metric = &plot->report->metrics[rows->metric];
    struct row row = {.n = defined_values(plot->report, b, m, plot->protocol, rows->metric, rows->scratch, NULL)};
    if (row.n == 0)
        return row;
    sort_doubles(rows->scratch, (size_t)row.n);
    row.low = shown_value(metric, percentile_of_doubles(rows->scratch, (size_t)row.n, 5));
    row.high = shown_value(metric, percentile_of_doubles(rows->scratch, (size_t)row.n, 95));
    for (int q = 0; q < 3; q++)
        row.quartile[q] = shown_value(metric, percentile_of_doubles(rows->scratch, (size_t)row.n, 25 * (q + 1)));
    row.mean = shown_value(metric, plot_cell(plot, b, m, rows->metric)->mean);
    return row;
}

/* Fills the rows and the range of the axis; false if no row has a number. */
static bool rows_fill(struct rows *rows)
{
    const struct report *report = rows->plot->report;
    const struct report_metric *metric = &report->metrics[rows->metric];
    double low = INFINITY, high = -INFINITY;
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++) {
            const struct row row = rows->is_box ? box_row(rows, b, m) : bar_row(rows, b, m);
            *row_at(rows, b, m) = row;
            if (row.n == 0)
                continue;
            low = fmin(low, fmin(row.low, row.mean));
            high = fmax(high, fmax(row.high, row.mean));
        }
    if (!(low <= high))
        return false;
    const double pad = high > low ? (high - low) * 0.05 : 1;
    const bool is_percent = metric->is_percent && low >= 0 && high <= 100;
    rows->axis_min = is_percent || (!rows->is_box && low >= 0) ? 0 : low - pad;
    rows->axis_max = is_percent ? 100 : !rows->is_box && high <= 0 ? 0 : high + pad;
    return true;
}

static double row_position(const struct rows *rows, int b, int m)
{
    const double group = rows->plot->report->backbone_count + (double)GROUP_GAP / ROW;
    return -(m * group + b);
}

static void write_data(FILE *stream, const void *context)
{
    const struct rows *rows = context;
    const struct report *report = rows->plot->report;
    fputs(rows->is_box ? "# position mean p5 p95 p25 median p75 colour\n" : "# position mean ci_low ci_high colour\n",
          stream);
    for (int m = 0; m < report->method_count; m++)
        for (int b = 0; b < report->backbone_count; b++) {
            const struct row *row = row_at(rows, b, m);
            if (row->n == 0)
                continue;
            fprintf(stream, "%.6f %.9g %.9g %.9g", row_position(rows, b, m), row->mean, row->low, row->high);
            for (int q = 0; q < 3 && rows->is_box; q++)
                fprintf(stream, " %.9g", row->quartile[q]);
            fprintf(stream, " 0x%06x\n", report->methods[m].is_control ? PLOT_CONTROL : plot_color(b));
        }
}

static bool has_intervals(const struct rows *rows)
{
    const struct report *report = rows->plot->report;
    for (int i = 0; i < report->backbone_count * report->method_count; i++)
        if (rows->row[i].n > 0 && isfinite(rows->row[i].low))
            return true;
    return false;
}

/* Method names are written as labels, because gnuplot takes names of ticks for printf formats. */
static void write_names(FILE *stream, const struct rows *rows)
{
    const struct report *report = rows->plot->report;
    for (int m = 0; m < report->method_count; m++) {
        fputs("set label ", stream);
        escape_gnuplot(stream, report->methods[m].title, PLOT_TITLE_COLUMNS);
        fprintf(stream, " at graph -0.014, first %.6f right textcolor rgb '#202020' noenhanced\n",
                (row_position(rows, 0, m) + row_position(rows, report->backbone_count - 1, m)) / 2);
    }
}

static bool has_controls(const struct report *report)
{
    for (int m = 0; m < report->method_count; m++)
        if (report->methods[m].is_control)
            return true;
    return false;
}

static void write_legend(FILE *stream, const struct report *report)
{
    for (int b = 0; b < report->backbone_count; b++) {
        fprintf(stream, ", NaN with boxes fillstyle solid noborder linecolor rgb '#%06x' title ", plot_color(b));
        escape_gnuplot(stream, report->backbones[b].title, PLOT_TITLE_COLUMNS);
    }
    if (has_controls(report))
        fprintf(stream, ", NaN with boxes fillstyle solid noborder linecolor rgb '#%06x' title 'controls'",
                PLOT_CONTROL);
}

static void write_bars(FILE *stream, const char *file)
{
    fprintf(stream,
            "plot '%s' using 2:1:(0):2:($1-0.45):($1+0.45):5 with boxxyerror fillstyle solid noborder "
            "linecolor rgb variable notitle, \\\n"
            "    '' using 2:1:3:4 with xerrorbars linecolor rgb '#202020' linewidth 1 pointtype 0 notitle",
            file);
}

static void write_boxes(FILE *stream, const char *file)
{
    fprintf(stream,
            "plot '%s' using 2:1:3:4:8 with xerrorbars linecolor rgb variable linewidth 1.2 pointtype 0 notitle, \\\n"
            "    '' using 2:1:5:7:($1-0.4):($1+0.4):8 with boxxyerror fillstyle solid noborder linecolor rgb variable "
            "notitle, \\\n"
            "    '' using 6:($1-0.4):(0):(0.8) with vectors nohead linecolor rgb '#101010' linewidth 2 notitle, \\\n"
            "    '' using 2:1 with points pointtype 7 pointsize 0.45 linecolor rgb '#101010' notitle, \\\n"
            "    '' using 2:1 with points pointtype 7 pointsize 0.25 linecolor rgb '#ffffff' notitle",
            file);
}

static void write_commands(FILE *stream, const char *file, const void *context)
{
    const struct rows *rows = context;
    const struct report *report = rows->plot->report;
    const struct report_metric *metric = &report->metrics[rows->metric];
    const double width = rows->left + PANEL + rows->right, height = rows->height;
    char subject[256];
    snprintf(subject, sizeof subject, "%.120s: %s", metric->title,
             rows->is_box          ? "distribution over the images"
             : has_intervals(rows) ? "mean and 95 % bootstrap interval"
                                   : "mean");
    plot_title(stream, rows->plot, subject, &rows->metric, 1, rows->height);
    if (rows->is_box)
        fprintf(stream,
                "set label 'box: 25 to 75 %% of the images; line: median; dot: mean; whiskers: 5 to 95 %%' "
                "at screen 0.5, screen %.6f center textcolor rgb '#505050' noenhanced\n",
                12 / height);
    fprintf(stream, "set lmargin at screen %.6f\nset rmargin at screen %.6f\n", rows->left / width,
            (rows->left + PANEL) / width);
    fprintf(stream, "set bmargin at screen %.6f\nset tmargin at screen %.6f\n",
            (BOTTOM + (rows->is_box ? CAPTION : 0)) / height, 1 - PLOT_TOP / height);
    fprintf(stream, "set xrange [%.9g:%.9g]\nset yrange [%.6f:0.9]\n", rows->axis_min, rows->axis_max,
            row_position(rows, report->backbone_count - 1, report->method_count - 1) - 0.9);
    fputs("set border 1 linecolor rgb '#808080'\nset grid xtics linecolor rgb '#dddddd' linetype 1\n"
          "unset ytics\nset xtics nomirror textcolor rgb '#202020'\nset xlabel ",
          stream);
    plot_axis(stream, metric);
    fprintf(stream, " noenhanced\nset key at screen %.6f, screen %.6f left top Left reverse samplen 1 noenhanced\n",
            (rows->left + PANEL + 16) / width, 1 - (PLOT_TOP - 4) / height);
    write_names(stream, rows);
    if (rows->is_box)
        write_boxes(stream, file);
    else
        write_bars(stream, file);
    if (rows->right > RIGHT)
        write_legend(stream, report);
    putc('\n', stream);
}

static void rows_measure(struct rows *rows)
{
    const struct report *report = rows->plot->report;
    int names = 6, legend = 8;
    for (int m = 0; m < report->method_count; m++) {
        const int columns = escape_gnuplot(NULL, report->methods[m].title, PLOT_TITLE_COLUMNS);
        names = columns > names ? columns : names;
    }
    for (int b = 0; b < report->backbone_count; b++) {
        const int columns = escape_gnuplot(NULL, report->backbones[b].title, PLOT_TITLE_COLUMNS);
        legend = columns > legend ? columns : legend;
    }
    rows->left = 24 + figure_text_width(names);
    rows->right = RIGHT;
    const bool has_legend = report->backbone_count > 1 || has_controls(report);
    if (has_legend)
        rows->right += 50 + figure_text_width(legend);
    const int legend_height = has_legend ? (report->backbone_count + 1) * LEGEND_ROW : 0;
    const int rows_height = report->method_count * (report->backbone_count * ROW + GROUP_GAP) + GROUP_GAP;
    rows->height =
        PLOT_TOP + BOTTOM + (rows->is_box ? CAPTION : 0) + (rows_height > legend_height ? rows_height : legend_height);
    if (rows->height < HEIGHT_MIN)
        rows->height = HEIGHT_MIN;
}

/* Whether every value is 0 or 1; the mean then describes the whole distribution, and no box is drawn. */
static bool is_binary(struct rows *rows)
{
    const struct report *report = rows->plot->report;
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++) {
            const int n = defined_values(report, b, m, rows->plot->protocol, rows->metric, rows->scratch, NULL);
            for (int i = 0; i < n; i++)
                if (rows->scratch[i] != 0 && rows->scratch[i] != 1)
                    return false;
        }
    return true;
}

static int draw(struct rows *rows, const char *kind, struct error *err)
{
    const struct report *report = rows->plot->report;
    char metric[64], name[160];
    struct arena arena;
    arena_init(&arena, 0);
    rows->row =
        arena_alloc(&arena, (size_t)report->backbone_count * (size_t)report->method_count + 1, sizeof *rows->row);
    rows->scratch = arena_alloc(&arena, (size_t)report->image_count + 1, sizeof *rows->scratch);
    int status = 0;
    if (!rows->row || !rows->scratch) {
        status = error_memory(err, "a plot");
    } else if (rows_fill(rows) && !(rows->is_box && is_binary(rows))) {
        rows_measure(rows);
        escape_file_name(report->metrics[rows->metric].name, metric, sizeof metric);
        snprintf(name, sizeof name, "%s%s%.60s", kind, rows->is_box ? metric : "", rows->plot->suffix);
        const struct figure figure = {name,          rows->left + PANEL + rows->right, rows->height, rows, write_data,
                                      write_commands};
        status = plot_figure(rows->plot, &figure, err);
    }
    arena_release(&arena);
    return status;
}

int plot_bars(const struct plot *plot, int metric, struct error *err)
{
    return draw(&(struct rows){.plot = plot, .metric = metric}, "adcc", err);
}

int plot_distribution(const struct plot *plot, int metric, struct error *err)
{
    return draw(&(struct rows){.plot = plot, .metric = metric, .is_box = true}, "distribution_", err);
}
