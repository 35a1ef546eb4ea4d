/* bench/store/database.c - checks files before SQLite opens a database. */
#include "bench/store/database.h"

#include "base/input.h"

#include <limits.h>
#include <stdio.h>

int database_check_files(const char *path, struct error *err)
{
    static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char file[PATH_MAX + 16];
        snprintf(file, sizeof file, "%s%s", path, suffixes[i]);
        if (input_check_regular(file, err))
            return error_prefix(err, "could not open \"%s\": ", file);
    }
    return 0;
}
