/*
 * datasets/picture.h - a decoded picture and a decoded mask.
 */
#ifndef DATASETS_PICTURE_H
#define DATASETS_PICTURE_H

#include <stdint.h>

/* 8-bit RGB (h,w,3) in an arena. */
struct picture {
    int h, w;
    uint8_t *data;
};

/*
 * (h,w) in an arena: MASK_LABELLED where the labelled object is visible, 1..254 where other objects are (one value per
 * object), 0 elsewhere. data NULL: the image has no mask.
 */
struct mask {
    int h, w;
    uint8_t *data;
};
#define MASK_LABELLED 255

#endif
