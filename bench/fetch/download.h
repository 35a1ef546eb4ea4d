/*
 * bench/fetch/download.h - downloads one file whose SHA-256 is known, over HTTPS or HTTP, or from a folder (file://).
 *
 * An incomplete file is kept as PATH.part, and the next download continues it. If the server cannot resume and sends
 * the file from the start, the new bytes replace the old ones. If the whole does not have the expected SHA-256, a
 * continued file is downloaded once more from the start. At most 10 redirects are followed, and only to HTTPS or from
 * HTTP to HTTP. Certificates are always verified. Sizes that a server announces are not trusted.
 */
#ifndef BENCH_FETCH_DOWNLOAD_H
#define BENCH_FETCH_DOWNLOAD_H

#include "base/error.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define DOWNLOAD_STALL_SECONDS 60
#define DOWNLOAD_URL_MAX 4096

struct download {
    const char *url, *path;
    const char *sha256;                /* the first hex digits of the expected hash, lower case */
    int stall_seconds;                 /* give up after so long below 1 kB/s */
    const volatile sig_atomic_t *stop; /* when set, ends soon and keeps the bytes received */
    FILE *stream;                      /* for progress; NULL: none */
    bool is_terminal;                  /* whether the stream is a terminal */
};

struct download_result {
    int64_t bytes;       /* of the file */
    int64_t kept;        /* of these, bytes from an earlier download */
    bool was_there;      /* the whole file existed already, and no request was made */
    bool is_unreachable; /* no server answered */
    char sha256[65];
};

enum download_status { DOWNLOAD_FAILED = -1, DOWNLOAD_DONE, DOWNLOAD_STOPPED };

/*
 * Downloads the file to its path. An existing file with the expected hash is kept, any other is replaced.
 * DOWNLOAD_FAILED with err: no server; no such file; cut or stalled (received bytes are kept); another SHA-256
 * (received bytes are removed); not writable; disk full; PATH.part in use by another process.
 */
int download_file(const struct download *download, struct download_result *result, struct error *err);

/* Whether the scheme of an address is supported: https, http, file. */
bool download_is_url(const char *url);

/* Whether a redirect from `from` to `to` is followed. */
bool download_may_follow(const char *from, const char *to);

/* The address without user and password, fit to be shown and stored. Returns out. */
const char *download_show_url(const char *url, char *out, size_t size);

#endif
