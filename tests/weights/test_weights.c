/* tests/weights/test_weights.c - weights files, right and wrong, and generated weights. */
#include "base/h5.h"
#include "tests/test.h"
#include "weights/weights_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLASSES 5
#define WIDTH 0.25

struct made {
    struct arena arena;
    struct graph *graph;
    struct weights weights;
};

static const char *temporary(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "/tmp/cambench-test-%ld-%s", (long)getpid(), name);
    return path;
}

/* A small network's weights; release() frees them. */
static struct made make(const char *arch, uint64_t seed)
{
    struct made made;
    struct error err;
    const struct backbone_family *family;
    arena_init(&made.arena, 0);
    assert_non_null(backbone_find(arch, &family, &err));
    const struct backbone_options options = {
        .classes = CLASSES, .width = family->has_width ? WIDTH : 1, .height = 64, .width_px = 64};
    made.graph = backbone_graph(arch, &options, &err);
    assert_non_null(made.graph);
    if (weights_generate(made.graph, seed, &made.arena, &made.weights, &err))
        fail_msg("%s", err.text);
    return made;
}

static void release(struct made *made)
{
    arena_release(&made->arena);
    graph_free(made->graph);
}

static size_t size_of(const struct weight *weight)
{
    size_t size = 1;
    for (int d = 0; d < weight->rank; d++)
        size *= (size_t)weight->dim[d];
    return size;
}

static struct weights_info info_of(const char *arch)
{
    struct weights_info info = {.classes = CLASSES,
                                .width = WIDTH,
                                .source = "a test",
                                .sha256 = "00ff",
                                .accuracy = 71.5,
                                .input = {.h = 64,
                                          .w = 96,
                                          .has_mean = true,
                                          .has_deviation = true,
                                          .mean = {120, 100, 90, 1},
                                          .deviation = {2},
                                          .mean_count = 4,
                                          .deviation_count = 1,
                                          .scale = 255,
                                          .channels = "bgrl",
                                          .crop = 0.875,
                                          .interpolation = PICTURE_LANCZOS,
                                          .resize = PICTURE_RESIZE_SHORTER}};
    snprintf(info.arch, sizeof info.arch, "%s", arch);
    return info;
}

static const char *write_made(const struct made *made, const char *arch, const char *name)
{
    struct error err;
    const struct weights_info info = info_of(arch);
    const char *path = temporary(name);
    if (weights_write(path, &info, &made->weights, &err))
        fail_msg("%s", err.text);
    return path;
}

/* -- files -------------------------------------------------------------------------------------------------------- */

TEST(what_was_written_is_read_again)
{
    struct made made = make("mobilenet_v2", 3);
    const char *path = write_made(&made, "mobilenet_v2", "same.h5");
    struct error err;
    struct weights_info info;
    struct weights_file *file = weights_open(path, &info, &err);
    assert_non_null(file);
    const struct weights_info want = info_of("mobilenet_v2");
    assert_string_equal(info.arch, want.arch);
    assert_string_equal(info.source, want.source);
    assert_string_equal(info.sha256, want.sha256);
    assert_true(info.classes == want.classes && info.width == want.width && info.accuracy == want.accuracy);
    assert_memory_equal(&info.input, &want.input, sizeof info.input);
    struct weights read, shapes;
    assert_int_equal(weights_read_shapes(file, &made.arena, &shapes, &err), 0);
    assert_int_equal(network_check_weights(made.graph, &shapes, &err), 0);
    assert_null(shapes.list[0].data);
    assert_int_equal(weights_read(file, &made.arena, &read, &err), 0);
    assert_int_equal(read.count, made.weights.count);
    for (int i = 0; i < made.weights.count; i++) {
        const struct weight *wrote = &made.weights.list[i];
        int same = 0;
        while (same < read.count && strcmp(read.list[same].name, wrote->name) != 0)
            same++;
        assert_true(same < read.count);
        assert_memory_equal(read.list[same].data, wrote->data, size_of(wrote) * sizeof(float));
    }
    weights_close(file);
    unlink(path);
    release(&made);
}

static const char *const class_names[CLASSES] = {"cat", "", "tench, Tinca tinca", "Kätzchen", "cat"};

