/*
 * datasets/demo.h - an image set without any photograph: generated scenes, so that everything can be tried offline.
 */
#ifndef DATASETS_DEMO_H
#define DATASETS_DEMO_H

#include "base/error.h"

#include <stdint.h>

#define DEMO_CLASSES 10
#define DEMO_SIZE_MIN 32
#define DEMO_SIZE_MAX 2048

/*
 * Writes an image set of `images` JPEGs (quality 90) whose sides vary around `size` pixels: on a textured background
 * one patterned shape, whose kind is the class; with labels, class names and the shape's box. Same seed, same bytes.
 * Errors: images < 1, size outside DEMO_SIZE_MIN..DEMO_SIZE_MAX, no memory, what h5_create() says.
 */
int demo_generate(const char *path, int images, int size, uint64_t seed, struct error *err);

#endif
