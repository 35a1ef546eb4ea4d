/*
 * bench/run/notes.h - facts about a network that results do not show and their reader needs: one line each.
 */
#ifndef BENCH_RUN_NOTES_H
#define BENCH_RUN_NOTES_H

#include "weights/weights_file.h"

#include <stdio.h>

/*
 * Prints assumptions about weights called `name`: that a single output is a sigmoid's logit, that the
 * input is transformed where nobody has said it, and those of the import.
 */
void notes_print(const char *name, const struct weights_info *info, FILE *stream);

#endif
