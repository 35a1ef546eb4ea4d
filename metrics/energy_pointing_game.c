/*
 * metrics/energy_pointing_game.c - the share of the map's energy that lies on the object: the sum of the map inside the
 * object's mask (or boxes) divided by the sum over all pixels. A map without energy has 0, flagged. Wang et al.,
 * "Score-CAM", CVPR Workshops 2020, section 4.3, arXiv:1910.01279.
 *
 * The map is taken after ReLU and enlargement only; subtracting its minimum, as in the saliency map m, would change the
 * ratio.
 */
#include "metrics/metric.h"

enum energy_map { ENERGY_RELU, ENERGY_MINMAX };

struct settings {
    int energy_map; /* enum energy_map */
    int truth;      /* enum truth_source */
};

static void sum_energy(const struct map *map, const struct truth_mask *mask, double *inside, double *all)
{
    const size_t n = (size_t)map->h * (size_t)map->w;
    *inside = *all = 0;
    for (size_t i = 0; i < n; i++) {
        *all += map->data[i];
        *inside += mask->data[i] == TRUTH_LABELLED ? map->data[i] : 0;
    }
}

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    const struct settings *settings = params;
    struct map map = evidence_map(evidence);
    struct truth_mask mask;
    double inside, all;
    if (evidence_truth_mask(evidence, (enum truth_source)settings->truth, &mask, value, err))
        return -1;
    if (value->undefined)
        return 0;
    if (settings->energy_map == ENERGY_RELU && evidence_map_energy(evidence, &map, err))
        return -1;
    sum_energy(&map, &mask, &inside, &all);
    *value = all > 0 ? value_of(inside / all) : (struct value){.number = 0, .flag = "zero_energy"};
    return 0;
}

static const struct param params[] = {
    PARAM_ENUM(struct settings, energy_map, "relu|minmax", "the map after ReLU alone, or the saliency map m"),
    PARAM_TRUTH(struct settings),
    {0},
};

const struct metric metric_energy_pointing_game = {
    .abi = METRIC_ABI,
    .name = "energy_pointing_game",
    .title = "Energy Pointing Game",
    .unit = "%",
    .is_percent = true,
    .min = 0,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2020,
    .source = "wang2020scorecam",
    .version = 1,
    .is_truth = true,
    .params = params,
    .params_size = sizeof(struct settings),
    .measure = measure,
};
