/* tests/bench/test_config.c - configs: what is read, what --set changes, what identity holds, and back to YAML. */
#include "bench/config/config_keys.h"
#include "tests/bench/config_fixture.h"

#include <glob.h>

TEST(what_is_not_said_has_the_documented_default)
{
    struct fixture f;
    begin(&f);
    must_read(&f, SMALL);
    const struct config *c = &f.config;
    assert_string_equal(c->name, "small");
    assert_string_equal(c->output, "results/small");
    assert_true(c->seed == 1);
    assert_string_equal(c->dataset.path, "a.h5");
    assert_int_equal(c->dataset.images, -1);
    assert_false(c->dataset.shuffle);
    assert_int_equal(c->backbone_count, 1);
    assert_string_equal(c->backbones[0].arch, "resnet18");
    assert_string_equal(c->backbones[0].label, "resnet18");
    assert_string_equal(c->backbones[0].layer, "layer4");
    assert_null(c->backbones[0].weights);
    assert_string_equal(c->methods[0].label, "gradcam");
    assert_string_equal(c->methods[0].title, c->methods[0].method->title);
    assert_int_equal(c->protocol_count, 1);
    assert_string_equal(c->protocols[0].name, "cambench");
    assert_int_equal(c->runtime.threads, 0);
    assert_string_equal(c->runtime.kernels, "auto");
    assert_false(c->runtime.exact_passes);
    assert_int_equal(c->runtime.on_error, CONFIG_STOP);
    assert_true(c->report.plots);
    assert_false(c->report.maps);
    assert_false(c->report.meta);
    assert_int_equal(c->report.overlays, 8);
    assert_int_equal(c->report.bootstrap, 2000);
    assert_int_equal(c->report.reference_count, 0);
    end(&f);
}

TEST(a_backbone_may_be_a_file_or_a_process)
{
    static const char text[] =
        "name: small\ndataset: {path: a.h5}\nmethods: [gradcam]\nmetrics: [complexity]\n"
        "backbones:\n  - nets/small.v2.ONNX\n  - {model: net.onnx, label: mine, layer: L, output: logits, files: [a, b]}\n"
        "  - {model: process, command: python3 serve.py, files: [dir/serve.py], timeout: 5}\n"
        "  - {model: process, command: x}\n  - {weights: own.h5}\n";
    struct fixture f;
    begin(&f);
    must_read(&f, text);
    const struct config_backbone *b = f.config.backbones;
    assert_string_equal(b[0].model, "nets/small.v2.ONNX");
    assert_string_equal(b[0].label, "small.v2");
    assert_string_equal(config_backbone_file(&b[0]), "nets/small.v2.ONNX");
    assert_string_equal(b[1].label, "mine");
    assert_string_equal(b[1].layer, "L");
    assert_string_equal(b[1].output, "logits");
    assert_int_equal(b[1].file_count, 2);
    assert_string_equal(b[2].label, "serve");
    assert_string_equal(b[2].command, "python3 serve.py");
    assert_true(b[2].timeout == 5 && b[3].timeout == 600);
    assert_null(config_backbone_file(&b[2]));
    assert_string_equal(b[3].label, "process");
    assert_string_equal(b[4].label, "own");
    assert_null(b[4].arch);
    const struct model_spec spec = config_backbone_spec(&b[2]);
    assert_string_equal(spec.model, MODEL_PROCESS);
    assert_string_equal(spec.files[0], "dir/serve.py");
    const char *identity = config_identity(&f.config, &f.arena, &f.err);
    assert_non_null(strstr(identity, "output: logits"));
    assert_non_null(strstr(identity, "command: \"python3 serve.py\""));
    assert_null(strstr(identity, "timeout"));
    end(&f);
}

