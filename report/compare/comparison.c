/*
 * report/compare/comparison.c - two plain tables to a list of cells with a verdict each.
 *
 * Hundreds of cells are compared at once, night after night. At 95 % each, one in twenty would be an alarm by chance; so
 * intervals are widened until all of them together hold with 99 %.
 */
#include "report/compare/comparison.h"

#include "base/random.h"
#include "report/compare/comparison_cause.h"
#include "report/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PARTS_MAX 5
#define FAMILY_LEVEL 0.01 /* of an alarm by chance in a comparison */
#define CELLS_NOISE 2     /* standard deviations of what other methods' times did */
#define IMAGES_NOISE 5    /* of what single images' times did: machines have moods that last longer than an image */
#define OTHERS_MIN 3      /* methods whose times say how fast the machine was on an image */
#define WAIT_MAX 0.1      /* times of a machine that was busier are not compared */

enum side { BASE, NOW, SIDES };

static const char *const list_names[COMPARE_LISTS] = {"backbone", "method", "protocol", "metric"};

static const struct verdict {
    const char *name;
    bool is_difference;
} verdicts[COMPARE_VERDICTS] = {
    [COMPARE_CHANGED] = {"changed", true},
    [COMPARE_UNDEFINED] = {"undefined", true},
    [COMPARE_SLOWER] = {"slower", true},
    [COMPARE_FASTER] = {"faster", true},
    [COMPARE_INCOMPLETE] = {"incomplete", false},
    [COMPARE_MISSING] = {"missing", false},
    [COMPARE_NEW] = {"new", false},
    [COMPARE_WITHIN] = {"within tolerance", false},
    [COMPARE_SAME] = {"same", false},
};

const char *compare_verdict_name(enum compare_verdict verdict)
{
    return verdicts[verdict].name;
}

bool compare_is_difference(enum compare_verdict verdict)
{
    return verdicts[verdict].is_difference;
}

struct work {
    const struct compare_side *side[SIDES];
    const struct compare_options *options;
    struct arena *arena;
    struct comparison *out;
    int *match[SIDES][COMPARE_LISTS]; /* position of a row in the other run, -1: none */
    bool is_same_run;                 /* all facts are equal */
    double widening_z;                /* normal quantile of the level of one cell */
    int least_times;                  /* images that a difference of times needs */
    int pairs, *image[SIDES];         /* images in both, in the base's order */
    double *sample[SIDES];            /* (pairs,PARTS_MAX) */
    double *draws;                    /* (bootstrap) */
    int *order[SIDES], *drawn;        /* (pairs) */
    double *ratios, *others;          /* of times: of (backbones,methods), of a map's other methods */
};

static int list_count(const struct report *report, int list)
{
    const int counts[COMPARE_LISTS] = {report->backbone_count, report->method_count, report->protocol_count,
                                       report->metric_count};
    return counts[list];
}

/* -- what is not the same ------------------------------------------------------------------------------------------ */

static int add_note(struct work *work, const char *note, struct error *err)
{
    if (!note)
        return error_memory(err, "the comparison");
    work->out->notes[work->out->note_count++] = note;
    return 0;
}

/* What two texts of words do not share at their ends. */
static void cut_common(const char **was, const char **is, int *was_length, int *is_length)
{
    size_t same = 0, word = 0;
    for (; (*was)[same] && (*was)[same] == (*is)[same]; same++)
        word = (*was)[same] == ' ' ? same + 1 : word;
    *was += word;
    *is += word;
    size_t a = strlen(*was), b = strlen(*is), end_a = a, end_b = b;
    while (a > 0 && b > 0 && (*was)[a - 1] == (*is)[b - 1]) {
        a--, b--;
        if ((*was)[a] == ' ')
            end_a = a, end_b = b;
    }
    *was_length = (int)end_a;
    *is_length = (int)end_b;
}

static int note_row(struct work *work, int list, const struct compare_row *was, const struct compare_row *is,
                    struct error *err)
{
    const char *before = was->kind, *after = is->kind;
    int before_length, after_length;
    if (strcmp(before, after) != 0) {
        cut_common(&before, &after, &before_length, &after_length);
        return add_note(work,
                        arena_format(work->arena, "%s \"%s\" is not compared: %.*s in the base, now %.*s",
                                     list_names[list], was->name, before_length, before, after_length, after),
                        err);
    }
    if (strcmp(was->state, is->state) != 0)
        return add_note(work,
                        arena_format(work->arena, "%s \"%s\": %s in the base, now %s", list_names[list], was->name,
                                     was->state, is->state),
                        err);
    return 0;
}

