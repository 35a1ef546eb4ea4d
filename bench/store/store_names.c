/* bench/store/store_names.c - the kinds of lists and their names, and the difference of two runs' lists. */
#include "bench/store/store_inside.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const struct list_kind {
    const char *name; /* in tables `name` and `listed`, and in messages */
    bool has_versions;
} list_kinds[STORE_LISTS] = {
    [STORE_BACKBONES] = {"backbone", false}, [STORE_METHODS] = {"method", true}, [STORE_PROTOCOLS] = {"protocol", true},
    [STORE_METRICS] = {"metric", true},      [STORE_IMAGES] = {"image", false},  [STORE_VIEWS] = {"view", false},
    [STORE_INPUTS] = {"input", false},
};

const char *store_kind_name(enum store_list_kind kind)
{
    return list_kinds[kind].name;
}

bool store_kind_has_versions(enum store_list_kind kind)
{
    return list_kinds[kind].has_versions;
}

int store_version_of(const struct store_list *list, int i)
{
    return list->versions ? list->versions[i] : 0;
}

void store_describe_entry(enum store_list_kind kind, const struct store_list *list, int i, char *text, size_t size)
{
    char shown[256];
    const size_t used = (size_t)snprintf(text, size, "\"%s\"", text_printable(list->names[i], shown, sizeof shown));
    if (list_kinds[kind].has_versions && used < size)
        snprintf(text + used, size - used, " version %d", store_version_of(list, i));
}

static bool list_differs(enum store_list_kind kind, const struct store_list *one, const struct store_list *other,
                         struct store_difference *difference)
{
    for (int i = 0; i < one->count && i < other->count; i++) {
        if (strcmp(one->names[i], other->names[i]) == 0 &&
            (!list_kinds[kind].has_versions || store_version_of(one, i) == store_version_of(other, i)))
            continue;
        snprintf(difference->what, sizeof difference->what, "%s %d", list_kinds[kind].name, i + 1);
        store_describe_entry(kind, one, i, difference->one, sizeof difference->one);
        store_describe_entry(kind, other, i, difference->other, sizeof difference->other);
        return true;
    }
    snprintf(difference->what, sizeof difference->what, "the number of %ss", list_kinds[kind].name);
    snprintf(difference->one, sizeof difference->one, "%d", one->count);
    snprintf(difference->other, sizeof difference->other, "%d", other->count);
    return one->count != other->count;
}

bool store_names_differ(const struct store_names *one, const struct store_names *other,
                        struct store_difference *difference)
{
    for (int kind = 0; kind < STORE_LISTS; kind++)
        if (kind != STORE_VIEWS && kind != STORE_INPUTS &&
            list_differs((enum store_list_kind)kind, &one->lists[kind], &other->lists[kind], difference))
            return true;
    return false;
}