TEST(presets_go_below_the_other_keys)
{
    static const char text[] =
        "name: small\ndataset: {path: a.h5}\nmethods: [gradcam]\nmetrics: [complexity]\n"
        "backbones:\n  - {arch: resnet18, label: a, input: {std: [1, 2, 3], preset: keras_caffe}}\n"
        "  - {model: b.onnx, input: {preset: inception, channels: gray, interpolation: nearest, crop: 0.875, layout: nhwc}}\n"
        "  - {model: c.onnx, input: {mean: 0.25, channels: rgb0, crop: 256}}\n";
    struct fixture f, again;
    begin(&f);
    must_read(&f, text);
    const struct picture_input *a = &f.config.backbones[0].input, *b = &f.config.backbones[1].input;
    assert_true(a->scale == 255 && a->mean[0] == 103.939 && a->deviation[2] == 3);
    assert_string_equal(a->channels, "bgr");
    assert_true(b->mean[0] == 0.5 && b->mean_count == 1 && b->crop == 0.875);
    assert_string_equal(b->channels, "l");
    assert_true(b->interpolation == PICTURE_NEAREST && b->layout == PICTURE_NHWC);
    assert_int_equal(config_write(&f.config, f.written, &f.err), 0);
    begin(&again);
    if (config_read(f.written, NULL, 0, &again.arena, &again.config, &again.err))
        fail_msg("%s", again.err.text);
    for (int i = 0; i < 3; i++)
        assert_memory_equal(&f.config.backbones[i].input, &again.config.backbones[i].input, sizeof *a);
    end(&again);
    end(&f);
}

TEST(every_key_reaches_its_field)
{
    struct fixture f;
    begin(&f);
    must_read(&f, full);
    const struct config *c = &f.config;
    assert_string_equal(c->output, "out/some where");
    assert_true(c->seed == UINT64_MAX);
    assert_string_equal(c->dataset.path, "a: b.h5");
    assert_int_equal(c->dataset.images, 64);
    assert_true(c->dataset.shuffle);
    assert_int_equal(c->backbone_count, 2);
    assert_string_equal(c->backbones[0].weights, "w/r.h5");
    assert_string_equal(c->backbones[0].layer, "layer3");
    assert_string_equal(c->backbones[0].label, "R \"18\" \xc3\xa9\xe2\x80\xa8x");
    assert_non_null(strstr(c->backbones[0].where, ":9:5"));
    assert_string_equal(c->backbones[1].layer, "features.29");
    assert_int_equal(c->method_count, 3);
    assert_string_equal(c->methods[1].label, "Score-CAM paper");
    assert_string_equal(c->methods[1].title, "Score-CAM paper");
    char scoring[PARAM_TEXT_MAX];
    param_format(param_find(c->methods[1].method->params, "scoring"), c->methods[1].params, scoring, sizeof scoring);
    assert_string_equal(scoring, "paper");
    assert_string_equal(c->methods[2].label, "null");
    assert_int_equal(c->metric_count, 4);
    assert_string_equal(c->metrics[1].metric->name, "adcc_of_means");
    assert_int_equal(c->protocol_count, 3);
    assert_string_equal(c->protocols[1].name, "poppi2021+class=label");
    assert_string_equal(c->protocols[1].klass, "label");
    assert_true(c->protocols[1].resize_ratio == 1);
    assert_string_equal(c->protocols[2].name, "mine");
    assert_string_equal(c->protocols[2].preset, "cambench");
    assert_true(c->protocols[2].resize_ratio == 1.25);
    assert_int_equal(c->protocols[2].post, PROTOCOL_POST_TORCHCAM);
    assert_int_equal(c->runtime.threads, 2);
    assert_int_equal(c->runtime.batch, 4);
    assert_int_equal(c->runtime.memory, 1024);
    assert_string_equal(c->runtime.kernels, "openblas");
    assert_true(c->runtime.exact_passes);
    assert_int_equal(c->runtime.on_error, CONFIG_SKIP);
    assert_false(c->report.plots);
    assert_int_equal(c->report.overlays, 0);
    assert_true(c->report.maps);
    assert_true(c->report.meta);
    assert_int_equal(c->report.bootstrap, 0);
    assert_int_equal(c->report.reference_count, 1);
    assert_string_equal(c->report.references[0], "r.csv");
    end(&f);
}

