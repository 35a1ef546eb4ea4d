/*
 * report/page.c - index.html: the frame of the page, and what its parts have in common.
 *
 * Style and script are files of their own, report/assets/page.css and page.js, and are part of the program.
 */
#include "report/page.h"

#include "base/embed.h"
#include "base/file.h"
#include "report/completeness.h"
#include "report/escape.h"
#include "report/pairs.h"
#include "report/plot.h"
#include "report/stats.h"

#include <math.h>
#include <string.h>

EMBED(page_style_text, "report/assets/page.css");
EMBED(page_script_text, "report/assets/page.js");
extern const char page_style_text[];
extern const char page_script_text[];

/* -- parts --------------------------------------------------------------------------------------------------------- */

void page_text(const struct page *page, const char *text)
{
    escape_xml(page->stream, text);
}

void page_lines(const struct page *page, const char *text)
{
    char line[1024];
    while (*text) {
        const size_t length = strcspn(text, "\n");
        for (size_t used = 0; used < length;) {
            size_t piece = length - used < sizeof line - 1 ? length - used : sizeof line - 1;
            while (used + piece < length && piece > 1 && ((unsigned char)text[used + piece] & 0xc0) == 0x80)
                piece--; /* not inside of a character */
            snprintf(line, sizeof line, "%.*s", (int)piece, text + used);
            page_text(page, line);
            used += piece;
        }
        putc('\n', page->stream);
        text += length + (text[length] == '\n');
    }
}

void page_backbone(const struct page *page, int backbone)
{
    const struct report_backbone *row = &page->report->backbones[backbone];
    page_text(page, row->title);
    fputs(" (", page->stream);
    page_text(page, row->layer);
    putc(')', page->stream);
}

void page_metric(const struct page *page, int metric)
{
    const struct report_metric *row = &page->report->metrics[metric];
    page_text(page, row->title);
    fputs(row->higher_is_better ? " ↑" : " ↓", page->stream);
    fputs(*row->unit ? " " : "", page->stream);
    page_text(page, row->unit);
}

void page_section(const struct page *page, const char *id, const char *title)
{
    fprintf(page->stream, "<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">%s</h2>\n", id, id, id,
            title);
}

void page_section_end(const struct page *page)
{
    fputs("</section>\n", page->stream);
}

void page_table(const struct page *page, const char *kind, const char *label)
{
    fputs("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"", page->stream);
    page_text(page, label);
    fprintf(page->stream, "\">\n<table class=\"%s\">\n", kind);
}

void page_table_end(const struct page *page)
{
    fputs("</tbody>\n</table>\n</div>\n", page->stream);
}

void page_number(const struct page *page, int metric, double value, bool has_unit)
{
    const struct report_metric *row = &page->report->metrics[metric];
    fprintf(page->stream, "%.*f", shown_decimals(row), shown_value(row, value));
    if (has_unit && *row->unit) {
        putc(' ', page->stream);
        page_text(page, row->unit);
    }
}

const struct cell *page_cell(const struct page *page, int backbone, int method, int metric)
{
    return cell_at(page->report, page->cells, backbone, method, 0, metric);
}

bool page_interval(const struct page *page, int metric, double low, double high)
{
    if (!isfinite(low) || !isfinite(high))
        return false;
    fputs("95 % interval ", page->stream);
    page_number(page, metric, low, false);
    fputs(" to ", page->stream);
    page_number(page, metric, high, false);
    return true;
}

/* -- frame --------------------------------------------------------------------------------------------------------- */

/* The largest number of images of any cell. */
static int images_of(const struct page *page)
{
    const struct report *report = page->report;
    int most = 0;
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++)
            for (int k = 0; k < report->metric_count; k++) {
                const struct cell *cell = cell_at(report, page->cells, b, m, 0, k);
                most = cell->n + cell->undefined > most ? cell->n + cell->undefined : most;
            }
    return most;
}

static void put_count(const struct page *page, int count, const char *what)
{
    fprintf(page->stream, "%d %s%s", count, what, count == 1 ? "" : "s");
}

static void put_head(const struct page *page)
{
    const struct report *report = page->report;
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
          "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n<title>",
          page->stream);
    page_text(page, report->name);
    fprintf(page->stream, ": cambench</title>\n<style>\n%s</style>\n</head>\n<body>\n", page_style_text);
}

static void put_title(const struct page *page)
{
    const struct report *report = page->report;
    fputs("<header>\n<h1>", page->stream);
    page_text(page, report->name);
    fputs("</h1>\n<p class=\"meta\">", page->stream);
    put_count(page, images_of(page), "image");
    fputs(", ", page->stream);
    put_count(page, report->backbone_count, "network");
    fputs(", ", page->stream);
    put_count(page, report->method_count, "method");
    fputs(", ", page->stream);
    put_count(page, report->metric_count, "metric");
    fputs(", ", page->stream);
    put_count(page, report->protocol_count, "protocol");
    fputs(". Made by ", page->stream);
    page_text(page, report->program);
    fputs(".</p>\n", page->stream);
    completeness_list(report, page->stream, "<p class=\"warning\">", ".</p>\n", escape_xml);
    fputs("</header>\n<nav aria-label=\"Parts of this page\"><ul></ul></nav>\n<main>\n", page->stream);
}

static void put_page(const struct page *page)
{
    put_head(page);
    put_title(page);
    page_answer(page);
    page_runs(page);
    page_results(page);
    page_plots(page);
    page_pairs(page);
    page_gallery(page);
    page_images(page);
    page_truth(page);
    page_reference(page);
    page_sensitivity(page);
    page_protocols(page);
    page_costs(page);
    page_reproduce(page);
    page_manifest(page);
    fprintf(page->stream, "</main>\n<script>\n%s</script>\n</body>\n</html>\n", page_script_text);
}

int report_page(const struct report *report, const struct cell *cells, const struct meta_cell *meta,
                const struct page_sources *sources, struct error *err)
{
    struct arena arena;
    struct file_writer file;
    char path[PATH_MAX];
    arena_init(&arena, 0);
    struct page page = {.report = report,
                        .cells = cells,
                        .meta = meta,
                        .sources = sources,
                        .headline = headline_metric(report),
                        .scratch = arena_alloc(&arena, (size_t)report->image_count + 1, sizeof *page.scratch)};
    int status = page.scratch ? 0 : error_memory(err, "the page");
    if (!status && !file_join(path, report->folder, "index.html", err) && !file_create(&file, path, err)) {
        page.stream = file.stream;
        put_page(&page);
        status = file_commit(&file, err);
    } else
        status = -1;
    arena_release(&arena);
    return status;
}
