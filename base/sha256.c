/* base/sha256.c - digests of files and folders, by nettle. */
#include "base/sha256.h"

#include "base/file.h"
#include "base/input.h"

#include <nettle/sha2.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEVELS_MAX 32

/* nettle needs no setup and allocates nothing, so that this cannot fail. */
static void digest_stream(FILE *file, unsigned char digest[SHA256_DIGEST_SIZE])
{
    unsigned char bytes[1 << 16];
    struct sha256_ctx context;
    size_t size;
    sha256_init(&context);
    while ((size = fread(bytes, 1, sizeof bytes, file)) > 0)
        sha256_update(&context, size, bytes);
    sha256_digest(&context, SHA256_DIGEST_SIZE, digest);
}

static void write_hex(const unsigned char digest[SHA256_DIGEST_SIZE], char hex[65])
{
    for (int i = 0; i < SHA256_DIGEST_SIZE; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static int digest_file(const char *path, unsigned char digest[SHA256_DIGEST_SIZE], struct error *err)
{
    FILE *file = input_stream(path, err);
    if (!file)
        return error_prefix(err, "could not open \"%s\": ", path);
    errno = 0;
    digest_stream(file, digest);
    const int status = ferror(file) ? error_set(err, "could not read \"%s\": %s", path, strerror(errno)) : 0;
    fclose(file);
    return status;
}

int file_sha256(const char *path, char hex[65], struct error *err)
{
    unsigned char digest[SHA256_DIGEST_SIZE] = {0};
    const int status = digest_file(path, digest, err);
    write_hex(digest, hex);
    return status;
}

/* -- folders -------------------------------------------------------------------------------------------------------- */

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_folder(struct sha256_ctx *context, const char *path, size_t root, int level, struct error *err);

/* Adds the path below the root, and the bytes of the file or the content of the folder. */
static int add_entry(struct sha256_ctx *context, const char *path, size_t root, int level, struct error *err)
{
    unsigned char digest[SHA256_DIGEST_SIZE];
    if (file_is_folder(path))
        return add_folder(context, path, root, level + 1, err);
    if (digest_file(path, digest, err))
        return -1;
    sha256_update(context, strlen(path + root) + 1, (const unsigned char *)path + root);
    sha256_update(context, sizeof digest, digest);
    return 0;
}

static int add_folder(struct sha256_ctx *context, const char *path, size_t root, int level, struct error *err)
{
    struct dirent **entries;
    if (level > LEVELS_MAX)
        return error_set(err, "folder \"%s\": has more than %d levels", path, LEVELS_MAX);
    const int count = scandir(path, &entries, is_shown, by_bytes);
    if (count < 0)
        return error_set(err, "could not read folder \"%s\": %s", path, strerror(errno));
    int status = 0;
    for (int i = 0; i < count; i++) {
        char inside[PATH_MAX];
        if (!status)
            status = file_join(inside, path, entries[i]->d_name, err) || add_entry(context, inside, root, level, err);
        free(entries[i]);
    }
    free(entries);
    return status ? -1 : 0;
}

int path_sha256(const char *path, char hex[65], struct error *err)
{
    unsigned char digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx context;
    if (!file_is_folder(path))
        return file_sha256(path, hex, err);
    sha256_init(&context);
    if (add_folder(&context, path, strlen(path), 1, err))
        return -1;
    sha256_digest(&context, sizeof digest, digest);
    write_hex(digest, hex);
    return 0;
}
