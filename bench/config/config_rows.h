/* bench/config/config_rows.h - the tables of a config's keys, for reading, writing and listing; each ends with {0}. */
#ifndef BENCH_CONFIG_CONFIG_ROWS_H
#define BENCH_CONFIG_CONFIG_ROWS_H

#include "base/param.h"

extern const struct param config_rows[]; /* the keys at the top */
extern const struct param config_dataset_rows[], config_runtime_rows[], config_report_rows[];
extern const struct param config_until_rows[];

#endif
