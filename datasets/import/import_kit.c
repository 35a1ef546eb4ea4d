/*
 * datasets/import/import_kit.c - labels by ImageNet's development kit.
 *
 * The kit numbers its classes in an order of its own: 1 is a fox there, not a fish. meta.mat maps each number to a
 * synset; the class index is the synset's position among the sorted ids.
 */
#include "base/text.h"
#include "datasets/import/import_source.h"
#include "datasets/import/import_tables.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TRUTH "ILSVRC2012_validation_ground_truth.txt"
#define KIT "ILSVRC2012_devkit_t12"
#define META "meta.mat"

struct kit {
    const char *path; /* for errors */
    char *truth, *meta;
    size_t truth_size, meta_size;
};

static int load_archive(const char *path, struct arena *arena, struct kit *kit, struct error *err)
{
    kit->path = path;
    if (import_read_member(path, TRUTH, IMPORT_TABLE_BYTES_MAX, arena, &kit->truth, &kit->truth_size, err) ||
        import_read_member(path, "/" META, IMPORT_TABLE_BYTES_MAX, arena, &kit->meta, &kit->meta_size, err))
        return -1;
    return kit->truth ? 0 : error_set(err, "archive \"%s\" holds no " TRUTH, path);
}

static int load_files(const char *path, struct arena *arena, struct kit *kit, struct error *err)
{
    const char *meta = arena_format(arena, "%.*s" META, (int)(import_last_part(path) - path), path);
    struct error missing;
    kit->path = path;
    if (!meta)
        return error_memory(err, "the ground truth");
    if (import_read_file(path, IMPORT_TABLE_BYTES_MAX, arena, &kit->truth, &kit->truth_size, err))
        return error_prefix(err, "\"%s\": ", path);
    if (import_read_file(meta, IMPORT_TABLE_BYTES_MAX, arena, &kit->meta, &kit->meta_size, &missing))
        kit->meta = NULL;
    return 0;
}

static int load_folder(const char *path, struct arena *arena, struct kit *kit, struct error *err)
{
    static const char *const places[] = {"data/" TRUTH, TRUTH, KIT "/data/" TRUTH};
    struct stat info;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *truth = arena_format(arena, "%s/%s", path, places[i]);
        if (!truth)
            return error_memory(err, "the ground truth");
        if (stat(truth, &info) == 0)
            return load_files(truth, arena, kit, err);
    }
    return error_set(err, "folder \"%s\" holds no " TRUTH, path);
}

static int load_kit(const char *path, struct arena *arena, struct kit *kit, struct error *err)
{
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return load_folder(path, arena, kit, err);
    return import_is_archive(path) ? load_archive(path, arena, kit, err) : load_files(path, arena, kit, err);
}

/* -- from numbers to classes --------------------------------------------------------------------------------------- */

struct truth {
    int line_count, class_count;
    int *numbers;  /* (line_count) */
    int *class_of; /* (class_count + 1) by number; -1 none */
};

static int map_numbers(const struct kit *kit, const struct import_synsets *synsets, struct arena *arena,
                       struct truth *truth, struct error *err)
{
    for (int k = 0; k < synsets->count; k++)
        if (synsets->rows[k].number > truth->class_count)
            truth->class_count = synsets->rows[k].number;
    truth->class_of = arena_alloc(arena, (size_t)truth->class_count + 1, sizeof *truth->class_of);
    if (!truth->class_of)
        return error_memory(err, "the ground truth");
    for (int number = 0; number <= truth->class_count; number++)
        truth->class_of[number] = -1;
    for (int k = 0; k < synsets->count; k++) {
        int *place = &truth->class_of[synsets->rows[k].number];
        if (synsets->rows[k].number == 0)
            return error_set(err, "\"%s\": the synsets come without the kit's numbers; needed: its " META, kit->path);
        if (*place >= 0)
            return error_set(err, "\"%s\": two synsets have the number %d", kit->path, synsets->rows[k].number);
        *place = k;
    }
    return 0;
}

static int read_numbers(const struct kit *kit, struct arena *arena, struct truth *truth, struct error *err)
{
    char *text = kit->truth, shown[64];
    size_t size = kit->truth_size;
    if (text_skip_mark(&text, &size, err))
        return error_prefix(err, "\"%s\": ", kit->path);
    for (char *word; (word = strsep(&text, "\n"));) {
        long long number;
        word[strcspn(word, " \t\r")] = 0;
        if (!word[0] && (!text || !*text))
            break;
        truth->numbers = import_make_room(truth->numbers, truth->line_count, sizeof *truth->numbers, arena);
        if (!truth->numbers)
            return error_memory(err, "the ground truth");
        if (text_to_int(word, &number) || number < 1 || number > truth->class_count || truth->class_of[number] < 0)
            return error_set(err, "\"%s\", line %d: \"%s\" is not one of the kit's classes", kit->path,
                             truth->line_count + 1, text_printable(word, shown, sizeof shown));
        truth->numbers[truth->line_count++] = (int)number;
    }
    return 0;
}

/* 17 of "ILSVRC2012_val_00000017.JPEG"; 0: none. */
static long long number_of(const char *path, struct arena *scratch)
{
    static const char mark[] = "_val_";
    const char *stem = import_stem(path, scratch), *digits = stem ? strstr(stem, mark) : NULL;
    long long number;
    return digits && text_to_int(digits + strlen(mark), &number) == 0 ? number : 0;
}

static void label_files(const struct truth *truth, struct arena *arena, struct import_files *files)
{
    for (int i = 0; i < files->count; i++) {
        const struct arena_mark mark = arena_mark(arena);
        const long long number = number_of(files->files[i].path, arena);
        arena_rewind(arena, mark);
        const bool is_known = number >= 1 && number <= truth->line_count;
        files->files[i].label = is_known ? truth->class_of[truth->numbers[number - 1]] : IMPORT_UNNAMED;
    }
}

int import_label_by_kit(const char *path, const struct import_synsets *synsets, struct arena *arena,
                        struct import_files *files, struct error *err)
{
    struct kit kit = {0};
    struct truth truth = {0};
    struct import_synsets meta;
    if (load_kit(path, arena, &kit, err))
        return -1;
    if (!synsets && !kit.meta)
        return error_set(err, "\"%s\" comes without its " META ", which maps its numbers to synsets", kit.path);
    if (!synsets && import_parse_synsets(kit.meta, kit.meta_size, arena, &meta, err))
        return error_prefix(err, "\"%s\": " META ": ", kit.path);
    if (!synsets)
        synsets = &meta;
    if (map_numbers(&kit, synsets, arena, &truth, err) || read_numbers(&kit, arena, &truth, err))
        return -1;
    label_files(&truth, arena, files);
    return import_use_synsets(synsets, files, arena, err);
}
