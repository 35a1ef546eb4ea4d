/* weights/pth.h - the common part of PyTorch's two formats: the pickle of a state dict. */
#ifndef WEIGHTS_PTH_H
#define WEIGHTS_PTH_H

#include "weights/pickle.h"

#define PTH_PICKLE_MAX ((int64_t)16 << 20) /* bytes; a network's is below 1 MiB */

/*
 * Fills the tensors and storages of a file from torch.save()'s argument, and lists its other content (pth_find_state).
 * Errors: there is no state dict; a tensor that does not fit into its storage.
 */
int pth_take_state(struct tensor_file *file, const struct pickle_value *value, struct error *err);

/* Position of the storage of that key; -1: none. */
int pth_find_storage(const struct tensor_file *file, const char *key);

struct pth_entry {
    const char *name;
    const struct pickle_value *value;
};

/* A state dict: names and their values, most of which are tensors. */
struct pth_state {
    int count, capacity, tensors; /* tensors: how many entries are tensors */
    struct pth_entry *entries;
};

/*
 * Finds the state dict of a checkpoint (weights/pth_state.c): the one under file->key, else the one under the first
 * usual key ("state_dict", "model" ...), else the value itself. It may also be a network that was pickled whole, or by
 * TorchScript. Fills file->taken, others and entries. Errors: there is none, or there are several without a usual key.
 */
int pth_find_state(struct tensor_file *file, const struct pickle_value *value, struct pth_state *state,
                   struct error *err);

#endif
