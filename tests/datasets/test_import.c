/* tests/datasets/test_import.c - folders of pictures in a temporary place, imported and read back. */
#include "datasets/imageset.h"
#include "datasets/import/csv_read.h"
#include "datasets/import/import.h"

#include "tests/datasets/import_place.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

TEST(a_labels_csv_with_any_columns_in_any_order_is_read)
{
    begin();
    make_folder("p");
    put_picture("grey.jpg", "p/a, b.jpg", 0);
    put_picture("rgba.png", "p/q\"uote.png", 0);
    put_picture(GOOD, "p/c.jpg", 0);
    write_text("labels.csv", "\xef\xbb\xbfname,extra,class_index,file,synset\r\n"
                             "\"big, dog\",x,2,\"p/a, b.jpg\",n2\r\n"
                             "\r\n"
                             "\"two\nlines\",y,0,\"p/q\"\"uote.png\",n0\n"
                             "\"big, dog\",,2,p/c.jpg,n2");
    struct import_result result;
    struct log log;
    struct imageset *set = import_and_open((struct import_options){0}, &result, &log);
    assert_string_equal(result.layout, "labels.csv");
    assert_true(log.found == 3 && result.written == 3 && result.skipped == 0);
    assert_string_equal(imageset_name(set, 0), "a, b.jpg");
    assert_string_equal(imageset_name(set, 1), "q\"uote.png");
    assert_int_equal(imageset_label(set, 0), 2);
    assert_int_equal(imageset_label(set, 1), 0);
    assert_int_equal(imageset_class_count(set), 3);
    assert_string_equal(imageset_class_name(set, 0), "two\nlines");
    assert_string_equal(imageset_class_name(set, 1), "class 1");
    assert_string_equal(imageset_class_name(set, 2), "big, dog");
    assert_string_equal(imageset_class_id(set, 2), "n2");
    imageset_close(set);
    end();
}

TEST(one_folder_per_class_is_sorted_by_bytes)
{
    begin();
    static const char *const folders[] = {"b", "B", "a10", "a9", ".hidden", "a10/deep"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        make_folder(folders[i]);
    put_picture(GOOD, "b/same.jpg", 0);
    put_picture(GOOD, "B/same.JPEG", 0);
    put_picture(GOOD, "a10/deep/x.jpg", 0);
    put_picture(GOOD, "a10/same.jpg", 0);
    put_picture(GOOD, ".hidden/x.jpg", 0);
    put_picture(GOOD, "stray.jpg", 0);
    write_text("b/readme.txt", "no picture");
    struct import_result result;
    struct log log;
    struct imageset *set = import_and_open((struct import_options){0}, &result, &log);
    assert_string_equal(result.layout, "one folder per class, in the order of their names");
    assert_non_null(strstr(log.notes, "left out: hidden folders and those of tools: \".hidden\"\n"));
    assert_non_null(strstr(log.notes, "left out: folders without pictures: \"a9\"\n"));
    assert_non_null(strstr(log.notes, "left out: pictures outside of the class folders: \"stray.jpg\"\n"));
    assert_int_equal(imageset_class_count(set), 3);
    static const char *const classes[] = {"B", "a10", "b"};
    for (int k = 0; k < 3; k++)
        assert_string_equal(imageset_class_name(set, k), classes[k]);
    static const struct {
        const char *name;
        int label;
    } want[] = {{"B/same.JPEG", 0}, {"a10/deep/x.jpg", 1}, {"a10/same.jpg", 1}, {"b/same.jpg", 2}};
    assert_int_equal(imageset_count(set), 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(imageset_name(set, i), want[i].name); /* "same.jpg" alone is not unique */
        assert_int_equal(imageset_label(set, i), want[i].label);
    }
    imageset_close(set);
    end();
}

static void make_two_classes(void)
{
    begin();
    make_folder("cat");
    make_folder("dog");
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s/%02d.jpg", i < 10 ? "cat" : "dog", i);
        put_picture(GOOD, name, i == 0 ? 100 : 0);
    }
}

TEST(unreadable_pictures_are_left_out_and_named)
{
    make_two_classes();
    struct import_result result;
    struct log log;
    struct imageset *set = import_and_open((struct import_options){0}, &result, &log);
    assert_true(imageset_count(set) == 19 && result.skipped == 1 && log.problems == 1 && log.checked == 20);
    assert_string_equal(log.problem, "\"cat/00.jpg\": truncated JPEG file");
    imageset_close(set);
    assert_int_equal(unlink(inside("out.h5")), 0);
    assert_fails(
        (struct import_options){.is_strict = true}, IMPORT_UNREADABLE,
        "1 of 20 pictures are unreadable, nothing was written; the first: \"cat/00.jpg\": truncated JPEG file");
    end();
}

TEST(limits_count_readable_pictures)
{
    make_two_classes();
    struct import_result result;
    struct log log;
    struct imageset *set = import_and_open((struct import_options){.limit = 3}, &result, &log);
    assert_true(imageset_count(set) == 3 && log.checked == 4);
    assert_string_equal(imageset_name(set, 2), "03.jpg");
    imageset_close(set);
    set = import_and_open((struct import_options){.per_class = 2}, &result, &log);
    assert_int_equal(imageset_count(set), 4);
    assert_string_equal(imageset_name(set, 0), "01.jpg");
    assert_string_equal(imageset_name(set, 3), "11.jpg");
    imageset_close(set);
    end();
}

