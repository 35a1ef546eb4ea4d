/*
 * bench/process/json_build.h - adds a value to a JSON array or object, which becomes NULL if memory is short.
 *
 * A failure anywhere thus makes the whole NULL, and one check at the end is enough; json_pack() does the same.
 */
#ifndef BENCH_PROCESS_JSON_BUILD_H
#define BENCH_PROCESS_JSON_BUILD_H

#include <jansson.h>

/* Both take ownership of `value`, even on failure. A NULL value, or a NULL array or object, makes the result NULL. */
void json_build_append(json_t **array, json_t *value);
void json_build_set(json_t **object, const char *key, json_t *value);

/* Text as JSON, with '?' for bytes that are not UTF-8, since jansson refuses them and paths may have them. NULL: null. */
json_t *json_build_text(const char *text);

#endif
