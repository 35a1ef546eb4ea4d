/*
 * report/reference.c - compares measured with published numbers: reference.csv, tables/reference.md and .tex, and some
 * lines for the terminal.
 *
 * A published number matches a cell with the same network, method and metric, and with the layer, parameters and
 * protocol that the published number names. Costs are not compared, because they depend on the machine.
 */
#include "base/file.h"
#include "report/completeness.h"
#include "report/csv.h"
#include "report/document.h"
#include "report/escape.h"
#include "report/page.h"
#include "report/stats.h"

#include <math.h>
#include <string.h>

#define TERMINAL_ROWS 40
#define FLOAT_ROWS 42

/* A published number and a cell that it matches. */
struct pair {
    const struct report_published *published;
    const struct report_backbone *backbone;
    const struct report_method *method;
    const struct report_protocol *protocol;
    const struct report_metric *metric;
    const struct cell *cell;
};

/* Called for each pair; `context` is the writer. */
typedef void take_pair(void *context, const struct pair *pair);

/* -- matching ----------------------------------------------------------------------------------------------------- */

static bool is_listed(const char *const *params, const char *text, size_t length)
{
    for (; params && *params; params++)
        if (strncmp(*params, text, length) == 0 && (*params)[length] == 0)
            return true;
    return false;
}

/* Whether each "key=value" in `wanted`, "a=b;c=d", is a parameter of the method. */
static bool has_params(const struct report_method *method, const char *wanted)
{
    while (*wanted) {
        const size_t length = strcspn(wanted, ";");
        if (length && !is_listed(method->params, wanted, length))
            return false;
        wanted += length + (wanted[length] == ';');
    }
    return true;
}

static bool is_empty_or(const char *wanted, const char *is)
{
    return !*wanted || strcmp(wanted, is) == 0;
}

static bool is_pair(const struct pair *pair)
{
    const struct report_published *p = pair->published;
    return !pair->metric->is_cost && strcmp(p->metric, pair->metric->name) == 0 &&
           strcmp(p->method, pair->method->method) == 0 && strcmp(p->arch, pair->backbone->arch) == 0 &&
           is_empty_or(p->layer, pair->backbone->layer) &&
           (is_empty_or(p->protocol, pair->protocol->name) || is_empty_or(p->protocol, pair->protocol->preset)) &&
           has_params(pair->method, p->params);
}

/* Calls `take` for all pairs of one backbone, in the order of the run's lists; returns how many. */
static int pairs_of(const struct report *report, const struct cell *cells, int b, take_pair *take, void *context)
{
    int count = 0;
    for (int m = 0; m < report->method_count; m++)
        for (int p = 0; p < report->protocol_count; p++)
            for (int k = 0; k < report->metric_count; k++)
                for (int i = 0; i < report->published_count; i++) {
                    const struct pair pair = {&report->published[i], &report->backbones[b],
                                              &report->methods[m],   &report->protocols[p],
                                              &report->metrics[k],   cell_at(report, cells, b, m, p, k)};
                    if (!is_pair(&pair))
                        continue;
                    take(context, &pair);
                    count++;
                }
    return count;
}

static int all_pairs(const struct report *report, const struct cell *cells, take_pair *take, void *context)
{
    int count = 0;
    for (int b = 0; b < report->backbone_count; b++)
        count += pairs_of(report, cells, b, take, context);
    return count;
}

/* Whether the published number lies inside the measured interval, as text; NULL: the cell has no interval. */
static const char *inside(const struct pair *pair)
{
    const struct cell *cell = pair->cell;
    if (!isfinite(cell->ci_low) || !isfinite(cell->ci_high))
        return NULL;
    return pair->published->value >= cell->ci_low && pair->published->value <= cell->ci_high ? "yes" : "no";
}

/* A number of a pair as it is printed: percent metrics times 100. */
static double shown(const struct pair *pair, double value)
{
    return shown_value(pair->metric, value);
}

static double difference(const struct pair *pair)
{
    return shown(pair, pair->cell->mean) - shown(pair, pair->published->value);
}

/* -- CSV ---------------------------------------------------------------------------------------------------------- */

