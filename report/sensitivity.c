/*
 * report/sensitivity.c - ranks of methods under each protocol, and Kendall's tau-b between protocols.
 *
 * Methods are ranked by their means; controls are left out. Each bootstrap draw takes the same images for all methods
 * and protocols, computes all means, and from them ranks and taus anew. All metrics of a backbone that are measured on
 * the same images have the same draws.
 */
#include "report/sensitivity.h"

#include "base/arena.h"
#include "report/draws.h"
#include "report/meta.h"
#include "report/percentile.h"
#include "report/stats.h"

#include <string.h>

enum { TILE = 512 };

/* -- lookups ------------------------------------------------------------------------------------------------------- */

static size_t rank_index(const struct report *report, int backbone, int metric, int protocol, int method)
{
    const size_t k = (size_t)report->metric_count, p = (size_t)report->protocol_count, m = (size_t)report->method_count;
    return (((size_t)backbone * k + (size_t)metric) * p + (size_t)protocol) * m + (size_t)method;
}

static size_t tau_index(const struct report *report, int backbone, int metric, int first, int second)
{
    const size_t k = (size_t)report->metric_count, p = (size_t)report->protocol_count;
    return (((size_t)backbone * k + (size_t)metric) * p + (size_t)first) * p + (size_t)second;
}

const struct sensitivity_rank *sensitivity_rank_at(const struct report *report, const struct sensitivity *sensitivity,
                                                   int backbone, int metric, int protocol, int method)
{
    return &sensitivity->ranks[rank_index(report, backbone, metric, protocol, method)];
}

const struct sensitivity_tau *sensitivity_tau_at(const struct report *report, const struct sensitivity *sensitivity,
                                                 int backbone, int metric, int first, int second)
{
    return &sensitivity->taus[tau_index(report, backbone, metric, first, second)];
}

bool sensitivity_has_ranks(const struct report *report, const struct sensitivity *sensitivity, int backbone, int metric)
{
    for (int m = 0; m < report->method_count && !report->metrics[metric].is_cost; m++) {
        int count = 0;
        for (int p = 0; p < report->protocol_count; p++)
            count += isfinite(sensitivity_rank_at(report, sensitivity, backbone, metric, p, m)->rank);
        if (count > 1)
            return true;
    }
    return false;
}

/* -- one backbone and metric --------------------------------------------------------------------------------------- */

/* Numbers, one per image, that each draw averages over its images. */
struct column {
    double *value;                     /* (images), 0 for a missing number */
    double *is_there;                  /* (images), 1 or 0; NULL: all exist */
    double sums[DRAWS], counts[DRAWS]; /* of the current draws */
};

struct study {
    const struct report *report;
    int backbone, metric, parts;
    int part[REPORT_PARTS_MAX];
    int image_count;
    int *images;            /* on which the metric is measured for some method under some protocol */
    struct column *columns; /* [protocol][method][part] */
    double *means;          /* [protocol][method], so that higher is better; NAN: none, or a control */
    double *ranks;          /* [protocol][method][draw] */
    double *taus;           /* [protocol][protocol][draw] */
    double *x, *y;          /* (methods): scratch */
    size_t draw_count;
    struct arena arena;
};

static struct column *column_at(const struct study *study, int protocol, int method, int part)
{
    return &study
                ->columns[((size_t)protocol * (size_t)study->report->method_count + (size_t)method) * REPORT_PARTS_MAX +
                          (size_t)part];
}

static double *means_of(const struct study *study, int protocol)
{
    return study->means + (size_t)protocol * (size_t)study->report->method_count;
}

/* Whether the method has a value of the metric, or of all its parts, on that image. */
static bool is_defined(const struct study *study, int protocol, int method, int image)
{
    bool is_defined = study->parts > 0;
    for (int j = 0; j < study->parts; j++)
        is_defined &= study->report->states[report_index(study->report, study->backbone, method, protocol,
                                                         study->part[j], image)] == REPORT_DEFINED;
    return is_defined;
}

static void choose_images(struct study *study)
{
    const struct report *report = study->report;
    for (int image = 0; image < report->image_count; image++) {
        bool is_measured = false;
        for (int p = 0; p < report->protocol_count && !is_measured; p++)
            for (int m = 0; m < report->method_count && !is_measured; m++)
                is_measured = is_defined(study, p, m, image);
        if (is_measured)
            study->images[study->image_count++] = image;
    }
}

/* Fills the columns of a method under a protocol. 0, or -1: no memory. */
static int fill_columns(struct study *study, int protocol, int method)
{
    const struct report *report = study->report;
    const size_t n = (size_t)study->image_count;
    double *is_there = arena_alloc(&study->arena, n + 1, sizeof *is_there);
    size_t there = 0;
    if (!is_there)
        return -1;
    for (size_t i = 0; i < n; i++) {
        is_there[i] = is_defined(study, protocol, method, study->images[i]);
        there += is_there[i] != 0;
    }
    for (int j = 0; j < study->parts; j++) {
        struct column *column = column_at(study, protocol, method, j);
        column->value = arena_alloc(&study->arena, n + 1, sizeof *column->value);
        if (!column->value)
            return -1;
        column->is_there = there < n ? is_there : NULL;
        for (size_t i = 0; i < n; i++)
            if (is_there[i] != 0)
                column->value[i] = report->values[report_index(report, study->backbone, method, protocol,
                                                               study->part[j], study->images[i])];
    }
    return 0;
}

