/* base/text.c - names and their misspellings, numbers, UTF-8 and text that is safe to show. */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX 64

/* Number of edits (insert, delete, replace, swap neighbours) from a to b; words longer than WORD_MAX are cut. */
static int edit_distance(const char *a, const char *b)
{
    const int rows = (int)strnlen(a, WORD_MAX), columns = (int)strnlen(b, WORD_MAX);
    int cost[WORD_MAX + 1][WORD_MAX + 1];
    for (int i = 0; i <= rows; i++)
        for (int j = 0; j <= columns; j++) {
            if (i == 0 || j == 0) {
                cost[i][j] = i + j;
                continue;
            }
            const bool same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
            int best = cost[i - 1][j - 1] + !same;
            if (cost[i - 1][j] + 1 < best)
                best = cost[i - 1][j] + 1;
            if (cost[i][j - 1] + 1 < best)
                best = cost[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && cost[i - 2][j - 2] + 1 < best)
                best = cost[i - 2][j - 2] + 1;
            cost[i][j] = best;
        }
    return cost[rows][columns];
}

const char *text_nearest(const char *word, const char *const *words, int count)
{
    const char *nearest = NULL;
    int best = 1 + (int)strnlen(word, WORD_MAX) / 2;
    for (int i = 0; i < count; i++) {
        const int distance = edit_distance(word, words[i]);
        if (distance < best) {
            best = distance;
            nearest = words[i];
        }
    }
    return nearest;
}

/* The next letter or digit of a name in lower case; 0 at its end. */
static int next_letter(const char **at)
{
    while (**at && **at != '+' && !isalnum((unsigned char)**at))
        ++*at;
    if (!**at)
        return 0;
    const bool is_plus = strncasecmp(*at, "plus", 4) == 0;
    const int letter = is_plus || **at == '+' ? 'p' : tolower((unsigned char)**at);
    *at += is_plus ? 4 : 1;
    return letter;
}

/* next_letter(), and whether it is a digit that follows the digit `last` after a separator, as in "1.6" and "1_6". */
static int next_of_number(const char **at, int last, bool *is_apart)
{
    const char *start = *at;
    const int letter = next_letter(at);
    *is_apart = isdigit(letter) && isdigit(last) && *at - start > 1;
    return letter;
}

bool text_same_name(const char *a, const char *b)
{
    bool is_apart, is_other_apart;
    for (int last = 0;;) {
        const int x = next_of_number(&a, last, &is_apart), y = next_of_number(&b, last, &is_other_apart);
        if (x != y || is_apart != is_other_apart || !x)
            return x == y && is_apart == is_other_apart;
        last = x;
    }
}

static bool begins_with_name(const char *text, const char *word)
{
    for (int letter; (letter = next_letter(&word));)
        if (next_letter(&text) != letter)
            return false;
    return true;
}

bool text_has_name(const char *text, const char *word)
{
    const char *at = word;
    if (!next_letter(&at))
        return false;
    for (; *text; next_letter(&text))
        if (begins_with_name(text, word))
            return true;
    return false;
}

/* The letters that text_same_name() compares. */
static int letters_of(const char *name, char out[WORD_MAX])
{
    int count = 0;
    for (int letter; count < WORD_MAX - 1 && (letter = next_letter(&name));)
        out[count++] = (char)letter;
    out[count] = 0;
    return count;
}

const char *text_misspelt(const char *word, const char *const *words, int count)
{
    const char *nearest = NULL;
    char letters[WORD_MAX], known[WORD_MAX];
    const int length = letters_of(word, letters);
    int best = 1 + (length < 7 ? 1 : (length + 1) / 4);
    for (int i = 0; i < count; i++) {
        const int known_length = letters_of(words[i], known);
        if (length > known_length && strcmp(letters + length - known_length, known) == 0)
            return NULL;
        const int distance = edit_distance(letters, known);
        if (distance < best) {
            best = distance;
            nearest = words[i];
        }
    }
    return nearest;
}

const char *text_suggestion(const char *word, const char *const *words, int count, char *out, size_t size)
{
    const char *nearest = text_nearest(word, words, count);
    snprintf(out, size, nearest ? ", did you mean \"%s\"?" : "%s", nearest ? nearest : "");
    return out;
}

int text_choice_name(const char *choices, int wanted, char *out, size_t size)
{
    int count = 0;
    for (const char *word = choices; *word; count++) {
        const size_t length = strcspn(word, "|");
        if (count == wanted)
            snprintf(out, size, "%.*s", (int)length, word);
        word += length + (word[length] == '|');
    }
    return count;
}

