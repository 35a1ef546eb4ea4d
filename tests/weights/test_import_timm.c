/* tests/weights/test_import_timm.c - timm's names, old names, and what an import does with batch norms. */
#include "tests/weights/made_weights.h"

/* -- timm's names ------------------------------------------------------------------------------------------------- */

/*
 * Networks as timm defines them: blocks of each stage, and which have squeeze-excitation. Its modules stand in the order
 * of computation, as torchvision's do, so that the order says which tensors are the same.
 */
struct timm {
    const char *arch, *has_se; /* a digit per block that has it, from the first one on */
    int blocks[NAMING_STAGES_MAX];
    bool ends_with_conv; /* the last stage is a plain convolution, the head a layer with bias behind the pooling */
    int fused;           /* stages of EfficientNetV2 whose blocks are fused; the others' have squeeze-excitation */
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

static void add_fused_block(struct namer *namer, int stage, int index)
{
    add_step(namer, stage, index, stage > 0 ? "conv_exp" : "conv", "bn1");
    if (stage > 0)
        add_step(namer, stage, index, "conv_pwl", "bn2");
}

static bool has_se(const struct timm *net, int stage, int block)
{
    return net->has_se ? net->has_se[block] == '1' : stage >= net->fused;
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
            else if (stage < net->fused)
                add_fused_block(&namer, stage, index);
            else
                add_block(&namer, stage, index, has_se(net, stage, block));
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
    {"mobilenet_v2", "00000000000000000", {1, 2, 3, 4, 3, 3, 1}, false, 0},
    {"efficientnet_b0", "1111111111111111", {1, 2, 2, 3, 3, 4, 1}, false, 0},
    {"mobilenet_v3_large", "000111000011111", {1, 2, 3, 4, 2, 3, 1}, true, 0},
    {"mobilenet_v3_small", "10011111111", {1, 2, 3, 2, 3, 1}, true, 0},
    {"efficientnet_b1", NULL, {2, 3, 3, 4, 4, 5, 2}, false, 0},
    {"efficientnet_v2_s", NULL, {2, 4, 4, 6, 9, 15}, false, 3},
};

static void one_naming_fits(const char *arch, const struct made *made)
{
    struct naming_blocks blocks = {0};
    int fitting = 0;
    for (int i = 0; i < made->weights.count; i++)
        naming_see(&blocks, made->names[i]);
    for (int m = 0; m < NAMING_COUNT; m++) {
        int same = 0;
        char name[128];
        for (int i = 0; i < made->weights.count; i++) {
            naming_apply(&namings[m], &blocks, made->names[i], name, sizeof name);
            same += strcmp(name, made->weights.list[i].name) == 0;
        }
        fitting += same == made->weights.count;
    }
    if (fitting != 1)
        fail_msg("%s: %d namings fit timm's names", arch, fitting);
}

TEST(every_name_of_timm_is_the_torchvision_tensor_of_the_same_place)
{
    for (size_t n = 0; n < sizeof timm / sizeof *timm; n++) {
        struct made made = make(timm[n].arch, 1000, 1);
        name_as_timm(&timm[n], &made);
        one_naming_fits(timm[n].arch, &made);
        release(&made);
    }
}

static void add_regnet_step(struct namer *namer, const char *module)
{
    add_conv(namer, node_name("%s.conv", module).text);
    add_norm(namer, node_name("%s.bn", module).text);
}

static void name_regnet_as_timm(struct made *made, const int blocks[4])
{
    struct namer namer = {made, 0};
    add_regnet_step(&namer, "stem");
    for (int stage = 1; stage <= 4; stage++)
        for (int i = 1; i <= blocks[stage - 1]; i++) {
            const struct node_name block = node_name("s%d.b%d", stage, i);
            if (i == 1)
                add_regnet_step(&namer, node_name("%s.downsample", block.text).text);
            add_regnet_step(&namer, node_name("%s.conv1", block.text).text);
            add_regnet_step(&namer, node_name("%s.conv2", block.text).text);
            add_linear(&namer, node_name("%s.se.fc1", block.text).text);
            add_linear(&namer, node_name("%s.se.fc2", block.text).text);
            add_regnet_step(&namer, node_name("%s.conv3", block.text).text);
        }
    add_linear(&namer, "head.fc");
    assert_int_equal(namer.at, made->weights.count);
}

TEST(timms_regnet_imports)
{
    struct made made = make("regnet_y_400mf", 4, 1);
    struct weights_info info;
    name_regnet_as_timm(&made, (const int[]){1, 3, 6, 6});
    one_naming_fits("regnet_y_400mf", &made);
    const char *in = write_safetensors(&made, ""), *out = temporary("out.h5");
    assert_string_equal(import(in, NULL, out).names, "timm's names");
    equal_file(out, &made, &info);
    assert_string_equal(info.arch, "regnet_y_400mf");
    unlink(in);
    unlink(out);
    release(&made);
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

/* A tensor of torchvision's ConvNeXt under timm's name, or under that of the paper's authors. */
static void name_of_convnext(char name[128], struct weight *weight, bool is_timm)
{
    int part, block, step = -1;
    char end[32] = "";
    const char *const timms[] = {"conv_dw", "", "norm", "mlp.fc1", "", "mlp.fc2"};
    const char *const authors[] = {"dwconv", "", "norm", "pwconv1", "", "pwconv2"};
    const char *const own = weight->name, *const dot = is_timm ? ".blocks" : "";
    if (sscanf(own, "features.%d.%d.block.%d.%31s", &part, &block, &step, end) == 4)
        snprintf(name, 128, "stages.%d%s.%d.%s.%s", part / 2, dot, block, (is_timm ? timms : authors)[step], end);
    else if (strstr(own, "layer_scale") && sscanf(own, "features.%d.%d", &part, &block) == 2) {
        snprintf(name, 128, "stages.%d%s.%d.gamma", part / 2, dot, block);
        weight->rank = 1;
    } else if (sscanf(own, "features.%d.%d.%31s", &part, &step, end) == 3) {
        if (!is_timm)
            snprintf(name, 128, "downsample_layers.%d.%d.%s", part / 2, step, end);
        else if (part == 0)
            snprintf(name, 128, "stem.%d.%s", step, end);
        else
            snprintf(name, 128, "stages.%d.downsample.%d.%s", part / 2, step, end);
    } else if (sscanf(own, "classifier.%d.%31s", &step, end) == 2)
        snprintf(name, 128, "%s.%s", step ? (is_timm ? "head.fc" : "head") : is_timm ? "head.norm" : "norm", end);
}

static void imports_as(struct made *made, const char *arch, const char *names)
{
    const char *in = write_safetensors(made, ""), *out = temporary("out.h5");
    const struct weights_imported imported = import(in, NULL, out);
    assert_string_equal(imported.names, names);
    assert_string_equal(imported.info.arch, arch);
    unlink(in);
    unlink(out);
}

TEST(convnexts_of_timm_and_of_the_authors_import)
{
    for (int is_timm = 0; is_timm < 2; is_timm++) {
        struct made made = make("convnext_tiny", 10, 1);
        for (int i = 0; i < made.weights.count; i++)
            name_of_convnext(made.names[i], &made.weights.list[i], is_timm);
        one_naming_fits("convnext_tiny", &made);
        imports_as(&made, "convnext_tiny", is_timm ? "timm's names" : "its authors' names");
        release(&made);
    }
}

/* The modules of a block of the first stage, and of others. */
static void name_of_mnasnet(char name[128], const char *own)
{
    static const char *const first[] = {
        "conv_stem", "bn1", "", "blocks.0.0.conv_dw", "blocks.0.0.bn1", "", "blocks.0.0.conv_pw", "blocks.0.0.bn2"};
    static const char *const inside[] = {"conv_pw", "bn1", "", "conv_dw", "bn2", "", "conv_pwl", "bn3"};
    int part, block, step;
    char end[32];
    if (sscanf(own, "layers.%d.%d.layers.%d.%31s", &part, &block, &step, end) == 4)
        snprintf(name, 128, "blocks.%d.%d.%s.%s", part - 7, block, inside[step], end);
    else if (sscanf(own, "layers.%d.%31s", &part, end) == 2)
        snprintf(name, 128, "%s.%s", part < 8 ? first[part] : part == 14 ? "conv_head" : "bn2", end);
    else if (sscanf(own, "classifier.1.%31s", end) == 1)
        snprintf(name, 128, "classifier.%s", end);
}

TEST(timms_mnasnet_imports)
{
    struct made made = make("mnasnet0_5", 10, 1);
    for (int i = 0; i < made.weights.count; i++)
        name_of_mnasnet(made.names[i], made.weights.list[i].name);
    one_naming_fits("mnasnet0_5", &made);
    imports_as(&made, "mnasnet0_5", "timm's names");
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

/* TensorFlow's networks have the same tensors; their batch norms add what torchvision's add. */
TEST(tensors_of_several_networks_are_refused_and_taken_as_the_chosen_one)
{
    struct made made = make("mobilenet_v3_small", 1000, 1);
    struct error err;
    struct arena arena;
    struct weights_info info;
    struct weights weights;
    char in[256], out[256], named[320];
    name_as_timm(&timm[3], &made);
    snprintf(in, sizeof in, "%s", write_safetensors(&made, ""));
    snprintf(out, sizeof out, "%s", temporary("out.h5"));
    import_says(in, NULL,
                "fit both mobilenet_v3_small and tf_mobilenetv3_small_100, and no tensor shows which they are of: "
                "choose one with --arch");
    assert_string_equal(import(in, "tf_mobilenetv3_small_100", out).info.arch, "tf_mobilenetv3_small_100");
    arena_init(&arena, 0);
    struct weights_file *file = weights_open(out, &info, &err);
    assert_non_null(file);
    assert_int_equal(weights_read(file, &arena, &weights, &err), 0);
    const struct weight *factor = find(&made, "features.0.1.weight");
    for (int i = 0; i < weights.count; i++)
        if (strcmp(weights.list[i].name, factor->name) == 0)
            assert_memory_equal(weights.list[i].data, factor->data, (size_t)factor->dim[0] * sizeof *factor->data);
    weights_close(file);
    arena_release(&arena);
    snprintf(named, sizeof named, "%s-tf_mobilenetv3_small_100-922a7843.safetensors", out);
    assert_int_equal(rename(write_safetensors(&made, ""), named), 0);
    assert_string_equal(import(named, NULL, out).info.note,
                        "the file's name shows that it is tf_mobilenetv3_small_100, no tensor does (--arch chooses)");
    unlink(named);
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

/* -- first layers ------------------------------------------------------------------------------------------------- */

/* The kernel shows the channels and a stem for small pictures; no tensor shows the max pool. */
TEST(first_layers_are_found_by_their_kernel)
{
    const struct backbone_options options = {
        .classes = 10, .width = 0.125, .height = 32, .width_px = 32, .channels = 1, .stem = STEM_SMALL};
    struct made made = {0};
    struct error err;
    struct weights_info info;
    struct weights_imported imported;
    char in[256], out[256];
    arena_init(&made.arena, 0);
    made.graph = backbone_graph("resnet18", &options, &err);
    assert_non_null(made.graph);
    assert_int_equal(weights_generate(made.graph, 1, &made.arena, &made.weights, &err), 0);
    made.names = arena_alloc(&made.arena, (size_t)made.weights.count, sizeof *made.names);
    assert_non_null(made.names);
    for (int i = 0; i < made.weights.count; i++)
        snprintf(made.names[i], sizeof *made.names, "%s", made.weights.list[i].name);
    snprintf(in, sizeof in, "%s", write_safetensors(&made, ""));
    snprintf(out, sizeof out, "%s", temporary("out.h5"));
    import_says(in, NULL,
                "the first convolution of this resnet18 is 3x3, a stem for small pictures, and no tensor shows "
                "whether a max pool follows it: choose --stem small (none) or --stem small_pool, or stem: in a config");
    const struct weights_import what = {.path = in, .out = out, .sha256 = "", .accuracy = -1, .stem = STEM_SMALL_POOL};
    if (weights_import(&what, &imported, &err))
        fail_msg("%s", err.text);
    struct weights_file *file = weights_open(out, &info, &err);
    assert_non_null(file);
    assert_int_equal(info.channels, 1);
    assert_int_equal(info.stem, STEM_SMALL_POOL);
    weights_close(file);
    unlink(in);
    unlink(out);
    release(&made);
}