static int fill_study(struct study *study)
{
    const struct report *report = study->report;
    const size_t m = (size_t)report->method_count, p = (size_t)report->protocol_count, draws = study->draw_count;
    struct arena *arena = &study->arena;
    study->images = arena_alloc(arena, (size_t)report->image_count + 1, sizeof *study->images);
    study->columns = arena_alloc(arena, p * m * REPORT_PARTS_MAX, sizeof *study->columns);
    study->means = arena_alloc(arena, p * m, sizeof *study->means);
    study->ranks = arena_alloc(arena, p * m, (draws + 1) * sizeof *study->ranks);
    study->taus = arena_alloc(arena, p * p, (draws + 1) * sizeof *study->taus);
    study->x = arena_alloc(arena, m + 1, sizeof *study->x);
    study->y = arena_alloc(arena, m + 1, sizeof *study->y);
    if (!study->images || !study->columns || !study->means || !study->ranks || !study->taus || !study->x || !study->y)
        return -1;
    choose_images(study);
    for (int i = 0; i < report->protocol_count * report->method_count; i++)
        if (!report->methods[i % report->method_count].is_control &&
            fill_columns(study, i / report->method_count, i % report->method_count))
            return -1;
    return 0;
}

/* -- ranks and taus of means --------------------------------------------------------------------------------------- */

/* The rank of method m among those with a mean; ties as in kendall_tau(). */
static double rank_of(const double *means, int count, int m)
{
    double rank = 1;
    if (!isfinite(means[m]))
        return NAN;
    for (int other = 0; other < count; other++) {
        if (other == m || !isfinite(means[other]))
            continue;
        const int order = kendall_order(means[other], means[m]);
        rank += order > 0 ? 1 : order == 0 ? 0.5 : 0;
    }
    return rank;
}

/* Tau between two protocols over the methods with both means, *n of them. */
static double tau_of(const struct study *study, int first, int second, int *n)
{
    const double *a = means_of(study, first), *b = means_of(study, second);
    *n = 0;
    for (int m = 0; m < study->report->method_count; m++)
        if (isfinite(a[m]) && isfinite(b[m])) {
            study->x[*n] = a[m];
            study->y[(*n)++] = b[m];
        }
    const double tau = kendall_tau(study->x, study->y, *n);
    return isfinite(tau) ? fmin(1, fmax(-1, tau)) : NAN; /* rounding may leave [-1,1] */
}

static void means_of_cells(const struct study *study, const struct cell *cells)
{
    const struct report *report = study->report;
    for (int p = 0; p < report->protocol_count; p++)
        for (int m = 0; m < report->method_count; m++) {
            const struct cell *cell = cell_at(report, cells, study->backbone, m, p, study->metric);
            means_of(study, p)[m] =
                report->methods[m].is_control ? NAN : kendall_oriented(&report->metrics[study->metric], cell->mean);
        }
}

static void means_of_draw(const struct study *study, int draw)
{
    const struct report *report = study->report;
    const struct report_metric *metric = &report->metrics[study->metric];
    for (int p = 0; p < report->protocol_count; p++)
        for (int m = 0; m < report->method_count; m++) {
            double means[REPORT_PARTS_MAX] = {0};
            for (int j = 0; j < study->parts; j++) {
                const struct column *column = column_at(study, p, m, j);
                means[j] = column->counts[draw] > 0 ? column->sums[draw] / column->counts[draw] : NAN;
            }
            means_of(study, p)[m] = report->methods[m].is_control || study->parts == 0
                                        ? NAN
                                        : kendall_oriented(metric, metric->combine ? metric->combine(means) : means[0]);
        }
}

/* -- draws --------------------------------------------------------------------------------------------------------- */

static void sum_columns(const struct study *study, const double *weights)
{
    const size_t n = (size_t)study->image_count;
    const size_t count = (size_t)study->report->protocol_count * (size_t)study->report->method_count * REPORT_PARTS_MAX;
    for (size_t c = 0; c < count; c++)
        for (int d = 0; d < DRAWS; d++) {
            study->columns[c].sums[d] = 0;
            study->columns[c].counts[d] = study->columns[c].is_there ? 0 : (double)n;
        }
    for (size_t i = 0; i < n; i += TILE)
        for (size_t c = 0; c < count; c++) {
            struct column *column = &study->columns[c];
            const size_t size = n - i < TILE ? n - i : TILE;
            if (column->value)
                draws_add(column->sums, column->value + i, weights + i * DRAWS, size);
            if (column->is_there)
                draws_add(column->counts, column->is_there + i, weights + i * DRAWS, size);
        }
}

