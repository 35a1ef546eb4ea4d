/* datasets/import/import_synsets.c - ImageNet's classes from LOC_synset_mapping.txt or meta.mat. */
#include "base/text.h"
#include "datasets/import/import_tables.h"
#include "datasets/import/matlab_read.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ID_LENGTH 9

bool import_is_synset(const char *id, size_t length)
{
    if (length != ID_LENGTH || id[0] != 'n')
        return false;
    for (int i = 1; i < ID_LENGTH; i++)
        if (!isdigit((unsigned char)id[i]))
            return false;
    return true;
}

static int add_synset(struct import_synsets *synsets, const char *id, const char *name, int number, struct arena *arena,
                      struct error *err)
{
    char shown[64];
    if (!import_is_synset(id, strlen(id)))
        return error_set(err, "\"%s\" is not a synset, such as n01440764", text_printable(id, shown, sizeof shown));
    if (synsets->count == IMPORT_CLASSES_MAX)
        return error_set(err, "more than %d classes", IMPORT_CLASSES_MAX);
    synsets->rows = import_make_room(synsets->rows, synsets->count, sizeof *synsets->rows, arena);
    if (!synsets->rows)
        return error_memory(err, "a list of synsets");
    synsets->rows[synsets->count++] = (struct import_synset){id, name[0] ? name : id, number};
    return 0;
}

static int read_lines(char *text, struct arena *arena, struct import_synsets *synsets, struct error *err)
{
    int line = 1;
    for (char *id; (id = strsep(&text, "\n")); line++) {
        id[strcspn(id, "\r")] = 0;
        char *name = id + strcspn(id, " \t");
        if (*name)
            *name++ = 0;
        name += strspn(name, " \t");
        if ((id[0] || name[0]) && add_synset(synsets, id, name, 0, arena, err))
            return error_prefix(err, "line %d: ", line);
    }
    return 0;
}

/* Synsets that have children are not classes. */
static int read_matlab(const char *bytes, size_t size, struct arena *arena, struct import_synsets *synsets,
                       struct error *err)
{
    static const char *const names[] = {"ILSVRC2012_ID", "WNID", "words", "num_children"};
    enum { NUMBER, ID, WORDS, CHILDREN, FIELDS };
    struct matlab_structs structs;
    int field[FIELDS];
    if (matlab_read_structs(bytes, size, "synsets", arena, &structs, err))
        return -1;
    for (int i = 0; i < FIELDS; i++)
        if ((field[i] = matlab_field(&structs, names[i])) < 0)
            return error_set(err, "array \"synsets\" has no field \"%s\"", names[i]);
    for (int i = 0; i < structs.count; i++) {
        double number, children;
        const char *id, *words;
        if (matlab_number(&structs, i, field[NUMBER], &number, err) ||
            matlab_number(&structs, i, field[CHILDREN], &children, err) ||
            matlab_text(&structs, i, field[ID], arena, &id, err) ||
            matlab_text(&structs, i, field[WORDS], arena, &words, err))
            return -1;
        if (!(number >= 1 && number <= IMPORT_CLASSES_MAX))
            return error_set(err, "entry %d: ILSVRC2012_ID is %g", i + 1, number);
        if (children == 0 && add_synset(synsets, id, words, (int)number, arena, err))
            return -1;
    }
    return 0;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(((const struct import_synset *)a)->id, ((const struct import_synset *)b)->id);
}

static int sort_synsets(struct import_synsets *synsets, struct error *err)
{
    if (synsets->count == 0)
        return error_set(err, "holds no synsets");
    qsort(synsets->rows, (size_t)synsets->count, sizeof *synsets->rows, compare_ids);
    for (int i = 1; i < synsets->count; i++)
        if (compare_ids(&synsets->rows[i - 1], &synsets->rows[i]) == 0)
            return error_set(err, "synset \"%s\" appears twice", synsets->rows[i].id);
    return 0;
}

int import_parse_synsets(char *bytes, size_t size, struct arena *arena, struct import_synsets *synsets,
                         struct error *err)
{
    *synsets = (struct import_synsets){0};
    const bool is_matlab = matlab_is_file(bytes, size);
    if (!is_matlab && text_skip_mark(&bytes, &size, err))
        return -1;
    const int status =
        is_matlab ? read_matlab(bytes, size, arena, synsets, err) : read_lines(bytes, arena, synsets, err);
    return status ? -1 : sort_synsets(synsets, err);
}

int import_read_synsets(const char *path, struct arena *arena, struct import_synsets *synsets, struct error *err)
{
    char *bytes;
    size_t size;
    if (import_read_file(path, IMPORT_TABLE_BYTES_MAX, arena, &bytes, &size, err) ||
        import_parse_synsets(bytes, size, arena, synsets, err))
        return error_prefix(err, "\"%s\": ", path);
    return 0;
}

int import_find_synset(const struct import_synsets *synsets, const char *id)
{
    const struct import_synset key = {.id = id};
    const struct import_synset *found =
        bsearch(&key, synsets->rows, (size_t)synsets->count, sizeof *synsets->rows, compare_ids);
    return found ? (int)(found - synsets->rows) : -1;
}

int import_use_synsets(const struct import_synsets *synsets, struct import_files *files, struct arena *arena,
                       struct error *err)
{
    for (int k = 0; k < synsets->count; k++)
        if (import_add_class(files, synsets->rows[k].id, synsets->rows[k].name, arena, err))
            return -1;
    return 0;
}
