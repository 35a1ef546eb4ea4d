/*
 * backbones/pth_legacy.c - what torch.save() wrote before PyTorch 1.6, and what torchvision's oldest files are.
 *
 * Five pickles one after the other: a magic number, the protocol's version, facts of the machine, the object, the list
 * of storages' keys. Then for each key a 64-bit count and that many elements.
 */
#include "backbones/pth.h"

#include "base/text.h"

#include <string.h>

#define VERSION 1001
#define FRAME 0x95      /* opcode behind the protocol, from protocol 4 on */
#define MAGIC_BYTES 15  /* the first pickle, which tensor_file.c has compared */
#define FRAMED_BYTES 24 /* with a frame */

struct reader {
    struct tensor_file *file;
    const unsigned char *bytes; /* of the file's start, as far as pickles may go */
    size_t size, at;
};

static const struct pickle_value *next(struct reader *reader, struct error *err)
{
    return pickle_read(reader->bytes, reader->size, &reader->at, &reader->file->arena, err);
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
        return error_set(err, "is of PyTorch's old format, written by a big-endian machine: not read");
    return 0;
}

static int place_storage(struct tensor_file *file, const struct pickle_value *key, int64_t *offset, struct error *err)
{
    unsigned char bytes[sizeof(int64_t)];
    char shown[64];
    int64_t count = 0;
    const int i = key->kind == PICKLE_TEXT ? pth_find_storage(file, key->text) : -1;
    if (i < 0)
        return error_set(err, "its data belong to no tensor: storage \"%s\"",
                         key->kind == PICKLE_TEXT ? text_printable(key->text, shown, sizeof shown) : "");
    struct tensor_storage *storage = &file->storages[i];
    text_printable(storage->key, shown, sizeof shown);
    if (tensor_file_bytes(file, *offset, sizeof bytes, bytes, err))
        return -1;
    for (size_t b = 0; b < sizeof bytes; b++)
        count |= (int64_t)((uint64_t)bytes[b] << (8 * b));
    if (count != storage->count)
        return error_set(err, "its storage \"%s\" has %lld values, its pickle says %lld", shown, (long long)count,
                         (long long)storage->count);
    storage->offset = *offset + (int64_t)sizeof bytes;
    *offset = storage->offset + count * storage->scalar->bytes;
    return *offset > file->size ? error_set(err, "it is cut short: storage \"%s\"", shown) : 0;
}

static int place_storages(struct tensor_file *file, const struct pickle_value *keys, int64_t offset, struct error *err)
{
    if (keys->kind != PICKLE_LIST || keys->count > TENSOR_FILE_COUNT_MAX)
        return error_set(err, "its list of storages is damaged");
    for (int i = 0; i < keys->count; i++)
        if (place_storage(file, keys->items[i], &offset, err))
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
    return keys ? place_storages(reader->file, keys, (int64_t)reader->at, err) : -1;
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
