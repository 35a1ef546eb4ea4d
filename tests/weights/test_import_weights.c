/* tests/weights/test_import_weights.c - the network behind foreign names and shapes, and its weights file. */
#include "tests/weights/made_weights.h"

/* -- networks ----------------------------------------------------------------------------------------------------- */

static void found_again(const char *arch, int classes, double width, const char *prefix)
{
    struct made made = make(arch, classes, width);
    struct weights_info info;
    const char *in = write_safetensors(&made, prefix), *out = temporary("out.h5");
    const struct weights_imported imported = import(in, NULL, out);
    assert_string_equal(imported.format, "safetensors");
    assert_int_equal(imported.tensor_count, made.weights.count);
    equal_file(out, &made, &info);
    assert_string_equal(info.arch, arch);
    assert_string_equal(info.sha256, "abc");
    assert_true(strstr(info.source, "in.safetensors") && info.source[0] != '/');
    assert_true(info.classes == classes && info.width == width && info.accuracy == 71.5);
    unlink(in);
    unlink(out);
    release(&made);
}

TEST(network_classes_and_width_are_found_from_names_and_shapes)
{
    found_again("resnet18", 7, 0.25, "");
    found_again("resnet50", 3, 0.25, "module.");
    found_again("resnext50_32x4d", 3, 1, "");
    found_again("vgg11_bn", 2, 0.05, "_orig_mod.module.");
    found_again("mobilenet_v2", 1, 0.35, "model.backbone.");
    found_again("mobilenet_v2", 1001, 1.4, "encoder.");
    found_again("squeezenet1_0", 1000, 1, "");
    found_again("squeezenet1_1", 10, 1, "module.");
}

TEST(narrow_networks_are_found_whatever_their_width)
{
    found_again("resnet18", 2, 0.125, "");
    found_again("mobilenet_v2", 2, 1.0 / 3, "");
    found_again("vgg16_bn", 2, 1.0 / 16, "");
    found_again("mobilenet_v3_small", 2, 0.57, "");
    found_again("vgg11", 2, 0.126, "");
}

/* The prefix may be any attribute's name, with parallel modules inside. */
TEST(a_network_is_found_under_any_prefix_that_all_names_share)
{
    found_again("resnet18", 7, 0.25, "net.");
    found_again("squeezenet1_1", 7, 1, "student.module.cnn.");
}

/* Returns a copy of `made` with room for that many more tensors. */
static struct made with_room(struct made *made, int more)
{
    struct made copy = *made;
    const size_t count = (size_t)made->weights.count, room = count + (size_t)more;
    copy.weights.list = arena_alloc(&made->arena, room, sizeof *copy.weights.list);
    copy.names = arena_alloc(&made->arena, room, sizeof *copy.names);
    assert_true(copy.weights.list && copy.names);
    memcpy(copy.weights.list, made->weights.list, count * sizeof *made->weights.list);
    memcpy(copy.names, made->names, count * sizeof *made->names);
    return copy;
}

static void imports_with_note(const struct made *written, const struct made *made, const char *key, const char *note)
{
    struct weights_info info;
    struct error err;
    struct weights_imported imported;
    const char *in = write_safetensors(written, ""), *out = temporary("out.h5");
    const struct weights_import what = {.path = in, .out = out, .sha256 = "abc", .accuracy = 71.5, .key = key};
    if (weights_import(&what, &imported, &err))
        fail_msg("%s", err.text);
    equal_file(out, made, &info);
    if (!strstr(info.note, note))
        fail_msg("\"%s\" was noted, not \"%s\"", info.note, note);
    unlink(in);
    unlink(out);
}

TEST(what_stands_beside_a_network_is_left_out_and_said)
{
    struct made made = make("mobilenet_v2", 3, 0.1), more = with_room(&made, 1);
    for (int i = 0; i < made.weights.count; i++)
        snprintf(more.names[i], sizeof *more.names, "model.%.99s", made.weights.list[i].name);
    more.weights.list[more.weights.count] = made.weights.list[1];
    snprintf(more.names[more.weights.count++], sizeof *more.names, "criterion.weight");
    imports_with_note(&more, &made, NULL, "1 tensor outside \"model.\" is left out, the first \"criterion.weight\"");
    release(&made);
}

TEST(a_student_is_taken_before_its_teacher_unless_the_key_says_otherwise)
{
    struct made made = make("mobilenet_v2", 3, 0.1), both = with_room(&made, made.weights.count), teacher = made;
    const int count = made.weights.count;
    float other[3] = {1, 2, 3};
    teacher.weights.list = with_room(&made, 0).weights.list;
    teacher.weights.list[count - 1].data = other;
    for (int i = 0; i < count; i++) {
        both.weights.list[i] = teacher.weights.list[i];
        both.weights.list[count + i] = made.weights.list[i];
        snprintf(both.names[i], sizeof *both.names, "teacher.%.99s", made.weights.list[i].name);
        snprintf(both.names[count + i], sizeof *both.names, "student.%.99s", made.weights.list[i].name);
    }
    both.weights.count = 2 * count;
    imports_with_note(&both, &made, NULL, "those of \"student.\", not \"teacher.\"");
    imports_with_note(&both, &teacher, "teacher", "left out");
    release(&made);
}

