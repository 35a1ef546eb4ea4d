/* bench/run/panel.c - properties that follow from a panel alone. */
#include "bench/run/panel.h"

#include <string.h>

bool panel_needs_truth(const struct panel *panel)
{
    for (int k = 0; k < panel->metric_count; k++)
        if (panel->metrics[k].metric->is_truth)
            return true;
    return false;
}

bool panel_same_view(const struct protocol *a, const struct protocol *b)
{
    return panel_same_input(a, b) && strcmp(a->klass, b->klass) == 0;
}

bool panel_same_map(const struct protocol *a, const struct protocol *b)
{
    return panel_same_view(a, b) && a->post == b->post && a->relu == b->relu && a->enlarge == b->enlarge;
}

bool panel_same_curve(const struct protocol *a, const struct protocol *b, enum curve_kind kind)
{
    const struct curve_request of_a = evidence_protocol_curve(a, kind), of_b = evidence_protocol_curve(b, kind);
    return panel_same_map(a, b) && of_a.order == of_b.order && of_a.baseline == of_b.baseline &&
           of_a.steps == of_b.steps && of_a.spacing == of_b.spacing;
}

bool panel_same_input(const struct protocol *a, const struct protocol *b)
{
    return a->resize == b->resize && a->resize_ratio == b->resize_ratio && a->interpolation == b->interpolation;
}

typedef bool same_function(const struct protocol *, const struct protocol *);

/* The number of different protocols before `protocol`, which itself is not counted. */
static int distinct_before(const struct panel *panel, int protocol, same_function *is_same)
{
    int count = 0;
    for (int p = 0; p < protocol; p++) {
        int earlier = 0;
        while (earlier < p && !is_same(&panel->protocols[earlier], &panel->protocols[p]))
            earlier++;
        count += earlier == p;
    }
    return count;
}

bool panel_is_first_of_view(const struct panel *panel, int protocol)
{
    int earlier = 0;
    while (earlier < protocol && !panel_same_view(&panel->protocols[earlier], &panel->protocols[protocol]))
        earlier++;
    return earlier == protocol;
}

static int number_of(const struct panel *panel, int protocol, same_function *is_same)
{
    int first = 0;
    while (!is_same(&panel->protocols[first], &panel->protocols[protocol]))
        first++;
    return distinct_before(panel, first, is_same);
}

bool panel_keeps_class(const struct protocol *protocol)
{
    int rank = 0;
    const enum protocol_class_kind kind = protocol_class(protocol->klass, &rank);
    return kind == PROTOCOL_CLASS_LABEL || kind == PROTOCOL_CLASS_NAMED || (kind == PROTOCOL_CLASS_RANK && rank == 1);
}

int panel_view_count(const struct panel *panel)
{
    return distinct_before(panel, panel->protocol_count, panel_same_view);
}

int panel_input_count(const struct panel *panel)
{
    return distinct_before(panel, panel->protocol_count, panel_same_input);
}

int panel_input_of(const struct panel *panel, int protocol)
{
    return number_of(panel, protocol, panel_same_input);
}

int panel_view_of(const struct panel *panel, int protocol)
{
    return number_of(panel, protocol, panel_same_view);
}

const char *panel_input_name(const struct protocol *protocol, struct arena *arena)
{
    static const char *const keys[] = {"resize", "resize_ratio", "interpolation"};
    const char *name = "";
    for (size_t i = 0; name && i < sizeof keys / sizeof *keys; i++) {
        char value[PARAM_VALUE_MAX];
        param_format(param_find(protocol_params, keys[i]), protocol, value, sizeof value);
        name = arena_format(arena, "%s%s%s=%s", name, i ? " " : "", keys[i], value);
    }
    return name;
}

const char *panel_view_name(const struct protocol *protocol, struct arena *arena)
{
    const char *input = panel_input_name(protocol, arena);
    return input ? arena_format(arena, "%s class=%s", input, protocol->klass) : NULL;
}

/* Whether one of the methods differentiates at the input, at the image itself. */
static bool has_input_gradients(const struct panel *panel)
{
    for (int m = 0; m < panel->method_count; m++)
        if (panel->methods[m].method->group == METHOD_INPUT_GRADIENT)
            return true;
    return false;
}

void panel_set_pixels(struct cam_setup *setup, const struct picture_input *input)
{
    for (int c = 0; input->channels[c]; c++) {
        setup->black[c] = picture_input_black(input, c);
        setup->deviation[c] = picture_input_deviation(input, c);
    }
    picture_input_grey(input, setup->grey);
}

struct cam_setup panel_setup(const struct panel *panel, struct cam_worker *worker, struct arena *arena)
{
    return (struct cam_setup){.worker = worker,
                              .arena = arena,
                              .exact_passes = panel->exact_passes,
                              .keeps_tape = has_input_gradients(panel),
                              .batch = panel->batch,
                              .seed = panel->seed};
}
