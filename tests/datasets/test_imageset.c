/*
 * tests/datasets/test_imageset.c - image sets of h5py (tests/golden/imageset_fixtures.py) and our own; each wrong one
 * is refused by a sentence that names the file and what is wrong in it.
 */
#include "datasets/decode.h"
#include "datasets/encode.h"
#include "datasets/imageset.h"

#include "tests/golden.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "tests/golden/imagesets/"

static struct imageset *open_set(const char *name)
{
    char path[256];
    struct error err;
    snprintf(path, sizeof path, FOLDER "%s.h5", name);
    struct imageset *set = imageset_open(path, &err);
    if (!set)
        fail_msg("%s", err.text);
    return set;
}

static struct picture read_picture(struct imageset *set, int image, struct arena *arena)
{
    struct picture picture = {0};
    struct error err;
    if (imageset_picture(set, image, arena, &picture, &err))
        fail_msg("%s", err.text);
    return picture;
}

/* The three pictures of the golden folder, by their sides and the start of the middle row. */
static void check_pictures(struct imageset *set)
{
    static const char *const names[] = {"grey.jpg", "rgba.png", "one_pixel.jpg"};
    struct golden *golden = golden_open("preprocess");
    struct arena arena;
    arena_init(&arena, 0);
    assert_int_equal(imageset_count(set), 3);
    for (int i = 2; i >= 0; i--) {
        char key[64];
        size_t count;
        snprintf(key, sizeof key, "picture/%s", names[i]);
        const double *want = golden_values(golden, key, &count);
        const struct picture picture = read_picture(set, i, &arena);
        assert_int_equal(picture.h, (int)want[0]);
        assert_int_equal(picture.w, (int)want[1]);
        for (size_t k = 3; k < count; k++)
            assert_int_equal(picture.data[(size_t)(picture.h / 2 * picture.w * 3) + k - 3], (int)want[k]);
    }
    arena_release(&arena);
    golden_close(golden);
}

static void check_contents(struct imageset *set)
{
    const struct box *boxes;
    check_pictures(set);
    assert_string_equal(imageset_layout(set), "cambench");
    assert_string_equal(imageset_source(set), "golden");
    assert_string_equal(imageset_name(set, 1), "rgba.png");
    assert_int_equal(imageset_label(set, 0), 1);
    assert_int_equal(imageset_label(set, 1), -1);
    assert_true(imageset_has_labels(set));
    assert_int_equal(imageset_class_count(set), 2);
    assert_string_equal(imageset_class_name(set, 1), "c\xc3\xa4t");
    assert_string_equal(imageset_class_id(set, 0), "n1");
    assert_null(imageset_class_name(set, 2));
    assert_null(imageset_class_name(set, -1));
    assert_int_equal(imageset_boxes(set, 0, &boxes), 1);
    assert_true(boxes[0].x0 == 5 && boxes[0].y0 == 6 && boxes[0].x1 == 7 && boxes[0].y1 == 8);
    assert_int_equal(imageset_boxes(set, 1, &boxes), 0);
    assert_int_equal(imageset_boxes(set, 2, &boxes), 2);
    assert_true(boxes[0].x1 == 1 && boxes[1].x0 == 1 && boxes[1].y1 == 4);
}

TEST(a_set_of_h5py_is_read)
{
    static const char *const names[] = {"right", "packed"};
    for (int i = 0; i < 2; i++) {
        struct imageset *set = open_set(names[i]);
        check_contents(set);
        imageset_close(set);
    }
}

TEST(labels_may_be_absent)
{
    struct imageset *set = open_set("no_label");
    assert_false(imageset_has_labels(set));
    assert_int_equal(imageset_label(set, 0), -1);
    check_pictures(set);
    imageset_close(set);
}

TEST(arrays_of_pixels_are_read)
{
    static const char *const names[] = {"array", "array_packed"};
    struct arena arena;
    arena_init(&arena, 0);
    for (int i = 0; i < 2; i++) {
        struct imageset *set = open_set(names[i]);
        assert_string_equal(imageset_layout(set), "array");
        assert_int_equal(imageset_count(set), 2);
        assert_string_equal(imageset_name(set, 1), "#1");
        assert_int_equal(imageset_label(set, 1), i == 0 ? 65535 : -1);
        assert_int_equal(imageset_class_count(set), 0);
        const struct picture picture = read_picture(set, 1, &arena);
        assert_true(picture.h == 4 && picture.w == 5);
        for (int k = 0; k < 60; k++)
            assert_int_equal(picture.data[k], (60 + k) % 251);
        imageset_close(set);
    }
    arena_release(&arena);
}

