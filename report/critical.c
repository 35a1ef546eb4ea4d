/* report/critical.c - Friedman's and Wilcoxon's tests over networks, and groups of methods that do not differ. */
#include "report/critical.h"

#include "report/pairs.h"

#include <math.h>
#include <string.h>

/* -- tests --------------------------------------------------------------------------------------------------------- */

/* Series for x < a + 1, continued fraction (Lentz) above: Abramowitz, Stegun 1964, 6.5.29 and 6.5.31. */
double chi_square_tail(double value, double degrees)
{
    const double a = degrees / 2, x = value / 2;
    if (!(x > 0))
        return 1;
    const double scale = exp(a * log(x) - x - lgamma(a));
    if (x < a + 1) {
        double term = 1 / a, sum = term;
        for (int i = 1; i < 1000 && term > sum * 1e-17; i++) {
            term *= x / (a + i);
            sum += term;
        }
        return 1 - scale * sum;
    }
    double b = x + 1 - a, c = 1e300, d = 1 / b, product = d;
    for (int i = 1; i < 1000; i++) {
        const double numerator = i * (a - i);
        b += 2;
        d = 1 / (b + numerator * d);
        c = b + numerator / c;
        product *= c * d;
        if (fabs(c * d - 1) < 1e-16)
            break;
    }
    return scale * product;
}

double friedman_statistic(const double *ranks, int n, int k)
{
    double squares = 0, ties = 0;
    for (int j = 0; j < k; j++) {
        double sum = 0;
        for (int i = 0; i < n; i++)
            sum += ranks[i * k + j];
        squares += sum * sum;
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < k; j++) {
            int equal = 0;
            for (int other = 0; other < k; other++)
                equal += ranks[i * k + other] == ranks[i * k + j];
            ties += (double)equal * equal - 1; /* over a group of t ties: t (t^2 - 1) */
        }
    const double methods = k, correction = 1 - ties / (n * methods * (methods * methods - 1));
    return correction > 0 ? (12 / (n * methods * (methods + 1)) * squares - 3 * n * (methods + 1)) / correction : 0;
}

/* Twice the ranks are whole numbers, so the distribution of their sum over all signs is counted. */
double wilcoxon_p(const double *differences, int n, double *scratch)
{
    double *ways = scratch, *size = scratch + n * (n + 1) + 1, *positive = size + n;
    int count = 0, highest = 0, observed = 0;
    for (int i = 0; i < n; i++)
        if (differences[i] != 0) {
            positive[count] = differences[i] > 0;
            size[count++] = fabs(differences[i]);
        }
    memset(ways, 0, (size_t)(n * (n + 1) + 1) * sizeof *ways);
    ways[0] = 1;
    for (int i = 0; i < count; i++) {
        int twice = 1;
        for (int j = 0; j < count; j++)
            twice += 2 * (size[j] < size[i]) + (size[j] == size[i]);
        observed += positive[i] > 0 ? twice : 0;
        for (int sum = highest; sum >= 0; sum--)
            ways[sum + twice] += ways[sum];
        highest += twice;
    }
    double at_least = 0;
    for (int sum = observed; sum <= highest; sum++)
        at_least += ways[sum];
    return at_least / exp2(count);
}

/* -- methods over networks ------------------------------------------------------------------------------------------ */

static bool has_mean_everywhere(const struct report *report, int protocol, int metric, int method)
{
    for (int b = 0; b < report->backbone_count; b++)
        if (!isfinite(rank_at(report, b, protocol, metric, method)->mean))
            return false;
    return !report->methods[method].is_control;
}

/* Whether n blocks allow a p as small as the smallest level. */
static bool is_enough(int blocks, int methods)
{
    return exp2(-blocks) <= PAIRS_ALPHA / (methods - 1);
}

const char *critical_refusal(const struct report *report, char text[CRITICAL_TEXT_MAX])
{
    int methods = 0, needed = report->backbone_count;
    text[0] = 0;
    for (int m = 0; m < report->method_count; m++)
        methods += !report->methods[m].is_control;
    if (methods < 3 || is_enough(report->backbone_count, methods))
        return text;
    while (!is_enough(needed, methods))
        needed++;
    int used =
        snprintf(text, CRITICAL_TEXT_MAX,
                 "No critical-difference diagram: for %d methods at 5 %% it needs %d networks, and this report has "
                 "%d (",
                 methods, needed, report->backbone_count);
    for (int b = 0; b < report->backbone_count && used < CRITICAL_TEXT_MAX; b++)
        used += snprintf(text + used, (size_t)(CRITICAL_TEXT_MAX - used), "%s%.40s", b ? ", " : "",
                         report->backbones[b].title);
    if (used < CRITICAL_TEXT_MAX)
        snprintf(text + used, (size_t)(CRITICAL_TEXT_MAX - used), ").");
    return text;
}

