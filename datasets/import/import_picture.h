/*
 * datasets/import/import_picture.h - whether bytes are a whole JPEG or PNG file, without decoding them. Private to the importer.
 *
 * A JPEG's segments are walked from start to end marker, the coded data included; a PNG's chunks with their check sums.
 * Files that are not pictures, are cut short, are full of zeros or are of a kind that decode_picture() does not support
 * are found at the speed of memory. Damage inside the coded data of a JPEG is seen only by decoding.
 */
#ifndef DATASETS_IMPORT_IMPORT_PICTURE_H
#define DATASETS_IMPORT_IMPORT_PICTURE_H

#include "base/error.h"

#include <stddef.h>

/* The sides of a whole picture; or -1 and why it is none. */
int import_check_picture(const void *bytes, size_t size, int *w, int *h, struct error *err);

#endif