static void csv_row(void *context, const struct pair *pair)
{
    FILE *stream = context;
    const struct cell *cell = pair->cell;
    const double numbers[] = {shown(pair, cell->mean), shown(pair, cell->ci_low), shown(pair, cell->ci_high),
                              shown(pair, pair->published->value), difference(pair)};
    csv_texts(stream, 6,
              (const char *[]){pair->backbone->name, pair->backbone->arch, pair->backbone->layer, pair->method->name,
                               pair->metric->name, pair->protocol->name});
    fprintf(stream, "%d,", cell->n);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        csv_number(stream, numbers[i]);
        putc(',', stream);
    }
    csv_texts(stream, 5,
              (const char *[]){inside(pair) ? inside(pair) : "", pair->metric->unit, pair->published->paper,
                               pair->published->table, pair->published->note});
    escape_csv(stream, pair->published->source);
    putc('\n', stream);
}

static void csv(const struct report *report, const struct cell *cells, FILE *stream)
{
    fputs("backbone,arch,layer,method,metric,protocol,n,measured,ci_low,ci_high,published,difference,inside,unit,paper,"
          "table,note,source\n",
          stream);
    all_pairs(report, cells, csv_row, stream);
}

/* -- for Markdown and the terminal --------------------------------------------------------------------------------- */

struct tally {
    int pairs, with_interval, inside;
};

static void count_pair(void *context, const struct pair *pair)
{
    struct tally *tally = context;
    const char *is_inside = inside(pair);
    tally->pairs++;
    tally->with_interval += is_inside != NULL;
    tally->inside += is_inside && strcmp(is_inside, "yes") == 0;
}

/* "12 comparisons; inside the measured interval: 3 of 12." */
static struct tally put_tally(const struct report *report, const struct cell *cells, FILE *stream)
{
    struct tally tally = {0};
    all_pairs(report, cells, count_pair, &tally);
    if (tally.pairs == 0)
        fprintf(stream,
                "None of %d published numbers is of a network, layer, method, metric and protocol of this run.\n",
                report->published_count);
    else if (tally.with_interval == 0)
        fprintf(stream, "%d comparison%s; no interval was measured.\n", tally.pairs, tally.pairs == 1 ? "" : "s");
    else
        fprintf(stream, "%d comparison%s; inside the measured interval: %d of %d.\n", tally.pairs,
                tally.pairs == 1 ? "" : "s", tally.inside, tally.with_interval);
    return tally;
}

/* "33.10 (32.80–33.41)" */
static const char *measured_text(const struct pair *pair, char text[1024])
{
    const struct cell *cell = pair->cell;
    const int decimals = shown_decimals(pair->metric);
    if (cell->n == 0)
        snprintf(text, 1024, "–");
    else if (!isfinite(cell->ci_low))
        snprintf(text, 1024, "%.*f", decimals, shown(pair, cell->mean));
    else
        snprintf(text, 1024, "%.*f (%.*f–%.*f)", decimals, shown(pair, cell->mean), decimals, shown(pair, cell->ci_low),
                 decimals, shown(pair, cell->ci_high));
    return text;
}

static const char *difference_text(const struct pair *pair, char text[400])
{
    if (pair->cell->n == 0)
        snprintf(text, 400, "–");
    else
        snprintf(text, 400, "%+.*f", shown_decimals(pair->metric), difference(pair));
    return text;
}

/* -- Markdown ----------------------------------------------------------------------------------------------------- */

static void markdown_cells(FILE *stream, int count, const char *const *texts)
{
    for (int i = 0; i < count; i++) {
        fputs("| ", stream);
        escape_markdown(stream, texts[i]);
        putc(' ', stream);
    }
}

static void markdown_row(void *context, const struct pair *pair)
{
    FILE *stream = context;
    const struct report_published *published = pair->published;
    char measured[1024], change[400];
    markdown_cells(stream, 3, (const char *[]){pair->method->title, pair->metric->title, pair->protocol->name});
    fprintf(stream, "| %s | %.*f | %s | %s ", measured_text(pair, measured), shown_decimals(pair->metric),
            shown(pair, published->value), difference_text(pair, change), inside(pair) ? inside(pair) : "–");
    markdown_cells(stream, 3, (const char *[]){published->paper, published->table, published->source});
    fputs("|\n", stream);
}

