/*
 * bench/run/identity.c - finds the first line in which two YAML texts of one emitter differ, and the key it belongs to;
 * cuts such a text into parts.
 */
#include "bench/run/identity.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* The position of a line: the top-level key above it, and the number of the list entry that it is in. */
struct line_position {
    char section[64];
    int entry; /* from 1; 0: not in a list */
};

static size_t line_length(const char *line)
{
    return strcspn(line, "\n");
}

static const char *next_line(const char *line)
{
    line += line_length(line);
    return *line ? line + 1 : line;
}

static size_t key_length(const char *line)
{
    const size_t length = strcspn(line, ":\n");
    return line[length] == ':' ? length : 0;
}

static const char *without_indent(const char *line)
{
    return line + strspn(line, " -");
}

static void pass(struct line_position *place, const char *line)
{
    if (line[0] == '-')
        place->entry++;
    else if (line[0] != ' ') {
        snprintf(place->section, sizeof place->section, "%.*s", (int)key_length(line), line);
        place->entry = 0;
    }
}

static void name_place(const struct line_position *place, const char *line, char *out, size_t size)
{
    char entry[16] = "";
    const char *text = without_indent(line);
    if (place->entry)
        snprintf(entry, sizeof entry, ".%d", place->entry);
    const bool is_section = line[0] != ' ' && line[0] != '-';
    snprintf(out, size, "%s%s%s%.*s", place->section, entry, is_section ? "" : ".",
             is_section ? 0 : (int)key_length(text), text);
}

/* Writes a line without its indentation and the `key_bytes` bytes of its key. */
static void show(const char *line, size_t key_bytes, char *out, size_t size)
{
    const char *text = without_indent(line);
    char whole[256];
    text += key_bytes ? key_bytes + 1 : 0;
    text += strspn(text, " ");
    snprintf(whole, sizeof whole, "%.*s", (int)line_length(text), text);
    text_printable(*line ? whole : "nothing", out, size);
}

/* Whether a line of `text` equals the first line of `other`; the lines before it in `text` were then added. */
static bool has_line(const char *text, const char *other)
{
    const size_t length = line_length(other);
    while (*text && (line_length(text) != length || memcmp(text, other, length) != 0))
        text = next_line(text);
    return *text;
}

bool identity_differs(const char *before, const char *now, struct identity_difference *difference)
{
    struct line_position place = {0};
    while (*now && line_length(before) == line_length(now) && memcmp(before, now, line_length(now)) == 0) {
        pass(&place, now);
        before = next_line(before);
        now = next_line(now);
    }
    if (!*before && !*now)
        return false;
    const size_t key = key_length(without_indent(before));
    const bool has_same_key = key > 0 && key == key_length(without_indent(now)) &&
                              memcmp(without_indent(before), without_indent(now), key) == 0;
    const bool is_added = !has_same_key && *now && has_line(next_line(now), before);
    const bool is_removed = !has_same_key && !is_added && *before && has_line(next_line(before), now);
    const char *there = is_removed || !*now ? before : now;
    pass(&place, there);
    name_place(&place, there, difference->where, sizeof difference->where);
    show(is_added ? "" : before, has_same_key ? key : 0, difference->before, sizeof difference->before);
    show(is_removed ? "" : now, has_same_key ? key : 0, difference->now, sizeof difference->now);
    return true;
}

/* -- parts --------------------------------------------------------------------------------------------------------- */

static const char *const lists[] = {"backbones", "methods", "metrics", "protocol"};

static bool has_key(const char *line, const char *key)
{
    return key_length(line) == strlen(key) && memcmp(line, key, strlen(key)) == 0;
}

/* Whether a line begins one of the lists. */
static bool begins_list(const char *line)
{
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (has_key(line, lists[i]))
            return true;
    return false;
}

static bool begins_section(const char *line)
{
    return *line && line[0] != ' ' && line[0] != '-';
}

bool identity_is_whole(const char *text)
{
    while (*text && !begins_list(text))
        text = next_line(text);
    return *text;
}

const char *identity_common(const char *text, struct arena *arena)
{
    char *out = arena_alloc(arena, strlen(text) + 1, 1), *end = out;
    bool is_in_list = false, is_in_dataset = false;
    for (const char *line = text; out && *line; line = next_line(line)) {
        if (begins_section(line)) {
            is_in_list = begins_list(line);
            is_in_dataset = has_key(line, "dataset");
        }
        const bool is_choice =
            is_in_dataset && (has_key(without_indent(line), "images") || has_key(without_indent(line), "shuffle"));
        const size_t length = (size_t)(next_line(line) - line);
        if (is_in_list || is_choice)
            continue;
        memcpy(end, line, length);
        end += length;
    }
    return out;
}

/* The line of the list's entry; the end of the text if there is none. */
static const char *find_entry(const char *text, const char *section, int index)
{
    while (*text && !has_key(text, section))
        text = next_line(text);
    for (text = next_line(text); *text && !begins_section(text); text = next_line(text))
        if (*text == '-' && index-- == 0)
            return text;
    return "";
}

const char *identity_entry(const char *text, const char *section, int index, struct arena *arena)
{
    const char *begin = find_entry(text, section, index), *end = next_line(begin);
    while (*end == ' ')
        end = next_line(end);
    char *out = arena_alloc(arena, (size_t)(end - begin) + 1, 1);
    if (!out)
        return NULL;
    memcpy(out, begin, (size_t)(end - begin));
    if (*out)
        *out = ' '; /* the dash */
    return out;
}
