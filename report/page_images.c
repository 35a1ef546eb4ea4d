/*
 * report/page_images.c - images on the page: the gallery, which images it shows, and the list of strange ones.
 *
 * An image is strange if the methods' values of the headline metric are far apart, or if a value is undefined. The
 * gallery's data is JSON inside the page, which the script draws.
 */
#include "report/page.h"

#include "base/arena.h"
#include "report/escape.h"
#include "report/plot.h"
#include "report/stats.h"

#include <math.h>
#include <stdlib.h>

enum { LISTED_MAX = 12 };

/* Metrics that have a value of each image. */
static bool has_image_values(const struct report *report, int k)
{
    return !report->metrics[k].is_cost && !report->metrics[k].combine && !report_counted(report, k);
}

/* A metric with a value of each image by which images are ordered; -1: none. */
static int image_metric(const struct report *report)
{
    const int headline = headline_metric(report);
    if (headline >= 0 && has_image_values(report, headline))
        return headline;
    for (int k = 0; k < report->metric_count; k++)
        if (has_image_values(report, k))
            return k;
    return -1;
}

/* The standard deviation of the methods' values on an image, controls left out; NAN: fewer than two. */
static double spread_of(const struct report *report, int b, int k, int image)
{
    double sum = 0, squares = 0;
    int n = 0;
    for (int m = 0; m < report->method_count; m++) {
        const size_t at = report_index(report, b, m, 0, k, image);
        if (report->methods[m].is_control || report->states[at] != REPORT_DEFINED)
            continue;
        sum += report->values[at];
        squares += report->values[at] * report->values[at];
        n++;
    }
    return n < 2 ? NAN : sqrt(fmax(0, squares / n - sum / n * (sum / n)));
}

/* The mean of spread_of() over the networks; 0: none has one. */
static double disagreement(const struct report *report, int k, int image)
{
    double sum = 0;
    int n = 0;
    for (int b = 0; b < report->backbone_count; b++) {
        const double spread = spread_of(report, b, k, image);
        if (isfinite(spread)) {
            sum += spread;
            n++;
        }
    }
    return n ? sum / n : 0;
}

/* An image with a number by which it is ordered. */
struct ranked {
    int image;
    double by;
};

static int by_falling(const void *a, const void *b)
{
    const struct ranked *one = a, *other = b;
    if (one->by != other->by)
        return one->by < other->by ? 1 : -1;
    return one->image - other->image;
}

/* Images by falling disagreement of the methods. */
static void rank_by_spread(const struct report *report, struct ranked *list)
{
    const int k = image_metric(report);
    for (int i = 0; i < report->image_count; i++)
        list[i] = (struct ranked){i, k < 0 ? 0 : disagreement(report, k, i)};
    qsort(list, (size_t)report->image_count, sizeof *list, by_falling);
}

/* Images by falling number of undefined values. */
static void rank_by_undefined(const struct report *report, struct ranked *list)
{
    for (int i = 0; i < report->image_count; i++)
        list[i] = (struct ranked){i, 0};
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++)
            for (int k = 0; k < report->metric_count; k++)
                for (int i = 0; has_image_values(report, k) && i < report->image_count; i++)
                    list[i].by += report->states[report_index(report, b, m, 0, k, i)] == REPORT_UNDEFINED;
    qsort(list, (size_t)report->image_count, sizeof *list, by_falling);
}

/* -- choice of the gallery's images -------------------------------------------------------------------------------- */

static int add_ranked(const struct ranked *list, int count, int most, uint8_t *is_taken)
{
    int added = 0;
    for (int i = 0; i < count && added < most && list[i].by > 0; i++) {
        added += !is_taken[list[i].image];
        is_taken[list[i].image] = 1;
    }
    return added;
}

/* A third by disagreement, a sixth with undefined values, and the run's first images. */
int report_gallery(const struct report *report, int most, struct arena *arena, int **images)
{
    const size_t count = (size_t)report->image_count;
    struct ranked *list = arena_alloc(arena, count + 1, sizeof *list);
    uint8_t *is_taken = arena_alloc(arena, count + 1, 1);
    *images = arena_alloc(arena, count + 1, sizeof **images);
    if (!list || !is_taken || !*images)
        return -1;
    int taken = 0, used = 0;
    if (report->image_count > most) {
        rank_by_spread(report, list);
        taken += add_ranked(list, report->image_count, most / 3, is_taken);
        rank_by_undefined(report, list);
        taken += add_ranked(list, report->image_count, most / 6, is_taken);
    }
    for (int i = 0; i < report->image_count; i++) {
        const bool is_next = !is_taken[i] && taken < most;
        taken += is_next;
        if (is_taken[i] || is_next)
            (*images)[used++] = i;
    }
    return used;
}

/* -- strange images ------------------------------------------------------------------------------------------------ */

