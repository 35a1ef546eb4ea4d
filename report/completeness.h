/*
 * report/completeness.h - the progress of a run, and the images on which its methods can be compared.
 *
 * A backbone's part of a run is incomplete while a method lacks an image that could be read. Its means are then taken
 * over the images that all methods share, apart from methods without any image. Nothing changes for a finished run.
 */
#ifndef REPORT_COMPLETENESS_H
#define REPORT_COMPLETENESS_H

#include "base/arena.h"
#include "report/report.h"

enum { COMPLETENESS_MAX = 256 };

/* The progress of a backbone; NULL if the report has no progress, which means that every backbone is complete. */
const struct report_progress *progress_of(const struct report *report, int backbone);
bool is_incomplete(const struct report *report, int backbone);
bool is_incomplete_anywhere(const struct report *report);

/*
 * "incomplete: means over the 95 of 200 images that all methods share", "3 of 200 images could not be read"; "" for a
 * complete backbone. ASCII without special characters, except a comma.
 */
const char *incomplete_text(const struct report *report, int backbone, char text[COMPLETENESS_MAX]);
const char *unreadable_text(const struct report *report, int backbone, char text[COMPLETENESS_MAX]);

/* Writes how many images a method has measured, as "95 of 200" with " of " for `between`. Returns text. */
const char *measured_text_of(const struct report *report, int backbone, int method, const char *between,
                             char text[COMPLETENESS_MAX]);

/* Writes the lines under every table: incomplete_text() for each backbone's title, then the report's remarks. */
void completeness_list(const struct report *report, FILE *stream, const char *before, const char *after,
                       int (*escape)(FILE *, const char *));

/* Writes only the report's remarks. */
void remarks_list(const struct report *report, FILE *stream, const char *before, const char *after,
                  int (*escape)(FILE *, const char *));

#endif
