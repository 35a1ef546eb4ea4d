/*
 * report/compare/trend.c - plots a panel per cell: its numbers over the nights as a line, with changes marked.
 *
 * Nights are numbered from 1; the first, the last and one between have dates. Up to a month of nights is drawn with
 * points.
 */
#include "report/compare/trend.h"

#include "base/file.h"
#include "report/escape.h"
#include "report/gnuplot.h"

#include <math.h>
#include <string.h>

enum { PANEL = 360, PANEL_HEIGHT = 150, PER_ROW = 3, TOP = 52, LEFT = 56, BOTTOM = 40, HEAD = 22, POINTS_MAX = 31 };

/* The cells of one figure. */
struct group {
    const struct trends *trends;
    const struct trend *list;
    int count;
};

static bool is_same_figure(const struct trend *a, const struct trend *b)
{
    return strcmp(a->backbone, b->backbone) == 0 && strcmp(a->protocol, b->protocol) == 0 &&
           strcmp(a->metric, b->metric) == 0;
}

/* Writes two blocks per cell, all of its numbers and those that changed; each ends with NaN, so that none is empty. */
static void write_data(FILE *stream, const void *context)
{
    const struct group *group = context;
    fputs("# night value\n", stream);
    for (int i = 0; i < group->count; i++)
        for (int only_changed = 0; only_changed < 2; only_changed++) {
            const struct trend *trend = &group->list[i];
            for (int p = 0; p < trend->count; p++) {
                const struct trend_point *point = &trend->points[p];
                if (isfinite(point->value) && (!only_changed || point->is_changed))
                    fprintf(stream, "%d %.9g\n", point->night + 1, point->value);
            }
            fputs("NaN NaN\n\n\n", stream);
        }
}

static void write_range(FILE *stream, const struct trend *trend)
{
    double low = INFINITY, high = -INFINITY;
    for (int p = 0; p < trend->count; p++)
        if (isfinite(trend->points[p].value)) {
            low = fmin(low, trend->points[p].value);
            high = fmax(high, trend->points[p].value);
        }
    if (!(low <= high))
        low = high = 0;
    const double pad = high > low ? 0.25 * (high - low) : fmax(0.01 * fabs(high), 0.01);
    fprintf(stream, "set yrange [%.9g:%.9g]\n", low - pad, high + pad);
}

static void write_dates(FILE *stream, const struct trends *trends)
{
    const int last = trends->night_count, middle = (1 + last) / 2;
    fprintf(stream, "set xrange [0.5:%.1f]\nset xtics (", last + 0.5);
    const int nights[] = {1, middle, last};
    for (int i = 0, before = 0; i < 3; before = nights[i++])
        if (nights[i] != before) {
            char date[16];
            snprintf(date, sizeof date, "%.10s", trends->nights[nights[i] - 1]);
            fputs(before ? ", " : "", stream);
            escape_gnuplot(stream, date, 10);
            fprintf(stream, " %d", nights[i]);
        }
    fputs(") scale 0.5\n", stream);
}

static void write_panel(FILE *stream, const struct group *group, const char *file, int i, int width, int height)
{
    const int line = i / PER_ROW;
    const double left = i % PER_ROW * (double)PANEL + LEFT, right = (i % PER_ROW + 1.0) * PANEL - 38;
    const double top = TOP + line * (double)PANEL_HEIGHT + HEAD, bottom = top + PANEL_HEIGHT - HEAD - BOTTOM;
    const struct trend *trend = &group->list[i];
    int changes = 0;
    for (int p = 0; p < trend->count; p++)
        changes += trend->points[p].is_changed;
    fprintf(stream,
            "set lmargin at screen %.6f\nset rmargin at screen %.6f\nset tmargin at screen %.6f\n"
            "set bmargin at screen %.6f\n",
            left / width, right / width, 1 - top / height, 1 - bottom / height);
    fputs("set title ", stream);
    escape_gnuplot(stream, trend->method, 32);
    fprintf(stream, " offset 0,-0.6 textcolor rgb '%s' noenhanced\n", changes ? "#c00000" : "#202020");
    write_range(stream, trend);
    fprintf(stream,
            "plot '%s' index %d with %s linecolor rgb '#0072b2' linewidth 1.2 pointtype 7 pointsize 0.35 notitle, \\\n"
            "  '' index %d with points pointtype 7 pointsize 0.7 linecolor rgb '#d00000' notitle\n",
            file, 2 * i, group->trends->night_count <= POINTS_MAX ? "linespoints" : "lines", 2 * i + 1);
}

static int figure_width(const struct group *group)
{
    return PANEL * (group->count < PER_ROW ? group->count : PER_ROW);
}

static int figure_height(const struct group *group)
{
    return TOP + PANEL_HEIGHT * ((group->count + PER_ROW - 1) / PER_ROW);
}