static void put_spread_row(const struct page *page, int k, const struct ranked *row)
{
    const struct report *report = page->report;
    fputs("<tr><th scope=\"row\" data-image=\"", page->stream);
    fprintf(page->stream, "%d\">", row->image);
    page_text(page, report->images[row->image]);
    fputs("</th>", page->stream);
    for (int b = 0; b < report->backbone_count; b++) {
        const double spread = spread_of(report, b, k, row->image);
        fputs("<td>", page->stream);
        if (isfinite(spread))
            page_number(page, k, spread, false);
        else
            fputs("–", page->stream);
        fputs("</td>", page->stream);
    }
    fputs("</tr>\n", page->stream);
}

static void put_spreads(const struct page *page, int k, struct ranked *list)
{
    const struct report *report = page->report;
    rank_by_spread(report, list);
    fputs("<h3>Methods differ most</h3>\n<p class=\"note\">Standard deviation of ", page->stream);
    page_metric(page, k);
    fputs(" over the methods, controls left out.</p>\n", page->stream);
    page_table(page, "sortable numbers", "Images on which methods differ most");
    fputs("<thead><tr><th scope=\"col\">Image</th>", page->stream);
    for (int b = 0; b < report->backbone_count; b++) {
        fputs("<th scope=\"col\">", page->stream);
        page_text(page, report->backbones[b].title);
        fputs("</th>", page->stream);
    }
    fputs("</tr></thead>\n<tbody>\n", page->stream);
    for (int i = 0; i < report->image_count && i < LISTED_MAX && list[i].by > 0; i++)
        put_spread_row(page, k, &list[i]);
    page_table_end(page);
}

/* The reason of an image's first undefined value. */
static const char *reason_of(const struct report *report, int image)
{
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++)
            for (int k = 0; k < report->metric_count; k++) {
                const size_t at = report_index(report, b, m, 0, k, image);
                if (has_image_values(report, k) && report->states[at] == REPORT_UNDEFINED && report->notes[at])
                    return report->notes[at];
            }
    return "";
}

static void put_undefined(const struct page *page, struct ranked *list)
{
    const struct report *report = page->report;
    int shown = 0, all = 0;
    rank_by_undefined(report, list);
    for (int i = 0; i < report->image_count && list[i].by > 0; i++)
        all++;
    fputs("<h3>Undefined values</h3>\n", page->stream);
    if (all == 0) {
        fputs("<p>None.</p>\n", page->stream);
        return;
    }
    page_table(page, "sortable numbers", "Images with undefined values");
    fputs("<thead><tr><th scope=\"col\">Image</th><th scope=\"col\">Undefined values</th><th scope=\"col\">Reason of "
          "the first</th></tr></thead>\n<tbody>\n",
          page->stream);
    for (; shown < all && shown < LISTED_MAX; shown++) {
        fprintf(page->stream, "<tr><th scope=\"row\" data-image=\"%d\">", list[shown].image);
        page_text(page, report->images[list[shown].image]);
        fprintf(page->stream, "</th><td>%.0f</td><td>", list[shown].by);
        page_text(page, reason_of(report, list[shown].image));
        fputs("</td></tr>\n", page->stream);
    }
    page_table_end(page);
    if (shown < all)
        fprintf(page->stream, "<p class=\"note\">And %d more images; see per_image.csv.</p>\n", all - shown);
}

void page_images(const struct page *page)
{
    const int k = image_metric(page->report);
    struct ranked *list = calloc((size_t)page->report->image_count + 1, sizeof *list);
    if (k < 0 || !list) {
        free(list);
        return;
    }
    page_section(page, "images", "Strange images");
    put_spreads(page, k, list);
    put_undefined(page, list);
    page_section_end(page);
    free(list);
}

/* -- the gallery's data -------------------------------------------------------------------------------------------- */

static void put_base64(FILE *stream, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    putc('"', stream);
    for (size_t i = 0; i < size; i += 3) {
        const unsigned group = (unsigned)bytes[i] << 16 | (i + 1 < size ? (unsigned)bytes[i + 1] << 8 : 0) |
                               (i + 2 < size ? bytes[i + 2] : 0);
        putc(digits[group >> 18], stream);
        putc(digits[group >> 12 & 63], stream);
        putc(i + 1 < size ? digits[group >> 6 & 63] : '=', stream);
        putc(i + 2 < size ? digits[group & 63] : '=', stream);
    }
    putc('"', stream);
}

static void put_string(FILE *stream, const char *name, const char *text)
{
    fprintf(stream, "\"%s\":", name);
    if (text)
        escape_script(stream, text);
    else
        fputs("null", stream);
}

/* A number, the reason why there is none as text, or null for an absent one. */
static void put_value(const struct page *page, int b, int m, int k, int image)
{
    const struct report *report = page->report;
    const size_t at = report_index(report, b, m, 0, k, image);
    if (report->states[at] == REPORT_DEFINED && isfinite(report->values[at]))
        fprintf(page->stream, "%.*f", shown_decimals(&report->metrics[k]),
                shown_value(&report->metrics[k], report->values[at]));
    else if (report->states[at] == REPORT_UNDEFINED)
        escape_script(page->stream, report->notes[at] ? report->notes[at] : "undefined");
    else
        fputs("null", page->stream);
}

