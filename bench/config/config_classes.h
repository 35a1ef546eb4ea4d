/* bench/config/config_classes.h - the explained class of a config's protocols: the key `class`, and top:K. */
#ifndef BENCH_CONFIG_CONFIG_CLASSES_H
#define BENCH_CONFIG_CONFIG_CLASSES_H

#include "bench/config/config.h"
#include "bench/config/yaml.h"

/*
 * Gives the class of the config's own key `class` to the protocols whose entries name none. Then replaces each protocol
 * of class top:K by K protocols of rank:1 to rank:K, whose labels end with the rank. Errors: two protocols of one label;
 * no memory.
 */
int config_apply_classes(struct config *config, const struct yaml *root, struct arena *arena, struct error *err);

#endif
