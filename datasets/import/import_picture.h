/*
 * datasets/import/import_picture.h - checks that a JPEG or PNG file is whole without decoding. Private to the importer.
 *
 * A JPEG's segments are walked from start to end marker, the coded data included; a PNG's chunks with their check sums.
 * This finds, at the speed of memory, files that are not pictures, are truncated, are full of zeros or are of a kind
 * that decode_picture() does not accept. Damage inside the coded data of a JPEG is found only by decoding.
 */
#ifndef DATASETS_IMPORT_IMPORT_PICTURE_H
#define DATASETS_IMPORT_IMPORT_PICTURE_H

#include "base/error.h"

#include <stddef.h>

/* Finds the sides of a whole picture; -1 with the reason if it is not one. */
int import_check_picture(const void *bytes, size_t size, int *w, int *h, struct error *err);

#endif