TEST(whole_numbers_of_any_type_are_read)
{
    static const char *const names[] = {"array_big", "array_half", "array_big_half", "array_double"};
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct imageset *set = open_set(names[i]);
        assert_int_equal(imageset_label(set, 0), 7);
        assert_int_equal(imageset_label(set, 1), -1);
        const struct picture picture = read_picture(set, 1, &arena);
        for (int k = 0; k < 60; k++)
            assert_int_equal(picture.data[k], (60 + k) % 251);
        imageset_close(set);
    }
    arena_release(&arena);
}

TEST(encoded_files_of_any_length_are_read)
{
    struct imageset *set = open_set("encoded");
    assert_string_equal(imageset_layout(set), "encoded files");
    assert_int_equal(imageset_label(set, 2), 5);
    check_pictures(set);
    imageset_close(set);
}

TEST(wrong_sets_are_refused_with_what_is_wrong)
{
    static const struct {
        const char *name, *why;
    } cases[] = {
        {"wrong_format", "its format is \"cambench-weights\"; needed: \"cambench-imageset\""},
        {"wrong_version", "has version 2; this program reads version 1"},
        {"no_offset", "dataset \"/jpeg/offset\" is missing"},
        {"no_name", "dataset \"/name\" is missing"},
        {"few_labels", "dataset \"/label\" has 2 entries, 3 are needed for 3 images"},
        {"label_text", "dataset \"/label\" holds text, numbers are needed"},
        {"label_beyond", "image \"one_pixel.jpg\" has label 2; allowed: 0..1, or -1 for unknown"},
        {"label_below", "image \"one_pixel.jpg\" has label -2; allowed: 0..1, or -1 for unknown"},
        {"offset_down", "dataset \"/jpeg/offset\" decreases at entry 2, from 900 to 800"},
        {"offset_beyond", "dataset \"/jpeg/offset\", entry 3: 4168 is beyond the 4167 bytes of \"/jpeg/data\""},
        {"name_twice", "dataset \"/name\" holds \"a\" twice"},
        {"data_float", "dataset \"/jpeg/data\" is not a list of bytes"},
        {"box_shape", "dataset \"/box\" has shape (3,4); needed: (M,5)"},
        {"box_empty",
         "dataset \"/box\", row 0: x0,y0,x1,y1 = 5,5,5,9 is not a box; needed: 0 <= x0 < x1 and 0 <= y0 < y1"},
        {"box_image", "dataset \"/box\", row 0: image 3; allowed: 0..2"},
        {"mask_no_offset", "dataset \"/mask/offset\" is missing"},
        {"mask_few", "dataset \"/mask/offset\" has 3 entries, 4 are needed for 3 images"},
        {"mask_down", "dataset \"/mask/offset\" decreases at entry 2, from 60 to 50"},
        {"mask_beyond", "dataset \"/mask/offset\", entry 3: 9223372036854775808 is beyond the"},
        {"mask_float", "dataset \"/mask/data\" is not a list of bytes"},
        {"class_ids", "\"/class/name\" has 2 entries and \"/class/id\" 1"},
        {"nothing", "is not an image set: it has neither the attribute format"},
        {"array_shape", "dataset \"/images\" holds uint8 of shape (2,3,4,5); needed: uint8 (N,H,W,3)"},
        {"array_fraction", "dataset \"/images\" (float64) holds 0.00392157; whole numbers are needed (0 to 255)"},
        {"array_label_half", "dataset \"/labels\" (float16) holds 0.5; whole numbers are needed"},
        {"array_label_truth", "dataset \"/labels\" holds an enumeration, numbers are needed"},
        {"missing", "could not open: No such file or directory"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[256], start[300];
        struct error err = {0};
        snprintf(path, sizeof path, FOLDER "%s.h5", cases[i].name);
        snprintf(start, sizeof start, "image set \"%s\": ", path);
        struct imageset *set = imageset_open(path, &err);
        imageset_close(set);
        if (set || strncmp(err.text, start, strlen(start)) != 0 || !strstr(err.text, cases[i].why))
            fail_msg("%s: \"%s\" does not say \"%s\"", path, err.text, cases[i].why);
    }
}

TEST(an_unreadable_picture_is_an_error_that_names_it)
{
    struct imageset *set = open_set("bad_picture");
    struct arena arena;
    struct picture picture;
    struct error err;
    arena_init(&arena, 0);
    read_picture(set, 0, &arena);
    assert_int_equal(imageset_picture(set, 2, &arena, &picture, &err), -1);
    if (strncmp(err.text, "image \"one_pixel.jpg\": ", 23) != 0)
        fail_msg("%s", err.text);
    arena_release(&arena);
    imageset_close(set);
}

/* -- masks -------------------------------------------------------------------------------------------------------- */

static struct mask read_mask(struct imageset *set, int image, struct arena *arena)
{
    struct mask mask;
    struct error err;
    if (imageset_mask(set, image, arena, &mask, &err))
        fail_msg("%s", err.text);
    return mask;
}

TEST(masks_of_pillow_are_read_value_by_value)
{
    struct imageset *set = open_set("masks");
    struct arena arena;
    arena_init(&arena, 0);
    assert_true(imageset_has_masks(set));
    const struct mask mask = read_mask(set, 0, &arena), last = read_mask(set, 2, &arena);
    assert_true(mask.h == 5 && mask.w == 7 && last.h == 1 && last.w == 1 && last.data[0] == 7);
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 7; x++)
            assert_int_equal(mask.data[7 * y + x],
                             y >= 1 && y < 4 && x >= 2 && x < 5 ? MASK_LABELLED : 3 * (7 * y + x));
    assert_null(read_mask(set, 1, &arena).data);
    arena_release(&arena);
    imageset_close(set);
}

