/* bench/config/config_input.h - a backbone's key `input`: size, normalisation and resizing of its pictures. */
#ifndef BENCH_CONFIG_CONFIG_INPUT_H
#define BENCH_CONFIG_CONFIG_INPUT_H

#include "backbones/picture_input.h"
#include "bench/config/yaml.h"

/*
 * {preset: word, mean: [..], std: [..], size: N or [h, w], ...}: what is not given stays as it is. Errors: not a mapping, unknown
 * keys, what picture_input.h refuses.
 */
extern const struct param config_input_rows[]; /* over struct picture_input */

/*
 * Finishes an input of which the keys have been read: puts the preset below them and checks the numbers of values.
 * `channels`: of the network, 0: not known. Errors: another number of values, a mean above the scale.
 */
int config_read_input(const struct yaml *mapping, int channels, struct picture_input *input, struct error *err);

#endif
