/* tests/datasets/imagenet_folders.h - ImageNet as it is distributed, in small: folders, kit, archives. */
#ifndef TESTS_DATASETS_IMAGENET_FOLDERS_H
#define TESTS_DATASETS_IMAGENET_FOLDERS_H

#include "datasets/decode.h"
#include "datasets/import/import_picture.h"
#include "datasets/import/import_tables.h"
#include "tests/datasets/import_place.h"
#include "tests/test.h"

#include <archive.h>
#include <archive_entry.h>

#define PICTURES 5
#define TRUTH "ILSVRC2012_validation_ground_truth.txt"

static const char *const sources[PICTURES] = {"colour_420.jpg", "cmyk.jpg", "rgba.png", "grey.jpg", "progressive.jpg"};
/* kit's numbers 1 2 3 515 1 by tests/golden/devkit; sorted: tench, goldfish, fox, cup */
static const int labels[PICTURES] = {2, 1, 0, 3, 2};

static inline void copy_file(const char *from, const char *name)
{
    char bytes[8192];
    FILE *in = fopen(from, "rb"), *out = fopen(inside(name), "wb");
    assert_true(in && out);
    const size_t size = fread(bytes, 1, sizeof bytes, in);
    fwrite(bytes, 1, size, out);
    fclose(in);
    fclose(out);
}

static inline void put_validation(const char *folder)
{
    for (int i = 0; i < PICTURES; i++) {
        char name[100];
        snprintf(name, sizeof name, "%s/ILSVRC2012_val_%08d.JPEG", folder, i + 1);
        put_picture(sources[i], name, 0);
    }
}

static inline void put_kit(const char *folder, const char *meta)
{
    char name[200], from[200];
    snprintf(name, sizeof name, "%s/" TRUTH, folder);
    write_text(name, "1\n2\n3\n515\n1\n");
    snprintf(name, sizeof name, "%s/meta.mat", folder);
    snprintf(from, sizeof from, "tests/golden/devkit/%s", meta);
    copy_file(from, name);
}

static inline void assert_validation(const struct imageset *set)
{
    assert_int_equal(imageset_count(set), PICTURES);
    assert_int_equal(imageset_class_count(set), 4);
    assert_string_equal(imageset_class_id(set, 0), "n01440764");
    assert_string_equal(imageset_class_id(set, 2), "n02119789");
    for (int i = 0; i < PICTURES; i++) {
        char name[64];
        snprintf(name, sizeof name, "ILSVRC2012_val_%08d.JPEG", i + 1);
        assert_string_equal(imageset_name(set, i), name);
        assert_int_equal(imageset_label(set, i), labels[i]);
    }
}

/* With paths inside of the place; NULL: none. */
static inline struct import_options options_of(const char *source, const char *given)
{
    static char paths[2][400];
    snprintf(paths[0], sizeof paths[0], "%s", inside(source));
    snprintf(paths[1], sizeof paths[1], "%s", given ? inside(given) : "");
    return (struct import_options){.source = paths[0], .labels = given ? paths[1] : NULL};
}

static inline void assert_imports(struct import_options options, const char *layout)
{
    struct import_result result;
    struct log log;
    struct imageset *set = import_and_open(options, &result, &log);
    assert_validation(set);
    if (!strstr(result.layout, layout) && !strstr(log.notes, layout))
        fail_msg("layout \"%s\" (%s) does not say \"%s\"", result.layout, log.notes, layout);
    assert_true(log.checked == PICTURES && log.problems == 0);
    imageset_close(set);
}

/* -- archives ------------------------------------------------------------------------------------------------------ */

static inline struct archive *begin_tar(const char *name, bool is_packed)
{
    struct archive *tar = archive_write_new();
    archive_write_set_format_pax_restricted(tar);
    if (is_packed)
        archive_write_add_filter_gzip(tar);
    assert_int_equal(archive_write_open_filename(tar, inside(name)), ARCHIVE_OK);
    return tar;
}

static inline void end_tar(struct archive *tar)
{
    assert_int_equal(archive_write_close(tar), ARCHIVE_OK);
    archive_write_free(tar);
}

/* The file `from`, or a link to it. */
static inline void add_entry(struct archive *tar, const char *path, const char *from, bool is_link)
{
    static char bytes[1 << 16];
    struct archive_entry *entry = archive_entry_new();
    FILE *file = is_link ? NULL : fopen(from, "rb");
    const size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    archive_entry_set_pathname(entry, path);
    archive_entry_set_filetype(entry, is_link ? AE_IFLNK : AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (la_int64_t)size);
    if (is_link)
        archive_entry_set_symlink(entry, from);
    assert_int_equal(archive_write_header(tar, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(tar, bytes, size), size);
    archive_entry_free(entry);
    if (file)
        fclose(file);
}

static inline void add_picture(struct archive *tar, const char *path, const char *picture)
{
    char from[200];
    snprintf(from, sizeof from, "tests/golden/pictures/%s", picture);
    add_entry(tar, path, from, false);
}

/* Backwards: the order of the image set is that of the names. */
static inline void put_tar(const char *name, const char *folder, bool is_packed)
{
    struct archive *tar = begin_tar(name, is_packed);
    for (int i = PICTURES; i-- > 0;) {
        char path[100];
        snprintf(path, sizeof path, "%sILSVRC2012_val_%08d.JPEG", folder, i + 1);
        add_picture(tar, path, sources[i]);
    }
    end_tar(tar);
}

static inline void put_folders(const char *const *folders, int count)
{
    for (int i = 0; i < count; i++) {
        char name[64];
        make_folder(folders[i]);
        snprintf(name, sizeof name, "%s/%d.JPEG", folders[i], i);
        put_picture(GOOD, name, 0);
    }
}

static inline void assert_folders(struct import_options options, const char *layout, int count, const int *want)
{
    struct import_result result;
    struct log log;
    struct imageset *set = import_and_open(options, &result, &log);
    if (!strstr(result.layout, layout) && !strstr(log.notes, layout))
        fail_msg("layout \"%s\" (%s) does not say \"%s\"", result.layout, log.notes, layout);
    for (int i = 0; i < count; i++) {
        const int number = atoi(imageset_name(set, i));
        assert_int_equal(imageset_label(set, i), want[number]);
    }
    imageset_close(set);
}

#endif
