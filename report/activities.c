/* report/activities.c - adds up the time that a run has spent on each activity. */
#include "report/activities.h"

#include <string.h>

/* The sum of an activity's rows, over backbones and methods. */
static struct report_spent spent_on(const struct report *report, const char *activity)
{
    struct report_spent sum = {.activity = activity, .backbone = -1, .method = -1};
    for (int i = 0; i < report->spent_count; i++)
        if (strcmp(report->spent[i].activity, activity) == 0) {
            sum.seconds += report->spent[i].seconds;
            sum.wall += report->spent[i].wall;
        }
    return sum;
}

static double wall_of(const struct report *report)
{
    double wall = 0;
    for (int i = 0; i < report->spent_count; i++)
        wall += report->spent[i].wall;
    return wall;
}

void each_activity(const struct report *report,
                   void (*put)(const void *context, const struct report_spent *spent, double share),
                   const void *context)
{
    const double wall = wall_of(report);
    for (int i = 0; i < report->spent_count; i++) {
        const char *activity = report->spent[i].activity;
        int first = 0;
        while (strcmp(report->spent[first].activity, activity) != 0)
            first++;
        if (first != i)
            continue;
        const struct report_spent spent = spent_on(report, activity);
        put(context, &spent, wall > 0 ? 100 * spent.wall / wall : 0);
    }
}
