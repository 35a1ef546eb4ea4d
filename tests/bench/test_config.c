/* tests/bench/test_config.c - configs: what is read, every kind of error with its place, and back to YAML. */
#include "bench/config/config.h"

#include "backbones/backbone.h"

#include "tests/test.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SMALL \
    "name: small\n" \
    "dataset: {path: a.h5}\n" \
    "backbones: [resnet18]\n" \
    "methods: [gradcam]\n" \
    "metrics: [complexity]\n"

struct fixture {
    char path[64], written[64];
    struct arena arena;
    struct config config;
    struct error err;
};

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    snprintf(f->path, sizeof f->path, "/tmp/test_config_%ld.yaml", (long)getpid());
    snprintf(f->written, sizeof f->written, "/tmp/test_config_%ld.out.yaml", (long)getpid());
    arena_init(&f->arena, 0);
}

static void end(struct fixture *f)
{
    arena_release(&f->arena);
    unlink(f->path);
    unlink(f->written);
}

static void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static int read_with(struct fixture *f, const char *text, int set_count, const char *const *sets)
{
    write_bytes(f->path, text, strlen(text));
    f->err.text[0] = 0;
    return config_read(f->path, sets, set_count, &f->arena, &f->config, &f->err);
}

static void must_read(struct fixture *f, const char *text)
{
    if (read_with(f, text, 0, NULL))
        fail_msg("%s", f->err.text);
}

/* `want` is the sentence behind the file's name. */
static void must_refuse(struct fixture *f, const char *text, const char *want)
{
    if (read_with(f, text, 0, NULL) == 0)
        fail_msg("accepted, but wanted \"%s\":\n%s", want, text);
    const size_t length = strlen(f->path);
    if (strncmp(f->err.text, f->path, length) != 0 || strcmp(f->err.text + length, want) != 0)
        fail_msg("\n got %s\nwant FILE%s", f->err.text, want);
}

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
    assert_true(c->report.plots);
    assert_false(c->report.maps);
    assert_false(c->report.meta);
    assert_int_equal(c->report.overlays, 8);
    assert_int_equal(c->report.bootstrap, 2000);
    assert_int_equal(c->report.reference_count, 0);
    end(&f);
}

static const char full[] =
    "name: full run\n"
    "output: \"out/some where\"\n"
    "seed: 18446744073709551615\n"
    "dataset:\n"
    "  path: 'a: b.h5'\n"
    "  images: 64\n"
    "  shuffle: true\n"
    "backbones:\n"
    "  - {arch: resnet18, weights: w/r.h5, layer: layer3, label: \"R \\\"18\\\" \\u00e9\\u2028x\"}\n"
    "  - vgg16\n"
    "methods:\n"
    "  - gradcam\n"
    "  - {name: scorecam, label: Score-CAM paper, params: {scoring: paper}}\n"
    "  - {name: scorecam, label: \"null\"}\n"
    "metrics: [{name: average_drop}, adcc_of_means, {name: adcc, params: {}}, energy_pointing_game]\n"
    "protocol:\n"
    "  - cambench\n"
    "  - {preset: poppi2021, class: label}\n"
    "  - {preset: cambench, label: mine, resize_ratio: 1.25, post: torchcam}\n"
    "runtime: {threads: 2, batch: 4, memory: 1024, kernels: openblas, exact_passes: true}\n"
    "report: {plots: false, overlays: 0, maps: true, meta: true, bootstrap: 0, reference: r.csv}\n"
    "plugins: []\n";

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
    assert_int_equal(c->protocols[1].klass, PROTOCOL_CLASS_LABEL);
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
    assert_false(c->report.plots);
    assert_int_equal(c->report.overlays, 0);
    assert_true(c->report.maps);
    assert_true(c->report.meta);
    assert_int_equal(c->report.bootstrap, 0);
    assert_int_equal(c->report.reference_count, 1);
    assert_string_equal(c->report.references[0], "r.csv");
    end(&f);
}

static void same_text(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a)
        assert_string_equal(a, b);
}