static int check_rows(const struct param *rows)
{
    int count = 0;
    for (const struct param *row = rows; row && row->name; row++) {
        char usual[PARAM_VALUE_MAX];
        const struct config_keys below = config_keys_below(row);
        config_key_default(row, usual, sizeof usual);
        if (!row->help || !row->help[0])
            fail_msg("key \"%s\" has no help text", row->name);
        if (!usual[0] && !below.rows)
            fail_msg("key \"%s\" has no default and is not required", row->name);
        count += 1 + check_rows(below.rows) + check_rows(below.preset_rows);
    }
    return count;
}

TEST(every_key_has_a_help_text_and_a_default)
{
    assert_true(check_rows(config_keys_below(NULL).rows) > 50);
}

static void same_text(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a)
        assert_string_equal(a, b);
}

static void same_params(const struct param *rows, const void *a, const void *b)
{
    for (const struct param *row = rows; row && row->name; row++) {
        char one[PARAM_VALUE_MAX], other[PARAM_VALUE_MAX];
        param_format(row, a, one, sizeof one);
        param_format(row, b, other, sizeof other);
        assert_string_equal(one, other);
    }
}

static void same_lists(const struct config *a, const struct config *b)
{
    assert_int_equal(a->backbone_count, b->backbone_count);
    assert_int_equal(a->method_count, b->method_count);
    assert_int_equal(a->metric_count, b->metric_count);
    assert_int_equal(a->protocol_count, b->protocol_count);
    for (int i = 0; i < a->backbone_count; i++) {
        same_text(a->backbones[i].arch, b->backbones[i].arch);
        same_text(a->backbones[i].weights, b->backbones[i].weights);
        same_text(a->backbones[i].layer, b->backbones[i].layer);
        same_text(a->backbones[i].label, b->backbones[i].label);
        assert_int_equal(a->backbones[i].transform_input, b->backbones[i].transform_input);
        assert_int_equal(config_backbone_spec(&a->backbones[i]).stem, config_backbone_spec(&b->backbones[i]).stem);
        assert_memory_equal(&a->backbones[i].input, &b->backbones[i].input, sizeof a->backbones[i].input);
    }
    for (int i = 0; i < a->method_count; i++) {
        assert_ptr_equal(a->methods[i].method, b->methods[i].method);
        same_text(a->methods[i].label, b->methods[i].label);
        same_text(a->methods[i].title, b->methods[i].title);
        same_params(a->methods[i].method->params, a->methods[i].params, b->methods[i].params);
    }
    for (int i = 0; i < a->metric_count; i++) {
        assert_ptr_equal(a->metrics[i].metric, b->metrics[i].metric);
        same_params(a->metrics[i].metric->params, a->metrics[i].params, b->metrics[i].params);
    }
    for (int i = 0; i < a->protocol_count; i++) {
        struct protocol one = a->protocols[i], other = b->protocols[i];
        same_text(one.name, other.name);
        same_text(one.klass, other.klass);
        one.name = other.name = one.klass = other.klass = NULL;
        assert_memory_equal(&one, &other, sizeof one);
    }
}

static void same_config(const struct config *a, const struct config *b)
{
    same_text(a->name, b->name);
    same_text(a->output, b->output);
    assert_true(a->seed == b->seed);
    same_text(a->dataset.path, b->dataset.path);
    assert_int_equal(a->dataset.images, b->dataset.images);
    assert_int_equal(a->dataset.shuffle, b->dataset.shuffle);
    same_lists(a, b);
    assert_int_equal(a->runtime.threads, b->runtime.threads);
    assert_int_equal(a->runtime.batch, b->runtime.batch);
    assert_int_equal(a->runtime.memory, b->runtime.memory);
    same_text(a->runtime.kernels, b->runtime.kernels);
    assert_int_equal(a->runtime.exact_passes, b->runtime.exact_passes);
    assert_int_equal(a->runtime.on_error, b->runtime.on_error);
    assert_int_equal(a->report.plots, b->report.plots);
    assert_int_equal(a->report.maps, b->report.maps);
    assert_int_equal(a->report.overlays, b->report.overlays);
    assert_int_equal(a->report.bootstrap, b->report.bootstrap);
    assert_int_equal(a->report.reference_count, b->report.reference_count);
    for (int i = 0; i < a->report.reference_count; i++)
        same_text(a->report.references[i], b->report.references[i]);
}

