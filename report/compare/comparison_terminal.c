/*
 * report/compare/comparison_terminal.c - prints the changes, as sentences and as a table for the terminal.
 */
#include "report/compare/comparison.h"
#include "report/escape.h"
#include "report/stats.h"

#include <math.h>
#include <string.h>

enum { ROWS_MAX = 40, NAME_COLUMNS = 32, TEXT_MAX = 64, COLUMNS = 8, GAP = 2 };
enum { MORE_DIGITS_MAX = 13 }; /* with 4 usual ones 17 digits, which distinguish all doubles */

/* -- numbers ------------------------------------------------------------------------------------------------------- */

static void value_text(const struct compare_cell *cell, double value, int more_digits, char text[TEXT_MAX])
{
    if (!isfinite(value))
        snprintf(text, TEXT_MAX, "–");
    else if (cell->metric)
        snprintf(text, TEXT_MAX, "%.*f", shown_decimals(cell->metric) + more_digits, shown_value(cell->metric, value));
    else
        snprintf(text, TEXT_MAX, "%.*g s", 4 + more_digits, value);
}

/* Writes base and new value, with as many further digits as distinguish them. */
static void value_texts(const struct compare_cell *cell, char was[TEXT_MAX], char is[TEXT_MAX])
{
    const bool is_other = cell->value[0] < cell->value[1] || cell->value[0] > cell->value[1];
    int more = 0;
    do {
        value_text(cell, cell->value[0], more, was);
        value_text(cell, cell->value[1], more, is);
    } while (is_other && strcmp(was, is) == 0 && more++ < MORE_DIGITS_MAX);
}

/* Writes the difference, "+4.05", or "+3e-09" if all usual decimals would be 0. */
static void change_text(const struct report_metric *metric, double difference, char text[TEXT_MAX])
{
    const double shown = shown_value(metric, difference);
    const int decimals = shown_decimals(metric);
    if (!isfinite(shown))
        snprintf(text, TEXT_MAX, "–");
    else if (shown == 0 || fabs(shown) >= pow(10, -decimals))
        snprintf(text, TEXT_MAX, "%+.*f", decimals, shown);
    else
        snprintf(text, TEXT_MAX, "%+.2g", shown);
}

static void difference_text(const struct compare_cell *cell, char text[TEXT_MAX])
{
    if (cell->metric)
        change_text(cell->metric, cell->difference, text);
    else
        snprintf(text, TEXT_MAX, "x %.2f", cell->difference);
}

/* Prints why the difference counts: its interval, or the number of images with another value. */
static void put_reason(FILE *stream, const struct compare_cell *cell)
{
    char low[TEXT_MAX], high[TEXT_MAX];
    if (cell->undefined[0] != cell->undefined[1])
        fprintf(stream, "undefined on %d, now %d of %d images; ", cell->undefined[0], cell->undefined[1], cell->n);
    if (!cell->metric) {
        fprintf(stream, "%sinterval %.2f to %.2f, %d images",
                cell->is_beside_others ? "beside the other methods; " : "", cell->low, cell->high, cell->n);
    } else if (isfinite(cell->low)) {
        change_text(cell->metric, cell->low, low);
        change_text(cell->metric, cell->high, high);
        fprintf(stream, "interval %s to %s, %d images", low, high, cell->n);
    } else {
        fprintf(stream, "%d of %d images", cell->changed, cell->n);
        if (cell->most) {
            fputs(", most ", stream);
            escape_terminal(stream, cell->most, NAME_COLUMNS);
        }
    }
    if (cell->missing)
        fprintf(stream, "; %d more are missing", cell->missing);
}

static void put_numbers(FILE *stream, const struct compare_cell *cell)
{
    char was[TEXT_MAX], is[TEXT_MAX], difference[TEXT_MAX];
    value_texts(cell, was, is);
    difference_text(cell, difference);
    fprintf(stream, "%s, now %s (%s)", was, is, difference);
}

void compare_sentence(FILE *stream, const struct compare_cell *cell)
{
    switch (cell->result) {
    case COMPARE_MISSING:
        fputs("not measured in the new run", stream);
        return;
    case COMPARE_NEW:
        fputs("not measured in the base", stream);
        return;
    case COMPARE_INCOMPLETE:
        fprintf(stream, "%d of %d images are missing in the new run", cell->missing, cell->missing + cell->n);
        return;
    case COMPARE_SAME:
        fputs("same", stream);
        return;
    default:
        put_numbers(stream, cell);
        fputs(": ", stream);
        put_reason(stream, cell);
    }
}

