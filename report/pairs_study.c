/* report/pairs_study.c - reads the values that are compared in pairs; numbers that need no draws. */
#include "report/pairs_study.h"

#include "report/stats.h"

#include <math.h>

static size_t value_index(const struct study *study, int method, int part, int at)
{
    return report_index(study->report, study->backbone, method, study->protocol, study->part[part], study->images[at]);
}

static bool is_defined(const struct study *study, int method, int at)
{
    for (int j = 0; j < study->parts; j++)
        if (study->report->states[value_index(study, method, j, at)] != REPORT_DEFINED)
            return false;
    return study->parts > 0;
}

/* Finds the methods with any value, and the images on which all of them have one. */
static int split_images(struct study *study, struct arena *arena)
{
    const size_t n = (size_t)study->n, methods = (size_t)study->report->method_count;
    study->methods = arena_alloc(arena, methods + 1, sizeof *study->methods);
    study->rows = arena_alloc(arena, methods + 1, sizeof *study->rows);
    study->is_whole = arena_alloc(arena, n + 1, sizeof *study->is_whole);
    study->whole_list = arena_alloc(arena, n + 1, sizeof *study->whole_list);
    study->rest_list = arena_alloc(arena, n + 1, sizeof *study->rest_list);
    int *counts = arena_alloc(arena, n + 1, sizeof *counts);
    if (!study->methods || !study->rows || !study->is_whole || !study->whole_list || !study->rest_list || !counts)
        return -1;
    for (int m = 0; m < study->report->method_count; m++) {
        for (int i = 0; i < study->n; i++) {
            const bool is_there = is_defined(study, m, i);
            counts[i] += is_there;
            study->rows[m].n += is_there;
        }
        if (study->rows[m].n > 0)
            study->methods[study->method_count++] = m;
    }
    for (int i = 0; i < study->n; i++) {
        if (counts[i] == study->method_count)
            study->whole_list[study->whole_count++] = i;
        else if (counts[i] > 0)
            study->rest_list[study->rest_count++] = i;
        study->is_whole[i] = counts[i] > 0 && counts[i] == study->method_count;
    }
    return 0;
}

static void add_value(struct study_method *row, int part, double value)
{
    row->total[part] += value;
    row->least[part] = fmin(row->least[part], value);
    row->most[part] = fmax(row->most[part], value);
}

static int read_method(struct study *study, int m, struct arena *arena)
{
    struct study_method *row = &study->rows[m];
    row->is_there = arena_alloc(arena, (size_t)study->rest_count + 1, sizeof *row->is_there);
    if (!row->is_there)
        return -1;
    for (int r = 0; r < study->rest_count; r++)
        row->is_there[r] = is_defined(study, m, study->rest_list[r]);
    for (int j = 0; j < study->parts; j++) {
        const double *values = study->report->values;
        row->whole[j] = arena_alloc(arena, (size_t)study->n + 1, sizeof **row->whole);
        row->rest[j] = arena_alloc(arena, (size_t)study->rest_count + 1, sizeof **row->rest);
        if (!row->whole[j] || !row->rest[j])
            return -1;
        row->least[j] = INFINITY, row->most[j] = -INFINITY;
        for (int w = 0; w < study->whole_count; w++) {
            const int at = study->whole_list[w];
            row->whole[j][at] = values[value_index(study, m, j, at)];
            add_value(row, j, row->whole[j][at]);
        }
        for (int r = 0; r < study->rest_count; r++)
            if (row->is_there[r] > 0) {
                row->rest[j][r] = values[value_index(study, m, j, study->rest_list[r])];
                add_value(row, j, row->rest[j][r]);
            }
    }
    return 0;
}

int study_read(struct study *study, struct arena *arena)
{
    study->parts = metric_parts(study->report, study->metric_index, study->part);
    if (split_images(study, arena))
        return -1;
    for (int i = 0; i < study->method_count; i++)
        if (read_method(study, study->methods[i], arena))
            return -1;
    return 0;
}

double study_value(const struct study *study, const double *sums, double n, const double *least, const double *most)
{
    double means[REPORT_PARTS_MAX];
    if (!study->metric->combine)
        return sums[0] / n;
    for (int j = 0; j < study->parts; j++)
        means[j] = fmax(least[j], fmin(most[j], sums[j] / n));
    return study->metric->combine(means);
}

/* -- a pair -------------------------------------------------------------------------------------------------------- */

/* What is summed over the images of a pair. */
struct tally {
    struct pair_totals *totals;
    double difference, square, wins; /* square: of deviations from `centre` */
    double centre;
    double exact[REPORT_PARTS_MAX][2][SIGN_EXACT]; /* the first values of a and b */
    bool higher_is_better;
};

static void tally_image(const struct study *study, struct tally *tally, double *const *a, double *const *b, int at)
{
    struct pair_totals *totals = tally->totals;
    for (int j = 0; j < study->parts; j++) {
        totals->a[j] += a[j][at], totals->b[j] += b[j][at];
        totals->size += fabs(a[j][at]) + fabs(b[j][at]);
        if (totals->n < SIGN_EXACT)
            tally->exact[j][0][totals->n] = a[j][at], tally->exact[j][1][totals->n] = b[j][at];
    }
    const double difference = a[0][at] - b[0][at];
    tally->difference += difference;
    tally->wins += difference == 0 ? 0.5 : (difference > 0) == tally->higher_is_better;
    totals->n++;
}