static void must_come_back(struct fixture *f, const char *text)
{
    struct config again;
    must_read(f, text);
    if (config_write(&f->config, f->written, &f->err) || config_read(f->written, NULL, 0, &f->arena, &again, &f->err))
        fail_msg("%s", f->err.text);
    same_config(&f->config, &again);
}

TEST(a_written_config_reads_back_to_the_same_struct)
{
    struct fixture f;
    begin(&f);
    must_come_back(&f, SMALL);
    must_come_back(&f, full);
    must_come_back(&f, SMALL "output: \"- : # {}[] %@`'\\\"\\\\ \\t\\n\\e x\"\n");
    must_come_back(&f, SMALL "output: \" leading and trailing \"\n");
    must_come_back(&f, SMALL "output: \"~\"\nreport: {reference: \"null\"}\n");
    must_come_back(&f, SMALL "report: {reference: [a.csv, \"b, c.csv\"]}\n");
    end(&f);
}

TEST(every_method_and_metric_comes_back_with_all_its_parameters)
{
    struct fixture f;
    char text[16384] = "name: all\ndataset: {path: a.h5}\nbackbones: [vgg16]\nmethods:\n";
    begin(&f);
    for (const struct method *const *m = methods; *m; m++) {
        const struct param *required = param_required((*m)->params);
        snprintf(text + strlen(text), sizeof text - strlen(text),
                 required ? "  - {name: %s, params: {%s: file}}\n" : "  - %s\n", (*m)->name,
                 required ? required->name : "");
    }
    strcat(text, "metrics:\n");
    for (const struct metric *const *m = metrics; *m; m++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "  - %s\n", (*m)->name);
    must_come_back(&f, text);
    end(&f);
}

#define WRAPPED "name: w\ndataset: {path: a.h5}\nbackbones: [resnet18]\nmetrics: [average_drop]\nmethods:\n  - "

TEST(wrapped_methods_come_back_with_their_parameters)
{
    static const char *const methods_given[] = {
        "{name: finercam, params: {base: gradcam_pp}}",
        "{name: finercam, params: {base: Grad-CAM++, gamma: 1}}",
        "{name: refinecam, params: {base: {name: layercam, params: {score: prob}}, layers: [layer2, layer3]}}",
        "{name: refinecam, params: {base: layercam(score=prob;gamma=3), layers: [layer2, layer3]}}",
        "{name: multi_layer, params: {base: {name: refinecam, params: {base: {name: layercam}, mix: nth_root}}}}",
    };
    struct fixture f;
    begin(&f);
    for (size_t i = 0; i < sizeof methods_given / sizeof *methods_given; i++) {
        char text[512];
        snprintf(text, sizeof text, WRAPPED "%s\n", methods_given[i]);
        must_come_back(&f, text);
    }
    end(&f);
}

TEST(parameters_of_a_wrapped_method_are_part_of_the_identity)
{
    static const char *const methods_given[] = {
        "{name: refinecam, params: {base: layercam}}", "{name: refinecam, params: {base: layercam(score=prob)}}",
        "{name: refinecam, params: {base: {name: layercam, params: {score: prob}}}}"};
    const char *identity[3];
    struct fixture f;
    begin(&f);
    for (int i = 0; i < 3; i++) {
        char text[512];
        snprintf(text, sizeof text, WRAPPED "%s\n", methods_given[i]);
        if (read_with(&f, text, 0, NULL))
            fail_msg("%s", f.err.text);
        identity[i] = config_identity(&f.config, &f.arena, &f.err);
        assert_non_null(identity[i]);
    }
    assert_string_not_equal(identity[0], identity[1]);
    assert_string_equal(identity[1], identity[2]);
    end(&f);
}

