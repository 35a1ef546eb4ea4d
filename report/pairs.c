/*
 * report/pairs.c - methods compared in pairs on the same images: intervals of differences by the paired bootstrap (Efron,
 * Tibshirani 1993), sign-flip permutation tests (Fisher 1935; Good 2005) adjusted by Holm (Scand. J. Statist. 1979), and
 * ranks.
 *
 * The draws of images, and the random signs of each image, are the same for all pairs, metrics and protocols of a
 * backbone. A draw's sum of differences is the difference of two sums, so the work grows with the number of methods and
 * not of pairs, except on images where some method has no value (report/pairs_study.h).
 */
#include "report/pairs.h"

#include "base/arena.h"
#include "report/draw_bits.h"
#include "report/pairs_study.h"
#include "report/percentile.h"
#include "report/tasks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* With more than 400 pairs, the smallest p of 9999 flips would not stay significant after the adjustment. */
enum { FLIPS_PER_PAIR = 25 };

enum { TABLES_BYTES = 1 << 27 }; /* for draws of tables that are made at once */

/* -- sums of draws ------------------------------------------------------------------------------------------------- */

/* Sums of the present chunk's draws. A block of 16 columns is (BITS_DRAWS, 16). */
typedef double (*block)[BITS_COLUMNS];

/* A table's metric while it is compared. */
struct work {
    struct study study;
    struct draw_bits rest;      /* the chunk's bits for the images of study.rest_list */
    block whole;                /* blocks of the methods' columns [method in study.methods][part], then is_whole */
    block rest_methods;         /* the same for the rest: [method][part and is_there] */
    block group;                /* a block of pairs' columns on the rest */
    struct pair_totals *totals; /* [pair] */
    struct method_pair *pairs;  /* [pair], into the result */
    double *draws;              /* [pair][bootstrap]: differences; NAN: the draw has no image of the pair */
    double *means, *ranks;      /* [method][bootstrap] */
    int *beyond;                /* [pair]: flips whose difference is as large as the observed one */
    double *columns;            /* (16, rest_count): of `group` */
    double *sorted;             /* (bootstrap) */
    double *scratch;            /* pairs and methods, twice */
};

static size_t blocks_for(size_t columns)
{
    return (columns + BITS_COLUMNS - 1) / BITS_COLUMNS;
}

static double sum_of(const double (*blocks)[BITS_COLUMNS], size_t column, int draw)
{
    return blocks[column / BITS_COLUMNS * BITS_DRAWS + (size_t)draw][column % BITS_COLUMNS];
}

/* Sums `count` columns, of which column(work, i) is the i-th, into as many blocks as they need. */
static void sum_columns(const struct work *work, const struct draw_bits *bits,
                        const double *(*column)(const struct work *, size_t), size_t count, block out)
{
    for (size_t first = 0; first < count; first += BITS_COLUMNS) {
        const double *columns[BITS_COLUMNS] = {NULL};
        for (size_t c = 0; c < BITS_COLUMNS && first + c < count; c++)
            columns[c] = column(work, first + c);
        draw_bits_sum(bits, columns, out + first / BITS_COLUMNS * BITS_DRAWS);
    }
}

static const double *whole_column(const struct work *work, size_t i)
{
    const size_t parts = (size_t)work->study.parts, at = i / parts;
    if (at == (size_t)work->study.method_count)
        return work->study.is_whole;
    return work->study.rows[work->study.methods[at]].whole[i % parts];
}

static const double *rest_column(const struct work *work, size_t i)
{
    const size_t parts = (size_t)work->study.parts + 1;
    const struct study_method *row = &work->study.rows[work->study.methods[i / parts]];
    return i % parts < parts - 1 ? row->rest[i % parts] : row->is_there;
}

static size_t whole_columns(const struct work *work)
{
    return (size_t)work->study.method_count * (size_t)work->study.parts + 1;
}

static size_t rest_columns(const struct work *work)
{
    return (size_t)work->study.method_count * (size_t)(work->study.parts + 1);
}

