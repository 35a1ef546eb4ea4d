/*
 * metrics/road.c - remove and debias: pixels are replaced by what their neighbours make likely, not by a colour, so that
 * the shape of what was removed tells the network little. For each percentile q the pixels with m at or above it are
 * imputed (most relevant first), then those with 1 - m at or above its percentile (least relevant first); noise hides
 * that imputed pixels are smooth. The value is the mean over q of (p of least - p of most) / 2: the p of the image cancels.
 * Rong, Leemann et al., "A Consistent and Efficient Evaluation Strategy for Attribution Methods", ICML 2022,
 * arXiv:2202.00449; the combination is that of pytorch_grad_cam/metrics/road.py.
 */
#include "metrics/impute.h"
#include "metrics/metric.h"

#include <stdatomic.h>
#include <string.h>

enum selection { SELECT_PERCENTILE, SELECT_COUNT };
enum singular { SINGULAR_UNDEFINED, SINGULAR_SKIP };

struct settings {
    double first, last, step, noise, tolerance;
    int select, singular;
};

enum { MOST_FIRST, LEAST_FIRST, ORDERS };
#define NOISE_BYTES_MAX ((size_t)16 << 20) /* of an image; more is drawn again for each map */

/* One changed input: a percentile and an order. */
struct change {
    double percentile;
    int order;
    uint8_t *is_missing; /* (h,w); NULL: all pixels are, and there is no system */
    const uint8_t *key;  /* of the score in what is kept; NULL if is_missing is */
    double score;
    float *noise; /* (channels,h,w), kept for the image's other maps; NULL: not kept */
};

struct road {
    struct evidence *evidence;
    const struct settings *settings;
    struct arena arena;
    atomic_bool is_failed; /* an imputation had no memory */
    int channels, h, w;
    int count, wanted; /* changes; those whose scores are not known */
    struct change *changes;
    int *wanted_changes;
};

static size_t plane_of(const struct road *road)
{
    return (size_t)road->h * (size_t)road->w;
}

/* -- which pixels ---------------------------------------------------------------------------------------------------- */

/* Values at or above the percentile, as numpy.percentile() has it. Returns their number. */
static size_t select_above(const float *values, const float *sorted, size_t n, double percentile, uint8_t *is_missing)
{
    const double limit = percentile_of_sorted(sorted, n, percentile);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        is_missing[i] = values[i] >= limit;
        count += is_missing[i];
    }
    return count;
}

/* The share 1 - percentile of the values, the highest ones; of equal ones the first. Returns their number. */
static size_t select_count(const float *values, const float *sorted, size_t n, double percentile, uint8_t *is_missing)
{
    const size_t wanted = (size_t)floor((100 - percentile) / 100 * (double)n + 1e-9);
    if (wanted == 0) {
        memset(is_missing, 0, n);
        return 0;
    }
    const float limit = sorted[n - wanted];
    size_t above = 0;
    for (size_t i = 0; i < n; i++)
        above += values[i] > limit;
    size_t ties = wanted - above;
    for (size_t i = 0; i < n; i++) {
        is_missing[i] = values[i] > limit || (values[i] == limit && ties > 0);
        ties -= values[i] == limit && ties > 0;
    }
    return wanted;
}

/* values (h,w), and the same in ascending order: m, or 1 - m. */
static int select_pixels(struct road *road, const float *values, const float *sorted, int order, struct error *err)
{
    const size_t n = plane_of(road);
    for (int k = 0; k < road->count; k++) {
        struct change *change = &road->changes[k];
        if (change->order != order)
            continue;
        change->is_missing = arena_alloc(&road->arena, n, 1);
        if (!change->is_missing)
            return error_memory(err, "an imputation");
        const size_t count = road->settings->select == SELECT_COUNT
                                 ? select_count(values, sorted, n, change->percentile, change->is_missing)
                                 : select_above(values, sorted, n, change->percentile, change->is_missing);
        change->is_missing = count < n ? change->is_missing : NULL;
    }
    return 0;
}

static void complement(const float *values, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = 1 - values[i];
}

static void reverse(float *values, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        const float value = values[i];
        values[i] = values[n - 1 - i];
        values[n - 1 - i] = value;
    }
}