static void put_values(const struct page *page, int b, int m, int image)
{
    int count = 0;
    putc('[', page->stream);
    for (int k = 0; k < page->report->metric_count; k++) {
        if (!has_image_values(page->report, k))
            continue;
        fputs(count++ ? "," : "", page->stream);
        put_value(page, b, m, k, image);
    }
    putc(']', page->stream);
}

static void put_map(const struct page *page, const struct page_map *map)
{
    if (!map->data) {
        fputs("null", page->stream);
        return;
    }
    fprintf(page->stream, "[%d,%d,", map->h, map->w);
    put_base64(page->stream, map->data, (size_t)map->h * (size_t)map->w);
    putc(']', page->stream);
}

static void put_view(const struct page *page, const struct page_image *image, int b)
{
    const struct page_view *view = &image->views[b];
    fprintf(page->stream, "{\"picture\":%d,\"class\":%d,", view->picture, view->klass);
    put_string(page->stream, "name", view->class_name);
    if (isfinite(view->probability))
        fprintf(page->stream, ",\"p\":%.4f", view->probability);
    fprintf(page->stream, ",\"right\":%s,\n\"maps\":[", view->is_right ? "true" : "false");
    for (int m = 0; m < page->report->method_count; m++) {
        fputs(m ? "," : "", page->stream);
        put_map(page, &view->maps[m]);
    }
    fputs("],\n\"values\":[", page->stream);
    for (int m = 0; m < page->report->method_count; m++) {
        fputs(m ? "," : "", page->stream);
        put_values(page, b, m, image->image);
    }
    fputs("]}", page->stream);
}

static void put_image(const struct page *page, const struct page_image *image)
{
    fprintf(page->stream, "{\"at\":%d,", image->image);
    put_string(page->stream, "name", page->report->images[image->image]);
    putc(',', page->stream);
    put_string(page->stream, "label", image->label);
    fputs(",\"pictures\":[", page->stream);
    for (int i = 0; i < image->picture_count; i++) {
        fputs(i ? "," : "", page->stream);
        put_base64(page->stream, image->pictures[i].jpeg, image->pictures[i].size);
    }
    fputs("],\n\"views\":[", page->stream);
    for (int b = 0; b < page->report->backbone_count; b++) {
        fputs(b ? ",\n" : "", page->stream);
        put_view(page, image, b);
    }
    fputs("]}", page->stream);
}

static void put_lists(const struct page *page)
{
    const struct report *report = page->report;
    const int by = image_metric(report);
    int count = 0;
    fputs("{\"networks\":[", page->stream);
    for (int b = 0; b < report->backbone_count; b++) {
        fputs(b ? "," : "", page->stream);
        escape_script(page->stream, report->backbones[b].title);
    }
    fputs("],\n\"methods\":[", page->stream);
    for (int m = 0; m < report->method_count; m++) {
        fputs(m ? ",{" : "{", page->stream);
        put_string(page->stream, "title", report->methods[m].title);
        fprintf(page->stream, ",\"control\":%s}", report->methods[m].is_control ? "true" : "false");
    }
    fputs("],\n\"metrics\":[", page->stream);
    for (int k = 0; k < report->metric_count; k++) {
        const struct report_metric *metric = &report->metrics[k];
        if (!has_image_values(report, k))
            continue;
        fputs(count++ ? ",{" : "{", page->stream);
        put_string(page->stream, "title", metric->title);
        putc(',', page->stream);
        put_string(page->stream, "unit", metric->unit);
        fprintf(page->stream, ",\"digits\":%d,\"up\":%s,\"first\":%s}", shown_decimals(metric),
                metric->higher_is_better ? "true" : "false", k == by ? "true" : "false");
    }
    putc(']', page->stream);
}

void page_gallery(const struct page *page)
{
    const struct page_sources *sources = page->sources;
    if (sources->image_count == 0)
        return;
    page_section(page, "gallery", "Gallery");
    fprintf(page->stream, "<p class=\"note\">%d of %d images", sources->image_count, page->report->image_count);
    fputs(sources->image_count < page->report->image_count
              ? ": those on which methods differ most, some with undefined values, and the run's first"
              : "",
          page->stream);
    fputs(". Values are those of protocol ", page->stream);
    page_text(page, page->report->protocols[0].name);
    fputs(". A map is drawn over the part of the image that the network sees; where the map is low the image shows "
          "through.",
          page->stream);
    if (sources->without) {
        fputs(" Pictures are missing: ", page->stream);
        page_text(page, sources->without);
        putc('.', page->stream);
    }
    fputs("</p>\n<noscript><p>The gallery needs JavaScript.</p></noscript>\n<div id=\"gallery-view\"></div>\n"
          "<script type=\"application/json\" id=\"gallery-data\">\n",
          page->stream);
    put_lists(page);
    fputs(",\n\"images\":[\n", page->stream);
    for (int i = 0; i < sources->image_count; i++) {
        fputs(i ? ",\n" : "", page->stream);
        put_image(page, &sources->images[i]);
    }
    fputs("\n]}</script>\n", page->stream);
    page_section_end(page);
}
