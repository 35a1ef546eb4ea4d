/*
 * datasets/import/import_tar.c - pictures in a tar archive, by libarchive. Nothing is unpacked; paths are only names.
 *
 * An archive inside the archive is read as a folder of its name: ImageNet's training pictures are one archive of
 * n01440764.tar and 999 more. It is read through the outer one's bytes; archives inside of it are ignored.
 */
#include "datasets/import/import_source.h"

#include "base/archive_input.h"
#include "base/input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define TAKE_BYTES ((size_t)1 << 20)
#define PATH_BYTES 8192

struct tar {
    const char *path;
    int fd;
    struct archive_input outer, inner; /* inner: the archive being read inside of the outer one, if it is open */
    char inner_path[PATH_BYTES];       /* "n01440764.tar" */
    char entry_path[PATH_BYTES];       /* "n01440764/n01440764_18.JPEG" of an entry of inner */
};

/* What next_entry() returns besides 0, the end, and -1. */
enum { ENTRY = 1, ENTRY_DAMAGED_INSIDE = 2 };

static bool is_inside(const struct tar *tar)
{
    return tar->inner.archive;
}

static const struct archive_input *current(const struct tar *tar)
{
    return is_inside(tar) ? &tar->inner : &tar->outer;
}

/* Completes a reason. */
static int fail(const struct tar *tar, struct error *err)
{
    return error_prefix(err, "could not read archive \"%s\": ", tar->path);
}

static void close_tar(struct tar *tar)
{
    archive_input_close(&tar->inner);
    archive_input_close(&tar->outer);
    close(tar->fd);
}

/* Tar archives, compressed or not. A filter that needs another program is a warning. */
static int enable_formats(struct archive *archive)
{
    return archive_read_support_filter_bzip2(archive) >= ARCHIVE_WARN &&
                   archive_read_support_filter_gzip(archive) >= ARCHIVE_WARN &&
                   archive_read_support_filter_xz(archive) >= ARCHIVE_WARN &&
                   archive_read_support_filter_zstd(archive) >= ARCHIVE_WARN &&
                   archive_read_support_format_tar(archive) >= ARCHIVE_WARN
               ? 0
               : -1;
}

static int open_tar(struct tar *tar, const char *path, struct error *err)
{
    *tar = (struct tar){.path = path, .fd = input_open(path, err)};
    if (tar->fd < 0)
        return error_prefix(err, "could not open archive \"%s\": ", path);
    if (archive_input_open(&tar->outer, tar->fd, enable_formats, err) == 0)
        return 0;
    close_tar(tar);
    return fail(tar, err);
}

/* The path without a leading "./"; "" if it is not valid text. */
static const char *plain_path(struct archive_entry *entry)
{
    const char *path = archive_entry_pathname_utf8(entry);
    if (!path)
        path = archive_entry_pathname(entry);
    if (!path)
        return "";
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    return path;
}

/* Length of a name without ".tar", ".tar.gz" ...; 0: the name has no such ending. */
static size_t archive_stem(const char *path)
{
    static const char *const ends[] = {".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst"};
    const size_t length = strlen(path);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const size_t end = strlen(ends[i]);
        if (length > end && strcasecmp(path + length - end, ends[i]) == 0)
            return length - end;
    }
    return 0;
}

/* -- archives inside ----------------------------------------------------------------------------------------------- */

static la_ssize_t read_outer(struct archive *inner, void *context, const void **bytes)
{
    const struct tar *tar = context;
    size_t size = 0;
    la_int64_t offset;
    int status;
    do
        status = archive_read_data_block(tar->outer.archive, bytes, &size, &offset);
    while (status == ARCHIVE_RETRY || ((status == ARCHIVE_OK || status == ARCHIVE_WARN) && size == 0));
    if (status == ARCHIVE_EOF)
        return 0;
    if (status == ARCHIVE_OK || status == ARCHIVE_WARN)
        return (la_ssize_t)size;
    struct error why; /* an error of the system is passed on: the inner archive is not damaged */
    archive_input_fail(&tar->outer, &why);
    archive_set_error(inner, why.is_system ? archive_errno(tar->outer.archive) : EILSEQ,
                      "truncated or damaged in the archive around it");
    return ARCHIVE_FATAL;
}

