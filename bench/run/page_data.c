/* bench/run/page_data.c - config, manifest, protocol keys and commands for index.html. */
#include "bench/run/page_data.h"

#include "base/file.h"
#include "base/input.h"
#include "base/text.h"
#include "metrics/protocol.h"

/* Larger ones are left out of the page. */
enum { CONFIG_BYTES = 1 << 20, MANIFEST_BYTES = 2 << 20 };

/* A file of a run's folder as text; NULL: it is not there, or too large. */
static const char *text_of(const char *folder, const char *name, size_t most, struct arena *arena)
{
    char path[PATH_MAX], *text;
    struct error ignored;
    size_t size;
    return file_join(path, folder, name, &ignored) || input_read_file(path, most, arena, &text, &size, &ignored) ? NULL
                                                                                                                 : text;
}

static int read_runs(const struct results_origin *origin, struct arena *arena, struct page_sources *out,
                     struct error *err)
{
    struct page_run *runs = arena_alloc(arena, (size_t)origin->folder_count + 1, sizeof *runs);
    if (!runs)
        return error_memory(err, "the page");
    for (int i = 0; i < origin->folder_count; i++)
        runs[i] =
            (struct page_run){origin->folders[i], text_of(origin->folders[i], "manifest.json", MANIFEST_BYTES, arena)};
    out->runs = runs;
    out->run_count = origin->folder_count;
    return 0;
}

static int read_keys(const struct config *config, struct arena *arena, struct page_sources *out, struct error *err)
{
    int count = 0;
    while (protocol_params[count].name)
        count++;
    struct page_key *keys = arena_alloc(arena, (size_t)count + 1, sizeof *keys);
    for (int i = 0; keys && i < count; i++) {
        const char **values = arena_alloc(arena, (size_t)config->protocol_count, sizeof *values);
        for (int p = 0; values && p < config->protocol_count; p++) {
            char text[PARAM_VALUE_MAX];
            param_format(&protocol_params[i], &config->protocols[p], text, sizeof text);
            values[p] = arena_string(arena, text);
            if (!values[p])
                return error_memory(err, "the page");
        }
        if (!values)
            return error_memory(err, "the page");
        keys[i] = (struct page_key){protocol_params[i].name, values};
    }
    out->keys = keys;
    out->key_count = count;
    return keys ? 0 : error_memory(err, "the page");
}

/* "cambench report A B --output DIR" */
static const char *report_command(const struct results_origin *origin, const char *folder, struct arena *arena)
{
    const char *text = "cambench report";
    for (int i = 0; text && i < origin->folder_count; i++) {
        const char *word = text_shell_word(origin->folders[i], arena);
        text = word ? arena_format(arena, "%s %s", text, word) : NULL;
    }
    return text && origin->folder_count > 1 ? arena_format(arena, "%s --output %s", text, folder) : text;
}

static int read_commands(const struct config *config, const struct results_origin *origin, struct arena *arena,
                         struct page_sources *out, struct error *err)
{
    const char **commands = arena_alloc(arena, 3, sizeof *commands);
    const char *folder = text_shell_word(config->output, arena);
    const char *path = arena_format(arena, "%s/config.yaml", config->output);
    const char *file = path ? text_shell_word(path, arena) : NULL;
    if (!commands || !folder || !file)
        return error_memory(err, "the page");
    if (origin->folder_count == 1)
        commands[out->command_count++] = arena_format(arena, "cambench run %s --output results/again", file);
    commands[out->command_count++] = report_command(origin, folder, arena);
    commands[out->command_count++] = arena_format(arena, "cambench view %s", folder);
    for (int i = 0; i < out->command_count; i++)
        if (!commands[i])
            return error_memory(err, "the page");
    out->commands = commands;
    return 0;
}

int page_data_read(const struct config *config, const struct results_origin *origin, struct arena *arena,
                   struct page_sources *out, struct error *err)
{
    if (read_runs(origin, arena, out, err) || read_keys(config, arena, out, err) ||
        read_commands(config, origin, arena, out, err))
        return -1;
    if (origin->folder_count == 1)
        out->config = text_of(origin->folders[0], "config.yaml", CONFIG_BYTES, arena);
    return 0;
}