/* A file with nothing but what is read first; with a different number of classes its names do not fit. */
static const char *write_named(int classes, const char *name)
{
    struct error err;
    struct weights_info info = info_of("resnet18");
    const char *path = temporary(name);
    struct h5_writer *writer = h5_create(path, &err);
    assert_non_null(writer);
    const int32_t numbers[] = {1, classes, 17};
    const char *const texts[][2] = {
        {"@format", "cambench-weights"}, {"@arch", info.arch}, {"@script_sha256", "0123abcd"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(h5_write_texts(writer, texts[i][0], &texts[i][1], 1, &err), 0);
    assert_int_equal(h5_write(writer, "@version", H5_INT32, 0, NULL, &numbers[0], &err), 0);
    assert_int_equal(h5_write(writer, "@classes", H5_INT32, 0, NULL, &numbers[1], &err), 0);
    assert_int_equal(h5_write(writer, "@seed", H5_INT32, 0, NULL, &numbers[2], &err), 0);
    assert_int_equal(h5_write_texts(writer, "/class/name", class_names, CLASSES, &err), 0);
    assert_int_equal(h5_commit(writer, &err), 0);
    return path;
}

/* A file of the right format with this attribute, and without tensors. */
static void write_attribute(const char *path, const char *name, const double *values, uint64_t count)
{
    struct error err;
    const int32_t version = 1, classes = CLASSES;
    const char *format = "cambench-weights", *arch = "resnet18";
    struct h5_writer *writer = h5_create(path, &err);
    assert_int_equal(h5_write_texts(writer, "@format", &format, 1, &err), 0);
    assert_int_equal(h5_write_texts(writer, "@arch", &arch, 1, &err), 0);
    assert_int_equal(h5_write(writer, "@version", H5_INT32, 0, NULL, &version, &err), 0);
    assert_int_equal(h5_write(writer, "@classes", H5_INT32, 0, NULL, &classes, &err), 0);
    assert_int_equal(h5_write(writer, name, H5_FLOAT64, 1, &count, values, &err), 0);
    assert_int_equal(h5_commit(writer, &err), 0);
}

TEST(bad_normalisations_in_a_file_are_refused)
{
    static const struct {
        const char *name;
        double values[17];
        uint64_t count;
        const char *why;
    } cases[] = {
        {"@mean", {0.5, 0.5}, 2, "its attribute mean has 2 values; it must have 3, of red, green and blue"},
        {"@mean", {0.5, -1, 0.5}, 3, "its attribute \"mean\" has the value -1; allowed: 0..1"},
        {"@mean", {0}, 17, "its attribute \"mean\" has 17 values"},
        {"@std", {0.5, NAN, 0.5}, 3, "its attribute \"std\" has the value nan; allowed: more than 0"},
        {"@std", {0.5, 0, 0.5}, 3, "its attribute \"std\" has the value 0; allowed: more than 0"},
    };
    const char *path = temporary("attribute.h5");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct weights_info info;
        struct error err;
        write_attribute(path, cases[i].name, cases[i].values, cases[i].count);
        assert_null(weights_open(path, &info, &err));
        if (!strstr(err.text, cases[i].why) || !strstr(err.text, path))
            fail_msg("%s", err.text);
    }
    unlink(path);
}

TEST(class_names_are_read_as_they_were_written)
{
    struct made made = make("resnet18", 3);
    struct weights_info info = info_of("resnet18");
    struct error err;
    const char *path = temporary("names.h5");
    info.class_names = class_names;
    assert_int_equal(weights_write(path, &info, &made.weights, &err), 0);
    struct weights_file *file = weights_open(path, &info, &err);
    assert_non_null(file);
    for (int k = 0; k < CLASSES; k++)
        assert_string_equal(info.class_names[k], class_names[k]);
    assert_true(info.seed < 0);
    assert_string_equal(info.script_sha256, "");
    weights_close(file);
    write_made(&made, "resnet18", "names.h5");
    file = weights_open(path, &info, &err);
    assert_null(info.class_names);
    weights_close(file);
    unlink(path);
    release(&made);
}

TEST(seed_and_script_of_a_training_are_read)
{
    struct error err;
    struct weights_info info;
    const char *path = write_named(CLASSES, "trained.h5");
    struct weights_file *file = weights_open(path, &info, &err);
    assert_non_null(file);
    assert_int_equal(info.seed, 17);
    assert_string_equal(info.script_sha256, "0123abcd");
    weights_close(file);
    unlink(path);
}

TEST(class_names_for_another_number_of_classes_are_refused)
{
    struct error err;
    struct weights_info info;
    const char *path = write_named(CLASSES + 1, "misnamed.h5");
    assert_null(weights_open(path, &info, &err));
    assert_non_null(strstr(err.text, "misnamed.h5\": dataset \"/class/name\" is not a list of 6 texts"));
    unlink(path);
}

/* Opens the file, reads its shapes, and says what network_check_weights() makes of them for the graph. */
static void shapes_say(const char *path, const struct graph *graph, const char *text)
{
    struct error err = {0};
    struct arena arena;
    struct weights_info info;
    struct weights weights;
    arena_init(&arena, 0);
    struct weights_file *file = weights_open(path, &info, &err);
    assert_non_null(file);
    assert_int_equal(weights_read_shapes(file, &arena, &weights, &err), 0);
    assert_int_equal(network_check_weights(graph, &weights, &err), -1);
    assert_string_equal(err.text, text);
    weights_close(file);
    arena_release(&arena);
    unlink(path);
}

TEST(a_tensor_of_another_shape_is_named_with_both_shapes)
{
    struct made made = make("resnet18", 1);
    const char *path = write_made(&made, "resnet18", "shape.h5");
    struct error err;
    struct graph *whole = backbone_graph(
        "resnet18", &(struct backbone_options){.classes = 1000, .width = WIDTH, .height = 64, .width_px = 64}, &err);
    assert_non_null(whole);
    shapes_say(path, whole, "tensor \"fc.weight\" is (5,128), this network needs (1000,128)");
    graph_free(whole);
    release(&made);
}

TEST(a_missing_and_an_extra_tensor_are_named)
{
    struct made made = make("resnet18", 1);
    struct weight *first = &made.weights.list[0], kept = *first;
    made.weights.count--;
    shapes_say(write_made(&made, "resnet18", "missing.h5"), made.graph, "tensor \"fc.bias\" (5) is missing");
    made.weights.count++;
    struct weight more[128];
    assert_true(made.weights.count < 128);
    memcpy(more, made.weights.list, (size_t)made.weights.count * sizeof *more);
    more[made.weights.count] = kept;
    more[made.weights.count].name = "head.weight";
    struct made extra = made;
    extra.weights.list = more;
    extra.weights.count++;
    shapes_say(write_made(&extra, "resnet18", "extra.h5"), made.graph,
               "tensor \"head.weight\" is not part of this network");
    release(&made);
}

/* A file of these attributes (NULL: left out) and one tensor, which no reader may trust. */
struct odd_file {
    const char *format, *arch;
    int version, classes;
    double width;
};

static const char *write_odd(const struct odd_file *odd, const char *tensor, enum h5_type type, int rank,
                             const uint64_t *dim, const void *data)
{
    struct error err;
    const char *path = temporary("odd.h5");
    struct h5_writer *writer = h5_create(path, &err);
    assert_non_null(writer);
    int status = odd->format ? h5_write_texts(writer, "@format", &odd->format, 1, &err) : 0;
    status |= odd->arch ? h5_write_texts(writer, "@arch", &odd->arch, 1, &err) : 0;
    status |= h5_write(writer, "@version", H5_INT32, 0, NULL, &odd->version, &err);
    status |= odd->classes ? h5_write(writer, "@classes", H5_INT32, 0, NULL, &odd->classes, &err) : 0;
    status |= h5_write(writer, "@width", H5_FLOAT64, 0, NULL, &odd->width, &err);
    status |= h5_write(writer, tensor, type, rank, dim, data, &err);
    if (status || h5_commit(writer, &err))
        fail_msg("%s", err.text);
    return path;
}

static void ends_with(const char *text, const char *end)
{
    if (strlen(text) < strlen(end) || strcmp(text + strlen(text) - strlen(end), end) != 0)
        fail_msg("\"%s\" does not end with \"%s\"", text, end);
}

static void open_says(const struct odd_file *odd, const char *text)
{
    struct error err;
    struct weights_info info;
    const uint64_t one = 1;
    const float value = 1;
    const char *path = write_odd(odd, "/tensor/a", H5_FLOAT32, 1, &one, &value);
    assert_null(weights_open(path, &info, &err));
    assert_int_equal(strncmp(err.text, "weights \"/tmp/", 14), 0);
    ends_with(err.text, text);
    unlink(path);
}

TEST(wrong_attributes_are_named)
{
    open_says(&(struct odd_file){NULL, "resnet18", 1, 10, 1},
              "odd.h5\": its attribute \"format\" is \"\"; needed: \"cambench-weights\"");
    open_says(&(struct odd_file){"cambench-imageset", "resnet18", 1, 10, 1},
              "odd.h5\": its attribute \"format\" is \"cambench-imageset\"; needed: \"cambench-weights\"");
    open_says(&(struct odd_file){"cambench-weights", "resnet18", 2, 10, 1},
              "odd.h5\": its attribute \"version\" is 2, this program reads version 1");
    open_says(&(struct odd_file){"cambench-weights", NULL, 1, 10, 1},
              "odd.h5\": its attribute \"arch\", the name of their network, is missing");
    open_says(&(struct odd_file){"cambench-weights", "resnet19", 1, 10, 1},
              "odd.h5\": unknown backbone \"resnet19\", did you mean \"resnet18\"?");
    open_says(&(struct odd_file){"cambench-weights", "resnet18", 1, 0, 1},
              "odd.h5\": its attribute \"classes\" is missing or not a positive number");
    open_says(&(struct odd_file){"cambench-weights", "resnet18", 1, -3, 1},
              "odd.h5\": its attribute \"classes\" is missing or not a positive number");
    open_says(&(struct odd_file){"cambench-weights", "resnet18", 1, 10, 0},
              "odd.h5\": its attribute \"width\" is 0, it must be positive");
    open_says(&(struct odd_file){"cambench-weights", "resnet18", 1, 10, NAN},
              "odd.h5\": its attribute \"width\" is nan, it must be positive");
}

static const struct odd_file good = {"cambench-weights", "resnet18", 1, 10, 1};

static void read_says(const char *path, const char *text)
{
    struct error err = {0};
    struct arena arena;
    struct weights_info info;
    struct weights weights;
    arena_init(&arena, 0);
    struct weights_file *file = weights_open(path, &info, &err);
    assert_non_null(file);
    assert_int_equal(weights_read(file, &arena, &weights, &err), -1);
    assert_int_equal(strncmp(err.text, "weights \"/tmp/", 14), 0);
    ends_with(err.text, text);
    weights_close(file);
    arena_release(&arena);
    unlink(path);
}

TEST(tensors_that_no_network_has_are_refused)
{
    const float values[4] = {1, 2, NAN, 4};
    const int32_t integers[4] = {0};
    const uint64_t four = 4, ones[5] = {1, 1, 1, 1, 1}, none[2] = {4, 0};
    read_says(write_odd(&good, "/tensor/x", H5_FLOAT32, 1, &four, values),
              "odd.h5\": tensor \"x\": value 2 is not a finite number");
    read_says(write_odd(&good, "/tensor/x", H5_INT32, 1, &four, integers),
              "odd.h5\": tensor \"x\" is neither float32 nor float16");
    read_says(write_odd(&good, "/tensor/x", H5_FLOAT32, 5, ones, values),
              "odd.h5\": tensor \"x\" has 5 dimensions, a network's tensors have 1 to 4");
    read_says(write_odd(&good, "/tensor/x", H5_FLOAT32, 2, none, values),
              "odd.h5\": tensor \"x\" has 0 as one of its sides");
}

TEST(halves_are_read_as_floats)
{
    const uint16_t halves[4] = {0x3c00, 0xc000, 0x3555, 0x0001}; /* 1, -2, about 1/3, the smallest */
    const float want[4] = {1, -2, 0.333251953125f, 0x1p-24f};
    const uint64_t four = 4;
    const char *path = write_odd(&good, "/tensor/x", H5_FLOAT16, 1, &four, halves);
    struct error err;
    struct arena arena;
    struct weights_info info;
    struct weights weights;
    arena_init(&arena, 0);
    struct weights_file *file = weights_open(path, &info, &err);
    assert_non_null(file);
    assert_int_equal(weights_read(file, &arena, &weights, &err), 0);
    assert_int_equal(weights.count, 1);
    assert_memory_equal(weights.list[0].data, want, sizeof want);
    weights_close(file);
    arena_release(&arena);
    unlink(path);
}

TEST(a_file_cut_anywhere_is_refused_in_one_sentence)
{
    struct made made = make("mobilenet_v2", 1);
    const char *path = write_made(&made, "mobilenet_v2", "cut.h5");
    struct error err;
    struct weights_info info;
    struct stat whole;
    assert_int_equal(stat(path, &whole), 0);
    for (long size = whole.st_size - 1; size > 0; size = size * 2 / 3) {
        assert_int_equal(truncate(path, size), 0);
        assert_null(weights_open(path, &info, &err));
        assert_int_equal(strncmp(err.text, "weights \"/tmp/", 14), 0);
    }
    unlink(path);
    assert_null(weights_open(path, &info, &err));
    release(&made);
}

/* -- generated weights -------------------------------------------------------------------------------------------- */

static uint64_t hash_of(const struct weights *weights)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (int i = 0; i < weights->count; i++) {
        const struct weight *weight = &weights->list[i];
        const size_t size = size_of(weight);
        for (size_t j = 0; j < size; j++) {
            uint32_t bits;
            memcpy(&bits, &weight->data[j], sizeof bits);
            hash = (hash ^ bits) * 0x100000001b3u;
        }
    }
    return hash;
}

