/* tests/bench/test_config_errors.c - every kind of error in a config, with its place. */
#include "tests/bench/config_fixture.h"

#include <time.h>

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
        {"name: x\nmethods: [LRP-CAM]\n",
         ":2:11: unknown method \"LRP-CAM\" (not in cambench; `cambench list methods` shows what is)"},
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
        {"protocol: {preset: cambench, class: [a]}\n",
         ":1:37: protocol.class is a list; allowed: predicted, label, second, lowest, top:K, rank:R, or a class by number, name or synset"},
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
        {"backbones: [{arch: vgg16, stem: small}]\n", ":1:33: vgg16 has no stem for small pictures; leave stem out"},
        {"backbones: [{model: a.onnx, stem: small}]\n", ":1:35: backbones.stem is for weights, a model has its own"},
        {"backbones: [{arch: resnet18, stem: usual}]\n",
         ":1:36: backbones.stem is \"usual\"; allowed: small|small_pool"},
        {"backbones: [{arch: vgg16, input: 224}]\n",
         ":1:34: backbones.input is text; it must be a mapping (key: value)"},
        {"backbones: [{arch: vgg16, input: {maen: 1}}]\n",
         ":1:35: unknown key \"maen\" in backbones.input, did you mean \"mean\"?"},
        {"backbones: [{arch: vgg16, input: {mean: [0.5, 0.5]}}]\n",
         ":1:41: backbones.input.mean has 2 values; it must have 3, of red, green and blue, or one for all"},
        {"backbones: [{arch: vgg16, input: {mean: [0.5, 116.779, 0.5]}}]\n",
         ":1:41: backbones.input.mean has the value 116.779; allowed: 0..1 (of pixels that are 0 to 1, not 0 to 255)"},
        {"backbones: [{arch: vgg16, input: {mean: -1}}]\n",
         ":1:41: backbones.input.mean has the value -1; allowed: 0..1 (of pixels that are 0 to 1), or 0 to the scale"},
        {"backbones: [{arch: vgg16, input: {scale: 255, mean: 300}}]\n",
         ":1:53: backbones.input.mean has the value 300; allowed: 0..1 (of pixels that are 0 to 1), or 0 to the scale"},
        {"backbones: [{arch: vgg16, input: {preset: keras}}]\n",
         ":1:43: backbones.input.preset is \"keras\"; allowed: none|torchvision|inception|keras_caffe|keras_tf|raw"},
        {"backbones: [{arch: vgg16, input: {scale: 0}}]\n",
         ":1:42: backbones.input.scale has the value 0; allowed: more than 0 (at least 1e-06), at most 1000"},
        {"backbones: [{arch: vgg16, input: {channels: rgbx}}]\n",
         ":1:45: backbones.input.channels is \"rgbx\"; allowed: rgb, bgr, gray, or 1 to 16 letters of r, g, b, l (luma), 0 "
         "(zero)"},
        {"backbones: [{model: a.onnx, input: {channels: rgb0, std: [1, 2, 3]}}]\n",
         ":1:58: backbones.input.std has 3 values; it must have 4, of the channels, or one for all"},
        {"backbones: [{arch: vgg16, input: {crop: 1.5}}]\n",
         ":1:41: backbones.input.crop has the value 1.5; allowed: 0.05..1, of the resized side, or that side in pixels, "
         "2..16384"},
        {"backbones: [{arch: vgg16, input: {mean: [0.5, x, 1]}}]\n",
         ":1:47: backbones.input.mean has \"x\", which is not a number"},
        {"backbones: [{arch: vgg16, input: {std: [0.5, .inf, 1]}}]\n",
         ":1:46: backbones.input.std has \".inf\", which is not a number"},
        {"backbones: [{arch: vgg16, input: {std: [0.5, 0, 1]}}]\n",
         ":1:40: backbones.input.std has the value 0; allowed: more than 0 (at least 1e-06), at most 1000"},
        {"backbones: [{arch: vgg16, input: {std: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]}}]\n",
         ":1:40: backbones.input.std has 10 values; it must have 3, of red, green and blue, or one for all"},
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
        {"backbones: [{label: x}]\n", ":1:13: backbones needs arch, model or weights"},
        {"backbones: [{arch: vgg16, model: net.onnx}]\n",
         ":1:34: backbones.model is given together with arch; leave one of them out"},
        {"backbones: [{weights: a.h5, model: net.onnx}]\n",
         ":1:36: backbones.model is given together with weights; leave one of them out"},
        {"backbones: [{model: process}]\n",
         ":1:13: backbones.model is process, which needs a command: {model: process, command: ...}"},
        {"backbones: [{model: net.onnx, command: x}]\n", ":1:40: backbones.command is for model: process only"},
        {"backbones: [{arch: vgg16, timeout: 5}]\n", ":1:36: backbones.timeout is for model: process only"},
        {"backbones: [{arch: vgg16, output: x}]\n", ":1:35: backbones.output is for a model, an arch has one output"},
        {"backbones: [{arch: vgg16, files: [x]}]\n", ":1:34: backbones.files is for a model, an arch has weights"},
        {"backbones: [net.onnx, dir/net.onnx]\n",
         ":1:23: \"net\" is given twice in backbones; give one of them another label"},
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
        {"plugins: [x.so]\n", ":1:11: plugin \"x.so\": could not be opened: No such file or directory"},
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
        {"backbones: [{arch: resnet18, layer: [layer4[-1]]}]\n",
         ":1:44: not YAML: the value layer4[-1] of key \"layer\" must be quoted inside [ ] and { }: \"layer4[-1]\""},
        {"backbones:\n  - {arch: resnet18, layer: layer4[-1]}\n",
         ":2:35: not YAML: the value layer4[-1] of key \"layer\" must be quoted inside [ ] and { }: \"layer4[-1]\""},
        {"\xef\xbb\xbfname: \"\u00e9\"\nmethods: [{name: a}, \n  b[0]]\n",
         ":3:4: not YAML: the value b[0] of key \"methods\" must be quoted inside [ ] and { }: \"b[0]\""},
        {"backbones: [{arch: resnet18, layer4[-1]}]\n",
         ":1:36: not YAML: did not find expected ',' or '}', while parsing a flow mapping"},
        {"backbones: [layer4[ -1]]\n",
         ":1:19: not YAML: did not find expected ',' or ']', while parsing a flow sequence"},
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
        {"backbones=[{layer: a[0]}]",
         "--set backbones=[{layer: a[0]}]: not YAML: the value a[0] of key \"layer\" must be quoted inside [ ] and { }: "
         "\"a[0]\""},
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
