/*
 * bench/run/pictures.h - writes maps to files: overlays of the first images, and maps.h5.
 *
 * Both collect maps as methods finish, in any order. Any thread may call pictures_add() and the functions that only
 * answer; the others are for one thread at a time.
 */
#ifndef BENCH_RUN_PICTURES_H
#define BENCH_RUN_PICTURES_H

#include "bench/run/run.h"

struct pictures; /* of one backbone */

struct h5_writer;

/* Keeps no maps if the config enables neither. `maps`: the open maps.h5; NULL: it is not written. */
struct pictures *pictures_create(const struct run *run, int backbone, struct shape input, struct h5_writer *maps,
                                 struct error *err);
void pictures_free(struct pictures *pictures);

/* Whether the image's pictures need all its methods measured in this process. */
bool pictures_want(const struct pictures *pictures, int image);

/* How many of the first views these pictures show. */
int pictures_views(const struct pictures *pictures, int image);

/* Whether the image's overlay exists already and no other picture of it is needed. */
bool pictures_have(const struct pictures *pictures, int image);

/*
 * Adds an image's maps for its overlay and its classes for maps.h5. When the maps of all methods have been added, the
 * caller draws the overlay, while other threads go on.
 */
int pictures_add(struct pictures *pictures, int image, const struct evaluated *evaluated, int method_count,
                 struct error *err);

/* Of how many views maps.h5 has maps; 0: it is not written. */
int pictures_raw_views(const struct pictures *pictures);

/* Writes a raw map of an image to maps.h5. */
int pictures_write(struct pictures *pictures, int image, int view, int method, const struct cam_map *raw,
                   struct error *err);

/* Writes the lists of maps.h5 over all images: positions, classes (-1: no map), probabilities. */
int pictures_finish(struct pictures *pictures, struct error *err);

#endif
