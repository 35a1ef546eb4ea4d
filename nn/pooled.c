/* nn/pooled.c - the weight behind global average pooling, by columns: what each channel adds to the logits. */
#include "nn/network.h"

/* Packed as panels of outputs, (in, panel) each. */
static void packed_column(const struct step *step, size_t in, int classes, int channel, float *column)
{
    const int panel = step->set->panel;
    for (int first = 0; first < classes; first += panel) {
        const float *from = step->packed + (size_t)first * in + (size_t)channel * (size_t)panel;
        for (int k = first; k < classes && k < first + panel; k++)
            column[k] = from[k - first];
    }
}

void network_pooled_columns(const struct network *network, int layer, int first, int count, float *columns)
{
    const struct step *linear = &network->steps[network->tails[layer].steps[2]];
    const size_t in = (size_t)network->values[linear->inputs[0]].c;
    const int classes = network_classes(network);
    if (linear->set) {
        for (int i = 0; i < count; i++)
            packed_column(linear, in, classes, first + i, columns + (size_t)i * (size_t)classes);
        return;
    }
    for (int k = 0; k < classes; k++)
        for (int i = 0; i < count; i++)
            columns[(size_t)i * (size_t)classes + (size_t)k] = linear->weight[(size_t)k * in + (size_t)(first + i)];
}
