/* tests/models/test_model.c - the door: what a model of a family has, which place gives its input, what is refused. */
#include "models/model.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLASSES 3

static char path[64];

/* A small resnet18 whose file gives this input. */
static void write_file(const struct picture_input *input, const char *const *names)
{
    const struct backbone_options options = {.classes = CLASSES, .width = 0.125, .height = 64, .width_px = 64};
    struct weights_info info = {
        .arch = "resnet18", .classes = CLASSES, .width = 0.125, .accuracy = -1, .input = *input, .class_names = names};
    struct arena arena;
    struct weights weights;
    struct error err;
    snprintf(path, sizeof path, "/tmp/test_model_%ld.h5", (long)getpid());
    arena_init(&arena, 0);
    struct graph *graph = backbone_graph("resnet18", &options, &err);
    if (!graph || weights_generate(graph, 1, &arena, &weights, &err) || weights_write(path, &info, &weights, &err))
        fail_msg("%s", err.text);
    graph_free(graph);
    arena_release(&arena);
}

static struct model *opened(const struct model_spec *spec)
{
    struct error err;
    struct model *model = model_open(spec, &err);
    if (!model)
        fail_msg("%s", err.text);
    return model;
}

static void refused(const struct model_spec *spec, const char *part)
{
    struct error err;
    assert_null(model_open(spec, &err));
    if (!strstr(err.text, part))
        fail_msg("%s", err.text);
}

TEST(a_model_without_a_file_is_a_graph_with_the_usual_input)
{
    struct model *model = opened(&(struct model_spec){.arch = "ResNet-18"});
    assert_string_equal(model->arch, "resnet18");
    assert_string_equal(model->layer, "layer4");
    assert_true(model->outputs == 1000 && !model->has_weights && !model->classes.names);
    assert_true(model->input.h == 224 && model->input.w == 224 && model->input.mean[0] == 0.485);
    assert_int_equal(graph_node(model->graph, 0).shape.h, 224);
    model_close(model);
}

TEST(the_spec_goes_before_the_file_and_the_file_before_imagenet)
{
    const struct picture_input file = {
        .h = 64, .w = 96, .has_mean = true, .mean = {0.5, 0.25, 0.125}, .resize = PICTURE_RESIZE_SQUASH};
    write_file(&file, NULL);
    struct model *model = opened(&(struct model_spec){.weights = path});
    assert_true(model->input.h == 64 && model->input.w == 96 && model->input.resize == PICTURE_RESIZE_SQUASH);
    assert_true(model->input.mean[2] == 0.125 && model->input.deviation[2] == 0.225);
    model_close(model);
    struct model_spec spec = {.weights = path, .input = {.h = 80, .w = 80, .has_deviation = true}};
    for (int c = 0; c < 3; c++)
        spec.input.deviation[c] = 0.5;
    model = opened(&spec);
    assert_true(model->input.h == 80 && model->input.deviation[2] == 0.5 && model->input.mean[2] == 0.125);
    assert_true(model->own.h == 64 && model->own.deviation[2] == 0.225);
    assert_int_equal(graph_node(model->graph, 0).shape.w, 80);
    model_close(model);
    unlink(path);
}

TEST(the_file_gives_names_of_classes_hash_and_weights)
{
    static const char *const names[CLASSES] = {"cat", "dog", "owl"};
    struct error err;
    write_file(&(struct picture_input){.h = 64, .w = 64}, names);
    struct model *model = opened(&(struct model_spec){.arch = "resnet18", .weights = path});
    assert_string_equal(class_names_shown(&model->classes, 2), "owl");
    const char *hash = model_sha256(model, &err);
    assert_true(hash && strlen(hash) == 64 && model_sha256(model, &err) == hash);
    struct network *network = model_load(model, &model->layer, 1, NULL, &err);
    assert_non_null(network);
    model_close_files(model);
    assert_false(model->has_weights);
    assert_string_equal(class_names_shown(&model->classes, 0), "cat"); /* they do not go with the file */
    network_free(network);
    model_close(model);
    unlink(path);
}

TEST(what_contradicts_the_file_is_refused)
{
    write_file(&(struct picture_input){.h = 64, .w = 64}, NULL);
    refused(&(struct model_spec){.arch = "vgg16", .weights = path, .arch_where = "a.yaml:3:20"},
            "are of resnet18, a.yaml:3:20 requires vgg16");
    refused(&(struct model_spec){.arch = "resnet81", .weights = path}, "unknown backbone \"resnet81\", did you mean");
    refused(&(struct model_spec){.weights = path, .transform_input = TRANSFORM_YES},
            "this network has no such transform of its input");
    refused(&(struct model_spec){.weights = path, .stem = STEM_SMALL, .stem_where = "a.yaml:3:9"},
            "have the stem usual, a.yaml:3:9: stem says small");
    unlink(path);
    refused(&(struct model_spec){.weights = path}, "could not open");
    refused(&(struct model_spec){.arch = "vgg16", .input = {.h = 8, .w = 8}}, "backbone \"vgg16\": ");
}

TEST(facts_are_known_before_a_file_is_opened)
{
    struct model_facts facts;
    struct error err;
    assert_int_equal(model_describe(&(struct model_spec){.arch = "GoogLeNet", .weights = "none"}, &facts, &err), 0);
    assert_string_equal(facts.arch, "googlenet");
    assert_true(facts.has_transform);
    assert_false(facts.has_stem);
    assert_int_equal(model_describe(&(struct model_spec){.arch = "densenet121"}, &facts, &err), 0);
    assert_true(facts.has_stem);
    assert_int_equal(model_describe(&(struct model_spec){.arch = "x"}, &facts, &err), -1);
}
