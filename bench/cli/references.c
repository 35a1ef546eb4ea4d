/* bench/cli/references.c - finds entries of docs/references.bib, which is built into the program. */
#include "bench/cli/references.h"

#include "base/embed.h"

#include <stdbool.h>
#include <string.h>

EMBED(references_text, "docs/references.bib");
extern const char references_text[];

/* Length up to the brace that closes the entry's first brace; 0 if none does. */
static size_t entry_size(const char *entry)
{
    int depth = 0;
    for (const char *at = entry; *at; at++) {
        depth += (*at == '{') - (*at == '}');
        if (*at == '}' && depth == 0)
            return (size_t)(at - entry) + 1;
    }
    return 0;
}

const char *references_find(const char *key, size_t *size)
{
    const size_t length = strlen(key);
    for (const char *at = references_text; (at = strchr(at, '@')); at++) {
        const char *brace = at + strcspn(at, "{\n");
        const bool is_line_start = at == references_text || at[-1] == '\n';
        if (!is_line_start || *brace != '{' || strncmp(brace + 1, key, length) != 0 || brace[1 + length] != ',')
            continue;
        *size = entry_size(at);
        return *size ? at : NULL;
    }
    return NULL;
}
