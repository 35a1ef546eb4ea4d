/* tests/datasets/test_imagenet.c - ImageNet as distributed, in small: development kit, Kaggle, boxes, class folders. */
#include "tests/datasets/imagenet_folders.h"

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
        {"1\n2\nx\n4\n1\n", "line 3: \"x\" is not one of the kit's classes"},
        {"1\n2\n300\n4\n1\n", "line 3: \"300\" is not one"}, /* a synset with children */
        {"1\n\n3\n4\n1\n", "line 2: \"\" is not one"},
        {"0\n", "line 1: \"0\" is not one"},
        {"99999999999999999999\n", "line 1: \"99999999999999999999\" is not one"},
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
                 "are not used by this layout: one folder per class");
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
