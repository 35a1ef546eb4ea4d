/* report/labels.c - places names beside points greedily, one after the other. */
#include "report/labels.h"

#include <math.h>

enum { RINGS = 16, PLACES = 16, POINT = 6, LINE_STEPS = 12, LINE_COST = 12, TEXT_WEIGHT = 10, RING_COST = 8 };

struct box {
    double x0, y0, x1, y1;
};

static double shared_area(struct box a, struct box b)
{
    const double w = fmin(a.x1, b.x1) - fmax(a.x0, b.x0), h = fmin(a.y1, b.y1) - fmax(a.y0, b.y0);
    return w > 0 && h > 0 ? w * h : 0;
}

static struct box text_box(const struct label *label)
{
    return (struct box){label->left - 2, label->middle - label->height / 2, label->left + label->width + 2,
                        label->middle + label->height / 2};
}

/* The cost of the line from a label's point to its text crossing a box, in the unit of an area (square pixels). */
static double line_crosses(const struct label *label, struct box box)
{
    double cost = 0;
    for (int i = 1; i < LINE_STEPS && label->is_far; i++) {
        const double t = (double)i / LINE_STEPS;
        const double x = label->x + t * (label->end_x - label->x), y = label->y + t * (label->end_y - label->y);
        cost += x > box.x0 && x < box.x1 && y > box.y0 && y < box.y1 ? LINE_COST : 0;
    }
    return cost;
}

static struct box point_box(const struct label *label)
{
    return (struct box){label->x - POINT, label->y - POINT, label->x + POINT, label->y + POINT};
}

/*
 * The weighted area that labels[index] covers at its present position: of points and of earlier labels, and the costs
 * of its line crossing these and of earlier lines crossing it.
 */
static double covered(const struct label *labels, int count, int index)
{
    const struct label *label = &labels[index];
    const struct box box = text_box(label);
    double area = 0;
    for (int i = 0; i < count; i++) {
        area += shared_area(box, point_box(&labels[i]));
        if (i != index)
            area += line_crosses(label, point_box(&labels[i]));
        if (i < index)
            area += TEXT_WEIGHT * shared_area(box, text_box(&labels[i])) + line_crosses(label, text_box(&labels[i])) +
                    line_crosses(&labels[i], box);
    }
    return area;
}

/* The label at position `place` of a ring: the text's nearest edge is about the ring's radius away from the point. */
static struct label at_place(struct label label, int ring, int place)
{
    const double radius = POINT + 3 + ring * label.height * 0.8, angle = place * 2 * M_PI / PLACES;
    label.middle = label.y + (radius + (ring ? 0 : label.height / 4)) * sin(angle);
    label.left = label.x + radius * cos(angle) - label.width * (1 - cos(angle)) / 2;
    label.is_far = ring > 0;
    label.end_x = fmin(fmax(label.x, label.left), label.left + label.width);
    label.end_y = fmin(fmax(label.y, label.middle - label.height / 2 + 1), label.middle + label.height / 2 - 1);
    return label;
}

static void place(struct label *labels, int count, int index, double width, double height)
{
    struct label best = at_place(labels[index], 0, 0);
    double least = INFINITY;
    best.left = fmax(0, fmin(best.left, width - best.width));
    for (int ring = 0; ring < RINGS; ring++)
        for (int i = 0; i < PLACES; i++) {
            labels[index] = at_place(labels[index], ring, i);
            const struct box box = text_box(&labels[index]);
            if (box.x0 < 0 || box.y0 < 0 || box.x1 > width || box.y1 > height)
                continue;
            const double area = covered(labels, count, index) + ring * RING_COST;
            if (area < least) {
                least = area;
                best = labels[index];
            }
        }
    labels[index] = best;
}

void labels_place(struct label *labels, int count, double width, double height)
{
    for (int i = 0; i < count; i++)
        place(labels, count, i, width, height);
}
