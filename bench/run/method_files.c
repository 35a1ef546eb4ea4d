/* bench/run/method_files.c - lists and checks the files that methods and metrics depend on. */
#include "bench/run/method_files.h"

#include "base/file.h"
#include "base/input.h"
#include "bench/plugins/plugin.h"

#include <unistd.h>

/* Files under construction: of the methods, of methods that they wrap, and plugins. */
struct file_list {
    const struct config *config;
    struct arena *arena;
    int method, count;
    struct method_file *files; /* NULL: only counted */
};

static void add(struct file_list *list, struct method_file file)
{
    if (list->files)
        list->files[list->count] = file;
    list->count++;
}

/* "files", or "files 2" of a list. */
static const char *key_of(const struct param *param, int i, struct arena *arena)
{
    return param->type == PARAM_TYPE_PATHS ? arena_format(arena, "%s %d", param->name, i + 1) : param->name;
}

/* Adds the files that a parameter names. */
static int add_row(void *context, const struct param *row, const void *in, const struct param *top, struct error *err)
{
    struct file_list *list = context;
    const char *owner = list->config->methods[list->method].label;
    const struct param_paths *paths = row->type == PARAM_TYPE_PATHS ? param_field(row, (void *)in) : NULL;
    for (int i = 0; paths && i < paths->count; i++) {
        const char *key = key_of(row, i, list->arena);
        if (!key)
            return error_memory(err, "the list of files");
        add(list, (struct method_file){list->method, row, top, owner, key, paths->path[i], NULL});
    }
    if (row->type == PARAM_TYPE_PATH && param_text(row, in)[0])
        add(list, (struct method_file){list->method, row, top, owner, row->name, param_text(row, in), NULL});
    return 0;
}

static void add_plugin(struct file_list *list, const void *descriptor, int method, const char *owner)
{
    const struct plugin *plugin = plugin_of(descriptor);
    if (plugin)
        add(list, (struct method_file){method, NULL, NULL, owner, "plugin", plugin->path, plugin->sha256});
}

/* Adds the plugin of a wrapped method. */
static int add_base_plugin(void *context, const struct param *row, const void *in, const struct param *top,
                           struct error *err)
{
    struct file_list *list = context;
    (void)top, (void)err;
    if (row->type == PARAM_TYPE_NAMED)
        add_plugin(list, param_named(row, in)->found, list->method, list->config->methods[list->method].label);
    return 0;
}

static int add_all(struct file_list *list, struct error *err)
{
    const struct config *config = list->config;
    for (list->method = 0; list->method < config->method_count; list->method++) {
        const struct config_method *method = &config->methods[list->method];
        if (param_visit(method->method->params, method->params, add_row, list, err))
            return -1;
        add_plugin(list, method->method, list->method, method->label);
        param_visit(method->method->params, method->params, add_base_plugin, list, err);
    }
    for (int m = 0; m < config->metric_count; m++) {
        const char *owner = arena_format(list->arena, "metric %s", config->metrics[m].metric->name);
        if (!owner)
            return error_memory(err, "the list of files");
        add_plugin(list, config->metrics[m].metric, -1, owner);
    }
    return 0;
}

int method_files_list(const struct config *config, struct arena *arena, struct method_file **files, int *count,
                      struct error *err)
{
    struct file_list counted = {.config = config, .arena = arena}, list = counted;
    if (add_all(&counted, err))
        return -1;
    *count = counted.count;
    *files = list.files = arena_alloc(arena, (size_t)*count + 1, sizeof **files);
    return *files ? add_all(&list, err) : error_memory(err, "the list of files");
}

int method_file_check(const struct config *config, const struct method_file *file, struct error *err)
{
    if (!file->param)
        return 0;
    if (file->param->may_be_folder && file_is_folder(file->path))
        return 0;
    const int fd = input_open(file->path, err);
    if (fd >= 0) {
        close(fd);
        return 0;
    }
    return error_prefix(err, "%s: method \"%s\": could not open file \"%s\": ",
                        config_param_where(&config->methods[file->method], file->top->name), file->owner, file->path);
}
