/* bench/run/method_files.c - lists and checks the files that methods and metrics depend on. */
#include "bench/run/method_files.h"

#include "base/input.h"
#include "bench/plugins/plugin.h"

#include <sys/stat.h>
#include <unistd.h>

/* The number of files that a parameter names, and the path of one of them. */
static int path_count(const struct param *param, const void *params)
{
    if (param->type == PARAM_TYPE_PATHS)
        return ((const struct param_paths *)param_field(param, (void *)params))->count;
    return param->type == PARAM_TYPE_PATH && param_text(param, params)[0];
}

static const char *path_of(const struct param *param, const void *params, int i)
{
    return param->type == PARAM_TYPE_PATHS ? ((const struct param_paths *)param_field(param, (void *)params))->path[i]
                                           : param_text(param, params);
}

static int count_files(const struct config *config)
{
    int count = config->method_count + config->metric_count; /* plugins, at most */
    for (int m = 0; m < config->method_count; m++)
        for (const struct param *param = config->methods[m].method->params; param && param->name; param++)
            count += path_count(param, config->methods[m].params);
    return count;
}

/* "files", or "files 2" of a list. */
static const char *key_of(const struct param *param, int i, struct arena *arena)
{
    return param->type == PARAM_TYPE_PATHS ? arena_format(arena, "%s %d", param->name, i + 1) : param->name;
}

/* Adds the files that a method's parameters name to the array that *file points into; -1: no memory. */
static int add_files(struct method_file **file, const struct config *config, int m, struct arena *arena)
{
    const struct config_method *method = &config->methods[m];
    for (const struct param *param = method->method->params; param && param->name; param++)
        for (int i = 0; i < path_count(param, method->params); i++, ++*file) {
            **file = (struct method_file){
                m, param, method->label, key_of(param, i, arena), path_of(param, method->params, i), NULL};
            if (!(*file)->key)
                return -1;
        }
    return 0;
}

static int add_plugin(struct method_file **file, const void *descriptor, int method, const char *owner)
{
    const struct plugin *plugin = plugin_of(descriptor);
    if (plugin)
        *(*file)++ = (struct method_file){method, NULL, owner, "plugin", plugin->path, plugin->sha256};
    return status_of(!owner);
}

int method_files_list(const struct config *config, struct arena *arena, struct method_file **files, int *count,
                      struct error *err)
{
    struct method_file *file = arena_alloc(arena, (size_t)count_files(config) + 1, sizeof *file);
    int status = status_of(!file);
    *files = file;
    for (int m = 0; m < config->method_count && !status; m++)
        status = status_of(add_files(&file, config, m, arena) ||
                           add_plugin(&file, config->methods[m].method, m, config->methods[m].label));
    for (int m = 0; m < config->metric_count && !status; m++)
        status = add_plugin(&file, config->metrics[m].metric, -1,
                            arena_format(arena, "metric %s", config->metrics[m].metric->name));
    *count = (int)(file - *files);
    return status ? error_memory(err, "the list of files") : 0;
}

int method_file_check(const struct config *config, const struct method_file *file, struct error *err)
{
    struct stat status;
    if (!file->param)
        return 0;
    if (file->param->word == PARAM_MAY_BE_FOLDER && stat(file->path, &status) == 0 && S_ISDIR(status.st_mode))
        return 0;
    const int fd = input_open(file->path, err);
    if (fd >= 0) {
        close(fd);
        return 0;
    }
    return error_prefix(err, "%s: method \"%s\": could not open file \"%s\": ",
                        config_param_where(&config->methods[file->method], file->param->name), file->owner, file->path);
}
