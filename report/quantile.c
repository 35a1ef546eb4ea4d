/* report/quantile.c - quantiles by bisection and by an approximation; no tables. */
#include "report/quantile.h"

#include <math.h>

double quantile_normal(double tail)
{
    double low = 0, high = 40;
    for (int i = 0; i < 100; i++) {
        const double middle = (low + high) / 2;
        if (erfc(middle / sqrt(2)) / 2 > tail)
            low = middle;
        else
            high = middle;
    }
    return low;
}

double quantile_student(double z, double degrees)
{
    const double scaled = z * (8 * degrees + 3) / (8 * degrees + 1);
    return sqrt(degrees * expm1(scaled * scaled / degrees));
}