TEST(a_seed_draws_the_same_pictures_again_in_their_order)
{
    make_two_classes();
    char names[3][5][16] = {{{0}}};
    for (int round = 0; round < 3; round++) {
        const struct import_options options = {.limit = 5, .is_sampled = true, .seed = round == 2 ? 8 : 7};
        struct import_result result;
        struct log log;
        struct imageset *set = import_and_open(options, &result, &log);
        assert_int_equal(imageset_count(set), 5);
        for (int i = 0; i < 5; i++) {
            snprintf(names[round][i], sizeof names[round][i], "%s", imageset_name(set, i));
            assert_true(i == 0 || strcmp(names[round][i - 1], names[round][i]) < 0);
        }
        imageset_close(set);
    }
    assert_memory_equal(names[0], names[1], sizeof names[0]);
    assert_memory_not_equal(names[0], names[2], sizeof names[0]);
    end();
}

TEST(a_list_chooses_files_and_their_order)
{
    make_two_classes();
    write_text("list.txt", "dog/12.jpg\n\n05.jpg\r\n");
    char list[400];
    snprintf(list, sizeof list, "%s", inside("list.txt"));
    struct import_result result;
    struct log log;
    struct imageset *set = import_and_open((struct import_options){.list = list}, &result, &log);
    assert_int_equal(imageset_count(set), 2);
    assert_string_equal(imageset_name(set, 0), "12.jpg");
    assert_string_equal(imageset_name(set, 1), "05.jpg");
    assert_int_equal(imageset_label(set, 0), 1);
    imageset_close(set);
    write_text("list.txt", "05.jpg\nbird.jpg\n");
    assert_fails((struct import_options){.list = list}, IMPORT_FAILED, "line 2: \"");
    assert_fails((struct import_options){.list = list}, IMPORT_FAILED, "holds no picture \"bird.jpg\"");
    write_text("list.txt", "05.jpg\ncat/05.jpg\n");
    assert_fails((struct import_options){.list = list}, IMPORT_FAILED, "line 2: \"cat/05.jpg\" appears twice");
    end();
}

TEST(an_interrupted_import_leaves_nothing)
{
    make_two_classes();
    static const volatile sig_atomic_t stop = 1;
    assert_fails((struct import_options){.stop = &stop}, IMPORT_STOPPED, "");
    end();
}

TEST(wrong_folders_are_refused)
{
    begin();
    assert_fails((struct import_options){0}, IMPORT_FAILED, "holds no JPEG or PNG files");
    assert_fails((struct import_options){.source = "/nowhere"}, IMPORT_FAILED,
                 "could not open \"/nowhere\": No such file or directory");
    make_folder("cat");
    put_picture(GOOD, "cat/x.jpg", 50);
    assert_fails((struct import_options){0}, IMPORT_FAILED,
                 "none of the 1 pictures is readable; the first: \"cat/x.jpg\": truncated JPEG file");
    end();
}

TEST(wrong_lines_of_a_labels_csv_are_named)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "its first line has no column \"file\"; needed: file,class_index[,synset,name]"},
        {"file,species\n", "its first line has no column \"class_index\""},
        {"file,class_index\n", "lists no files"},
        {"file,class_index\na.jpg\n", "line 2: no field for column \"class_index\""},
        {"file,class_index\na.jpg,1\nb.jpg,dog\n",
         "line 3: class_index is not a whole number of at least -1 (unknown): \"dog\""},
        {"file,class_index\na.jpg,-2\n", "line 2: class_index is not"},
        {"file,class_index\na.jpg,99999999999\n", "line 2: class_index is not"},
        {"file,class_index\n,1\n", "line 2: nothing in column \"file\""},
        {"file,class_index\n\"a.jpg,1\n", "line 2: a quote is not closed"},
        {"file,class_index\n\"a\"b,1\n", "line 2: text after a closing quote"},
        {"file,class_index,name\na,1,x\nb,1,y\n", "line 3: another line calls this class differently: \"y\""},
        {"file,class_index\na.jpg,1\na.jpg,1\n", "lists \"a.jpg\" twice"},
        {"file,class_index\na.jpg,1\n", "picture \"a.jpg\": could not open: No such file or directory"},
    };
    begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text("labels.csv", cases[i].text);
        assert_fails((struct import_options){0}, IMPORT_FAILED, cases[i].why);
    }
    end();
}

TEST(files_without_class_names_make_no_class_list)
{
    begin();
    put_picture(GOOD, "a.jpg", 0);
    put_picture(GOOD, "b.jpg", 0);
    write_text("labels.csv", "file,class_index\na.jpg,900\nb.jpg,-1\n");
    struct import_result result;
    struct log log;
    struct imageset *set = import_and_open((struct import_options){0}, &result, &log);
    assert_int_equal(imageset_class_count(set), 0);
    assert_int_equal(imageset_label(set, 0), 900);
    assert_int_equal(imageset_label(set, 1), -1);
    imageset_close(set);
    end();
}
