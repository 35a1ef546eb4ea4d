/*
 * tests/fuzz/fuzz_tables.c - all forms of tables that come with pictures, and tables of published numbers.
 *
 * Each input is read as each kind of table: labels, synsets (text or meta.mat), a list of files, Kaggle's boxes, an
 * annotation in XML, published numbers. The pictures for the tables are in a folder that is made once.
 */
#include "bench/run/paper_numbers.h"
#include "datasets/import/import.h"
#include "datasets/import/import_layout.h"
#include "datasets/import/import_source.h"
#include "datasets/import/import_tables.h"
#include "tests/fuzz/fuzz.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMORY_MAX ((size_t)64 << 20)

FUZZ_SEEDS("tests/fuzz/corpus/tables", "tests/golden/devkit", "results/reference");

static const char *const pictures[] = {"a.jpg", "val_0.JPEG", "ILSVRC2012_val_00000001.JPEG",
                                       "ILSVRC2012_val_00000002.JPEG"};
enum { PICTURES = sizeof pictures / sizeof *pictures };

static char root[64], set[80], truth[128], input[128];

static void put(const char *folder, const char *name, const char *text)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file))
        abort(); /* a failure of the test itself */
}

static void remove_all(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", root);
    if (system(command))
        perror(root);
}

/* Makes ROOT/set with the pictures and the input as a.xml, ROOT/truth.txt, and the input as a table with an ending. */
static void prepare(const char *path)
{
    char link[PATH_MAX];
    snprintf(root, sizeof root, "/tmp/cambench-fuzz-XXXXXX");
    if (!mkdtemp(root))
        abort();
    atexit(remove_all);
    snprintf(set, sizeof set, "%s/set", root);
    mkdir(set, 0700);
    for (int i = 0; i < PICTURES; i++)
        put(set, pictures[i], "");
    put(root, "truth.txt", "1\n2\n");
    snprintf(truth, sizeof truth, "%s/truth.txt", root);
    snprintf(input, sizeof input, "%s/input.csv", root);
    snprintf(link, sizeof link, "%s/a.xml", set);
    if (symlink(path, input) || symlink(path, link))
        abort();
}

/* Fills `files` with the pictures and their labels from a table; returns 0 on success. */
static int find(const char *labels, const char *synsets, struct arena *arena, struct import_files *files)
{
    struct error err;
    const struct import_options options = {.source = set, .out = "", .labels = labels, .synsets = synsets};
    return import_find_files(&options, arena, files, &err);
}

static void look_for_boxes(const struct import_files *files, struct arena *arena)
{
    struct error err;
    struct import_boxes boxes = {0};
    const struct import_solutions *solutions = import_read_solutions(input, arena, &err);
    for (int i = 0; i < files->count; i++) {
        if (solutions)
            import_boxes_of_solutions(solutions, files, i, arena, &boxes, &err);
        import_boxes_of_xml(set, files, i, arena, &boxes, &err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    struct arena arena;
    struct import_files files;
    struct import_synsets synsets;
    struct report report = {0};
    struct error err;
    const char *tables[] = {input};
    const struct config_report config = {.reference_count = 1, .references = tables};
    if (!*root)
        prepare(path);
    arena_init(&arena, MEMORY_MAX);
    if (find(input, NULL, &arena, &files) == 0)
        look_for_boxes(&files, &arena);
    find(truth, input, &arena, &files);
    import_read_synsets(input, &arena, &synsets, &err);
    paper_numbers_read(&config, &arena, &report, &err);
    files = (struct import_files){.folder = set};
    if (import_list_folder(&files, &arena, &err) == 0 && import_name_files(&files, &arena, &err) == 0) {
        look_for_boxes(&files, &arena);
        import_keep_listed(input, &arena, &files, &err);
    }
    arena_release(&arena);
    return 0;
}
