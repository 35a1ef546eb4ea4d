/*
 * datasets/import/import_tables.h - tables of the classes and boxes of pictures. Private to the importer.
 */
#ifndef DATASETS_IMPORT_IMPORT_TABLES_H
#define DATASETS_IMPORT_IMPORT_TABLES_H

#include "datasets/import/import_files.h"

/* -- synsets: ImageNet's classes, sorted by id, which is torchvision's order --------------------------------------- */

struct import_synset {
    const char *id, *name; /* "n01440764", "tench, Tinca tinca" */
    int number;            /* the development kit's own, from 1; 0: not known */
};

struct import_synsets {
    int count;
    struct import_synset *rows;
};

bool import_is_synset(const char *id, size_t length); /* "n" and 8 digits */

/*
 * A text file of lines "n01440764 tench, Tinca tinca" (LOC_synset_mapping.txt; the name may be missing), or the
 * development kit's meta.mat, by their content. Errors name the file, and the line.
 */
int import_read_synsets(const char *path, struct arena *arena, struct import_synsets *synsets, struct error *err);

/* Parses the bytes of such a file in place; they must end in a NUL and stay. Errors do not name the file. */
int import_parse_synsets(char *bytes, size_t size, struct arena *arena, struct import_synsets *synsets,
                         struct error *err);

int import_find_synset(const struct import_synsets *synsets, const char *id); /* position, -1: none */

/* All of them become the classes of the files. */
int import_use_synsets(const struct import_synsets *synsets, struct import_files *files, struct arena *arena,
                       struct error *err);

/* -- the development kit ------------------------------------------------------------------------------------------- */

/*
 * Labels from ILSVRC2012_validation_ground_truth.txt (the n-th line is about the picture whose name ends in the number
 * n) and meta.mat, which maps its numbers to synsets. `path`: that text file with meta.mat beside it, the folder of the
 * kit, or the kit's .tar.gz. `synsets`: instead of meta.mat, NULL: none.
 */
int import_label_by_kit(const char *path, const struct import_synsets *synsets, struct arena *arena,
                        struct import_files *files, struct error *err);

/* -- Kaggle: ImageId,PredictionString ------------------------------------------------------------------------------ */

/* Reads a CSV like LOC_val_solution.csv, into the arena; NULL with err, which names file and line. */
const struct import_solutions *import_read_solutions(const char *path, struct arena *arena, struct error *err);

/* The first synset of each row, in the arena; a synset may appear many times. */
int import_synsets_of_solutions(const struct import_solutions *solutions, struct arena *arena, const char ***ids,
                                int *count, struct error *err);

/*
 * Sets labels by the first synset of each picture's row, all listed in `synsets`; IMPORT_UNNAMED: a picture has no row.
 */
void import_label_by_solutions(const struct import_solutions *solutions, const struct import_synsets *synsets,
                               struct arena *scratch, struct import_files *files);

/*
 * For other forms of tables: add rows, then sort. `objects`: "n03995372 85 1 499 272". Error: a picture appears twice.
 */
struct import_solutions *import_make_solutions(const char *path, struct arena *arena, struct error *err);
int import_add_solution(struct import_solutions *solutions, const char *image, const char *objects, int line,
                        struct arena *arena, struct error *err);
int import_sort_solutions(struct import_solutions *solutions, struct error *err);

/* -- Tiny ImageNet ------------------------------------------------------------------------------------------------- */

/*
 * Reads val_annotations.txt: "val_0.JPEG", synset and box, separated by tabs. NULL with err, which names file and line.
 */
const struct import_solutions *import_read_annotations(const char *path, struct arena *arena, struct error *err);

/* Reads the boxes of training pictures, SYNSET/SYNSET_boxes.txt below `common`, if any, into files->solutions. */
int import_find_tiny_boxes(struct import_files *files, size_t common, struct arena *arena, struct error *err);

/* -- boxes --------------------------------------------------------------------------------------------------------- */

/* Half-open: pixels x0 <= x < x1. The files' own numbers count from 0 and include the last pixel. */
struct import_box {
    int file;
    int64_t x0, y0, x1, y1; /* perhaps beyond the picture's sides */
};

struct import_boxes {
    int count;
    struct import_box *rows;
};

/* Adds those of the class that the file has; none if the table does not know it. Errors name table and line. */
int import_boxes_of_solutions(const struct import_solutions *solutions, const struct import_files *files, int file,
                              struct arena *arena, struct import_boxes *boxes, struct error *err);

/* The same from FOLDER/NAME.xml or FOLDER/ID/NAME.xml; none if there is no such file. Errors name the file. */
int import_boxes_of_xml(const char *folder, const struct import_files *files, int file, struct arena *arena,
                        struct import_boxes *boxes, struct error *err);

int import_add_box(struct import_boxes *boxes, const struct import_box *box, struct arena *arena, struct error *err);

#endif
