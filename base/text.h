/*
 * base/text.h - words and growing text.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/arena.h"
#include "base/error.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The nearest of `count` words to `word`, by edit distance; NULL if none is near enough to be what a user meant. */
const char *text_nearest(const char *word, const char *const *words, int count);

/*
 * Whether two names are spellings of one: case does not count, "+" and "plus" are "p", and of dashes, dots and spaces
 * only those between two digits count: "GradCAM++", "Grad-CAM-PlusPlus" and "gradcam_pp"; "RegNetX-1.6GF" and
 * "regnet_x_1_6gf", which is not "regnet_x_16gf".
 */
bool text_same_name(const char *a, const char *b);

/* Whether a part of `text` is a spelling of `word`, which has a letter or digit: "Grad-CAM++ of torch-cam" has "campp". */
bool text_has_name(const char *text, const char *word);

/*
 * The word of `words` that `word` is a misspelling of: compared as by text_same_name(), at most a quarter of its
 * letters differ. NULL if there is none. A name that only ends in a known one is not a misspelling of it:
 * "SmoothGradCAM++".
 */
const char *text_misspelt(const char *word, const char *const *words, int count);

/* Writes `, did you mean "x"?` or nothing: the end of an error about an unknown name. */
const char *text_suggestion(const char *word, const char *const *words, int count, char *out, size_t size);

/* For a list "a|b|c": the position of `word`, or -1; and a copy of word `i` in `out`, returning the number of words. */
int text_choice(const char *choices, const char *word);
int text_choice_name(const char *choices, int i, char *out, size_t size);

/* Read a number, which must be the whole text: 0, or -1 if it is not one, NaN, infinite or out of range. */
int text_to_int(const char *text, long long *value);
int text_to_double(const char *text, double *value);

/*
 * Moves *text, a file's bytes with a NUL after them, past a byte order mark. Errors: UTF-16 or UTF-32, recognised by a
 * byte order mark or by zero bytes.
 */
int text_skip_mark(char **text, size_t *size, struct error *err);

/*
 * Length (1 to 4) and code of the well-formed UTF-8 sequence at `text`; 0: it is not one (overlong form, surrogate
 * ...).
 */
int text_decode(const char *text, uint32_t *code);

/* Whether the whole text is well-formed UTF-8. */
bool text_is_utf8(const char *text);

/*
 * False for characters that move a cursor, break a line or turn the direction of writing, and for codes that are not
 * characters.
 */
bool text_is_harmless(uint32_t code);

/*
 * Copies a text so that it is safe to show on a terminal and in one line: '?' replaces characters that are not harmless
 * and bytes that are not UTF-8. Cut at `size`, between characters. Returns `out`.
 */
const char *text_printable(const char *text, char *out, size_t size);

/*
 * The same in memory that lives until the enclosing block ends, for a path or a label among the arguments of printf().
 */
#define TEXT_SHOWN(text) text_printable((text), (char[PATH_MAX]){0}, PATH_MAX)

/*
 * A path as one word of a shell command, in the arena: quoted where necessary; bytes that are not safe to show are
 * written as \xNN inside bash's $'...'. NULL: no memory.
 */
const char *text_shell_word(const char *path, struct arena *arena);

#endif