static void same_params(const void *a, const void *b, size_t size)
{
    if (size)
        assert_memory_equal(a, b, size);
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
        assert_memory_equal(&a->backbones[i].input, &b->backbones[i].input, sizeof a->backbones[i].input);
    }
    for (int i = 0; i < a->method_count; i++) {
        assert_ptr_equal(a->methods[i].method, b->methods[i].method);
        same_text(a->methods[i].label, b->methods[i].label);
        same_text(a->methods[i].title, b->methods[i].title);
        same_params(a->methods[i].params, b->methods[i].params, a->methods[i].method->params_size);
    }
    for (int i = 0; i < a->metric_count; i++) {
        assert_ptr_equal(a->metrics[i].metric, b->metrics[i].metric);
        same_params(a->metrics[i].params, b->metrics[i].params, a->metrics[i].metric->params_size);
    }
    for (int i = 0; i < a->protocol_count; i++) {
        struct protocol one = a->protocols[i], other = b->protocols[i];
        same_text(one.name, other.name);
        one.name = other.name = NULL;
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
    for (const struct method *const *m = methods; *m; m++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "  - %s\n", (*m)->name);
    strcat(text, "metrics:\n");
    for (const struct metric *const *m = metrics; *m; m++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "  - %s\n", (*m)->name);
    must_come_back(&f, text);
    end(&f);
}

