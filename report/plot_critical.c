/*
 * report/plot_critical.c - the critical-difference diagram: methods on an axis of mean ranks over networks, the best on the
 * right, and bars over those that do not differ significantly.
 */
#include "report/critical.h"
#include "report/escape.h"
#include "report/plot.h"

#include <math.h>

/* Pixels. */
enum { AXIS = 380, SIDE = 24, AXIS_TOP = 60, BAR = 10, NAME = 20, CAPTION = 34, LINE = 18, TICK = 6 };

enum { TEXT = 512, LABEL = 100 }; /* LABEL: most columns of a line */

struct diagram {
    const struct plot *plot;
    struct critical critical;
    int metric, names; /* names: pixels left and right of the axis */
    int lines;         /* of the networks' names */
};

static int figure_width(const struct diagram *diagram)
{
    return AXIS + 2 * (diagram->names + SIDE);
}

static int bars_height(const struct diagram *diagram)
{
    return (diagram->critical.clique_count + 1) * BAR;
}

static int figure_height(const struct diagram *diagram)
{
    return PLOT_TOP + AXIS_TOP + bars_height(diagram) + (diagram->critical.count + 1) / 2 * NAME + CAPTION +
           diagram->lines * LINE;
}

/* The axis runs from the last rank on the left to 1 on the right. */
static double x_of(const struct diagram *diagram, double rank)
{
    const int count = diagram->critical.count;
    return SIDE + diagram->names + AXIS * (count - rank) / (count - 1);
}

static double y_of_axis(const struct diagram *diagram)
{
    return figure_height(diagram) - PLOT_TOP - AXIS_TOP;
}

static void write_data(FILE *stream, const void *context)
{
    const struct diagram *diagram = context;
    const struct critical *critical = &diagram->critical;
    fprintf(stream, "# Friedman: chi-square %.9g, p %.9g, over %d networks\n# mean rank of each method\n",
            critical->chi_square, critical->p, critical->blocks);
    for (int i = 0; i < critical->count; i++)
        fprintf(stream, "%.9g\n", critical->ranks[i]);
    fputs("\n\n# bars: first and last rank\n", stream);
    for (int i = 0; i < critical->clique_count; i++)
        fprintf(stream, "%.9g %.9g\n", critical->ranks[critical->cliques[i][0]],
                critical->ranks[critical->cliques[i][1]]);
}

static void put_line(FILE *stream, const struct diagram *diagram, double x0, double y0, double x1, double y1,
                     double width)
{
    const double w = figure_width(diagram), h = figure_height(diagram);
    fprintf(stream,
            "set arrow from screen %.6f, screen %.6f to screen %.6f, screen %.6f nohead linecolor rgb '#202020' "
            "linewidth %g\n",
            x0 / w, y0 / h, x1 / w, y1 / h, width);
}

static void put_text(FILE *stream, const struct diagram *diagram, const char *text, double x, double y,
                     const char *where)
{
    fputs("set label ", stream);
    escape_gnuplot(stream, text, 110);
    fprintf(stream, " at screen %.6f, screen %.6f %s noenhanced\n", x / figure_width(diagram),
            y / figure_height(diagram), where);
}

static void write_axis(FILE *stream, const struct diagram *diagram)
{
    const double y = y_of_axis(diagram);
    char text[32];
    put_line(stream, diagram, x_of(diagram, 1), y, x_of(diagram, diagram->critical.count), y, 1);
    for (int rank = 1; rank <= diagram->critical.count; rank++) {
        snprintf(text, sizeof text, "%d", rank);
        put_line(stream, diagram, x_of(diagram, rank), y, x_of(diagram, rank), y + TICK, 1);
        put_text(stream, diagram, text, x_of(diagram, rank), y + TICK + 10, "center");
    }
}

