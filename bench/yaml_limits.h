/*
 * bench/yaml_limits.h - what a config may hold, so that any text is refused or read in a time that grows with its size.
 */
#ifndef BENCH_YAML_LIMITS_H
#define BENCH_YAML_LIMITS_H

#include "base/error.h"

#include <yaml.h>

#include <stdbool.h>
#include <stddef.h>

#define YAML_VALUES_MAX 10000
#define YAML_DEPTH_MAX 16

/* Of the whole text, in all its documents: levels, values, anchors, directives. With is_set, places are left out of err. */
int yaml_check_limits(const char *text, size_t size, const char *source, bool is_set, struct error *err);

/* libyaml's own complaint, with its place. Returns -1. */
int yaml_syntax_error(const yaml_parser_t *parser, const char *source, bool is_set, struct error *err);

#endif
