/*
 * bench/config/yaml_limits.h - limits of a config, so that any text is refused or read in a time that grows with its size.
 */
#ifndef BENCH_CONFIG_YAML_LIMITS_H
#define BENCH_CONFIG_YAML_LIMITS_H

#include "base/error.h"

#include <yaml.h>

#include <stdbool.h>
#include <stddef.h>

#define YAML_VALUES_MAX 10000
#define YAML_DEPTH_MAX 16

/*
 * Checks levels, values, anchors and directives of all documents in the text. With is_set, err has no line and column.
 */
int yaml_check_limits(const char *text, size_t size, const char *source, bool is_set, struct error *err);

/* Fills err with libyaml's own message and its place. Returns -1. */
int yaml_syntax_error(const yaml_parser_t *parser, const char *source, bool is_set, struct error *err);

#endif
