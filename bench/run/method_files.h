/*
 * bench/run/method_files.h - files that the methods of a run name in path parameters (PARAM_PATH, PARAM_PATHS).
 *
 * A run checks that they can be read before anything is measured, and their SHA-256 is part of its identity and
 * manifest.
 */
#ifndef BENCH_RUN_METHOD_FILES_H
#define BENCH_RUN_METHOD_FILES_H

#include "bench/config/config.h"

struct method_file {
    int method; /* position in the config */
    const struct param *param;
    const char *key;           /* the parameter's name; of a list with the position, "files 2" */
    const char *path, *sha256; /* sha256 NULL: not known yet */
};

/* Lists the files in the order of methods and parameters, in the arena. Error: no memory. */
int method_files_list(const struct config *config, struct arena *arena, struct method_file **files, int *count,
                      struct error *err);

/*
 * Checks that the path is a regular file that can be read, or, if the parameter allows it, a folder. The error begins with the parameter's place in the config.
 */
int method_file_check(const struct config *config, const struct method_file *file, struct error *err);

#endif
