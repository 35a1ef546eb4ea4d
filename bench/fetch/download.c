/* bench/fetch/download.c - downloads a file by libcurl, first to a .part file, and checks its SHA-256. */
#include "bench/fetch/download.h"

#include "base/sha256.h"
#include "bench/process/program.h"
#include "bench/process/progress.h"

#include <curl/curl.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONNECT_SECONDS 30L
#define STALL_BYTES 1000L /* a second */
#define REDIRECTS_MAX 10
#define FILE_BYTES_MAX ((int64_t)1 << 32) /* several times the largest weights of a classifier */
#define REDIRECT_BYTES_MAX 65536          /* largest body of a redirect, which is ignored */
#define SCHEME_MAX 16
#define SHOWN_MAX 512

enum { HTTP_NONE = 0, HTTP_OK = 200, HTTP_PARTIAL = 206, HTTP_NOT_SATISFIABLE = 416 };

/* A further result of an attempt, beside enum download_status: the transfer succeeded, but the hash is wrong. */
enum { WRONG_BYTES = 2 };

struct transfer {
    const struct download *download;
    struct download_result *result;
    struct error *err;
    CURL *curl;
    char part[PATH_MAX];
    int fd;                       /* of the .part file, locked */
    int64_t size, kept;           /* bytes in it; of these, bytes from an earlier download */
    long long range_start;        /* position in the file where the answer's bytes begin; negative: unknown */
    bool is_begun, has_failed;    /* the answer's body has begun; err is filled */
    size_t ignored;               /* bytes of redirects */
    struct progress progress;     /* in MB */
    char reason[CURL_ERROR_SIZE]; /* libcurl's */
};

/* -- addresses ---------------------------------------------------------------------------------------------------- */

/* The scheme of an address in lower case, "https"; "" if it has none. */
static const char *scheme_of(const char *url, char scheme[SCHEME_MAX])
{
    CURLU *parsed = curl_url();
    char *found = NULL;
    scheme[0] = 0;
    if (parsed && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_SCHEME, &found, 0) == CURLUE_OK)
        snprintf(scheme, SCHEME_MAX, "%s", found);
    curl_free(found);
    curl_url_cleanup(parsed);
    return scheme;
}

static bool has_scheme(const char *url, const char *want)
{
    char scheme[SCHEME_MAX];
    return strcasecmp(scheme_of(url, scheme), want) == 0;
}

bool download_is_url(const char *url)
{
    return has_scheme(url, "https") || has_scheme(url, "http") || has_scheme(url, "file");
}

bool download_may_follow(const char *from, const char *to)
{
    return has_scheme(to, "https") || (has_scheme(to, "http") && has_scheme(from, "http"));
}

const char *download_show_url(const char *url, char *out, size_t size)
{
    CURLU *parsed = curl_url();
    char *text = NULL;
    if (parsed && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_set(parsed, CURLUPART_USER, NULL, 0) == CURLUE_OK &&
        curl_url_set(parsed, CURLUPART_PASSWORD, NULL, 0) == CURLUE_OK)
        curl_url_get(parsed, CURLUPART_URL, &text, 0);
    snprintf(out, size, "%s", text ? text : "an address that cannot be read");
    curl_free(text);
    curl_url_cleanup(parsed);
    return out;
}

/* The address of the current request, fit to be shown. */
static const char *asked_url(const struct transfer *transfer, char shown[SHOWN_MAX])
{
    char *url = NULL;
    curl_easy_getinfo(transfer->curl, CURLINFO_EFFECTIVE_URL, &url);
    return download_show_url(url ? url : transfer->download->url, shown, SHOWN_MAX);
}

/* -- the part ----------------------------------------------------------------------------------------------------- */

static int part_failed(const struct transfer *transfer)
{
    return error_set(transfer->err, "could not write \"%s\": %s", transfer->part, strerror(errno));
}

static int part_check(struct transfer *transfer)
{
    struct stat info;
    if (fstat(transfer->fd, &info))
        return part_failed(transfer);
    if (!S_ISREG(info.st_mode))
        return error_set(transfer->err, "could not write \"%s\": it is not a file", transfer->part);
    if (flock(transfer->fd, LOCK_EX | LOCK_NB))
        return error_set(transfer->err, "\"%s\" is being downloaded by another process", transfer->part);
    transfer->size = transfer->kept = info.st_size;
    return 0;
}

