/* base/sha256.c - digests of files, by nettle. */
#include "base/sha256.h"

#include "base/input.h"

#include <nettle/sha2.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

int file_sha256(const char *path, char hex[65], struct error *err)
{
    unsigned char digest[SHA256_DIGEST_SIZE];
    FILE *file = input_stream(path, err);
    if (!file)
        return error_prefix(err, "could not open \"%s\": ", path);
    errno = 0;
    digest_stream(file, digest);
    const int status = ferror(file) ? error_set(err, "could not read \"%s\": %s", path, strerror(errno)) : 0;
    fclose(file);
    for (int i = 0; i < SHA256_DIGEST_SIZE; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return status;
}
