/*
 * datasets/import/import_tar.c - pictures in a tar archive, by libarchive. Nothing is unpacked: an entry's path is only a name.
 *
 * An archive inside the archive is read as a folder of its name: ImageNet's training pictures are one archive of
 * n01440764.tar and 999 more. It is read through the outer one's bytes; archives inside of it are ignored.
 */
#include "datasets/import/import_source.h"

#include "base/input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

/* Small, because a list reads one or two blocks at each header; libarchive seeks over those between. */
#define BLOCK_BYTES ((size_t)1 << 14)
#define TAKE_BYTES ((size_t)1 << 20)

#define PATH_BYTES 8192

struct tar {
    const char *path;
    int fd;
    struct archive *archive, *inner; /* inner: the archive being read inside of `archive`; NULL: none */
    char inner_path[PATH_BYTES];     /* "n01440764.tar" */
    char entry_path[PATH_BYTES];     /* "n01440764/n01440764_18.JPEG" of an entry of inner */
};

/* What next_entry() returns besides 0, the end, and -1. */
enum { ENTRY = 1, ENTRY_DAMAGED_INSIDE = 2 };

/* EINVAL, EILSEQ and -1 are the library's own reasons, not the system's. */
static bool is_of_system(const struct tar *tar)
{
    const int why = archive_errno(tar->archive);
    return (why > 0 && why != EINVAL && why != EILSEQ) || (tar->inner && archive_errno(tar->inner) == ENOMEM);
}

static const char *system_reason(const struct tar *tar)
{
    const int why = archive_errno(tar->archive);
    return strerror(why > 0 ? why : ENOMEM);
}

static int fail(const struct tar *tar, struct error *err)
{
    const char *why = is_of_system(tar) ? system_reason(tar) : archive_error_string(tar->archive);
    error_write(err, "could not read archive \"%s\": %s", tar->path, why ? why : "damaged");
    err->is_system = is_of_system(tar);
    return -1;
}

static void close_inner(struct tar *tar)
{
    archive_read_free(tar->inner); /* NULL is fine */
    tar->inner = NULL;
}

static void close_tar(struct tar *tar)
{
    close_inner(tar);
    archive_read_free(tar->archive);
    close(tar->fd);
}

/*
 * Opens a reader of tar archives, compressed or not; NULL: no memory. A filter that needs another program is a warning.
 */
static struct archive *make_reader(void)
{
    struct archive *archive = archive_read_new();
    if (archive && archive_read_support_filter_bzip2(archive) >= ARCHIVE_WARN &&
        archive_read_support_filter_gzip(archive) >= ARCHIVE_WARN &&
        archive_read_support_filter_xz(archive) >= ARCHIVE_WARN &&
        archive_read_support_filter_zstd(archive) >= ARCHIVE_WARN &&
        archive_read_support_format_tar(archive) >= ARCHIVE_WARN)
        return archive;
    archive_read_free(archive);
    return NULL;
}