static void write_commands(FILE *stream, const char *file, const void *context)
{
    const struct group *group = context;
    const struct trend *first = group->list;
    const int width = figure_width(group), height = figure_height(group);
    char title[256];
    snprintf(title, sizeof title, "%.60s, %.60s%s%.8s%s", first->metric, first->backbone, *first->unit ? " (" : "",
             first->unit, *first->unit ? ")" : "");
    fputs("set multiplot\nset label ", stream);
    escape_gnuplot(stream, title, 72);
    fprintf(stream, " at screen 0.5, screen %.6f center font ',14' noenhanced\nset label ", 1 - 16.0 / height);
    snprintf(title, sizeof title, "%d nights%s%.60s; red: another number than the night before%s",
             group->trends->night_count, *first->protocol ? ", protocol " : "", first->protocol,
             strcmp(first->metric, "seconds") == 0 ? " by more than noise" : "");
    escape_gnuplot(stream, title, 110);
    fprintf(stream, " at screen 0.5, screen %.6f center textcolor rgb '#505050' noenhanced\n", 1 - 36.0 / height);
    fputs("set border 3 linecolor rgb '#808080'\nset tics nomirror textcolor rgb '#505050' font ',9'\n"
          "set ytics autofreq\nset grid ytics linecolor rgb '#e0e0e0'\nset key off\nset clip two\n",
          stream);
    write_dates(stream, group->trends);
    for (int i = 0; i < group->count; i++) {
        write_panel(stream, group, file, i, width, height);
        if (i == 0)
            fputs("unset label\n", stream);
    }
    fputs("unset multiplot\n", stream);
}

static int plot_group(const struct group *group, int number, const char *folder, struct error *warning,
                      struct error *err)
{
    char backbone[48], metric[48], name[128];
    escape_file_name(group->list->backbone, backbone, sizeof backbone);
    escape_file_name(group->list->metric, metric, sizeof metric);
    snprintf(name, sizeof name, "%s-%s-%d", backbone, metric, number); /* names may look alike */
    const struct figure figure = {name, figure_width(group), figure_height(group), group, write_data, write_commands};
    return figure_write(&figure, folder, warning, err);
}

int trends_plot(const struct trends *trends, const char *folder, struct error *warning, struct error *err)
{
    warning->text[0] = 0;
    struct file_folders folders;
    if (file_make_folders(&folders, folder, err))
        return -1;
    for (int i = 0, number = 1; i < trends->count; number++) {
        struct group group = {trends, &trends->list[i], 1};
        while (i + group.count < trends->count && is_same_figure(group.list, &group.list[group.count]))
            group.count++;
        if (plot_group(&group, number, folder, warning, err)) {
            file_remove_folders(&folders); /* removes only empty ones */
            return -1;
        }
        i += group.count;
    }
    return 0;
}

/* -- text ---------------------------------------------------------------------------------------------------------- */

static const struct trend_point *change_at(const struct trend *trend, int night)
{
    for (int p = 0; p < trend->count; p++)
        if (trend->points[p].night == night)
            return trend->points[p].is_changed ? &trend->points[p] : NULL;
    return NULL;
}

/* Writes both numbers, with as many further digits as distinguish them. */
static void put_change(FILE *stream, double before, double now, const char *unit)
{
    char texts[2][32];
    int digits = 6;
    do {
        snprintf(texts[0], sizeof texts[0], "%.*g", digits, before);
        snprintf(texts[1], sizeof texts[1], "%.*g", digits, now);
    } while (before != now && strcmp(texts[0], texts[1]) == 0 && digits++ < 17);
    fprintf(stream, "  %s, then %s %s\n", texts[0], texts[1], unit);
}

static int print_night(const struct trends *trends, int night, bool is_shown, FILE *stream)
{
    int count = 0;
    for (int i = 0; i < trends->count; i++) {
        const struct trend *trend = &trends->list[i];
        const struct trend_point *point = change_at(trend, night);
        if (!point)
            continue;
        if (count++ == 0 && is_shown) {
            escape_terminal(stream, trends->nights[night], 20);
            fputs(trends->programs && *trends->programs[night] ? "  " : "", stream);
            escape_terminal(stream, trends->programs ? trends->programs[night] : "", 0);
            putc('\n', stream);
        }
        if (!is_shown)
            continue;
        const char *const words[] = {trend->backbone, trend->method, trend->metric};
        for (int w = 0; w < 3; w++) {
            fputs("  ", stream);
            escape_terminal(stream, words[w], 32);
        }
        const double before = point > trend->points ? point[-1].value : NAN;
        put_change(stream, before, point->value, trend->unit);
    }
    return count;
}

int trends_print(const struct trends *trends, int most, FILE *stream)
{
    int changes = 0, shown = 0;
    for (int night = trends->night_count - 1; night >= 0; night--) {
        const int here = print_night(trends, night, shown < most, stream);
        shown += here > 0;
        changes += here;
    }
    fprintf(stream, "%d nights, %d cells, %d changes\n", trends->night_count, trends->count, changes);
    return changes;
}
