/*
 * base/text.h - words and growing text.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/arena.h"
#include "base/error.h"

#include <stddef.h>

/* The word of `words` (count of them) that is nearest to `word` by edits; NULL if none is near enough to be meant. */
const char *text_nearest(const char *word, const char *const *words, int count);

/* Writes `, did you mean "x"?` or nothing: the end of an error about an unknown name. */
const char *text_suggestion(const char *word, const char *const *words, int count, char *out, size_t size);

/* The words of a "a|b|c" list: position of `word`, or -1; copies word `i` to out, returns how many there are. */
int text_choice(const char *choices, const char *word);
int text_choice_name(const char *choices, int i, char *out, size_t size);

/* Whole text as a number, nothing before or behind it: 0, or -1 when it is none or out of range. NaN and inf are not. */
int text_to_int(const char *text, long long *value);
int text_to_double(const char *text, double *value);

/* Copies what is safe to show on a terminal and in one line: control characters become '?', cut at `size`. */
const char *text_printable(const char *text, char *out, size_t size);

/* A path as one word of a shell, in the arena: quoted where it must be. NULL: no memory. */
const char *text_shell_word(const char *path, struct arena *arena);

#endif
