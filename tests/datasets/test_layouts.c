/*
 * tests/datasets/test_layouts.c - folders as data sets are distributed and as people keep them: the label that each
 * picture gets, and the line that explains it. The labels were counted by hand.
 */
#include "datasets/imagenet.h"

#include "tests/datasets/import_place.h"

#include <archive.h>
#include <archive_entry.h>

#define DOG "n02099601"   /* golden retriever, 207 */
#define TENCH "n01440764" /* 0 */
#define SHARK "n01484850" /* great white shark, 2 */

/* Makes a picture, and the folders above it. */
static void put(const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "%s", name);
    for (char *slash = path; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(inside(path), 0777);
        *slash = '/';
    }
    put_picture(GOOD, name, 0);
}

static void put_all(const char *const *names)
{
    for (; *names; names++)
        put(*names);
}

/* `want`: "NAME LABEL" of each picture, separated by spaces. `said`: a text in the layout or a note. */
static void assert_labels(struct import_options options, const char *want, const char *said)
{
    struct import_result result;
    struct log log;
    char got[1024] = "";
    struct imageset *set = import_and_open(options, &result, &log);
    for (int i = 0; i < imageset_count(set); i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s %d", i ? " " : "", imageset_name(set, i),
                 imageset_label(set, i));
    assert_string_equal(got, want);
    if (!strstr(result.layout, said) && !strstr(log.notes, said))
        fail_msg("\"%s\" and \"%s\" do not say \"%s\"", result.layout, log.notes, said);
    imageset_close(set);
}

static struct import_options of(const char *source)
{
    static char path[400];
    snprintf(path, sizeof path, "%s", inside(source));
    return (struct import_options){.source = path};
}

static struct import_options with_labels(struct import_options options, const char *table)
{
    static char path[400];
    snprintf(path, sizeof path, "%s", inside(table));
    options.labels = path;
    return options;
}

TEST(folders_without_pictures_of_the_user_are_no_classes)
{
    static const char *const extras[] = {"__MACOSX/cat/x.jpg", "@eaDir/x.jpg", ".ipynb_checkpoints/x.jpg",
                                         "cat/.git/x.jpg", "System Volume Information/x.jpg"};
    for (size_t i = 0; i < sizeof extras / sizeof *extras; i++) {
        begin();
        put_all((const char *const[]){"cat/a.jpg", "dog/b.JPEG", extras[i], NULL});
        assert_labels((struct import_options){0}, "a.jpg 0 b.JPEG 1",
                      "left out: hidden folders and those of tools: \"");
        end();
    }
    begin();
    put_all((const char *const[]){"cat/a.jpg", "dog/b.jpg", NULL});
    make_folder("aempty");
    make_folder("__pycache__");
    assert_labels((struct import_options){0}, "a.jpg 0 b.jpg 1", "left out: folders without pictures: \"aempty\"");
    end();
}

TEST(folders_of_pictures_that_cannot_be_taken_are_classes)
{
    begin();
    put_all((const char *const[]){"cat/a.jpg", "dog/b.webp", "eel/c.jpg", "fox/d.jpg", NULL});
    assert_int_equal(unlink(inside("eel/c.jpg")), 0);
    assert_int_equal(symlink("nowhere", inside("eel/c.jpg")), 0);
    assert_labels((struct import_options){0}, "a.jpg 0 d.jpg 3",
                  "left out: pictures that are neither JPEG nor PNG files: 1, such as \"dog/b.webp\"");
    end();
}

TEST(an_empty_folder_of_numbers_keeps_the_numbers)
{
    begin();
    put_all((const char *const[]){"0/a.jpg", "2/c.jpg", "10/k.jpg", NULL});
    for (int k = 1; k < 10; k++) {
        char name[16];
        snprintf(name, sizeof name, "%d", k);
        mkdir(inside(name), 0777);
    }
    assert_labels((struct import_options){0}, "a.jpg 0 k.jpg 10 c.jpg 2", "classes without pictures: \"1\", \"3\"");
    end();
}

TEST(pictures_without_labels_are_pictures)
{
    begin();
    put_all((const char *const[]){"flat/a.jpg", "flat/b.png", "deep/images/a.jpg", "one/cat/a.jpg", NULL});
    assert_labels(of("flat"), "a.jpg -1 b.png -1", "without labels");
    assert_labels(of("deep"), "a.jpg -1", "without labels");
    assert_labels(of("one"), "a.jpg 0", "one folder per class");
    struct import_options none = of("one");
    none.labels = "none";
    assert_labels(none, "a.jpg -1", "--labels none");
    write_text("flat/things.csv", "a,b\n1,2\n");
    assert_labels(of("flat"), "a.jpg -1 b.png -1", "beside the pictures there is \"things.csv\"");
    end();
}