/* Completes a reason. */
static int fail_inside(struct tar *tar, struct error *err)
{
    archive_input_close(&tar->inner);
    if (err->is_system)
        return fail(tar, err);
    error_prefix(err, "archive inside the archive could not be read: ");
    return ENTRY_DAMAGED_INSIDE;
}

static bool is_archive_inside(struct archive_entry *entry)
{
    const char *path = plain_path(entry);
    size_t length;
    return archive_entry_filetype(entry) == AE_IFREG && archive_stem(path) && strlen(path) < PATH_BYTES &&
           !import_tool_folder(path, strlen(path), &length);
}

static int open_inner(struct tar *tar, struct error *err)
{
    snprintf(tar->inner_path, sizeof tar->inner_path, "%s", plain_path(tar->outer.entry));
    return archive_input_open_through(&tar->inner, read_outer, tar, enable_formats, err) ? fail_inside(tar, err) : 0;
}

/*
 * Reads the next entry, also inside an inner archive: ENTRY, at the end 0, -1 with err. ENTRY_DAMAGED_INSIDE:
 * inner_path is damaged, err names the reason.
 */
static int next_entry(struct tar *tar, struct error *err)
{
    for (;;) {
        const bool inside = is_inside(tar);
        int status = archive_input_next(inside ? &tar->inner : &tar->outer, err);
        if (status < 0)
            return inside ? fail_inside(tar, err) : fail(tar, err);
        if (status == 0 && !inside)
            return 0;
        if (status == 0)
            archive_input_close(&tar->inner);
        else if (inside || !is_archive_inside(tar->outer.entry))
            return ENTRY;
        else if ((status = open_inner(tar, err)) != 0)
            return status;
    }
}

/* The path of an entry of an inner archive begins with the name of that archive. */
static const char *entry_path(struct tar *tar)
{
    const char *path = plain_path(current(tar)->entry);
    if (!is_inside(tar) || path[0] == '/' || strncmp(path, "../", 3) == 0)
        return path;
    const int length = snprintf(tar->entry_path, sizeof tar->entry_path, "%.*s/%s", (int)archive_stem(tar->inner_path),
                                tar->inner_path, path);
    return length < (int)sizeof tar->entry_path ? tar->entry_path : "";
}

/* -- the list ------------------------------------------------------------------------------------------------------ */

/* Returns the reason why a path is not valid; NULL: it is. */
static const char *path_refusal(const char *path)
{
    if (path[0] == '/' || strncmp(path, "../", 3) == 0 || strstr(path, "/../"))
        return "its path leads out of the archive";
    for (const char *c = path; *c; c++)
        if ((unsigned char)*c < 32 || *c == 127)
            return "its path holds control characters";
    return NULL;
}

/* Returns the reason why a picture is refused; NULL: it is not. */
static const char *refusal(struct archive_entry *entry, const char *path)
{
    if (archive_entry_hardlink(entry) || archive_entry_filetype(entry) != AE_IFREG)
        return "a link or a device, not a file";
    if (path_refusal(path))
        return path_refusal(path);
    if (!archive_entry_size_is_set(entry) || archive_entry_size(entry) < 0 ||
        (uint64_t)archive_entry_size(entry) > IMPORT_PICTURE_BYTES_MAX)
        return "larger than 256 MiB, or of unknown size";
    return NULL;
}

static bool is_hidden(const char *path)
{
    size_t length;
    const char *last = import_last_part(path);
    return last[0] == '.' || import_tool_folder(path, (size_t)(last - path), &length);
}

static bool is_picture(struct archive_entry *entry, const char *path)
{
    return archive_entry_filetype(entry) != AE_IFDIR && !is_hidden(path) && import_is_picture_name(path);
}