static int part_open(struct transfer *transfer)
{
    if (snprintf(transfer->part, PATH_MAX, "%s.part", transfer->download->path) >= PATH_MAX)
        return error_set(transfer->err, "path too long: \"%s\"", transfer->download->path);
    transfer->fd = open(transfer->part, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (transfer->fd < 0)
        return part_failed(transfer);
    if (part_check(transfer) == 0)
        return 0;
    close(transfer->fd);
    return -1;
}

static int part_empty(struct transfer *transfer)
{
    transfer->size = transfer->kept = 0;
    return ftruncate(transfer->fd, 0) ? part_failed(transfer) : 0;
}

static int part_append(struct transfer *transfer, const char *bytes, size_t size)
{
    while (size) {
        const ssize_t written = write(transfer->fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return part_failed(transfer);
        bytes += written;
        size -= (size_t)written;
        transfer->size += written;
    }
    return 0;
}

/* Computes the file's hash: 0 if it is the expected one, else WRONG_BYTES. */
static int check_hash(const char *path, const struct transfer *transfer)
{
    char *sha256 = transfer->result->sha256;
    if (file_sha256(path, sha256, transfer->err))
        return DOWNLOAD_FAILED;
    return strncmp(sha256, transfer->download->sha256, strlen(transfer->download->sha256)) ? WRONG_BYTES : 0;
}

static int part_commit(struct transfer *transfer)
{
    if (fsync(transfer->fd) || rename(transfer->part, transfer->download->path))
        return part_failed(transfer);
    return DOWNLOAD_DONE;
}

/* -- an answer ---------------------------------------------------------------------------------------------------- */

static long answer_status(const struct transfer *transfer)
{
    long status = HTTP_NONE;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static size_t take_header(char *line, size_t unit, size_t size, void *context)
{
    static const char name[] = "content-range:";
    struct transfer *transfer = context;
    char text[64];
    if (size > strlen(name) && strncasecmp(line, name, strlen(name)) == 0) {
        snprintf(text, sizeof text, "%.*s", (int)(size - strlen(name)), line + strlen(name));
        if (sscanf(text, " bytes %lld-", &transfer->range_start) != 1)
            transfer->range_start = -1;
    }
    return unit * size;
}

/*
 * Called for the first bytes of a body: decides whether they continue the .part file or replace it. -1: they are not
 * bytes of the file (or not the missing ones), or an error (has_failed).
 */
static int begin_body(struct transfer *transfer)
{
    const struct download *download = transfer->download;
    const long status = answer_status(transfer);
    const bool goes_on = status == HTTP_PARTIAL && transfer->size && transfer->range_start == transfer->size;
    curl_off_t length = -1;
    if (status != HTTP_NONE && status != HTTP_OK && !goes_on)
        return -1;
    if (!goes_on && part_empty(transfer)) {
        transfer->has_failed = true;
        return -1;
    }
    curl_easy_getinfo(transfer->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    progress_begin(&transfer->progress, (double)length / 1e6, "MB", download->stream, download->is_terminal);
    transfer->is_begun = true;
    return 0;
}

static int take_body(struct transfer *transfer, const char *bytes, size_t size)
{
    char shown[SHOWN_MAX];
    if ((int64_t)size > FILE_BYTES_MAX - transfer->size)
        return part_empty(transfer)
                   ? -1
                   : error_set(transfer->err, "\"%s\" sends more than %" PRId64 " bytes; they are removed",
                               asked_url(transfer, shown), FILE_BYTES_MAX);
    if (part_append(transfer, bytes, size))
        return -1;
    progress_add_items(&transfer->progress, (double)size / 1e6, (double)size / 1e6);
    return 0;
}

/*
 * libcurl's callback for bytes; any result other than their size ends the transfer. The body of a redirect is read and
 * ignored, since libcurl does not report the target of a transfer that was ended.
 */
static size_t take(char *bytes, size_t unit, size_t size, void *context)
{
    struct transfer *transfer = context;
    if (answer_status(transfer) / 100 == 3) {
        transfer->ignored += unit * size;
        return transfer->ignored <= REDIRECT_BYTES_MAX ? unit * size : 0;
    }
    if (!transfer->is_begun && begin_body(transfer))
        return 0;
    transfer->has_failed = take_body(transfer, bytes, unit * size) != 0;
    return transfer->has_failed ? 0 : unit * size;
}

static int is_stopped(void *context, __attribute__((unused)) curl_off_t total, __attribute__((unused)) curl_off_t now,
                      __attribute__((unused)) curl_off_t up_total, __attribute__((unused)) curl_off_t up)
{
    const struct transfer *transfer = context;
    return *transfer->download->stop != 0;
}

/* -- a request ---------------------------------------------------------------------------------------------------- */

/* libcurl checks certificates and names; set it explicitly, and stop if libcurl refuses an option. */
static int set_up(struct transfer *transfer)
{
    CURL *curl = transfer->curl;
    const bool is_refused =
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) || curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) ||
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ||
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) || curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) ||
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) ||
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES) ||
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)transfer->download->stall_seconds) ||
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "cambench/" CAMBENCH_VERSION) ||
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->reason) ||
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) ||
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer) || curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take) ||
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer) || curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) ||
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, is_stopped) ||
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
    return is_refused ? error_memory(transfer->err, "the download") : 0;
}