TEST(errors_say_where_what_and_the_nearest_name)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {SMALL "metod: x\n", ":6:1: unknown key \"metod\" in the config, did you mean \"methods\"?"},
        {"name: x\nmethods:\n  - {name: gradcam, lable: x}\n",
         ":3:21: unknown key \"lable\" in methods, did you mean \"label\"?"},
        {"name: x\nmethods:\n  - {name: gradcan}\n", ":3:12: unknown method \"gradcan\", did you mean \"gradcam\"?"},
        {"name: x\nmethods: [zzzzzzzzzzz]\n",
         ":2:11: unknown method \"zzzzzzzzzzz\" (not in cambench; `cambench list methods` shows what is)"},
        {"name: x\nmethods: [EigenCAM]\n",
         ":2:11: unknown method \"EigenCAM\" (not in cambench; `cambench list methods` shows what is)"},
        {"metrics: [AOPC]\n",
         ":1:11: unknown metric \"AOPC\" (not in cambench; `cambench list metrics` shows what is)"},
        {"metrics: [insertion_auc]\n", ":1:11: unknown metric \"insertion_auc\", did you mean \"insertion\"?"},
        {"metrics: [average_drob]\n", ":1:11: unknown metric \"average_drob\", did you mean \"average_drop\"?"},
        {"protocol: cambemch\n", ":1:11: unknown protocol \"cambemch\", did you mean \"cambench\"?"},
        {"protocol: {preset: cambemch}\n", ":1:20: unknown protocol \"cambemch\", did you mean \"cambench\"?"},
        {"protocol: {preset: cambench, clas: label}\n",
         ":1:30: unknown key \"clas\" in protocol, did you mean \"class\"?"},
        {"protocol: {class: label}\n", ":1:11: key \"preset\" is missing in protocol"},
        {"protocol: [[cambench]]\n", ":1:12: an entry of protocol is a list; it must be a name or a mapping"},
        {"protocol: {preset: cambench, class: tabby}\n",
         ":1:37: parameter \"class\" is \"tabby\"; allowed: predicted|label"},
        {"protocol: {preset: cambench, resize_ratio: 9}\n",
         ":1:44: parameter \"resize_ratio\" is \"9\"; allowed: 1..4"},
        {"methods: [{name: scorecam, params: {scorring: paper}}]\n",
         ":1:37: unknown parameter \"scorring\" of method scorecam, did you mean \"scoring\"?"},
        {"methods: [{name: scorecam, params: [1]}]\n", ":1:36: params must be a mapping: {key: value}"},
        {"methods: [{label: x}]\n", ":1:11: key \"name\" is missing in methods"},
        {"methods: gradcam\n", ":1:10: methods must be a list: [a, b]"},
        {"methods: []\n", ":1:10: methods is empty; name at least one"},
        {"methods:\n", ":1:9: methods must be a list: [a, b]"},
        {"methods: [[gradcam]]\n", ":1:11: an entry of methods is a list; it must be a name or a mapping"},
        {"methods: [gradcam, gradcam]\n",
         ":1:20: \"gradcam\" is given twice in methods; give one of them another label"},
        {"metrics: [complexity, complexity]\n", ":1:23: \"complexity\" is given twice in metrics; leave one out"},
        {"protocol: [cambench, {preset: poppi2021, label: cambench}]\n",
         ":1:22: \"cambench\" is given twice in protocol; give one of them another label"},
        {"backbones: [{arch: vgg16, transform_input: true}]\n",
         ":1:44: vgg16 has no transform of its input; leave transform_input out"},
        {"backbones: [{arch: vgg16, input: 224}]\n",
         ":1:34: backbones.input is text; it must be a mapping (key: value)"},
        {"backbones: [{arch: vgg16, input: {maen: 1}}]\n",
         ":1:35: unknown key \"maen\" in backbones.input, did you mean \"mean\"?"},
        {"backbones: [{arch: vgg16, input: {mean: [0.5, 0.5]}}]\n",
         ":1:41: backbones.input.mean has 2 values; it must have 3, of red, green and blue"},
        {"backbones: [{arch: vgg16, input: {mean: 0.5}}]\n",
         ":1:41: backbones.input.mean has 1 value; it must have 3, of red, green and blue"},
        {"backbones: [{arch: vgg16, input: {mean: [0.5, x, 1]}}]\n",
         ":1:47: backbones.input.mean has \"x\", which is not a number"},
        {"backbones: [{arch: vgg16, input: {std: [0.5, .inf, 1]}}]\n",
         ":1:46: backbones.input.std has \".inf\", which is not a number"},
        {"backbones: [{arch: vgg16, input: {std: [0.5, 0, 1]}}]\n",
         ":1:40: backbones.input.std has the value 0; allowed: more than 0 (at least 1e-06), at most 1000"},
        {"backbones: [{arch: vgg16, input: {std: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]}}]\n",
         ":1:40: backbones.input.std has 10 values; it must have 3, of red, green and blue"},
        {"backbones: [{arch: vgg16, input: {std: {a: 1}}}]\n",
         ":1:40: backbones.input.std must be a number or a list of numbers"},
        {"backbones: [{arch: vgg16, input: {size: 0}}]\n",
         ":1:41: backbones.input.size has the value 0; allowed: whole numbers of 1..16384"},
        {"backbones: [{arch: vgg16, input: {size: []}}]\n",
         ":1:41: backbones.input.size has 0 values; it must be the side of a square, or height and width"},
        {"backbones: [{arch: vgg16, input: {resize: crop}}]\n",
         ":1:43: backbones.input.resize is \"crop\"; allowed: protocol|shorter|squash"},
        {"backbones: [{arch: vgg16, label: a/b}]\n", ":1:13: label \"a/b\" holds a slash or control character"},
        {"backbones: [{arch: vgg16, label: \"a\\nb\"}]\n", ":1:13: label \"a?b\" holds a slash or control character"},
        {"backbones: [{arch: vgg16, label: ..}]\n", ":1:13: label \"..\" is not a plain name"},
        {"backbones: [{weights: x}]\n", ":1:13: key \"arch\" is missing in backbones"},
        {"name: a/b\n", ":1:7: name \"a/b\" holds a slash or control character"},
        {"name:\n", ":1:6: name is empty; it must be text"},
        {"name: [x]\n", ":1:7: name is a list; it must be text"},
        {"seed: -1\n", ":1:7: seed is \"-1\"; allowed: 0..18446744073709551615"},
        {"seed: 18446744073709551616\n", ":1:7: seed is \"18446744073709551616\"; allowed: 0..18446744073709551615"},
        {"dataset: a.h5\n", ":1:10: dataset is text; it must be a mapping (key: value)"},
        {"dataset: {path: a, images: 0}\n",
         ":1:28: dataset.images is 0, so nothing would be measured; allowed: 1 or more, or all"},
        {"dataset: {path: a, images: -3}\n", ":1:28: dataset.images is \"-3\"; allowed: 1..2147483647 or all"},
        {"dataset: {path: a, images: 2147483648}\n",
         ":1:28: dataset.images is \"2147483648\"; allowed: 1..2147483647 or all"},
        {"dataset: {path: a, images: 64abc}\n", ":1:28: dataset.images is \"64abc\"; allowed: 1..2147483647 or all"},
        {"dataset: {images: 3}\n", ":1:10: key \"path\" is missing in dataset"},
        {"dataset: {path: a, shuffle: yes}\n", ":1:29: dataset.shuffle is \"yes\"; allowed: true|false"},
        {"runtime: {threads: 1025}\n", ":1:20: runtime.threads is \"1025\"; allowed: 0..1024"},
        {"runtime: {threads: \"4\"}\n", ":1:20: runtime.threads is \"4\", in quotes; allowed: 0..1024"},
        {"runtime: {threads: {}}\n", ":1:20: runtime.threads is a mapping; allowed: 0..1024"},
        {"runtime: {threads: }\n", ":1:20: runtime.threads is empty; allowed: 0..1024"},
        {"runtime: {kernels: cuda}\n",
         ":1:20: runtime.kernels is \"cuda\"; allowed: auto|openblas|avx512|avx2|neon|portable"},
        {"report: {meta: 1}\n", ":1:16: report.meta is \"1\"; allowed: true|false"},
        {"report: {bootstrap: 1e3}\n", ":1:21: report.bootstrap is \"1e3\"; allowed: 0..1000000"},
        {"plugins: [x.so]\n", ":1:10: plugins are not supported by this version; leave the list empty"},
        {"name: x\n", ":1:1: key \"dataset\" is missing in the config"},
        {"seed: 1\n", ":1:1: key \"name\" is missing in the config"},
        {"just text\n", ":1:1: the config is text; it must be a mapping (key: value)"},
        {"- a\n", ":1:1: the config is a list; it must be a mapping (key: value)"},
    };
    struct fixture f;
    begin(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        must_refuse(&f, cases[i].text, cases[i].want);
    end(&f);
}

