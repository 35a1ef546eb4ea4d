/* tests/datasets/test_imagenet.c - ImageNet as it is distributed, in small: development kit, Kaggle, archives, boxes. */
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

static void copy_file(const char *from, const char *name)
{
    char bytes[8192];
    FILE *in = fopen(from, "rb"), *out = fopen(inside(name), "wb");
    assert_true(in && out);
    const size_t size = fread(bytes, 1, sizeof bytes, in);
    fwrite(bytes, 1, size, out);
    fclose(in);
    fclose(out);
}

static void put_validation(const char *folder)
{
    for (int i = 0; i < PICTURES; i++) {
        char name[100];
        snprintf(name, sizeof name, "%s/ILSVRC2012_val_%08d.JPEG", folder, i + 1);
        put_picture(sources[i], name, 0);
    }
}

static void put_kit(const char *folder, const char *meta)
{
    char name[200], from[200];
    snprintf(name, sizeof name, "%s/" TRUTH, folder);
    write_text(name, "1\n2\n3\n515\n1\n");
    snprintf(name, sizeof name, "%s/meta.mat", folder);
    snprintf(from, sizeof from, "tests/golden/devkit/%s", meta);
    copy_file(from, name);
}

static void assert_validation(const struct imageset *set)
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
static struct import_options options_of(const char *source, const char *given)
{
    static char paths[2][400];
    snprintf(paths[0], sizeof paths[0], "%s", inside(source));
    snprintf(paths[1], sizeof paths[1], "%s", given ? inside(given) : "");
    return (struct import_options){.source = paths[0], .labels = given ? paths[1] : NULL};
}

static void assert_imports(struct import_options options, const char *layout)
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

static struct archive *begin_tar(const char *name, bool is_packed)
{
    struct archive *tar = archive_write_new();
    archive_write_set_format_pax_restricted(tar);
    if (is_packed)
        archive_write_add_filter_gzip(tar);
    assert_int_equal(archive_write_open_filename(tar, inside(name)), ARCHIVE_OK);
    return tar;
}

static void end_tar(struct archive *tar)
{
    assert_int_equal(archive_write_close(tar), ARCHIVE_OK);
    archive_write_free(tar);
}

/* The file `from`, or a link to it. */
static void add_entry(struct archive *tar, const char *path, const char *from, bool is_link)
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

static void add_picture(struct archive *tar, const char *path, const char *picture)
{
    char from[200];
    snprintf(from, sizeof from, "tests/golden/pictures/%s", picture);
    add_entry(tar, path, from, false);
}

/* Backwards: the order of the image set is that of the names. */
static void put_tar(const char *name, const char *folder, bool is_packed)
{
    struct archive *tar = begin_tar(name, is_packed);
    for (int i = PICTURES; i-- > 0;) {
        char path[100];
        snprintf(path, sizeof path, "%sILSVRC2012_val_%08d.JPEG", folder, i + 1);
        add_picture(tar, path, sources[i]);
    }
    end_tar(tar);
}

/* -- the development kit ------------------------------------------------------------------------------------------- */

TEST(the_kits_numbers_become_places_of_sorted_synsets)
{
    static const char *const metas[] = {"meta.mat", "meta_plain.mat", "meta_matlab.mat"};
    for (size_t m = 0; m < sizeof metas / sizeof *metas; m++) {
        begin();
        make_folder("val");
        put_validation("val");
        put_kit("", metas[m]);
        struct import_result result;
        struct log log;
        struct imageset *set = import_and_open(options_of("val", NULL), &result, &log);
        assert_validation(set);
        assert_string_equal(imageset_class_name(set, 0), "tench, Tinca tinca");
        assert_string_equal(imageset_class_name(set, 3), "cup, caf\xc3\xa9 cr\xc3\xa8me \xe2\x98\x95");
        imageset_close(set);
        end();
    }
}

