/* methods/weighted_sum.c - the sum over channels that most CAM methods end with. */
#include "methods/method.h"

void weighted_sum(const struct tensor *act, const float *weight, float *map)
{
    const size_t plane = tensor_plane(act);
    memset(map, 0, plane * sizeof *map);
    for (int k = 0; k < act->c; k++)
        for (size_t i = 0; i < plane; i++)
            map[i] += weight[k] * act->data[k * plane + i];
}
