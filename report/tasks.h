/*
 * report/tasks.h - independent parts of a report, which the report's threads share, and what they take.
 */
#ifndef REPORT_TASKS_H
#define REPORT_TASKS_H

#include "report/report.h"

/*
 * Task i of a list; returns 0, or -1 with err. It writes to places that no other task uses, so that the result does not
 * depend on threads. *children: add the CPU seconds of processes that it has waited for.
 */
typedef int (*report_task)(void *context, int i, double *children, struct error *err);

/*
 * Runs tasks 0 .. count-1 on at most `threads` threads (also at most report->threads); each thread takes the next one.
 * Returns 0, or -1 with the error of the first task in the list that failed; tasks after a failure may be left out.
 * Their seconds are added to report->work.
 */
int report_run_tasks(const struct report *report, int count, int threads, report_task task, void *context,
                     struct error *err);

#endif
