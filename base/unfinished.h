/*
 * base/unfinished.h - files that are being written and must be removed when a signal ends the process.
 *
 * A writer adds its temporary file before making it, and drops it after renaming or removing it; any thread may do so.
 */
#ifndef BASE_UNFINISHED_H
#define BASE_UNFINISHED_H

void unfinished_add(const char *path);
void unfinished_drop(const char *path);

/* Removes all files that were added and not dropped. May be called by a signal handler. */
void unfinished_remove_all(void);

#endif
