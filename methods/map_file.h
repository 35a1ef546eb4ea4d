/*
 * methods/map_file.h - maps that another program has made: in an HDF5 file, or a folder of .npy files.
 *
 * Maps are looked up by the input that is explained (cam_input_name()), the backbone, a method's name and the image. In
 * HDF5, dataset `map` or `maps` (n,h,w) of the first of these groups that exists: /NETWORK/METHOD/INPUT, /METHOD/INPUT,
 * /INPUT, where METHOD is the given name or the label; for the original input without INPUT, and then also the only dataset of rank 3 in the file. Beside the dataset
 * or at the top of the file: `name` (or names, image_name; n texts), else `image` (n positions in the image set), else rows
 * are positions; and `class` (n), which must be the explained one. In a folder, IMAGE.npy (h,w) or (1,h,w) in the subfolder
 * of that name, IMAGE with or without its extension.
 */
#ifndef METHODS_MAP_FILE_H
#define METHODS_MAP_FILE_H

#include "methods/method.h"

struct map_file;

/* Opens a file or folder; its memory is from the arena, which must outlive it. NULL with err. */
struct map_file *map_file_open(const char *path, struct arena *arena, struct error *err);
void map_file_close(struct map_file *file); /* NULL is fine */

/* A map found, of size (h,w). */
struct map_found {
    int h, w;
    const void *group; /* of HDF5: where it is */
    int row;
    const float *data; /* of a .npy file, until the next call; NULL: map_file_read() reads it */
};

/*
 * Finds the map of the image and input that `cam` explains; `method`: the name in the file. 0, or -1 with the context's
 * error, which names what is missing: the dataset, the image, the class, or a size larger than the input's.
 */
int map_file_find(struct map_file *file, struct cam *cam, const char *method, struct map_found *found);

/* Writes a map that was found, (h,w). */
int map_file_read(struct map_file *file, struct cam *cam, const struct map_found *found, float *map);

#endif