/* Keeps the ranks and taus of a draw. */
static void keep_draw(const struct study *study, size_t draw)
{
    const int methods = study->report->method_count, protocols = study->report->protocol_count;
    int ignored;
    for (int i = 0; i < protocols * methods; i++)
        study->ranks[(size_t)i * study->draw_count + draw] =
            rank_of(means_of(study, i / methods), methods, i % methods);
    for (int i = 0; i < protocols * protocols; i++)
        if (i / protocols < i % protocols)
            study->taus[(size_t)i * study->draw_count + draw] = tau_of(study, i / protocols, i % protocols, &ignored);
}

static int draw_all(struct study *study, struct error *err)
{
    const struct report *report = study->report;
    const size_t n = (size_t)study->image_count;
    struct random_stream stream;
    double *weights = arena_alloc(&study->arena, n + 1, DRAWS * sizeof *weights);
    uint32_t *counts = arena_alloc(&study->arena, n + 1, sizeof *counts);
    if (!weights || !counts)
        return error_memory(err, "the sensitivity to the protocol");
    const uint64_t purpose = random_purpose(0, report->backbones[study->backbone].name);
    random_init(&stream, report->seed, random_purpose(purpose, "sensitivity"));
    for (size_t first = 0; first < study->draw_count; first += DRAWS) {
        const size_t left = study->draw_count - first;
        const int count = left < DRAWS ? (int)left : DRAWS;
        draws_fill(&stream, n, 0, count, counts, weights);
        sum_columns(study, weights);
        for (int d = 0; d < count; d++) {
            means_of_draw(study, d);
            keep_draw(study, first + (size_t)d);
        }
        if (report_stopped(report, err))
            return -1;
    }
    return 0;
}

/* The interval of draws, which are sorted in place; none where a draw has no number. */
static void interval(const struct study *study, double *draws, double centre, double *low, double *high)
{
    bool has_interval = study->draw_count > 0 && study->image_count > 1 && isfinite(centre);
    *low = *high = NAN;
    for (size_t d = 0; d < study->draw_count; d++)
        has_interval &= isfinite(draws[d]);
    if (!has_interval)
        return;
    sort_doubles(draws, study->draw_count);
    percentile_interval(draws, study->draw_count, centre, low, high);
}

static void fill_results(const struct study *study, struct sensitivity *out)
{
    const int methods = study->report->method_count, protocols = study->report->protocol_count;
    for (int i = 0; i < protocols * methods; i++) {
        struct sensitivity_rank *rank =
            &out->ranks[rank_index(study->report, study->backbone, study->metric, i / methods, i % methods)];
        rank->rank = rank_of(means_of(study, i / methods), methods, i % methods);
        interval(study, study->ranks + (size_t)i * study->draw_count, rank->rank, &rank->low, &rank->high);
    }
    for (int i = 0; i < protocols * protocols; i++) {
        struct sensitivity_tau *tau =
            &out->taus[tau_index(study->report, study->backbone, study->metric, i / protocols, i % protocols)];
        if (i / protocols >= i % protocols)
            continue;
        tau->tau = tau_of(study, i / protocols, i % protocols, &tau->n);
        interval(study, study->taus + (size_t)i * study->draw_count, tau->tau, &tau->ci_low, &tau->ci_high);
    }
}

static int study_metric(struct study *study, struct sensitivity *out, struct error *err)
{
    arena_init(&study->arena, 0);
    study->parts = metric_parts(study->report, study->metric, study->part);
    int status = fill_study(study) ? error_memory(err, "the sensitivity to the protocol") : 0;
    if (!status && study->image_count > 0 && study->draw_count > 0)
        status = draw_all(study, err);
    if (!status) {
        means_of_cells(study, out->cells);
        fill_results(study, out);
    }
    arena_release(&study->arena);
    return status;
}

int report_sensitivity_make(const struct report *report, const struct cell *cells, struct arena *arena,
                            struct sensitivity **out, struct error *err)
{
    const size_t b = (size_t)report->backbone_count, k = (size_t)report->metric_count;
    const size_t p = (size_t)report->protocol_count, m = (size_t)report->method_count;
    struct sensitivity *made = arena_alloc(arena, 1, sizeof *made);
    *out = NULL;
    if (!made)
        return error_memory(err, "the sensitivity to the protocol");
    *made = (struct sensitivity){.cells = cells,
                                 .ranks = arena_alloc(arena, b * k * p * m + 1, sizeof *made->ranks),
                                 .taus = arena_alloc(arena, b * k * p * p + 1, sizeof *made->taus)};
    if (!made->ranks || !made->taus)
        return error_memory(err, "the sensitivity to the protocol");
    for (size_t i = 0; i < b * k; i++) {
        struct study study = {.report = report,
                              .backbone = (int)(i / k),
                              .metric = (int)(i % k),
                              .draw_count = report->bootstrap > 0 ? (size_t)report->bootstrap : 0};
        if (!report->metrics[i % k].is_cost && study_metric(&study, made, err))
            return -1;
    }
    *out = made;
    return 0;
}
