/* bench/store/database.c - checks files before SQLite opens a database, and names its failures. */
#include "bench/store/database.h"

#include "base/input.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

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

static int last_reason(sqlite3_file *file)
{
    int reason = 0;
    if (file && file->pMethods)
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &reason);
    return reason;
}

/*
 * The errno of a failed system call; 0: none failed, or it is unknown. sqlite3_system_errno() is often 0 after a failed
 * write, but the database and its journal or log keep the reason.
 */
static int system_reason(sqlite3 *db)
{
    static const int of_files[] = {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER};
    const int result = sqlite3_errcode(db) & 0xff; /* the other bits tell which call failed */
    if (result != SQLITE_IOERR && result != SQLITE_CANTOPEN)
        return 0;
    int reason = sqlite3_system_errno(db);
    for (size_t i = 0; i < sizeof of_files / sizeof *of_files && !reason; i++) {
        sqlite3_file *file = NULL;
        if (sqlite3_file_control(db, "main", of_files[i], &file) == SQLITE_OK)
            reason = last_reason(file);
    }
    return reason;
}

int database_fail(sqlite3 *db, const char *what, const char *path, struct error *err)
{
    const int reason = system_reason(db);
    return error_set(err, "%s \"%s\": %s%s%s", what, path, sqlite3_errmsg(db), reason ? ": " : "",
                     reason ? strerror(reason) : "");
}
