/* bench/run/until.c - when a method has enough images. */
#include "bench/run/until.h"

#include "base/confidence.h"
#include "bench/run/estimate.h"

#include <math.h>
#include <string.h>

/* The metric of the rule, or a part of it where the metric combines means. */
struct part {
    int metric;
    double min, range;
    bool is_better_higher;
};

/*
 * Sequences of one mean. A width asks for the mean over the list of images, drawn without replacement. Whether two methods
 * differ is asked of images in general, of which the list is a sample, so its end decides nothing: the plain form. It is
 * used as well where an image has no value, because then the list's length is not known before its end.
 */
struct mean {
    struct confidence list, plain;
    bool has_gaps;
};

struct state {
    struct mean parts[METRIC_PARTS_MAX];
    struct report_end end;
    bool waits; /* lacks a value that has to be measured first */
};

struct until {
    const struct config_until *rule;
    double (*combine)(const double *means);
    int part_count;
    struct part parts[METRIC_PARTS_MAX];
    double half_width; /* in units of stored values */
    int images, taken, method_count;
    struct state *states; /* [method] */
    bool *is_apart;       /* [method] */
    int pair[2];
    struct mean difference;
    struct report_end pair_end;
};

/* -- the rule ------------------------------------------------------------------------------------------------------ */

static int add_part(struct until *until, const struct config *config, int k, struct error *err)
{
    const struct metric *metric = config->metrics[k].metric;
    if (metric->combine_counts)
        return error_set(err,
                         "%s: dataset.until.metric: \"%s\" is a number of all images and has no values of single ones",
                         until->rule->where, metric->name);
    if (!isfinite(metric->min) || !isfinite(metric->max) || metric->is_cost)
        return error_set(err, "%s: dataset.until.metric: values of \"%s\" have no two bounds, which the rule needs",
                         until->rule->where, metric->name);
    until->parts[until->part_count++] =
        (struct part){k, metric->min, metric->max - metric->min, metric->direction == METRIC_HIGHER_IS_BETTER};
    return 0;
}

static int find_parts(struct until *until, const struct config *config, struct error *err)
{
    const int k = config_metric_position(config, until->rule->metric);
    const struct metric *metric = config->metrics[k].metric;
    const double unit = metric->is_percent ? 100 : 1;
    until->half_width = until->rule->half_width / unit;
    until->combine = metric->combine;
    if (!metric->combine)
        return add_part(until, config, k, err);
    for (const char *const *part = metric->parts; *part; part++)
        if (add_part(until, config, config_metric_position(config, *part), err))
            return -1;
    return 0;
}

static void begin_mean(struct mean *mean, double alpha, int list)
{
    confidence_begin(&mean->list, alpha, list);
    confidence_begin(&mean->plain, alpha, 0);
}

/* All intervals of the rule share what may go wrong in equal parts, so that all hold together. */
static void begin_means(struct until *until, const struct config *config)
{
    const double alpha = (1 - until->rule->confidence) / config->backbone_count;
    const double intervals = (until->rule->decided_count ? 2 : config->method_count) * until->part_count;
    for (int m = 0; m < config->method_count; m++)
        for (int k = 0; k < until->part_count; k++)
            begin_mean(&until->states[m].parts[k], alpha / intervals, until->images);
    begin_mean(&until->difference, alpha, until->images);
}

struct until *until_create(const struct config *config, int images, struct arena *arena, struct error *err)
{
    const size_t count = (size_t)config->method_count;
    struct until *until = arena_alloc(arena, 1, sizeof *until);
    if (until)
        *until = (struct until){.rule = &config->dataset.until,
                                .images = images,
                                .method_count = config->method_count,
                                .pair = {-1, -1},
                                .states = arena_alloc(arena, count, sizeof *until->states),
                                .is_apart = arena_alloc(arena, count, sizeof *until->is_apart)};
    if (!until || !until->states || !until->is_apart) {
        error_memory(err, "the rule dataset.until");
        return NULL;
    }
    if (find_parts(until, config, err))
        return NULL;
    begin_means(until, config);
    for (int m = 0; m < config->method_count; m++)
        until->is_apart[m] = estimate_is_apart(&config->methods[m]);
    for (int i = 0; i < until->rule->decided_count; i++)
        until->pair[i] = config_method_position(config, until->rule->decided[i]);
    return until;
}