/* By a descriptor: given a name, libarchive takes blocks of 64 KiB or more. */
static int open_tar(struct tar *tar, const char *path, struct error *err)
{
    *tar = (struct tar){.path = path, .fd = input_open(path, err)};
    if (tar->fd < 0)
        return error_prefix(err, "could not open archive \"%s\": ", path);
    tar->archive = make_reader();
    if (!tar->archive) {
        close_tar(tar);
        return error_memory(err, "an archive");
    }
    if (archive_read_open_fd(tar->archive, tar->fd, BLOCK_BYTES) == ARCHIVE_OK)
        return 0;
    fail(tar, err);
    close_tar(tar);
    return -1;
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

/* -- archives inside ------------------------------------------------------------------------------------------------ */

static la_ssize_t read_outer(struct archive *inner, void *context, const void **bytes)
{
    const struct tar *tar = context;
    size_t size = 0;
    la_int64_t offset;
    int status;
    do
        status = archive_read_data_block(tar->archive, bytes, &size, &offset);
    while (status == ARCHIVE_RETRY || ((status == ARCHIVE_OK || status == ARCHIVE_WARN) && size == 0));
    if (status == ARCHIVE_EOF)
        return 0;
    if (status == ARCHIVE_OK || status == ARCHIVE_WARN)
        return (la_ssize_t)size;
    archive_set_error(inner, EIO, "truncated or damaged in the archive around it");
    return ARCHIVE_FATAL;
}

static int fail_inside(struct tar *tar, struct error *err)
{
    const char *why = tar->inner ? archive_error_string(tar->inner) : NULL;
    if (is_of_system(tar))
        return fail(tar, err);
    error_set(err, "archive inside the archive could not be read: %s", why ? why : "damaged");
    close_inner(tar);
    return ENTRY_DAMAGED_INSIDE;
}

/* Returns 0 if the entry is an archive, which is open now, ENTRY if it is another file. */
static int open_inner(struct tar *tar, struct archive_entry *entry, struct error *err)
{
    const char *path = plain_path(entry);
    size_t length;
    if (archive_entry_filetype(entry) != AE_IFREG || !archive_stem(path) || strlen(path) >= PATH_BYTES ||
        import_tool_folder(path, strlen(path), &length))
        return ENTRY;
    memcpy(tar->inner_path, path, strlen(path) + 1);
    tar->inner = make_reader();
    if (!tar->inner)
        return error_memory(err, "an archive");
    return archive_read_open(tar->inner, tar, NULL, read_outer, NULL) == ARCHIVE_OK ? 0 : fail_inside(tar, err);
}

/* Reads the next entry: ENTRY, at the end 0, -1 with err. Warnings concern unused fields, such as owners. */
static int next_outer(struct tar *tar, struct archive_entry **entry, struct error *err)
{
    for (;;)
        switch (archive_read_next_header(tar->archive, entry)) {
        case ARCHIVE_OK:
        case ARCHIVE_WARN:
            return ENTRY;
        case ARCHIVE_RETRY:
            continue;
        case ARCHIVE_EOF:
            return 0;
        default:
            return fail(tar, err);
        }
}

/* The same in the inner archive: at its end closes it and returns 0. */
static int next_inner(struct tar *tar, struct archive_entry **entry, struct error *err)
{
    for (;;)
        switch (archive_read_next_header(tar->inner, entry)) {
        case ARCHIVE_OK:
        case ARCHIVE_WARN:
            return ENTRY;
        case ARCHIVE_RETRY:
            continue;
        case ARCHIVE_EOF:
            close_inner(tar);
            return 0;
        default:
            return fail_inside(tar, err);
        }
}

/*
 * Reads the next entry, also inside an inner archive. ENTRY_DAMAGED_INSIDE: inner_path is damaged, err names the
 * reason.
 */
static int next_entry(struct tar *tar, struct archive_entry **entry, struct error *err)
{
    for (;;) {
        int status = tar->inner ? next_inner(tar, entry, err) : 0;
        if (status)
            return status;
        status = next_outer(tar, entry, err);
        if (status != ENTRY)
            return status;
        status = open_inner(tar, *entry, err);
        if (status)
            return status;
    }
}

/* The path of an entry of an inner archive begins with the name of that archive. */
static const char *entry_path(struct tar *tar, struct archive_entry *entry)
{
    const char *path = plain_path(entry);
    if (!tar->inner || path[0] == '/' || strncmp(path, "../", 3) == 0)
        return path;
    const int length = snprintf(tar->entry_path, sizeof tar->entry_path, "%.*s/%s", (int)archive_stem(tar->inner_path),
                                tar->inner_path, path);
    return length < (int)sizeof tar->entry_path ? tar->entry_path : "";
}

/* -- the list ------------------------------------------------------------------------------------------------------- */

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
    struct archive_entry *entry;
    int status;
    if (open_tar(&tar, files->folder, err))
        return -1;
    while ((status = next_entry(&tar, &entry, err)) > 0 && !(stop && *stop)) {
        status = status == ENTRY ? list_entry(files, entry, entry_path(&tar, entry), arena, err)
                                 : refuse_inner(&tar, files, arena, err);
        if (status)
            break;
    }
    close_tar(&tar);
    return status < 0 ? -1 : 0;
}

