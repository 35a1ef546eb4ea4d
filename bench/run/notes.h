/*
 * bench/run/notes.h - facts about a network that results do not show and their reader needs: one line each.
 */
#ifndef BENCH_RUN_NOTES_H
#define BENCH_RUN_NOTES_H

#include "models/model.h"

#include <stdio.h>

/* Prints the notes of a model, or of weights, called `name`. */
void notes_print(const char *name, const struct model_note *notes, int count, FILE *stream);

#endif