/* A pair's columns on the rest: parts of a, parts of b, and how many images both have. */
static size_t columns_of_pair(const struct work *work)
{
    return 2 * (size_t)work->study.parts + 1;
}

static void fill_pair_columns(const struct work *work, int a, int b, size_t slot)
{
    const struct study *study = &work->study;
    const size_t rest = (size_t)study->rest_count, own = columns_of_pair(work);
    const struct study_method *one = &study->rows[a], *other = &study->rows[b];
    double *out = work->columns + slot * own * rest;
    for (size_t r = 0; r < rest; r++) {
        const double is_common = one->is_there[r] * other->is_there[r];
        for (int j = 0; j < study->parts; j++) {
            out[(size_t)j * rest + r] = is_common > 0 ? one->rest[j][r] : 0;
            out[(size_t)(study->parts + j) * rest + r] = is_common > 0 ? other->rest[j][r] : 0;
        }
        out[(own - 1) * rest + r] = is_common;
    }
}

static const double *pair_column(const struct work *work, size_t i)
{
    return work->columns + i * (size_t)work->study.rest_count;
}

/* -- what a chunk of draws adds to a pair -------------------------------------------------------------------------- */

/* A pair's place: positions of its methods in study.methods, and of its columns in `group`. */
struct place {
    int a, b; /* methods of the report */
    size_t at_a, at_b, pair, slot;
};

/* Sums of both methods' parts in a draw over the images that both have. */
static void pair_sums(const struct work *work, const struct place *place, int draw, double *a, double *b, double *n)
{
    const size_t parts = (size_t)work->study.parts, first = place->slot * columns_of_pair(work);
    const bool has_rest = work->study.rest_count > 0;
    for (size_t j = 0; j < parts; j++) {
        a[j] = sum_of(work->whole, place->at_a * parts + j, draw);
        b[j] = sum_of(work->whole, place->at_b * parts + j, draw);
        a[j] += has_rest ? work->group[draw][first + j] : 0;
        b[j] += has_rest ? work->group[draw][first + parts + j] : 0;
    }
    *n = sum_of(work->whole, whole_columns(work) - 1, draw) + (has_rest ? work->group[draw][first + 2 * parts] : 0);
}

static void find_range(const struct study *study, const struct place *place, double *least, double *most)
{
    for (int j = 0; j < study->parts; j++) {
        least[j] = fmin(study->rows[place->a].least[j], study->rows[place->b].least[j]);
        most[j] = fmax(study->rows[place->a].most[j], study->rows[place->b].most[j]);
    }
}

static void bootstrap_pair(const struct work *work, const struct place *place, int first, int draws)
{
    const struct study *study = &work->study;
    double *out = work->draws + place->pair * (size_t)study->report->bootstrap + first;
    for (int d = 0; d < draws; d++) {
        double a[REPORT_PARTS_MAX], b[REPORT_PARTS_MAX], n;
        pair_sums(work, place, d, a, b, &n);
        out[d] = n < 0.5 ? NAN
                 : study->metric->combine
                     ? study_value(study, a, n, study->rows[place->a].least, study->rows[place->a].most) -
                           study_value(study, b, n, study->rows[place->b].least, study->rows[place->b].most)
                     : (a[0] - b[0]) / n;
    }
}

/*
 * Counts the draws whose difference is as large as the observed one. Sums of many values carry rounding errors, which
 * the margin covers; it is far below the distance of differences that are not equal.
 */
static void flip_pair(const struct work *work, const struct place *place, int first, int draws)
{
    const struct study *study = &work->study;
    const struct pair_totals *totals = &work->totals[place->pair];
    const double observed = fabs(work->pairs[place->pair].difference);
    const double least_beyond = observed * (1 - 1e-12) - 1e-14 * totals->size / totals->n;
    double least[REPORT_PARTS_MAX], most[REPORT_PARTS_MAX];
    (void)first;
    find_range(study, place, least, most);
    for (int d = 0; d < draws; d++) {
        double a[REPORT_PARTS_MAX] = {0}, b[REPORT_PARTS_MAX] = {0}, ignored;
        pair_sums(work, place, d, a, b, &ignored);
        for (int j = 0; j < study->parts; j++) {
            const double kept = a[j] + (totals->b[j] - b[j]);
            b[j] = totals->a[j] + totals->b[j] - kept;
            a[j] = kept;
        }
        const double difference = study->metric->combine ? study_value(study, a, totals->n, least, most) -
                                                               study_value(study, b, totals->n, least, most)
                                                         : (a[0] - b[0]) / totals->n;
        work->beyond[place->pair] += !(fabs(difference) < least_beyond);
    }
}

