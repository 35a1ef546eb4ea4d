/*
 * base/file.h - folders, and files that appear whole or not at all.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

/* Records which folders of a path were made here, so that a failure can remove them. All zeros: no folder. */
struct file_folders {
    char path[PATH_MAX];
    size_t there; /* length of the part of `path` that existed before, in bytes */
};

/* Makes a folder and its missing parents; a folder that exists is fine. */
int file_make_folder(const char *path, struct error *err);

/*
 * Make a folder, or the folders above a file, and record in `made` which ones are new. A failure removes the new ones
 * again.
 */
int file_make_folders(struct file_folders *made, const char *path, struct error *err);
int file_make_parents(struct file_folders *made, const char *file, struct error *err);

/* Removes those of the recorded folders that are empty. Harmless when repeated. */
void file_remove_folders(struct file_folders *made);

/*
 * Makes the folder "FOLDER/NAME" inside an existing folder, which another user may own, and writes its path to `out`. A
 * symbolic link of that name is an error: files written into a folder must stay in it.
 */
int file_make_inside(char out[PATH_MAX], const char *folder, const char *name, struct error *err);

/* Whether the path, with links followed, is a folder. */
bool file_is_folder(const char *path);

/* Whether a symbolic link of that name exists, wherever it leads. */
bool file_is_link(const char *path);

/* Checks that a file may be renamed to the path: a folder, a FIFO, a socket or a device there is an error. */
int file_check_target(const char *path, struct error *err);

/* A file that is written under a temporary name in the same folder and renamed by file_commit(). */
struct file_writer {
    FILE *stream;                             /* write here */
    char path[PATH_MAX], temporary[PATH_MAX]; /* "": the stream writes straight to path */
    struct file_folders folders;
};

/*
 * Makes "PATH.part-PID", replacing an older one and never writing through a link. Missing folders above it are made,
 * and removed again unless file_commit() succeeds. A symbolic link at PATH is replaced; see file_follow(). Errors name
 * the path and the system's reason; those of file_check_target() are errors here too.
 */
int file_create(struct file_writer *writer, const char *path, struct error *err);

/*
 * The same for a path that the user has given: a symbolic link stays one, and the file it leads to is replaced. A FIFO
 * with a reader, a character device, and the file that is standard output or standard error are written to directly.
 */
int file_create_given(struct file_writer *writer, const char *path, struct error *err);

/*
 * Resolves a path that the user has given: the path itself, or the target of the last of its symbolic links, which need
 * not exist. Errors name the path and the system's reason.
 */
int file_follow(const char *path, char target[PATH_MAX], struct error *err);

/* Checks that a file can be made at the path, by making it and removing it again. */
int file_check_writable(const char *path, struct error *err);

/* Flushes, syncs and renames; on failure the temporary file is removed and the old file is as it was. */
int file_commit(struct file_writer *writer, struct error *err);

/* Makes the name of a file outlast a power cut, by fsync() of its folder; succeeds on file systems that refuse that. */
int file_sync_folder(const char *path, struct error *err);

/* Removes the temporary files "PATH.part-PID" of processes that no longer exist (killed, power cut). */
void file_remove_left(const char *path);

/*
 * Removes every unfinished file, "NAME.part-PID", from a folder that no other process may write to at the moment. Does
 * nothing if the folder is a symbolic link.
 */
void file_remove_unfinished(const char *folder);

/* Drops what was written. Harmless after file_commit(). */
void file_abandon(struct file_writer *writer);

/* Writes "FOLDER/NAME" to `out`. Error: it has more than PATH_MAX - 1 bytes. */
int file_join(char out[PATH_MAX], const char *folder, const char *name, struct error *err);

#endif