/* -- in common ----------------------------------------------------------------------------------------------------- */

int compare_compared(const struct comparison *comparison)
{
    return comparison->count - comparison->results[COMPARE_MISSING] - comparison->results[COMPARE_NEW];
}

int compare_differences(const struct comparison *comparison)
{
    int count = 0;
    for (int v = 0; v < COMPARE_RESULTS; v++)
        count += compare_is_difference(v) ? comparison->results[v] : 0;
    return count;
}

static const char *metric_name(const struct compare_cell *cell)
{
    return cell->metric ? cell->metric->name : "seconds";
}

const char *compare_in_common(const struct comparison *comparison, struct arena *arena)
{
    const struct compare_cell *first = NULL;
    bool is_backbone = true, is_method = true, is_metric = true;
    for (int i = 0; i < comparison->count; i++) {
        const struct compare_cell *cell = &comparison->cells[i];
        if (!compare_is_difference(cell->result))
            continue;
        first = first ? first : cell;
        is_backbone = is_backbone && strcmp(cell->backbone, first->backbone) == 0;
        is_method = is_method && strcmp(cell->method, first->method) == 0;
        is_metric = is_metric && strcmp(metric_name(cell), metric_name(first)) == 0;
    }
    if (!first || (!is_backbone && !is_method && !is_metric))
        return NULL;
    return arena_format(arena, "%s%s%s%s%s%s%s%s", is_backbone ? "backbone " : "", is_backbone ? first->backbone : "",
                        is_backbone && (is_method || is_metric) ? ", " : "", is_method ? "method " : "",
                        is_method ? first->method : "", is_method && is_metric ? ", " : "", is_metric ? "metric " : "",
                        is_metric ? metric_name(first) : "");
}

/* -- the table ----------------------------------------------------------------------------------------------------- */

struct row {
    const struct compare_cell *cell;
    int cells; /* number of cells of the same backbone, method and result that share this row */
    const char *text[COLUMNS];
};

static const struct column {
    const char *head;
    bool is_right;
} columns[COLUMNS] = {{"", false},       {"backbone", false}, {"method", false}, {"protocol", false},
                      {"metric", false}, {"base", true},      {"new", true},     {"difference", true}};

static bool is_grouped(const struct compare_cell *cell)
{
    return cell->result == COMPARE_INCOMPLETE || cell->result == COMPARE_MISSING || cell->result == COMPARE_NEW;
}

static bool is_listed(const struct compare_cell *cell)
{
    return compare_is_difference(cell->result) || is_grouped(cell);
}

static bool is_same_group(const struct compare_cell *a, const struct compare_cell *b)
{
    return is_grouped(a) && a->result == b->result && strcmp(a->backbone, b->backbone) == 0 &&
           strcmp(a->method, b->method) == 0;
}

/* The order of cells: differences, those that follow from others, those of controls; then all other cells. */
static int rank_of(const struct compare_cell *cell)
{
    return 4 * !compare_is_difference(cell->result) + 2 * cell->is_control + cell->follows;
}

enum { RANKS = 8 };

/* The rows, in the arena; NULL: no memory. */
static struct row *make_rows(const struct comparison *comparison, struct arena *arena, int *count)
{
    struct row *rows = arena_alloc(arena, (size_t)comparison->count + 1, sizeof *rows);
    *count = 0;
    for (int rank = 0; rows && rank < RANKS; rank++)
        for (int i = 0; i < comparison->count; i++) {
            const struct compare_cell *cell = &comparison->cells[i];
            struct row *last = *count ? &rows[*count - 1] : NULL;
            if (!is_listed(cell) || rank_of(cell) != rank)
                continue;
            if (last && is_same_group(last->cell, cell))
                last->cells++;
            else
                rows[(*count)++] = (struct row){.cell = cell, .cells = 1};
        }
    return rows;
}

static int fill_row(struct row *row, bool has_protocols, struct arena *arena)
{
    const struct compare_cell *cell = row->cell;
    char numbers[3][TEXT_MAX] = {"", "", ""};
    const bool is_one = !is_grouped(cell) || row->cells == 1;
    if (!is_grouped(cell)) {
        value_texts(cell, numbers[0], numbers[1]);
        difference_text(cell, numbers[2]);
    }
    const char *texts[COLUMNS] = {compare_result_name(cell->result),
                                  cell->backbone,
                                  cell->method,
                                  has_protocols && is_one ? cell->protocol : "",
                                  is_one ? metric_name(cell) : arena_format(arena, "%d metrics", row->cells),
                                  arena_string(arena, numbers[0]),
                                  arena_string(arena, numbers[1]),
                                  arena_string(arena, numbers[2])};
    memcpy(row->text, texts, sizeof texts);
    for (int c = 0; c < COLUMNS; c++)
        if (!row->text[c])
            return -1;
    return 0;
}

