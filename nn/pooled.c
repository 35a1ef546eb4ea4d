/* nn/pooled.c - the weight behind global average pooling, by columns: what each channel adds to the logits. */
#include "nn/network.h"

/* Packed: panels of outputs, (in, panel) each. */
void network_pooled_column(const struct network *network, int layer, int channel, float *column)
{
    const struct step *linear = &network->steps[network->tails[layer].steps[2]];
    const size_t in = (size_t)network->values[linear->inputs[0]].c, at = (size_t)channel;
    const int classes = network_classes(network), panel = linear->set ? linear->set->panel : 1;
    const float *weight = linear->set ? linear->packed : linear->weight;
    for (int first = 0; first < classes; first += panel)
        for (int k = first; k < classes && k < first + panel; k++)
            column[k] = weight[(size_t)first * in + at * (size_t)panel + (size_t)(k - first)];
}
