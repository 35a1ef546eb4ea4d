/*
 * nn/row_cache.c - keeps the results of the steps on rows in the base pass, so that a gradient need not compute them
 * again.
 */
#include "nn/session_private.h"

#include <string.h>

size_t row_cache_floats(const struct network *network)
{
    const struct program *full = &network->full;
    size_t floats = 0;
    for (int i = full->spatial_count; i < full->step_count; i++)
        floats += shape_size(network->values[network->steps[full->steps[i]].output]);
    return floats;
}

/* Worth it because the layers on rows can hold most of a network's weights, as in VGG. */
void row_cache_keep(struct session *session, const float *row, float *const *at)
{
    const struct network *network = session->network;
    const struct program *full = &network->full;
    float *place = session->kept_values;
    memcpy(session->kept_row, row, network->base_floats * sizeof *place);
    for (int i = full->spatial_count; i < full->step_count; i++) {
        const int value = network->steps[full->steps[i]].output;
        const size_t size = shape_size(network->values[value]);
        memcpy(place, at[value], size * sizeof *place);
        place += size;
    }
    session->has_kept = true;
}

bool row_cache_use(const struct session *session, float *const *at)
{
    const struct network *network = session->network;
    const struct program *full = &network->full;
    const float *place = session->kept_values;
    if (!session->has_kept || memcmp(at[full->boundary], session->kept_row, network->base_floats * sizeof *place) != 0)
        return false;
    for (int i = full->spatial_count; i < full->step_count; i++) {
        const struct step *step = &network->steps[full->steps[i]];
        const size_t size = shape_size(network->values[step->output]);
        if (step->before >= 0)
            return false;
        memcpy(at[step->output], place, size * sizeof *place);
        place += size;
    }
    return true;
}
