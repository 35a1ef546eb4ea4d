/* metrics/metric.c - makes values, and the harmonic mean that composites share. */
#include "metrics/metric.h"

struct value value_of(double number)
{
    return (struct value){.number = number};
}

struct value value_undefined(const char *reason)
{
    return (struct value){.undefined = reason};
}

double harmonic_mean3(double a, double b, double c)
{
    if (a <= 0 || b <= 0 || c <= 0)
        return 0;
    return 3 / (1 / a + 1 / b + 1 / c);
}