int text_choice(const char *choices, const char *word)
{
    char name[WORD_MAX];
    const int count = text_choice_name(choices, -1, name, sizeof name);
    for (int i = 0; i < count; i++) {
        text_choice_name(choices, i, name, sizeof name);
        if (strcmp(name, word) == 0)
            return i;
    }
    return -1;
}

int text_skip_mark(char **text, size_t *size, struct error *err)
{
    static const char utf8[] = "\xef\xbb\xbf";
    const bool is_marked = *size >= 2 && (memcmp(*text, "\xff\xfe", 2) == 0 || memcmp(*text, "\xfe\xff", 2) == 0);
    if (is_marked)
        return error_set(err, "is text in UTF-16 or UTF-32; save it as UTF-8");
    if (memchr(*text, 0, *size))
        return error_set(err, "holds zero bytes and is not a text file in UTF-8");
    if (strncmp(*text, utf8, 3) == 0) {
        *text += 3;
        *size -= 3;
    }
    return 0;
}

int text_to_int(const char *text, long long *value)
{
    if (!isdigit((unsigned char)text[0]) && text[0] != '-' && text[0] != '+')
        return -1;
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return status_of(errno || *end || end == text);
}

int text_to_double(const char *text, double *value)
{
    if (!isdigit((unsigned char)text[0]) && !strchr("-+.", text[0]))
        return -1;
    if (strpbrk(text, "xXnN")) /* hexadecimal, nan, inf */
        return -1;
    char *end;
    errno = 0;
    *value = strtod(text, &end);
    return status_of((errno && fabs(*value) > 1) || *end || end == text || !isfinite(*value));
}

int text_decode(const char *text, uint32_t *code)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    const unsigned char *s = (const unsigned char *)text;
    for (int more = 0; more < 4; more++) {
        if ((s[0] & forms[more].mask) != forms[more].lead)
            continue;
        *code = s[0] & (unsigned char)~forms[more].mask;
        for (int i = 1; i <= more; i++) {
            if ((s[i] & 0xc0) != 0x80)
                return 0;
            *code = *code << 6 | (s[i] & 0x3f);
        }
        const bool is_surrogate = *code >= 0xd800 && *code < 0xe000;
        return *code >= forms[more].least && !is_surrogate && *code <= 0x10ffff ? more + 1 : 0;
    }
    return 0;
}

bool text_is_utf8(const char *text)
{
    uint32_t code;
    for (int length; *text; text += length) {
        length = text_decode(text, &code);
        if (!length)
            return false;
    }
    return true;
}

bool text_is_harmless(uint32_t code)
{
    /* controls, line separators, direction marks and overrides, the byte order mark, codes that are not characters */
    static const struct {
        uint32_t first, last;
    } harmful[] = {{0, 0x1f},        {0x7f, 0x9f},     {0x61c, 0x61c},   {0x200e, 0x200f}, {0x2028, 0x202e},
                   {0x2066, 0x2069}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe007f}};
    for (size_t i = 0; i < sizeof harmful / sizeof *harmful; i++)
        if (code >= harmful[i].first && code <= harmful[i].last)
            return false;
    return true;
}

const char *text_printable(const char *text, char *out, size_t size)
{
    size_t used = 0;
    while (*text) {
        uint32_t code;
        const int length = text_decode(text, &code);
        const bool is_kept = length && text_is_harmless(code);
        const size_t bytes = is_kept ? (size_t)length : 1;
        if (used + bytes >= size)
            break;
        memcpy(out + used, is_kept ? text : "?", bytes);
        used += bytes;
        text += length ? length : 1;
    }
    out[used] = 0;
    return out;
}

static bool is_shown_whole(const char *text)
{
    uint32_t code;
    for (int length; *text; text += length) {
        length = text_decode(text, &code);
        if (!length || !text_is_harmless(code))
            return false;
    }
    return true;
}

const char *text_shell_word(const char *path, struct arena *arena)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/+:,@";
    if (!path[strspn(path, plain)] && *path != '-')
        return path;
    char *word = arena_alloc(arena, 4 * strlen(path) + 4, 1), *out = word;
    if (!word)
        return NULL;
    const bool is_shown = is_shown_whole(path);
    out += sprintf(out, is_shown ? "'" : "$'");
    for (; *path; path++) {
        const unsigned char c = (unsigned char)*path;
        if (is_shown)
            out += sprintf(out, c == '\'' ? "'\\''" : "%c", c);
        else
            out += sprintf(out, c < ' ' || c > '~' || c == '\'' || c == '\\' ? "\\x%02x" : "%c", c);
    }
    *out = '\'';
    return word;
}