static double value_of(const struct report *report, int protocol, int metric, int block, int method)
{
    const double mean = rank_at(report, block, protocol, metric, method)->mean;
    return report->metrics[metric].higher_is_better ? mean : -mean;
}

/* Ranks of the methods in each block: (blocks, count). */
static void rank_blocks(const struct report *report, int protocol, int metric, const struct critical *out,
                        double *ranks)
{
    for (int i = 0; i < out->blocks; i++)
        for (int j = 0; j < out->count; j++) {
            const double own = value_of(report, protocol, metric, i, out->methods[j]);
            double rank = 0.5;
            for (int other = 0; other < out->count; other++) {
                const double value = value_of(report, protocol, metric, i, out->methods[other]);
                rank += (value > own) + 0.5 * (value == own);
            }
            ranks[i * out->count + j] = rank;
        }
}

static void sort_methods(struct critical *out)
{
    for (int i = 1; i < out->count; i++)
        for (int j = i; j > 0 && out->ranks[j] < out->ranks[j - 1]; j--) {
            const double rank = out->ranks[j];
            const int method = out->methods[j];
            out->ranks[j] = out->ranks[j - 1], out->ranks[j - 1] = rank;
            out->methods[j] = out->methods[j - 1], out->methods[j - 1] = method;
        }
}

static bool differs(const struct report *report, int protocol, int metric, const struct critical *out, int better,
                    int worse, double *scratch)
{
    double *differences = scratch;
    for (int i = 0; i < out->blocks; i++)
        differences[i] = value_of(report, protocol, metric, i, out->methods[better]) -
                         value_of(report, protocol, metric, i, out->methods[worse]);
    return wilcoxon_p(differences, out->blocks, scratch + out->blocks) < PAIRS_ALPHA / (out->count - 1);
}

/* From each method along the order until one differs; groups inside a former one are left out. */
static void find_cliques(const struct report *report, int protocol, int metric, struct critical *out, double *scratch)
{
    int end = 0;
    for (int i = 0; i < out->count; i++) {
        int last = i;
        if (!(out->p < PAIRS_ALPHA))
            last = out->count - 1;
        else
            while (last + 1 < out->count && !differs(report, protocol, metric, out, i, last + 1, scratch))
                last++;
        if (last > i && last > end) {
            out->cliques[out->clique_count][0] = i;
            out->cliques[out->clique_count++][1] = last;
            end = last;
        }
    }
}

int critical_make(const struct report *report, int protocol, int metric, struct arena *arena, struct critical *out)
{
    const size_t methods = (size_t)report->method_count, blocks = (size_t)report->backbone_count;
    *out = (struct critical){.blocks = report->backbone_count};
    out->methods = arena_alloc(arena, methods + 1, sizeof *out->methods);
    out->ranks = arena_alloc(arena, methods + 1, sizeof *out->ranks);
    out->cliques = arena_alloc(arena, methods + 1, sizeof *out->cliques);
    double *ranks = arena_alloc(arena, methods + 1, (blocks + 1) * sizeof *ranks);
    double *scratch = arena_alloc(arena, blocks + 4, (blocks + 4) * sizeof *scratch);
    if (!out->methods || !out->ranks || !out->cliques || !ranks || !scratch)
        return -1;
    for (int m = 0; m < report->method_count; m++)
        if (has_mean_everywhere(report, protocol, metric, m))
            out->methods[out->count++] = m;
    if (out->count < 3 || !is_enough(out->blocks, out->count)) {
        out->count = 0;
        return 0;
    }
    rank_blocks(report, protocol, metric, out, ranks);
    for (int j = 0; j < out->count; j++) {
        for (int i = 0; i < out->blocks; i++)
            out->ranks[j] += ranks[i * out->count + j];
        out->ranks[j] /= out->blocks;
    }
    out->chi_square = friedman_statistic(ranks, out->blocks, out->count);
    out->p = chi_square_tail(out->chi_square, out->count - 1);
    sort_methods(out);
    find_cliques(report, protocol, metric, out, scratch);
    return 0;
}