TEST(meta_evaluation_wants_a_metric_that_knows_the_truth)
{
    struct fixture f;
    begin(&f);
    assert_int_equal(read_with(&f, SMALL "report: {meta: true}\n", 0, NULL), -1);
    assert_non_null(
        strstr(f.err.text, ":6:16: report.meta is true, but no metric compares maps with the annotated truth"));
    assert_non_null(strstr(f.err.text, "energy_pointing_game"));
    end(&f);
}

TEST(yaml_that_configs_do_not_need_is_refused)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ": empty"},
        {"# only a comment\n", ": empty"},
        {"name: a\nname: b\n", ":2:1: key \"name\" is given twice, first at "},
        {"name: &n a\noutput: *n\n", ":1:7: an alias (*) refers to this value; write it out where it is used"},
        {"report: &r {maps: *r}\n", ":1:9: an alias (*) refers to this value; write it out where it is used"},
        {"seed: !!int 5\n", ":1:7: tag \"tag:yaml.org,2002:int\" is not supported; leave it out"},
        {"seed: !x 5\n", ":1:7: tag \"!x\" is not supported; leave it out"},
        {"name: a\n---\nname: b\n", ": more than one document (\"---\")"},
        {"? [a, b]\n: c\n", ":1:3: a key must be a word, not a list or mapping"},
        {"name: \"a\\0b\"\n", ":1:7: text with a zero byte in it"},
        {"name: [[[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]]]\n", ":1:22: more than 16 levels of lists and mappings"},
        {"name: [a\n", ":2:1: not YAML: did not find expected ',' or ']', while parsing a flow sequence"},
        {"name: a\n\tb: c\n",
         ":2:1: not YAML: found a tab character that violates indentation, while scanning a plain scalar"},
    };
    struct fixture f;
    begin(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char want[256];
        const bool names_itself = cases[i].want[strlen(cases[i].want) - 1] == ' ';
        snprintf(want, sizeof want, names_itself ? "%s%s:1:1" : "%s", cases[i].want, f.path);
        must_refuse(&f, cases[i].text, want);
    }
    end(&f);
}