/* -- blocks -------------------------------------------------------------------------------------------------------- */

bool until_is_open(const struct until *until, int method)
{
    return until->states[method].end.reason == REPORT_NOT_ENDED && !until->states[method].waits;
}

struct until_block until_next(const struct until *until)
{
    const int block = until->rule->block, left = until->images - until->taken;
    bool is_any_open = false;
    for (int m = 0; m < until->method_count; m++)
        is_any_open |= until_is_open(until, m);
    return (struct until_block){until->taken, until->taken + (!is_any_open ? 0 : left < block ? left : block)};
}

bool until_has_ended(const struct until *until)
{
    return until_next(until).end == until->taken;
}

/* The value of a part in [0,1] under the rule's reader. */
struct source {
    until_reader *reader;
    void *context;
    const bool *is_unreadable;
};

static int read_part(const struct until *until, const struct source *source, int method, int part, int image,
                     struct until_value *value, struct error *err)
{
    const struct part *of = &until->parts[part];
    if (source->reader(source->context, method, of->metric, image, value, err))
        return -1;
    if (value->state == REPORT_ABSENT && source->is_unreadable[image])
        value->state = REPORT_UNDEFINED;
    value->number = fmin(fmax((value->number - of->min) / of->range, 0), 1);
    return 0;
}

/* Whether a method lacks a value of the block that is not known to be missing for good. */
static int find_lack(const struct until *until, const struct source *source, int method, struct until_block block,
                     bool *lacks, struct error *err)
{
    struct until_value value;
    for (int image = block.first; image < block.end && !*lacks; image++)
        for (int k = 0; k < until->part_count && !*lacks; k++) {
            if (read_part(until, source, method, k, image, &value, err))
                return -1;
            *lacks = value.state == REPORT_ABSENT;
        }
    return 0;
}

/* Where two methods are compared, none goes on without both. */
static int find_lacks(struct until *until, const struct source *source, struct until_block block, struct error *err)
{
    for (int m = 0; m < until->method_count; m++)
        if (until_is_open(until, m) && find_lack(until, source, m, block, &until->states[m].waits, err))
            return -1;
    const bool pair_waits =
        until->pair[0] >= 0 && (until->states[until->pair[0]].waits || until->states[until->pair[1]].waits);
    for (int m = 0; m < until->method_count; m++)
        until->states[m].waits |= pair_waits;
    return 0;
}

static void add_to_mean(struct mean *mean, bool is_defined, double x)
{
    mean->has_gaps |= !is_defined;
    if (!is_defined)
        return;
    confidence_add(&mean->list, x);
    confidence_add(&mean->plain, x);
}

/* Adds an image's values to the means, where all parts are defined, and keeps the first part's for the pair. */
static int take_image(struct until *until, const struct source *source, int method, int image,
                      struct until_value *first, struct error *err)
{
    struct until_value values[METRIC_PARTS_MAX] = {0};
    bool is_defined = true;
    for (int k = 0; k < until->part_count; k++) {
        if (read_part(until, source, method, k, image, &values[k], err))
            return -1;
        is_defined = is_defined && values[k].state == REPORT_DEFINED;
    }
    for (int k = 0; k < until->part_count; k++)
        add_to_mean(&until->states[method].parts[k], is_defined, values[k].number);
    *first = values[0];
    return 0;
}

static int take_block(struct until *until, const struct source *source, struct until_block block, struct error *err)
{
    const bool pair_goes_on =
        until->pair[0] >= 0 && until_is_open(until, until->pair[0]) && until_is_open(until, until->pair[1]);
    for (int image = block.first; image < block.end; image++) {
        struct until_value first[2] = {{0}}, value;
        for (int m = 0; m < until->method_count; m++) {
            if (!until_is_open(until, m))
                continue;
            if (take_image(until, source, m, image, &value, err))
                return -1;
            for (int i = 0; i < 2; i++)
                if (until->pair[i] == m)
                    first[i] = value;
        }
        if (pair_goes_on)
            add_to_mean(&until->difference, first[0].state == REPORT_DEFINED && first[1].state == REPORT_DEFINED,
                        (first[0].number - first[1].number + 1) / 2);
    }
    return 0;
}

