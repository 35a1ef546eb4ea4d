/* bench/config/config_rows.h - the sections of a config whose keys are plain fields, for reading and writing. */
#ifndef BENCH_CONFIG_CONFIG_ROWS_H
#define BENCH_CONFIG_CONFIG_ROWS_H

#include "base/param.h"

extern const struct param config_dataset_rows[], config_runtime_rows[], config_report_rows[];

#endif
