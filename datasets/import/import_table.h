/*
 * datasets/import/import_table.h - tables of labels in their usual forms: the class of each picture. Private to the importer.
 */
#ifndef DATASETS_IMPORT_IMPORT_TABLE_H
#define DATASETS_IMPORT_IMPORT_TABLE_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>

enum import_table_form {
    IMPORT_TABLE_CSV,         /* with a line of names: file,class_index; ImageId,Class */
    IMPORT_TABLE_LINES,       /* "NAME INDEX", as Caffe's val.txt */
    IMPORT_TABLE_ANNOTATIONS, /* Tiny ImageNet's: name, synset and box, with tabs */
    IMPORT_TABLE_SOLUTIONS,   /* Kaggle's ImageId,PredictionString */
    IMPORT_TABLE_TRUTH        /* numbers alone: the development kit's */
};

/* The content of the column of classes. */
enum import_table_classes { IMPORT_TABLE_NUMBERS, IMPORT_TABLE_SYNSETS, IMPORT_TABLE_WORDS };

struct import_row {
    const char *file, *klass;
    const char *synset, *name; /* of the class; "" none */
    int label;                 /* of IMPORT_TABLE_NUMBERS; -1 unknown */
    int line;
};

/* A table of the forms CSV and LINES. */
struct import_table {
    const char *path;
    bool is_list;   /* its column is called "file": it lists the files of the set */
    bool has_index; /* its column of classes is called "class_index" */
    bool has_names;
    enum import_table_classes classes;
    int count;
    struct import_row *rows;
};

/* Recognises the form by the content. Errors: the file cannot be read, or its form is not known; they name the file. */
int import_table_form(const char *path, struct arena *arena, enum import_table_form *form, struct error *err);

/* Reads the rows. Errors name file and line. */
int import_read_table(const char *path, enum import_table_form form, struct arena *arena, struct import_table *table,
                      struct error *err);

#endif
