/*
 * metrics/box_iou.c - how well the box around the map's largest component covers the object. Pixels above `tau` times
 * the maximum form 8-connected components; the largest by pixel count is taken, of equal ones the first in row-major
 * order. The value is the intersection over union of its half-open box with the best of the object's boxes; 0 for a
 * constant map. Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016, section 3.2 (tau
 * 0.2), arXiv:1512.04150.
 */
#include "metrics/metric.h"

struct settings {
    double tau;
};

/* A flood fill: which pixels are above the threshold and in no component yet, and a stack of pixels to visit. */
struct search {
    int h, w;
    bool *is_open;
    int *stack;
    int held;
};

static void push(struct search *search, int x, int y)
{
    const int place = y * search->w + x;
    if (x < 0 || y < 0 || x >= search->w || y >= search->h || !search->is_open[place])
        return;
    search->is_open[place] = false;
    search->stack[search->held++] = place;
}

/* Takes the component of pixel (x,y) from the open pixels: writes its box, returns its number of pixels. */
static int take_component(struct search *search, int x, int y, struct truth_box *box)
{
    int count = 0;
    *box = (struct truth_box){x, y, x + 1, y + 1};
    push(search, x, y);
    for (; search->held > 0; count++) {
        const int place = search->stack[--search->held], u = place % search->w, v = place / search->w;
        box->x0 = u < box->x0 ? u : box->x0;
        box->x1 = u >= box->x1 ? u + 1 : box->x1;
        box->y1 = v >= box->y1 ? v + 1 : box->y1; /* the first pixel in row-major order has y0 */
        for (int dy = -1; dy <= 1; dy++)
            for (int dx = -1; dx <= 1; dx++)
                push(search, u + dx, v + dy);
    }
    return count;
}

/* The box of the largest component; empty if no pixel is above the threshold. */
static int find_box(struct evidence *evidence, double tau, struct truth_box *box, struct error *err)
{
    const struct map map = evidence_map(evidence);
    const size_t n = (size_t)map.h * (size_t)map.w;
    struct search search = {.h = map.h, .w = map.w};
    search.is_open = evidence_alloc(evidence, n, sizeof *search.is_open, err);
    search.stack = evidence_alloc(evidence, n, sizeof *search.stack, err);
    if (!search.is_open || !search.stack)
        return -1;
    const double threshold = tau * (double)map.data[position_of_largest(map.data, n)];
    for (size_t i = 0; i < n; i++)
        search.is_open[i] = (double)map.data[i] > threshold;
    int largest = 0;
    *box = (struct truth_box){0};
    for (int y = 0; y < map.h; y++)
        for (int x = 0; x < map.w; x++) {
            struct truth_box found;
            const int count = take_component(&search, x, y, &found);
            if (count > largest)
                *box = found;
            largest = count > largest ? count : largest;
        }
    return 0;
}

static double overlap(int a0, int a1, int b0, int b1)
{
    return fmax(0, (a1 < b1 ? a1 : b1) - (a0 > b0 ? a0 : b0));
}

static double area(const struct truth_box *box)
{
    return (double)(box->x1 - box->x0) * (double)(box->y1 - box->y0);
}

static double iou(const struct truth_box *a, const struct truth_box *b)
{
    const double both = overlap(a->x0, a->x1, b->x0, b->x1) * overlap(a->y0, a->y1, b->y0, b->y1);
    return both / (area(a) + area(b) - both);
}

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    const struct settings *settings = params;
    struct truth_boxes boxes;
    struct truth_box box;
    if (evidence_truth_boxes(evidence, &boxes, value, err))
        return -1;
    if (value->undefined)
        return 0;
    if (find_box(evidence, settings->tau, &box, err))
        return -1;
    double best = 0;
    for (int i = 0; i < boxes.count; i++) {
        const double one = iou(&box, &boxes.list[i]);
        best = one > best ? one : best; /* not fmax(): gcc 12 for aarch64 fails to compile its reduction at -O3 */
    }
    *value = value_of(best);
    return 0;
}

static const struct param params[] = {
    PARAM_FLOAT(struct settings, tau, 0.2, 0, 1, "share of the map's maximum above which a pixel counts"),
    {0},
};

const struct metric metric_box_iou = {
    .abi = METRIC_ABI,
    .name = "box_iou",
    .title = "Box IoU",
    .unit = "",
    .min = 0,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2016,
    .source = "zhou2016cam",
    .version = 1,
    .is_truth = true,
    .params = params,
    .params_size = sizeof(struct settings),
    .measure = measure,
};
