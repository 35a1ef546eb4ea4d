/*
 * base/sha256.h - digests of files and folders.
 */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include "base/error.h"

/* Writes the SHA-256 of a file's bytes as 64 hex digits. Errors are those of reading it, and name the file. */
int file_sha256(const char *path, char hex[65], struct error *err);

/*
 * The same of a file, or of a folder: a digest of the relative paths and bytes of all files in it, in order of their
 * paths; names that begin with a dot are left out. Errors: those of reading them; more than 32 levels of folders.
 */
int path_sha256(const char *path, char hex[65], struct error *err);

#endif
