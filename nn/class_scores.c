/* nn/class_scores.c - scores of classes from a network's outputs: softmax, or the sigmoid if there is one output. */
#include "nn/nn.h"

#include <math.h>
#include <string.h>

int class_count(int outputs)
{
    return outputs == 1 ? 2 : outputs;
}

float class_logit(const float *output, int outputs, int k)
{
    return outputs == 1 && k == 0 ? -output[0] : output[outputs == 1 ? 0 : k];
}

float class_probability(const float *output, int outputs, int k)
{
    return outputs == 1 ? (float)(1 / (1 + exp(-(double)class_logit(output, outputs, k))))
                        : softmax_of(output, outputs, k);
}

void class_scores(const float *output, int outputs, float *logits, float *probabilities)
{
    for (int k = 0; k < class_count(outputs); k++)
        logits[k] = class_logit(output, outputs, k);
    if (outputs > 1)
        softmax(output, outputs, probabilities);
    else
        for (int k = 0; k < class_count(outputs); k++)
            probabilities[k] = class_probability(output, outputs, k);
}

void class_cotangent(const float *logits, int outputs, float *output)
{
    if (outputs == 1)
        output[0] = logits[1] - logits[0];
    else
        memcpy(output, logits, (size_t)outputs * sizeof *output);
}
