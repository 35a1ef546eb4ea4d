/* bench/config/names.c - the registries, searched by what people write. */
#include "bench/config/names.h"

#include "base/text.h"
#include "methods/harness.h"

#define WORDS_MAX 128

static void set_unknown(const char *where, const char *kind, const char *name, const char *const *words, int count,
                        struct error *err)
{
    char shown[96];
    const char *meant = text_misspelt(name, words, count);
    text_printable(name, shown, sizeof shown);
    if (meant)
        error_set(err, "%s: unknown %s \"%s\", did you mean \"%s\"?", where, kind, shown, meant);
    else
        error_set(err, "%s: unknown %s \"%s\" (not in cambench; `cambench list %ss` shows what is)", where, kind, shown,
                  kind);
}

const struct method *method_called(const char *where, const char *name, struct error *err)
{
    const char *words[WORDS_MAX];
    int count = 0;
    for (int i = 0; methods[i]; i++) {
        if (text_same_name(methods[i]->name, name) || text_same_name(methods[i]->title, name))
            return cam_check_method(methods[i], err) ? NULL : methods[i];
        if (!methods[i]->is_control && count < WORDS_MAX) /* a control is never suggested as an explanation */
            words[count++] = methods[i]->name;
    }
    set_unknown(where, "method", name, words, count, err);
    return NULL;
}

const struct metric *metric_called(const char *where, const char *name, struct error *err)
{
    const char *words[WORDS_MAX];
    int count = 0;
    for (int i = 0; metrics[i]; i++) {
        if (text_same_name(metrics[i]->name, name) || text_same_name(metrics[i]->title, name))
            return metrics[i];
        if (count < WORDS_MAX)
            words[count++] = metrics[i]->name;
    }
    set_unknown(where, "metric", name, words, count, err);
    return NULL;
}