static int match_list(struct work *work, int list, struct error *err)
{
    const struct compare_row *rows[SIDES];
    int count[SIDES];
    for (int s = 0; s < SIDES; s++) {
        rows[s] = work->side[s]->rows[list];
        count[s] = list_count(work->side[s]->report, list);
        work->match[s][list] = arena_alloc(work->arena, (size_t)count[s] + 1, sizeof(int));
        if (!work->match[s][list])
            return error_memory(err, "the comparison");
        memset(work->match[s][list], -1, (size_t)count[s] * sizeof(int));
    }
    for (int i = 0; i < count[BASE]; i++)
        for (int j = 0; j < count[NOW]; j++) {
            if (strcmp(rows[BASE][i].name, rows[NOW][j].name) != 0)
                continue;
            if (note_row(work, list, &rows[BASE][i], &rows[NOW][j], err))
                return -1;
            if (strcmp(rows[BASE][i].kind, rows[NOW][j].kind) == 0) {
                work->match[BASE][list][i] = j;
                work->match[NOW][list][j] = i;
            }
        }
    return 0;
}

/* Notes names that the base does not have. */
static int note_new(struct work *work, int list, struct error *err)
{
    for (int j = 0; j < list_count(work->side[NOW]->report, list); j++) {
        const char *name = work->side[NOW]->rows[list][j].name;
        bool is_known = false;
        for (int i = 0; i < list_count(work->side[BASE]->report, list) && !is_known; i++)
            is_known = strcmp(work->side[BASE]->rows[list][i].name, name) == 0;
        if (!is_known &&
            add_note(work,
                     arena_format(work->arena, "%s \"%s\" is new: the base does not have it", list_names[list], name),
                     err))
            return -1;
    }
    return 0;
}

/* Different sets of kernels give different bits. */
static int note_kernels(struct work *work, struct error *err)
{
    const char *was = work->side[BASE]->kernels, *is = work->side[NOW]->kernels;
    if (!was || !is || !*was || !*is || strcmp(was, is) == 0)
        return 0;
    work->is_same_run = false;
    return add_note(work, arena_format(work->arena, "kernels %s in the base, now %s", was, is), err);
}

/* Facts, lists and their notes. */
static int match_lists(struct work *work, struct error *err)
{
    int room = 5;
    for (int l = 0; l < COMPARE_LISTS; l++)
        room += list_count(work->side[BASE]->report, l) + list_count(work->side[NOW]->report, l);
    for (int i = 0; work->side[BASE]->facts[i]; i++)
        room++;
    for (int i = 0; work->options->causes && work->options->causes[i]; i++)
        room++;
    work->out->notes = arena_alloc(work->arena, (size_t)room, sizeof *work->out->notes);
    if (!work->out->notes)
        return error_memory(err, "the comparison");
    work->is_same_run = true;
    for (int i = 0; work->options->causes && work->options->causes[i]; i++)
        if (add_note(work, work->options->causes[i], err))
            return -1;
    if (note_kernels(work, err))
        return -1;
    for (int i = 0; work->side[BASE]->facts[i]; i++) {
        const char *was = work->side[BASE]->facts[i], *is = work->side[NOW]->facts[i];
        if (strcmp(was, is) == 0)
            continue;
        work->is_same_run = false;
        if (add_note(work, arena_format(work->arena, "%s in the base, now %s", was, is), err))
            return -1;
    }
    for (int l = 0; l < COMPARE_LISTS; l++)
        if (match_list(work, l, err) || note_new(work, l, err))
            return -1;
    return 0;
}

/* -- images -------------------------------------------------------------------------------------------------------- */

struct named {
    const char *name;
    int image;
};

