/*
 * bench/notes.h - what a reader of results must know of a network and cannot see in them: one line each.
 */
#ifndef BENCH_NOTES_H
#define BENCH_NOTES_H

#include "backbones/weights_file.h"

#include <stdio.h>

/* What is assumed of weights called `name`: an output that is a sigmoid's logit, and what their import has assumed. */
void notes_print(const char *name, const struct weights_info *info, FILE *stream);

#endif