TEST(a_wrapped_method_is_checked_by_name_and_type)
{
    static const struct {
        const char *method, *error;
    } rows[] = {
        {"{name: refinecam, params: {base: gradcamm}}",
         ":6:38: unknown method \"gradcamm\", did you mean \"gradcam\"?"},
        {"{name: refinecam, params: {base: {name: layercam, params: {scor: prob}}}}",
         ":6:64: unknown parameter \"scor\" of layercam, did you mean \"score\"?"},
        {"{name: refinecam, params: {base: {name: layercam, params: {score: max}}}}",
         ":6:71: parameter \"score\" is \"max\"; allowed: logit|prob|logprob|rest"},
        {"{name: refinecam, params: {base: layercam(score=max)}}",
         ":6:38: parameter \"score\" is \"max\"; allowed: logit|prob|logprob|rest"},
        {"{name: refinecam, params: {base: layercam(score)}}",
         ":6:38: layercam has no parameter \"score\" or it has no value"},
        {"{name: refinecam, params: {base: {params: {score: prob}}}}", "key \"name\" is missing"},
        {"{name: refinecam, params: {base: {name: layercam, label: x}}}", "unknown key \"label\""},
        {"{name: refinecam, params: {base: [layercam]}}", "methods.params.base is a list; allowed: method, or {name"},
        {"{name: refinecam, params: {base: 'layercam('}}", "allowed: method, or {name"},
        {"{name: refinecam, params: {base: refinecam(base=refinecam(base=refinecam(base=gradcam)))}}",
         "parameter \"base\" is inside 3 others; at most 3 may be nested"},
        {"{name: finercam, params: {base: scorecam}}",
         "parameter \"base\" of finercam is \"scorecam\"; it must be a gradient method such as gradcam"},
        {"{name: finercam, params: {base: multi_layer(base=actmap)}}",
         "parameter \"base\" of finercam is \"multi_layer\"; it must be a gradient method such as gradcam"},
        {"{name: multi_layer, params: {base: finercam(base=finercam)}}",
         "parameter \"base\" of finercam is \"finercam\"; it must be a gradient method such as gradcam"},
        {"{name: finercam, params: {base: gradcam(score=prob)}}",
         "finercam replaces the logit; score of its base must be logit, not prob"},
        {"{name: finercam, params: {classes: '3,x'}}", "parameter \"classes\" is \"3,x\"; it must be class numbers"},
    };
    struct fixture f;
    begin(&f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text, WRAPPED "%s\n", rows[i].method);
        assert_int_equal(read_with(&f, text, 0, NULL), -1);
        if (!strstr(f.err.text, rows[i].error))
            fail_msg("%s\n  gives: %s\n  expected: %s", rows[i].method, f.err.text, rows[i].error);
    }
    end(&f);
}

#define SCRIPT(params) \
    "name: s\ndataset: {path: a.h5}\nbackbones: [vgg16]\nmetrics: [adcc]\n" \
    "methods:\n  - {name: process, params: {" params "}}\n"

/* The identity of a config, in the fixture's arena. */
static const char *identity_of(struct fixture *f, const char *text)
{
    must_read(f, text);
    const char *identity = config_identity(&f->config, &f->arena, &f->err);
    assert_non_null(identity);
    return identity;
}

TEST(parameters_and_files_of_a_script_come_back_and_are_part_of_the_identity)
{
    struct fixture f;
    begin(&f);
    must_come_back(&f,
                   SCRIPT("command: \"a b\", files: [x.py, \"y, z.py\"], power: 2, name: \"null\", t: \"-1 # 'x'\""));
    must_come_back(&f, SCRIPT("command: a, files: x.py, layers: [l1, l2], is_on: true, empty: \"\""));
    const char *plain = identity_of(&f, SCRIPT("command: a, power: 2"));
    assert_string_equal(plain, identity_of(&f, SCRIPT("command: a, power: 2, timeout: 5")));
    assert_string_not_equal(plain, identity_of(&f, SCRIPT("command: a, power: 3")));
    assert_string_not_equal(plain, identity_of(&f, SCRIPT("command: a, power: 2, files: x.py")));
    must_refuse(&f, SCRIPT("command: a, power: [1]"),
                ":6:49: parameter \"power\" must be a number, true, false or text");
    must_refuse(&f, SCRIPT("command: a, power: ~"), ":6:49: parameter \"power\" must be a number, true, false or text");
    must_refuse(&f, SCRIPT("command: a, files: {b: c}"),
                ":6:49: methods.params.files is a mapping; allowed: list of at most 16 paths of files");
    must_refuse(&f, SCRIPT("command: a, files: [[b]]"), ":6:50: methods.params.files must be a list of paths");
    end(&f);
}

