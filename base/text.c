/* base/text.c - words and numbers. */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 64

/* Edits (insert, delete, replace, swap of neighbours) from a to b; words longer than WORD_MAX are cut. */
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

int text_to_int(const char *text, long long *value)
{
    if (!isdigit((unsigned char)text[0]) && text[0] != '-' && text[0] != '+')
        return -1;
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return errno || *end || end == text ? -1 : 0;
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
    return (errno && fabs(*value) > 1) || *end || end == text || !isfinite(*value) ? -1 : 0;
}

const char *text_printable(const char *text, char *out, size_t size)
{
    size_t i = 0;
    for (; text[i] && i + 1 < size; i++)
        out[i] = (unsigned char)text[i] < 32 || text[i] == 127 ? '?' : text[i];
    out[i] = 0;
    return out;
}

const char *text_shell_word(const char *path, struct arena *arena)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/+:,@";
    if (!path[strspn(path, plain)] && *path != '-')
        return path;
    char *word = arena_alloc(arena, 4 * strlen(path) + 3, 1), *out = word;
    if (!word)
        return NULL;
    *out++ = '\'';
    for (; *path; path++)
        out += sprintf(out, *path == '\'' ? "'\\''" : "%c", *path);
    *out = '\'';
    return word;
}
