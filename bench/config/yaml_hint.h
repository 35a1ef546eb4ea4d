/*
 * bench/config/yaml_hint.h - what is meant by a text that is not YAML.
 */
#ifndef BENCH_CONFIG_YAML_HINT_H
#define BENCH_CONFIG_YAML_HINT_H

#include <stdbool.h>
#include <stddef.h>

#define YAML_HINT_MAX 256

/*
 * The text is not YAML at its character `index` (from 0). Writes a sentence if a name without quotes is cut there: within
 * [ ] and { } the name layer4[-1] ends at its bracket. False: something else is wrong.
 */
bool yaml_hint_of_cut_name(const char *text, size_t size, size_t index, char hint[YAML_HINT_MAX]);

#endif
