/* report/compare/comparison_interval.c - bootstrap intervals of a cell, widened for many cells. */
#include "report/compare/comparison_state.h"

#include "report/percentile.h"
#include "report/quantile.h"

#include <math.h>

void compare_widen(const struct compare_state *state, double centre, int n, struct compare_cell *cell)
{
    const double factor = quantile_student(state->widening_z, n - 1) / quantile_normal(0.025);
    const size_t count = (size_t)state->options->bootstrap;
    sort_doubles(state->draws, count);
    cell->low = centre - factor * fmax(0, centre - percentile_of_doubles(state->draws, count, 2.5));
    cell->high = centre + factor * fmax(0, percentile_of_doubles(state->draws, count, 97.5) - centre);
}

bool compare_excludes(const struct compare_cell *cell, double number)
{
    return cell->low > number || cell->high < number; /* false for NAN */
}

struct random_stream compare_stream(const struct compare_state *state, const struct compare_cell *cell)
{
    uint64_t purpose = random_purpose(0, cell->backbone);
    purpose = random_purpose(purpose, cell->method);
    purpose = random_purpose(purpose, cell->protocol);
    purpose = random_purpose(purpose, cell->metric ? cell->metric->name : "seconds");
    struct random_stream stream;
    random_init(&stream, state->options->seed, purpose);
    return stream;
}
