/* datasets/demo_class.c - outlines and patterns of the demo's classes. Star and ring share a pattern of ten sectors. */
#include "datasets/demo_class.h"

#include <math.h>

/* A step from 0 to 1 at distance 0, `blur` wide. */
static double step(double distance, double blur)
{
    return fmin(1, fmax(0, 0.5 + distance / blur));
}

/* -- outlines ----------------------------------------------------------------------------------------------------- */

static double disc(double u, double v)
{
    return hypot(u, v) - 0.95;
}

static double hexagon(double u, double v)
{
    const double x = fabs(u), y = fabs(v);
    return fmax(x, 0.5 * x + 0.866 * y) - 0.86;
}

static double square(double u, double v)
{
    return fmax(fabs(u), fabs(v)) - 0.8;
}

static double oblong(double u, double v)
{
    return fmax(fabs(u) - 1, fabs(v) - 0.55);
}

static double triangle(double u, double v)
{
    return fmax(-v - 0.6, fmax(0.866 * u + 0.5 * v, -0.866 * u + 0.5 * v) - 0.55);
}

static double star(double u, double v)
{
    return 0.8 * (hypot(u, v) - 0.68 - 0.32 * cos(5 * atan2(u, v)));
}

static double ring(double u, double v)
{
    return fabs(hypot(u, v) - 0.7) - 0.28;
}

static double cross(double u, double v)
{
    return fmax(fmin(fabs(u), fabs(v)) - 0.32, fmax(fabs(u), fabs(v)) - 0.95);
}

static double crescent(double u, double v)
{
    return fmax(hypot(u, v) - 1, 0.75 - hypot(u - 0.5, v));
}

static double leaf(double u, double v)
{
    return fmax(hypot(u - 0.6, v), hypot(u + 0.6, v)) - 1.166;
}

/* -- patterns ----------------------------------------------------------------------------------------------------- */

static double spokes(double u, double v, double blur)
{
    const double r = hypot(u, v);
    return fmax(step(cos(6 * atan2(v, u)) * (r + 0.05) / 6, blur), step(0.25 - r, blur));
}

static double rings(double u, double v, double blur)
{
    return step(cos(15 * hypot(u, v)) / 15, blur);
}

static double checks(double u, double v, double blur)
{
    return step(sin(7.8 * u) * sin(7.8 * v) / 7.8, blur);
}

static double bricks(double u, double v, double blur)
{
    const double row = floor(v / 0.3), across = u + (fmod(fabs(row), 2) > 0.5 ? 0.25 : 0);
    const double joint_u = fabs(across - 0.5 * round(across / 0.5)), joint_v = fabs(v - 0.3 * round(v / 0.3));
    return step(fmin(joint_u, joint_v) - 0.045, blur);
}

static double stripes(double u, __attribute__((unused)) double v, double blur)
{
    return step(cos(13 * u) / 13, blur);
}

static double facets(double u, double v, double blur)
{
    return step(sin(5 * atan2(u, v)) * (hypot(u, v) + 0.05) / 5, blur);
}

static double segments(double u, double v, double blur)
{
    return step(cos(5 * atan2(v, u)) * hypot(u, v) / 5, blur);
}

static double hatch(double u, double v, double blur)
{
    return step(cos(11 * (u + v)) / 15, blur);
}

static double dots(double u, double v, double blur)
{
    const double x = u - 0.36 * round(u / 0.36), y = v - 0.36 * round(v / 0.36);
    return step(0.11 - hypot(x, y), blur);
}

static double veins(double u, double v, double blur)
{
    return fmax(step(0.05 - fabs(u), blur), step(cos(14 * (v - fabs(u))) / 14 - 0.03, blur));
}

const struct demo_class demo_classes[DEMO_CLASSES] = {
    {"wheel", disc, spokes},      {"target", hexagon, rings}, {"chessboard", square, checks}, {"wall", oblong, bricks},
    {"tent", triangle, stripes},  {"star", star, facets},     {"ring", ring, segments},       {"cross", cross, hatch},
    {"crescent", crescent, dots}, {"leaf", leaf, veins},
};