/* The better half of the methods stands on the right, the best uppermost; the others on the left, the worst uppermost. */
static void write_methods(FILE *stream, const struct diagram *diagram)
{
    const struct critical *critical = &diagram->critical;
    const double y = y_of_axis(diagram);
    for (int i = 0; i < critical->count; i++) {
        const bool is_right = i < (critical->count + 1) / 2;
        const int row = is_right ? i : critical->count - 1 - i;
        const double x = x_of(diagram, critical->ranks[i]), level = y - bars_height(diagram) - (row + 0.6) * NAME;
        const double end = is_right ? x_of(diagram, 1) + 12 : x_of(diagram, critical->count) - 12;
        const char *title = diagram->plot->report->methods[critical->methods[i]].title;
        char text[160];
        put_line(stream, diagram, x, y, x, level, 1);
        put_line(stream, diagram, x, level, end, level, 1);
        snprintf(text, sizeof text, is_right ? "%2$.1f  %1$.100s" : "%1$.100s  %2$.1f", title, critical->ranks[i]);
        put_text(stream, diagram, text, end + (is_right ? 6 : -6), level, is_right ? "left" : "right");
    }
    for (int i = 0; i < critical->clique_count; i++) {
        const double level = y - (i + 1) * BAR;
        put_line(stream, diagram, x_of(diagram, critical->ranks[critical->cliques[i][0]]) + 5, level,
                 x_of(diagram, critical->ranks[critical->cliques[i][1]]) - 5, level, 4);
    }
}

/* Puts the names of the networks that stand in a line, as many as fit, into text; returns the number of lines. */
static int networks_of(const struct diagram *diagram, int line, char text[TEXT])
{
    const struct report *report = diagram->plot->report;
    const int fit = figure_width(diagram) * 100 / figure_text_width(100), room = fit < LABEL ? fit : LABEL;
    int at = 0, used = snprintf(text, TEXT, "networks: "), end = line == 0 ? used : 0;
    for (int b = 0; b < report->backbone_count; b++) {
        char name[64];
        const int length = snprintf(name, sizeof name, "%.40s%s", report->backbones[b].title,
                                    b < report->backbone_count - 1 ? ", " : "");
        if (used > 0 && used + length > room)
            at++, used = 0;
        if (at == line)
            end += snprintf(text + end, (size_t)(TEXT - end), "%s", name);
        used += length;
    }
    text[end] = 0;
    return at + 1;
}

/* Names the blocks: the networks. */
static void write_caption(FILE *stream, const struct diagram *diagram)
{
    const double middle = figure_width(diagram) / 2.0;
    char text[TEXT];
    for (int line = 0; line < diagram->lines; line++) {
        networks_of(diagram, line, text);
        put_text(stream, diagram, text, middle, 14 + (diagram->lines - 1 - line) * LINE,
                 "center textcolor rgb '#505050'");
    }
    snprintf(text, sizeof text, "Friedman p = %.2g over %d networks; bars: not significant at 5 %% (Wilcoxon)",
             diagram->critical.p, diagram->critical.blocks);
    put_text(stream, diagram, text, middle, 14 + diagram->lines * LINE, "center textcolor rgb '#505050'");
}

static void write_commands(FILE *stream, const char *file, const void *context)
{
    const struct diagram *diagram = context;
    char subject[256];
    (void)file;
    snprintf(subject, sizeof subject, "Mean ranks over networks by %.100s",
             diagram->plot->report->metrics[diagram->metric].title);
    plot_title(stream, diagram->plot, subject, &diagram->metric, 1, figure_height(diagram));
    write_axis(stream, diagram);
    write_methods(stream, diagram);
    write_caption(stream, diagram);
    fputs("unset border\nunset tics\nset xrange [0:1]\nset yrange [0:1]\nplot NaN notitle\n", stream);
}

static void measure(struct diagram *diagram)
{
    char text[TEXT];
    int names = 6;
    for (int i = 0; i < diagram->critical.count; i++) {
        const char *title = diagram->plot->report->methods[diagram->critical.methods[i]].title;
        const int columns = escape_gnuplot(NULL, title, 100) + 7;
        names = columns > names ? columns : names;
    }
    diagram->names = figure_text_width(names);
    diagram->lines = networks_of(diagram, 0, text);
}

int plot_critical(const struct plot *plot, const char *end, int metric, struct error *err)
{
    struct diagram diagram = {.plot = plot, .metric = metric};
    struct arena arena;
    char name[160];
    int status = 0;
    if (!plot->report->paired)
        return 0;
    arena_init(&arena, 0);
    if (critical_make(plot->report, plot->protocol, metric, &arena, &diagram.critical)) {
        status = error_memory(err, "a plot");
    } else if (diagram.critical.count > 0) {
        measure(&diagram);
        snprintf(name, sizeof name, "critical%.60s%.60s", end, plot->suffix);
        const struct figure figure = {name,       figure_width(&diagram), figure_height(&diagram), &diagram,
                                      write_data, write_commands};
        status = plot_figure(plot, &figure, err);
    }
    arena_release(&arena);
    return status;
}