typedef void (*pair_step)(const struct work *work, const struct place *place, int first, int draws);

/* Calls step() for all pairs; their columns on the rest are summed for as many pairs at once as fit into a block. */
static void each_pair(const struct work *work, int first, int draws, pair_step step)
{
    const struct study *study = &work->study;
    const size_t room = BITS_COLUMNS / columns_of_pair(work);
    struct place waiting[BITS_COLUMNS];
    size_t count = 0;
    for (int i = 0; i < study->method_count; i++)
        for (int j = i + 1; j < study->method_count; j++) {
            const int a = study->methods[i], b = study->methods[j];
            waiting[count] =
                (struct place){a, b, (size_t)i, (size_t)j, pairs_position(study->report->method_count, a, b), count};
            if (study->rest_count > 0)
                fill_pair_columns(work, a, b, count);
            count++;
            const bool is_last = i == study->method_count - 2 && j == study->method_count - 1;
            if (count < room && !is_last)
                continue;
            if (study->rest_count > 0)
                sum_columns(work, &work->rest, pair_column, count * columns_of_pair(work), work->group);
            for (size_t p = 0; p < count; p++)
                step(work, &waiting[p], first, draws);
            count = 0;
        }
}

static void sum_chunk(struct work *work, const struct draw_bits *bits)
{
    sum_columns(work, bits, whole_column, whole_columns(work), work->whole);
    if (work->study.rest_count > 0)
        draw_bits_select(bits, work->study.rest_list, (size_t)work->study.rest_count, &work->rest);
}

/* -- ranks --------------------------------------------------------------------------------------------------------- */

/* The methods' means in a chunk's draws, and their ranks. */
static void rank_chunk(struct work *work, int first, int draws, const bool *takes_part, double *scratch)
{
    const struct study *study = &work->study;
    const size_t parts = (size_t)study->parts, bootstrap = (size_t)study->report->bootstrap;
    const int methods = study->report->method_count;
    if (study->rest_count > 0)
        sum_columns(work, &work->rest, rest_column, rest_columns(work), work->rest_methods);
    for (int d = 0; d < draws; d++) {
        for (int m = 0; m < methods; m++)
            scratch[m] = NAN;
        for (int i = 0; i < study->method_count; i++) {
            const struct study_method *row = &study->rows[study->methods[i]];
            double sums[REPORT_PARTS_MAX], n = sum_of(work->whole, whole_columns(work) - 1, d);
            for (size_t j = 0; j < parts; j++)
                sums[j] = sum_of(work->whole, (size_t)i * parts + j, d) +
                          (study->rest_count > 0 ? sum_of(work->rest_methods, (size_t)i * (parts + 1) + j, d) : 0);
            if (study->rest_count > 0)
                n += sum_of(work->rest_methods, (size_t)i * (parts + 1) + parts, d);
            if (n > 0.5)
                scratch[study->methods[i]] = study_value(study, sums, n, row->least, row->most);
        }
        rank_numbers(scratch, takes_part, methods, study->metric->higher_is_better, scratch + methods);
        for (int m = 0; m < methods; m++) {
            work->means[(size_t)m * bootstrap + (size_t)(first + d)] = scratch[m];
            work->ranks[(size_t)m * bootstrap + (size_t)(first + d)] = scratch[methods + m];
        }
    }
}

