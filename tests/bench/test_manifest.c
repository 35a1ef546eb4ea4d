/* tests/bench/test_manifest.c - manifest.json read back by jansson; SHA-256 against published vectors. */
#include "base/sha256.h"
#include "bench/run/manifest.h"

#include "bench/process/program.h"

#include "tests/test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void temporary(char path[64])
{
    strcpy(path, "/tmp/test_manifest_XXXXXX");
    const int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
}

static void must_hash(const char *text, size_t repeats, const char *want)
{
    char path[64], hex[65];
    struct error err;
    temporary(path);
    FILE *file = fopen(path, "w");
    for (size_t i = 0; i < repeats; i++)
        fputs(text, file);
    fclose(file);
    assert_int_equal(file_sha256(path, hex, &err), 0);
    assert_string_equal(hex, want);
    unlink(path);
}

/* FIPS 180-2, appendix B, and the empty message. */
TEST(sha256_gives_the_published_digests)
{
    must_hash("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    must_hash("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    must_hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    must_hash("aaaaaaaaaa", 100000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(sha256_of_what_cannot_be_read_names_the_file)
{
    char hex[65];
    struct error err;
    assert_int_equal(file_sha256("/proc/nonexistent", hex, &err), -1);
    assert_string_equal(err.text, "could not open \"/proc/nonexistent\": No such file or directory");
    assert_int_equal(file_sha256("/tmp", hex, &err), -1);
    assert_string_equal(err.text, "could not open \"/tmp\": it is a folder, not a regular file");
}

static const struct manifest_step steps[] = {{"conv1", "product"}, {"maxpool", ""}, {"fc", "gemm"}};
static const struct manifest_backbone backbones[] = {
    {.label = "R18",
     .arch = "resnet18",
     .layer = "layer4",
     .weights = "w.h5",
     .weights_sha256 = "00ff",
     .workspace_bytes = 123456789012,
     .parameters = 11689512,
     .kernels = "avx2",
     .steps = steps,
     .step_count = 3,
     .digest = "beef",
     .input = {.h = 224,
               .w = 192,
               .has_mean = true,
               .has_deviation = true,
               .mean = {0.5, 0.25, 0},
               .deviation = {0.5, 0.5, 1},
               .channels = "bgr",
               .scale = 255,
               .resize = PICTURE_RESIZE_SQUASH}},
    {.label = "odd \xff\xfe", .arch = "vgg16", .layer = "features.29", .workspace_bytes = 1, .parameters = 2},
};
static const struct manifest_entry methods[] = {{"mine", "gradcam", 3, "cafe"}, {NULL, "scorecam", 1, NULL}};
static const struct manifest_entry metrics[] = {{NULL, "adcc", 1, NULL}}, protocols[] = {{NULL, "cambench", 2, NULL}};
static const struct manifest_skipped skipped[] = {{"a\"b\n.jpg", "truncated JPEG file"}};

static const struct program contributors[] = {{"0.1.0", "1a2b3c4d5e6f", "avx2", 0, NULL}, {"0.1.0", "", "", 0, NULL}};
static const struct program_use uses[] = {{-1, 0, 0, 4}, {0, 0, 1, 8}, {0, 1, 1, 4}};
static const struct programs programs = {2, 3, contributors, uses};
static const char *const mixture[] = {"2 programs contributed: ...", NULL};

static const struct manifest full = {
    .name = "demo",
    .config_sha256 = "abcd",
    .seed = UINT64_MAX,
    .threads = 2,
    .started = 1000000000,
    .images = "x.h5",
    .images_sha256 = "1234",
    .image_count = 8,
    .item_count = 16,
    .backbone_count = 2,
    .method_count = 2,
    .metric_count = 1,
    .protocol_count = 1,
    .skipped_count = 1,
    .backbones = backbones,
    .methods = methods,
    .metrics = metrics,
    .protocols = protocols,
    .skipped = skipped,
    .programs = &programs,
    .mixture = mixture,
};

static json_t *written(const struct manifest *manifest)
{
    char path[64];
    struct error err;
    json_error_t why;
    temporary(path);
    if (manifest_write(path, manifest, &err))
        fail_msg("%s", err.text);
    json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    unlink(path);
    if (!json)
        fail_msg("%s", why.text);
    return json;
}

static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    assert_non_null(text);
    return text;
}

TEST(the_manifest_holds_what_the_runner_said)
{
    json_t *json = written(&full);
    assert_string_equal(text_of(json, "name"), "demo");
    assert_string_equal(text_of(json, "started"), "2001-09-09T01:46:40Z");
    assert_true(json_is_null(json_object_get(json, "ended")));
    assert_string_equal(text_of(json, "seed"), "18446744073709551615");
    assert_int_equal(json_integer_value(json_object_get(json, "items")), 16);
    const json_t *dataset = json_object_get(json, "dataset");
    assert_string_equal(text_of(dataset, "sha256"), "1234");
    assert_int_equal(json_integer_value(json_object_get(dataset, "images")), 8);
    assert_string_equal(text_of(json_array_get(json_object_get(dataset, "skipped"), 0), "image"), "a\"b\n.jpg");
    const json_t *list = json_object_get(json, "backbones"), *first = json_array_get(list, 0);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(text_of(json_object_get(first, "weights"), "sha256"), "00ff");
    assert_true(json_integer_value(json_object_get(first, "workspace_bytes")) == 123456789012);
    assert_int_equal(json_integer_value(json_object_get(first, "parameters")), 11689512);
    assert_string_equal(text_of(first, "kernels"), "avx2");
    const json_t *input = json_object_get(first, "input");
    assert_int_equal(json_integer_value(json_array_get(json_object_get(input, "size"), 1)), 192);
    assert_true(json_real_value(json_array_get(json_object_get(input, "mean"), 1)) == 0.25);
    assert_true(json_real_value(json_array_get(json_object_get(input, "std"), 2)) == 1);
    assert_string_equal(text_of(input, "resize"), "squash");
    assert_string_equal(text_of(input, "channels"), "bgr");
    assert_string_equal(text_of(input, "interpolation"), "protocol");
    assert_true(json_real_value(json_object_get(input, "scale")) == 255);
    const json_t *plan = json_object_get(first, "plan");
    assert_int_equal(json_object_size(plan), 2); /* pooling has no choice */
    assert_string_equal(text_of(plan, "fc"), "gemm");
    assert_string_equal(text_of(json_array_get(list, 1), "label"), "odd ??");
    assert_true(json_is_null(json_object_get(json_object_get(json_array_get(list, 1), "weights"), "path")));
    const json_t *method = json_array_get(json_object_get(json, "methods"), 0);
    assert_string_equal(text_of(method, "label"), "mine");
    assert_string_equal(text_of(method, "name"), "gradcam");
    assert_int_equal(json_integer_value(json_object_get(method, "version")), 3);
    assert_string_equal(text_of(method, "digest"), "cafe");
    assert_string_equal(text_of(first, "digest"), "beef");
    assert_string_equal(text_of(json_array_get(json_object_get(json, "methods"), 1), "label"), "scorecam");
    json_decref(json);
}

TEST(the_manifest_says_which_programs_measured_how_many_items)
{
    json_t *json = written(&full);
    const json_t *list = json_object_get(json, "programs"), *unknown = json_array_get(list, 0);
    assert_int_equal(json_array_size(list), 2); /* the second program has measured none of the present items */
    assert_true(json_is_null(json_object_get(unknown, "version")));
    assert_int_equal(json_integer_value(json_object_get(unknown, "items")), 4);
    assert_string_equal(text_of(json_array_get(list, 1), "commit"), "1a2b3c4d5e6f");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 1), "items")), 12);
    assert_int_equal(json_array_size(json_object_get(json, "mixture")), 1);
    json_decref(json);
}

