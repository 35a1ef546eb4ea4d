/* tests/weights/test_tensor_file.c - tensors as PyTorch and safetensors write them; files that nobody should trust. */
#include "tests/test.h"
#include "weights/tensor_file.h"

#include <archive.h>
#include <archive_entry.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAGIC "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
#define VERSION "\x80\x02M\xe9\x03."
#define MACHINE "\x80\x02}X\x0d\0\0\0little_endian\x88s."
#define VALUES_MAX 4096

/* -- reading a whole file ----------------------------------------------------------------------------------------- */

/* One tensor to find; its values when they have come. */
struct wanted {
    const struct tensor_file *file;
    const char *name;
    float values[VALUES_MAX];
    int64_t count; /* -1: not seen */
};

static int take(void *context, int storage, const unsigned char *bytes, struct error *err)
{
    struct wanted *wanted = context;
    for (int i = 0; i < wanted->file->tensor_count; i++) {
        const struct stored_tensor *tensor = &wanted->file->tensors[i];
        if (tensor->storage != storage || strcmp(tensor->name, wanted->name) != 0)
            continue;
        wanted->count = stored_tensor_size(tensor);
        assert_true(wanted->count <= VALUES_MAX);
        if (stored_tensor_floats(wanted->file, tensor, bytes, wanted->values, err))
            return -1;
    }
    return 0;
}

static struct tensor_file *open_file(const char *path)
{
    struct error err;
    struct tensor_file *file = tensor_file_open(path, NULL, &err);
    if (!file)
        fail_msg("%s", err.text);
    return file;
}

static const struct stored_tensor *find(const struct tensor_file *file, const char *name)
{
    for (int i = 0; i < file->tensor_count; i++)
        if (strcmp(file->tensors[i].name, name) == 0)
            return &file->tensors[i];
    fail_msg("%s: no tensor \"%s\"", file->path, name);
    return NULL;
}

/* The next line of values.txt, behind file and name: shape and values must be the tensor's, to the last bit. */
static void check_tensor(FILE *values, const char *path, const char *name)
{
    static struct wanted wanted;
    bool all[TENSOR_FILE_COUNT_MAX];
    struct error err;
    int rank;
    struct tensor_file *file = open_file(path);
    const struct stored_tensor *tensor = find(file, name);
    assert_int_equal(fscanf(values, "%d", &rank), 1);
    assert_int_equal(tensor->rank, rank);
    for (int d = 0; d < rank; d++) {
        long long dim;
        assert_int_equal(fscanf(values, "%lld", &dim), 1);
        assert_int_equal(tensor->dim[d], dim);
    }
    memset(all, true, sizeof all);
    wanted = (struct wanted){.file = file, .name = name, .count = -1};
    if (tensor_file_read(file, all, take, &wanted, &err))
        fail_msg("%s", err.text);
    assert_int_equal(wanted.count, stored_tensor_size(tensor));
    for (int64_t i = 0; i < wanted.count; i++) {
        float value;
        assert_int_equal(fscanf(values, "%f", &value), 1);
        if (memcmp(&value, &wanted.values[i], sizeof value) != 0)
            fail_msg("%s, tensor \"%s\", value %lld: %.9g, PyTorch reads %.9g", path, name, (long long)i,
                     (double)wanted.values[i], (double)value);
    }
    tensor_file_close(file);
}

static int check_folder(const char *folder)
{
    char path[512], file[128], name[128];
    int count = 0;
    snprintf(path, sizeof path, "%s/values.txt", folder);
    FILE *values = fopen(path, "r");
    assert_non_null(values);
    while (fscanf(values, "%127s %127s", file, name) == 2) {
        snprintf(path, sizeof path, "%s/%s", folder, file);
        check_tensor(values, path, name);
        count++;
    }
    fclose(values);
    return count;
}

TEST(every_tensor_is_as_pytorch_reads_it)
{
    assert_true(check_folder("tests/golden/weights") > 100);
}