static int list_folder(struct import_files *files, const char *path, struct arena *arena, struct error *err)
{
    char *folder = arena_string(arena, path);
    const size_t length = folder ? strlen(folder) : 0;
    if (length && folder[length - 1] == '/')
        folder[length - 1] = 0;
    if (folder && (!folder[0] || strcmp(folder, ".") == 0))
        return 0;
    return import_add_folder(files, folder, arena, err);
}

static int list_entry(struct import_files *files, struct archive_entry *entry, const char *path, struct arena *arena,
                      struct error *err)
{
    const bool is_folder = archive_entry_filetype(entry) == AE_IFDIR;
    size_t length;
    const size_t folder_size = is_folder ? strlen(path) : (size_t)(import_last_part(path) - path);
    const char *tool = import_tool_folder(path, folder_size, &length);
    if (tool)
        return import_add_left_out(files, tool, length, arena, err);
    if (is_folder)
        return list_folder(files, path, arena, err);
    if (import_is_foreign_name(path) && !is_hidden(path) && !path_refusal(path))
        return import_add_foreign(files, path, arena, err);
    if (!is_picture(entry, path)) {
        files->hidden_count += import_is_picture_name(path) && is_hidden(path);
        return 0;
    }
    const char *why = refusal(entry, path);
    if (why && !path_refusal(path) && import_add_lost(files, path, arena, err))
        return -1;
    return why ? import_add_refused(files, path, why, arena, err)
               : import_add_file(files, path, (uint64_t)archive_entry_size(entry), arena, err);
}

/* A damaged inner archive still counts as a folder. */
static int refuse_inner(const struct tar *tar, struct import_files *files, struct arena *arena, struct error *err)
{
    const struct error why = *err;
    const char *folder = arena_format(arena, "%.*s/", (int)archive_stem(tar->inner_path), tar->inner_path);
    if (!folder)
        return error_memory(err, "an archive");
    if (!path_refusal(tar->inner_path) && import_add_lost(files, folder, arena, err))
        return -1;
    return import_add_refused(files, tar->inner_path, why.text, arena, err);
}

int import_list_tar(struct import_files *files, const volatile sig_atomic_t *stop, struct arena *arena,
                    struct error *err)
{
    struct tar tar;
    int status;
    if (open_tar(&tar, files->folder, err))
        return -1;
    while ((status = next_entry(&tar, err)) > 0 && !(stop && *stop)) {
        status = status == ENTRY ? list_entry(files, current(&tar)->entry, entry_path(&tar), arena, err)
                                 : refuse_inner(&tar, files, arena, err);
        if (status)
            break;
    }
    close_tar(&tar);
    return status_of(status < 0);
}

/* -- bytes -------------------------------------------------------------------------------------------------------- */

static int fail_data(const struct archive_input *input, struct error *err)
{
    archive_input_fail(input, err);
    return err->is_system ? error_prefix(err, "could not be read: ")
                          : error_set(err, "truncated or damaged in the archive");
}

/* Memory grows with the bytes that are read; a size in the header is trusted only up to TAKE_BYTES. */
static int read_data(const struct tar *tar, size_t most, struct arena *arena, char **bytes, size_t *size,
                     struct error *err)
{
    const struct archive_input *input = current(tar);
    const uint64_t listed = (uint64_t)archive_entry_size(input->entry);
    size_t room = 0;
    *bytes = NULL;
    *size = 0;
    for (;;) {
        if (*size + 1 >= room) {
            room = room ? room * 2 : (listed < TAKE_BYTES ? (size_t)listed : TAKE_BYTES) + 2;
            char *larger = arena_alloc(arena, room, 1);
            if (!larger)
                return error_memory(err, "a file of an archive");
            if (*size)
                memcpy(larger, *bytes, *size);
            *bytes = larger;
        }
        const la_ssize_t got = archive_read_data(input->archive, *bytes + *size, room - 1 - *size);
        if (got == ARCHIVE_RETRY)
            continue;
        if (got < 0)
            return fail_data(input, err);
        if (got == 0)
            return 0;
        *size += (size_t)got;
        if (*size > most)
            return error_set(err, "has more than %zu bytes", most);
    }
}