/* Requests the missing bytes from one address. */
static CURLcode ask(struct transfer *transfer, const char *url)
{
    char range[32];
    snprintf(range, sizeof range, "%" PRId64 "-", transfer->size);
    transfer->range_start = -1;
    transfer->is_begun = false;
    transfer->reason[0] = 0;
    const char *part = transfer->size && !has_scheme(url, "file") ? range : NULL;
    if (curl_easy_setopt(transfer->curl, CURLOPT_RANGE, part) != CURLE_OK ||
        curl_easy_setopt(transfer->curl, CURLOPT_URL, url) != CURLE_OK)
        return CURLE_OUT_OF_MEMORY;
    const CURLcode code = curl_easy_perform(transfer->curl);
    progress_end(&transfer->progress);
    return code;
}

/* The target of a redirect; "" for any other answer. */
static const char *redirect_of(const struct transfer *transfer)
{
    char *url = NULL;
    curl_easy_getinfo(transfer->curl, CURLINFO_REDIRECT_URL, &url);
    return url ? url : "";
}

/* Requests the download's address and then the targets of redirects, until an answer is not a redirect. */
static int ask_around(struct transfer *transfer, CURLcode *code)
{
    char url[DOWNLOAD_URL_MAX], from[SHOWN_MAX], to[SHOWN_MAX];
    snprintf(url, sizeof url, "%s", transfer->download->url);
    for (int redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
        *code = ask(transfer, url);
        const char *next = redirect_of(transfer);
        if (!*next)
            return 0;
        if (!download_may_follow(url, next))
            return error_set(transfer->err, "\"%s\" redirects to \"%s\", which is not followed; allowed: https%s",
                             asked_url(transfer, from), download_show_url(next, to, sizeof to),
                             has_scheme(url, "http") ? ", http" : "");
        if (snprintf(url, sizeof url, "%s", next) >= (int)sizeof url)
            return error_set(transfer->err, "\"%s\" redirects to an address of more than %d bytes",
                             asked_url(transfer, from), DOWNLOAD_URL_MAX - 1);
    }
    return error_set(transfer->err, "\"%s\" redirects more than %d times",
                     download_show_url(transfer->download->url, from, sizeof from), REDIRECTS_MAX);
}

/* Writes "; the first 12.34 MB are kept, ...", or "" if no bytes were received. */
static const char *format_kept(const struct transfer *transfer, char *out, size_t size)
{
    snprintf(out, size, "; the first %.2f MB are kept, the same command goes on from there",
             (double)transfer->size / 1e6);
    return transfer->is_begun ? out : "";
}

