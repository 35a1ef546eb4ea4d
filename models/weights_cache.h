/*
 * models/weights_cache.h - opens weights files of any kind; files of other programs are imported once, into a cache.
 *
 * The import is stored under the SHA-256 of the file in the user's cache folder, $XDG_CACHE_HOME/cambench/weights or
 * ~/.cache/cambench/weights, or beside the file if no cache folder can be written. It can be deleted at any time. A
 * run's identity contains the hash of the file that the config names, not of the import. Imports with a stem have names
 * of their own.
 */
#ifndef MODELS_WEIGHTS_CACHE_H
#define MODELS_WEIGHTS_CACHE_H

#include "weights/weights_file.h"

/*
 * weights_open() for PyTorch's files and safetensors too. arch: the network that the weights must belong to; NULL:
 * found by the tensors' names and shapes. stem: that of the import (weights_import.h); the project's
 * own files contain theirs. Errors: those of weights_import() and weights_open(); no place for the import.
 */
struct weights_file *weights_open_any(const char *path, const char *arch, enum stem stem, struct weights_info *info,
                                      struct error *err);

#endif