/* The golden values of test_backbones.c and of other tests hold for these weights only. */
TEST(a_seed_gives_the_same_weights_on_every_machine)
{
    static const struct {
        const char *arch;
        uint64_t seed, hash;
    } rows[] = {{"resnet18", 1, 0xf3f9b12368244f5e},
                {"resnext50_32x4d", 7, 0xf86c28330b3b8ec1},
                {"vgg11_bn", 1, 0xbd4b2b9fa8db05b3},
                {"mobilenet_v2", 1, 0xb03d4f286d9d15fe}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct made made = make(rows[i].arch, rows[i].seed);
        const uint64_t hash = hash_of(&made.weights);
        if (hash != rows[i].hash)
            fail_msg("%s, seed %llu: the weights' hash is 0x%llx", rows[i].arch, (unsigned long long)rows[i].seed,
                     (unsigned long long)hash);
        release(&made);
    }
}

TEST(another_seed_gives_other_weights)
{
    struct made one = make("resnet18", 1), two = make("resnet18", 2);
    for (int i = 0; i < one.weights.count; i++) {
        const struct weight *a = &one.weights.list[i], *b = &two.weights.list[i];
        assert_true(memcmp(a->data, b->data, size_of(a) * sizeof(float)) != 0);
    }
    release(&one);
    release(&two);
}