static void ignore_pair(void *context, const struct pair *pair)
{
    (void)context, (void)pair;
}

static void markdown_block(const struct report *report, const struct cell *cells, int b, FILE *stream)
{
    if (pairs_of(report, cells, b, ignore_pair, NULL) == 0)
        return;
    fputs("\n## ", stream);
    escape_markdown(stream, report->backbones[b].title);
    fputs(" (", stream);
    escape_markdown(stream, report->backbones[b].layer);
    fputs(")\n\n| Method | Metric | Protocol | Measured | Published | Difference | Inside | Paper | Table | Source |\n"
          "| --- | --- | --- | ---: | ---: | ---: | --- | --- | --- | --- |\n",
          stream);
    pairs_of(report, cells, b, markdown_row, stream);
}

static bool same_note(const struct report_published *a, const struct report_published *b)
{
    return strcmp(a->paper, b->paper) == 0 && strcmp(a->note, b->note) == 0;
}

/* Writes the note of a published number that matches a cell, after the name of its paper; equal notes only once. */
static void markdown_note(const struct report *report, const bool *is_used, int i, FILE *stream)
{
    const struct report_published *published = &report->published[i];
    if (!is_used[i] || !*published->note)
        return;
    for (int earlier = 0; earlier < i; earlier++)
        if (is_used[earlier] && same_note(&report->published[earlier], published))
            return;
    fputs("- ", stream);
    escape_markdown(stream, published->paper);
    fputs(": ", stream);
    escape_markdown(stream, published->note);
    putc('\n', stream);
}

struct used {
    const struct report_published *first;
    bool *is_used;
};

static void mark_used(void *context, const struct pair *pair)
{
    const struct used *used = context;
    used->is_used[pair->published - used->first] = true;
}

static void markdown(const struct report *report, const struct cell *cells, bool *is_used, FILE *stream)
{
    fputs("# ", stream);
    escape_markdown(stream, report->name);
    fputs(": measured beside published\n\n", stream);
    const struct tally tally = put_tally(report, cells, stream);
    if (tally.pairs == 0)
        return;
    fputs("Measured: mean and 95 % interval over this run's images. Difference: measured less published.\n", stream);
    completeness_list(report, stream, "\n", ".\n", escape_markdown);
    for (int b = 0; b < report->backbone_count; b++)
        markdown_block(report, cells, b, stream);
    struct used used = {report->published, is_used};
    all_pairs(report, cells, mark_used, &used);
    fputs("\n## Notes on the published numbers\n\n", stream);
    for (int i = 0; i < report->published_count; i++)
        markdown_note(report, is_used, i, stream);
}

/* -- page --------------------------------------------------------------------------------------------------------- */

static void page_cells(const struct page *page, const char *tag, int count, const char *const *texts)
{
    for (int i = 0; i < count; i++) {
        fprintf(page->stream, "<%s>", tag);
        page_text(page, texts[i]);
        fprintf(page->stream, "</%.2s>", tag);
    }
}

static void page_row(void *context, const struct pair *pair)
{
    const struct page *page = context;
    const struct report_published *published = pair->published;
    char measured[1024], change[400], number[400];
    snprintf(number, sizeof number, "%.*f", shown_decimals(pair->metric), shown(pair, published->value));
    fputs("<tr>", page->stream);
    page_cells(page, "th scope=\"row\"", 1, &pair->method->title);
    page_cells(page, "td", 10,
               (const char *[]){pair->backbone->title, pair->metric->title, pair->protocol->name,
                                measured_text(pair, measured), number, difference_text(pair, change),
                                inside(pair) ? inside(pair) : "–", published->paper, published->table,
                                published->source});
    fputs("</tr>\n", page->stream);
}

