/*
 * base/sha256.h - digests of files.
 */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include "base/error.h"

/* SHA-256 of a file's bytes as 64 hex digits, read piece by piece. */
int file_sha256(const char *path, char hex[65], struct error *err);

#endif
