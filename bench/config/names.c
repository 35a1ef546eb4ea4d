/* bench/config/names.c - the registries, searched by what people write. */
#include "bench/config/names.h"

#include "base/registry.h"
#include "methods/harness.h"
#include "methods/method_table.h"
#include "metrics/metric_table.h"

static const char *metric_name(int i)
{
    return metrics_all()[i] ? metrics_all()[i]->name : NULL;
}

static const char *metric_title(int i)
{
    return metrics_all()[i]->title;
}

static const struct registry all_metrics = {.refusal = "unknown metric",
                                            .name = metric_name,
                                            .title = metric_title,
                                            .only_misspelt = true,
                                            .without_suggestion =
                                                " (not in cambench; `cambench list metrics` shows what is)"};

const struct method *method_called(const char *where, const char *name, struct error *err)
{
    const struct method *method = method_find(name, err);
    if (!method)
        error_prefix(err, "%s: ", where);
    return !method || cam_check_method(method, err) ? NULL : method;
}

const struct metric *metric_called(const char *where, const char *name, struct error *err)
{
    const int i = registry_find(&all_metrics, name, err);
    if (i < 0)
        error_prefix(err, "%s: ", where);
    return i < 0 ? NULL : metrics_all()[i];
}
