/*
 * report/csv.c - the tables for programs: summary.csv, per_image.csv and, if metrics have curves, curves.csv.
 *
 * Numbers have as many digits as read back to the same double; percent metrics are in percent. A number that does not
 * exist is an empty cell. Times appear only in costs.csv (costs_csv.c), so equal rows give equal bytes in the other files.
 */
#include "report/csv.h"

#include "base/file.h"
#include "report/escape.h"
#include "report/stats.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

void csv_texts(FILE *stream, int count, const char *const *texts)
{
    for (int i = 0; i < count; i++) {
        escape_csv(stream, texts[i]);
        putc(',', stream);
    }
}

/*
 * The fewest digits (15 to 17) that read back to the same double, found without printing: how far the number rounded to
 * so many digits is from the double, against half the distance between doubles. 0: too close to tell, or out of range.
 */
static int digits_needed(double value)
{
    static const long double powers[] = {1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L};
    enum { SMALLEST = -4, LARGEST = 5 }; /* exponents of the first digit */
    const long double size = fabsl((long double)value);
    int exponent = SMALLEST;
    if (!(size >= 1e-4L && size < 1e6L))
        return 0;
    for (long double next = 1e-3L; size >= next && exponent < LARGEST; next *= 10)
        exponent++;
    const long double scaled = size * powers[LARGEST - exponent]; /* 17 digits before the point */
    if (!(scaled > 1.0001e16L && scaled < 9.999e16L))
        return 0;
    int binary;
    frexp(value, &binary);
    const long double reach = ldexpl(powers[LARGEST - exponent], binary - 54), margin = 0.25L;
    for (int digits = 15; digits <= 16; digits++) {
        const long double unit = digits == 15 ? 100 : 10;
        const long double distance = fabsl(scaled - roundl(scaled / unit) * unit);
        if (distance < reach - margin)
            return digits;
        if (!(distance > reach + margin))
            return 0;
    }
    return 17;
}

void csv_number(FILE *stream, double value)
{
    char text[40];
    if (!isfinite(value))
        return;
    const int needed = digits_needed(value);
    for (int digits = needed ? needed : 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (needed || digits == 17 || strtod(text, NULL) == value)
            break;
    }
    fputs(text, stream);
}

void csv_numbers(FILE *stream, int count, const double *values)
{
    for (int i = 0; i < count; i++) {
        csv_number(stream, values[i]);
        putc(i + 1 < count ? ',' : '\n', stream);
    }
}

static int write_summary(FILE *stream, const struct report *report, const struct cell *cells, struct error *err)
{
    (void)err;
    fputs("backbone,method,protocol,metric,n,undefined,mean,ci_low,ci_high,unit\n", stream);
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++)
            for (int p = 0; p < report->protocol_count; p++)
                for (int k = 0; k < report->metric_count; k++) {
                    const struct report_metric *metric = &report->metrics[k];
                    const struct cell *cell = cell_at(report, cells, b, m, p, k);
                    if (metric->is_cost)
                        continue;
                    csv_texts(stream, 4,
                              (const char *[]){report->backbones[b].name, report->methods[m].name,
                                               report->protocols[p].name, metric->name});
                    fprintf(stream, "%d,%d,", cell->n, cell->undefined);
                    const double values[] = {cell->mean, cell->ci_low, cell->ci_high};
                    for (int i = 0; i < 3; i++) {
                        csv_number(stream, shown_value(metric, values[i]));
                        putc(',', stream);
                    }
                    escape_csv(stream, metric->unit);
                    putc('\n', stream);
                }
    return 0;
}

/* Cells of per_image.csv that many rows have, escaped once, each with its comma; metrics: NULL for costs. */
struct image_cells {
    const char **images, **metrics;
    const char *of_map; /* backbone, method, protocol */
};

/* The cells of `count` texts as they are written; NULL: no memory. */
static const char *escaped(struct arena *arena, int count, const char *const *texts)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (!stream)
        return NULL;
    csv_texts(stream, count, texts);
    const bool is_whole = fclose(stream) == 0;
    const char *copy = is_whole ? arena_string(arena, text) : NULL;
    free(text);
    return copy;
}

static int escape_all(const struct report *report, struct arena *arena, struct image_cells *cells)
{
    cells->images = arena_alloc(arena, (size_t)report->image_count + 1, sizeof *cells->images);
    cells->metrics = arena_alloc(arena, (size_t)report->metric_count + 1, sizeof *cells->metrics);
    if (!cells->images || !cells->metrics)
        return -1;
    for (int i = 0; i < report->image_count; i++)
        if (!(cells->images[i] = escaped(arena, 1, &report->images[i])))
            return -1;
    for (int k = 0; k < report->metric_count; k++)
        if (!report->metrics[k].is_cost && !(cells->metrics[k] = escaped(arena, 1, &report->metrics[k].name)))
            return -1;
    return 0;
}