static int list_changes(struct road *road, struct error *err)
{
    const struct settings *settings = road->settings;
    const struct map map = evidence_map(road->evidence);
    const int percentiles = 1 + (int)floor(fmax(0, settings->last - settings->first) / settings->step + 1e-9);
    const size_t n = plane_of(road);
    float *rest = arena_floats(&road->arena, n), *sorted = arena_floats(&road->arena, n);
    road->count = ORDERS * percentiles;
    road->changes = arena_alloc(&road->arena, (size_t)road->count, sizeof *road->changes);
    road->wanted_changes = arena_alloc(&road->arena, (size_t)road->count, sizeof *road->wanted_changes);
    if (!rest || !sorted || !road->changes || !road->wanted_changes)
        return error_memory(err, "an imputation");
    for (int k = 0; k < road->count; k++) {
        const int steps = k / ORDERS;
        road->changes[k].percentile = settings->first + steps * settings->step;
        road->changes[k].order = k % ORDERS;
    }
    memcpy(sorted, map.data, n * sizeof *sorted);
    sort_many_floats(sorted, rest, n);
    if (select_pixels(road, map.data, sorted, MOST_FIRST, err))
        return -1;
    complement(map.data, n, rest);
    complement(sorted, n, sorted); /* rounding keeps the order */
    reverse(sorted, n);
    return select_pixels(road, rest, sorted, LEAST_FIRST, err);
}

/* -- the noise ------------------------------------------------------------------------------------------------------- */

/* Two standard normal numbers of two random words, by Box and Muller. */
static void normals(uint32_t a, uint32_t b, float out[2])
{
    const float length = sqrtf(-2 * logf(((float)(a >> 8) + 0.5f) / 16777216));
    const float angle = 6.28318530717958648f * ((float)(b >> 8) / 16777216);
    out[0] = length * cosf(angle);
    out[1] = length * sinf(angle);
}

/*
 * The noise of pixel i, at plane[i] for the first colour. Each pixel has a part of the percentile's and order's stream, so
 * noise does not depend on what else is missing.
 */
static void draw(const struct road *road, const struct random_stream *stream, size_t i, float *plane)
{
    struct random_stream random = random_part(stream, (uint32_t)i);
    float pair[2] = {0, 0};
    for (int c = 0; c < road->channels; c++) {
        if (c % 2 == 0) {
            const uint32_t a = random_u32(&random), b = random_u32(&random);
            normals(a, b, pair);
        }
        plane[(size_t)c * plane_of(road) + i] = (float)road->settings->noise * pair[c % 2];
    }
}

/* noise (channels,h,w): what earlier maps have drawn; 0 where none has. */
static void add_noise(const struct road *road, const struct change *change, float *noise, float *out)
{
    const size_t plane = plane_of(road);
    const struct random_stream stream =
        evidence_random(road->evidence, ORDERS * (int)lround(1000 * change->percentile) + change->order);
    for (size_t i = 0; i < plane; i++)
        if (change->is_missing[i] && noise[i] == 0)
            draw(road, &stream, i, noise);
    for (int c = 0; c < road->channels; c++)
        impute_add(change->is_missing, noise + (size_t)c * plane, plane, out + (size_t)c * plane);
}

/* -- the passes ------------------------------------------------------------------------------------------------------ */

/* The imputed image with noise. -1: no memory. */
static int impute(const struct road *road, const struct change *change, const float *x, float *out)
{
    struct arena scratch;
    struct error err;
    arena_init(&scratch, 0);
    int status = impute_linear(change->is_missing, road->h, road->w, x, road->channels, road->settings->tolerance,
                               &scratch, out, &err);
    if (status == 0 && road->settings->noise > 0) {
        float *own = change->noise ? NULL : arena_floats(&scratch, (size_t)road->channels * plane_of(road));
        if (change->noise || own)
            add_noise(road, change, change->noise ? change->noise : own, out);
        else
            status = -1;
    }
    arena_release(&scratch);
    return status;
}

/*
 * Writes the imputed image with noise, or x itself if there is nothing to impute: the number of requests must not depend on
 * values. Several threads call it at once; impute() takes scratch for each call.
 */
static void write_change(void *context, int index, const float *x, float *out)
{
    struct road *road = context;
    const struct change *change = &road->changes[road->wanted_changes[index]];
    const size_t size = (size_t)road->channels * plane_of(road);
    if (!change->is_missing || impute(road, change, x, out)) {
        if (change->is_missing)
            road->is_failed = true;
        memcpy(out, x, size * sizeof *out);
    }
}

static size_t key_bytes(const struct road *road)
{
    return sizeof(double) + 1 + (plane_of(road) + 7) / 8;
}

/* The key of kept scores: percentile and order, then one bit for each pixel. NULL: no memory. */
static const uint8_t *key_of(struct road *road, const struct change *change)
{
    const size_t n = plane_of(road), head = sizeof change->percentile + 1;
    uint8_t *key = arena_alloc(&road->arena, key_bytes(road), 1);
    if (!key)
        return NULL;
    memcpy(key, &change->percentile, sizeof change->percentile);
    key[head - 1] = (uint8_t)change->order;
    for (size_t i = 0; i < n; i++)
        key[head + i / 8] |= (uint8_t)(change->is_missing[i] << i % 8);
    return key;
}

