/*
 * bench/run/pictures.h - maps that outlive their image: overlays of the first images, and maps.h5.
 *
 * Both collect maps as methods finish, in any order; calls are made by one thread at a time.
 */
#ifndef BENCH_RUN_PICTURES_H
#define BENCH_RUN_PICTURES_H

#include "bench/run/run.h"

struct pictures; /* of one backbone */

/* Keeps nothing when the config asks for neither. `maps`: where maps.h5 is being written, NULL: nowhere. */
struct h5_writer;
struct pictures *pictures_create(const struct run *run, int backbone, struct shape input, struct h5_writer *maps,
                                 struct error *err);
void pictures_free(struct pictures *pictures);

/* Must every method of this image be measured in this process, unless its pictures are there? */
bool pictures_want(const struct pictures *pictures, int image);

/* Is the image's overlay there, and nothing else asked for? */
bool pictures_have(const struct pictures *pictures, int image);

/* Takes what was measured; writes the image's overlay when its last method has come. */
int pictures_add(struct pictures *pictures, int image, const struct evaluated *evaluated, int method_count,
                 struct error *err);

/* Writes what belongs to all images: positions, classes (-1: no map), probabilities. */
int pictures_finish(struct pictures *pictures, struct error *err);

#endif