TEST(files_that_pytorch_writes_now_are_read_too)
{
    char folder[] = "/tmp/cambench-weights-XXXXXX", command[512];
    if (system("/usr/bin/python3 -c 'import torch, numpy' 2>/dev/null"))
        skip();
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, "/usr/bin/python3 tests/golden/weights_fixtures.py %s %d", folder, (int)getpid());
    assert_int_equal(system(command), 0);
    assert_true(check_folder(folder) > 100);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

/* -- files that are wrong ----------------------------------------------------------------------------------------- */

static const char *temporary(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "/tmp/cambench-test-%ld-%s", (long)getpid(), name);
    return path;
}

static const char *write_file(const char *name, const void *bytes, size_t size)
{
    const char *path = temporary(name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    return path;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Opening or reading all of it fails with this sentence behind the path, within a second of work. */
static void refused(const char *path, const char *why)
{
    static struct wanted wanted;
    bool all[TENSOR_FILE_COUNT_MAX];
    struct error err = {0};
    const double start = seconds();
    memset(all, true, sizeof all);
    struct tensor_file *file = tensor_file_open(path, NULL, &err);
    wanted = (struct wanted){.file = file, .name = "x"};
    if (file && tensor_file_read(file, all, take, &wanted, &err) == 0)
        fail_msg("%s was read; \"%s\" was to be said", path, why);
    tensor_file_close(file);
    if (!strstr(err.text, why) || strncmp(err.text, "weights \"", 9) != 0 || strchr(err.text, '\n'))
        fail_msg("\"%s\" was said, not \"%s\"", err.text, why);
    assert_true(seconds() - start < 1);
    unlink(path);
}

/* A file of the old format whose third pickle is `program`; what stands behind it is `rest`. */
static const char *legacy(const char *program, size_t size, const char *rest, size_t rest_size)
{
    static char bytes[1 << 16];
    size_t used = 0;
    const struct {
        const char *text;
        size_t size;
    } parts[] = {{MAGIC, sizeof MAGIC - 1},
                 {VERSION, sizeof VERSION - 1},
                 {MACHINE, sizeof MACHINE - 1},
                 {program, size},
                 {rest, rest_size}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        assert_true(used + parts[i].size <= sizeof bytes);
        memcpy(bytes + used, parts[i].text, parts[i].size);
        used += parts[i].size;
    }
    return write_file("hostile.pth", bytes, used);
}

#define REFUSED(program, why) refused(legacy(program, sizeof(program) - 1, "", 0), why)

TEST(what_is_not_tensors_is_refused_by_name_and_never_run)
{
    REFUSED("\x80\x02"
            "cos\nsystem\n(X\x04\0\0\0echotR.",
            "no tensors but an object of \"os.system\"");
    REFUSED("\x80\x02"
            "cbuiltins\neval\n(X\x01\0\0\0xtR.",
            "no tensors but an object of \"builtins.eval\"");
    REFUSED("\x80\x04\x8c\x05posix\x8c\x06system\x93.", "no tensors but an object of \"posix.system\"");
    REFUSED("\x80\x02"
            "ctorch\nFloatStorageX\n(tR.",
            "no tensors but an object of \"torch.FloatStorageX\"");
    REFUSED("\x80\x02"
            "c__builtin__\nget\x1b[31m\n.",
            "no tensors but an object of \"__builtin__.get?[31m\"");
}

TEST(an_opcode_that_no_tensor_needs_is_refused_by_number)
{
    REFUSED("\x80\x02ios\nsystem\n.", "opcode 0x69");
    REFUSED("\x80\x02\x82\x01.", "opcode 0x82");
    REFUSED("\x80\x02S'x'\n.", "opcode 0x53");
}

TEST(a_pickle_that_makes_no_sense_is_refused)
{
    REFUSED("\x80\x02.", "an operation has no operand");
    REFUSED("\x80\x02(.", "an operation has no operand");
    REFUSED("\x80\x02(q\x01.", "an operation has no operand");
    REFUSED("\x80\x02h\x05.", "refers to a value that was not stored");
    REFUSED("\x80\x02Nr\xff\xff\xff\xff.", "stores a value at place 4294967295");
    REFUSED("\x80\x02\x85.", "a tuple lacks items");
    REFUSED("\x80\x02N(\x86.", "a tuple lacks items");
    REFUSED("\x80\x02Nt.", "a mark is missing");
    REFUSED("\x80\x02N(NNu.", "items are added to a value that cannot");
    REFUSED("\x80\x02}(Nu.", "items are added to a value that cannot");
    REFUSED("\x80\x02NNa.", "an item is added to a value that is not a list");
    REFUSED("\x80\x02NNNs.", "a key is set in a value that is not a dict");
    REFUSED("\x80\x02N)R.", "it calls a value that is not a function");
    REFUSED("\x80\x02"
            "ctorch\nFloatStorage\n)R.",
            "it calls a value that is not a function");
    REFUSED("\x80\x02NQ.", "a reference to data is not a storage");
    REFUSED("\x80\x02\x8a\x09"
            "123456789.",
            "it holds no state dict");
    REFUSED("\x80\x02X\xff\xff\xff\xff.", "its pickle is cut short");
    REFUSED("\x80\x02\x8d\xff\xff\xff\xff\xff\xff\xff\xff.", "its pickle is cut short");
    REFUSED("\x80\x02X\x02\0\0\0a\0.", "it holds no state dict");
    REFUSED("\x80\x02"
            "cos",
            "its pickle is cut short");
    REFUSED("\x80\x02}.", "it holds no state dict");
    REFUSED("\x80\x02}q\x01h\x01h\x01s.", "it holds no state dict");
    REFUSED("\x80\x02]q\x01h\x01"
            "a.",
            "it holds no state dict");
    REFUSED("\x80\x02}q\x01X\x05\0\0\0modelh\x01s.", "it holds no state dict");
}

/* {"x": a tensor of a storage of `count` values}; shape and strides as pickled. */
static size_t write_tensor(char *out, size_t size, int64_t count, int64_t offset, const int64_t *dim,
                           const int64_t *stride, int rank)
{
    size_t used = 0;
#define PUT(text, length) (assert_true(used + (length) <= size), memcpy(out + used, text, length), used += (length))
#define PUT_TEXT(text) PUT(text, sizeof(text) - 1)
#define PUT_NUMBER(number) (PUT_TEXT("\x8a\x08"), PUT(&(number), sizeof(int64_t)))
    PUT_TEXT("\x80\x02}X\x01\0\0\0x"
             "ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0"
             "7"
             "X\x03\0\0\0cpu");
    PUT_NUMBER(count);
    PUT_TEXT("NtQ");
    PUT_NUMBER(offset);
    PUT_TEXT("(");
    for (int d = 0; d < rank; d++)
        PUT_NUMBER(dim[d]);
    PUT_TEXT("t(");
    for (int d = 0; d < rank; d++)
        PUT_NUMBER(stride[d]);
    PUT_TEXT("t\x89NtRs.");
    return used;
#undef PUT
#undef PUT_TEXT
#undef PUT_NUMBER
}

#define KEYS \
    "\x80\x02]X\x01\0\0\0" \
    "7a."

/* Such a file with `there` values of data that says `said`. */
static const char *tensor(int64_t count, int64_t offset, const int64_t *dim, const int64_t *stride, int rank,
                          int64_t said, int there)
{
    char program[1024], rest[1024] = KEYS;
    const size_t used = write_tensor(program, sizeof program, count, offset, dim, stride, rank);
    const size_t keys = sizeof KEYS - 1;
    memcpy(rest + keys, &said, sizeof said);
    return legacy(program, used, rest, keys + sizeof said + sizeof(float) * (size_t)there);
}

#define SHAPE(...) \
    (const int64_t[]) \
    { \
        __VA_ARGS__ \
    }

TEST(a_tensor_that_does_not_fit_its_storage_is_refused)
{
    const int64_t huge = INT64_MAX;
    struct tensor_file *file = open_file(tensor(6, 0, SHAPE(2, 3), SHAPE(3, 1), 2, 6, 6));
    assert_int_equal(file->tensor_count, 1);
    tensor_file_close(file);
    refused(tensor(6, 0, SHAPE(2, 4), SHAPE(4, 1), 2, 6, 6), "tensor \"x\": it needs 8 values, its storage has 6");
    refused(tensor(6, 1, SHAPE(2, 3), SHAPE(3, 1), 2, 6, 6), "tensor \"x\": it needs 7 values, its storage has 6");
    refused(tensor(6, 0, SHAPE(2, 3), SHAPE(4, 1), 2, 6, 6), "tensor \"x\": it needs 7 values, its storage has 6");
    refused(tensor(1, 0, SHAPE(1000, 1000), SHAPE(0, 0), 2, 1, 1), "it has 1000000 values, its storage only 1");
    refused(tensor(6, -1, SHAPE(2), SHAPE(1), 1, 6, 6), "its shape, strides and offset are not valid");
    refused(tensor(6, 5, SHAPE(2), SHAPE(-1), 1, 6, 6), "its shape, strides and offset are not valid");
    refused(tensor(6, 0, SHAPE(-2), SHAPE(1), 1, 6, 6), "its shape, strides and offset are not valid");
    refused(tensor(6, huge, SHAPE(1), SHAPE(1), 1, 6, 6), "its shape, strides and offset are not valid");
    refused(tensor(6, 0, SHAPE(3, 3), SHAPE(huge, huge), 2, 6, 6), "its shape, strides and offset are not valid");
    refused(tensor(6, 0, SHAPE(1 << 30, 1 << 30, 1 << 30), SHAPE(0, 0, 0), 3, 6, 6), "its shape, strides and offset");
    refused(tensor(6, 0, SHAPE(huge), SHAPE(1), 1, 6, 6), "its shape, strides and offset are not valid");
    refused(tensor(-6, 0, SHAPE(1), SHAPE(1), 1, -6, 6), "storage \"7\" would have -6 values");
    refused(tensor(huge, 0, SHAPE(1), SHAPE(1), 1, huge, 6), "storage \"7\" would have 9223372036854775807 values");
    refused(tensor(6, 0, SHAPE(6), SHAPE(1), 1, 5, 5), "storage \"7\" has 5 values, its pickle says 6");
    refused(tensor(6, 0, SHAPE(6), SHAPE(1), 1, 6, 5), "it is cut short: storage \"7\"");
    refused(tensor(6, 0, SHAPE(1, 1, 1, 1, 1, 1, 1, 1, 1), SHAPE(1, 1, 1, 1, 1, 1, 1, 1, 1), 9, 6, 6),
            "wrong arguments of a tensor: its shape and strides");
}

/* -- zip archives ------------------------------------------------------------------------------------------------- */

/* An archive with a data.pkl and a storage; deflated if asked for. */
static const char *zip(const void *pickle, size_t size, const void *data, size_t data_size, bool is_packed)
{
    const char *path = temporary("hostile.zip");
    struct archive *archive = archive_write_new();
    const struct {
        const char *name;
        const void *bytes;
        size_t size;
    } members[] = {{"archive/data.pkl", pickle, size}, {"archive/data/7", data, data_size}};
    assert_int_equal(archive_write_set_format_zip(archive), ARCHIVE_OK);
    if (is_packed)
        archive_write_zip_set_compression_deflate(archive);
    else
        archive_write_zip_set_compression_store(archive);
    assert_int_equal(archive_write_open_filename(archive, path), ARCHIVE_OK);
    for (size_t i = 0; i < 2; i++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, members[i].name);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_size(entry, (la_int64_t)members[i].size);
        assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
        assert_int_equal(archive_write_data(archive, members[i].bytes, members[i].size), members[i].size);
        archive_entry_free(entry);
    }
    assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
    return path;
}

TEST(a_zip_bomb_is_refused)
{
    const size_t size = 64u << 20;
    char *zeros = calloc(1, size), program[1024];
    assert_non_null(zeros);
    const char pickle[] = "\x80\x02}.";
    refused(zip(zeros, size, "", 0, true), "its member \"archive/data.pkl\" has 67108864 bytes");
    refused(zip(zeros, 15u << 20, "", 0, true), "its members hold more bytes than the file has");
    refused(zip(pickle, sizeof pickle - 1, zeros, size, true), "it holds no state dict");
    const size_t used = write_tensor(program, sizeof program, 1 << 24, 0, SHAPE(1 << 24), SHAPE(1), 1);
    refused(zip(program, used, zeros, size, true), "storage \"7\" would have 16777216 values");
    free(zeros);
}

TEST(a_storage_of_another_size_in_an_archive_is_refused)
{
    const float data[6] = {1, 2, 3, 4, 5, 6};
    char program[1024];
    const size_t used = write_tensor(program, sizeof program, 6, 0, SHAPE(6), SHAPE(1), 1);
    struct tensor_file *file = open_file(zip(program, used, data, sizeof data, false));
    assert_int_equal(file->tensor_count, 1);
    tensor_file_close(file);
    refused(zip(program, used, data, sizeof data - 1, false), "storage \"7\" has 23 bytes, its pickle says 24");
    refused(zip("x", 1, data, sizeof data, false), "opcode 0x78");
}

/* -- safetensors -------------------------------------------------------------------------------------------------- */

static const char *safetensors(uint64_t length, const char *header, size_t data)
{
    char bytes[4096] = "";
    const size_t size = strlen(header);
    assert_true(8 + size + data <= sizeof bytes);
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, size);
    return write_file("hostile.safetensors", bytes, 8 + size + data);
}

