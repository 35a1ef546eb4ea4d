/*
 * bench/process/shipped.h - files that come with the program: configs, demo networks and images, published numbers.
 */
#ifndef BENCH_PROCESS_SHIPPED_H
#define BENCH_PROCESS_SHIPPED_H

#include "base/arena.h"
#include "base/error.h"

#include <limits.h>
#include <stdbool.h>

/*
 * Finds file `name` ("backbones/demo/resnet18.h5") below $CAMBENCH_DATA, if that is set; else where `make install` puts
 * it, relative to the program; else in the checkout that the program was built in. Error: the file is in none of them,
 * and the error lists them.
 */
int shipped_file(const char *name, char path[PATH_MAX], struct error *err);

/* The folder in which `make install` has put cambench.pc, relative to the program. -1: the program is not installed. */
int shipped_pkgconfig(char folder[PATH_MAX]);

/*
 * The path of a file that a user or a config names: unchanged if it exists or does not come with the program, else the
 * path of the program's file of that name ("datasets/demo/demo.h5", from any folder), in the arena.
 */
const char *shipped_or(const char *path, struct arena *arena);

/*
 * The same for a config, which may be given by name: "demo" is configs/demo.yaml, "papers/adcc"
 * configs/papers/adcc.yaml.
 */
const char *shipped_config(const char *path, struct arena *arena);

/*
 * Sets CAMBENCH_PYTHON to the folder of cambench.py, unless it is set, for methods in Python (methods/process.c). Only
 * one thread may run.
 */
void shipped_set_python(void);

/*
 * Whether a path is one of a file that comes with the program ("backbones/demo/resnet18.h5"); no command makes these.
 */
bool shipped_is_own(const char *path);

#endif
