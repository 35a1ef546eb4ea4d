/*
 * bench/run/method_files.h - files on which the methods and metrics of a run depend: those that path parameters name
 * (PARAM_PATH, PARAM_PATHS), and the plugins that methods and metrics are from.
 *
 * A run checks that they can be read before anything is measured, and their SHA-256 is part of its identity and
 * manifest.
 */
#ifndef BENCH_RUN_METHOD_FILES_H
#define BENCH_RUN_METHOD_FILES_H

#include "bench/config/config.h"

struct method_file {
    int method;                /* position in the config; -1: a metric's */
    const struct param *param; /* NULL: a plugin, which has been loaded */
    const struct param *top;   /* that row, or, for a file of a wrapped method, the row that names this method */
    const char *owner;         /* the method's label, or "metric NAME" */
    const char *key;           /* the parameter's name, of a list with the position, "files 2"; or "plugin" */
    const char *path, *sha256; /* sha256 NULL: not known yet */
};

/* Lists the files in the order of methods and parameters, then metrics, in the arena. Error: no memory. */
int method_files_list(const struct config *config, struct arena *arena, struct method_file **files, int *count,
                      struct error *err);

/*
 * Checks that the path is a regular file that can be read, or, if the parameter allows it, a folder. The error begins
 * with the parameter's place in the config.
 */
int method_file_check(const struct config *config, const struct method_file *file, struct error *err);

#endif
