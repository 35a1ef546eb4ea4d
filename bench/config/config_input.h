/* bench/config/config_input.h - a backbone's key `input`: size, normalisation and resizing of its pictures. */
#ifndef BENCH_CONFIG_CONFIG_INPUT_H
#define BENCH_CONFIG_CONFIG_INPUT_H

#include "backbones/picture_input.h"
#include "bench/config/yaml.h"

/*
 * {mean: [..], std: [..], size: N or [h, w], resize: word}: what is not given stays as it is. Errors: not a mapping, unknown
 * keys, what picture_input.h refuses.
 */
extern const struct param config_input_rows[]; /* over struct picture_input */

#endif