TEST(the_kit_is_found_near_the_pictures_or_given)
{
    begin();
    make_folder("in");
    make_folder("in/val");
    put_validation("in/val");
    put_tar("in/val.tar", "", false);
    make_folder("kit");
    make_folder("kit/data");
    put_kit("kit/data", "meta.mat");
    struct archive *packed = begin_tar("in/kit.tar.gz", true);
    char truth[400];
    snprintf(truth, sizeof truth, "%s", inside("kit/data/" TRUTH));
    add_entry(packed, "ILSVRC2012_devkit_t12/data/" TRUTH, truth, false);
    add_entry(packed, "ILSVRC2012_devkit_t12/data/meta.mat", "tests/golden/devkit/meta.mat", false);
    end_tar(packed);
    assert_imports(options_of("in/val", "kit"), "labels of the development kit \"/tmp/");
    assert_imports(options_of("in/val", "kit/data"), "kit/data\"");
    assert_imports(options_of("in/val", "kit/data/" TRUTH), "development kit");
    assert_imports(options_of("in/val", "in/kit.tar.gz"), "kit.tar.gz");
    assert_imports(options_of("in/val.tar", "in/kit.tar.gz"), "kit.tar.gz");
    assert_imports(options_of("in", "kit"), "development kit"); /* the folder above */
    char old[400];
    snprintf(old, sizeof old, "%s", inside("in/kit.tar.gz"));
    assert_int_equal(rename(old, inside("in/ILSVRC2012_devkit_t12.tar.gz")), 0);
    assert_imports(options_of("in/val", NULL), "/val/../ILSVRC2012_devkit_t12.tar.gz");
    assert_imports(options_of("in/val.tar", NULL), "/ILSVRC2012_devkit_t12.tar.gz");
    assert_imports(options_of("in", NULL), "development kit");
    end();
}

TEST(wrong_kits_are_named)
{
    static const struct {
        const char *truth, *why;
    } cases[] = {
        {"1\n2\n3\n", "does not name 2 of the 5 pictures: \"ILSVRC2012_val_00000004.JPEG\", \"ILSVRC2012_val"},
        {"1\n2\nx\n4\n1\n", "line 3: \"x\" is none of the kit's classes"},
        {"1\n2\n300\n4\n1\n", "line 3: \"300\" is none"}, /* a synset with children */
        {"1\n\n3\n4\n1\n", "line 2: \"\" is none"},
        {"0\n", "line 1: \"0\" is none"},
        {"99999999999999999999\n", "line 1: \"99999999999999999999\" is none"},
    };
    begin();
    make_folder("val");
    put_validation("val");
    put_kit("", "meta.mat");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text(TRUTH, cases[i].truth);
        assert_fails(options_of("val", NULL), IMPORT_FAILED, cases[i].why);
    }
    assert_int_equal(unlink(inside("meta.mat")), 0);
    assert_fails(options_of("val", NULL), IMPORT_FAILED, "comes without its meta.mat");
    write_text("meta.mat", "n01440764 tench\n");
    assert_fails(options_of("val", NULL), IMPORT_FAILED, "the synsets come without the kit's numbers");
    write_text("meta.mat", "tench\n");
    assert_fails(options_of("val", NULL), IMPORT_FAILED, "meta.mat: line 1: \"tench\" is not a synset");
    put_picture(GOOD, "val/other.jpg", 0);
    put_kit("", "meta.mat");
    assert_fails(options_of("val", NULL), IMPORT_FAILED, "does not name 1 of the 6 pictures: \"other.jpg\"");
    end();
}

/* Every byte changed, and every length: an answer or an error, never a crash. */
TEST(damaged_matlab_files_are_survived)
{
    static const char *const files[] = {"meta", "meta_plain", "meta_matlab"};
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        static char bytes[8192], changed[8192];
        char path[100];
        snprintf(path, sizeof path, "tests/golden/devkit/%s.mat", files[f]);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        const size_t size = fread(bytes, 1, sizeof bytes - 1, file);
        fclose(file);
        int failed = 0;
        for (size_t i = 0; i < 3 * size; i++) {
            struct arena arena;
            struct import_synsets synsets;
            struct error err;
            arena_init(&arena, (size_t)100 << 20);
            memcpy(changed, bytes, sizeof bytes);
            changed[i % size] = (char)(i < size ? 0xff : i < 2 * size ? changed[i % size] ^ 0x41 : 0);
            const size_t length = i < 2 * size ? size : i - 2 * size;
            changed[length] = 0;
            failed += import_parse_synsets(changed, length, &arena, &synsets, &err) != 0;
            arena_release(&arena);
        }
        assert_true(failed > (int)size);
    }
}