TEST(the_manifest_knows_program_machine_and_blas)
{
    struct manifest small = {.name = "small", .seed = 5, .threads = 3};
    json_t *json = written(&small);
    const json_t *machine = json_object_get(json, "machine");
    assert_string_equal(text_of(json_object_get(json, "program"), "version"), CAMBENCH_VERSION);
    assert_true(strlen(text_of(json_object_get(json, "program"), "compiler")) > 0);
    assert_true(strlen(text_of(json_object_get(json, "blas"), "core")) > 0);
    assert_non_null(strstr(text_of(json_object_get(json, "blas"), "config"), "OpenBLAS"));
    assert_true(strlen(text_of(machine, "cpu")) > 0);
    assert_true(strlen(text_of(machine, "host")) > 0);
    assert_int_equal(json_integer_value(json_object_get(machine, "threads")), 3);
    assert_int_equal(json_integer_value(json_object_get(json, "seed")), 5);
#ifdef __x86_64__
    assert_string_equal(json_string_value(json_array_get(json_object_get(machine, "instruction_sets"), 0)), "sse2");
#endif
    json_decref(json);
}

TEST(keys_are_sorted_so_that_manifests_can_be_compared)
{
    json_t *json = written(&full);
    char *text = json_dumps(json, JSON_COMPACT); /* in the order of the file */
    char *sorted = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, sorted);
    free(text);
    free(sorted);
    json_decref(json);
}

TEST(a_manifest_that_cannot_be_written_is_an_error)
{
    struct error err;
    assert_int_equal(manifest_write("/proc/nonexistent/manifest.json", &full, &err), -1);
    assert_string_equal(
        err.text,
        "could not write \"/proc/nonexistent/manifest.json\": could not make folder \"/proc/nonexistent\": No such file or directory");
}
