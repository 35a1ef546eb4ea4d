/* tests/datasets/test_import_pictures.c - which pictures an import takes, replaces or refuses. */
#include "tests/datasets/imagenet_folders.h"

TEST(cmyk_jpegs_and_pngs_that_are_called_jpeg_are_decoded)
{
    begin();
    make_folder("val");
    put_validation("val");
    put_kit("", "meta.mat");
    struct import_options options = options_of("val", NULL);
    options.is_decoded = true;
    struct import_result result;
    struct log log;
    struct imageset *set = import_and_open(options, &result, &log);
    assert_validation(set);
    for (int i = 0; i < PICTURES; i++) {
        struct arena arena;
        struct picture picture;
        struct error err;
        arena_init(&arena, 0);
        assert_int_equal(imageset_picture(set, i, &arena, &picture, &err), 0);
        assert_true(picture.w > 1 && picture.h > 1);
        arena_release(&arena);
    }
    imageset_close(set);
    end();
}

/* What decodes is taken, with the decoder's sides; no beginning of it is. */
TEST(every_picture_that_decodes_is_whole_and_no_part_of_it_is)
{
    DIR *folder = opendir("tests/golden/pictures");
    assert_non_null(folder);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        static char bytes[1 << 16];
        char path[400];
        struct arena arena;
        struct picture picture;
        struct error err;
        snprintf(path, sizeof path, "tests/golden/pictures/%s", entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (!file)
            continue;
        const size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        arena_init(&arena, 0);
        if (decode_picture(bytes, size, &arena, &picture, &err) == 0) {
            int w, h;
            if (import_check_picture(bytes, size, &w, &h, &err))
                fail_msg("%s: %s", path, err.text);
            assert_true(w == picture.w && h == picture.h);
            for (size_t part = 0; part < size; part++) {
                char *exact = malloc(part + 1); /* so that AddressSanitizer sees the end */
                assert_non_null(exact);
                memcpy(exact, bytes, part);
                const bool is_whole = import_check_picture(exact, part, &w, &h, &err) == 0;
                free(exact);
                if (is_whole)
                    fail_msg("%s: %zu of %zu bytes are taken for a picture", path, part, size);
            }
            count++;
        }
        arena_release(&arena);
    }
    closedir(folder);
    assert_true(count > 25);
}

TEST(pictures_that_the_decoder_would_not_take_are_refused_with_the_reason)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *why;
    } cases[] = {
        {"", 0, "empty file"},
        {"GIF89a", 6, "neither a JPEG nor a PNG file"},
        {"\xff\xd8\xff\xd9", 4, "damaged JPEG file: no data"},
        {"\xff\xd8\xff\xd8", 4, "a second start"},
        {"\xff\xd8\xff\xe0\0\1", 6, "a segment of 1 bytes"},
        {"\xff\xd8\xff\xda\0\2\xff\xd9", 8, "data before a frame"},
        {"\xff\xd8\xff\xc0\0\x0b\x08\0\0\0\1\1\0\0\0", 15, "JPEG of 1x0 pixels"},
        {"\xff\xd8\xff\xc0\0\x0b\x08\xff\xff\xff\xff\1\0\0\0", 15, "JPEG of 65535x65535 pixels"},
        {"\xff\xd8\xff\xc3\0\x0b\x08\0\1\0\1\1\0\0\0", 15, "JPEG of a kind that is not supported"},
        {"\xff\xd8\xff\xc0\0\x0b\x0c\0\1\0\1\1\0\0\0", 15, "JPEG of a kind that is not supported"},
        {"\xff\xd8\xff\xc0\0\x0b\x08\0\1\0\1\2\0\0\0", 15, "JPEG of 2 components"},
        {"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xae\x42\x60\x82", 20, "it does not begin with its header"},
        {"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xae\x42\x60\x83", 20, "a wrong check sum"},
        {"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIDAT....", 20, "truncated PNG file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err;
        int w, h;
        assert_int_equal(import_check_picture(cases[i].bytes, cases[i].size, &w, &h, &err), -1);
        if (!strstr(err.text, cases[i].why))
            fail_msg("case %zu: \"%s\" does not say \"%s\"", i, err.text, cases[i].why);
    }
}

TEST(broken_pictures_are_replaced_and_the_others_are_whole)
{
    begin();
    make_folder("cat");
    make_folder("dog");
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s/%02d.jpg", i < 10 ? "cat" : "dog", i);
        put_picture(i % 2 ? "colour_444.jpg" : "grey.jpg", name, i % 10 < 3 ? 300 + (size_t)i : 0);
    }
    struct import_result result;
    struct log log;
    struct imageset *set = import_and_open((struct import_options){.per_class = 4}, &result, &log);
    assert_true(imageset_count(set) == 8 && result.skipped == 6 && log.checked == 14);
    for (int i = 0; i < 8; i++) {
        struct arena arena;
        struct picture picture;
        struct error err;
        char name[32];
        snprintf(name, sizeof name, "%02d.jpg", i < 4 ? i + 3 : i + 9);
        assert_string_equal(imageset_name(set, i), name);
        arena_init(&arena, 0);
        assert_int_equal(imageset_picture(set, i, &arena, &picture, &err), 0);
        arena_release(&arena);
    }
    imageset_close(set);
    end();
}

TEST(what_a_killed_import_left_is_removed_by_the_next)
{
    begin();
    make_folder("cat");
    put_picture(GOOD, "cat/x.jpg", 0);
    write_text("out.h5.part-2147483647", "half"); /* no system has so many processes */
    struct import_result result;
    struct log log;
    imageset_close(import_and_open((struct import_options){0}, &result, &log));
    assert_int_equal(access(inside("out.h5.part-2147483647"), F_OK), -1);
    end();
}
