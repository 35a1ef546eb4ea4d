/* bench/run/method_files.c - lists and checks the files that methods read. */
#include "bench/run/method_files.h"

#include "base/input.h"

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
    int count = 0;
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

int method_files_list(const struct config *config, struct arena *arena, struct method_file **files, int *count,
                      struct error *err)
{
    *count = count_files(config);
    struct method_file *file = arena_alloc(arena, (size_t)*count + 1, sizeof *file);
    *files = file;
    if (!file)
        return error_memory(err, "the list of files");
    for (int m = 0; m < config->method_count; m++)
        for (const struct param *param = config->methods[m].method->params; param && param->name; param++) {
            const void *params = config->methods[m].params;
            for (int i = 0; i < path_count(param, params); i++, file++) {
                *file = (struct method_file){m, param, key_of(param, i, arena), path_of(param, params, i), NULL};
                if (!file->key)
                    return error_memory(err, "the list of files");
            }
        }
    return 0;
}

int method_file_check(const struct config *config, const struct method_file *file, struct error *err)
{
    const struct config_method *method = &config->methods[file->method];
    struct stat status;
    if (file->param->word == PARAM_MAY_BE_FOLDER && stat(file->path, &status) == 0 && S_ISDIR(status.st_mode))
        return 0;
    const int fd = input_open(file->path, err);
    if (fd >= 0) {
        close(fd);
        return 0;
    }
    return error_prefix(err, "%s: method \"%s\": could not open file \"%s\": ",
                        config_param_where(method, file->param->name), method->label, file->path);
}
