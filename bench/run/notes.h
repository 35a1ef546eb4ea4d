/*
 * bench/run/notes.h - prints facts about a network that the reader of results needs and that they do not show.
 */
#ifndef BENCH_RUN_NOTES_H
#define BENCH_RUN_NOTES_H

#include "models/model.h"

#include <stdio.h>

/* Prints the notes of a model or of weights, a line each; `name` is the model's name in these lines. */
void notes_print(const char *name, const struct model_note *notes, int count, FILE *stream);

#endif
