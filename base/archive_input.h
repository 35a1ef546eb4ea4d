/*
 * base/archive_input.h - opens tar and zip archives by libarchive and walks their members.
 *
 * A lack of memory is an error here. libarchive 3.6 goes on without checking in archive_read_open_fd(),
 * archive_read_open() and archive_read_next_header(), and crashes later, so their steps are taken one by one.
 */
#ifndef BASE_ARCHIVE_INPUT_H
#define BASE_ARCHIVE_INPUT_H

#include "base/error.h"

#include <archive.h>
#include <archive_entry.h>

/* Small, because a list of members reads one or two blocks at each header; the bytes between them are skipped. */
#define ARCHIVE_INPUT_BLOCK_BYTES 16384

/* Must stay where it is while it is open. */
struct archive_input {
    struct archive *archive;     /* for archive_read_data(); NULL: not open */
    struct archive_entry *entry; /* the current member */
    int fd;
    char block[ARCHIVE_INPUT_BLOCK_BYTES];
};

/* Enables the formats and filters that a reader accepts: 0, or -1 without memory. */
typedef int archive_input_formats(struct archive *archive);

/*
 * Opens an archive that starts at the beginning of a file. The descriptor stays the caller's, who closes it after
 * archive_input_close(). Errors are reasons, as of archive_input_fail(), and leave nothing open.
 */
int archive_input_open(struct archive_input *input, int fd, archive_input_formats *formats, struct error *err);

/* The same, where `read` gives the bytes. */
int archive_input_open_through(struct archive_input *input, archive_read_callback *read, void *context,
                               archive_input_formats *formats, struct error *err);

/*
 * Reads the next member's header into input->entry: 1, 0 at the end, or -1 with err. A warning of libarchive concerns
 * fields that are not used here, such as owners.
 */
int archive_input_next(struct archive_input *input, struct error *err);

/* Writes the reason why a call of libarchive failed: the system's, with err->is_system, or what is damaged; -1. */
int archive_input_fail(const struct archive_input *input, struct error *err);

/* May be called of what is not open, if `archive` and `entry` are NULL. */
void archive_input_close(struct archive_input *input);

#endif
