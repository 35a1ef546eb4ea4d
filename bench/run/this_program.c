/* bench/run/this_program.c - selects the digests of this program on which a config's numbers depend. */
#include "bench/run/this_program.h"

#include "bench/plugins/plugin.h"
#include "bench/process/program.h"
#include "bench/store/digests.h"
#include "models/model.h"

#include <string.h>

const char *program_family_digest(const char *arch)
{
    struct model_facts facts;
    struct error ignored;
    const bool is_known =
        arch && model_describe(&(struct model_spec){.arch = arch}, &facts, &ignored) == 0 && facts.family;
    return is_known ? program_digest("backbone", facts.family) : "";
}

const char *program_method_digest(const struct method *method)
{
    const struct plugin *plugin = plugin_of(method);
    return plugin ? plugin->sha256 : program_digest("method", method->name);
}

const char *program_metric_digest(const struct metric *metric)
{
    const struct plugin *plugin = plugin_of(metric);
    return plugin ? plugin->sha256 : program_digest("metric", metric->name);
}

/* Appends the digests of the methods that a method calls. */
struct method_digest {
    struct arena *arena;
    const char *text;
};

static int add_base(void *context, const struct param *row, const void *in, const struct param *top, struct error *err)
{
    struct method_digest *digest = context;
    (void)top;
    if (row->type != PARAM_TYPE_NAMED)
        return 0;
    digest->text =
        arena_format(digest->arena, "%s+%s", digest->text, program_method_digest(param_named(row, in)->found));
    return digest->text ? 0 : error_memory(err, "the program's digests");
}

static int add_method(const struct config_method *method, struct arena *arena, struct program_part *part,
                      struct error *err)
{
    struct method_digest digest = {arena, program_method_digest(method->method)};
    if (param_visit(method->method->params, method->params, add_base, &digest, err))
        return -1;
    *part = (struct program_part){"method", method->label, digest.text};
    return 0;
}

int program_here(const struct config *config, const char *kernels, struct arena *arena, struct program *out,
                 struct error *err)
{
    int count = config->backbone_count + config->method_count + config->metric_count;
    for (const struct digest *row = digests; row->kind; row++)
        count += strcmp(row->kind, "room") == 0;
    struct program_part *parts = arena_alloc(arena, (size_t)count, sizeof *parts);
    if (!parts)
        return error_memory(err, "the program's digests");
    *out = (struct program){CAMBENCH_VERSION, program_commit, kernels, count, parts};
    for (const struct digest *row = digests; row->kind; row++)
        if (strcmp(row->kind, "room") == 0)
            *parts++ = (struct program_part){"room", row->name, row->sha256};
    for (int i = 0; i < config->backbone_count; i++)
        *parts++ = (struct program_part){"backbone", config->backbones[i].label,
                                         program_family_digest(config->backbones[i].arch)};
    for (int i = 0; i < config->method_count; i++)
        if (add_method(&config->methods[i], arena, parts++, err))
            return -1;
    for (int i = 0; i < config->metric_count; i++)
        *parts++ = (struct program_part){"metric", config->metrics[i].metric->name,
                                         program_metric_digest(config->metrics[i].metric)};
    return 0;
}
