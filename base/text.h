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

/* The word of `words` (count of them) that is nearest to `word` by edits; NULL if none is near enough to be meant. */
const char *text_nearest(const char *word, const char *const *words, int count);

/*
 * Whether two names are spellings of one: case, dashes, dots and spaces do not count, and "+" and "plus" are "p":
 * "GradCAM++", "Grad-CAM-PlusPlus" and "gradcam_pp".
 */
bool text_same_name(const char *a, const char *b);

/*
 * The word of `words` that `word` is a misspelling of, as text_same_name() compares: at most a quarter of its letters are
 * other ones. NULL if there is none; a name that has a known one at its end is another name: "SmoothGradCAM++".
 */
const char *text_misspelt(const char *word, const char *const *words, int count);

/* Writes `, did you mean "x"?` or nothing: the end of an error about an unknown name. */
const char *text_suggestion(const char *word, const char *const *words, int count, char *out, size_t size);

/* The words of a "a|b|c" list: position of `word`, or -1; copies word `i` to out, returns how many there are. */
int text_choice(const char *choices, const char *word);
int text_choice_name(const char *choices, int i, char *out, size_t size);

/* Whole text as a number, nothing before or after it: 0, or -1 when it is not a number or out of range. NaN and inf are not. */
int text_to_int(const char *text, long long *value);
int text_to_double(const char *text, double *value);

/*
 * Moves *text, a file's bytes with a NUL after them, past a byte order mark. Errors: UTF-16 or UTF-32, recognised by a
 * byte order mark or by zero bytes.
 */
int text_skip_mark(char **text, size_t *size, struct error *err);

/* Length 1 to 4 of the well-formed UTF-8 sequence that begins there (no overlong form, no surrogate) and its code; else 0. */
int text_decode(const char *text, uint32_t *code);

/* Is all of it well-formed UTF-8? */
bool text_is_utf8(const char *text);

/* False for characters that move a cursor, break a line or turn the direction of writing, and for codes that are not characters. */
bool text_is_harmless(uint32_t code);

/*
 * Copies what is safe to show on a terminal and in one line, in UTF-8: '?' for what is not harmless or not UTF-8; cut at
 * `size`, between characters.
 */
const char *text_printable(const char *text, char *out, size_t size);

/* The same in memory of the enclosing block, for a path or a label among the arguments of printf(). */
#define TEXT_SHOWN(text) text_printable((text), (char[PATH_MAX]){0}, PATH_MAX)

/*
 * A path as one word of a shell, in the arena: quoted where it must be; what should not be shown is written as \xNN in
 * bash's quotes, $'...'. NULL: no memory.
 */
const char *text_shell_word(const char *path, struct arena *arena);

#endif