/* Finds the changes whose scores are not known. */
static int recall(struct road *road, struct error *err)
{
    for (int k = 0; k < road->count; k++) {
        struct change *change = &road->changes[k];
        change->key = change->is_missing ? key_of(road, change) : NULL;
        if (change->is_missing && !change->key)
            return error_memory(err, "an imputation");
        const double *kept = change->key ? evidence_kept(road->evidence, change->key, key_bytes(road)) : NULL;
        if (kept)
            change->score = *kept;
        else
            road->wanted_changes[road->wanted++] = k;
    }
    return 0;
}

/* The noise of an image is the same for all maps: what one of them has drawn is kept for the others. */
static int share_noise(struct road *road, struct error *err)
{
    const size_t size = (size_t)road->channels * plane_of(road);
    if (road->settings->noise <= 0 || (size_t)road->count * size * sizeof(float) > NOISE_BYTES_MAX)
        return 0;
    for (int i = 0; i < road->wanted; i++) {
        struct change *change = &road->changes[road->wanted_changes[i]];
        const double key[2] = {change->percentile, change->order};
        if (change->is_missing && !(change->noise = evidence_shared_floats(road->evidence, key, sizeof key, size, err)))
            return -1;
    }
    return 0;
}

static int pass(struct road *road, struct error *err)
{
    double *scores = arena_alloc(&road->arena, (size_t)road->wanted + 1, sizeof *scores);
    if (!scores)
        return error_memory(err, "an imputation");
    if (road->wanted &&
        evidence_probability(road->evidence, EVIDENCE_SOURCE(write_change, road, 0, road->wanted), scores, err))
        return -1;
    if (road->is_failed)
        return error_memory(err, "an imputation");
    for (int i = 0; i < road->wanted; i++) {
        struct change *change = &road->changes[road->wanted_changes[i]];
        change->score = scores[i];
        if (change->key && evidence_keep(road->evidence, change->key, key_bytes(road), &change->score, 1, err))
            return -1;
    }
    return 0;
}

/* -- the value ------------------------------------------------------------------------------------------------------- */

static struct value value_from(const struct road *road)
{
    double sum = 0;
    int count = 0;
    for (int k = 0; k < road->count; k += ORDERS) {
        const struct change *most = &road->changes[k + MOST_FIRST], *least = &road->changes[k + LEAST_FIRST];
        if (!most->is_missing || !least->is_missing) {
            if (road->settings->singular == SINGULAR_UNDEFINED)
                return value_undefined("road_singular");
            continue;
        }
        if (!isfinite(most->score) || !isfinite(least->score))
            return value_undefined("nonfinite_p");
        sum += (least->score - most->score) / 2;
        count++;
    }
    if (count == 0)
        return value_undefined("road_singular");
    return (struct value){.number = sum / count, .flag = ORDERS * count < road->count ? "road_singular" : NULL};
}

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    const struct map map = evidence_map(evidence);
    struct road road = {
        .evidence = evidence, .settings = params, .channels = evidence_channels(evidence), .h = map.h, .w = map.w};
    arena_init(&road.arena, 0);
    const int status =
        list_changes(&road, err) || recall(&road, err) || share_noise(&road, err) || pass(&road, err) ? -1 : 0;
    if (status == 0)
        *value = value_from(&road);
    arena_release(&road.arena);
    return status;
}

static const struct param params[] = {
    PARAM_FLOAT(struct settings, first, 20, 0, 100, "percentile"),
    PARAM_FLOAT(struct settings, last, 80, 0, 100, "percentile"),
    PARAM_FLOAT(struct settings, step, 20, 0.1, 100, "from one percentile to the next"),
    PARAM_FLOAT(struct settings, noise, 0.01, 0, 100, "its deviation, in the normalised input"),
    PARAM_ENUM(struct settings, select, "percentile|count",
               "pixels at or above the percentile, or that share of all pixels, of equal ones the first"),
    PARAM_ENUM(struct settings, singular, "undefined|skip", "where all pixels are at or above one of the percentiles"),
    PARAM_FLOAT(struct settings, tolerance, 1e-5, 1e-7, 0.1, "of the system's solution: the relative residual"),
    {0},
};

const struct metric metric_road = {
    .abi = METRIC_ABI,
    .name = "road",
    .title = "ROAD",
    .unit = "",
    .min = -0.5,
    .max = 0.5,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2022,
    .source = "rong2022road",
    .version = 2,
    .params = params,
    .params_size = sizeof(struct settings),
    .measure = measure,
};