void page_reference(const struct page *page)
{
    const struct report *report = page->report;
    if (report->published_count == 0)
        return;
    page_section(page, "published", "Measured beside published");
    fputs("<p class=\"note\">", page->stream);
    const struct tally tally = put_tally(report, page->cells, page->stream);
    fputs("Difference: measured less published. Whether the images are those of the paper is not compared.</p>\n",
          page->stream);
    if (tally.pairs > 0) {
        page_table(page, "sortable numbers", "Measured beside published numbers");
        fputs("<thead><tr>", page->stream);
        page_cells(page, "th scope=\"col\"", 11,
                   (const char *[]){"Method", "Network", "Metric", "Protocol", "Measured", "Published", "Difference",
                                    "Inside", "Paper", "Table", "Source"});
        fputs("</tr></thead>\n<tbody>\n", page->stream);
        all_pairs(report, page->cells, page_row, (void *)page);
        page_table_end(page);
    }
    page_section_end(page);
}

/* -- LaTeX -------------------------------------------------------------------------------------------------------- */

struct tex_writer {
    const struct report *report;
    int backbone, rows, floats;
    FILE *stream;
};

static void tex_end_float(struct tex_writer *tex)
{
    if (tex->rows == 0)
        return;
    document_fitted(tex->stream);
    document_note(tex->stream);
    fputs("Measured: mean and 95~\\% bootstrap interval over this run's images. Difference: measured less published. "
          "Inside: whether the published number lies in the interval.",
          tex->stream);
    completeness_list(tex->report, tex->stream, " ", ".", escape_tex);
    document_note_end(tex->stream);
    document_float_end(tex->stream);
    tex->rows = 0;
}

static void tex_begin_float(struct tex_writer *tex)
{
    const struct report_backbone *backbone = &tex->report->backbones[tex->backbone];
    char label[100];
    document_float(tex->stream);
    fputs("\\caption{", tex->stream);
    escape_tex(tex->stream, tex->report->name);
    fputs(": measured beside published, ", tex->stream);
    escape_tex(tex->stream, backbone->title);
    fputs(" (", tex->stream);
    escape_tex(tex->stream, backbone->layer);
    fprintf(tex->stream, ")}\n\\label{tab:%s-reference-%d}\n", escape_file_name(tex->report->name, label, sizeof label),
            ++tex->floats);
    document_fit(tex->stream);
    fputs("\\begin{tabular}{lllrrrll}\n\\toprule\n"
          "Method & Metric & Protocol & Measured & Published & Difference & Inside & Paper \\\\\n\\midrule\n",
          tex->stream);
}

static void tex_numbers(FILE *stream, const struct pair *pair)
{
    const struct cell *cell = pair->cell;
    const int decimals = shown_decimals(pair->metric);
    if (cell->n == 0)
        fputs(" & --", stream);
    else
        fprintf(stream, " & %.*f", decimals, shown(pair, cell->mean));
    if (cell->n > 0 && isfinite(cell->ci_low))
        fprintf(stream, " {\\scriptsize [%.*f, %.*f]}", decimals, shown(pair, cell->ci_low), decimals,
                shown(pair, cell->ci_high));
    fprintf(stream, " & %.*f", decimals, shown(pair, pair->published->value));
    if (cell->n == 0)
        fputs(" & --", stream);
    else
        fprintf(stream, " & $%+.*f$", decimals, difference(pair));
    fprintf(stream, " & %s & ", inside(pair) ? inside(pair) : "--");
}

static void tex_row(void *context, const struct pair *pair)
{
    struct tex_writer *tex = context;
    const char *const texts[] = {pair->method->title, pair->metric->title, pair->protocol->name};
    if (tex->rows == FLOAT_ROWS)
        tex_end_float(tex);
    if (tex->rows++ == 0)
        tex_begin_float(tex);
    for (int i = 0; i < 3; i++) {
        fputs(i ? " & " : "", tex->stream);
        escape_tex(tex->stream, texts[i]);
    }
    tex_numbers(tex->stream, pair);
    escape_tex(tex->stream, pair->published->paper);
    if (*pair->published->table) {
        fputs(", ", tex->stream);
        escape_tex(tex->stream, pair->published->table);
    }
    fputs(" \\\\\n", tex->stream);
}

