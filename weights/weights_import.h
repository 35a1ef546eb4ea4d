/*
 * weights/weights_import.h - converts other programs' weights to the project's (weights/weights_file.h).
 *
 * Reads PyTorch's .pth and .pt of both formats and safetensors (weights/tensor_file.h), and the project's own HDF5,
 * of which it makes a checked copy. It finds the state dict of a checkpoint (weights/pth_state.c), and in it the
 * network among losses and teachers (weights/weights_match.h). It drops "module." anywhere, the prefix of the
 * network's names, counters, and heads that only training needs. timm's names become torchvision's
 * (weights/weights_naming.h). Names and shapes must then be exactly the network's; they determine its number of
 * classes and width. info.note lists what was chosen or left out.
 */
#ifndef WEIGHTS_WEIGHTS_IMPORT_H
#define WEIGHTS_WEIGHTS_IMPORT_H

#include "weights/weights_file.h"

struct weights_import {
    const char *path, *out;
    const char *arch;                     /* NULL: the one network whose names and shapes these are */
    const char *key;                      /* the state dict's in a checkpoint, or a prefix of names; NULL: search */
    const char *sha256;                   /* of the file at `path`, for the attributes */
    const char *source;                   /* where it comes from; NULL: its name */
    double accuracy;                      /* top-1 %; negative: not known */
    struct picture_input input;           /* that the network was trained with, as far as it is known */
    enum stem stem;                       /* STEM_USUAL: not given */
    enum transform_input transform_input; /* TRANSFORM_USUAL: not known, or as the project's own file says */
};

struct weights_imported {
    struct weights_info info;
    int tensor_count;
    const char *format, *names; /* for display: "safetensors", "timm's names"; constants */
};

/*
 * The file at `out` appears whole or not at all. Errors begin with `weights "PATH": ` and name the tensor and both
 * shapes, or what in the file is not right; nothing of the tensors' data is read before all shapes fit.
 */
int weights_import(const struct weights_import *what, struct weights_imported *imported, struct error *err);

#endif