/* The interval of the finite ones of n draws, if they are at least half; otherwise NAN. */
static void interval_of(const double *draws, size_t n, double centre, double *sorted, double *low, double *high)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(draws[i]))
            sorted[count++] = draws[i];
    *low = *high = NAN;
    if (count == 0 || 2 * count < n || !isfinite(centre))
        return;
    sort_doubles(sorted, count);
    percentile_interval(sorted, count, centre, low, high);
}

static void fill_ranks(const struct work *work, const bool *takes_part, struct method_rank *out, double *scratch)
{
    const struct study *study = &work->study;
    const size_t bootstrap = (size_t)study->report->bootstrap;
    const int methods = study->report->method_count;
    for (int m = 0; m < methods; m++) {
        const struct study_method *row = &study->rows[m];
        scratch[m] = row->n > 0 ? study_value(study, row->total, row->n, row->least, row->most) : NAN;
    }
    rank_numbers(scratch, takes_part, methods, study->metric->higher_is_better, scratch + methods);
    for (int m = 0; m < methods; m++) {
        out[m] = (struct method_rank){study->rows[m].n, scratch[methods + m], NAN, NAN, scratch[m], NAN, NAN};
        if (study->rows[m].n < 2)
            continue;
        interval_of(work->ranks + (size_t)m * bootstrap, bootstrap, out[m].rank, work->sorted, &out[m].low,
                    &out[m].high);
        interval_of(work->means + (size_t)m * bootstrap, bootstrap, out[m].mean, work->sorted, &out[m].mean_low,
                    &out[m].mean_high);
    }
}

/* -- tables -------------------------------------------------------------------------------------------------------- */

/* Sums over the networks of each draw's means and ranks. */
struct overall {
    double *means, *ranks; /* [protocol][metric][method][bootstrap] */
};

/* All tables of a backbone. */
struct pairing {
    const struct report *report;
    struct paired *paired;
    struct overall overall;
    int backbone;
    struct draw_source bootstrap, flips;
    int n, *images;
    bool *takes_part; /* [method]: is ranked */
};

static int work_alloc(struct work *work, const struct pairing *pairing, struct arena *arena)
{
    const struct report *report = pairing->report;
    const struct study *study = &work->study;
    const size_t pairs = (size_t)pairing->paired->pair_count, methods = (size_t)report->method_count;
    const size_t bootstrap = (size_t)report->bootstrap, rest = (size_t)study->rest_count;
    const size_t block_bytes = BITS_DRAWS * sizeof(double[BITS_COLUMNS]);
    work->whole = arena_alloc(arena, blocks_for(whole_columns(work)), block_bytes);
    work->rest_methods = arena_alloc(arena, rest ? blocks_for(rest_columns(work)) : 1, rest ? block_bytes : 1);
    work->group = arena_alloc(arena, 1, block_bytes);
    work->totals = arena_alloc(arena, pairs + 1, sizeof *work->totals);
    work->draws = arena_alloc(arena, pairs * bootstrap + 1, sizeof *work->draws);
    work->means = arena_alloc(arena, methods * bootstrap + 1, sizeof *work->means);
    work->ranks = arena_alloc(arena, methods * bootstrap + 1, sizeof *work->ranks);
    work->beyond = arena_alloc(arena, pairs + 1, sizeof *work->beyond);
    work->columns = arena_alloc(arena, rest + 1, BITS_COLUMNS * sizeof *work->columns);
    work->sorted = arena_alloc(arena, bootstrap + 1, sizeof *work->sorted);
    work->scratch = arena_alloc(arena, pairs + methods + 1, 2 * sizeof *work->scratch);
    if (!work->whole || !work->rest_methods || !work->group || !work->totals || !work->draws || !work->means ||
        !work->ranks || !work->beyond || !work->columns || !work->sorted || !work->scratch)
        return -1;
    return rest ? draw_bits_alloc(&work->rest, rest, BITS_PLANES, arena) : 0;
}