/* File of each place, -1 where it is not in the list any more. */
static int *make_places(const struct import_files *files, struct arena *arena, int *count)
{
    *count = 0;
    for (int i = 0; i < files->count; i++)
        if (files->files[i].place >= *count)
            *count = files->files[i].place + 1;
    int *file_of = arena_alloc(arena, (size_t)*count + 1, sizeof *file_of);
    for (int i = 0; file_of && i < *count; i++)
        file_of[i] = -1;
    for (int i = 0; file_of && i < files->count; i++)
        file_of[files->files[i].place] = i;
    return file_of;
}

static int take_picture(const struct tar *tar, int i, const struct import_visitor *visitor, struct arena *scratch)
{
    const struct arena_mark mark = arena_mark(scratch);
    char *bytes;
    size_t size;
    struct error problem;
    if (read_data(tar, IMPORT_PICTURE_BYTES_MAX, scratch, &bytes, &size, &problem))
        bytes = NULL;
    const int status = visitor->take(visitor->context, i, bytes, size, &problem);
    arena_rewind(scratch, mark);
    return status;
}

static int visit_entries(struct tar *tar, const struct import_files *files, const int *file_of, int places,
                         const struct import_visitor *visitor, struct arena *scratch, int *place, struct error *err)
{
    int found; /* negative if the archive is cut or damaged from here on: the other pictures are missing */
    while (*place < places && (found = next_entry(tar, err)) != 0) {
        if (found < 0 && err->is_system)
            return -1;
        if (found < 0)
            break;
        struct archive_entry *entry = current(tar)->entry;
        const char *path = found == ENTRY ? entry_path(tar) : "";
        if (found != ENTRY || !is_picture(entry, path) || refusal(entry, path))
            continue;
        const int i = file_of[*place];
        if (i >= 0 && strcmp(files->files[i].path, path) != 0)
            return error_set(err, "archive \"%s\" has changed: \"%s\" is where \"%s\" was", files->folder, path,
                             files->files[i].path);
        ++*place;
        const int status =
            i >= 0 && visitor->is_wanted(visitor->context, i) ? take_picture(tar, i, visitor, scratch) : 0;
        if (status)
            return status;
    }
    return 0;
}

int import_visit_tar(const struct import_files *files, const struct import_visitor *visitor, struct arena *scratch,
                     struct error *err)
{
    int places, place = 0;
    arena_reset(scratch);
    const int *file_of = make_places(files, scratch, &places);
    if (!file_of)
        return error_memory(err, "an archive");
    struct tar tar;
    if (open_tar(&tar, files->folder, err))
        return -1;
    int status = visit_entries(&tar, files, file_of, places, visitor, scratch, &place, err);
    close_tar(&tar);
    struct error missing;
    error_write(&missing, "the archive ends before it");
    for (; place < places && !status; place++)
        if (file_of[place] >= 0 && visitor->is_wanted(visitor->context, file_of[place]))
            status = visitor->take(visitor->context, file_of[place], NULL, 0, &missing);
    return status;
}

int import_read_member(const char *path, const char *end, size_t most, struct arena *arena, char **bytes, size_t *size,
                       struct error *err)
{
    struct tar tar;
    int status;
    if (open_tar(&tar, path, err))
        return -1;
    *bytes = NULL;
    while (!*bytes && (status = next_entry(&tar, err)) > 0) {
        const char *name = status == ENTRY ? entry_path(&tar) : "";
        const size_t length = strlen(name), wanted = strlen(end);
        if (length < wanted || strcmp(name + length - wanted, end) != 0)
            continue;
        status = read_data(&tar, most, arena, bytes, size, err);
        if (status) {
            error_prefix(err, "\"%s\": \"%s\": ", path, name);
            break;
        }
    }
    close_tar(&tar);
    return status_of(status < 0);
}

bool import_is_archive(const char *path)
{
    struct error ignored;
    struct tar tar;
    if (open_tar(&tar, path, &ignored))
        return false;
    const bool is = next_entry(&tar, &ignored) >= 0;
    close_tar(&tar);
    return is;
}
