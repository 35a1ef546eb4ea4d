/*
 * base/sha256.h - digests of files.
 */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include "base/error.h"

/* Writes the SHA-256 of a file's bytes as 64 hex digits. Errors are those of reading it, and name the file. */
int file_sha256(const char *path, char hex[65], struct error *err);

#endif
