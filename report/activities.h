/*
 * report/activities.h - the time that a run has spent, by activity.
 */
#ifndef REPORT_ACTIVITIES_H
#define REPORT_ACTIVITIES_H

#include "report/report.h"

/*
 * Calls `put` for each activity, in the order of their first rows, with the sums over backbones and methods; share: of the
 * run's wall time, in percent.
 */
void each_activity(const struct report *report,
                   void (*put)(const void *context, const struct report_spent *spent, double share),
                   const void *context);

#endif