static void header_refused(const char *header, const char *why)
{
    refused(safetensors(strlen(header), header, 24), why);
}

TEST(a_wrong_header_of_safetensors_is_refused)
{
    refused(safetensors(1ull << 60, "{}", 0), "its header says that it has 1152921504606846976 bytes");
    refused(safetensors(UINT64_MAX, "{}", 0), "its header says that it has 18446744073709551615 bytes");
    refused(safetensors(100, "{}", 10), "it is cut short");
    header_refused("{\"x\"", "its header is not JSON");
    header_refused("{\"x\": {}, \"x\": {}}", "its header is not JSON: duplicate object key");
    header_refused("{\"x\": 5}", "tensor \"x\": its data are of type \"\"");
    header_refused("{\"x\": {\"dtype\": \"F8_E4M3\", \"shape\": [1], \"data_offsets\": [0, 1]}}",
                   "of type \"F8_E4M3\"");
    header_refused("{\"x\": {\"dtype\": \"F32\", \"shape\": 6, \"data_offsets\": [0, 24]}}", "\"shape\" is not a list");
    header_refused("{\"x\": {\"dtype\": \"F32\", \"shape\": [-6], \"data_offsets\": [0, 24]}}", "no tensor can have");
    header_refused("{\"x\": {\"dtype\": \"F32\", \"shape\": [6.0], \"data_offsets\": [0, 24]}}", "no tensor can have");
    header_refused("{\"x\": {\"dtype\": \"F32\", \"shape\": [4294967296, 4294967296], \"data_offsets\": [0, 24]}}",
                   "no tensor can have");
    header_refused("{\"x\": {\"dtype\": \"F32\", \"shape\": [6], \"data_offsets\": [0, 23]}}", "its data are 23 bytes");
    header_refused("{\"x\": {\"dtype\": \"F32\", \"shape\": [6], \"data_offsets\": [4, 28]}}",
                   "its data are bytes 4 to 28, the file has 24");
    header_refused("{\"x\": {\"dtype\": \"F32\", \"shape\": [6], \"data_offsets\": [-24, 0]}}",
                   "its data are bytes -24");
    header_refused("{\"x\": {\"dtype\": \"F32\", \"shape\": [6], \"data_offsets\": [0]}}", "are not two numbers");
    header_refused("{\"x\": {\"dtype\": \"I32\", \"shape\": [6], \"data_offsets\": [0, 24]}}",
                   "tensor \"x\" is int32; float16, bfloat16, float32 and float64 are read");
}

