/* report/compare/comparison_result.c - the names of results, and which of them are differences. */
#include "report/compare/comparison.h"

static const struct result_kind {
    const char *name;
    bool is_difference;
} result_kinds[COMPARE_RESULTS] = {
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

const char *compare_result_name(enum compare_result result)
{
    return result_kinds[result].name;
}

bool compare_is_difference(enum compare_result result)
{
    return result_kinds[result].is_difference;
}