TEST(a_set_without_masks_has_none_of_any_image)
{
    static const char *const names[] = {"right", "array", "encoded"};
    for (size_t i = 0; i < 3; i++) {
        struct imageset *set = open_set(names[i]);
        assert_false(imageset_has_masks(set));
        assert_true(imageset_has_boxes(set) == (i == 0));
        assert_null(read_mask(set, 1, NULL).data);
        imageset_close(set);
    }
}

TEST(a_mask_that_is_none_is_an_error_that_names_it)
{
    static const struct {
        const char *set;
        int image;
        const char *text;
    } cases[] = {
        {"mask_damaged", 0, "image \"grey.jpg\": mask: truncated PNG file"},
        {"mask_damaged", 1,
         "image \"rgba.png\": mask: a PNG of one channel with 8 bits is needed; this one has colour with 8 bits"},
        {"mask_damaged", 2,
         "image \"one_pixel.jpg\": mask: a PNG of one channel with 8 bits is needed; this one has grey with 16 bits"},
        {"mask_no_png", 0, "image \"grey.jpg\": mask: damaged PNG file: Not a PNG file"},
        {"mask_no_png", 1,
         "image \"rgba.png\": mask: a PNG of one channel with 8 bits is needed; this one has a palette with 8 bits"},
        {"mask_no_png", 2, "image \"one_pixel.jpg\": mask: truncated PNG file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct imageset *set = open_set(cases[i].set);
        struct arena arena;
        struct mask mask;
        struct error err = {0};
        arena_init(&arena, 0);
        assert_int_equal(imageset_mask(set, cases[i].image, &arena, &mask, &err), -1);
        assert_string_equal(err.text, cases[i].text);
        arena_release(&arena);
        imageset_close(set);
    }
}

/* -- writing ------------------------------------------------------------------------------------------------------ */

static const char *temporary(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "/tmp/cambench-test-%ld-%s", (long)getpid(), name);
    return path;
}

static size_t read_file(const char *name, uint8_t *out, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "tests/golden/pictures/%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t got = fread(out, 1, size, file);
    fclose(file);
    return got;
}