/* The most memory that this process has ever had. */
static long peak_mib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

TEST(a_header_of_many_objects_stays_within_100_mib)
{
    const size_t size = 512u << 10;
    char *bytes = malloc(size + 8);
    assert_non_null(bytes);
    memcpy(bytes, &(uint64_t){size}, 8);
    for (size_t i = 0; i < size; i++)
        bytes[8 + i] = "{},"[i % 3];
    memcpy(bytes + 8, "{\"x\":[", 6);
    const long before = peak_mib();
    refused(write_file("nested.safetensors", bytes, size + 8), "its header is not JSON");
    assert_true(peak_mib() < before + 100);
    free(bytes);
}

TEST(a_pickle_of_many_objects_stays_within_100_mib)
{
    const size_t size = 15u << 20;
    char *bytes = malloc(size + 100);
    assert_non_null(bytes);
    size_t used = 0;
    memcpy(bytes, MAGIC VERSION, used = sizeof MAGIC + sizeof VERSION - 2);
    memcpy(bytes + used, MACHINE, sizeof MACHINE - 1);
    used += sizeof MACHINE - 1;
    memset(bytes + used, '}', size);
    const long before = peak_mib();
    refused(write_file("many.pth", bytes, used + size), "needs more memory");
    assert_true(peak_mib() < before + 100);
    free(bytes);
}