TEST(tables_beside_a_flat_folder_label_it)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"val.txt", "a.jpg 3\nb.jpg 5\n", "a.jpg 3 b.jpg 5"},
        {"val.txt",
         "\xef\xbb\xbf"
         "images/a.jpg 3\r\nimages/b.jpg 5\r\n",
         "a.jpg 3 b.jpg 5"},
        {"val.txt", "a " TENCH "\nb " DOG "\n", "a.jpg 0 b.jpg 207"},
        {"labels.csv", "file,class_index\nimages/b.jpg,1\nimages/a.jpg,-1\n", "b.jpg 1 a.jpg -1"},
        {"annotations.csv", "filename,label\na.jpg,dog\nb.jpg,cat\n", "a.jpg 1 b.jpg 0"},
        {"val.csv", "\xef\xbb\xbfImageId,Class\r\na,7\r\nb,9\r\n", "a.jpg 7 b.jpg 9"},
        {"val.csv", "a.jpg,7\nb.jpg,9\n", "a.jpg 7 b.jpg 9"},
        {"val_annotations.txt", "a.jpg\t" DOG "\t0\t0\t1\t1\nb.jpg\t" TENCH "\t0\t0\t1\t1\n", "a.jpg 207 b.jpg 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        put_all((const char *const[]){"d/images/a.jpg", "d/images/b.jpg", NULL});
        char name[64];
        snprintf(name, sizeof name, "d/%s", cases[i].name);
        write_text(name, cases[i].text);
        assert_labels(of("d"), cases[i].want, "labels");
        assert_labels(of("d/images"), cases[i].want, "labels");
        end();
    }
}

TEST(a_table_that_names_some_pictures_is_an_error_unless_it_may_be_partial)
{
    static const struct {
        const char *name, *text;
    } cases[] = {{"labels.csv", "file,class_index\na.jpg,4\n"},
                 {"val.txt", "a.jpg 4\n"},
                 {"LOC_val_solution.csv", "ImageId,PredictionString\na,n00000004 1 2 3 4 \n"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        put_all((const char *const[]){"a.jpg", "b.jpg", NULL});
        write_text(cases[i].name, cases[i].text);
        assert_fails((struct import_options){0}, IMPORT_FAILED,
                     "does not name 1 of the 2 pictures: \"b.jpg\"; --partial");
        assert_labels((struct import_options){.is_partial = true}, i == 2 ? "a.jpg 0" : "a.jpg 4",
                      "left out: 1 of 2 pictures, which \"");
        end();
    }
}

TEST(tables_that_cannot_be_meant_are_refused)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"\xff\xfe"
         "f",
         "is text in UTF-16 or UTF-32; save it as UTF-8"},
        {"a.jpg 1\nb.jpg 2\n3 3\n4 4\n5 5\n6 6\n7 7\n8 8\n9 9\n10 10\n", "numbers its lines from 1 on"},
        {"a.jpg 1\nb.jpg x\n", "line 2: class_index is not a whole number"},
        {"a.jpg " DOG "\nb.jpg 1\n", "line 2: the class is not a synset"},
        {"filename,label\na.jpg,dog\nb.jpg,1\n", "line 3: the class is not a name"},
        {"a.jpg 1\na.jpg 1\n", "line 2: another line has this picture too: \"a.jpg\""},
        {"x.jpg 1\n", "names none of the 2 pictures"},
        {"nothing\n", "is not a table of labels; needed: a first line file,class_index"},
    };
    begin();
    put_all((const char *const[]){"d/a.jpg", "d/b.jpg", NULL});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text("table", cases[i].text);
        assert_fails(with_labels(of("d"), "table"), IMPORT_FAILED, cases[i].why);
    }
    end();
}

