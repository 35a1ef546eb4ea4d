/*
 * bench/fetch/download.h - one file whose SHA-256 is known, over HTTPS or HTTP, or from a folder (file://).
 *
 * While bytes are missing the file is PATH.part, and the next download goes on from there. The server need not be able
 * to: bytes sent from the start replace those that are there, and bytes that do not fit together are fetched once more,
 * from the start. Redirects are followed, at most 10, but only to HTTPS, or from HTTP to HTTP. Certificates are always
 * verified. Nothing that a server says about sizes is trusted.
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
    const char *sha256;                /* its first hex digits, lower case */
    int stall_seconds;                 /* with less than 1 kB/s for so long it is given up */
    const volatile sig_atomic_t *stop; /* not 0: end soon, keep what is there */
    FILE *stream;                      /* progress goes there; NULL: nowhere */
    bool is_terminal;                  /* the stream is one */
};

struct download_result {
    int64_t bytes;       /* of the file */
    int64_t kept;        /* of them, from an earlier download */
    bool was_there;      /* nothing was asked for: all of it was there */
    bool is_unreachable; /* no server has answered */
    char sha256[65];
};

enum download_status { DOWNLOAD_FAILED = -1, DOWNLOAD_DONE, DOWNLOAD_STOPPED };

/*
 * Brings the file to its path. A right one that is there is left alone, a wrong one replaced. DOWNLOAD_FAILED: no
 * server, no such file, cut or stalled (what came is kept), another SHA-256 (what came is removed), not writable, disk
 * full, the .part in use by another process.
 */
int download_file(const struct download *download, struct download_result *result, struct error *err);

/* Whether this is an address that can be downloaded: https, http, file. */
bool download_is_url(const char *url);

/* Whether a server at `from` may send on to `to`. */
bool download_may_follow(const char *from, const char *to);

/* An address as it may be shown and stored: without user and password. */
const char *download_show_url(const char *url, char *out, size_t size);

#endif