/* -- files cut short ---------------------------------------------------------------------------------------------- */

/* A good file cut at any length is refused; what is left of it is never read as less. */
static void cut_everywhere(const char *path)
{
    struct stat status;
    static struct wanted wanted;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &status), 0);
    const size_t size = (size_t)status.st_size;
    char *bytes = malloc(size);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, size, file), size);
    fclose(file);
    for (size_t length = 0; length < size; length++) {
        bool all[TENSOR_FILE_COUNT_MAX];
        struct error err = {0};
        const char *cut = write_file("cut", bytes, length);
        struct tensor_file *opened = tensor_file_open(cut, NULL, &err);
        wanted = (struct wanted){.file = opened, .name = "x"};
        memset(all, true, sizeof all);
        if (opened && tensor_file_read(opened, all, take, &wanted, &err) == 0)
            fail_msg("%s was read whole when it had %zu of %zu bytes", path, length, size);
        assert_int_equal(strncmp(err.text, "weights \"", 9), 0);
        tensor_file_close(opened);
        unlink(cut);
    }
    free(bytes);
}

TEST(a_file_cut_at_any_length_is_refused)
{
    cut_everywhere("tests/golden/weights/parameters_zip.pth");
    cut_everywhere("tests/golden/weights/parameters_legacy.pth");
    cut_everywhere("tests/golden/weights/extremes.safetensors");
}

TEST(other_things_than_files_of_tensors_are_named)
{
    refused(write_file("text", "hello, world, hello", 19),
            "is neither PyTorch's (.pth, .pt), nor safetensors, nor HDF5");
    refused(write_file("empty", "", 0), "is neither PyTorch's");
    refused(write_file("net.onnx", "\x08\x08", 2), "is an ONNX file, which holds a whole network");
    struct error err;
    assert_null(tensor_file_open("/tmp", NULL, &err));
    assert_string_equal(err.text, "weights \"/tmp\": could not open: it is a folder, not a regular file");
    assert_null(tensor_file_open("/nowhere/x.pth", NULL, &err));
    assert_string_equal(err.text, "weights \"/nowhere/x.pth\": could not open: No such file or directory");
}