/* -- Kaggle -------------------------------------------------------------------------------------------------------- */

static void put_kaggle(void)
{
    static const char *const folders[] = {"ILSVRC", "ILSVRC/Data", "ILSVRC/Data/CLS-LOC", "ILSVRC/Data/CLS-LOC/val",
                                          "ILSVRC/Data/CLS-LOC/train"};
    begin();
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        make_folder(folders[i]);
    put_validation("ILSVRC/Data/CLS-LOC/val");
    write_text("LOC_synset_mapping.txt", "n01440764 tench, Tinca tinca\nn01443537 goldfish, Carassius auratus\n"
                                         "n02119789 kit fox, Vulpes macrotis\nn07930864 cup\n");
    write_text("LOC_val_solution.csv", "ImageId,PredictionString\n"
                                       "ILSVRC2012_val_00000004,n07930864 0 0 9999 9999 \n"
                                       "ILSVRC2012_val_00000001,n02119789 1 2 3 4 n02119789 -3 0 0 1 \n"
                                       "ILSVRC2012_val_00000002,n01443537 5 5 5 5 n01440764 1 1 2 2\n"
                                       "ILSVRC2012_val_00000003,n01440764 9000 9000 9001 9001\n"
                                       "ILSVRC2012_val_00000005,n02119789\n"
                                       "ILSVRC2012_val_00049999,n02119789 1 1 1 1\n");
}

static void assert_boxes(struct imageset *set, int image, int count, const struct box *want)
{
    const struct box *boxes;
    assert_int_equal(imageset_boxes(set, image, &boxes), count);
    for (int i = 0; i < count; i++)
        assert_memory_equal(&boxes[i], &want[i], sizeof *want);
}

TEST(kaggles_table_gives_labels_and_boxes_half_open_inside_the_picture)
{
    put_kaggle();
    static const char *const given[] = {"", "ILSVRC/Data/CLS-LOC/val"};
    for (int i = 0; i < 2; i++) {
        struct import_result result;
        struct log log;
        struct imageset *set = import_and_open(options_of(given[i], NULL), &result, &log);
        assert_validation(set);
        assert_string_equal(imageset_class_name(set, 1), "goldfish, Carassius auratus");
        assert_non_null(strstr(result.layout, "Kaggle's \""));
        struct arena arena;
        struct error err;
        struct picture fourth;
        arena_init(&arena, 0);
        assert_int_equal(imageset_picture(set, 3, &arena, &fourth, &err), 0);
        const struct box first[] = {{1, 2, 4, 5}, {0, 0, 1, 2}}, second = {5, 5, 6, 6},
                         whole = {0, 0, fourth.w, fourth.h};
        assert_boxes(set, 0, 2, first);
        assert_boxes(set, 1, 1, &second); /* the other one is of another class */
        assert_boxes(set, 2, 0, NULL);    /* outside of the picture */
        assert_boxes(set, 3, 1, &whole);
        assert_boxes(set, 4, 0, NULL);
        assert_int_equal(result.boxes, 4);
        arena_release(&arena);
        imageset_close(set);
    }
    assert_int_equal(unlink(inside("LOC_synset_mapping.txt")), 0);
    struct import_result result;
    struct log log;
    struct imageset *set = import_and_open(options_of("", NULL), &result, &log);
    assert_int_equal(imageset_class_count(set), 1000); /* ImageNet's own */
    assert_string_equal(imageset_class_name(set, 1), "goldfish, Carassius auratus");
    const int of_imagenet[] = {0, 1, 278, 968};
    for (int i = 0; i < PICTURES; i++)
        assert_int_equal(imageset_label(set, i), of_imagenet[labels[i]]);
    imageset_close(set);
    end();
}

