/*
 * bench/process/json_build.h - adds to a JSON array or object; without memory it becomes NULL.
 *
 * So a lack of memory anywhere shows in the whole, as with json_pack(), whose result is NULL when a part is.
 */
#ifndef BENCH_PROCESS_JSON_BUILD_H
#define BENCH_PROCESS_JSON_BUILD_H

#include <jansson.h>

/* Both take ownership of the value, also when it cannot be added; NULL, as a value or as what it is added to, is fine. */
void json_build_append(json_t **array, json_t *value);
void json_build_set(json_t **object, const char *key, json_t *value);

#endif