static int request_failed(const struct transfer *transfer, CURLcode code)
{
    const long status = answer_status(transfer);
    char shown[SHOWN_MAX], kept[128];
    transfer->result->is_unreachable = status == HTTP_NONE && !transfer->is_begun;
    if (status != HTTP_NONE && status != HTTP_OK && !transfer->is_begun)
        return error_set(transfer->err, "could not download \"%s\": the server answers with status %ld",
                         asked_url(transfer, shown), status);
    return error_set(transfer->err, "could not download \"%s\": %s%s", asked_url(transfer, shown),
                     transfer->reason[0] ? transfer->reason : curl_easy_strerror(code),
                     format_kept(transfer, kept, sizeof kept));
}

/* Whether the answer has another range than the one requested, so that the .part file is too long or another file's. */
static bool does_not_fit(const struct transfer *transfer)
{
    const long status = answer_status(transfer);
    return transfer->size &&
           (status == HTTP_NOT_SATISFIABLE || (status == HTTP_PARTIAL && transfer->range_start != transfer->size));
}

/* Downloads the missing bytes and checks the hash: 0, WRONG_BYTES, DOWNLOAD_STOPPED, DOWNLOAD_FAILED. */
static int attempt(struct transfer *transfer)
{
    CURLcode code;
    if (ask_around(transfer, &code) || transfer->has_failed)
        return DOWNLOAD_FAILED;
    if (*transfer->download->stop)
        return DOWNLOAD_STOPPED;
    if (!transfer->is_begun && does_not_fit(transfer))
        return WRONG_BYTES;
    if (code == CURLE_OK && !transfer->is_begun) /* an empty body */
        begin_body(transfer);
    if (transfer->has_failed)
        return DOWNLOAD_FAILED;
    if (code != CURLE_OK || !transfer->is_begun)
        return request_failed(transfer, code);
    return check_hash(transfer->part, transfer);
}

/* Downloads the file. Kept bytes may belong to another file; if the hash is wrong, all is downloaded once more. */
static int bring(struct transfer *transfer)
{
    char shown[SHOWN_MAX];
    int status = transfer->size ? check_hash(transfer->part, transfer) : WRONG_BYTES;
    transfer->result->was_there = status == 0;
    if (status == WRONG_BYTES)
        status = attempt(transfer);
    if (status == WRONG_BYTES && transfer->kept)
        status = part_empty(transfer) ? DOWNLOAD_FAILED : attempt(transfer);
    if (status != WRONG_BYTES)
        return status;
    unlink(transfer->part);
    return error_set(transfer->err,
                     "\"%s\" is not what its name says: the SHA-256 of its %" PRId64 " bytes begins with %.*s, not %s; "
                     "they are removed",
                     download_show_url(transfer->download->url, shown, sizeof shown), transfer->size,
                     (int)strlen(transfer->download->sha256), transfer->result->sha256, transfer->download->sha256);
}

static int download_part(struct transfer *transfer)
{
    if (part_open(transfer))
        return DOWNLOAD_FAILED;
    int status = set_up(transfer) ? DOWNLOAD_FAILED : bring(transfer);
    if (!status)
        status = part_commit(transfer);
    if (status && !transfer->size)
        unlink(transfer->part);
    close(transfer->fd);
    transfer->result->bytes = transfer->size;
    transfer->result->kept = transfer->kept;
    return status;
}

/* Looks for the finished file: 0 if it exists and has the expected hash, else WRONG_BYTES. */
static int look(struct transfer *transfer)
{
    struct stat info;
    if (stat(transfer->download->path, &info))
        return WRONG_BYTES;
    transfer->result->bytes = transfer->result->kept = info.st_size;
    const int status = check_hash(transfer->download->path, transfer);
    transfer->result->was_there = status == 0;
    return status;
}

int download_file(const struct download *download, struct download_result *result, struct error *err)
{
    struct transfer transfer = {.download = download, .result = result, .err = err};
    *result = (struct download_result){0};
    int status = look(&transfer);
    if (status != WRONG_BYTES)
        return status;
    transfer.curl = curl_global_init(CURL_GLOBAL_DEFAULT) ? NULL : curl_easy_init();
    if (!transfer.curl)
        return error_memory(err, "a download");
    status = download_part(&transfer);
    curl_easy_cleanup(transfer.curl);
    curl_global_cleanup();
    return status;
}