TEST(set_changes_and_makes_keys_before_checking)
{
    static const char *const sets[] = {"name=other",
                                       "runtime.threads=3",
                                       "dataset.images=all",
                                       "backbones.0={arch: vgg16, label: V}",
                                       "backbones.0.layer=features.20",
                                       "methods=[layercam, xgradcam]",
                                       "report.reference=a=b.csv"};
    struct fixture f;
    begin(&f);
    if (read_with(&f, SMALL, sizeof sets / sizeof *sets, sets))
        fail_msg("%s", f.err.text);
    assert_string_equal(f.config.name, "other");
    assert_string_equal(f.config.output, "results/other");
    assert_int_equal(f.config.runtime.threads, 3);
    assert_string_equal(f.config.backbones[0].arch, "vgg16");
    assert_string_equal(f.config.backbones[0].layer, "features.20");
    assert_string_equal(f.config.backbones[0].where, "--set backbones.0={arch: vgg16, label: V}");
    assert_int_equal(f.config.method_count, 2);
    assert_string_equal(f.config.methods[1].label, "xgradcam");
    assert_string_equal(f.config.report.references[0], "a=b.csv");
    end(&f);
}

TEST(identity_changes_with_what_is_measured_and_with_nothing_else)
{
    struct fixture f;
    begin(&f);
    must_read(&f, SMALL);
    const char *plain = config_identity(&f.config, &f.arena, &f.err);
    assert_non_null(plain);
    must_read(&f, SMALL "output: elsewhere\nruntime: {threads: 7, batch: 2}\nreport: {maps: true}\n");
    assert_string_equal(config_identity(&f.config, &f.arena, &f.err), plain);
    must_read(&f, SMALL "seed: 2\n");
    assert_string_not_equal(config_identity(&f.config, &f.arena, &f.err), plain);
    must_read(&f, SMALL "protocol: {preset: cambench, label: cambench, class: label}\n");
    assert_string_not_equal(config_identity(&f.config, &f.arena, &f.err), plain);
    must_read(&f, SMALL "runtime: {exact_passes: true}\n");
    assert_string_not_equal(config_identity(&f.config, &f.arena, &f.err), plain);
    end(&f);
}

TEST(metrics_are_found_however_they_are_spelt)
{
    static const char *const spelt[][2] = {{"ADCC", "adcc"},
                                           {"Average-Drop", "average_drop"},
                                           {"AverageIncrease", "average_increase"},
                                           {"Insertion - Deletion", "insertion_minus_deletion"},
                                           {"box iou", "box_iou"},
                                           {"LocalisationAccuracy", "loc_accuracy"}};
    struct fixture f;
    begin(&f);
    for (size_t i = 0; i < sizeof spelt / sizeof *spelt; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "name: x\ndataset: {path: a}\nmethods: [Grad-CAM]\nmetrics: [%s]\nbackbones: [vgg16]\n", spelt[i][0]);
        must_read(&f, text);
        assert_string_equal(f.config.metrics[0].metric->name, spelt[i][1]);
    }
    end(&f);
}

TEST(the_transform_of_the_input_is_part_of_the_identity)
{
    static const char text[] = "name: x\ndataset: {path: a}\nmethods: [gradcam]\nmetrics: [adcc]\n"
                               "backbones: [{arch: googlenet%s}]\n";
    static const char *const keys[] = {"", ", transform_input: true", ", transform_input: false"};
    const char *identity[3];
    struct fixture f;
    begin(&f);
    for (int i = 0; i < 3; i++) {
        char config[256];
        snprintf(config, sizeof config, text, keys[i]);
        must_read(&f, config);
        assert_int_equal(f.config.backbones[0].transform_input, i);
        identity[i] = config_identity(&f.config, &f.arena, &f.err);
        must_come_back(&f, config);
    }
    assert_null(strstr(identity[0], "transform_input"));
    assert_non_null(strstr(identity[1], "transform_input: true"));
    assert_non_null(strstr(identity[2], "transform_input: false"));
    end(&f);
}

