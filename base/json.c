/* base/json.c - calls jansson with its allocations watched, and checks every result. */
#include "base/json.h"

#include "base/file.h"
#include "base/input.h"
#include "base/text.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static _Thread_local bool has_failed;

static void *watched(size_t size)
{
    void *memory = malloc(size);
    has_failed = has_failed || !memory;
    return memory;
}

static void watch(void)
{
    json_set_alloc_funcs(watched, free);
}

static void begin(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch);
    has_failed = false;
}

/* Returns the value that was read, unless an allocation failed meanwhile: then NULL with err. */
static json_t *end(json_t *json, const json_error_t *why, struct error *err)
{
    char shown[sizeof why->text];
    if (has_failed) {
        json_decref(json);
        error_memory(err, "a JSON text");
        return NULL;
    }
    if (!json)
        error_set(err, "%s", text_printable(why->text, shown, sizeof shown));
    return json;
}

json_t *json_read_text(const char *text, size_t length, size_t flags, struct error *err)
{
    json_error_t why;
    begin();
    json_t *json = json_loadb(text, length, flags, &why);
    return end(json, &why, err);
}

static json_t *read_stream(FILE *file, const char *path, struct error *err)
{
    json_error_t why = {0};
    begin();
    json_t *json = end(json_loadf(file, 0, &why), &why, err);
    if (!json)
        error_prefix(err, "\"%s\", line %d: ", path, why.line);
    return json;
}

int json_read_file(const char *path, json_t **json, struct error *err)
{
    *json = NULL;
    if (access(path, F_OK) && errno == ENOENT)
        return 0;
    FILE *file = input_stream(path, err);
    if (!file)
        return error_prefix(err, "could not open \"%s\": ", path);
    *json = read_stream(file, path, err);
    fclose(file);
    if (!*json)
        return -1;
    if (json_is_object(*json))
        return 0;
    json_decref(*json);
    *json = NULL;
    return error_set(err, "\"%s\" is not a JSON object", path);
}

int json_write_file(const char *path, const json_t *json, size_t flags, struct error *err)
{
    struct file_writer file;
    if (file_create(&file, path, err))
        return -1;
    if (json_dumpf(json, file.stream, flags) && !ferror(file.stream)) {
        file_abandon(&file);
        return error_memory(err, "a JSON text");
    }
    fputc('\n', file.stream);
    return file_commit(&file, err); /* reports a full disk, which jansson does not */
}