static void write_set(const char *path)
{
    static const char *const files[] = {"grey.jpg", "rgba.png", "one_pixel.jpg"};
    static const char *const names[] = {"dog", "c\xc3\xa4t"}, *const ids[] = {"n1", "n2"};
    static const int32_t boxes[][5] = {{2, 0, 0, 1, 1}, {0, 5, 6, 7, 8}, {2, 1, 2, 3, 4}};
    static const int labels[] = {1, -1, 0};
    static uint8_t bytes[3][8192];
    struct imageset_entry entries[3];
    struct error err;
    for (int i = 0; i < 3; i++)
        entries[i] = (struct imageset_entry){
            .name = files[i], .label = labels[i], .bytes = read_file(files[i], bytes[i], sizeof bytes[i])};
    const struct imageset_description description = {.source = "golden",
                                                     .created_by = "a test",
                                                     .count = 3,
                                                     .entries = entries,
                                                     .class_count = 2,
                                                     .class_names = names,
                                                     .class_ids = ids,
                                                     .boxes = boxes,
                                                     .box_count = 3};
    struct imageset_writer *writer = imageset_create(path, &description, &err);
    if (!writer)
        fail_msg("%s", err.text);
    for (int i = 0; i < 3; i++) {
        if (i == 1)
            assert_int_equal(imageset_write_file(writer, bytes[i], entries[i].bytes - 1, &err), -1);
        assert_int_equal(imageset_write_file(writer, bytes[i], entries[i].bytes, &err), 0);
    }
    if (imageset_commit(writer, &err))
        fail_msg("%s", err.text);
}

TEST(what_is_written_is_read_back)
{
    const char *path = temporary("set.h5");
    struct error err;
    write_set(path);
    struct imageset *set = imageset_open(path, &err);
    if (!set)
        fail_msg("%s", err.text);
    check_contents(set);
    imageset_close(set);
    unlink(path);
}

TEST(masks_that_are_written_are_read_back)
{
    const char *path = temporary("masks.h5");
    static const uint8_t values[6] = {0, 1, 254, 255, 255, 0};
    struct imageset_entry entries[] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    const struct imageset_description description = {.source = "", .created_by = "", .count = 3, .entries = entries};
    struct encoded png;
    struct arena arena;
    struct error err;
    arena_init(&arena, 0);
    uint8_t *pixels = arena_alloc(&arena, sizeof values, 1);
    memcpy(pixels, values, sizeof values);
    assert_int_equal(encode_mask(&(struct mask){2, 3, pixels}, &png, &err), 0);
    entries[1].mask_bytes = png.size;
    struct imageset_writer *writer = imageset_create(path, &description, &err);
    assert_non_null(writer);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(imageset_write_file(writer, NULL, 0, &err), 0);
        assert_int_equal(imageset_write_mask(writer, png.bytes, entries[i].mask_bytes, &err), 0);
    }
    assert_int_equal(imageset_commit(writer, &err), 0);
    struct imageset *set = imageset_open(path, &err);
    assert_non_null(set);
    const struct mask mask = read_mask(set, 1, &arena);
    assert_true(mask.h == 2 && mask.w == 3);
    assert_memory_equal(mask.data, values, sizeof values);
    assert_null(read_mask(set, 0, &arena).data);
    assert_null(read_mask(set, 2, &arena).data);
    imageset_close(set);
    arena_release(&arena);
    free(png.bytes);
    unlink(path);
}

TEST(a_set_that_is_not_whole_is_not_written)
{
    const char *path = temporary("part.h5");
    struct error err;
    const struct imageset_entry entries[] = {{.name = "a", .bytes = 10}};
    const struct imageset_description description = {.source = "", .created_by = "", .count = 1, .entries = entries};
    struct imageset_writer *writer = imageset_create(path, &description, &err);
    assert_non_null(writer);
    assert_int_equal(imageset_commit(writer, &err), -1);
    assert_string_equal(err.text, "0 of 1 files of an image set were written");
    assert_int_equal(access(path, F_OK), -1);
}

TEST(a_set_cut_in_half_is_refused)
{
    const char *path = temporary("half.h5");
    struct error err;
    write_set(path);
    FILE *file = fopen(path, "rb");
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    fclose(file);
    assert_int_equal(truncate(path, size / 2), 0);
    assert_null(imageset_open(path, &err));
    assert_non_null(strstr(err.text, ": truncated: has "));
    unlink(path);
}