TEST(an_unknown_architecture_is_named_with_its_place)
{
    struct fixture f;
    begin(&f);
    assert_int_equal(read_with(&f, "backbones: [{arch: resnet19}]\n", 0, NULL), -1);
    assert_non_null(strstr(f.err.text, ":1:20: "));
    assert_non_null(strstr(f.err.text, "\"resnet19\""));
    assert_non_null(strstr(f.err.text, "did you mean \"resnet18\"?"));
    end(&f);
}

TEST(a_file_that_is_missing_or_no_text_is_named)
{
    struct fixture f;
    begin(&f);
    assert_int_equal(config_read("/nonexistent/x.yaml", NULL, 0, &f.arena, &f.config, &f.err), -1);
    assert_string_equal(f.err.text, "could not open config \"/nonexistent/x.yaml\": No such file or directory");
    assert_int_equal(config_read("/tmp", NULL, 0, &f.arena, &f.config, &f.err), -1);
    assert_string_equal(f.err.text, "could not open config \"/tmp\": it is a folder, not a regular file");
    static const unsigned char hdf5[] = "\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08";
    write_bytes(f.path, hdf5, sizeof hdf5);
    assert_int_equal(config_read(f.path, NULL, 0, &f.arena, &f.config, &f.err), -1);
    assert_non_null(strstr(f.err.text, "not YAML: "));
    end(&f);
}

TEST(a_config_cannot_ask_for_much_memory)
{
    struct fixture f;
    begin(&f);
    const size_t size = (1 << 20) + 1;
    char *text = malloc(size);
    memset(text, '[', size);
    write_bytes(f.path, text, size);
    assert_int_equal(config_read(f.path, NULL, 0, &f.arena, &f.config, &f.err), -1);
    assert_non_null(strstr(f.err.text, "at most 1048576 are supported"));
    write_bytes(f.path, text, size / 8);
    assert_int_equal(config_read(f.path, NULL, 0, &f.arena, &f.config, &f.err), -1);
    for (size_t i = 0; i < 30000; i++)
        text[i] = "[a,"[i == 0 ? 0 : 2 - i % 2];
    text[30000] = ']';
    write_bytes(f.path, text, 30001);
    assert_int_equal(config_read(f.path, NULL, 0, &f.arena, &f.config, &f.err), -1);
    assert_non_null(strstr(f.err.text, "more than 10000 values"));
    free(text);
    end(&f);
}

/* Writes `head`, then repeats `unit` up to about a megabyte; a "$" in it becomes the number of the repetition. */
static size_t fill(char *text, size_t most, const char *head, const char *unit)
{
    size_t size = (size_t)sprintf(text, "%s", head);
    for (int i = 0; size + 64 < most; i++)
        for (const char *c = unit; *c; c++)
            if (*c == '$')
                size += (size_t)sprintf(text + size, "%d", i);
            else
                text[size++] = *c;
    return size;
}

