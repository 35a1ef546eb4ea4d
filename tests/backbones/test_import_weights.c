/* tests/backbones/test_import_weights.c - the network behind foreign names and shapes, and its weights file. */
#include "tests/safetensors.h"
#include "tests/test.h"
#include "weights/weights_import.h"
#include "weights/weights_naming.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct made {
    struct arena arena;
    struct graph *graph;
    struct weights weights; /* in the network's order, under torchvision's names */
    char (*names)[128];     /* under which they are written */
};

static struct made make(const char *arch, int classes, double width)
{
    struct made made;
    struct error err;
    arena_init(&made.arena, 0);
    made.graph = backbone_graph(arch, &(struct backbone_options){classes, width, 224, 224, TRANSFORM_USUAL}, &err);
    if (!made.graph || weights_generate(made.graph, 1, &made.arena, &made.weights, &err))
        fail_msg("%s", err.text);
    made.names = arena_alloc(&made.arena, (size_t)made.weights.count, sizeof *made.names);
    assert_non_null(made.names);
    for (int i = 0; i < made.weights.count; i++)
        snprintf(made.names[i], sizeof *made.names, "%s", made.weights.list[i].name);
    return made;
}

static void release(struct made *made)
{
    arena_release(&made->arena);
    graph_free(made->graph);
}

static const char *temporary(const char *name)
{
    static char path[2][256];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "/tmp/cambench-test-%ld-%s", (long)getpid(), name);
    return path[turn];
}

static const char *write_safetensors(const struct made *made, const char *prefix)
{
    const char *path = temporary("in.safetensors");
    safetensors_write(path, made->weights.list, made->names, made->weights.count, prefix);
    return path;
}

static struct weights_imported import(const char *path, const char *arch, const char *out)
{
    struct error err;
    struct weights_imported imported;
    const struct weights_import what = {.path = path, .out = out, .arch = arch, .sha256 = "abc", .accuracy = 71.5};
    if (weights_import(&what, &imported, &err))
        fail_msg("%s", err.text);
    return imported;
}

static void import_says(const char *path, const char *arch, const char *why)
{
    struct error err = {0};
    struct weights_imported imported;
    const struct weights_import what = {.path = path, .out = temporary("no.h5"), .arch = arch, .sha256 = ""};
    assert_int_equal(weights_import(&what, &imported, &err), -1);
    if (!strstr(err.text, why))
        fail_msg("\"%s\" was said, not \"%s\"", err.text, why);
    assert_int_equal(access(what.out, F_OK), -1);
}

/* What stands in a weights file, in the order of `made`. */
static void equal_file(const char *path, const struct made *made, struct weights_info *info)
{
    struct error err;
    struct arena arena;
    struct weights weights;
    arena_init(&arena, 0);
    struct weights_file *file = weights_open(path, info, &err);
    if (!file || weights_read(file, &arena, &weights, &err))
        fail_msg("%s", err.text);
    assert_int_equal(weights.count, made->weights.count);
    for (int i = 0; i < made->weights.count; i++) {
        const struct weight *want = &made->weights.list[i];
        int at = 0;
        while (at < weights.count && strcmp(weights.list[at].name, want->name) != 0)
            at++;
        assert_true(at < weights.count);
        if (memcmp(weights.list[at].data, want->data, safetensors_size(want) * sizeof(float)) != 0)
            fail_msg("tensor \"%s\" differs", want->name);
    }
    weights_close(file);
    arena_release(&arena);
}

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

/* -- timm's names ------------------------------------------------------------------------------------------------- */

/*
 * Networks as timm defines them: blocks of each stage, and which have squeeze-excitation. Its modules stand in the order
 * of computation, as torchvision's do, so that the order says which tensors are the same.
 */
struct timm {
    const char *arch, *has_se; /* a digit per block that has it, from the first one on */
    int blocks[NAMING_STAGES_MAX];
    bool ends_with_conv; /* the last stage is a plain convolution, the head a layer with bias behind the pooling */
};

struct namer {
    struct made *made;
    int at;
};

static void add(struct namer *namer, const char *module, const char *const *ends, int count)
{
    for (int i = 0; i < count; i++) {
        assert_true(namer->at < namer->made->weights.count);
        snprintf(namer->made->names[namer->at++], sizeof *namer->made->names, "%s.%s", module, ends[i]);
    }
}

static void add_conv(struct namer *namer, const char *module)
{
    add(namer, module, (const char *const[]){"weight"}, 1);
}

static void add_linear(struct namer *namer, const char *module)
{
    add(namer, module, (const char *const[]){"weight", "bias"}, 2);
}

static void add_norm(struct namer *namer, const char *module)
{
    add(namer, module, (const char *const[]){"weight", "bias", "running_mean", "running_var"}, 4);
}

