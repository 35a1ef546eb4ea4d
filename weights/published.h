/*
 * weights/published.h - the ImageNet weights that torchvision publishes: files and accuracies.
 */
#ifndef WEIGHTS_PUBLISHED_H
#define WEIGHTS_PUBLISHED_H

#include "base/error.h"

#define PUBLISHED_BASE "https://download.pytorch.org/models" /* followed by the file's name */
#define PUBLISHED_HASH_MAX 64

struct published {
    const char *arch;
    /*
     * "V1": the one of the papers; "V2": torchvision's later recipe; "SWAG_E2E_V1", "SWAG_LINEAR_V1": first trained on
     * hashtags, then as a whole or its last layer alone (Singh et al., CVPR 2022, arXiv:2201.08371).
     */
    const char *training;
    const char *file; /* STEM-HASH.pth: HASH is the first digits of its SHA-256 */
    double accuracy;  /* top-1 % on ImageNet's validation set, as published */
    int side;         /* of the square input for which it was published */
};

/* Sorted by architecture, then training; ends with {0}. */
extern const struct published published_weights[];

/* A row, or NULL and an error that lists the trainings. */
const struct published *published_find(const char *arch, const char *training, struct error *err);

/* The row of an architecture with that file; NULL: none. */
const struct published *published_find_file(const char *arch, const char *file);

/*
 * The digits in a file's name, at least 8 of them. Errors: a name with a folder or characters that an address would
 * need to quote; none or too few digits.
 */
int published_hash(const char *file, char hash[PUBLISHED_HASH_MAX + 1], struct error *err);

#endif
