/* base/registry.c - looks a name up in a table and suggests the nearest one. */
#include "base/registry.h"

#include "base/text.h"

#include <string.h>

static bool is_same(const struct registry *registry, const char *a, const char *b)
{
    return registry->is_exact ? strcmp(a, b) == 0 : text_same_name(a, b);
}

static const char *suggestion_of(const struct registry *registry, const char *name)
{
    const char *words[REGISTRY_ROWS_MAX];
    int count = 0;
    for (int i = 0; registry->name(i) && count < REGISTRY_ROWS_MAX; i++)
        if (!registry->is_hidden || !registry->is_hidden(i))
            words[count++] = registry->name(i);
    return registry->only_misspelt ? text_misspelt(name, words, count) : text_nearest(name, words, count);
}

static int refuse(const struct registry *registry, const char *name, struct error *err)
{
    char shown[96];
    const char *meant = suggestion_of(registry, name);
    const char *end = meant ? registry->after_suggestion : registry->without_suggestion;
    text_printable(name, shown, sizeof shown);
    if (meant)
        return error_set(err, "%s \"%s\", did you mean \"%s\"?%s", registry->refusal, shown, meant, end ? end : "");
    return error_set(err, "%s \"%s\"%s", registry->refusal, shown, end ? end : "");
}

int registry_find(const struct registry *registry, const char *name, struct error *err)
{
    for (int i = 0; registry->name(i); i++)
        if (is_same(registry, registry->name(i), name) ||
            (registry->title && is_same(registry, registry->title(i), name)))
            return i;
    return refuse(registry, name, err);
}