static void add_step(struct namer *namer, int stage, int index, const char *conv, const char *norm)
{
    add_conv(namer, node_name("blocks.%d.%d.%s", stage, index, conv).text);
    add_norm(namer, node_name("blocks.%d.%d.%s", stage, index, norm).text);
}

static void add_squeeze(struct namer *namer, int stage, int index)
{
    add_linear(namer, node_name("blocks.%d.%d.se.conv_reduce", stage, index).text);
    add_linear(namer, node_name("blocks.%d.%d.se.conv_expand", stage, index).text);
}

static void add_block(struct namer *namer, int stage, int index, bool has_se)
{
    if (stage > 0)
        add_step(namer, stage, index, "conv_pw", "bn1");
    add_step(namer, stage, index, "conv_dw", stage > 0 ? "bn2" : "bn1");
    if (has_se)
        add_squeeze(namer, stage, index);
    add_step(namer, stage, index, stage > 0 ? "conv_pwl" : "conv_pw", stage > 0 ? "bn3" : "bn2");
}

static void name_as_timm(const struct timm *net, struct made *made)
{
    struct namer namer = {made, 0};
    int block = 0;
    add_conv(&namer, "conv_stem");
    add_norm(&namer, "bn1");
    for (int stage = 0; net->blocks[stage]; stage++)
        for (int index = 0; index < net->blocks[stage]; index++, block++)
            if (net->ends_with_conv && !net->blocks[stage + 1])
                add_step(&namer, stage, index, "conv", "bn1");
            else
                add_block(&namer, stage, index, net->has_se[block] == '1');
    if (net->ends_with_conv)
        add_linear(&namer, "conv_head");
    else {
        add_conv(&namer, "conv_head");
        add_norm(&namer, "bn2");
    }
    add_linear(&namer, "classifier");
    assert_int_equal(namer.at, made->weights.count);
}

static const struct timm timm[] = {
    {"mobilenet_v2", "00000000000000000", {1, 2, 3, 4, 3, 3, 1}, false},
    {"efficientnet_b0", "1111111111111111", {1, 2, 2, 3, 3, 4, 1}, false},
    {"mobilenet_v3_large", "000111000011111", {1, 2, 3, 4, 2, 3, 1}, true},
    {"mobilenet_v3_small", "10011111111", {1, 2, 3, 2, 3, 1}, true},
};

TEST(every_name_of_timm_is_the_torchvision_tensor_of_the_same_place)
{
    for (size_t n = 0; n < sizeof timm / sizeof *timm; n++) {
        struct made made = make(timm[n].arch, 1000, 1);
        struct naming_blocks blocks = {0};
        int fitting = 0;
        name_as_timm(&timm[n], &made);
        for (int i = 0; i < made.weights.count; i++)
            naming_see(&blocks, made.names[i]);
        for (int m = 0; m < NAMING_COUNT; m++) {
            int same = 0;
            char name[128];
            for (int i = 0; i < made.weights.count; i++) {
                naming_apply(&namings[m], &blocks, made.names[i], name, sizeof name);
                same += strcmp(name, made.weights.list[i].name) == 0;
            }
            fitting += same == made.weights.count;
        }
        if (fitting != 1)
            fail_msg("%s: %d namings fit timm's names", timm[n].arch, fitting);
        release(&made);
    }
}

TEST(timms_mobilenet_v2_imports)
{
    struct made made = make("mobilenet_v2", 4, 0.5);
    struct weights_info info;
    name_as_timm(&timm[0], &made);
    const char *in = write_safetensors(&made, ""), *out = temporary("out.h5");
    assert_string_equal(import(in, NULL, out).names, "timm's names");
    equal_file(out, &made, &info);
    assert_true(strcmp(info.arch, "mobilenet_v2") == 0 && info.classes == 4 && info.width == 0.5);
    unlink(in);
    unlink(out);
    release(&made);
}

/* Its convolutions of the whole map become linear layers, with the same values in the same order. */
TEST(timms_vgg_imports)
{
    struct made made = make("vgg11", 4, 0.05);
    struct weights_info info;
    struct weight *first = NULL, kept;
    for (int i = 0; i < made.weights.count; i++) {
        struct weight *weight = &made.weights.list[i];
        if (strncmp(weight->name, "classifier.", 11) != 0)
            continue;
        const char *end = strrchr(weight->name, '.');
        const char *module = weight->name[11] == '0'   ? "pre_logits.fc1"
                             : weight->name[11] == '3' ? "pre_logits.fc2"
                                                       : "head.fc";
        snprintf(made.names[i], sizeof *made.names, "%s%s", module, end);
        if (strcmp(weight->name, "classifier.0.weight") == 0)
            first = weight;
    }
    assert_non_null(first);
    kept = *first;
    first->rank = 4;
    first->dim[1] = kept.dim[1] / 49;
    first->dim[2] = first->dim[3] = 7;
    const char *in = write_safetensors(&made, ""), *out = temporary("out.h5");
    *first = kept;
    assert_string_equal(import(in, "vgg11", out).names, "timm's names");
    equal_file(out, &made, &info);
    unlink(in);
    unlink(out);
    release(&made);
}

