/*
 * base/archive_input.h - opens tar and zip archives with libarchive and walks their members.
 *
 * A lack of memory is an error here. In libarchive 3.6, archive_read_open_fd(), archive_read_open() and
 * archive_read_next_header() do not check their allocations and crash later, so this file calls the functions that they
 * are made of and checks each.
 */
#ifndef BASE_ARCHIVE_INPUT_H
#define BASE_ARCHIVE_INPUT_H

#include "base/error.h"

#include <archive.h>
#include <archive_entry.h>

/* Small, because a list of members reads one or two blocks at each header; the bytes between them are skipped. */
#define ARCHIVE_INPUT_BLOCK_BYTES 16384

/* An open archive; the struct must not be moved while it is open, since libarchive keeps pointers into it. */
struct archive_input {
    struct archive *archive;     /* for archive_read_data(); NULL: not open */
    struct archive_entry *entry; /* the current member */
    int fd;
    char block[ARCHIVE_INPUT_BLOCK_BYTES];
};

/* Enables the formats and filters that a reader accepts. Returns 0, or -1: no memory. */
typedef int archive_input_formats(struct archive *archive);

/*
 * Opens an archive that starts at the beginning of a file. The caller keeps the descriptor and closes it after
 * archive_input_close(). An error gives the reason only, as archive_input_fail() does, and leaves nothing open.
 */
int archive_input_open(struct archive_input *input, int fd, archive_input_formats *formats, struct error *err);

/* The same for an archive whose bytes `read` supplies; `context` is passed to it. */
int archive_input_open_through(struct archive_input *input, archive_read_callback *read, void *context,
                               archive_input_formats *formats, struct error *err);

/*
 * Reads the next member's header into input->entry: 1, 0 at the end, or -1 with err. libarchive's warnings are ignored:
 * they concern fields that are not used here, such as owners.
 */
int archive_input_next(struct archive_input *input, struct error *err);

/*
 * Writes why the last call of libarchive failed: a system error (sets err->is_system), or what is damaged. Returns -1.
 */
int archive_input_fail(const struct archive_input *input, struct error *err);

/* Closes an archive; one that is not open is fine if `archive` and `entry` are NULL. */
void archive_input_close(struct archive_input *input);

#endif
