/*
 * datasets/import/import_layout.h - which of the known layouts something is. Private to the importer.
 */
#ifndef DATASETS_IMPORT_IMPORT_LAYOUT_H
#define DATASETS_IMPORT_IMPORT_LAYOUT_H

#include "datasets/import/import.h"
#include "datasets/import/import_files.h"

/*
 * Lists the pictures of options->source with their classes, in the arena, and describes its decisions in files->layout
 * and files->notes. The order is: the labels that were given; labels.csv; the root folders of Kaggle and Tiny ImageNet;
 * one folder per class; pictures in one folder with a table of labels near it, or without labels. Errors: no pictures;
 * a table that is wrong (file and line named) or does not name all pictures.
 */
int import_find_files(const struct import_options *options, struct arena *arena, struct import_files *files,
                      struct error *err);

#endif
