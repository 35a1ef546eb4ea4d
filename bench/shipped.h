/*
 * bench/shipped.h - files that come with the program: demo networks and images.
 */
#ifndef BENCH_SHIPPED_H
#define BENCH_SHIPPED_H

#include "base/error.h"

#include <limits.h>

/*
 * Where file `name` ("backbones/demo/resnet18.h5") is: below $CAMBENCH_DATA, if that is set; else where `make install`
 * puts it, beside the program; else in the checkout that the program was built in. Errors: in none, with all of them.
 */
int shipped_file(const char *name, char path[PATH_MAX], struct error *err);

#endif
