/*
 * tests/datasets/import_place.h - a temporary folder with pictures, what is imported from it, and what is said of it.
 */
#ifndef TESTS_DATASETS_IMPORT_PLACE_H
#define TESTS_DATASETS_IMPORT_PLACE_H

#include "datasets/imageset.h"
#include "datasets/import/import.h"

#include "tests/test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOOD "one_pixel.jpg"

static char root[64];

static inline const char *inside(const char *name)
{
    static char path[2][400];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", root, name);
    return path[turn];
}

static inline void begin(void)
{
    snprintf(root, sizeof root, "/tmp/cambench-test-XXXXXX");
    assert_non_null(mkdtemp(root));
}

static inline void end(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", root);
    assert_int_equal(system(command), 0);
}

static inline void write_text(const char *name, const char *text)
{
    FILE *file = fopen(inside(name), "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static inline void make_folder(const char *name)
{
    assert_int_equal(mkdir(inside(name), 0777), 0);
}

/* A picture of tests/golden/pictures under another name; `size` 0: all of it. */
static inline void put_picture(const char *from, const char *name, size_t size)
{
    char path[256], bytes[16384];
    snprintf(path, sizeof path, "tests/golden/pictures/%s", from);
    FILE *in = fopen(path, "rb"), *out = fopen(inside(name), "wb");
    assert_non_null(in);
    assert_non_null(out);
    const size_t got = fread(bytes, 1, sizeof bytes, in);
    fwrite(bytes, 1, size ? size : got, out);
    fclose(in);
    fclose(out);
}

struct log {
    int found, checked, problems;
    char problem[1024], notes[4096]; /* notes: each on a line */
};

static inline void note_found(void *context, const struct import_result *result)
{
    ((struct log *)context)->found = result->found;
}

static inline void note_note(void *context, const char *note)
{
    struct log *log = context;
    const size_t used = strlen(log->notes);
    snprintf(log->notes + used, sizeof log->notes - used, "%s\n", note);
}

static inline void note_checked(void *context, const char *problem)
{
    struct log *log = context;
    log->checked++;
    if (!problem)
        return;
    log->problems++;
    snprintf(log->problem, sizeof log->problem, "%s", problem);
}

static inline int import(struct import_options options, struct import_result *result, struct log *log,
                         struct error *err)
{
    static char out[400];
    snprintf(out, sizeof out, "%s", inside("out.h5"));
    *log = (struct log){0};
    options.source = options.source ? options.source : root;
    options.out = out;
    options.created_by = "a test";
    options.found = note_found;
    options.noted = note_note;
    options.checked = note_checked;
    options.context = log;
    return import_dataset(&options, result, err);
}

/* Imports what must succeed, and opens it. */
static inline struct imageset *import_and_open(struct import_options options, struct import_result *result,
                                               struct log *log)
{
    struct error err;
    if (import(options, result, log, &err))
        fail_msg("%s", err.text);
    struct imageset *set = imageset_open(inside("out.h5"), &err);
    if (!set)
        fail_msg("%s", err.text);
    return set;
}

static inline int count_files(void)
{
    DIR *folder = opendir(root);
    int count = 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count - 2;
}

static inline void assert_fails(struct import_options options, int status, const char *why)
{
    struct import_result result;
    struct log log;
    struct error err = {0};
    const int before = count_files(), got = import(options, &result, &log, &err);
    if (got != status || !strstr(err.text, why))
        fail_msg("status %d, \"%s\" does not say \"%s\"", got, err.text, why);
    assert_int_equal(count_files(), before);
}

#endif
