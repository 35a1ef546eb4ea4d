/* models/class_names.c - finds classes by their names, and compares those of an image set with those of a network. */
#include "models/class_names.h"

#include "base/text.h"
#include "datasets/imagenet.h"
#include "nn/nn.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SHOWN_BYTES 128

/* -- names and synonyms -------------------------------------------------------------------------------------------- */

/* Returns the next character that counts, in lower case, and moves past it; 0 at the end (of `size` bytes). */
static int next_character(const char **text, const char *end)
{
    while (*text < end && strchr(" _-", **text))
        ++*text;
    return *text < end ? tolower((unsigned char)*(*text)++) : 0;
}

static bool are_equal(const char *a, size_t a_size, const char *b, size_t b_size)
{
    const char *a_end = a + a_size, *b_end = b + b_size;
    for (;;) {
        const int left = next_character(&a, a_end), right = next_character(&b, b_end);
        if (left != right)
            return false;
        if (!left)
            return true;
    }
}

/* Returns the next synonym; NULL: there is none. A class without a synset has one name, which may contain commas. */
static const char *next_synonym(const char **rest, bool has_synonyms, size_t *size)
{
    const char *start = *rest + strspn(*rest, " ");
    if (!*start)
        return NULL;
    *size = has_synonyms ? strcspn(start, ",") : strlen(start);
    *rest = start + *size + (start[*size] == ',');
    return start;
}

static bool has_synonyms(const struct class_names *names, int k)
{
    return names->ids && names->ids[k][0];
}

static bool is_called(const struct class_names *names, int k, const char *text, size_t size)
{
    const char *rest = names->names[k], *synonym;
    size_t synonym_size;
    if (are_equal(rest, strlen(rest), text, size))
        return true;
    while ((synonym = next_synonym(&rest, has_synonyms(names, k), &synonym_size)))
        if (are_equal(synonym, synonym_size, text, size))
            return true;
    return false;
}

/* -- making lists -------------------------------------------------------------------------------------------------- */

static size_t first_size(const struct class_names *names, int k)
{
    return has_synonyms(names, k) ? strcspn(names->names[k], ",") : strlen(names->names[k]);
}

struct by_first {
    const struct class_names *names;
    int k;
};

static int compare_first(const void *a, const void *b)
{
    const struct by_first *left = a, *right = b;
    const char *left_name = left->names->names[left->k], *right_name = right->names->names[right->k];
    const size_t left_size = first_size(left->names, left->k), right_size = first_size(right->names, right->k);
    const int order = memcmp(left_name, right_name, left_size < right_size ? left_size : right_size);
    return order ? order : (left_size > right_size) - (left_size < right_size);
}

/* Makes the text shown for each class: the first synonym, with the synset if another class has the same one. */
static int make_shown(struct class_names *names, struct arena *arena, struct error *err)
{
    struct by_first *sorted = arena_alloc(arena, (size_t)names->count + 1, sizeof *sorted);
    names->shown = arena_alloc(arena, (size_t)names->count + 1, sizeof *names->shown);
    if (!sorted || !names->shown)
        return error_memory(err, "the names of classes");
    for (int k = 0; k < names->count; k++)
        sorted[k] = (struct by_first){names, k};
    qsort(sorted, (size_t)names->count, sizeof *sorted, compare_first);
    for (int i = 0; i < names->count; i++) {
        const int k = sorted[i].k, size = (int)first_size(names, k);
        const bool is_double = (i && compare_first(&sorted[i - 1], &sorted[i]) == 0) ||
                               (i + 1 < names->count && compare_first(&sorted[i], &sorted[i + 1]) == 0);
        names->shown[k] = is_double && has_synonyms(names, k)
                              ? arena_format(arena, "%.*s (%s)", size, names->names[k], names->ids[k])
                              : arena_format(arena, "%.*s", size, names->names[k]);
        if (!names->shown[k])
            return error_memory(err, "the names of classes");
    }
    return 0;
}

static int use_imagenet(struct arena *arena, struct class_names *out, struct error *err)
{
    const struct imagenet *imagenet = imagenet_read(arena);
    out->names = arena_alloc(arena, IMAGENET_CLASSES, sizeof *out->names);
    out->ids = arena_alloc(arena, IMAGENET_CLASSES, sizeof *out->ids);
    if (!imagenet || !out->names || !out->ids)
        return error_memory(err, "the names of classes");
    memcpy(out->names, imagenet->name, sizeof imagenet->name);
    memcpy(out->ids, imagenet->id, sizeof imagenet->id);
    out->is_assumed = true;
    return make_shown(out, arena, err);
}

