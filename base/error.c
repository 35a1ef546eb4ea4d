/* base/error.c - formats error sentences and shortens those that do not fit. */
#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GAP "..."
#define NAME_KEPT 24 /* least number of bytes kept of a name, to distinguish it from others */

/* -- a sentence that is too long ------------------------------------------------------------------------------------ */

struct span {
    size_t begin, length;
};

/* The longest text between two quotation marks; length 0: there is none. */
static struct span longest_quoted(const char *text)
{
    struct span longest = {0, 0};
    for (const char *open = strchr(text, '"'), *close; open && (close = strchr(open + 1, '"'));
         open = strchr(close + 1, '"'))
        if ((size_t)(close - open - 1) > longest.length)
            longest = (struct span){(size_t)(open + 1 - text), (size_t)(close - open - 1)};
    return longest;
}

static bool is_inside_character(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Replaces `excess` bytes or a few more in the span's middle, cut between characters, by a gap. */
static void shorten(char *text, struct span span, size_t excess)
{
    const size_t out = excess + sizeof GAP - 1, kept = span.length > out ? span.length - out : 0;
    char *from = text + span.begin + kept / 2, *to = text + span.begin + span.length - (kept - kept / 2);
    while (from > text + span.begin && is_inside_character(*from))
        from--;
    while (is_inside_character(*to))
        to++;
    memmove(from + sizeof GAP - 1, to, strlen(to) + 1);
    memcpy(from, GAP, sizeof GAP - 1);
}

/* The longest names lose their middle first, so that the reason, which comes after them, is kept. */
static void fit(char *text, size_t room)
{
    for (size_t length; (length = strlen(text)) > room;) {
        const size_t excess = length - room;
        const struct span name = longest_quoted(text), whole = {0, length};
        if (name.length < 2 * NAME_KEPT)
            shorten(text, whole, excess);
        else
            shorten(text, name, excess + NAME_KEPT < name.length ? excess : name.length - NAME_KEPT);
    }
}

/* -- sentences ------------------------------------------------------------------------------------------------------ */

/* Takes ownership of the text (malloc); NULL: the text in err is cut instead. */
static void keep(struct error *err, char *text)
{
    if (!text)
        return;
    fit(text, sizeof err->text - 1);
    memcpy(err->text, text, strlen(text) + 1);
    free(text);
}

void error_write_list(struct error *err, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    err->is_system = false;
    const int length = vsnprintf(err->text, sizeof err->text, format, args);
    char *whole = length >= (int)sizeof err->text ? malloc((size_t)length + 1) : NULL;
    if (whole)
        vsnprintf(whole, (size_t)length + 1, format, again);
    va_end(again);
    keep(err, whole);
}

void error_write(struct error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    error_write_list(err, format, args);
    va_end(args);
}

void error_write_system(struct error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    error_write_list(err, format, args);
    va_end(args);
    err->is_system = true;
}

void error_write_before(struct error *err, const char *format, ...)
{
    const struct error old = *err;
    va_list args;
    va_start(args, format);
    error_write_list(err, format, args);
    va_end(args);
    err->is_system = old.is_system;
    char *whole = malloc(2 * sizeof err->text);
    if (whole) {
        snprintf(whole, 2 * sizeof err->text, "%s%s", err->text, old.text);
        keep(err, whole);
    } else {
        const size_t used = strlen(err->text);
        snprintf(err->text + used, sizeof err->text - used, "%s", old.text);
    }
}
