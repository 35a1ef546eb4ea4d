/* models/onnx/metadata.c - a reader of lists as JSON and Python write them, for class names and sizes. */
#include "models/onnx/metadata.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES_MAX 1000000

/* Names in the order of their numbers, as far as they were read. */
struct reading {
    struct arena *arena;
    int count, capacity;
    const char **names;
    bool has_memory;
};

static const char *skip_space(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return text;
}

static void put(struct reading *reading, long at, const char *text, size_t length)
{
    char *name = arena_format(reading->arena, "%.*s", (int)length, text);
    if (at < 0 || at != reading->count || at >= CLASSES_MAX) {
        reading->count = -1;
        return;
    }
    if (reading->count == reading->capacity) {
        const int capacity = reading->capacity ? 2 * reading->capacity : 128;
        const char **names = arena_alloc(reading->arena, (size_t)capacity, sizeof *names);
        if (names && reading->count)
            memcpy(names, reading->names, (size_t)reading->count * sizeof *names);
        reading->names = names;
        reading->capacity = capacity;
    }
    reading->has_memory &= name && reading->names;
    if (reading->has_memory)
        reading->names[reading->count++] = name;
}

/*
 * A text in quotes, with a backslash before a quote or a backslash; other escapes stay as they are. Returns its end, or
 * NULL: there is none.
 */
static const char *read_quoted(struct reading *reading, const char *text, long at)
{
    const char quote = *text++;
    char *copy = arena_alloc(reading->arena, strlen(text) + 1, 1);
    size_t length = 0;
    for (; copy && *text && *text != quote; text++) {
        if (*text == '\\' && (text[1] == quote || text[1] == '\\'))
            text++;
        copy[length++] = *text;
    }
    reading->has_memory &= copy != NULL;
    if (!copy || *text != quote)
        return NULL;
    put(reading, at, copy, length);
    return text + 1;
}

/* "{0: 'a', 1: 'b'}", "{"0": "a"}", "['a', 'b']"; false: something else. */
static bool read_quoted_list(struct reading *reading, const char *text)
{
    const char close = *text == '{' ? '}' : ']';
    text = skip_space(text + 1);
    for (long at = 0; *text && *text != close; at++) {
        long number = at;
        if (close == '}') {
            char *end;
            text += *text == '"' || *text == '\'';
            number = strtol(text, &end, 10);
            if (end == text)
                return false;
            text = skip_space(end + (*end == '"' || *end == '\''));
            if (*text++ != ':')
                return false;
            text = skip_space(text);
        }
        if (*text != '"' && *text != '\'')
            return false;
        text = read_quoted(reading, text, number);
        if (!text || reading->count < 0)
            return false;
        text = skip_space(text);
        if (*text == ',')
            text = skip_space(text + 1);
    }
    return *text == close && reading->count > 0;
}

/* Names separated by lines, or by commas. */
static bool read_plain_list(struct reading *reading, const char *text)
{
    const char separator = strchr(text, '\n') ? '\n' : ',';
    for (long at = 0; *text; at++) {
        const char *end = strchr(text, separator), *last = end ? end : text + strlen(text);
        const char *first = skip_space(text);
        size_t length = first < last ? (size_t)(last - first) : 0;
        while (length && isspace((unsigned char)first[length - 1]))
            length--;
        if (!length && end)
            return false;
        if (length)
            put(reading, at, first, length);
        if (reading->count < 0)
            return false;
        text = end ? end + 1 : last;
    }
    return reading->count > 1;
}

static void read_classes(struct reading *reading, const char *text, struct onnx_facts *facts)
{
    text = skip_space(text);
    const bool is_read =
        *text == '{' || *text == '[' ? read_quoted_list(reading, text) : read_plain_list(reading, text);
    if (!is_read || !reading->has_memory)
        return;
    facts->class_count = reading->count;
    facts->classes = reading->names;
}

/* "[640, 480]": height and width; "640": both. */
static void read_size(const char *text, struct onnx_facts *facts)
{
    char *end;
    text = skip_space(text);
    const char *first = text + (*text == '[' || *text == '(');
    const long h = strtol(first, &end, 10);
    const char *second = skip_space(end);
    const long w = *second == ',' ? strtol(second + 1, NULL, 10) : h;
    if (end != first && h > 0 && h <= 1 << 14 && w > 0 && w <= 1 << 14) {
        facts->h = (int)h;
        facts->w = (int)w;
    }
}

int onnx_facts_read(const struct onnx_file *file, struct arena *arena, struct onnx_facts *facts)
{
    static const char *const keys[] = {"names", "classes", "labels", "class_names"};
    bool has_memory = true;
    *facts = (struct onnx_facts){0};
    for (int i = 0; i < file->metadata_count; i++) {
        const struct onnx_metadata *item = &file->metadata[i];
        for (size_t k = 0; k < sizeof keys / sizeof *keys && !facts->classes; k++) {
            struct reading reading = {.arena = arena, .has_memory = true};
            if (strcmp(item->key, keys[k]) == 0)
                read_classes(&reading, item->text, facts);
            has_memory &= reading.has_memory;
        }
        if (strcmp(item->key, "imgsz") == 0)
            read_size(item->text, facts);
    }
    return has_memory ? 0 : -1;
}