int class_names_of_network(int outputs, const char *const *names, struct arena *arena, struct class_names *out,
                           struct error *err)
{
    *out = (struct class_names){.count = class_count(outputs)};
    if (!names)
        return out->count == IMAGENET_CLASSES ? use_imagenet(arena, out, err) : 0;
    out->names = arena_alloc(arena, (size_t)out->count + 1, sizeof *out->names);
    if (!out->names)
        return error_memory(err, "the names of classes");
    for (int k = 0; k < out->count; k++) {
        out->names[k] = arena_string(arena, names[k]);
        if (!out->names[k])
            return error_memory(err, "the names of classes");
    }
    return make_shown(out, arena, err);
}

int class_names_of_set(const struct imageset *set, struct arena *arena, struct class_names *out, struct error *err)
{
    *out = (struct class_names){.count = imageset_class_count(set)};
    if (out->count == 0)
        return 0;
    out->names = arena_alloc(arena, (size_t)out->count, sizeof *out->names);
    out->ids = arena_alloc(arena, (size_t)out->count, sizeof *out->ids);
    if (!out->names || !out->ids)
        return error_memory(err, "the names of classes");
    for (int k = 0; k < out->count; k++) {
        const char *id = imageset_class_id(set, k);
        const bool is_synset = id && id[0] == 'n' && strspn(id + 1, "0123456789") == 8 && strlen(id) == 9;
        out->names[k] = imageset_class_name(set, k);
        out->ids[k] = is_synset ? id : "";
    }
    return make_shown(out, arena, err);
}

const char *class_names_shown(const struct class_names *names, int k)
{
    return names->names && k >= 0 && k < names->count ? names->shown[k] : NULL;
}

/* -- finding ------------------------------------------------------------------------------------------------------- */

static int find_id(const struct class_names *names, const char *text)
{
    for (int k = 0; names->ids && k < names->count; k++)
        if (names->ids[k][0] && strcasecmp(names->ids[k], text) == 0)
            return k;
    return -1;
}

enum by { BY_SHOWN, BY_NAME, BY_SYNONYM, BY_COUNT };

static bool is_meant(const struct class_names *names, int k, const char *text, enum by by)
{
    const size_t size = strlen(text);
    switch (by) {
    case BY_SHOWN:
        return are_equal(names->shown[k], strlen(names->shown[k]), text, size);
    case BY_NAME:
        return are_equal(names->names[k], first_size(names, k), text, size) ||
               are_equal(names->names[k], strlen(names->names[k]), text, size);
    default:
        return is_called(names, k, text, size);
    }
}

static int fail_several(const struct class_names *names, const char *text, enum by by, struct error *err)
{
    char list[256], shown[SHOWN_BYTES];
    size_t used = 0;
    for (int k = 0; k < names->count && used < sizeof list - 64; k++)
        if (is_meant(names, k, text, by))
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%d%s%s%s", used ? ", " : "", k,
                                     has_synonyms(names, k) ? " (" : "", has_synonyms(names, k) ? names->ids[k] : "",
                                     has_synonyms(names, k) ? ")" : "");
    return error_set(err, "several classes are called \"%s\": %s; give a number%s",
                     text_printable(text, shown, sizeof shown), list, names->ids ? " or a synset" : "");
}

/* Candidates for a suggestion: synonyms, and single words of synonyms. */
struct words {
    const char **words, **of; /* (count) of: the whole synonym */
    int count;
    struct arena *arena;
};

static int add_word(struct words *words, const char *word, const char *of)
{
    if (!(words->count & (words->count - 1))) {
        const size_t room = words->count ? 2 * (size_t)words->count : 1, used = (size_t)words->count * sizeof word;
        const char **larger = arena_alloc(words->arena, room, sizeof *larger);
        const char **larger_of = arena_alloc(words->arena, room, sizeof *larger_of);
        if (!larger || !larger_of)
            return -1;
        if (used) {
            memcpy(larger, words->words, used);
            memcpy(larger_of, words->of, used);
        }
        words->words = larger;
        words->of = larger_of;
    }
    words->words[words->count] = word;
    words->of[words->count++] = of;
    return word && of ? 0 : -1;
}

static int add_synonym(struct words *words, const char *synonym, size_t size)
{
    char *whole = arena_format(words->arena, "%.*s", (int)size, synonym);
    char *rest = whole ? arena_string(words->arena, whole) : NULL;
    if (!rest || add_word(words, whole, whole))
        return -1;
    for (char *word; strchr(whole, ' ') && (word = strsep(&rest, " "));)
        if (strlen(word) > 3 && add_word(words, word, whole))
            return -1;
    return 0;
}

