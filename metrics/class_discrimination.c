/*
 * metrics/class_discrimination.c - for images with objects of several classes: the energy on the label's object divided
 * by the energy on all objects. 1: all energy is on this object; about 0.5: two objects of equal size have as much
 * each; less: the map prefers the other object. Energy is that of energy_pointing_game (ReLU and enlargement alone). A
 * map without energy on any object has 0, flagged, and not the 0.5 of chance. This measure is cambench's own.
 */
#include "metrics/metric.h"

#include <string.h>

/* Sums over the label's object and over the others. */
static void sum_on_objects(const struct map *map, const struct truth_mask *mask, double *labelled, double *others)
{
    const size_t n = (size_t)map->h * (size_t)map->w;
    *labelled = *others = 0;
    for (size_t i = 0; i < n; i++)
        if (mask->data[i] == TRUTH_LABELLED)
            *labelled += map->data[i];
        else if (mask->data[i] == TRUTH_OTHER)
            *others += map->data[i];
}

static bool has_others(const struct truth_mask *mask)
{
    return memchr(mask->data, TRUTH_OTHER, (size_t)mask->h * (size_t)mask->w) != NULL;
}

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)params; /* none */
    struct map map;
    struct truth_mask mask;
    double labelled, others;
    if (evidence_truth_mask(evidence, TRUTH_MASK, &mask, value, err))
        return -1;
    if (value->undefined)
        return 0;
    if (!has_others(&mask)) {
        *value = value_undefined("one_object");
        return 0;
    }
    if (evidence_map_energy(evidence, &map, err))
        return -1;
    sum_on_objects(&map, &mask, &labelled, &others);
    const double all = labelled + others;
    *value = all > 0 ? value_of(labelled / all) : (struct value){.number = 0, .flag = "zero_energy"};
    return 0;
}

const struct metric metric_class_discrimination = {
    .abi = METRIC_ABI,
    .name = "class_discrimination",
    .title = "Class Discrimination",
    .unit = "%",
    .is_percent = true,
    .min = 0,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .version = 1,
    .is_truth = true,
    .measure = measure,
};