TEST(synsets_get_the_indices_of_imagenet_or_of_the_folders)
{
    struct import_options numbered;
    begin();
    put_all((const char *const[]){"s/" DOG "/d.jpg", "s/" TENCH "/t.jpg", "named/" DOG "-golden_retriever/d.jpg",
                                  "more/n00000001/x.jpg", "more/" TENCH "/t.jpg", "mixed/" TENCH "/t.jpg",
                                  "mixed/zoo/z.jpg", "mixed/aaa/a.jpg", NULL});
    assert_labels(of("s"), "t.jpg 0 d.jpg 207", "2 of ImageNet's 1000 synsets, with ImageNet's indices");
    numbered = of("s");
    numbered.classes = IMPORT_CLASSES_FOLDER;
    assert_labels(numbered, "t.jpg 0 d.jpg 1", "numbered from 0 in the order of their ids (--classes folder)");
    assert_labels(of("named"), "d.jpg 207", "ImageNet's indices");
    assert_labels(of("more"), "x.jpg 0 t.jpg 1", "n00000001 is not one of ImageNet's 1000");
    assert_labels(of("mixed"), "a.jpg 0 t.jpg 1 z.jpg 2", "\"aaa\" is not: all are numbered from 0");
    end();
}

TEST(a_table_with_synsets_says_whether_its_numbers_are_imagenets)
{
    begin();
    put_all((const char *const[]){"a.jpg", "b.jpg", NULL});
    write_text("labels.csv", "file,class_index,synset\na.jpg,207," DOG "\nb.jpg,0," TENCH "\n");
    assert_labels((struct import_options){0}, "a.jpg 207 b.jpg 0", "ImageNet's 1000, whose synsets");
    write_text("labels.csv", "file,class_index,synset\na.jpg,1," DOG "\nb.jpg,0," TENCH "\n");
    assert_labels((struct import_options){0}, "a.jpg 1 b.jpg 0", DOG " is 1 there and 207 of ImageNet");
    end();
}

TEST(tiny_imagenet_is_read_with_its_boxes)
{
    begin();
    put_all((const char *const[]){"t/train/" DOG "/images/" DOG "_0.JPEG", "t/train/" SHARK "/images/" SHARK "_0.JPEG",
                                  "t/val/images/val_0.JPEG", "t/val/images/val_1.JPEG", "t/test/images/test_0.JPEG",
                                  NULL});
    write_text("t/wnids.txt", SHARK "\n" DOG "\n");
    write_text("t/val/val_annotations.txt", "val_0.JPEG\t" DOG "\t0\t0\t0\t0\nval_1.JPEG\t" SHARK "\t0\t0\t5\t5\n");
    write_text("t/train/" DOG "/" DOG "_boxes.txt", DOG "_0.JPEG\t0\t0\t62\t63\n");
    assert_labels(of("t"), "val_0.JPEG 207 val_1.JPEG 2", "validation set");
    assert_labels(of("t/val/images"), "val_0.JPEG 207 val_1.JPEG 2", "val_annotations.txt");
    assert_labels(of("t/train"), SHARK "_0.JPEG 2 " DOG "_0.JPEG 207", "SYNSET_boxes.txt");
    struct import_result result;
    struct log log;
    const struct box *boxes;
    struct imageset *set = import_and_open(of("t/train"), &result, &log);
    assert_int_equal(imageset_boxes(set, 0, &boxes), 0);
    assert_int_equal(imageset_boxes(set, 1, &boxes), 1);
    assert_true(boxes->x0 == 0 && boxes->x1 == 1); /* the picture has one pixel */
    imageset_close(set);
    write_text("t/train/" DOG "/" DOG "_boxes.txt", DOG "_0.JPEG\t0\t0\t62\n");
    assert_fails(of("t/train"), IMPORT_FAILED, DOG "_boxes.txt\", line 1: not a picture and its box");
    end();
}

TEST(parts_of_a_set_are_no_classes)
{
    begin();
    put_all((const char *const[]){"c/train/cat/a.png", "c/train/dog/b.png", "c/test/cat/c.png",
                                  "cub/images/001.Albatross/a.jpg", "cub/images/002.Auk/b.jpg", NULL});
    write_text("cub/classes.txt", "1 001.Albatross\n2 002.Auk\n");
    assert_fails(of("c"), IMPORT_FAILED, "\"test\", \"train\"; the classes are one level deeper: give \"");
    assert_labels(of("c/train"), "a.png 0 b.png 1", "one folder per class");
    assert_labels(of("cub"), "a.jpg 0 b.jpg 1", "one folder per class in \"images\"");
    end();
}

