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

bool panel_same_input(const struct protocol *a, const struct protocol *b)
{
    return a->resize == b->resize && a->resize_ratio == b->resize_ratio && a->interpolation == b->interpolation;
}

/* The number of protocols of which no earlier one is the same. */
static int distinct(const struct panel *panel, bool (*is_same)(const struct protocol *, const struct protocol *))
{
    int count = 0;
    for (int p = 0; p < panel->protocol_count; p++) {
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

int panel_view_count(const struct panel *panel)
{
    return distinct(panel, panel_same_view);
}

int panel_input_count(const struct panel *panel)
{
    return distinct(panel, panel_same_input);
}

struct cam_setup panel_setup(const struct panel *panel, struct cam_worker *worker, struct arena *arena)
{
    return (struct cam_setup){.worker = worker,
                              .arena = arena,
                              .exact_passes = panel->exact_passes,
                              .batch = panel->batch,
                              .seed = panel->seed};
}