TEST(a_config_of_any_shape_is_refused_or_read_within_a_second)
{
    static const struct {
        const char *head, *unit, *says;
    } shapes[] = {
        {"", "[", ":1:17: more than 16 levels of lists and mappings"},
        {"", "{", ":1:17: more than 16 levels of lists and mappings"},
        {"", "{a: ", "more than 16 levels"},
        {"", "[[],", "more than 16 levels"},
        {"", "[\n", ":17:1: more than 16 levels"},
        {"", "- ", "more than 16 levels"},
        {"", "? ", "more than 16 levels"},
        {"", "[{a: [", "more than 16 levels"},
        {"a: [", "[],", "more than 10000 values"},
        {"", "- a\n", "more than 10000 values"},
        {"", "k$: 1\n", "more than 10000 values"},
        {"", "---\n", "more than 10000 values"},
        {"a: &a 1\nb: [", "*a, ", "more than 10000 values"},
        {"", "k$: &a$ 1\n", "more than 100 anchors (&)"},
        {"%YAML 1.1\n", "%TAG !t$! tag:x,$:\n", "more than 16 directives (%)"},
        {"%YAML 1.1\r", "%TAG !t$! tag:x,$:\r", "more than 16 directives (%)"},
        {"a: ", "x ", "unknown key \"a\""},
        {"a: |\n", " x\n", "unknown key \"a\""},
        {"a: \"", "\\x41", "not YAML"},
        {"a: !<", "%41", "not YAML"},
        {"", "# x\n", "empty"},
    };
    struct fixture f;
    begin(&f);
    const size_t most = 1 << 20;
    char *text = malloc(most);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        write_bytes(f.path, text, fill(text, most, shapes[i].head, shapes[i].unit));
        const clock_t start = clock();
        assert_int_equal(config_read(f.path, NULL, 0, &f.arena, &f.config, &f.err), -1);
        if (!strstr(f.err.text, shapes[i].says) || clock() - start > CLOCKS_PER_SEC)
            fail_msg("%s%s...: %s, %.2f s", shapes[i].head, shapes[i].unit, f.err.text,
                     (double)(clock() - start) / CLOCKS_PER_SEC);
        arena_reset(&f.arena);
    }
    free(text);
    end(&f);
}

TEST(a_mapping_has_at_most_a_thousand_keys)
{
    struct fixture f;
    begin(&f);
    char *text = malloc(1 << 20);
    size_t size = 0;
    for (int i = 0; i < 1001; i++)
        size += (size_t)sprintf(text + size, "k%d: 1\n", i);
    write_bytes(f.path, text, size);
    assert_int_equal(config_read(f.path, NULL, 0, &f.arena, &f.config, &f.err), -1);
    assert_non_null(strstr(f.err.text, ":1001:1: more than 1000 keys in a mapping"));
    free(text);
    end(&f);
}

TEST(short_memory_is_an_error)
{
    struct fixture f;
    begin(&f);
    write_bytes(f.path, full, strlen(full));
    for (size_t limit = 1; limit < (3u << 20); limit += 97 * 64) {
        struct arena arena;
        arena_init(&arena, limit);
        const int status = config_read(f.path, NULL, 0, &arena, &f.config, &f.err);
        if (status)
            assert_non_null(strstr(f.err.text, "not enough memory"));
        arena_release(&arena);
    }
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

TEST(errors_in_set_name_the_set)
{
    static const struct {
        const char *set, *want;
    } cases[] = {
        {"seed", "--set seed: no \"=\"; write key.path=value"},
        {"=1", "--set =1: a key is empty"},
        {"report..maps=1", "--set report..maps=1: a key is empty"},
        {"report.map=true", "--set report.map=true: unknown key \"map\" in report, did you mean \"maps\"?"},
        {"runtime.threads=x", "--set runtime.threads=x: runtime.threads is \"x\"; allowed: 0..1024"},
        {"runtime.threads=", "--set runtime.threads=: empty"},
        {"backbones.3.layer=x",
         "--set backbones.3.layer=x: \"3\" is not a position in backbones, which has 1 (the first is 0)"},
        {"backbones.x=y", "--set backbones.x=y: \"x\" is not a position in backbones, which has 1 (the first is 0)"},
        {"name.x=y", "--set name.x=y: name is \"small\", which has no keys"},
        {"methods=[a", "--set methods=[a: not YAML: did not find expected ',' or ']', while parsing a flow sequence"},
        {"methods.0=gradcan", "--set methods.0=gradcan: unknown method \"gradcan\", did you mean \"gradcam\"?"},
    };
    struct fixture f;
    begin(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(read_with(&f, SMALL, 1, &cases[i].set), -1);
        assert_string_equal(f.err.text, cases[i].want);
    }
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
    assert_null(strstr(identity[0], "input"));
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