static void adjust(const struct report *report, struct method_pair *pairs, double *scratch)
{
    double *p = scratch + report->paired->pair_count;
    int at = 0;
    for (int a = 0; a < report->method_count; a++)
        for (int b = a + 1; b < report->method_count; b++, at++)
            p[at] = report->methods[a].is_control || report->methods[b].is_control ? NAN : pairs[at].p;
    holm_adjust(p, at, scratch);
    for (int i = 0; i < at; i++)
        pairs[i].p_holm = p[i];
}

static void finish_pairs(const struct work *work, const struct pairing *pairing)
{
    const struct study *study = &work->study;
    const size_t bootstrap = (size_t)study->report->bootstrap;
    for (int i = 0; i < pairing->paired->pair_count; i++) {
        struct method_pair *pair = &work->pairs[i];
        if (pair->n > SIGN_EXACT && isfinite(pair->difference))
            pair->p = (1.0 + work->beyond[i]) / (pairing->flips.count + 1.0);
        if (pair->n > 1)
            interval_of(work->draws + (size_t)i * bootstrap, bootstrap, pair->difference, work->sorted, &pair->ci_low,
                        &pair->ci_high);
    }
    adjust(study->report, work->pairs, work->scratch);
}

static void add_overall(const struct work *work, const struct pairing *pairing)
{
    const struct study *study = &work->study;
    const size_t bootstrap = (size_t)study->report->bootstrap;
    const size_t first = pairs_table(study->report, 0, study->protocol, study->metric_index);
    const size_t at = first * (size_t)study->report->method_count * bootstrap;
    for (size_t i = 0; i < (size_t)study->report->method_count * bootstrap; i++) {
        pairing->overall.means[at + i] += work->means[i];
        pairing->overall.ranks[at + i] += work->ranks[i];
    }
}

static int draw_all(struct work *work, struct pairing *pairing, struct error *err)
{
    const struct report *report = pairing->report;
    bool is_sampled = false;
    for (int i = 0; i < pairing->paired->pair_count; i++)
        is_sampled |= work->pairs[i].n > SIGN_EXACT;
    for (int chunk = 0; chunk < draw_source_chunks(&pairing->bootstrap); chunk++) {
        const struct draw_bits *bits = draw_source_chunk(&pairing->bootstrap, chunk);
        sum_chunk(work, bits);
        each_pair(work, chunk * BITS_DRAWS, bits->draws, bootstrap_pair);
        rank_chunk(work, chunk * BITS_DRAWS, bits->draws, pairing->takes_part, work->scratch);
        if (report_stopped(report, err))
            return -1;
    }
    for (int chunk = 0; is_sampled && chunk < draw_source_chunks(&pairing->flips); chunk++) {
        const struct draw_bits *bits = draw_source_chunk(&pairing->flips, chunk);
        sum_chunk(work, bits);
        each_pair(work, 0, bits->draws, flip_pair);
        if (report_stopped(report, err))
            return -1;
    }
    return 0;
}

static int pair_table(struct pairing *pairing, int protocol, int metric, struct arena *arena, struct error *err)
{
    const struct report *report = pairing->report;
    const size_t table = pairs_table(report, pairing->backbone, protocol, metric);
    struct work work = {.study = {.report = report,
                                  .metric = &report->metrics[metric],
                                  .backbone = pairing->backbone,
                                  .protocol = protocol,
                                  .metric_index = metric,
                                  .n = pairing->n,
                                  .images = pairing->images},
                        .pairs = pairing->paired->pairs + table * (size_t)pairing->paired->pair_count};
    struct method_rank *ranks = pairing->paired->ranks + table * (size_t)report->method_count;
    if (study_read(&work.study, arena) || work_alloc(&work, pairing, arena))
        return error_memory(err, "the pairs of the report");
    for (int a = 0; a < report->method_count; a++)
        for (int b = a + 1; b < report->method_count; b++) {
            const size_t at = pairs_position(report->method_count, a, b);
            work.pairs[at] = study_pair(&work.study, a, b, &work.totals[at]);
        }
    if (work.study.method_count > 0 && draw_all(&work, pairing, err))
        return -1;
    fill_ranks(&work, pairing->takes_part, ranks, work.scratch);
    finish_pairs(&work, pairing);
    add_overall(&work, pairing);
    return 0;
}