TEST(wrong_tables_of_kaggle_are_named)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"ImageId,PredictionString\n", "holds no pictures"},
        {"ImageId,PredictionString\nILSVRC2012_val_00000001\n", "line 2: not a picture and a synset"},
        {"ImageId,PredictionString\n../x,../y\n", "line 2: not a picture and a synset with boxes: \"../y\""},
        {"ImageId,PredictionString\na,n02119789\na,n02119789\n", "picture \"a\" appears twice"},
        {"ImageId,PredictionString\na,n02119789\n", "names none of the 5 pictures: \"ILSVRC2012_val_00000001.JPEG\""},
        {"ImageId,PredictionString\nILSVRC2012_val_00000001,n99999999 1 2 3 4\n", "does not list synset n99999999"},
        {"ImageId,Prediction\n", "does not begin with ImageId,PredictionString"},
    };
    put_kaggle();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text("LOC_val_solution.csv", cases[i].text);
        assert_fails(options_of("", NULL), IMPORT_FAILED, cases[i].why);
    }
    static const char *const objects[] = {"n02119789 1 2 3", "n02119789 1 2 3 x", "n02119789 1 2 3 4 5",
                                          "n02119789 1 2 3 99999999999", "n02119789 1 2 3 2147483647"};
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        char text[400];
        snprintf(text, sizeof text,
                 "ImageId,PredictionString\nILSVRC2012_val_00000002,n02119789\nILSVRC2012_val_00000003,n02119789\n"
                 "ILSVRC2012_val_00000004,n02119789\nILSVRC2012_val_00000005,n02119789\nILSVRC2012_val_00000001,%s\n",
                 objects[i]);
        write_text("LOC_val_solution.csv", text);
        assert_fails(options_of("", NULL), IMPORT_FAILED, "line 6: not a synset and four numbers for each box");
    }
    end();
}

/* -- annotations --------------------------------------------------------------------------------------------------- */

static struct import_options with_boxes(struct import_options options, const char *boxes)
{
    static char path[400];
    snprintf(path, sizeof path, "%s", inside(boxes));
    options.boxes = path;
    return options;
}

TEST(annotations_in_xml_give_the_boxes_of_the_labelled_class)
{
    put_kaggle();
    make_folder("xml");
    make_folder("xml/n01443537");
    write_text(
        "xml/ILSVRC2012_val_00000001.xml",
        "<annotation><size><width>1</width></size>\n"
        " <object><name>n02119789</name><part><name>n01440764</name></part><bndbox><xmin>2</xmin><ymin> 3 </ymin>"
        "<xmax>7</xmax><ymax>8</ymax></bndbox></object>\n"
        " <object><name>n01440764</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox>"
        "</object></annotation>");
    write_text("xml/n01443537/ILSVRC2012_val_00000002.xml",
               "<annotation><object><name>goldfish, Carassius auratus</name></object></annotation>");
    assert_fails(with_boxes(options_of("", NULL), "xml"), IMPORT_FAILED, "an object's <xmin> is not a number");
    write_text("xml/n01443537/ILSVRC2012_val_00000002.xml",
               "<annotation><object><name>n01443537</name><bndbox><xmin>0</xmin><ymin>0</ymin><xmax>0</xmax>"
               "<ymax>0</ymax></bndbox></object></annotation>");
    struct import_result result;
    struct log log;
    struct imageset *set = import_and_open(with_boxes(options_of("", NULL), "xml"), &result, &log);
    const struct box first = {2, 3, 8, 9}, second = {0, 0, 1, 1};
    assert_boxes(set, 0, 1, &first);
    assert_boxes(set, 1, 1, &second);
    assert_int_equal(result.boxes, 2);
    imageset_close(set);
    end();
}

