/*
 * base/json.h - reads and writes JSON by jansson.
 *
 * jansson 2.14 ignores a lack of memory while it reads: a name or a text then loses a character and nothing is said. So
 * its allocations are watched, and a value read while one of them failed is an error.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/error.h"

#include <jansson.h>

/* Reads a text; NULL with err: no memory, or what is wrong in it. The caller releases the value (json_decref). */
json_t *json_read_text(const char *text, size_t length, size_t flags, struct error *err);

/* The object in a regular file; *json NULL: there is no such file. 0, or -1 with err, which names file and line. */
int json_read_file(const char *path, json_t **json, struct error *err);

/* Writes a value and a line feed (beside, then renamed). Errors: not writable, no memory. */
int json_write_file(const char *path, const json_t *json, size_t flags, struct error *err);

#endif