static void put_values(FILE *stream, const struct report *report, const struct image_cells *cells, int b, int m, int p,
                       int image)
{
    for (int k = 0; k < report->metric_count; k++) {
        const struct report_metric *metric = &report->metrics[k];
        const size_t at = report_index(report, b, m, p, k, image);
        if (metric->is_cost || report->states[at] == REPORT_ABSENT)
            continue;
        fputs(cells->of_map, stream);
        fputs(cells->images[image], stream);
        fputs(cells->metrics[k], stream);
        csv_number(stream, report->states[at] == REPORT_DEFINED ? shown_value(metric, report->values[at]) : NAN);
        putc(',', stream);
        if (report->notes[at])
            escape_csv(stream, report->notes[at]);
        putc('\n', stream);
    }
}

/* Metrics with counts have no value per image: a row says why an image is left out, or that its map is degenerate. */
static void put_count_notes(FILE *stream, const struct report *report, int b, int m, int p, int image)
{
    for (int k = 0; report->counts && k < report->metric_count; k++) {
        const struct report_counts *counts = report->counts[report_curve_index(report, b, m, p, k)];
        if (!counts || counts[image].state == REPORT_ABSENT || !counts[image].note)
            continue;
        csv_texts(stream, 5,
                  (const char *[]){report->backbones[b].name, report->methods[m].name, report->protocols[p].name,
                                   report->images[image], report->metrics[k].name});
        putc(',', stream);
        escape_csv(stream, counts[image].note);
        putc('\n', stream);
    }
}

static int put_maps(FILE *stream, const struct report *report, struct image_cells *cells, struct arena *arena,
                    struct error *err)
{
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++)
            for (int p = 0; p < report->protocol_count; p++) {
                cells->of_map = escaped(
                    arena, 3,
                    (const char *[]){report->backbones[b].name, report->methods[m].name, report->protocols[p].name});
                if (!cells->of_map)
                    return error_memory(err, "per_image.csv");
                if (report_stopped(report, err))
                    return -1;
                for (int image = 0; image < report->image_count; image++) {
                    put_values(stream, report, cells, b, m, p, image);
                    put_count_notes(stream, report, b, m, p, image);
                }
            }
    return 0;
}

static int write_images(FILE *stream, const struct report *report, const struct cell *cells, struct error *err)
{
    struct image_cells texts = {0};
    struct arena arena;
    (void)cells;
    arena_init(&arena, 0);
    fputs("backbone,method,protocol,image,metric,value,note\n", stream);
    const int status = escape_all(report, &arena, &texts) ? error_memory(err, "per_image.csv")
                                                          : put_maps(stream, report, &texts, &arena, err);
    arena_release(&arena);
    return status;
}

static const struct report_curve *curve_at(const struct report *report, int b, int m, int p, int k)
{
    return &report->curves[report_curve_index(report, b, m, p, k)];
}

bool report_has_curves(const struct report *report)
{
    for (int b = 0; report->curves && b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++)
            for (int p = 0; p < report->protocol_count; p++)
                for (int k = 0; k < report->metric_count; k++)
                    if (curve_at(report, b, m, p, k)->count > 0)
                        return true;
    return false;
}

static void put_curve(FILE *stream, const struct report *report, int b, int m, int p, int k)
{
    const struct report_curve *curve = curve_at(report, b, m, p, k);
    for (int i = 0; i < curve->count; i++) {
        csv_texts(stream, 4,
                  (const char *[]){report->backbones[b].name, report->methods[m].name, report->protocols[p].name,
                                   report->metrics[k].name});
        fprintf(stream, "%d,", curve->n);
        csv_numbers(stream, 2, (const double[]){curve->fraction[i], curve->mean[i]});
    }
}

static int write_curves(FILE *stream, const struct report *report, const struct cell *cells, struct error *err)
{
    (void)cells, (void)err;
    fputs("backbone,method,protocol,metric,n,fraction,probability\n", stream);
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++)
            for (int p = 0; p < report->protocol_count; p++)
                for (int k = 0; k < report->metric_count; k++)
                    put_curve(stream, report, b, m, p, k);
    return 0;
}

struct file_kind {
    const char *name;
    int (*write)(FILE *stream, const struct report *report, const struct cell *cells, struct error *err);
    bool (*is_needed)(const struct report *report); /* NULL: always */
};

static int write_file(const struct report *report, const struct cell *cells, const struct file_kind *kind,
                      struct error *err)
{
    struct file_writer writer;
    char path[PATH_MAX];
    if (file_join(path, report->folder, kind->name, err))
        return -1;
    if (kind->is_needed && !kind->is_needed(report)) {
        unlink(path); /* it may be left from an earlier report */
        return 0;
    }
    if (file_create(&writer, path, err))
        return -1;
    if (kind->write(writer.stream, report, cells, err)) {
        file_abandon(&writer);
        return -1;
    }
    return file_commit(&writer, err);
}

int report_csv(const struct report *report, const struct cell *cells, struct error *err)
{
    static const struct file_kind kinds[] = {{"summary.csv", write_summary, NULL},
                                             {"per_image.csv", write_images, NULL},
                                             {"curves.csv", write_curves, report_has_curves}};
    if (file_make_folder(report->folder, err))
        return -1;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (write_file(report, cells, &kinds[i], err))
            return -1;
    return 0;
}
