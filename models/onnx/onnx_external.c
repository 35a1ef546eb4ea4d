/*
 * models/onnx/onnx_external.c - elements of tensors that are in a file beside the model ("external data").
 *
 * A model names the file, so it could name any file of the user's. Only a plain file in the model's own folder is read:
 * its name has no slash, and it is not a symbolic link.
 */
#include "base/input.h"
#include "base/text.h"
#include "models/onnx/onnx_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <nettle/base16.h>
#include <nettle/sha1.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARTS_FIRST 4
#define HASHED_BYTES (1 << 16)

struct onnx_part *onnx_add_part(struct onnx_state *state, const char *path, int64_t size)
{
    if (state->part_count == state->part_room) {
        const int room = state->part_room ? 2 * state->part_room : PARTS_FIRST;
        struct onnx_part *parts = arena_alloc(&state->arena, (size_t)room, sizeof *parts);
        if (!parts)
            return NULL;
        if (state->part_count)
            memcpy(parts, state->parts, (size_t)state->part_count * sizeof *parts);
        state->parts = parts;
        state->part_room = room;
    }
    struct onnx_part *part = &state->parts[state->part_count++];
    *part = (struct onnx_part){.path = path, .size = size};
    return part;
}

int onnx_external_open(const char *path, int64_t *size, struct error *err)
{
    struct stat info;
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno == ELOOP ? error_set(err, "it is a symbolic link, not a plain file")
                              : error_system(err, "%s", strerror(errno));
    if (fstat(fd, &info))
        error_system(err, "%s", strerror(errno));
    else if (!S_ISREG(info.st_mode))
        error_set(err, "it is %s, not a plain file", input_irregular(info.st_mode));
    else {
        *size = info.st_size;
        return fd;
    }
    close(fd);
    return -1;
}

/* -- checksums ----------------------------------------------------------------------------------------------------- */

static int hash_file(int fd, int64_t size, char hex[41], struct error *err)
{
    unsigned char bytes[HASHED_BYTES], digest[SHA1_DIGEST_SIZE];
    struct sha1_ctx context;
    sha1_init(&context);
    for (int64_t at = 0; at < size;) {
        const size_t part = size - at < HASHED_BYTES ? (size_t)(size - at) : HASHED_BYTES;
        if (onnx_pread(fd, at, part, bytes, err))
            return -1;
        sha1_update(&context, part, bytes);
        at += (int64_t)part;
    }
    sha1_digest(&context, sizeof digest, digest);
    base16_encode_update(hex, sizeof digest, digest);
    hex[40] = 0;
    return 0;
}

static int check_sum(struct onnx_part *part, const char *checksum, struct error *err)
{
    if (!part->checksum[0]) {
        int64_t size;
        const int fd = onnx_external_open(part->path, &size, err);
        const int status = fd < 0 ? -1 : hash_file(fd, size, part->checksum, err);
        if (fd >= 0)
            close(fd);
        if (status)
            return -1;
    }
    if (strcasecmp(part->checksum, checksum) == 0)
        return 0;
    return error_set(err, "its SHA-1 is %s, the model's checksum is \"%s\"", part->checksum, TEXT_SHOWN(checksum));
}

/* -- places -------------------------------------------------------------------------------------------------------- */

static int check_name(const char *name, struct error *err)
{
    if (!name || !*name)
        return error_set(err, "it names no file");
    if (strchr(name, '/') || strcmp(name, "..") == 0 || strcmp(name, ".") == 0)
        return error_set(err, "\"%s\" is not the name of a file in the model's folder", TEXT_SHOWN(name));
    return 0;
}

static int beside_model(struct onnx_state *state, const char *name, const char **path, struct error *err)
{
    const char *slash = strrchr(state->file.path, '/');
    const int length = slash ? (int)(slash + 1 - state->file.path) : 0;
    *path = arena_format(&state->arena, "%.*s%s", length, state->file.path, name);
    return *path ? 0 : error_memory(err, "a path");
}

static int find_part(struct onnx_state *state, const char *name, int *index, struct error *err)
{
    const char *path;
    int64_t size;
    const struct arena_mark mark = arena_mark(&state->arena);
    if (check_name(name, err) || beside_model(state, name, &path, err))
        return -1;
    for (*index = 1; *index < state->part_count; ++*index)
        if (strcmp(state->parts[*index].path, path) == 0) {
            arena_rewind(&state->arena, mark);
            return 0;
        }
    const int fd = onnx_external_open(path, &size, err);
    if (fd < 0)
        return error_prefix(err, "external data \"%s\": ", path);
    close(fd);
    return onnx_add_part(state, path, size) ? 0 : error_memory(err, "a list of files");
}

/* A number of the file, which writes it as text. */
static int read_size(const char *key, const char *text, int64_t *size, struct error *err)
{
    long long value;
    if (text && (text_to_int(text, &value) || value < 0))
        return error_set(err, "%s \"%s\" of external data is not a number of bytes", key, TEXT_SHOWN(text));
    if (text)
        *size = value;
    return 0;
}

int onnx_external_place(struct onnx_state *state, const struct onnx_external *external, int64_t bytes,
                        struct onnx_place *place, struct error *err)
{
    int64_t offset = 0, length = bytes;
    int index;
    if (read_size("offset", external->offset, &offset, err) || read_size("length", external->length, &length, err))
        return -1;
    if (length != bytes)
        return error_set(err, "its external data have %lld bytes, its shape needs %lld", (long long)length,
                         (long long)bytes);
    if (find_part(state, external->location, &index, err))
        return -1;
    struct onnx_part *part = &state->parts[index];
    if (offset > part->size || bytes > part->size - offset)
        return error_set(err, "external data \"%s\" end at byte %lld; %lld bytes from byte %lld on are needed",
                         part->path, (long long)part->size, (long long)bytes, (long long)offset);
    if (external->checksum && check_sum(part, external->checksum, err))
        return error_prefix(err, "external data \"%s\": ", part->path);
    *place = (struct onnx_place){.file = index, .offset = offset, .bytes = bytes};
    return 0;
}