/* Makes a tar archive of one picture, or of another file. */
static void put_tar(const char *name, const char *entry, const char *from)
{
    struct archive *tar = archive_write_new();
    archive_write_set_format_ustar(tar);
    assert_int_equal(archive_write_open_filename(tar, inside(name)), ARCHIVE_OK);
    for (; *entry; entry += strlen(entry) + 1) {
        char bytes[16384];
        FILE *file = fopen(*from ? from : inside(entry), "rb");
        assert_non_null(file);
        const size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        struct archive_entry *head = archive_entry_new();
        archive_entry_set_pathname(head, entry);
        archive_entry_set_filetype(head, AE_IFREG);
        archive_entry_set_perm(head, 0644);
        archive_entry_set_size(head, (la_int64_t)size);
        assert_int_equal(archive_write_header(tar, head), ARCHIVE_OK);
        assert_int_equal(archive_write_data(tar, bytes, size), (la_ssize_t)size);
        archive_entry_free(head);
    }
    archive_write_free(tar);
}

TEST(archives_inside_an_archive_are_folders)
{
    begin();
    put_tar(DOG ".tar", DOG "_1.JPEG\0", "tests/golden/pictures/" GOOD);
    put_tar(TENCH ".tar", TENCH "_1.JPEG\0", "tests/golden/pictures/" GOOD);
    put_tar("train.tar", DOG ".tar\0" TENCH ".tar\0", "");
    assert_labels(of("train.tar"), TENCH "_1.JPEG 0 " DOG "_1.JPEG 207", "one folder per synset");
    assert_int_equal(truncate(inside(DOG ".tar"), 300), 0);
    put_tar("train.tar", DOG ".tar\0" TENCH ".tar\0", "");
    struct import_result result;
    struct log log;
    struct imageset *set = import_and_open(of("train.tar"), &result, &log);
    assert_int_equal(imageset_count(set), 1);
    assert_int_equal(result.skipped, 1);
    assert_non_null(strstr(log.problem, "\"" DOG ".tar\": archive inside the archive could not be read"));
    imageset_close(set);
    end();
}

TEST(an_archive_of_one_folder_is_that_folder)
{
    begin();
    put_tar("a.tar", "data/cat/x.jpg\0", "tests/golden/pictures/" GOOD);
    assert_labels(of("a.tar"), "x.jpg 0", "one folder per class in \"data\"");
    put_tar("a.tar", "data/val/x.jpg\0", "tests/golden/pictures/" GOOD);
    assert_labels(of("a.tar"), "x.jpg -1", "without labels");
    put_tar("a.tar", "__MACOSX/cat/y.jpg\0cat/x.jpg\0dog/y.jpg\0", "tests/golden/pictures/" GOOD);
    assert_labels(of("a.tar"), "x.jpg 0 y.jpg 1", "left out: hidden folders and those of tools: \"__MACOSX\"");
    write_text("val.txt", "x.jpg 8\ny 9\n");
    assert_labels(with_labels(of("a.tar"), "val.txt"), "x.jpg 8 y.jpg 9", "labels of \"");
    end();
}

TEST(a_list_with_a_byte_order_mark_is_read)
{
    begin();
    put_all((const char *const[]){"v/c/a.jpg", "v/c/b.1.jpg", NULL});
    write_text("list", "\xef\xbb\xbf"
                       "b.1\r\na.jpg\r\n");
    char list[400];
    snprintf(list, sizeof list, "%s", inside("list"));
    struct import_options options = of("v");
    options.list = list;
    assert_labels(options, "b.1.jpg 0 a.jpg 0", "one folder per class");
    end();
}

TEST(the_table_of_imagenet_has_1000_classes_in_the_order_of_their_ids)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct imagenet *imagenet = imagenet_read(&arena);
    assert_non_null(imagenet);
    for (int k = 0; k < IMAGENET_CLASSES; k++) {
        assert_int_equal(strlen(imagenet->id[k]), 9);
        assert_true(imagenet->name[k][0] != 0 && !strchr(imagenet->name[k], '_'));
        assert_true(k == 0 || strcmp(imagenet->id[k - 1], imagenet->id[k]) < 0);
        assert_int_equal(imagenet_find(imagenet, imagenet->id[k]), k);
    }
    assert_string_equal(imagenet->id[207], DOG);
    assert_string_equal(imagenet->name[207], "golden retriever");
    assert_int_equal(imagenet_find(imagenet, "n00000001"), -1);
    arena_release(&arena);
}