TEST(generated_batch_norms_are_not_trivial)
{
    struct made made = make("resnet50", 1);
    for (int i = 0; i < made.weights.count; i++) {
        const struct weight *weight = &made.weights.list[i];
        const size_t size = size_of(weight);
        const bool is_variance = graph_parameter(made.graph, i).role == PARAMETER_NORM_VARIANCE;
        float low = INFINITY, high = -INFINITY;
        for (size_t j = 0; j < size; j++) {
            low = fminf(low, weight->data[j]);
            high = fmaxf(high, weight->data[j]);
        }
        assert_true(low < high);
        assert_true(!is_variance || low > 0);
    }
    release(&made);
}

/* Logits (2,CLASSES) for two pictures of noise. */
static void logits_of_two(const struct made *made, float *logits)
{
    struct error err;
    struct network *network = network_create(made->graph, &made->weights, NULL, 0, &err);
    if (!network)
        fail_msg("%s", err.text);
    struct session *session = session_create(network, 1, &err);
    assert_non_null(session);
    float *input = calloc(3 * 64 * 64, sizeof *input);
    assert_non_null(input);
    for (int image = 0; image < 2; image++) {
        for (size_t i = 0; i < 3 * 64 * 64; i++)
            input[i] = (float)((i * 2654435761u + (size_t)image * 40503u) % 4001) / 1000 - 2;
        session_base(session, input, logits + image * CLASSES, NULL);
    }
    free(input);
    session_free(session);
    network_free(network);
}

TEST(generated_networks_tell_pictures_apart_and_stay_in_scale)
{
    static const char *const archs[] = {"resnet152",          "vgg19",
                                        "vgg19_bn",           "mobilenet_v2",
                                        "resnext101_32x8d",   "mobilenet_v3_small",
                                        "mobilenet_v3_large", "efficientnet_b0",
                                        "densenet121",        "squeezenet1_0",
                                        "squeezenet1_1",      "googlenet"};
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
        struct made made = make(archs[i], 1);
        float logits[2 * CLASSES], largest = 0, difference = 0;
        logits_of_two(&made, logits);
        for (int k = 0; k < CLASSES; k++) {
            largest = fmaxf(largest, fmaxf(fabsf(logits[k]), fabsf(logits[CLASSES + k])));
            difference = fmaxf(difference, fabsf(logits[k] - logits[CLASSES + k]));
        }
        if (!(largest > 0.5 && largest < 50 && difference > 0.1 * largest))
            fail_msg("%s: largest logit %g, largest difference of two pictures %g", archs[i], (double)largest,
                     (double)difference);
        release(&made);
    }
}
