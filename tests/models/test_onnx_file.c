/*
 * tests/models/test_onnx_file.c - ONNX files of python3-onnx (tests/golden/onnx_fixtures.py) and files made byte by byte.
 */
#include "models/onnx/onnx_file.h"
#include "tests/models/onnx_bytes.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "tests/golden/onnx_files/"

static struct onnx_file *opened(const char *path)
{
    struct error err;
    struct onnx_file *file = onnx_open(path, &err);
    if (!file)
        fail_msg("%s", err.text);
    return file;
}

static const struct onnx_tensor *tensor_of(const struct onnx_file *file, const char *name)
{
    for (int i = 0; i < file->graph.tensor_count; i++)
        if (strcmp(file->graph.tensors[i].name, name) == 0)
            return &file->graph.tensors[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

static void floats_are(const struct onnx_file *file, const char *name, const float *expected, size_t count)
{
    struct error err;
    float values[16];
    const struct onnx_tensor *tensor = tensor_of(file, name);
    assert_int_equal(tensor->count, count);
    if (onnx_read_floats(file, tensor, values, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < count; i++)
        if (values[i] != expected[i])
            fail_msg("%s, element %zu: %g, not %g", name, i, values[i], expected[i]);
}

static void ints_are(const struct onnx_file *file, const char *name, const int64_t *expected, size_t count)
{
    struct error err;
    int64_t values[16];
    const struct onnx_tensor *tensor = tensor_of(file, name);
    assert_int_equal(tensor->count, count);
    if (onnx_read_ints(file, tensor, values, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < count; i++)
        if (values[i] != expected[i])
            fail_msg("%s, element %zu: %lld, not %lld", name, i, (long long)values[i], (long long)expected[i]);
}

static void refused_file(const char *path, const char *part)
{
    struct error err;
    assert_null(onnx_open(path, &err));
    if (!strstr(err.text, part))
        fail_msg("not \"%s\": %s", part, err.text);
}

/* -- files of the onnx package ------------------------------------------------------------------------------------- */

TEST(elements_of_every_type_are_read_from_raw_data_and_from_lists)
{
    static const float values[] = {0, 1, -2.5f, 100, 0x1p-10f, -3};
    static const int64_t whole[] = {0, 1, 100, 127, 3, 2}, with_sign[] = {0, 1, -100, 127, -3, 2};
    static const int64_t truths[] = {0, 1, 1, 0, 1, 0};
    static const char *const floats[] = {"float", "float16", "bfloat16", "double"};
    static const char *const ints[] = {"uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"};
    static const char *const ends[] = {"raw", "typed"};
    struct onnx_file *file = opened(FOLDER "types.onnx");
    char name[64];
    for (int end = 0; end < 2; end++) {
        for (int i = 0; i < 4; i++) {
            snprintf(name, sizeof name, "%s_%s", floats[i], ends[end]);
            floats_are(file, name, values, 6);
        }
        for (int i = 0; i < 8; i++) {
            const int64_t *expected = i < 4 ? whole : with_sign;
            float same[6];
            for (int k = 0; k < 6; k++)
                same[k] = (float)expected[k];
            snprintf(name, sizeof name, "%s_%s", ints[i], ends[end]);
            ints_are(file, name, expected, 6);
            floats_are(file, name, same, 6);
        }
        snprintf(name, sizeof name, "bool_%s", ends[end]);
        ints_are(file, name, truths, 6);
    }
    floats_are(file, "scalar", (float[]){7.5f}, 1);
    assert_int_equal(tensor_of(file, "scalar")->rank, 0);
    floats_are(file, "empty", NULL, 0);
    onnx_close(file);
}

TEST(a_type_that_is_not_asked_for_is_an_error)
{
    struct onnx_file *file = opened(FOLDER "types.onnx");
    struct error err;
    float values[6];
    int64_t ints[6];
    assert_int_equal(onnx_read_floats(file, tensor_of(file, "words"), values, &err), -1);
    assert_non_null(strstr(err.text, "tensor \"words\": it has type 8"));
    assert_int_equal(onnx_read_ints(file, tensor_of(file, "float_raw"), ints, &err), -1);
    assert_int_equal(onnx_read_floats(file, tensor_of(file, "bool_raw"), values, &err), -1);
    onnx_close(file);
}

static void check_attributes(const struct onnx_file *file, const struct onnx_node *node)
{
    int64_t ints[2];
    struct error err;
    assert_true(onnx_attribute(node, "floating")->type == ONNX_ATTRIBUTE_FLOAT &&
                onnx_attribute(node, "floating")->f == 1.5f);
    assert_true(onnx_attribute(node, "whole")->type == ONNX_ATTRIBUTE_INT && onnx_attribute(node, "whole")->i == -7);
    assert_string_equal(onnx_attribute(node, "text")->s, "SAME_UPPER");
    const struct onnx_attribute *floats = onnx_attribute(node, "floats"), *list = onnx_attribute(node, "ints");
    assert_true(floats->type == ONNX_ATTRIBUTE_FLOATS && floats->count == 2 && floats->floats[1] == -0.25f);
    assert_true(list->type == ONNX_ATTRIBUTE_INTS && list->count == 3 && list->ints[1] == -2);
    assert_true(list->ints[2] == (int64_t)1 << 40);
    assert_int_equal(onnx_attribute(node, "body")->type, ONNX_ATTRIBUTE_GRAPH);
    assert_int_equal(onnx_attribute(node, "texts")->type, ONNX_ATTRIBUTE_OTHER);
    assert_int_equal(onnx_attribute(node, "reference")->type, ONNX_ATTRIBUTE_OTHER);
    const struct onnx_attribute *tensor = onnx_attribute(node, "tensor");
    assert_true(tensor->type == ONNX_ATTRIBUTE_TENSOR && tensor->tensor->count == 2);
    assert_int_equal(onnx_read_ints(file, tensor->tensor, ints, &err), 0);
    assert_true(ints[0] == 3 && ints[1] == 4);
    assert_null(onnx_attribute(node, "none"));
}

TEST(nodes_values_and_metadata_are_as_written)
{
    struct onnx_file *file = opened(FOLDER "graph.onnx");
    assert_true(file->ir_version == 8 && file->opset == 17);
    assert_string_equal(file->producer, "cambench tests");
    assert_string_equal(file->graph.name, "graph");
    assert_int_equal(file->graph.node_count, 2);
    const struct onnx_node *first = &file->graph.nodes[0], *conv = &file->graph.nodes[1];
    assert_string_equal(first->op, "Kinds");
    assert_string_equal(first->name, "first");
    assert_string_equal(first->domain, "org.example");
    assert_true(first->input_count == 3 && first->output_count == 2);
    assert_string_equal(first->inputs[1], "");
    assert_string_equal(first->outputs[1], "z");
    assert_true(*conv->name == 0 && *conv->domain == 0);
    check_attributes(file, first);
    assert_true(file->graph.input_count == 2 && file->graph.output_count == 2 && file->graph.value_count == 1);
    const struct onnx_value *x = &file->graph.inputs[0], *z = &file->graph.outputs[1], *y = &file->graph.values[0];
    assert_true(x->type == ONNX_FLOAT && x->rank == 4 && x->dim[0] == -1 && x->dim[1] == 3 && x->dim[3] == -1);
    assert_true(z->type == ONNX_INT64 && z->rank == -1);
    assert_true(y->rank == 0);
    assert_int_equal(file->metadata_count, 2);
    for (int i = 0; i < 2; i++)
        assert_string_equal(file->metadata[i].text, strcmp(file->metadata[i].key, "size") == 0 ? "8" : "cat,dog");
    onnx_close(file);
}

TEST(onnx_files_are_recognised)
{
    assert_true(onnx_looks_like(FOLDER "network.onnx") && onnx_looks_like(FOLDER "network_ir3.onnx"));
    assert_false(onnx_looks_like(FOLDER "external.bin"));
    assert_false(onnx_looks_like("tests/golden/weights/no such file"));
    assert_false(onnx_looks_like("Makefile"));
    assert_false(onnx_looks_like("tests"));
}

/* -- files beside the model ---------------------------------------------------------------------------------------- */

TEST(elements_beside_the_model_are_read_and_their_files_listed)
{
    struct onnx_file *file = opened(FOLDER "external.onnx");
    const char *const *paths;
    floats_are(file, "first", (float[]){0, 1, 2, 3}, 4);
    floats_are(file, "middle", (float[]){4, 5, 6}, 3);
    floats_are(file, "last", (float[]){9}, 1);
    floats_are(file, "more", (float[]){-1, -2}, 2);
    assert_int_equal(onnx_paths(file, &paths), 3);
    assert_string_equal(paths[0], FOLDER "external.onnx");
    assert_string_equal(paths[1], FOLDER "external.bin");
    assert_string_equal(paths[2], FOLDER "more.bin");
    onnx_close(file);
}

static char folder[64], model[128];

static void remove_folder(void)
{
    static const char *const names[] = {"model.onnx", "plain", "link", "fifo", "large"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/folder", folder);
    rmdir(path);
    rmdir(folder);
}

/* A folder of the process, which its end removes. */
static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/test_onnx_file_%ld", (long)getpid());
    snprintf(model, sizeof model, "%s/model.onnx", folder);
    if (mkdir(folder, 0700) == 0)
        atexit(remove_folder);
}

static void write_bytes(const char *path, const struct bytes *bytes)
{
    unlink(path); /* some file systems write to the disk when a file that is there is overwritten */
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes->data, 1, bytes->size, stream), bytes->size);
    fclose(stream);
}

static void refused(const struct bytes *bytes, const char *part)
{
    write_bytes(model, bytes);
    refused_file(model, part);
}

static struct onnx_file *accepted(const struct bytes *bytes)
{
    write_bytes(model, bytes);
    return opened(model);
}

static void refused_external(const char *location, const char *offset, const char *length, const char *checksum,
                             const char *part)
{
    struct bytes *tensor = new_tensor((int64_t[]){2}, 1);
    put_number(tensor, TENSOR_LOCATION, 1);
    put_pair(tensor, TENSOR_EXTERNAL, "location", location);
    put_pair(tensor, TENSOR_EXTERNAL, "offset", offset);
    put_pair(tensor, TENSOR_EXTERNAL, "length", length);
    put_pair(tensor, TENSOR_EXTERNAL, "checksum", checksum);
    refused(model_of(GRAPH_TENSOR, tensor), part);
}

TEST(only_plain_files_beside_the_model_are_read)
{
    char path[128];
    static struct bytes eight = {.size = 8};
    make_folder();
    snprintf(path, sizeof path, "%s/plain", folder);
    write_bytes(path, &eight);
    snprintf(path, sizeof path, "%s/link", folder);
    assert_int_equal(symlink("plain", path), 0);
    snprintf(path, sizeof path, "%s/folder", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    refused_external("link", NULL, NULL, NULL, "it is a symbolic link");
    refused_external("folder", NULL, NULL, NULL, "it is a folder");
    refused_external("fifo", NULL, NULL, NULL, "it is a FIFO");
    refused_external("folder/../plain", NULL, NULL, NULL, "not the name of a file in the model's folder");
    refused_external("..", NULL, NULL, NULL, "not the name of a file in the model's folder");
    refused_external("/etc/passwd", NULL, NULL, NULL, "not the name of a file in the model's folder");
    refused_external("absent", NULL, NULL, NULL, "absent\": No such file");
    refused_external(NULL, NULL, NULL, NULL, "names no file");
    refused_external("plain", "1", NULL, NULL, "8 bytes from byte 1 on are needed");
    refused_external("plain", "9223372036854775807", NULL, NULL, "are needed");
    refused_external("plain", "9223372036854775808", NULL, NULL, "is not a number of bytes");
    refused_external("plain", "-8", NULL, NULL, "is not a number of bytes");
    refused_external("plain", NULL, "7", NULL, "its external data have 7 bytes, its shape needs 8");
    refused_external("plain", NULL, NULL, "00", "the model's checksum is \"00\"");
}

/* -- files made byte by byte --------------------------------------------------------------------------------------- */

TEST(lists_may_be_packed_in_parts_or_not_at_all)
{
    static struct bytes floats, dims;
    struct bytes *tensor = new_tensor(NULL, 0);
    make_folder();
    put_number(tensor, TENSOR_FLOATS_UNPACKED, 0x3f800000); /* 1 */
    put_float(&floats, 2);
    put_float(&floats, 3);
    put_bytes(tensor, TENSOR_FLOATS, &floats);
    put_number(tensor, TENSOR_FLOATS_UNPACKED, 0x40800000); /* 4 */
    put_varint(&dims, 2);
    put_varint(&dims, 2);
    put_bytes(tensor, TENSOR_DIMS_PACKED, &dims);
    struct onnx_file *file = accepted(model_of(GRAPH_TENSOR, tensor));
    assert_int_equal(file->graph.tensors[0].rank, 2);
    floats_are(file, "w", (float[]){1, 2, 3, 4}, 4);
    onnx_close(file);
}

TEST(float16_has_small_numbers_and_infinity)
{
    static struct bytes words;
    struct bytes *tensor = new_tensor((int64_t[]){5}, 1);
    const uint32_t halves[] = {1, 0x8001, 0x03ff, 0xfc00, 0x7bff};
    make_folder();
    put_number(tensor, TENSOR_TYPE, ONNX_FLOAT16); /* the last one counts */
    for (int i = 0; i < 5; i++)
        put_varint(&words, halves[i]);
    put_bytes(tensor, TENSOR_INT32S, &words);
    struct onnx_file *file = accepted(model_of(GRAPH_TENSOR, tensor));
    floats_are(file, "w", (float[]){0x1p-24f, -0x1p-24f, 1023 * 0x1p-24f, -INFINITY, 65504}, 5);
    onnx_close(file);
}

static void refused_dims(const int64_t *dims, int rank, const char *part)
{
    struct bytes *tensor = new_tensor(dims, rank);
    put_text(tensor, TENSOR_RAW, "12345678");
    refused(model_of(GRAPH_TENSOR, tensor), part);
}

TEST(shapes_that_do_not_fit_the_elements_are_refused)
{
    make_folder();
    refused_dims((int64_t[]){3}, 1, "tensor \"w\": it has 8 bytes, its shape needs 12");
    refused_dims((int64_t[]){1}, 1, "it has 8 bytes, its shape needs 4");
    refused_dims((int64_t[]){-2}, 1, "tensor \"w\": dimension 0 is -2");
    refused_dims((int64_t[]){(int64_t)1 << 32, (int64_t)1 << 32}, 2, "its shape has more than");
    refused_dims((int64_t[]){(int64_t)1 << 62}, 1, "its shape has more than");
    refused_dims((int64_t[]){1, 1, 1, 1, 1, 1, 1, 2, 1}, 9, "more than 8 dimensions");
    refused(model_of(GRAPH_TENSOR, new_tensor((int64_t[]){1000}, 1)), "it has 0 elements, its shape needs 1000");
    struct bytes *words = new_tensor((int64_t[]){1000}, 1);
    put_number(words, TENSOR_TYPE, ONNX_STRING);
    refused(model_of(GRAPH_TENSOR, words), "its shape has 1000 elements, more than the file holds");
    struct bytes *segment = new_tensor((int64_t[]){0}, 1);
    put_text(segment, TENSOR_SEGMENT, "");
    refused(model_of(GRAPH_TENSOR, segment), "it is in segments");
}

TEST(a_damaged_number_in_a_list_is_an_error_when_it_is_read)
{
    static struct bytes numbers;
    struct bytes *tensor = new_tensor((int64_t[]){1}, 1);
    int64_t value;
    struct error err;
    make_folder();
    put_number(tensor, TENSOR_TYPE, ONNX_INT64);
    for (int i = 0; i < 12; i++)
        put(&numbers, "\xff", 1);
    put(&numbers, "\x01", 1);
    put_bytes(tensor, TENSOR_INT64S, &numbers);
    struct onnx_file *file = accepted(model_of(GRAPH_TENSOR, tensor));
    assert_int_equal(onnx_read_ints(file, &file->graph.tensors[0], &value, &err), -1);
    assert_non_null(strstr(err.text, "its elements are damaged"));
    onnx_close(file);
    tensor->size -= 1;
    tensor->data[tensor->size - numbers.size] -= 1; /* the list's length */
    refused(model_of(GRAPH_TENSOR, tensor), "a list of numbers is cut short");
}

TEST(what_is_not_a_model_is_refused)
{
    static struct bytes bytes;
    make_folder();
    refused(&bytes, "it has no graph");
    put_number(&bytes, MODEL_IR, 2);
    put_text(&bytes, MODEL_GRAPH, "");
    refused(&bytes, "its IR version is 2; 3 and newer ones are supported");
    put_text(&bytes, MODEL_GRAPH, "");
    refused(&bytes, "it has two graphs");
    refused(model_of(GRAPH_SPARSE, new_tensor(NULL, 0)), "it has sparse tensors");
    bytes.size = 0;
    put_number(&bytes, 7 << 3 | VARINT, 5);
    refused(&bytes, "a number is in the place of a message");
    refused_file("Makefile", "it is damaged or not an ONNX model");
    refused_file("tests", "it is a folder, not a regular file");
    refused_file("no such file", "No such file");
}

/* Whatever the end cuts off is an error or a shorter file that is whole. */
TEST(a_file_may_end_anywhere)
{
    static struct bytes whole, part;
    FILE *stream = fopen(FOLDER "graph.onnx", "rb");
    whole.size = fread(whole.data, 1, sizeof whole.data, stream);
    fclose(stream);
    make_folder();
    for (size_t i = 0; i < whole.size; i++) {
        struct error err;
        part.size = 0;
        put(&part, whole.data, i);
        write_bytes(model, &part);
        onnx_close(onnx_open(model, &err));
        onnx_looks_like(model);
    }
}

/* Writes the parts of a file at these offsets; between them are holes, which take no room. */
static void write_with_hole(const char *path, const struct bytes *head, const struct bytes *end, int64_t end_at)
{
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(head->data, 1, head->size, stream), head->size);
    assert_int_equal(fseeko(stream, end_at, SEEK_SET), 0);
    assert_int_equal(fwrite(end->data, 1, end->size, stream), end->size);
    assert_int_equal(fclose(stream), 0);
}

static long peak_kilobytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

TEST(tensors_after_2_gb_are_found_and_those_before_not_read)
{
    const int64_t hole = (int64_t)5 << 29; /* 2.5 GiB */
    static struct bytes big, end, graph, head;
    make_folder();
    struct bytes *tensor = new_tensor(&hole, 1);
    put(&big, tensor->data, tensor->size);
    put_number(&big, TENSOR_TYPE, ONNX_UINT8);
    put_varint(&big, TENSOR_RAW);
    put_varint(&big, (uint64_t)hole);
    struct bytes *small = new_tensor((int64_t[]){1}, 1);
    put_text(small, TENSOR_NAME, "small");
    put_number(small, TENSOR_FLOATS_UNPACKED, 0x3f800000);
    put_bytes(&end, GRAPH_TENSOR, small);
    put_varint(&graph, GRAPH_TENSOR);
    put_varint(&graph, big.size + (uint64_t)hole);
    put(&graph, big.data, big.size);
    put_number(&head, MODEL_IR, 8);
    put_varint(&head, MODEL_GRAPH);
    put_varint(&head, graph.size + (uint64_t)hole + end.size);
    put(&head, graph.data, graph.size);
    write_with_hole(model, &head, &end, (int64_t)head.size + hole);
    const long before = peak_kilobytes();
    struct onnx_file *file = opened(model);
    assert_int_equal(file->graph.tensors[0].count, hole);
    floats_are(file, "small", (float[]){1}, 1);
    assert_true(peak_kilobytes() - before < 64 << 10);
    onnx_close(file);
}

TEST(elements_beside_the_model_may_be_after_4_gb)
{
    static struct bytes head, end;
    char path[128];
    make_folder();
    put_float(&end, 5);
    snprintf(path, sizeof path, "%s/large", folder);
    write_with_hole(path, &head, &end, (int64_t)5 << 30);
    struct bytes *tensor = new_tensor((int64_t[]){1}, 1);
    put_number(tensor, TENSOR_LOCATION, 1);
    put_pair(tensor, TENSOR_EXTERNAL, "location", "large");
    put_pair(tensor, TENSOR_EXTERNAL, "offset", "5368709120");
    struct onnx_file *file = accepted(model_of(GRAPH_TENSOR, tensor));
    floats_are(file, "w", (float[]){5}, 1);
    onnx_close(file);
}

/* 100,000 nodes in 2 bytes each would be 6.4 MB of structs: more than 4 times the file and 4 MiB. */
TEST(memory_is_limited_by_the_size_of_the_file)
{
    static struct bytes graph;
    make_folder();
    for (int i = 0; i < 100000; i++)
        put_text(&graph, GRAPH_NODE, "");
    refused(model_of_graph(&graph), "more than 49943");
    graph.size = 0;
    for (int i = 0; i < 30000; i++)
        put_text(&graph, GRAPH_NODE, "");
    struct onnx_file *file = accepted(model_of_graph(&graph));
    assert_int_equal(file->graph.node_count, 30000);
    onnx_close(file);
}
