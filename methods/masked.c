/* methods/masked.c - passes of the whole network on masked and other inputs. */
#include "methods/cam_private.h"

struct input_masks {
    cam_source *source;
    void *context;
    const float *input, *baseline;
    struct shape shape;
};

/* The mask is written where the last colour will be, so that colour is computed last. */
static void masked_source(void *context, int index, float *out)
{
    const struct input_masks *masks = context;
    const size_t plane = (size_t)masks->shape.h * (size_t)masks->shape.w;
    float *mask = out + (size_t)(masks->shape.c - 1) * plane;
    masks->source(masks->context, index, mask);
    for (int k = 0; k < masks->shape.c; k++)
        for (size_t i = 0; i < plane; i++) {
            const size_t at = (size_t)k * plane + i;
            const float m = mask[i];
            out[at] = masks->input[at] * m + (masks->baseline ? masks->baseline[at] * (1 - m) : 0);
        }
}

int cam_masked(struct cam *cam, int n, cam_source *source, void *context, const float *baseline, struct cam_output *out)
{
    struct input_masks masks = {source, context, cam->pass->setup.input, baseline, cam_input_shape(cam)};
    cam->cost->full += n;
    return cam_run_passes(cam, &(struct session_batch){SESSION_INPUT, SESSION_PLANES, n, masked_source, &masks}, out);
}

int cam_inputs(struct cam *cam, int n, cam_source *source, void *context, struct cam_output *out)
{
    cam->cost->full += n;
    return cam_run_passes(cam, &(struct session_batch){SESSION_INPUT, SESSION_PLANES, n, source, context}, out);
}

static uint64_t hash_of(const float *values, size_t n)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t word;
        memcpy(&word, &values[i], sizeof word);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    return hash;
}

/* Sets same[i] to the index of the first of the keys (n,width) whose bits equal those of key i; 0, or -1: no memory. */
static int find_same(struct cam *cam, int n, const float *keys, size_t width, int *same)
{
    uint64_t *hash = cam_alloc(cam, (size_t)n, sizeof *hash);
    if (!hash)
        return -1;
    for (int i = 0; i < n; i++) {
        const float *key = keys + (size_t)i * width;
        hash[i] = hash_of(key, width);
        same[i] = 0;
        while (same[i] < i &&
               (hash[same[i]] != hash[i] || memcmp(keys + (size_t)same[i] * width, key, width * sizeof *key) != 0))
            same[i]++;
    }
    return 0;
}

int cam_masked_by_keys(struct cam *cam, int n, const float *keys, size_t width, cam_source *source, void *context,
                       const float *baseline, struct cam_output *out)
{
    if (cam->pass->setup.exact_passes)
        return cam_masked(cam, n, source, context, baseline, out);
    struct input_masks masks = {source, context, cam->pass->setup.input, baseline, cam_input_shape(cam)};
    int *same = cam_alloc(cam, (size_t)n, sizeof *same);
    if (!same || find_same(cam, n, keys, width, same))
        return -1;
    cam->cost->full += n;
    const struct session_batch batch = {SESSION_INPUT, SESSION_PLANES, n, masked_source, &masks};
    return cam_run_distinct(cam, &batch, same, out);
}
