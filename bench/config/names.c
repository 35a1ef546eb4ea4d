/* bench/config/names.c - the registries, searched by what people write. */
#include "bench/config/names.h"

#include "base/registry.h"
#include "methods/harness.h"
#include "methods/method_table.h"
#include "metrics/metric_table.h"

static const char *method_name(int i)
{
    return methods_all()[i] ? methods_all()[i]->name : NULL;
}

static const char *method_title(int i)
{
    return methods_all()[i]->title;
}

/* A control is never suggested as an explanation. */
static bool method_is_hidden(int i)
{
    return methods_all()[i]->group == METHOD_CONTROL;
}

static const char *metric_name(int i)
{
    return metrics_all()[i] ? metrics_all()[i]->name : NULL;
}

static const char *metric_title(int i)
{
    return metrics_all()[i]->title;
}

static const struct registry all_methods = {.refusal = "unknown method",
                                            .name = method_name,
                                            .title = method_title,
                                            .is_hidden = method_is_hidden,
                                            .only_misspelt = true,
                                            .without_suggestion =
                                                " (not in cambench; `cambench list methods` shows what is)"};
static const struct registry all_metrics = {.refusal = "unknown metric",
                                            .name = metric_name,
                                            .title = metric_title,
                                            .only_misspelt = true,
                                            .without_suggestion =
                                                " (not in cambench; `cambench list metrics` shows what is)"};

static int find(const struct registry *registry, const char *where, const char *name, struct error *err)
{
    const int i = registry_find(registry, name, err);
    return i < 0 ? error_prefix(err, "%s: ", where) : i;
}

const struct method *method_called(const char *where, const char *name, struct error *err)
{
    const int i = find(&all_methods, where, name, err);
    return i < 0 || cam_check_method(methods_all()[i], err) ? NULL : methods_all()[i];
}

const struct metric *metric_called(const char *where, const char *name, struct error *err)
{
    const int i = find(&all_metrics, where, name, err);
    return i < 0 ? NULL : metrics_all()[i];
}