/* -- bytes -------------------------------------------------------------------------------------------------------- */

/* Memory grows with what is really there: of what the header says, no more than TAKE_BYTES are believed. */
static int read_data(const struct tar *tar, struct archive_entry *entry, size_t most, struct arena *arena, char **bytes,
                     size_t *size, struct error *err)
{
    const uint64_t listed = (uint64_t)archive_entry_size(entry);
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
        const la_ssize_t got =
            archive_read_data(tar->inner ? tar->inner : tar->archive, *bytes + *size, room - 1 - *size);
        if (got == ARCHIVE_RETRY)
            continue;
        if (got < 0 && is_of_system(tar))
            return error_system(err, "could not be read: %s", system_reason(tar));
        if (got < 0)
            return error_set(err, "truncated or damaged in the archive");
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

static int take_picture(const struct tar *tar, struct archive_entry *entry, int i, const struct import_visitor *visitor,
                        struct arena *scratch)
{
    const struct arena_mark mark = arena_mark(scratch);
    char *bytes;
    size_t size;
    struct error problem;
    if (read_data(tar, entry, IMPORT_PICTURE_BYTES_MAX, scratch, &bytes, &size, &problem))
        bytes = NULL;
    const int status = visitor->take(visitor->context, i, bytes, size, &problem);
    arena_rewind(scratch, mark);
    return status;
}

static int visit_entries(struct tar *tar, const struct import_files *files, const int *file_of, int places,
                         const struct import_visitor *visitor, struct arena *scratch, int *place, struct error *err)
{
    struct archive_entry *entry;
    int found; /* negative if the archive is cut or damaged from here on: the other pictures are missing */
    while (*place < places && (found = next_entry(tar, &entry, err)) != 0) {
        if (found < 0 && err->is_system)
            return -1;
        if (found < 0)
            break;
        const char *path = found == ENTRY ? entry_path(tar, entry) : "";
        if (found != ENTRY || !is_picture(entry, path) || refusal(entry, path))
            continue;
        const int i = file_of[*place];
        if (i >= 0 && strcmp(files->files[i].path, path) != 0)
            return error_set(err, "archive \"%s\" has changed: \"%s\" is where \"%s\" was", files->folder, path,
                             files->files[i].path);
        ++*place;
        const int status =
            i >= 0 && visitor->wants(visitor->context, i) ? take_picture(tar, entry, i, visitor, scratch) : 0;
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
        if (file_of[place] >= 0 && visitor->wants(visitor->context, file_of[place]))
            status = visitor->take(visitor->context, file_of[place], NULL, 0, &missing);
    return status;
}

int import_read_member(const char *path, const char *end, size_t most, struct arena *arena, char **bytes, size_t *size,
                       struct error *err)
{
    struct tar tar;
    struct archive_entry *entry;
    int status;
    if (open_tar(&tar, path, err))
        return -1;
    *bytes = NULL;
    while (!*bytes && (status = next_entry(&tar, &entry, err)) > 0) {
        const char *name = status == ENTRY ? entry_path(&tar, entry) : "";
        const size_t length = strlen(name), wanted = strlen(end);
        if (length < wanted || strcmp(name + length - wanted, end) != 0)
            continue;
        status = read_data(&tar, entry, most, arena, bytes, size, err);
        if (status) {
            error_prefix(err, "\"%s\": \"%s\": ", path, name);
            break;
        }
    }
    close_tar(&tar);
    return status < 0 ? -1 : 0;
}

bool import_is_archive(const char *path)
{
    struct error ignored;
    struct tar tar;
    struct archive_entry *entry;
    if (open_tar(&tar, path, &ignored))
        return false;
    const bool is = next_entry(&tar, &entry, &ignored) >= 0;
    close_tar(&tar);
    return is;
}
