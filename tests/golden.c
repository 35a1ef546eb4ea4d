/* tests/golden.c - reader of golden files. Keys are looked up linearly: files are small. */
#include "tests/golden.h"

#include "tests/test.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char *key;
    size_t count;
    double *values;
    struct entry *next;
};

struct golden {
    char path[256];
    struct entry *first;
};

static void read_entry(struct golden *golden, char *line)
{
    char *rest, *key = strtok_r(line, " ", &rest);
    const char *count = strtok_r(NULL, " ", &rest);
    if (!key || !count)
        fail_msg("%s: a line without key and count", golden->path);
    struct entry *entry = calloc(1, sizeof *entry);
    assert_non_null(entry);
    entry->key = strdup(key);
    entry->count = strtoul(count, NULL, 10);
    entry->values = calloc(entry->count + 1, sizeof *entry->values);
    entry->next = golden->first;
    golden->first = entry;
    for (size_t i = 0; i < entry->count; i++) {
        const char *word = strtok_r(NULL, " \n", &rest);
        if (!word)
            fail_msg("%s: key %s has %zu values, not %zu", golden->path, key, i, entry->count);
        else
            entry->values[i] = strtod(word, NULL);
    }
}

struct golden *golden_open(const char *name)
{
    struct golden *golden = calloc(1, sizeof *golden);
    assert_non_null(golden);
    snprintf(golden->path, sizeof golden->path, "tests/golden/%s.txt", name);
    FILE *file = fopen(golden->path, "r");
    if (!file) {
        free(golden);
        fail_msg("no golden file \"%s\"", name);
        return NULL;
    }
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, file) > 0)
        if (line[0] != '#' && line[0] != '\n')
            read_entry(golden, line);
    free(line);
    fclose(file);
    return golden;
}

void golden_close(struct golden *golden)
{
    while (golden->first) {
        struct entry *entry = golden->first;
        golden->first = entry->next;
        free(entry->key);
        free(entry->values);
        free(entry);
    }
    free(golden);
}

static const struct entry *find(const struct golden *golden, const char *key)
{
    for (const struct entry *entry = golden->first; entry; entry = entry->next)
        if (strcmp(entry->key, key) == 0)
            return entry;
    return NULL;
}

bool golden_has(const struct golden *golden, const char *key)
{
    return find(golden, key) != NULL;
}

const double *golden_values(const struct golden *golden, const char *key, size_t *count)
{
    const struct entry *entry = find(golden, key);
    if (!entry)
        fail_msg("%s: no key %s", golden->path, key);
    *count = entry->count;
    return entry->values;
}

size_t golden_index(size_t i, size_t count, size_t size)
{
    return size <= count ? i : (size_t)((i * 2654435761u + 12345) % size);
}

void golden_check(const struct golden *golden, const char *key, const float *got, size_t size, double relative,
                  double absolute)
{
    size_t count = 0, worst = 0, wrong = 0;
    const double *want = golden_values(golden, key, &count);
    double largest = 0, difference = 0;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(want[i]));
    for (size_t i = 0; i < count; i++) {
        const double d = fabs((double)got[golden_index(i, count, size)] - want[i]);
        wrong += !(d <= absolute + relative * largest);
        if (!(d <= difference)) {
            difference = d;
            worst = i;
        }
    }
    if (wrong)
        fail_msg("%s, %s: %zu of %zu values differ; the worst at index %zu: %.9g, expected %.9g (difference %.3g, "
                 "largest value %.3g)",
                 golden->path, key, wrong, count, golden_index(worst, count, size),
                 (double)got[golden_index(worst, count, size)], want[worst], difference, largest);
}

void golden_fill(float *out, size_t size, uint32_t seed)
{
    for (size_t i = 0; i < size; i++) {
        uint32_t word = (uint32_t)i * 1103515245u + seed * 12345u + 12345u;
        for (int round = 0; round < 2; round++) {
            word ^= word << 13;
            word ^= word >> 17;
            word ^= word << 5;
        }
        out[i] = (float)((word & 0xffffff) / 8388608.0 - 1);
    }
}

uint32_t golden_seed(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

void golden_tensor(float *out, const char *name, int rank, const int *dim)
{
    size_t size = 1;
    for (int i = 0; i < rank; i++)
        size *= (size_t)dim[i];
    float offset = 0, scale = 1;
    if (rank > 1) {
        scale = (float)sqrt(6 / ((double)size / dim[0]));
    } else if (ends_with(name, "running_var")) {
        offset = 1;
        scale = 0.5f;
    } else if (ends_with(name, "running_mean") || ends_with(name, "bias")) {
        scale = 0.2f;
    } else if (ends_with(name, "weight")) {
        offset = 1;
        scale = 0.25f;
    }
    golden_fill(out, size, golden_seed(name));
    for (size_t i = 0; i < size; i++)
        out[i] = offset + scale * out[i];
}