static void each_image(const struct study *study, int a, int b, struct tally *tally)
{
    const struct study_method *one = &study->rows[a], *other = &study->rows[b];
    for (int w = 0; w < study->whole_count; w++)
        tally_image(study, tally, one->whole, other->whole, study->whole_list[w]);
    for (int r = 0; r < study->rest_count; r++)
        if (one->is_there[r] > 0 && other->is_there[r] > 0)
            tally_image(study, tally, one->rest, other->rest, r);
}

/* The standard deviation of a pair's differences. */
static double deviation(const struct study *study, int a, int b, double mean, int n)
{
    const struct study_method *one = &study->rows[a], *other = &study->rows[b];
    double sum = 0;
    for (int w = 0; w < study->whole_count; w++) {
        const int at = study->whole_list[w];
        const double step = one->whole[0][at] - other->whole[0][at] - mean;
        sum += step * step;
    }
    for (int r = 0; r < study->rest_count; r++)
        if (one->is_there[r] > 0 && other->is_there[r] > 0) {
            const double step = one->rest[0][r] - other->rest[0][r] - mean;
            sum += step * step;
        }
    return sqrt(sum / (n - 1));
}

/*
 * Sums over half of the images for each pattern of signs: of the signed differences, or, of a combined metric, of the
 * parts of both methods, which trade places where the sign is turned.
 */
enum { HALF = SIGN_EXACT / 2, PATTERNS = 1 << HALF, EXACT_COLUMNS = 2 * REPORT_PARTS_MAX };
struct half_sums {
    double sums[PATTERNS][EXACT_COLUMNS];
};

static void fill_half(const struct study *study, const struct tally *tally, int first, struct half_sums *half)
{
    const int n = tally->totals->n < first + HALF ? tally->totals->n : first + HALF;
    for (unsigned kept = 0; kept < PATTERNS; kept++) {
        double *sums = half->sums[kept];
        for (int c = 0; c < EXACT_COLUMNS; c++)
            sums[c] = 0;
        for (int i = first; i < n; i++) {
            const bool is_kept = kept >> (i - first) & 1;
            for (int j = 0; j < study->parts && study->metric->combine; j++) {
                sums[2 * j] += tally->exact[j][!is_kept][i];
                sums[2 * j + 1] += tally->exact[j][is_kept][i];
            }
            if (!study->metric->combine)
                sums[0] += tally->exact[0][!is_kept][i] - tally->exact[0][is_kept][i];
        }
    }
}

static double flipped(const struct study *study, int n, const double *low, const double *high, const double *least,
                      const double *most)
{
    double a[REPORT_PARTS_MAX] = {0}, b[REPORT_PARTS_MAX] = {0};
    if (!study->metric->combine)
        return fabs(low[0] + high[0]) / n;
    for (int j = 0; j < study->parts; j++)
        a[j] = low[2 * j] + high[2 * j], b[j] = low[2 * j + 1] + high[2 * j + 1];
    return fabs(study_value(study, a, n, least, most) - study_value(study, b, n, least, most));
}

/* All 2^n patterns of signs; a pattern and its opposite give the same number, so half of them are computed. */
static double exact_p(const struct study *study, const struct tally *tally, const double *least, const double *most)
{
    static _Thread_local struct half_sums low, high;
    const int n = tally->totals->n;
    const unsigned patterns = 1u << (n - 1), all = patterns * 2 - 1;
    unsigned count = 0;
    fill_half(study, tally, 0, &low);
    fill_half(study, tally, HALF, &high);
    const double observed = flipped(study, n, low.sums[all % PATTERNS], high.sums[all / PATTERNS], least, most);
    for (unsigned kept = 0; kept < patterns; kept++)
        count += flipped(study, n, low.sums[kept % PATTERNS], high.sums[kept / PATTERNS], least, most) >=
                 observed * (1 - 1e-12);
    return isfinite(observed) ? (double)count / patterns : NAN;
}

struct method_pair study_pair(const struct study *study, int a, int b, struct pair_totals *totals)
{
    struct method_pair pair = {0, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    struct tally tally = {.totals = totals, .higher_is_better = study->metric->higher_is_better};
    double least[REPORT_PARTS_MAX], most[REPORT_PARTS_MAX];
    *totals = (struct pair_totals){0};
    if (study->rows[a].n == 0 || study->rows[b].n == 0)
        return pair;
    each_image(study, a, b, &tally);
    pair.n = totals->n;
    if (pair.n == 0)
        return pair;
    for (int j = 0; j < study->parts; j++) {
        least[j] = fmin(study->rows[a].least[j], study->rows[b].least[j]);
        most[j] = fmax(study->rows[a].most[j], study->rows[b].most[j]);
    }
    if (study->metric->combine) {
        pair.difference =
            study_value(study, totals->a, pair.n, least, most) - study_value(study, totals->b, pair.n, least, most);
    } else {
        pair.difference = tally.difference / pair.n;
        pair.win_rate = tally.wins / pair.n;
        const double spread = pair.n > 1 ? deviation(study, a, b, pair.difference, pair.n) : 0;
        pair.effect = spread > 0 ? pair.difference / spread : NAN;
    }
    if (pair.n <= SIGN_EXACT)
        pair.p = exact_p(study, &tally, least, most);
    return pair;
}
