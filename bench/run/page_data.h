/*
 * bench/run/page_data.h - what index.html shows besides the report: config, manifest, commands, and the gallery's pictures and
 * maps.
 */
#ifndef BENCH_RUN_PAGE_DATA_H
#define BENCH_RUN_PAGE_DATA_H

#include "bench/run/run.h"

/*
 * Adds all but the gallery to *out, in the arena. What cannot be read is left out. Error: no memory.
 */
int page_data_read(const struct config *config, const struct results_origin *origin, struct arena *arena,
                   struct page_sources *out, struct error *err);

/*
 * gallery.c: fills out->images and out->without. What cannot be read is left out; a gallery without pictures says why.
 * Errors: no memory, those of the stores, *stop.
 */
int gallery_read(const struct report *report, const struct config *config, const struct results_origin *origin,
                 struct arena *arena, struct page_sources *out, struct error *err);

#endif