static void tex_document(const struct report *report, const struct cell *cells, FILE *stream)
{
    struct tex_writer tex = {.report = report, .stream = stream};
    document_begin(stream, report->program);
    for (tex.backbone = 0; tex.backbone < report->backbone_count; tex.backbone++) {
        pairs_of(report, cells, tex.backbone, tex_row, &tex);
        tex_end_float(&tex);
    }
    if (tex.floats == 0)
        put_tally(report, cells, stream);
    document_end(stream);
}

/* -- files -------------------------------------------------------------------------------------------------------- */

static int write_csv(const struct report *report, const struct cell *cells, struct error *err)
{
    struct file_writer writer;
    char path[PATH_MAX];
    if (file_join(path, report->folder, "reference.csv", err) || file_create(&writer, path, err))
        return -1;
    csv(report, cells, writer.stream);
    return file_commit(&writer, err);
}

static int write_markdown(const struct report *report, const struct cell *cells, bool *is_used, struct error *err)
{
    struct file_writer writer;
    char path[PATH_MAX];
    if (file_make_inside(path, report->folder, "tables", err) ||
        file_join(path, report->folder, "tables/reference.md", err) || file_create(&writer, path, err))
        return -1;
    markdown(report, cells, is_used, writer.stream);
    return file_commit(&writer, err);
}

static int write_tex(const struct report *report, const struct cell *cells, struct error *err)
{
    struct file_writer writer;
    char path[PATH_MAX];
    if (file_join(path, report->folder, "tables/reference.tex", err) || file_create(&writer, path, err))
        return -1;
    tex_document(report, cells, writer.stream);
    return file_commit(&writer, err);
}

int report_reference(const struct report *report, const struct cell *cells, struct error *err)
{
    struct arena arena;
    arena_init(&arena, 0);
    bool *is_used = arena_alloc(&arena, (size_t)report->published_count + 1, sizeof *is_used);
    const int status =
        !is_used ? error_memory(err, "the comparison with published numbers")
        : write_csv(report, cells, err) || write_markdown(report, cells, is_used, err) || write_tex(report, cells, err)
            ? -1
            : 0;
    arena_release(&arena);
    return status;
}

/* -- terminal ----------------------------------------------------------------------------------------------------- */

struct screen {
    FILE *stream;
    int rows;
};

static void put_padded(FILE *stream, const char *text, int columns, bool is_number)
{
    const int width = escape_terminal(NULL, text, columns);
    if (is_number)
        fprintf(stream, "%*s", columns - width, "");
    escape_terminal(stream, text, columns);
    if (!is_number)
        fprintf(stream, "%*s", columns - width, "");
    putc(' ', stream);
}

static void put_line(FILE *stream, const char *const texts[8])
{
    static const int columns[] = {16, 16, 17, 15, 22, 10, 10};
    for (int i = 0; i < 7; i++)
        put_padded(stream, texts[i], columns[i], i >= 4);
    escape_terminal(stream, texts[7], 0);
    putc('\n', stream);
}

static void terminal_row(void *context, const struct pair *pair)
{
    struct screen *screen = context;
    char measured[1024], published[400], change[400];
    if (screen->rows++ >= TERMINAL_ROWS)
        return;
    snprintf(published, sizeof published, "%.*f", shown_decimals(pair->metric), shown(pair, pair->published->value));
    put_line(screen->stream, (const char *[]){pair->backbone->title, pair->method->title, pair->metric->title,
                                              pair->protocol->name, measured_text(pair, measured), published,
                                              difference_text(pair, change), inside(pair) ? inside(pair) : "–"});
}

static int escape_line(FILE *stream, const char *text)
{
    return escape_terminal(stream, text, 0);
}

void report_reference_terminal(const struct report *report, const struct cell *cells, FILE *stream)
{
    struct screen screen = {.stream = stream};
    fputs("Measured beside published: ", stream);
    if (put_tally(report, cells, stream).pairs == 0)
        return;
    completeness_list(report, stream, "", "\n", escape_line);
    put_line(stream, (const char *[]){"Network", "Method", "Metric", "Protocol", "Measured", "Published", "Difference",
                                      "Inside"});
    all_pairs(report, cells, terminal_row, &screen);
    if (screen.rows > TERMINAL_ROWS)
        fprintf(stream, "... and %d more: tables/reference.md\n", screen.rows - TERMINAL_ROWS);
}
