/* bench/cli/plugin_option.c - keeps the paths of --plugin; loads the libraries after the command line is read. */
#include "bench/cli/plugin_option.h"

#include "bench/plugins/plugin.h"

int plugin_option_read(const char *path, const struct param *row, void *out, struct error *err)
{
    struct plugin_option *option = param_field(row, out);
    if (option->count == PLUGIN_OPTION_MAX)
        return error_set(err, "more than %d --plugin options", PLUGIN_OPTION_MAX);
    option->path[option->count++] = path;
    return 0;
}

int plugin_option_load(const struct plugin_option *option, struct error *err)
{
    for (int i = 0; i < option->count; i++)
        if (!plugin_load(option->path[i], err))
            return error_prefix(err, "--plugin: ");
    return 0;
}