TEST(a_last_layer_of_another_name_is_taken_and_said)
{
    struct made made = make("mobilenet_v2", 3, 0.1), renamed = with_room(&made, 0);
    const int last = made.weights.count - 1;
    snprintf(renamed.names[last - 1], sizeof *renamed.names, "classifier.1.1.weight");
    snprintf(renamed.names[last], sizeof *renamed.names, "classifier.1.1.bias");
    imports_with_note(&renamed, &made, NULL, "its last layer is \"classifier.1.1\"");
    for (int i = 0; i <= last; i++)
        snprintf(renamed.names[i], sizeof *renamed.names, "%s%.99s", i < last - 1 ? "backbone." : "head.fc.",
                 i < last - 1 ? made.weights.list[i].name
                 : i < last   ? "weight"
                              : "bias");
    imports_with_note(&renamed, &made, NULL, "its last layer is \"head.fc\"");
    snprintf(renamed.names[last - 1], sizeof *renamed.names, "head.weight");
    snprintf(renamed.names[last], sizeof *renamed.names, "scale");
    import_says(write_safetensors(&renamed, ""), NULL, "\"classifier.1.weight\" (1000,1280) is missing");
    unlink(temporary("in.safetensors"));
    unlink(temporary("in.safetensors"));
    release(&made);
}

TEST(a_file_that_is_like_no_network_is_not_called_the_nearest_of_one)
{
    struct made made = make("mobilenet_v2", 3, 0.1);
    made.weights.count = 20;
    for (int i = 0; i < made.weights.count; i++) {
        snprintf(made.names[i], sizeof *made.names, "blocks.%d.attn.qkv.weight", i);
        made.weights.list[i].rank = 1;
        made.weights.list[i].dim[0] = 3;
    }
    import_says(
        write_safetensors(&made, ""), NULL,
        "do not fit any network here, and are not similar to one: 20 tensors, the first \"0.attn.qkv.weight\" (3)");
    unlink(temporary("in.safetensors"));
    unlink(temporary("in.safetensors"));
    release(&made);
}

/* Counters of batches are floating-point numbers in it. */
TEST(a_narrow_network_of_pytorch_with_averaged_counters_imports)
{
    const char *out = temporary("out.h5");
    const struct weights_imported imported = import("tests/golden/narrow/resnet18.pth", NULL, out);
    assert_string_equal(imported.info.arch, "resnet18");
    assert_true(imported.info.width == 1.0 / 16 && imported.info.classes == 5);
    assert_int_equal(imported.tensor_count, 102);
    unlink(out);
}

static void add_counter(struct made *made, const char *name, int rank)
{
    static float batches = 1000;
    const int at = made->weights.count++;
    made->weights.list[at] = (struct weight){.rank = rank, .dim = {1}, .data = &batches};
    snprintf(made->names[at], sizeof *made->names, "%s", name);
}

TEST(counters_are_dropped_whatever_their_type)
{
    struct made made = make("mobilenet_v2", 2, 0.25), counted = made;
    struct weights_info info;
    const size_t count = (size_t)made.weights.count;
    counted.weights.list = arena_alloc(&made.arena, count + 3, sizeof *counted.weights.list);
    counted.names = arena_alloc(&made.arena, count + 3, sizeof *counted.names);
    assert_true(counted.weights.list && counted.names);
    memcpy(counted.weights.list, made.weights.list, count * sizeof *made.weights.list);
    memcpy(counted.names, made.names, count * sizeof *made.names);
    add_counter(&counted, "features.0.1.num_batches_tracked", 0);
    add_counter(&counted, "features.2.conv.3.num_batches_tracked", 1);
    add_counter(&counted, "n_averaged", 0);
    const char *in = write_safetensors(&counted, ""), *out = temporary("out.h5");
    import(in, NULL, out);
    equal_file(out, &made, &info);
    unlink(in);
    unlink(out);
    release(&made);
}

TEST(a_tensor_too_many_missing_or_of_another_shape_is_named)
{
    struct made made = make("squeezenet1_1", 7, 1);
    struct weight *first = &made.weights.list[0], kept = *first;
    import_says(write_safetensors(&made, ""), "squeezenet1_0",
                "do not fit squeezenet1_0: tensor \"features.0.weight\" is (64,3,3,3), this network needs (96,3,7,7)");
    import_says(write_safetensors(&made, ""), "squeezenet", "unknown backbone \"squeezenet\"");
    snprintf(made.names[0], sizeof *made.names, "stem.weight");
    import_says(write_safetensors(&made, ""), "squeezenet1_1", "tensor \"features.0.weight\" (64,3,3,3) is missing");
    import_says(write_safetensors(&made, ""), NULL,
                "do not fit any network here; the nearest: they do not fit squeezenet1_");
    snprintf(made.names[0], sizeof *made.names, "features.0.weight");
    first->dim[0] = kept.dim[1];
    first->dim[1] = kept.dim[0];
    import_says(write_safetensors(&made, ""), "squeezenet1_1",
                "tensor \"features.0.weight\" is (3,64,3,3), this network needs (64,3,3,3)");
    *first = kept;
    made.weights.count--;
    import_says(write_safetensors(&made, ""), "squeezenet1_1", "tensor \"classifier.1.bias\" (7) is missing");
    unlink(temporary("in.safetensors"));
    release(&made);
}