TEST(hostile_annotations_are_refused)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"<!DOCTYPE a [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><annotation>&b;</annotation>",
         "00000001.xml\": it declares a document type"},
        {"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><annotation/>", "it declares a document type"},
        {"<annotation><object>", "00000001.xml\": line 1: no element found"},
        {"", "line 1: no element found"},
        {"<annotation><object></annotation>", "mismatched tag"},
        {"<annotation><object><name>n02119789</name><bndbox><xmin>1e99</xmin></bndbox></object></annotation>",
         "<xmin> is not a number"},
    };
    put_kaggle();
    make_folder("xml");
    assert_fails(with_boxes(options_of("", NULL), "xml"), IMPORT_FAILED, "there are none for any of the 5 pictures");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text("xml/ILSVRC2012_val_00000001.xml", cases[i].text);
        assert_fails(with_boxes(options_of("", NULL), "xml"), IMPORT_FAILED, cases[i].why);
    }
    assert_fails(with_boxes(options_of("", NULL), "nowhere"), IMPORT_FAILED, "boxes: \"/tmp/");
    end();
}

/* -- class folders ------------------------------------------------------------------------------------------------- */

static void put_folders(const char *const *folders, int count)
{
    for (int i = 0; i < count; i++) {
        char name[64];
        make_folder(folders[i]);
        snprintf(name, sizeof name, "%s/%d.JPEG", folders[i], i);
        put_picture(GOOD, name, 0);
    }
}

static void assert_folders(struct import_options options, const char *layout, int count, const int *want)
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

TEST(folders_that_are_numbers_are_these_classes)
{
    static const char *const folders[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"};
    begin();
    put_folders(folders, 11);
    assert_folders((struct import_options){0}, "the number of its class (not in the order of text", 11,
                   (const int[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    put_folders((const char *const[]){"100"}, 1);
    assert_folders((struct import_options){0}, "they are numbers but not 0 to K-1", 3,
                   (const int[]){0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 2});
    end();
}

TEST(folders_of_some_synsets_are_classes_of_all_when_these_are_known)
{
    static const char *const folders[] = {"n07930864", "n01443537"};
    begin();
    put_folders(folders, 2);
    assert_folders((struct import_options){0}, "2 of ImageNet's 1000 synsets", 2, (const int[]){968, 1});
    assert_folders((struct import_options){.classes = IMPORT_CLASSES_FOLDER}, "numbered from 0", 2,
                   (const int[]){1, 0});
    assert_folders((struct import_options){.synsets = "tests/golden/devkit/meta.mat"},
                   "2 of the 4 synsets of \"tests/golden/devkit/meta.mat\"", 2, (const int[]){3, 1});
    write_text("LOC_synset_mapping.txt", "n07930864 cup\r\nn00000001\nn00000002\nn01443537 goldfish\n\n");
    assert_folders((struct import_options){0}, "2 of the 4 synsets of", 2, (const int[]){3, 2});
    write_text("LOC_synset_mapping.txt", "n07930864 cup\n");
    assert_fails((struct import_options){0}, IMPORT_FAILED, "does not list synset n01443537");
    write_text("LOC_synset_mapping.txt", "n07930864 cup\nn07930864 cup\n");
    assert_fails((struct import_options){0}, IMPORT_FAILED, "synset \"n07930864\" appears twice");
    write_text("LOC_synset_mapping.txt", "");
    assert_fails((struct import_options){0}, IMPORT_FAILED, "holds no synsets");
    make_folder("word");
    put_picture(GOOD, "word/x.jpg", 0);
    assert_fails((struct import_options){.synsets = "tests/golden/devkit/meta.mat"}, IMPORT_FAILED,
                 "do not help with this layout: one folder per class");
    end();
}

TEST(one_folder_too_high_is_refused)
{
    static const char *const folders[] = {"train", "train/n01440764", "val", "val/n01440764"};
    begin();
    for (int i = 0; i < 4; i++)
        make_folder(folders[i]);
    put_picture(GOOD, "train/n01440764/a.JPEG", 0);
    put_picture(GOOD, "val/n01440764/b.JPEG", 0);
    assert_fails((struct import_options){0}, IMPORT_FAILED, "one level deeper: give \"/tmp/");
    end();
}

/* -- archives ------------------------------------------------------------------------------------------------------ */

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

/* -- pictures ------------------------------------------------------------------------------------------------------ */

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
