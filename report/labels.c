/* report/labels.c - greedy placement of names beside points. */
#include "report/labels.h"

#include <math.h>

enum { RINGS = 9, PLACES = 16, POINT = 6 };

struct box {
    double x0, y0, x1, y1;
};

static double shared_area(struct box a, struct box b)
{
    const double w = fmin(a.x1, b.x1) - fmax(a.x0, b.x0), h = fmin(a.y1, b.y1) - fmax(a.y0, b.y0);
    return w > 0 && h > 0 ? w * h : 0;
}

static struct box text_box(const struct label *label, double left, double middle)
{
    return (struct box){left - 2, middle - label->height / 2, left + label->width + 2, middle + label->height / 2};
}

/* What a box would cover: points, and the labels before `placed`. */
static double covered(const struct label *labels, int count, int placed, struct box box)
{
    double area = 0;
    for (int i = 0; i < count; i++) {
        const struct label *l = &labels[i];
        area += shared_area(box, (struct box){l->x - POINT, l->y - POINT, l->x + POINT, l->y + POINT});
        if (i < placed)
            area += shared_area(box, text_box(l, l->left, l->middle));
    }
    return area;
}

/* Place `place` of a ring: the text's nearest edge at distance `radius` from the point. */
static void at_place(const struct label *label, int ring, int place, double *left, double *middle)
{
    const double radius = POINT + 3 + ring * label->height * 0.8, angle = place * 2 * M_PI / PLACES;
    const double x = label->x + radius * cos(angle);
    *middle = label->y + (radius + (ring ? 0 : label->height / 4)) * sin(angle);
    *left = x - label->width * (1 - cos(angle)) / 2;
}

static void place(struct label *labels, int count, int index, double width, double height)
{
    struct label *label = &labels[index];
    double least = INFINITY;
    label->left = fmax(0, fmin(label->x, width - label->width));
    label->middle = label->y;
    for (int ring = 0; ring < RINGS; ring++)
        for (int i = 0; i < PLACES && least > 0; i++) {
            double left, middle;
            at_place(label, ring, i, &left, &middle);
            const struct box box = text_box(label, left, middle);
            if (box.x0 < 0 || box.y0 < 0 || box.x1 > width || box.y1 > height)
                continue;
            const double area = covered(labels, count, index, box);
            if (area < least) {
                least = area;
                label->left = left;
                label->middle = middle;
                label->is_far = ring > 0;
            }
        }
}

void labels_place(struct label *labels, int count, double width, double height)
{
    for (int i = 0; i < count; i++) {
        labels[i].is_far = 0;
        place(labels, count, i, width, height);
    }
}
