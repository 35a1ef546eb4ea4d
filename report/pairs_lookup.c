/* report/pairs_lookup.c - reads the pairs and ranks of a report; which methods cannot be told from the best one; Holm. */
#include "report/pairs.h"

#include "report/percentile.h"
#include "report/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct method_pair pair_at(const struct report *report, int backbone, int protocol, int metric, int a, int b)
{
    struct method_pair pair = {0, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    if (a == b)
        return pair;
    const size_t first = pairs_table(report, backbone, protocol, metric) * (size_t)report->paired->pair_count;
    pair = report->paired->pairs[first + pairs_position(report->method_count, a < b ? a : b, a < b ? b : a)];
    if (a < b)
        return pair;
    const double low = pair.ci_low;
    pair.difference = 0 - pair.difference; /* not -0 */
    pair.ci_low = 0 - pair.ci_high, pair.ci_high = 0 - low;
    pair.win_rate = 1 - pair.win_rate;
    pair.effect = 0 - pair.effect;
    return pair;
}

const struct method_rank *rank_at(const struct report *report, int backbone, int protocol, int metric, int method)
{
    return &report->paired->ranks[pairs_table(report, backbone, protocol, metric) * (size_t)report->method_count +
                                  (size_t)method];
}

const struct method_rank *overall_rank_at(const struct report *report, int protocol, int metric, int method)
{
    return &report->paired
                ->overall[pairs_table(report, 0, protocol, metric) * (size_t)report->method_count + (size_t)method];
}

bool is_paired(const struct report *report, int metric)
{
    return !report->metrics[metric].is_cost && !report_counted(report, metric);
}

const char *not_paired(const struct report *report, char text[NOT_PAIRED_MAX])
{
    int used = 0;
    text[0] = 0;
    for (int k = 0; k < report->metric_count; k++)
        if (report_counted(report, k) && used < NOT_PAIRED_MAX)
            used += snprintf(text + used, (size_t)(NOT_PAIRED_MAX - used), "%s%.60s", used ? ", " : "",
                             report->metrics[k].title);
    return text;
}

void untested_note(const struct report *report, FILE *stream, int (*escape)(FILE *, const char *))
{
    char text[NOT_PAIRED_MAX];
    if (!*not_paired(report, text))
        return;
    fputs("; not tested: ", stream);
    escape(stream, text);
}

/* The best method so far, by its mean; -1: none. */
struct leader {
    int method;
    double mean;
};

static void challenge(struct leader *leader, const struct report *report, int metric, int method, double mean)
{
    const bool higher = report->metrics[metric].higher_is_better;
    if (report->methods[method].is_control || !isfinite(mean))
        return;
    if (leader->method < 0 || (higher ? mean > leader->mean : mean < leader->mean))
        *leader = (struct leader){method, mean};
}

int best_method(const struct report *report, const struct cell *cells, int backbone, int protocol, int metric)
{
    struct leader leader = {.method = -1};
    for (int m = 0; m < report->method_count; m++)
        challenge(&leader, report, metric, m, cell_at(report, cells, backbone, m, protocol, metric)->mean);
    return leader.method;
}

int reference_method(const struct report *report, int backbone, int protocol, int metric)
{
    struct leader leader = {.method = -1};
    for (int m = 0; m < report->method_count; m++) {
        if (report->reference_method && strcmp(report->methods[m].name, report->reference_method) == 0)
            return m;
        challenge(&leader, report, metric, m, rank_at(report, backbone, protocol, metric, m)->mean);
    }
    return leader.method;
}

bool is_tied_with_best(const struct report *report, const struct cell *cells, int backbone, int method, int protocol,
                       int metric)
{
    if (!report->paired || report->methods[method].is_control || !is_paired(report, metric) ||
        !isfinite(cell_at(report, cells, backbone, method, protocol, metric)->mean) ||
        cell_is_best(report, cells, backbone, method, protocol, metric))
        return false;
    const int best = best_method(report, cells, backbone, protocol, metric);
    if (best == method)
        return false;
    const struct method_pair pair = pair_at(report, backbone, protocol, metric, method, best);
    const bool is_better = report->metrics[metric].higher_is_better ? pair.difference > 0 : pair.difference < 0;
    return is_better || !(pair.p_holm < PAIRS_ALPHA);
}

int family_size(const struct report *report, int backbone, int protocol, int metric)
{
    int size = 0;
    for (int a = 0; a < report->method_count; a++)
        for (int b = a + 1; b < report->method_count; b++)
            size += isfinite(pair_at(report, backbone, protocol, metric, a, b).p_holm);
    return size;
}

/* -- Holm ---------------------------------------------------------------------------------------------------------- */

void holm_adjust(double *p, int n, double *scratch)
{
    int m = 0;
    for (int i = 0; i < n; i++)
        if (isfinite(p[i]))
            scratch[m++] = p[i];
    sort_doubles(scratch, (size_t)m);
    for (int i = 0; i < n; i++) {
        double most = 0;
        for (int j = 0; j < m && scratch[j] <= p[i]; j++)
            most = fmax(most, fmin(1, (m - j) * scratch[j]));
        p[i] = isfinite(p[i]) ? most : NAN;
    }
}

void rank_numbers(const double *numbers, const bool *takes_part, int n, bool higher_is_better, double *ranks)
{
    for (int i = 0; i < n; i++) {
        double better = 0, equal = 0;
        for (int j = 0; j < n; j++) {
            better += takes_part[j] && (higher_is_better ? numbers[j] > numbers[i] : numbers[j] < numbers[i]);
            equal += takes_part[j] && numbers[j] == numbers[i];
        }
        ranks[i] = takes_part[i] && isfinite(numbers[i]) ? better + (equal + 1) / 2 : NAN;
    }
}

void report_paired_free(struct paired *paired)
{
    if (!paired)
        return;
    free(paired->pairs);
    free(paired->ranks);
    free(paired->overall);
    free(paired);
}
