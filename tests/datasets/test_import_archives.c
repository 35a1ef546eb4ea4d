/* tests/datasets/test_import_archives.c - image sets from archives, also damaged ones. */
#include "tests/datasets/imagenet_folders.h"

TEST(an_archive_gives_what_the_folder_gives)
{
    begin();
    put_kit("", "meta.mat");
    put_tar("flat.tar", "", false);
    put_tar("deep.tar", "./ILSVRC/val/", false);
    put_tar("packed.tar.gz", "val/", true);
    assert_imports(options_of("flat.tar", NULL), "development kit");
    assert_imports(options_of("deep.tar", NULL), "development kit");
    assert_imports(options_of("packed.tar.gz", NULL), "development kit");
    struct archive *tar = begin_tar("folders.tar", false);
    add_picture(tar, "data/train/n02/1.jpg", GOOD);
    add_picture(tar, "data/train/n01/0.jpg", GOOD);
    add_picture(tar, "data/train/n02/2.jpg", GOOD);
    add_picture(tar, "data/train/n02/._2.jpg", GOOD);
    end_tar(tar);
    assert_folders(options_of("folders.tar", NULL), "one folder per class", 3, (const int[]){0, 1, 1});
    end();
}

TEST(a_list_keeps_its_order_in_an_archive_and_needs_no_endings)
{
    begin();
    put_kit("", "meta.mat");
    put_tar("val.tar", "val/", false);
    write_text("list.txt", "ILSVRC2012_val_00000003\nval/ILSVRC2012_val_00000005.JPEG\nILSVRC2012_val_00000001.JPEG\n");
    char list[400];
    snprintf(list, sizeof list, "%s", inside("list.txt"));
    struct import_options options = options_of("val.tar", NULL);
    options.list = list;
    struct import_result result;
    struct log log;
    struct imageset *set = import_and_open(options, &result, &log);
    assert_int_equal(imageset_count(set), 3);
    assert_string_equal(imageset_name(set, 0), "ILSVRC2012_val_00000003.JPEG");
    assert_string_equal(imageset_name(set, 1), "ILSVRC2012_val_00000005.JPEG");
    assert_int_equal(imageset_label(set, 2), labels[0]);
    struct arena arena;
    struct error err;
    struct picture picture;
    arena_init(&arena, 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(imageset_picture(set, i, &arena, &picture, &err), 0);
    arena_release(&arena);
    imageset_close(set);
    end();
}

TEST(hostile_entries_of_an_archive_are_named_and_left_out)
{
    begin();
    struct archive *tar = begin_tar("x.tar", false);
    add_picture(tar, "cat/good.jpg", GOOD);
    add_picture(tar, "../evil.jpg", GOOD);
    add_picture(tar, "/tmp/evil.jpg", GOOD);
    add_picture(tar, "cat/../../evil.jpg", GOOD);
    add_picture(tar, "cat/new\nline.jpg", GOOD);
    add_entry(tar, "cat/link.jpg", "/etc/passwd", true);
    add_picture(tar, "dog/good.jpg", GOOD);
    end_tar(tar);
    struct import_result result;
    struct log log;
    struct imageset *set = import_and_open(options_of("x.tar", NULL), &result, &log);
    assert_true(imageset_count(set) == 2 && result.skipped == 5 && log.problems == 5);
    assert_string_equal(log.problem, "\"cat/link.jpg\": a link or a device, not a file");
    imageset_close(set);
    assert_int_equal(unlink(inside("out.h5")), 0);
    struct import_options strict = options_of("x.tar", NULL);
    strict.is_strict = true;
    assert_fails(strict, IMPORT_UNREADABLE, "5 of 7 pictures are unreadable");
    end();
}

static void change_bytes(const char *name, long at, const char *bytes)
{
    FILE *file = fopen(inside(name), "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    fwrite(bytes, 1, strlen(bytes), file);
    fclose(file);
}

TEST(cut_and_lying_archives_are_refused_or_named)
{
    begin();
    struct archive *tar = begin_tar("x.tar", false);
    add_picture(tar, "cat/0.jpg", GOOD);
    add_picture(tar, "dog/1.jpg", "colour_444.jpg");
    end_tar(tar);
    struct stat info;
    assert_int_equal(stat("tests/golden/pictures/" GOOD, &info), 0);
    const long second = 512 + (info.st_size + 511) / 512 * 512;
    struct import_result result;
    struct log log;
    struct error err;
    for (long size = second + 512 + 100; size > 0; size -= 300) { /* all kinds of cuts */
        assert_int_equal(truncate(inside("x.tar"), size), 0);
        const int status = import(options_of("x.tar", NULL), &result, &log, &err);
        assert_true(status == IMPORT_FAILED || (status == IMPORT_DONE && result.written == 1));
        if (size > second + 512)
            assert_true(status == IMPORT_FAILED || (log.problems == 1 && strstr(log.problem, "dog/1.jpg")));
    }
    tar = begin_tar("y.tar", false);
    add_picture(tar, "cat/0.jpg", GOOD);
    end_tar(tar);
    change_bytes("y.tar", 124, "77777777777"); /* 8 GiB, and a check sum that fits no more */
    assert_int_equal(import(options_of("y.tar", NULL), &result, &log, &err), IMPORT_FAILED);
    write_text("z.tar", "text");
    assert_fails(options_of("z.tar", NULL), IMPORT_FAILED, "is neither a folder nor a tar archive");
    write_text("z.tar", "");
    assert_int_equal(import(options_of("z.tar", NULL), &result, &log, &err), IMPORT_FAILED);
    end();
}
