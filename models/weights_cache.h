/*
 * models/weights_cache.h - weights files of any kind are opened; what others have written is imported once.
 *
 * The import of a file is in the user's cache folder, $XDG_CACHE_HOME/cambench/weights or ~/.cache/cambench/weights,
 * under the SHA-256 of the file, or beside the file where no cache folder can be written. It can be deleted at any
 * time. A run's identity is the hash of the file that the config names, not of the import.
 */
#ifndef MODELS_WEIGHTS_CACHE_H
#define MODELS_WEIGHTS_CACHE_H

#include "weights/weights_file.h"

/*
 * weights_open() for PyTorch's files and safetensors too. arch: the network they must be of; NULL: found by names and
 * shapes. Errors: those of weights_import() and weights_open(); no place for the import.
 */
struct weights_file *weights_open_any(const char *path, const char *arch, struct weights_info *info, struct error *err);

#endif