static struct weight *find(struct made *made, const char *name)
{
    for (int i = 0; i < made->weights.count; i++)
        if (strcmp(made->weights.list[i].name, name) == 0)
            return &made->weights.list[i];
    fail_msg("no tensor \"%s\"", name);
    return NULL;
}

/* timm's networks add 1e-5 to variances, torchvision's 1e-3: the factor makes up for it. */
TEST(timms_mobilenet_v3_keeps_what_its_batch_norms_do)
{
    struct made made = make("mobilenet_v3_small", 1000, 1);
    name_as_timm(&timm[3], &made);
    const char *in = write_safetensors(&made, ""), *out = temporary("out.h5");
    struct error err;
    struct arena arena;
    struct weights_info info;
    struct weights weights;
    import(in, "mobilenet_v3_small", out);
    arena_init(&arena, 0);
    struct weights_file *file = weights_open(out, &info, &err);
    assert_non_null(file);
    assert_int_equal(weights_read(file, &arena, &weights, &err), 0);
    const struct weight *factor = find(&made, "features.0.1.weight"),
                        *variance = find(&made, "features.0.1.running_var");
    for (int i = 0; i < weights.count; i++)
        for (int c = 0; strcmp(weights.list[i].name, factor->name) == 0 && c < factor->dim[0]; c++) {
            const double theirs = factor->data[c] / sqrt(variance->data[c] + 1e-5);
            const double ours = weights.list[i].data[c] / sqrt(variance->data[c] + 1e-3);
            assert_true(fabs(ours - theirs) <= 1e-6 * fabs(theirs));
        }
    weights_close(file);
    arena_release(&arena);
    unlink(in);
    unlink(out);
    release(&made);
}

/* torchvision's DenseNet files of 2017 say norm.1 where the modules now say norm1. */
TEST(old_densenet_names_are_known)
{
    struct naming_blocks blocks = {0};
    char name[128];
    naming_apply(&namings[1], &blocks, "features.denseblock2.denselayer11.norm.1.running_mean", name, sizeof name);
    assert_string_equal(name, "features.denseblock2.denselayer11.norm1.running_mean");
    naming_apply(&namings[1], &blocks, "features.denseblock1.denselayer1.conv.2.weight", name, sizeof name);
    assert_string_equal(name, "features.denseblock1.denselayer1.conv2.weight");
    naming_apply(&namings[1], &blocks, "features.transition1.norm.weight", name, sizeof name);
    assert_string_equal(name, "features.transition1.norm.weight");
    naming_apply(&namings[4], &blocks, "blocks.99.x.conv_pw.weight", name, sizeof name);
    assert_string_equal(name, "features.1.block.0.0.weight");
}

TEST(a_negative_variance_is_named_and_refused)
{
    struct made made = make("mobilenet_v2", 2, 0.1);
    for (int i = 0; i < made.weights.count; i++)
        if (strcmp(made.weights.list[i].name, "features.0.1.running_var") == 0)
            made.weights.list[i].data[1] = -0.5f;
    import_says(write_safetensors(&made, ""), NULL,
                "tensor \"features.0.1.running_var\": variance 1 is -0.5, it must not be negative");
    unlink(temporary("in.safetensors"));
    unlink(temporary("in.safetensors"));
    release(&made);
}

TEST(a_negative_variance_of_the_projects_own_file_is_named_and_refused)
{
    struct made made = make("mobilenet_v2", 2, 0.1);
    const struct weights_info info = {.arch = "mobilenet_v2", .classes = 2, .width = 0.1, .accuracy = -1};
    struct error err;
    struct weights_info read;
    char in[256];
    snprintf(in, sizeof in, "%s", temporary("own.h5"));
    for (int i = 0; i < made.weights.count; i++)
        if (strcmp(made.weights.list[i].name, "features.0.1.running_var") == 0)
            made.weights.list[i].data[1] = -0.5f;
    assert_int_equal(weights_write(in, &info, &made.weights, &err), 0);
    import_says(in, NULL, "own.h5\": tensor \"features.0.1.running_var\": variance 1 is -0.5, it must not be negative");
    struct weights_file *file = weights_open(in, &read, &err);
    assert_non_null(file);
    assert_int_equal(weights_read_variances(file, &err), -1);
    assert_non_null(strstr(err.text, "variance 1 is -0.5"));
    weights_close(file);
    unlink(in);
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
    assert_non_null(strstr(err.text, "its attribute \"transform_input\" must not be there"));
    unlink(temporary("in.safetensors"));
    unlink(out);
    release(&made);
}
