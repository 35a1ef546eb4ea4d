/* base/archive_input.c - opens archives and checks every result of libarchive. */
#include "base/archive_input.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int archive_input_fail(const struct archive_input *input, struct error *err)
{
    const int why = archive_errno(input->archive);
    const char *text = archive_error_string(input->archive);
    char shown[256];
    if (why > 0 && why != EINVAL && why != EILSEQ) /* these two and -1 are the library's own reasons */
        return error_system(err, "%s", strerror(why));
    return error_set(err, "%s", text_printable(text ? text : "damaged", shown, sizeof shown));
}

void archive_input_close(struct archive_input *input)
{
    archive_entry_free(input->entry); /* NULL is fine, here and below */
    archive_read_free(input->archive);
    input->entry = NULL;
    input->archive = NULL;
}

/* -- the bytes of a file -------------------------------------------------------------------------------------------- */

static la_ssize_t read_block(struct archive *archive, void *context, const void **block)
{
    struct archive_input *input = context;
    ssize_t got;
    do
        got = read(input->fd, input->block, sizeof input->block);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        archive_set_error(archive, errno, "%s", strerror(errno));
    *block = input->block;
    return got;
}

static la_int64_t seek(struct archive *archive, void *context, la_int64_t offset, int whence)
{
    const off_t at = lseek(((const struct archive_input *)context)->fd, offset, whence);
    if (at < 0)
        archive_set_error(archive, errno, "%s", strerror(errno));
    return at < 0 ? ARCHIVE_FATAL : at;
}

/* Returns the number of bytes skipped; libarchive reads and discards the others. */
static la_int64_t skip(struct archive *archive, void *context, la_int64_t bytes)
{
    (void)archive;
    return lseek(((const struct archive_input *)context)->fd, bytes, SEEK_CUR) < 0 ? 0 : bytes;
}

/* -- opening -------------------------------------------------------------------------------------------------------- */

static int begin(struct archive_input *input, archive_input_formats *formats, struct error *err)
{
    input->archive = archive_read_new();
    input->entry = archive_entry_new(); /* libarchive 3.6 would allocate its own entry without a check */
    if (input->archive && input->entry && formats(input->archive) == 0)
        return 0;
    archive_input_close(input);
    return error_memory(err, "an archive");
}

static int start(struct archive_input *input, archive_read_callback *read, void *context, struct error *err)
{
    if (archive_read_set_read_callback(input->archive, read) == ARCHIVE_OK &&
        archive_read_set_callback_data(input->archive, context) == ARCHIVE_OK &&
        archive_read_open1(input->archive) == ARCHIVE_OK)
        return 0;
    archive_input_fail(input, err);
    archive_input_close(input);
    return -1;
}

int archive_input_open(struct archive_input *input, int fd, archive_input_formats *formats, struct error *err)
{
    input->fd = fd;
    if (begin(input, formats, err))
        return -1;
    if (lseek(fd, 0, SEEK_SET) || archive_read_set_seek_callback(input->archive, seek) ||
        archive_read_set_skip_callback(input->archive, skip)) {
        error_system(err, "%s", strerror(errno));
        archive_input_close(input);
        return -1;
    }
    return start(input, read_block, input, err);
}

int archive_input_open_through(struct archive_input *input, archive_read_callback *read, void *context,
                               archive_input_formats *formats, struct error *err)
{
    return begin(input, formats, err) ? -1 : start(input, read, context, err);
}

int archive_input_next(struct archive_input *input, struct error *err)
{
    for (;;)
        switch (archive_read_next_header2(input->archive, input->entry)) {
        case ARCHIVE_OK:
        case ARCHIVE_WARN:
            return 1;
        case ARCHIVE_RETRY:
            continue;
        case ARCHIVE_EOF:
            return 0;
        default:
            return archive_input_fail(input, err);
        }
}