TEST(the_stem_is_part_of_the_identity_where_it_is_given)
{
    static const char text[] = "name: x\ndataset: {path: a}\nmethods: [gradcam]\nmetrics: [adcc]\n"
                               "backbones: [{arch: resnet18, weights: a.pth%s}]\n";
    static const char *const keys[] = {"", ", stem: small", ", stem: small_pool"};
    struct fixture f;
    begin(&f);
    for (int i = 0; i < 3; i++) {
        char config[256];
        snprintf(config, sizeof config, text, keys[i]);
        must_read(&f, config);
        assert_int_equal(config_backbone_spec(&f.config.backbones[0]).stem, i);
        const char *identity = config_identity(&f.config, &f.arena, &f.err);
        assert_true(!strstr(identity, "stem") == (i == 0));
        assert_true(i == 0 || strstr(identity, keys[i] + 2));
        must_come_back(&f, config);
    }
    end(&f);
}

TEST(the_input_of_a_network_is_part_of_the_identity_where_it_is_given)
{
    static const char text[] = "name: x\ndataset: {path: a}\nmethods: [gradcam]\nmetrics: [adcc]\n"
                               "backbones: [{arch: vgg16%s}]\n";
    static const char *const keys[] = {"", ", input: {resize: protocol}",
                                       ", input: {mean: [0.1, 0.25, 1e-3], std: [1, 0.3, 0.123456789]}",
                                       ", input: {size: [96, 64], resize: squash}"};
    const char *identity[4];
    struct fixture f;
    begin(&f);
    for (int i = 0; i < 4; i++) {
        char config[256];
        snprintf(config, sizeof config, text, keys[i]);
        must_read(&f, config);
        identity[i] = config_identity(&f.config, &f.arena, &f.err);
        must_come_back(&f, config);
    }
    assert_string_equal(identity[0], identity[1]);
    assert_null(strstr(identity[0], "input:"));
    assert_non_null(strstr(identity[2], "  input:\n    mean:\n    - 0.1\n    - 0.25\n    - 0.001\n"
                                        "    std:\n    - 1\n    - 0.3\n    - 0.123456789\n"));
    assert_non_null(strstr(identity[3], "  input:\n    size:\n    - 96\n    - 64\n    resize: squash\n"));
    end(&f);
}

TEST(parts_of_combined_metrics_join_the_list_once)
{
    struct fixture f;
    struct config_metric *list;
    int count;
    begin(&f);
    must_read(&f, "name: x\ndataset: {path: a}\nbackbones: [vgg16]\nmethods: [gradcam]\n"
                  "metrics: [adcc_of_means, coherency]\n");
    assert_int_equal(config_all_metrics(&f.config, &f.arena, &list, &count, &f.err), 0);
    assert_int_equal(count, 4);
    static const char *const want[] = {"adcc_of_means", "coherency", "average_drop", "complexity"};
    for (int i = 0; i < count; i++) {
        int found = 0;
        for (int k = 0; k < count; k++)
            found += strcmp(list[k].metric->name, want[i]) == 0;
        assert_int_equal(found, 1);
        assert_non_null(list[i].params);
    }
    end(&f);
}

TEST(configs_of_the_project_are_read)
{
    static const char *const patterns[] = {"configs/*.yaml", "configs/papers/*.yaml"};
    struct fixture f;
    begin(&f);
    for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
        glob_t found;
        assert_int_equal(glob(patterns[p], 0, NULL, &found), 0);
        for (size_t i = 0; i < found.gl_pathc; i++)
            if (config_read(found.gl_pathv[i], NULL, 0, &f.arena, &f.config, &f.err))
                fail_msg("%s", f.err.text);
        globfree(&found);
    }
    end(&f);
}