static int make_table(void *context, int i, double *children, struct error *err)
{
    struct pairing *pairing = context;
    const int metrics = pairing->report->metric_count;
    struct arena arena;
    (void)children;
    if (pairing->report->metrics[i % metrics].is_cost)
        return 0;
    arena_init(&arena, 0);
    const int status = pair_table(pairing, i / metrics, i % metrics, &arena, err);
    arena_release(&arena);
    return status;
}

/*
 * How many tables are made at once: as many as fit into TABLES_BYTES, at least one; one also if draws are made again for
 * each table. Draws that are kept are made here.
 */
static int table_threads(struct pairing *pairing)
{
    const struct report *report = pairing->report;
    const size_t rows = (size_t)pairing->paired->pair_count + 2 * (size_t)report->method_count + 1;
    const size_t bytes = rows * ((size_t)report->bootstrap + 1) * sizeof(double);
    if (report->threads < 2 || !pairing->bootstrap.is_kept || !pairing->flips.is_kept)
        return 1;
    for (int chunk = 0; chunk < draw_source_chunks(&pairing->bootstrap); chunk++)
        draw_source_chunk(&pairing->bootstrap, chunk);
    for (int chunk = 0; chunk < draw_source_chunks(&pairing->flips); chunk++)
        draw_source_chunk(&pairing->flips, chunk);
    const size_t fit = TABLES_BYTES / bytes;
    return fit < 1 ? 1 : fit < (size_t)report->threads ? (int)fit : report->threads;
}

/* Lists the images on which the backbone has any value, and their names. */
static int list_images(struct pairing *pairing, struct arena *arena, const char ***names)
{
    const struct report *report = pairing->report;
    const size_t images = (size_t)report->image_count;
    bool *has = arena_alloc(arena, images + 1, sizeof *has);
    pairing->images = arena_alloc(arena, images + 1, sizeof *pairing->images);
    *names = arena_alloc(arena, images + 1, sizeof **names);
    if (!has || !pairing->images || !*names)
        return -1;
    const size_t end = report_index(report, pairing->backbone + 1, 0, 0, 0, 0);
    for (size_t at = report_index(report, pairing->backbone, 0, 0, 0, 0); at < end && images > 0; at += images)
        for (size_t i = 0; i < images; i++)
            has[i] |= report->states[at + i] != REPORT_ABSENT;
    for (size_t i = 0; i < images; i++)
        if (has[i]) {
            (*names)[pairing->n] = report->images[i];
            pairing->images[pairing->n++] = (int)i;
        }
    return 0;
}

static int flip_count(int pairs)
{
    return pairs * FLIPS_PER_PAIR > SIGN_FLIPS + 1 ? pairs * FLIPS_PER_PAIR - 1 : SIGN_FLIPS;
}

