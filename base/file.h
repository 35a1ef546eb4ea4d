/*
 * base/file.h - folders, and files that appear whole or not at all.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

/* The folders of a path; of those, which were made here, so that a failure takes them back. Zeros: none. */
struct file_folders {
    char path[PATH_MAX];
    size_t there; /* bytes of path that named a folder before */
};

/* Makes a folder and those above it; a folder that is there is fine. */
int file_make_folder(const char *path, struct error *err);

/* The same, with a note of what was made; and for the folders above a file. On failure nothing that was made is left. */
int file_make_folders(struct file_folders *made, const char *path, struct error *err);
int file_make_parents(struct file_folders *made, const char *file, struct error *err);

/* Removes the folders that were made, as far as they are empty. Harmless when repeated. */
void file_remove_folders(struct file_folders *made);

/*
 * Makes "FOLDER/NAME" inside a folder that is there, perhaps someone else's, and gives its path. A symbolic link there is an
 * error: what is written into a folder must stay in it.
 */
int file_make_inside(char out[PATH_MAX], const char *folder, const char *name, struct error *err);

/* Is there a symbolic link of that name, wherever it leads? */
bool file_is_link(const char *path);

/* A path that a file can be renamed to: a folder, a FIFO, a socket or a device would be lost by it. */
int file_check_target(const char *path, struct error *err);

/* A file written beside its place and renamed by file_commit(). */
struct file_writer {
    FILE *stream;                             /* write here */
    char path[PATH_MAX], temporary[PATH_MAX]; /* "": what is written goes straight to path */
    struct file_folders folders;
};

/*
 * Makes "PATH.part-PID", in place of what may be there, and never through a link; folders that are missing above it are made,
 * and taken back unless file_commit() succeeds. Fails with the path and the system's reason, and where file_check_target()
 * does. A symbolic link at PATH is replaced; see file_follow().
 */
int file_create(struct file_writer *writer, const char *path, struct error *err);

/*
 * The same for a path that the user has given: a symbolic link stays one and the file it leads to is replaced; a FIFO that is
 * being read, a character device, and the file that is standard output or standard error are written to as they are.
 */
int file_create_given(struct file_writer *writer, const char *path, struct error *err);

/*
 * Where a path that the user has given leads to: itself, or what the last of its symbolic links names, be it there or not.
 * Fails as file_create() does.
 */
int file_follow(const char *path, char target[PATH_MAX], struct error *err);

/* Flushes, syncs and renames; on failure the temporary file is removed and the old file is as it was. */
int file_commit(struct file_writer *writer, struct error *err);

/* Makes the name of a file outlast a power cut, by fsync() of its folder; file systems that refuse that are left alone. */
int file_sync_folder(const char *path, struct error *err);

/* Removes what processes that are no longer there (killed, out of power) left beside a path: "PATH.part-PID". */
void file_remove_left(const char *path);

/* Removes what is unfinished in a folder that nobody else may write to at the moment: every "NAME.part-PID". Not in one
 * that is a symbolic link. */
void file_remove_unfinished(const char *folder);

/* Drops what was written. Harmless after file_commit(). */
void file_abandon(struct file_writer *writer);

/* Names of at most PATH_MAX - 1 bytes: "folder/name". */
int file_join(char out[PATH_MAX], const char *folder, const char *name, struct error *err);

#endif
