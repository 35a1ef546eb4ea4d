/*
 * base/json.h - reads and writes JSON with jansson.
 *
 * jansson 2.14 ignores a lack of memory while it reads: a name or a text then silently loses a character. So its
 * allocations are watched, and a value that was read while one of them failed is an error.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/error.h"

#include <jansson.h>

/*
 * Reads a text of `length` bytes; `flags` are jansson's JSON_*. Returns NULL with err: no memory, or what is wrong in
 * the text. The caller releases the value (json_decref).
 */
json_t *json_read_text(const char *text, size_t length, size_t flags, struct error *err);

/*
 * Reads the object in a regular file; *json is NULL if the file does not exist. 0, or -1 with err, which names file and
 * line.
 */
int json_read_file(const char *path, json_t **json, struct error *err);

/* Writes a value and a line feed, whole or not at all (base/file.h). Errors: not writable, no memory. */
int json_write_file(const char *path, const json_t *json, size_t flags, struct error *err);

#endif