/* Marks the numbers of metrics that are not compared, or of a backbone without images, as missing. */
static void fill_empty(const struct paired *paired, size_t tables, size_t methods)
{
    for (size_t i = 0; i < tables * (size_t)paired->pair_count; i++)
        paired->pairs[i] = (struct method_pair){0, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    for (size_t i = 0; i < tables * methods; i++)
        paired->ranks[i] = (struct method_rank){0, NAN, NAN, NAN, NAN, NAN, NAN};
}

static int pair_backbone(struct pairing *pairing, struct error *err)
{
    const struct report *report = pairing->report;
    const char **names;
    struct arena arena;
    arena_init(&arena, 0);
    pairing->n = 0;
    int status = 0;
    if (list_images(pairing, &arena, &names) ||
        (pairing->n > 0 &&
         (draw_source_open(&pairing->bootstrap, (size_t)pairing->n, report->bootstrap, report->seed, NULL, &arena) ||
          draw_source_open(&pairing->flips, (size_t)pairing->n, flip_count(pairing->paired->pair_count), report->seed,
                           names, &arena))))
        status = error_memory(err, "the pairs of the report");
    if (!status && pairing->n > 0)
        status = report_run_tasks(report, report->protocol_count * report->metric_count, table_threads(pairing),
                                  make_table, pairing, err);
    arena_release(&arena);
    return status;
}

/* Means over the networks: a method that lacks a mean in one of them, also for want of any image, has none. */
static void fill_overall(const struct pairing *pairing, double *sorted)
{
    const struct report *report = pairing->report;
    const size_t bootstrap = (size_t)report->bootstrap,
                 count = pairs_table(report, 1, 0, 0) * (size_t)report->method_count;
    for (size_t i = 0; i < count; i++) {
        double *means = pairing->overall.means + i * bootstrap, *ranks = pairing->overall.ranks + i * bootstrap;
        double mean = 0, rank = 0;
        for (size_t b = 0; b < (size_t)report->backbone_count; b++) {
            mean += pairing->paired->ranks[b * count + i].mean;
            rank += pairing->paired->ranks[b * count + i].rank;
        }
        mean /= report->backbone_count, rank /= report->backbone_count;
        for (size_t d = 0; d < bootstrap; d++)
            means[d] /= report->backbone_count, ranks[d] /= report->backbone_count;
        struct method_rank *out = &pairing->paired->overall[i];
        *out = (struct method_rank){report->backbone_count, rank, NAN, NAN, mean, NAN, NAN};
        interval_of(ranks, bootstrap, rank, sorted, &out->low, &out->high);
        interval_of(means, bootstrap, mean, sorted, &out->mean_low, &out->mean_high);
    }
}

static int pair_all(struct pairing *pairing, struct arena *arena, struct error *err)
{
    const struct report *report = pairing->report;
    const size_t methods = (size_t)report->method_count, bootstrap = (size_t)report->bootstrap;
    const size_t rows = (size_t)report->protocol_count * (size_t)report->metric_count * methods;
    pairing->overall.means = arena_alloc(arena, rows * bootstrap + 1, sizeof(double));
    pairing->overall.ranks = arena_alloc(arena, rows * bootstrap + 1, sizeof(double));
    pairing->takes_part = arena_alloc(arena, methods + 1, sizeof *pairing->takes_part);
    double *sorted = arena_alloc(arena, bootstrap + 1, sizeof *sorted);
    if (!pairing->overall.means || !pairing->overall.ranks || !pairing->takes_part || !sorted)
        return error_memory(err, "the pairs of the report");
    for (size_t m = 0; m < methods; m++)
        pairing->takes_part[m] = !report->methods[m].is_control;
    for (pairing->backbone = 0; pairing->backbone < report->backbone_count; pairing->backbone++)
        if (pair_backbone(pairing, err))
            return -1;
    fill_overall(pairing, sorted);
    return 0;
}

struct paired *report_pair_up(const struct report *report, struct error *err)
{
    const size_t methods = (size_t)report->method_count, of_backbone = pairs_table(report, 1, 0, 0);
    const size_t tables = (size_t)report->backbone_count * of_backbone;
    struct paired *paired = calloc(1, sizeof *paired);
    if (!paired) {
        error_memory(err, "the pairs of the report");
        return NULL;
    }
    paired->pair_count = report->method_count * (report->method_count - 1) / 2;
    paired->pairs = calloc(tables * (size_t)paired->pair_count + 1, sizeof *paired->pairs);
    paired->ranks = calloc(tables * methods + 1, sizeof *paired->ranks);
    paired->overall = calloc(of_backbone * methods + 1, sizeof *paired->overall);
    struct report own = *report;
    struct pairing pairing = {.report = &own, .paired = paired};
    struct arena arena;
    arena_init(&arena, 0);
    own.paired = paired;
    int status = -1;
    if (!paired->pairs || !paired->ranks || !paired->overall) {
        error_memory(err, "the pairs of the report");
    } else {
        fill_empty(paired, tables, methods);
        status = pair_all(&pairing, &arena, err);
    }
    arena_release(&arena);
    if (!status)
        return paired;
    report_paired_free(paired);
    return NULL;
}