TEST(an_extra_tensor_is_named_but_heads_for_training_are_dropped)
{
    struct made made = make("squeezenet1_1", 7, 1);
    struct weights_info info;
    struct weight more[256];
    char names[256][128];
    assert_true(made.weights.count < 256);
    memcpy(more, made.weights.list, (size_t)made.weights.count * sizeof *more);
    memcpy(names, made.names, (size_t)made.weights.count * sizeof *names);
    more[made.weights.count] = more[1];
    struct made extra = made;
    extra.weights.list = more;
    extra.names = names;
    snprintf(names[extra.weights.count++], sizeof *names, "head.bias");
    import_says(write_safetensors(&extra, ""), "squeezenet1_1", "tensor \"head.bias\" is not part of this network");
    snprintf(names[extra.weights.count - 1], sizeof *names, "aux1.fc1.bias");
    const char *in = write_safetensors(&extra, ""), *out = temporary("out.h5");
    import(in, "squeezenet1_1", out);
    equal_file(out, &made, &info);
    unlink(in);
    unlink(out);
    release(&made);
}

TEST(the_projects_own_file_is_checked_and_copied)
{
    struct made made = make("mobilenet_v2", 2, 0.05);
    const char *names[] = {"cat", "dog"};
    struct weights_info info = {
        .arch = "mobilenet_v2", .classes = 2, .width = 0.05, .source = "here", .accuracy = 50, .class_names = names};
    struct error err;
    char in[256], out[256];
    snprintf(in, sizeof in, "%s", temporary("own.h5"));
    snprintf(out, sizeof out, "%s", temporary("copy.h5"));
    assert_int_equal(weights_write(in, &info, &made.weights, &err), 0);
    const struct weights_imported imported = import(in, "mobilenet_v2", out);
    assert_string_equal(imported.format, "cambench's HDF5");
    equal_file(out, &made, &info);
    assert_string_equal(info.source, "here");
    assert_true(info.accuracy == 71.5 && info.class_names);
    import_says(in, "resnet18", "own.h5\": are of mobilenet_v2, not of resnet18");
    unlink(in);
    unlink(out);
    release(&made);
}

/* -- the transform of the input ----------------------------------------------------------------------------------- */

static int import_with(enum transform_input transform, const char *in, const char *out, struct error *err)
{
    struct weights_imported imported;
    const struct weights_import what = {
        .path = in, .out = out, .sha256 = "abc", .accuracy = -1, .transform_input = transform};
    return weights_import(&what, &imported, err);
}

static enum transform_input transform_of(const char *path)
{
    struct error err;
    struct weights_info info;
    struct weights_file *file = weights_open(path, &info, &err);
    if (!file)
        fail_msg("%s", err.text);
    weights_close(file);
    return info.transform_input;
}

TEST(whether_the_input_is_transformed_is_kept_in_the_file)
{
    static const enum transform_input all[] = {TRANSFORM_USUAL, TRANSFORM_YES, TRANSFORM_NO};
    struct made made = make("googlenet", 2, 1);
    struct error err;
    char out[256], copy[256];
    snprintf(out, sizeof out, "%s", temporary("out.h5"));
    snprintf(copy, sizeof copy, "%s", temporary("copy.h5"));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(import_with(all[i], write_safetensors(&made, ""), out, &err), 0);
        assert_int_equal(transform_of(out), all[i]);
        assert_int_equal(import_with(TRANSFORM_USUAL, out, copy, &err), 0);
        assert_int_equal(transform_of(copy), all[i]);
        assert_int_equal(import_with(TRANSFORM_NO, out, copy, &err), 0);
        assert_int_equal(transform_of(copy), TRANSFORM_NO);
    }
    unlink(temporary("in.safetensors"));
    unlink(out);
    unlink(copy);
    release(&made);
}

TEST(a_network_without_a_transform_of_its_input_takes_no_choice)
{
    struct made made = make("mobilenet_v2", 2, 0.1);
    struct error err;
    char out[256];
    snprintf(out, sizeof out, "%s", temporary("out.h5"));
    assert_int_equal(import_with(TRANSFORM_YES, write_safetensors(&made, ""), out, &err), -1);
    assert_non_null(strstr(err.text, "are of mobilenet_v2, which has no transform of its input"));
    assert_int_equal(access(out, F_OK), -1);
    const struct weights_info info = {
        .arch = "mobilenet_v2", .classes = 2, .width = 0.1, .transform_input = TRANSFORM_YES};
    struct weights_info read;
    assert_int_equal(weights_write(out, &info, &made.weights, &err), 0);
    assert_null(weights_open(out, &read, &err));
    assert_non_null(strstr(err.text, "its attribute \"transform_input\" is not allowed"));
    unlink(temporary("in.safetensors"));
    unlink(out);
    release(&made);
}
