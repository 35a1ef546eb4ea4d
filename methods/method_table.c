/* methods/method_table.c - a table that begins as the build's and is copied when the first method is added. */
#include "methods/method_table.h"

#include <stdlib.h>

static const struct method **table; /* NULL: nothing was added */

const struct method *const *methods_all(void)
{
    return table ? table : methods;
}

const struct method *methods_find(const char *name)
{
    for (const struct method *const *method = methods_all(); *method; method++)
        if (strcmp((*method)->name, name) == 0)
            return *method;
    return NULL;
}

/* What is wrong with a descriptor; NULL: nothing. */
static const char *fault_of(const struct method *method)
{
    if (!method->title || !method->title[0])
        return ".title is missing";
    if (method->version < 1)
        return ".version must be 1 or more";
    if (!method->explain)
        return ".explain is missing";
    return !method->params != !method->params_size ? "of .params and .params_size one is missing" : NULL;
}

static int check(const struct method *method, struct error *err)
{
    if (method->abi != METHOD_ABI)
        return error_set(err, "it was written for version %d of methods/method.h, this program has %d", method->abi,
                         METHOD_ABI);
    const char *fault = fault_of(method);
    if (fault)
        return error_set(err, "its descriptor is incomplete: %s", fault);
    return methods_find(method->name) ? error_set(err, "there is a method of that name already") : 0;
}

int methods_add(const struct method *method, struct error *err)
{
    size_t count = 0, at = 0;
    if (check(method, err))
        return -1;
    for (const struct method *const *one = methods_all(); *one; one++) {
        at += strcmp((*one)->name, method->name) < 0;
        count++;
    }
    const struct method **grown = malloc((count + 2) * sizeof *grown);
    if (!grown)
        return error_memory(err, "a method");
    memcpy(grown, methods_all(), at * sizeof *grown);
    grown[at] = method;
    memcpy(grown + at + 1, methods_all() + at, (count - at + 1) * sizeof *grown);
    free(table);
    table = grown;
    return 0;
}
