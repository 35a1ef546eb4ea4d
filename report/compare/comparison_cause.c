/*
 * report/compare/comparison_cause.c - finds the differences that follow from others, and the remaining ones as the
 * cause.
 *
 * A metric that is computed from others (ADCC) changes when one of them does: its cell follows if a part's cell of the
 * same backbone, method and protocol has changed. The other differences are described by metric, or by method if only
 * one has changed.
 */
#include "report/compare/comparison_cause.h"

#include <string.h>

enum { NAMES_SAID = 4 };

static bool has_value(const struct compare_cell *cell)
{
    return cell->metric && (cell->result == COMPARE_CHANGED || cell->result == COMPARE_UNDEFINED);
}

static bool is_compared(const struct compare_cell *cell)
{
    return cell->metric && cell->result != COMPARE_MISSING && cell->result != COMPARE_NEW;
}

static bool is_same_place(const struct compare_cell *a, const struct compare_cell *b)
{
    return strcmp(a->backbone, b->backbone) == 0 && strcmp(a->method, b->method) == 0 &&
           strcmp(a->protocol, b->protocol) == 0;
}

static bool is_part(const struct report *base, const struct report_metric *whole, const struct report_metric *metric)
{
    for (int i = 0; i < 5 && whole->parts[i] >= 0; i++)
        if (strcmp(base->metrics[whole->parts[i]].name, metric->name) == 0)
            return true;
    return false;
}

void cause_mark(const struct report *base, struct comparison *comparison)
{
    for (int i = 0; i < comparison->count; i++) {
        struct compare_cell *cell = &comparison->cells[i];
        for (int k = 0; k < comparison->count && has_value(cell) && !cell->follows; k++) {
            const struct compare_cell *part = &comparison->cells[k];
            cell->follows = has_value(part) && is_same_place(cell, part) && is_part(base, cell->metric, part->metric);
        }
    }
}

/* -- counting ------------------------------------------------------------------------------------------------------ */

/* The names by which cells are counted. */
typedef const char *name_of(const struct compare_cell *cell);
typedef bool is_chosen(const struct compare_cell *cell);

static const char *method_of(const struct compare_cell *cell)
{
    return cell->method;
}

static const char *metric_of(const struct compare_cell *cell)
{
    return cell->metric->name;
}

static bool is_root(const struct compare_cell *cell)
{
    return has_value(cell) && !cell->follows;
}

static bool is_following(const struct compare_cell *cell)
{
    return has_value(cell) && cell->follows;
}

/*
 * Counts the different names of the chosen cells and fills the first ones. If `with` is not NULL, only cells with that
 * other name count.
 */
static int count_names(const struct comparison *comparison, is_chosen *chosen, name_of *name, name_of *other,
                       const char *with, const char **first, int most)
{
    int count = 0;
    for (int i = 0; i < comparison->count; i++) {
        const struct compare_cell *cell = &comparison->cells[i];
        if (!chosen(cell) || (with && strcmp(other(cell), with) != 0))
            continue;
        bool is_again = false;
        for (int k = 0; k < i && !is_again; k++) {
            const struct compare_cell *before = &comparison->cells[k];
            is_again =
                chosen(before) && (!with || strcmp(other(before), with) == 0) && strcmp(name(before), name(cell)) == 0;
        }
        if (is_again)
            continue;
        if (count < most)
            first[count] = name(cell);
        count++;
    }
    return count;
}

/* -- texts --------------------------------------------------------------------------------------------------------- */

/* "a", "a and b", "a, b and 3 more" */
static const char *names_text(const char *const *names, int count, int known, struct arena *arena)
{
    const char *text = "";
    const int shown = count < known ? count : known;
    for (int i = 0; i < shown && text; i++)
        text = arena_format(arena, "%s%s%s", text, i == 0 ? "" : i == count - 1 ? " and " : ", ", names[i]);
    return text && count > shown ? arena_format(arena, "%s and %d more", text, count - shown) : text;
}

/* "complexity changed in 11 of 12 methods" */
static const char *say_metric(const struct comparison *comparison, const char *metric, struct arena *arena)
{
    const char *method = "";
    const int changed = count_names(comparison, is_root, method_of, metric_of, metric, &method, 1);
    const int all = count_names(comparison, is_compared, method_of, metric_of, metric, NULL, 0);
    return arena_format(arena, "%s changed in %d of %d method%s", metric, changed, all, all == 1 ? "" : "s");
}

/*
 * "method gradcam changed in 2 of 5 metrics (coherency and complexity)", "methods gradcam and layercam changed in ..."
 */
static const char *say_methods(const struct comparison *comparison, const char *const *methods, int count,
                               struct arena *arena)
{
    const char *metrics[NAMES_SAID];
    const int changed = count_names(comparison, is_root, metric_of, NULL, NULL, metrics, NAMES_SAID);
    const int all = count_names(comparison, is_compared, metric_of, NULL, NULL, NULL, 0);
    const char *who = names_text(methods, count, NAMES_SAID, arena);
    const char *what = names_text(metrics, changed, NAMES_SAID, arena);
    return who && what ? arena_format(arena, "method%s %s changed in %d of %d metric%s (%s)", count == 1 ? "" : "s",
                                      who, changed, all, all == 1 ? "" : "s", what)
                       : NULL;
}

static const char *say_metrics(const struct comparison *comparison, const char *const *metrics, int count,
                               struct arena *arena)
{
    const char *text = "";
    const int shown = count < NAMES_SAID ? count : NAMES_SAID;
    for (int i = 0; i < shown && text; i++) {
        const char *one = say_metric(comparison, metrics[i], arena);
        text = one ? arena_format(arena, "%s%s%s", text, i ? ", " : "", one) : NULL;
    }
    return text && count > shown ? arena_format(arena, "%s and %d more metrics changed", text, count - shown) : text;
}

const char *cause_text(const struct comparison *comparison, struct arena *arena)
{
    const char *metrics[NAMES_SAID], *methods[NAMES_SAID], *followers[NAMES_SAID];
    const int metric_count = count_names(comparison, is_root, metric_of, NULL, NULL, metrics, NAMES_SAID);
    const int method_count = count_names(comparison, is_root, method_of, NULL, NULL, methods, NAMES_SAID);
    const int follower_count = count_names(comparison, is_following, metric_of, NULL, NULL, followers, NAMES_SAID);
    const bool is_by_method = method_count == 1 || method_count < metric_count;
    const char *text = metric_count == 0 ? ""
                       : is_by_method    ? say_methods(comparison, methods, method_count, arena)
                                         : say_metrics(comparison, metrics, metric_count, arena);
    if (!text || metric_count == 0 || follower_count == 0)
        return text;
    const char *names = names_text(followers, follower_count, NAMES_SAID, arena);
    return names ? arena_format(arena, "%s; %s follow%s from %s", text, names, follower_count == 1 ? "s" : "",
                                metric_count == 1 ? "it" : "them")
                 : NULL;
}
