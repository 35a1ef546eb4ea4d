/*
 * models/class_names.h - class names of networks and of image sets, and whether the two have the same classes.
 *
 * A name may hold synonyms ("tench, Tinca tinca") if the class has a synset; the first one is shown. Case, spaces,
 * underscores and hyphens are ignored when names are compared.
 */
#ifndef MODELS_CLASS_NAMES_H
#define MODELS_CLASS_NAMES_H

#include "base/arena.h"
#include "base/error.h"
#include "datasets/imageset.h"

#include <stdbool.h>

struct class_names {
    int count;
    const char **names; /* (count) with synonyms; NULL: classes have numbers only */
    const char **ids;   /* (count) synsets, "" for a class without one; NULL: no class has one */
    const char **shown; /* (count) "golden retriever"; "crane (n02012849)" if two classes have the same name */
    bool is_assumed;    /* ImageNet's names, for a network with 1000 outputs and no names in its file */
};

/*
 * Fills `out`, in the arena, from a network's names (class_count(outputs)). With `names` NULL the classes get
 * ImageNet's names if there are 1000 of them (is_assumed), else none. Error: no memory.
 */
int class_names_of_network(int outputs, const char *const *names, struct arena *arena, struct class_names *out,
                           struct error *err);

/* The same for an image set; its count is 0 if it has no list of classes. */
int class_names_of_set(const struct imageset *set, struct arena *arena, struct class_names *out, struct error *err);

/* The text shown for class k; NULL: the class has only a number. */
const char *class_names_shown(const struct class_names *names, int k);

/*
 * Finds the class that `text` names: by name or synonym, by synset, else by number. Errors: no such class (a similar
 * name is suggested); several classes of that name (they are listed).
 */
int class_names_find(const struct class_names *names, const char *text, struct arena *scratch, int *out,
                     struct error *err);

/*
 * Whether the classes of an image set are those of a network; false: `why` names the difference. A set may have fewer
 * classes, or classes without names; each class with a name or a synset must have the network's at the same index.
 */
bool class_names_fit(const struct class_names *set, const struct class_names *network, struct error *why);

#endif
