/*
 * weights/pth_legacy.c - the format of torch.save() before PyTorch 1.6, and of torchvision's oldest files.
 *
 * Five pickles follow each other: a magic number, the protocol's version, facts about the machine, the object, the list
 * of storages' keys. After them, each key has a 64-bit count and that many elements.
 */
#include "weights/pth.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define VERSION 1001
#define STORAGES_MAX 32768 /* enough for a network, its averaged copy and its optimizer */
#define FRAME 0x95         /* opcode after the protocol, from protocol 4 on */
#define MAGIC_BYTES 15     /* the first pickle, which tensor_file.c has compared */
#define FRAMED_BYTES 24    /* with a frame */

struct reader {
    struct tensor_file *file;
    const unsigned char *bytes; /* of the file's start, as far as pickles may go */
    size_t size, at;
    struct pickle_values storages; /* of the whole object, sorted by key later */
};

static const struct pickle_value *next(struct reader *reader, struct error *err)
{
    return pickle_read(reader->bytes, reader->size, &reader->at, &reader->file->arena, &reader->storages, err);
}

static int check_machine(struct reader *reader, struct error *err)
{
    const struct pickle_value *version = next(reader, err), *machine = version ? next(reader, err) : NULL;
    if (!machine)
        return -1;
    if (version->kind != PICKLE_NUMBER || version->number != VERSION)
        return error_set(err, "is of PyTorch's old format, but not of its version %d", VERSION);
    const struct pickle_value *is_little = pickle_get(machine, "little_endian");
    if (is_little && is_little->kind == PICKLE_NUMBER && !is_little->number)
        return error_set(
            err, "is of PyTorch's old format, written by a big-endian machine; only little-endian files are read");
    return 0;
}

static int compare_keys(const void *a, const void *b)
{
    const struct pickle_value *const *x = a, *const *y = b;
    return strcmp((*x)->storage.key, (*y)->storage.key);
}

static const struct tensor_storage *find_storage(const struct pickle_values *storages, const struct pickle_value *key)
{
    struct pickle_value wanted = {.storage = {.key = key->kind == PICKLE_TEXT ? key->text : ""}}, *at = &wanted;
    struct pickle_value **found =
        storages->count ? bsearch(&at, storages->items, (size_t)storages->count, sizeof *storages->items, compare_keys)
                        : NULL;
    return found ? &(*found)->storage : NULL;
}

/*
 * The data of a storage begin at *offset; those of the next one follow. Most data of a checkpoint belong to its
 * optimizer.
 */
static int place_storage(struct reader *reader, const struct pickle_value *key, int64_t *offset, struct error *err)
{
    struct tensor_file *file = reader->file;
    unsigned char bytes[sizeof(int64_t)];
    char shown[64];
    int64_t count = 0;
    const struct tensor_storage *storage = find_storage(&reader->storages, key);
    if (!storage)
        return error_set(err, "it has data of storage \"%s\", which its pickle does not name",
                         key->kind == PICKLE_TEXT ? text_printable(key->text, shown, sizeof shown) : "");
    text_printable(storage->key, shown, sizeof shown);
    if (tensor_file_bytes(file, *offset, sizeof bytes, bytes, err))
        return -1;
    for (size_t b = 0; b < sizeof bytes; b++)
        count |= (int64_t)((uint64_t)bytes[b] << (8 * b));
    if (count != storage->count)
        return error_set(err, "its storage \"%s\" has %lld values, its pickle says %lld", shown, (long long)count,
                         (long long)storage->count);
    if (count < 0 || count > (file->size - *offset) / storage->scalar->bytes)
        return error_set(err, "it is cut short: storage \"%s\"", shown);
    const int i = pth_find_storage(file, storage->key);
    if (i >= 0)
        file->storages[i].offset = *offset + (int64_t)sizeof bytes;
    *offset += (int64_t)sizeof bytes + count * storage->scalar->bytes;
    return *offset > file->size ? error_set(err, "it is cut short: storage \"%s\"", shown) : 0;
}

static int place_storages(struct reader *reader, const struct pickle_value *keys, struct error *err)
{
    const struct tensor_file *file = reader->file;
    struct pickle_values *storages = &reader->storages;
    int64_t offset = (int64_t)reader->at;
    if (keys->kind != PICKLE_LIST || keys->count > STORAGES_MAX)
        return error_set(err, "its list of storages is damaged");
    if (storages->count)
        qsort(storages->items, (size_t)storages->count, sizeof *storages->items, compare_keys);
    for (int i = 0; i < keys->count; i++)
        if (place_storage(reader, keys->items[i], &offset, err))
            return -1;
    for (int i = 0; i < file->storage_count; i++)
        if (file->storages[i].offset < 0)
            return error_set(err, "its list of storages is damaged: one is missing");
    return 0;
}

static int read_pickles(struct reader *reader, struct error *err)
{
    if (check_machine(reader, err))
        return -1;
    const struct pickle_value *state = next(reader, err);
    if (!state || pth_take_state(reader->file, state, err))
        return -1;
    const struct pickle_value *keys = next(reader, err);
    return keys ? place_storages(reader, keys, err) : -1;
}

int pth_legacy_open(struct tensor_file *file, struct error *err)
{
    const size_t size = (size_t)(file->size < PTH_PICKLE_MAX ? file->size : PTH_PICKLE_MAX);
    unsigned char *bytes = arena_alloc(&file->arena, size, 1);
    if (!bytes)
        return error_memory(err, "the pickle");
    if (tensor_file_bytes(file, 0, size, bytes, err))
        return -1;
    struct reader reader = {
        .file = file, .bytes = bytes, .size = size, .at = bytes[2] == FRAME ? FRAMED_BYTES : MAGIC_BYTES};
    file->format = "PyTorch, before 1.6";
    file->read = tensor_file_read_placed;
    return read_pickles(&reader, err);
}