/* Writes ", did you mean ...?" or nothing. For a word that occurs in several names the first of them is suggested. */
static void suggest(const struct class_names *names, const char *text, struct arena *scratch, char *out, size_t size)
{
    struct words words = {.arena = scratch};
    char *plain = arena_string(scratch, text);
    for (char *at = plain; at && *at; at++)
        *at = *at == '_' ? ' ' : *at;
    for (int k = 0; k < names->count; k++) {
        const char *rest = names->names[k], *synonym;
        size_t length;
        while ((synonym = next_synonym(&rest, has_synonyms(names, k), &length)))
            if (add_synonym(&words, synonym, length))
                return;
    }
    const char *nearest = plain ? text_nearest(plain, words.words, words.count) : NULL;
    for (int i = 0; nearest && i < words.count; i++)
        if (strcmp(words.words[i], nearest) == 0) {
            snprintf(out, size, ", did you mean \"%s\"?", words.of[i]);
            return;
        }
}

static int fail_none(const struct class_names *names, const char *text, struct arena *scratch, struct error *err)
{
    char shown[SHOWN_BYTES], suggestion[SHOWN_BYTES + 32] = "";
    text_printable(text, shown, sizeof shown);
    if (!names->names)
        return error_set(err, "no class \"%s\", allowed: 0..%d (the weights hold no class names)", shown,
                         names->count - 1);
    suggest(names, text, scratch, suggestion, sizeof suggestion);
    return error_set(err, "no class \"%s\"%s%s allowed: 0..%d or a class's name", shown, suggestion,
                     *suggestion ? "" : ";", names->count - 1);
}

int class_names_find(const struct class_names *names, const char *text, struct arena *scratch, int *out,
                     struct error *err)
{
    long long number;
    *out = find_id(names, text);
    for (enum by by = BY_SHOWN; *out < 0 && names->names && by < BY_COUNT; by++) {
        int found = 0;
        for (int k = 0; k < names->count; k++)
            if (text[0] && is_meant(names, k, text, by)) {
                *out = k;
                found++;
            }
        if (found > 1)
            return fail_several(names, text, by, err);
    }
    if (*out < 0 && text_to_int(text, &number) == 0 && number >= 0 && number < names->count)
        *out = (int)number;
    return *out >= 0 ? 0 : fail_none(names, text, scratch, err);
}

/* -- comparing ----------------------------------------------------------------------------------------------------- */

/* Whether a class has no real name ("class 7" or ""): it is then compatible with any class. */
static bool is_comparable(const struct class_names *set, int k)
{
    char placeholder[32];
    snprintf(placeholder, sizeof placeholder, "class %d", k);
    return has_synonyms(set, k) || (set->names[k][0] && strcmp(set->names[k], placeholder) != 0);
}

static bool are_same(const struct class_names *a, int i, const struct class_names *b, int k)
{
    if (has_synonyms(a, i) && has_synonyms(b, k))
        return strcmp(a->ids[i], b->ids[k]) == 0;
    const char *rest = a->names[i], *synonym;
    size_t size;
    if (is_called(b, k, rest, strlen(rest)) || (has_synonyms(a, i) && is_called(b, k, a->ids[i], strlen(a->ids[i]))))
        return true;
    while ((synonym = next_synonym(&rest, has_synonyms(a, i), &size)))
        if (is_called(b, k, synonym, size))
            return true;
    return false;
}

struct comparison {
    int compared, same, moved; /* moved: the name belongs to another class of the network */
    int first;                 /* first class that differs; -1: none */
};

static struct comparison compare(const struct class_names *set, const struct class_names *network)
{
    struct comparison result = {.first = -1};
    for (int k = 0; network->names && k < set->count && k < network->count; k++) {
        if (!is_comparable(set, k))
            continue;
        result.compared++;
        if (are_same(set, k, network, k)) {
            result.same++;
            continue;
        }
        bool is_moved = false;
        for (int other = 0; other < network->count && !is_moved; other++)
            is_moved = are_same(set, k, network, other);
        result.moved += is_moved;
        if (result.first < 0)
            result.first = k;
    }
    return result;
}

bool class_names_fit(const struct class_names *set, const struct class_names *network, struct error *why)
{
    if (set->count == 0)
        return true;
    /* some names may differ in spelling; names that are only assumed may all differ */
    const struct comparison result = compare(set, network);
    const bool are_moved = 100 * result.moved > result.compared, are_most_same = 2 * result.same >= result.compared;
    const bool is_part = set->count < network->count && result.compared && are_most_same && !are_moved;
    if (set->count != network->count && !is_part) {
        const bool is_numbered = network->ids && has_synonyms(set, 0);
        error_set(why, "the image set has %d classes, the network %d%s", set->count, network->count,
                  is_numbered ? " (an import without --classes folder gives synsets ImageNet's indices)" : "");
        return false;
    }
    if (!are_moved && (are_most_same || network->is_assumed))
        return true;
    char of_set[SHOWN_BYTES], of_network[SHOWN_BYTES];
    error_set(why, "class %d is \"%s\" in the image set and \"%s\" of the network", result.first,
              text_printable(set->shown[result.first], of_set, sizeof of_set),
              text_printable(network->shown[result.first], of_network, sizeof of_network));
    return false;
}