static int compare_named(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static struct named *sorted_images(const struct report *report, struct arena *arena)
{
    struct named *list = arena_alloc(arena, (size_t)report->image_count + 1, sizeof *list);
    for (int i = 0; list && i < report->image_count; i++)
        list[i] = (struct named){report->images[i], i};
    if (list)
        qsort(list, (size_t)report->image_count, sizeof *list, compare_named);
    return list;
}

static int match_images(struct work *work, struct error *err)
{
    const struct report *base = work->side[BASE]->report, *now = work->side[NOW]->report;
    const struct named *theirs = sorted_images(now, work->arena);
    for (int s = 0; s < SIDES; s++)
        work->image[s] = arena_alloc(work->arena, (size_t)base->image_count + 1, sizeof(int));
    if (!theirs || !work->image[BASE] || !work->image[NOW])
        return error_memory(err, "the comparison");
    for (int i = 0; i < base->image_count; i++) {
        const struct named wanted = {base->images[i], i};
        const struct named *found = bsearch(&wanted, theirs, (size_t)now->image_count, sizeof *theirs, compare_named);
        if (!found)
            continue;
        work->image[BASE][work->pairs] = i;
        work->image[NOW][work->pairs++] = found->image;
    }
    work->out->images = work->pairs;
    work->out->images_only[BASE] = base->image_count - work->pairs;
    work->out->images_only[NOW] = now->image_count - work->pairs;
    if (work->out->images_only[BASE] == 0 && work->out->images_only[NOW] == 0)
        return 0;
    return add_note(work,
                    arena_format(work->arena, "compared on %d images; %d more in the base, %d more now", work->pairs,
                                 work->out->images_only[BASE], work->out->images_only[NOW]),
                    err);
}

/* -- quantiles ----------------------------------------------------------------------------------------------------- */

/* The normal quantile above which `tail` of the distribution lies, by bisection: 0 < tail < 0.5. */
static double normal_quantile(double tail)
{
    double low = 0, high = 40;
    for (int i = 0; i < 100; i++) {
        const double middle = (low + high) / 2;
        if (erfc(middle / sqrt(2)) / 2 > tail)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Student's quantile of a normal one (Wallace 1959, eq. 5, solved for t). */
static double student_quantile(double z, double degrees)
{
    const double scaled = z * (8 * degrees + 3) / (8 * degrees + 1);
    return sqrt(degrees * expm1(scaled * scaled / degrees));
}

/* The interval of sorted draws, as wide as many cells and few images ask for. */
static void widen(const struct work *work, double centre, int n, struct compare_cell *cell)
{
    const double factor = student_quantile(work->widening_z, n - 1) / normal_quantile(0.025);
    const size_t count = (size_t)work->options->bootstrap;
    stats_sort(work->draws, count);
    cell->low = centre - factor * fmax(0, centre - stats_percentile(work->draws, count, 2.5));
    cell->high = centre + factor * fmax(0, stats_percentile(work->draws, count, 97.5) - centre);
}

static bool excludes(const struct compare_cell *cell, double number)
{
    return cell->low > number || cell->high < number; /* false for NAN */
}

/* -- a cell of values ---------------------------------------------------------------------------------------------- */

/* Where a cell stands in one run. */
struct place {
    const struct report *report;
    int backbone, method, protocol, metric, parts, part[PARTS_MAX];
};

static struct place place_of(const struct report *report, int backbone, int method, int protocol, int metric)
{
    const struct report_metric *row = &report->metrics[metric];
    struct place place = {report, backbone, method, protocol, metric, 1, {metric}};
    if (!row->combine)
        return place;
    for (place.parts = 0; place.parts < PARTS_MAX && row->parts[place.parts] >= 0; place.parts++)
        place.part[place.parts] = row->parts[place.parts];
    return place;
}

/* The values of an image's parts; the least defined of their states. */
static enum report_state read_parts(const struct place *place, int image, double values[PARTS_MAX])
{
    enum report_state state = place->parts ? REPORT_DEFINED : REPORT_ABSENT;
    for (int j = 0; j < place->parts; j++) {
        const size_t at =
            report_index(place->report, place->backbone, place->method, place->protocol, place->part[j], image);
        values[j] = place->report->values[at];
        if (place->report->states[at] == REPORT_ABSENT)
            return REPORT_ABSENT;
        if (place->report->states[at] == REPORT_UNDEFINED)
            state = REPORT_UNDEFINED;
    }
    return state;
}

static bool is_measured(const struct place *place)
{
    double values[PARTS_MAX];
    for (int i = 0; i < place->report->image_count; i++)
        if (read_parts(place, i, values) != REPORT_ABSENT)
            return true;
    return false;
}

/* What the images of a cell say: rows (n,parts) of both runs where both are defined. */
struct pairs {
    int n;
    int only[SIDES];           /* measured in one run alone */
    int undefined_only[SIDES]; /* undefined in one run alone */
    double furthest;
};

/* The largest difference of one of the parts; 0: equal. */
static double distance(const double *was, const double *is, int parts)
{
    double most = 0;
    for (int j = 0; j < parts; j++)
        if (was[j] != is[j])
            most = fmax(most, fabs(is[j] - was[j]));
    return most;
}

static void take_pair(struct work *work, const struct place places[SIDES], int i, struct pairs *pairs,
                      struct compare_cell *cell)
{
    const int parts = places[BASE].parts, image[SIDES] = {work->image[BASE][i], work->image[NOW][i]};
    double *was = work->sample[BASE] + (size_t)pairs->n * PARTS_MAX;
    double *is = work->sample[NOW] + (size_t)pairs->n * PARTS_MAX;
    const enum report_state states[SIDES] = {read_parts(&places[BASE], image[BASE], was),
                                             read_parts(&places[NOW], image[NOW], is)};
    for (int s = 0; s < SIDES; s++)
        pairs->only[s] += states[s] != REPORT_ABSENT && states[!s] == REPORT_ABSENT;
    if (states[BASE] == REPORT_ABSENT || states[NOW] == REPORT_ABSENT)
        return;
    cell->n++;
    for (int s = 0; s < SIDES; s++) {
        cell->undefined[s] += states[s] == REPORT_UNDEFINED;
        pairs->undefined_only[s] += states[s] == REPORT_UNDEFINED && states[!s] == REPORT_DEFINED;
    }
    cell->changed += states[BASE] != states[NOW];
    if (states[BASE] != REPORT_DEFINED || states[NOW] != REPORT_DEFINED)
        return;
    pairs->n++;
    const double far = distance(was, is, parts);
    cell->changed += far > 0;
    if (far > pairs->furthest) {
        pairs->furthest = far;
        cell->most = work->side[BASE]->report->images[image[BASE]];
    }
}

/* Means of rows of both runs: all in order, or as the stream draws them, the same rows for both. */
static void estimate(const struct work *work, const struct place places[SIDES], int n, struct random_stream *stream,
                     double value[SIDES])
{
    double means[SIDES][PARTS_MAX] = {0};
    for (int i = 0; i < n; i++) {
        const size_t row = stream ? random_below(stream, (uint32_t)n) : (uint32_t)i;
        for (int s = 0; s < SIDES; s++)
            for (int j = 0; j < places[s].parts; j++)
                means[s][j] += work->sample[s][row * PARTS_MAX + (size_t)j];
    }
    for (int s = 0; s < SIDES; s++) {
        const struct report_metric *metric = &places[s].report->metrics[places[s].metric];
        for (int j = 0; j < places[s].parts; j++)
            means[s][j] /= n;
        value[s] = metric->combine ? metric->combine(means[s]) : means[s][0];
    }
}

static struct random_stream stream_of(const struct work *work, const struct compare_cell *cell)
{
    uint64_t purpose = random_purpose(0, cell->backbone);
    purpose = random_purpose(purpose, cell->method);
    purpose = random_purpose(purpose, cell->protocol);
    purpose = random_purpose(purpose, cell->metric ? cell->metric->name : "seconds");
    struct random_stream stream;
    random_init(&stream, work->options->seed, purpose);
    return stream;
}

static void value_interval(struct work *work, const struct place places[SIDES], int n, struct compare_cell *cell)
{
    struct random_stream stream = stream_of(work, cell);
    double value[SIDES];
    for (int i = 0; i < work->options->bootstrap; i++) {
        estimate(work, places, n, &stream, value);
        work->draws[i] = value[NOW] - value[BASE];
        if (!isfinite(work->draws[i]))
            return;
    }
    widen(work, cell->difference, n, cell);
}

/* Is the number of images that became undefined, or no longer are, more than chance? The sign test's normal form. */
static bool undefined_counts(const struct work *work, const struct pairs *pairs)
{
    const double more = pairs->undefined_only[NOW], less = pairs->undefined_only[BASE];
    return fabs(more - less) > work->widening_z * sqrt(more + less);
}

/* A tolerance that is asked for: true. */
static bool given_tolerance(const struct work *work, const struct report_metric *metric, double *tolerance)
{
    bool is_given = false;
    for (int i = 0; i < work->options->tolerance_count; i++) {
        const struct compare_tolerance *row = &work->options->tolerances[i];
        const bool is_own = row->metric && strcmp(row->metric, metric->name) == 0;
        if (is_own || (!row->metric && !is_given))
            *tolerance = metric->is_percent ? row->value / 100 : row->value;
        if (is_own)
            return true;
        is_given |= !row->metric;
    }
    return is_given;
}

/* What a difference is a share of: the metric's range; without one, the base's mean. */
static double scale_of(const struct compare_cell *cell)
{
    const double range = cell->metric->max - cell->metric->min;
    return isfinite(range) && range > 0 ? range : fabs(cell->value[BASE]);
}

static bool is_exact(const struct work *work, const struct place *base)
{
    const int at[COMPARE_LISTS] = {base->backbone, base->method, base->protocol, base->metric};
    bool is_same = work->is_same_run;
    for (int l = 0; l < COMPARE_LISTS; l++)
        is_same = is_same && strcmp(work->side[BASE]->rows[l][at[l]].state,
                                    work->side[NOW]->rows[l][work->match[BASE][l][at[l]]].state) == 0;
    for (int j = 0; j < base->parts && is_same; j++) {
        const int part = base->part[j], other = work->match[BASE][COMPARE_METRICS][part];
        is_same = other >= 0 && strcmp(work->side[BASE]->rows[COMPARE_METRICS][part].state,
                                       work->side[NOW]->rows[COMPARE_METRICS][other].state) == 0;
    }
    return is_same;
}

static enum compare_verdict judge_exactly(const struct pairs *pairs, const struct compare_cell *cell)
{
    const bool is_combined_alike = cell->metric->combine && cell->difference == 0;
    if (pairs->furthest > 0 && !is_combined_alike)
        return COMPARE_CHANGED;
    return pairs->undefined_only[BASE] || pairs->undefined_only[NOW] ? COMPARE_UNDEFINED : COMPARE_SAME;
}

static enum compare_verdict judge_by_chance(struct work *work, const struct place places[SIDES],
                                            const struct pairs *pairs, double tolerance, struct compare_cell *cell)
{
    if (cell->changed == 0)
        return COMPARE_SAME;
    if (pairs->n > 1)
        value_interval(work, places, pairs->n, cell);
    if (fabs(cell->difference) > tolerance && excludes(cell, 0))
        return COMPARE_CHANGED;
    return undefined_counts(work, pairs) ? COMPARE_UNDEFINED : COMPARE_WITHIN;
}

static void judge(struct work *work, const struct place places[SIDES], const struct pairs *pairs,
                  struct compare_cell *cell)
{
    double tolerance = 0;
    const bool is_given = given_tolerance(work, cell->metric, &tolerance);
    if (pairs->n > 0) {
        estimate(work, places, pairs->n, NULL, cell->value);
        cell->difference = cell->value[NOW] - cell->value[BASE];
    }
    const double scale = scale_of(cell);
    cell->is_exact = !is_given && is_exact(work, &places[BASE]);
    cell->verdict = cell->is_exact ? judge_exactly(pairs, cell)
                                   : judge_by_chance(work, places, pairs, is_given ? tolerance : scale / 1000, cell);
    cell->size = scale > 0 ? fabs(cell->difference) / scale : fabs(cell->difference);
    if (!(cell->size > 0) && cell->n > 0)
        cell->size = (double)cell->changed / cell->n * 1e-9; /* the means are the same */
}

static void compare_values(struct work *work, const struct place places[SIDES])
{
    const struct report *base = places[BASE].report;
    struct compare_cell cell = {.backbone = base->backbones[places[BASE].backbone].name,
                                .method = base->methods[places[BASE].method].name,
                                .protocol = base->protocols[places[BASE].protocol].name,
                                .metric = &base->metrics[places[BASE].metric],
                                .value = {NAN, NAN},
                                .difference = NAN,
                                .low = NAN,
                                .high = NAN};
    struct pairs pairs = {0};
    for (int i = 0; i < work->pairs; i++)
        take_pair(work, places, i, &pairs, &cell);
    cell.missing = pairs.only[BASE];
    if (cell.n > 0)
        judge(work, places, &pairs, &cell);
    else if (is_measured(&places[BASE]))
        cell.verdict = COMPARE_MISSING;
    else if (is_measured(&places[NOW]))
        cell.verdict = COMPARE_NEW;
    else
        return;
    if (cell.missing > 0 && cell.n > 0 && !compare_is_difference(cell.verdict)) {
        cell.verdict = COMPARE_INCOMPLETE;
        cell.size = cell.missing;
    }
    work->out->cells[work->out->count++] = cell;
}

/* -- times --------------------------------------------------------------------------------------------------------- */

/* A method's maps of a network in both runs. */
struct timed {
    int backbone[SIDES], method[SIDES];
    bool is_beside_others; /* by the machine's speed on each image, which the other methods' times say */
};

/* Positions of n numbers, the smallest first; heap sort would do, qsort has no context. */
struct ranked {
    double value;
    int row;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return x->value != y->value ? (x->value > y->value) - (x->value < y->value) : (x->row > y->row) - (x->row < y->row);
}

static int rank_times(struct work *work, enum side side, int n)
{
    const struct arena_mark mark = arena_mark(work->arena);
    struct ranked *list = arena_alloc(work->arena, (size_t)n, sizeof *list);
    for (int i = 0; list && i < n; i++)
        list[i] = (struct ranked){work->sample[side][i], i};
    if (list)
        qsort(list, (size_t)n, sizeof *list, compare_ranked);
    for (int i = 0; list && i < n; i++)
        work->order[side][i] = list[i].row;
    arena_rewind(work->arena, mark);
    return list ? 0 : -1;
}

/* The median of n rows of which row i was drawn drawn[i] times. */
static double drawn_median(const struct work *work, enum side side, int n)
{
    int seen = 0;
    double low = NAN;
    for (int i = 0; i < n; i++) {
        const int row = work->order[side][i];
        seen += work->drawn[row];
        if (isnan(low) && seen > (n - 1) / 2)
            low = work->sample[side][row];
        if (seen > n / 2)
            return (low + work->sample[side][row]) / 2;
    }
    return low;
}

static void time_interval(struct work *work, int n, struct compare_cell *cell)
{
    struct random_stream stream = stream_of(work, cell);
    for (int i = 0; i < work->options->bootstrap; i++) {
        memset(work->drawn, 0, (size_t)n * sizeof *work->drawn);
        for (int k = 0; k < n; k++)
            work->drawn[random_below(&stream, (uint32_t)n)]++;
        work->draws[i] = log(drawn_median(work, NOW, n) / drawn_median(work, BASE, n));
        if (!isfinite(work->draws[i]))
            return;
    }
    widen(work, log(cell->difference), n, cell);
    cell->low = exp(cell->low);
    cell->high = exp(cell->high);
}

static const double *cost_at(const struct report *report, int backbone, int method, int image)
{
    const size_t map = (size_t)backbone * (size_t)report->method_count + (size_t)method;
    return &report->costs[map * (size_t)report->image_count + (size_t)image].seconds;
}

/* The log of how much slower the machine was on an image in the new run: the median over the other methods of the
   backbone, which took their turns beside this one. NAN: fewer than three others were timed. */
static double mood_of(const struct work *work, const struct timed *of, int image)
{
    int n = 0;
    for (int m = 0; m < work->side[BASE]->report->method_count; m++) {
        const int method[SIDES] = {m, work->match[BASE][COMPARE_METHODS][m]};
        double seconds[SIDES] = {0};
        if (m == of->method[BASE] || method[NOW] < 0)
            continue;
        for (int s = 0; s < SIDES; s++)
            seconds[s] = *cost_at(work->side[s]->report, of->backbone[s], method[s], work->image[s][image]);
        if (seconds[BASE] > 0 && seconds[NOW] > 0)
            work->others[n++] = log(seconds[NOW] / seconds[BASE]);
    }
    stats_sort(work->others, (size_t)n);
    return n < OTHERS_MIN ? NAN : stats_percentile(work->others, (size_t)n, 50);
}

/* Samples of seconds; beside the others, of the images' own ratios and of 1. */
static int read_times(const struct work *work, const struct timed *of)
{
    int n = 0;
    for (int i = 0; i < work->pairs; i++) {
        for (int s = 0; s < SIDES; s++)
            work->sample[s][n] = *cost_at(work->side[s]->report, of->backbone[s], of->method[s], work->image[s][i]);
        bool is_timed = work->sample[BASE][n] > 0 && work->sample[NOW][n] > 0;
        if (is_timed && of->is_beside_others) {
            work->sample[NOW][n] /= work->sample[BASE][n] * exp(mood_of(work, of, i));
            work->sample[BASE][n] = 1;
            is_timed = work->sample[NOW][n] > 0;
        }
        n += is_timed;
    }
    return n;
}

/* How widely numbers scatter about their median, as a standard deviation; sorts them. */
static double scatter(double *values, int n)
{
    stats_sort(values, (size_t)n);
    const double median = stats_percentile(values, (size_t)n, 50);
    for (int i = 0; i < n; i++)
        values[i] = fabs(values[i] - median);
    stats_sort(values, (size_t)n);
    return 1.4826 * stats_percentile(values, (size_t)n, 50);
}

/* The cell of a method's times, not judged yet. */
static int measure_times(struct work *work, const struct timed *of, struct compare_cell *cell)
{
    const struct report *base = work->side[BASE]->report;
    *cell = (struct compare_cell){.verdict = COMPARE_SAME,
                                  .backbone = base->backbones[of->backbone[BASE]].name,
                                  .method = base->methods[of->method[BASE]].name,
                                  .protocol = "",
                                  .low = NAN,
                                  .high = NAN,
                                  .is_beside_others = of->is_beside_others,
                                  .n = read_times(work, of)};
    for (int s = 0; s < SIDES; s++) {
        if (rank_times(work, s, cell->n))
            return -1;
        for (int i = 0; i < cell->n; i++)
            work->drawn[i] = 1;
        cell->value[s] = drawn_median(work, s, cell->n);
    }
    cell->difference = cell->value[NOW] / cell->value[BASE];
    return 0;
}

/* Of the image's own ratios in a cell; leaves the sample as it was. */
static double images_scatter(struct work *work, int n)
{
    double *ratios = work->sample[NOW] + n;
    for (int i = 0; i < n; i++)
        ratios[i] = log(work->sample[NOW][i] / work->sample[BASE][i]);
    return scatter(ratios, n);
}

/* With fewer images even a sign test could not reach a cell's level, and the median of three numbers is no bootstrap's: it
   says of most samples that it hardly scatters. */
static int least_times(double level)
{
    return 1 + (int)ceil(log2(1 / level));
}

/* A ratio counts when it stands out of what the machine's own moods do to images and to other methods. */
static void judge_times(struct work *work, double noise, struct compare_cell *cell)
{
    cell->size = fabs(log(cell->difference));
    if (cell->size <= fmax(log(work->options->speed), noise))
        return;
    if (cell->n >= work->least_times)
        time_interval(work, cell->n, cell);
    cell->verdict = !excludes(cell, 1) ? COMPARE_WITHIN : cell->difference > 1 ? COMPARE_SLOWER : COMPARE_FASTER;
}

/* Judges all maps, first measured for what their ratios scatter. A cell that is no difference yet becomes what is found. */
static int judge_all_times(struct work *work, struct timed *maps, int count, bool is_beside_others,
                           struct compare_cell *cells)
{
    struct compare_cell cell;
    int n = 0;
    for (int i = 0; i < count; i++) {
        maps[i].is_beside_others = is_beside_others;
        if (measure_times(work, &maps[i], &cell))
            return -1;
        work->ratios[n] = log(cell.difference);
        n += cell.n >= 2;
    }
    const double noise = n ? scatter(work->ratios, n) : 0;
    for (int i = 0; i < count; i++) {
        if (measure_times(work, &maps[i], &cell))
            return -1;
        if (cell.n >= 2)
            judge_times(work, fmax(CELLS_NOISE * noise, IMAGES_NOISE * images_scatter(work, cell.n)), &cell);
        if (is_beside_others)
            memcpy(cell.value, cells[i].value, sizeof cell.value); /* what the clock said */
        if (!is_beside_others || (compare_is_difference(cell.verdict) && !compare_is_difference(cells[i].verdict)))
            cells[i] = cell;
    }
    return 0;
}

static int list_maps(const struct work *work, struct timed *maps)
{
    const struct report *base = work->side[BASE]->report;
    int count = 0;
    for (int b = 0; b < base->backbone_count; b++)
        for (int m = 0; m < base->method_count; m++) {
            maps[count] = (struct timed){.backbone = {b, work->match[BASE][COMPARE_BACKBONES][b]},
                                         .method = {m, work->match[BASE][COMPARE_METHODS][m]}};
            count += maps[count].backbone[NOW] >= 0 && maps[count].method[NOW] >= 0;
        }
    return count;
}

static int compare_all_times(struct work *work, struct error *err)
{
    const struct report *base = work->side[BASE]->report;
    const char *was = work->side[BASE]->machine, *is = work->side[NOW]->machine;
    if (!(work->options->speed > 1))
        return 0;
    if (!was || !is || strcmp(was, is) != 0)
        return add_note(work,
                        arena_format(work->arena, "times are not compared: %s in the base, now %s",
                                     was ? was : "an unknown machine", is ? is : "an unknown machine"),
                        err);
    const double wait = fmax(work->side[BASE]->processor_wait, work->side[NOW]->processor_wait);
    if (wait > WAIT_MAX)
        return add_note(work,
                        arena_format(work->arena,
                                     "times are not compared: the machine was busy, %s run waited %.0f %% of its time",
                                     wait > work->side[NOW]->processor_wait ? "the base's" : "the new", 100 * wait),
                        err);
    if (work->pairs < work->least_times &&
        add_note(work,
                 arena_format(work->arena, "times are not judged: %d images, and chance is excluded with %d or more",
                              work->pairs, work->least_times),
                 err))
        return -1;
    const size_t most = (size_t)base->backbone_count * (size_t)base->method_count + 1;
    struct timed *maps = arena_alloc(work->arena, most, sizeof *maps);
    struct compare_cell *cells = arena_alloc(work->arena, most, sizeof *cells);
    work->ratios = arena_alloc(work->arena, most, sizeof *work->ratios);
    work->others = arena_alloc(work->arena, (size_t)base->method_count + 1, sizeof *work->others);
    if (!maps || !cells || !work->ratios || !work->others)
        return error_memory(err, "the comparison");
    const int count = list_maps(work, maps);
    for (int pass = 0; pass < 2; pass++)
        if (judge_all_times(work, maps, count, pass == 1, cells))
            return error_memory(err, "the comparison");
    for (int i = 0; i < count; i++)
        if (cells[i].n >= 2)
            work->out->cells[work->out->count++] = cells[i];
    return 0;
}

/* -- all cells ----------------------------------------------------------------------------------------------------- */

/* Times stand in `costs` and are compared there. */
static bool is_time(const struct report_metric *metric)
{
    return metric->is_cost && strcmp(metric->unit, "s") == 0;
}

static void add_lone(struct work *work, const struct place *place, enum compare_verdict verdict)
{
    const struct report *report = place->report;
    if (!is_measured(place))
        return;
    work->out->cells[work->out->count++] = (struct compare_cell){
        .verdict = verdict,
        .backbone = report->backbones[place->backbone].name,
        .method = report->methods[place->method].name,
        .protocol = report->protocols[place->protocol].name,
        .metric = &report->metrics[place->metric],
        .value = {NAN, NAN},
        .difference = NAN,
        .low = NAN,
        .high = NAN,
    };
}

/* A cell of one side: compared if the other has it, which is done once, for the base. */
static void visit(struct work *work, enum side side, int b, int m, int p, int k)
{
    int *const *match = work->match[side];
    const struct report *report = work->side[side]->report;
    const int other[COMPARE_LISTS] = {match[COMPARE_BACKBONES][b], match[COMPARE_METHODS][m],
                                      match[COMPARE_PROTOCOLS][p], match[COMPARE_METRICS][k]};
    const struct place place = place_of(report, b, m, p, k);
    bool is_matched = true;
    for (int l = 0; l < COMPARE_LISTS; l++)
        is_matched = is_matched && other[l] >= 0;
    if (is_time(&report->metrics[k]))
        return;
    if (!is_matched) {
        add_lone(work, &place, side == BASE ? COMPARE_MISSING : COMPARE_NEW);
    } else if (side == BASE) {
        const struct place places[SIDES] = {place, place_of(work->side[NOW]->report, other[COMPARE_BACKBONES],
                                                            other[COMPARE_METHODS], other[COMPARE_PROTOCOLS],
                                                            other[COMPARE_METRICS])};
        compare_values(work, places);
    }
}

static void visit_all(struct work *work, enum side side)
{
    const struct report *report = work->side[side]->report;
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++)
            for (int p = 0; p < report->protocol_count; p++)
                for (int k = 0; k < report->metric_count; k++)
                    visit(work, side, b, m, p, k);
}

static size_t cells_of(const struct report *report)
{
    const size_t maps = (size_t)report->backbone_count * (size_t)report->method_count;
    return maps * ((size_t)report->protocol_count * (size_t)report->metric_count + 1);
}

static int prepare(struct work *work, struct error *err)
{
    const size_t cells = cells_of(work->side[BASE]->report) + cells_of(work->side[NOW]->report);
    const size_t rows = (size_t)work->side[BASE]->report->image_count + 1;
    bool is_ready = true;
    for (int s = 0; s < SIDES; s++) {
        work->sample[s] = arena_alloc(work->arena, rows, PARTS_MAX * sizeof(double));
        work->order[s] = arena_alloc(work->arena, rows, sizeof(int));
        is_ready = is_ready && work->sample[s] && work->order[s];
    }
    work->drawn = arena_alloc(work->arena, rows, sizeof(int));
    work->draws = arena_alloc(work->arena, (size_t)work->options->bootstrap, sizeof(double));
    work->out->cells = arena_alloc(work->arena, cells + 1, sizeof *work->out->cells);
    const double level = FAMILY_LEVEL / (double)(cells_of(work->side[BASE]->report) + 1);
    work->widening_z = normal_quantile(level / 2);
    work->least_times = least_times(level);
    is_ready = is_ready && work->drawn && work->draws && work->out->cells;
    return is_ready ? 0 : error_memory(err, "the comparison");
}

/* Ties stay as they were found: qsort knows the addresses. */
static int compare_cells(const void *a, const void *b)
{
    const struct compare_cell *x = a, *y = b;
    if (x->verdict != y->verdict)
        return (x->verdict > y->verdict) - (x->verdict < y->verdict);
    if (x->size != y->size)
        return (x->size < y->size) - (x->size > y->size);
    int order = strcmp(x->backbone, y->backbone);
    order = order ? order : strcmp(x->method, y->method);
    order = order ? order : strcmp(x->protocol, y->protocol);
    return order || !x->metric || !y->metric ? order : strcmp(x->metric->name, y->metric->name);
}

static bool is_control(const struct report *report, const char *method)
{
    for (int m = 0; m < report->method_count; m++)
        if (strcmp(report->methods[m].name, method) == 0)
            return report->methods[m].is_control;
    return false;
}

static void mark_controls(struct work *work)
{
    for (int i = 0; i < work->out->count; i++) {
        struct compare_cell *cell = &work->out->cells[i];
        cell->is_control =
            is_control(work->side[BASE]->report, cell->method) || is_control(work->side[NOW]->report, cell->method);
    }
}

int compare_runs(const struct compare_side *base, const struct compare_side *now, const struct compare_options *options,
                 struct arena *arena, struct comparison *out, struct error *err)
{
    *out = (struct comparison){0};
    struct work work = {.side = {base, now}, .options = options, .arena = arena, .out = out};
    if (match_lists(&work, err) || match_images(&work, err) || prepare(&work, err))
        return -1;
    visit_all(&work, BASE);
    visit_all(&work, NOW);
    if (compare_all_times(&work, err))
        return -1;
    mark_controls(&work);
    cause_mark(base->report, out);
    out->cause = cause_text(out, arena); /* names in the order of the lists */
    if (!out->cause)
        return error_memory(err, "the comparison");
    qsort(out->cells, (size_t)out->count, sizeof *out->cells, compare_cells);
    for (int i = 0; i < out->count; i++) {
        out->verdicts[out->cells[i].verdict]++;
        out->missing += out->cells[i].verdict == COMPARE_MISSING || out->cells[i].missing > 0;
    }
    return 0;
}