/* -- looking ------------------------------------------------------------------------------------------------------- */

static const struct confidence *interval_of(const struct until *until, const struct mean *mean)
{
    return mean->has_gaps || until->pair[0] >= 0 ? &mean->plain : &mean->list;
}

/* The metric's interval; of a combined one, that of its worst and its best parts: it grows with each that gets better. */
static void set_interval(const struct until *until, struct state *state)
{
    double worst[METRIC_PARTS_MAX + 1] = {0}, best[METRIC_PARTS_MAX + 1] = {0};
    for (int k = 0; k < until->part_count; k++) {
        const struct part *part = &until->parts[k];
        const struct confidence *interval = interval_of(until, &state->parts[k]);
        const double low = part->min + interval->low * part->range, high = part->min + interval->high * part->range;
        const bool rises = !until->combine || part->is_better_higher;
        worst[k] = rises ? low : high;
        best[k] = rises ? high : low;
    }
    state->end.low = until->combine ? until->combine(worst) : worst[0];
    state->end.high = until->combine ? until->combine(best) : best[0];
}

static void end(struct state *state, enum report_end_reason reason)
{
    if (state->end.reason == REPORT_NOT_ENDED && !state->waits)
        state->end.reason = reason;
}

/* A combined metric has no values of single images, so its difference is bounded by the intervals of both methods. */
static void look_at_pair(struct until *until)
{
    const struct state *a = &until->states[until->pair[0]], *b = &until->states[until->pair[1]];
    const struct confidence *interval = interval_of(until, &until->difference);
    const double range = until->parts[0].range;
    struct report_end *pair = &until->pair_end;
    pair->images = a->end.images < b->end.images ? a->end.images : b->end.images;
    pair->low = until->combine ? a->end.low - b->end.high : (2 * interval->low - 1) * range;
    pair->high = until->combine ? a->end.high - b->end.low : (2 * interval->high - 1) * range;
    if ((pair->low > 0 || pair->high < 0) && pair->images >= until->rule->min_images)
        pair->reason = REPORT_END_DECIDED;
    else if (pair->images == until->images)
        pair->reason = REPORT_END_ALL;
}

static void end_with_pair(struct until *until)
{
    for (int m = 0; m < until->method_count; m++) {
        const bool is_compared = m == until->pair[0] || m == until->pair[1];
        if (until->pair_end.reason == REPORT_END_DECIDED)
            end(&until->states[m], REPORT_END_DECIDED);
        else if (!is_compared && until->is_apart[m] && until->taken >= until->rule->min_images)
            end(&until->states[m], REPORT_END_LEAST);
    }
}

static void end_by_width(struct until *until)
{
    for (int m = 0; m < until->method_count; m++) {
        struct state *state = &until->states[m];
        if (state->end.high - state->end.low <= 2 * until->half_width && until->taken >= until->rule->min_images &&
            until->taken < until->images)
            end(state, REPORT_END_WIDTH);
    }
}

int until_look(struct until *until, until_reader *reader, void *context, const bool *is_unreadable, struct error *err)
{
    const struct source source = {reader, context, is_unreadable};
    const struct until_block block = until_next(until);
    if (find_lacks(until, &source, block, err) || take_block(until, &source, block, err))
        return -1;
    until->taken = block.end;
    for (int m = 0; m < until->method_count; m++)
        if (until_is_open(until, m)) {
            until->states[m].end.images = until->taken;
            set_interval(until, &until->states[m]);
        }
    if (until->pair[0] >= 0) {
        look_at_pair(until);
        end_with_pair(until);
    } else {
        end_by_width(until);
    }
    for (int m = 0; m < until->method_count && until->taken == until->images; m++)
        end(&until->states[m], REPORT_END_ALL);
    return 0;
}

const struct report_end *until_end_of(const struct until *until, int method)
{
    return &until->states[method].end;
}

const struct report_end *until_end_of_pair(const struct until *until)
{
    return until->pair[0] >= 0 ? &until->pair_end : NULL;
}
