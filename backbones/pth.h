/* backbones/pth.h - what PyTorch's two formats have in common: the pickle of a state dict. */
#ifndef BACKBONES_PTH_H
#define BACKBONES_PTH_H

#include "backbones/pickle.h"

#define PTH_PICKLE_MAX ((int64_t)16 << 20) /* bytes; a network's is below 1 MiB */

/*
 * Fills the tensors and storages of a file from what torch.save() was given: a state dict, or a dict that has one
 * under a usual key. Errors: there is none; a tensor that does not fit into its storage.
 */
int pth_take_state(struct tensor_file *file, const struct pickle_value *value, struct error *err);

/* Position of the storage of that key; -1: none. */
int pth_find_storage(const struct tensor_file *file, const char *key);

#endif
