/* metrics/regions.c - grows the parts of a picture level by level (Tarjan's union-find with path halving). */
#include "metrics/regions.h"

struct part {
    int parent; /* pixel; itself: a root. -1: the pixel is in no part yet */
    bool is_changed;
    struct truth_box box;
    double score;
};

struct growth {
    int h, w;
    enum region_kind kind;
    struct part *parts; /* (h,w) */
    int *roots;         /* pixels that may be roots */
    int root_count;
};

static int root_of(struct part *parts, int pixel)
{
    while (parts[pixel].parent != pixel) {
        parts[pixel].parent = parts[parts[pixel].parent].parent;
        pixel = parts[pixel].parent;
    }
    return pixel;
}

static void join(struct growth *growth, int pixel, int x, int y)
{
    if (x < 0 || y < 0 || x >= growth->w || y >= growth->h || growth->parts[y * growth->w + x].parent < 0)
        return;
    const int one = root_of(growth->parts, pixel), other = root_of(growth->parts, y * growth->w + x);
    if (one == other)
        return;
    struct truth_box *box = &growth->parts[other].box;
    const struct truth_box *more = &growth->parts[one].box;
    box->x0 = more->x0 < box->x0 ? more->x0 : box->x0;
    box->y0 = more->y0 < box->y0 ? more->y0 : box->y0;
    box->x1 = more->x1 > box->x1 ? more->x1 : box->x1;
    box->y1 = more->y1 > box->y1 ? more->y1 : box->y1;
    growth->parts[other].is_changed = true;
    growth->parts[one].parent = other;
}

static void add_pixel(struct growth *growth, int pixel)
{
    const int x = pixel % growth->w, y = pixel / growth->w;
    growth->parts[pixel] = (struct part){.parent = pixel, .is_changed = true, .box = {x, y, x + 1, y + 1}};
    growth->roots[growth->root_count++] = pixel;
    for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++)
            if (growth->kind == REGIONS || dx == 0 || dy == 0)
                join(growth, pixel, x + dx, y + dy);
}

static bool counts(const struct growth *growth, const struct truth_box *box)
{
    return growth->kind == REGIONS || (box->x0 > 0 && box->y0 > 0 && box->x1 < growth->w && box->y1 < growth->h);
}

static double best_of(struct growth *growth, region_score *score, void *context)
{
    const int margin = growth->kind == HOLES;
    int kept = 0;
    double best = 0;
    for (int i = 0; i < growth->root_count; i++) {
        struct part *part = &growth->parts[growth->roots[i]];
        if (part->parent != growth->roots[i])
            continue;
        growth->roots[kept++] = growth->roots[i];
        if (!counts(growth, &part->box))
            continue;
        if (part->is_changed) {
            const struct truth_box box = {part->box.x0 - margin, part->box.y0 - margin, part->box.x1 + margin,
                                          part->box.y1 + margin};
            part->score = score(context, &box);
        }
        part->is_changed = false;
        best = part->score > best ? part->score : best;
    }
    growth->root_count = kept;
    return best;
}

/* Writes the pixels (n) sorted by their bytes; first[b] is the place of the first pixel with byte b. */
static void sort_pixels(const uint8_t *bytes, int n, int *pixels, int first[REGION_LEVELS + 1])
{
    int place[REGION_LEVELS] = {0};
    for (int i = 0; i < n; i++)
        place[bytes[i]]++;
    first[0] = 0;
    for (int b = 0; b < REGION_LEVELS; b++) {
        first[b + 1] = first[b] + place[b];
        place[b] = first[b];
    }
    for (int i = 0; i < n; i++)
        pixels[place[bytes[i]]++] = i;
}

int regions_best(struct evidence *evidence, const uint8_t *bytes, int h, int w, enum region_kind kind,
                 region_score *score, void *context, double *best, struct error *err)
{
    const int n = h * w;
    int first[REGION_LEVELS + 1];
    struct growth growth = {.h = h, .w = w, .kind = kind};
    growth.parts = evidence_alloc(evidence, (size_t)n, sizeof *growth.parts, err);
    growth.roots = evidence_alloc(evidence, (size_t)n, sizeof *growth.roots, err);
    int *pixels = evidence_alloc(evidence, (size_t)n, sizeof *pixels, err);
    if (!growth.parts || !growth.roots || !pixels)
        return -1;
    sort_pixels(bytes, n, pixels, first);
    for (int i = 0; i < n; i++)
        growth.parts[i].parent = -1;
    for (int step = 0; step < REGION_LEVELS; step++) {
        const int level = kind == REGIONS ? REGION_LEVELS - 1 - step : step;
        const int byte = kind == REGIONS ? level + 1 : level;
        for (int i = byte < REGION_LEVELS ? first[byte] : n; i < n && i < first[byte + 1]; i++)
            add_pixel(&growth, pixels[i]);
        best[level] = best_of(&growth, score, context);
    }
    return 0;
}