static void put_padded(FILE *stream, const char *text, int width, bool is_right)
{
    const int used = escape_terminal(NULL, text, NAME_COLUMNS);
    fprintf(stream, "%*s", is_right ? width - used : 0, "");
    escape_terminal(stream, text, NAME_COLUMNS);
    fprintf(stream, "%*s", is_right ? 0 : width - used, "");
}

static void put_row(FILE *stream, const char *const text[COLUMNS], const int width[COLUMNS])
{
    for (int c = 0; c < COLUMNS; c++) {
        if (width[c] == 0)
            continue;
        put_padded(stream, text[c], width[c], columns[c].is_right);
        fprintf(stream, "%*s", GAP, "");
    }
}

static void put_rows(FILE *stream, const struct row *rows, int count, bool color)
{
    const char *heads[COLUMNS];
    int width[COLUMNS] = {0};
    for (int c = 0; c < COLUMNS; c++) {
        heads[c] = columns[c].head;
        for (int i = 0; i < count; i++) {
            const int used = escape_terminal(NULL, rows[i].text[c], NAME_COLUMNS);
            width[c] = used > width[c] ? used : width[c];
        }
        const int head = escape_terminal(NULL, heads[c], 0);
        if (width[c] > 0 && head > width[c])
            width[c] = head;
    }
    put_row(stream, heads, width);
    fputs("why\n", stream);
    for (int i = 0; i < count; i++) {
        const bool is_bold = color && compare_is_difference(rows[i].cell->result);
        fputs(is_bold ? "\033[1m" : "", stream);
        put_row(stream, rows[i].text, width);
        fputs(is_bold ? "\033[0m" : "", stream);
        if (is_grouped(rows[i].cell))
            compare_sentence(stream, rows[i].cell);
        else
            put_reason(stream, rows[i].cell);
        putc('\n', stream);
    }
}

static bool has_protocols(const struct comparison *comparison)
{
    const char *first = NULL;
    for (int i = 0; i < comparison->count; i++) {
        const char *protocol = comparison->cells[i].protocol;
        if (*protocol && first && strcmp(protocol, first) != 0)
            return true;
        first = *protocol ? protocol : first;
    }
    return false;
}

static void put_head(const struct comparison *comparison, FILE *stream, struct arena *arena)
{
    const int differences = compare_differences(comparison);
    const char *common = differences > 1 ? compare_in_common(comparison, arena) : NULL;
    if (differences == 0)
        fprintf(stream, "no differences in %d cells", compare_compared(comparison));
    else
        fprintf(stream, "%d of %d cells differ", differences, compare_compared(comparison));
    if (common) {
        fputs(", all of ", stream);
        escape_terminal(stream, common, 0);
    }
    if (comparison->missing)
        fprintf(stream, "; %d cells are missing or incomplete", comparison->missing);
    if (comparison->results[COMPARE_NEW])
        fprintf(stream, "; %d cells are new", comparison->results[COMPARE_NEW]);
    putc('\n', stream);
    if (comparison->cause && *comparison->cause) {
        fputs("cause: ", stream);
        escape_terminal(stream, comparison->cause, 0);
        putc('\n', stream);
    }
    for (int i = 0; i < comparison->note_count; i++) {
        fputs("note: ", stream);
        escape_terminal(stream, comparison->notes[i], 0);
        putc('\n', stream);
    }
}

void compare_terminal(const struct comparison *comparison, FILE *stream, bool color, struct arena *arena)
{
    int count;
    struct row *rows = make_rows(comparison, arena, &count);
    const int shown = count < ROWS_MAX ? count : ROWS_MAX;
    const bool is_told = has_protocols(comparison);
    bool is_ready = rows;
    for (int i = 0; i < shown && is_ready; i++)
        is_ready = fill_row(&rows[i], is_told, arena) == 0;
    put_head(comparison, stream, arena);
    if (shown && is_ready)
        put_rows(stream, rows, shown, color);
    if (count > shown)
        fprintf(stream, "and %d more; --json lists all\n", count - shown);
}
