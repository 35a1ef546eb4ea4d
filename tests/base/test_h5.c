/* tests/base/test_h5.c - HDF5 at arm's length: files of h5py (tests/golden/h5_fixtures.py), our own, damaged ones. */
#include "base/h5.h"

#include "tests/test.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define TYPES "tests/golden/h5/types.h5"

static const char *temporary(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "/tmp/cambench-test-%ld-%s", (long)getpid(), name);
    return path;
}

static struct h5 *open_types(void)
{
    struct error err;
    struct h5 *file = h5_open(TYPES, "weights", &err);
    if (!file)
        fail_msg("%s", err.text);
    return file;
}

static const struct h5_item *find(const struct h5 *file, const char *path)
{
    const struct h5_item *item = h5_find(file, path);
    if (!item)
        fail_msg("no item %s", path);
    return item;
}

static void read_all(struct h5 *file, const char *path, enum h5_type type, void *out)
{
    struct error err;
    const struct h5_item *item = find(file, path);
    if (h5_read(file, item, 0, item->rank ? item->dim[0] : 1, type, out, &err))
        fail_msg("%s", err.text);
}

static void assert_refused(const char *path, const char *why)
{
    struct error err;
    struct h5 *file = h5_open(path, "image set", &err);
    if (file) {
        h5_close(file);
        fail_msg("%s was opened", path);
    }
    if (!strstr(err.text, why) || !strstr(err.text, path) || strncmp(err.text, "image set \"", 11) != 0)
        fail_msg("%s: \"%s\" does not say \"%s\"", path, err.text, why);
}

/* Copies `size` bytes of a file, or all if it is shorter. */
static void copy_start(const char *from, const char *to, size_t size)
{
    char *buffer = malloc(size + 1);
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    fwrite(buffer, 1, fread(buffer, 1, size, in), out);
    fclose(in);
    fclose(out);
    free(buffer);
}

TEST(h5py_ramps_are_read_in_every_storage_form)
{
    struct h5 *file = open_types();
    static const char *const paths[] = {"/float32", "/float64", "/big_endian", "/group/compressed",
                                        "/group/half_compressed"};
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
        float values[24] = {0};
        read_all(file, paths[p], H5_FLOAT32, values);
        for (int i = 0; i < 24; i++)
            assert_true(values[i] == (float)i / 8);
    }
    h5_close(file);
}

TEST(only_exact_contiguous_data_have_an_offset)
{
    struct h5 *file = open_types();
    assert_true(find(file, "/float32")->offset > 0);
    assert_true(find(file, "/float16")->offset > 0);
    assert_true(find(file, "/big_endian")->offset == -1);
    assert_true(find(file, "/group/compressed")->offset == -1);
    assert_int_equal(find(file, "/float32")->rank, 3);
    assert_int_equal(find(file, "/float32")->dim[1], 3);
    assert_int_equal(find(file, "/int16")->type, H5_OTHER);
    assert_int_equal(find(file, "/boolean")->type, H5_OTHER);
    assert_null(h5_find(file, "/missing"));
    h5_close(file);
}

TEST(halves_become_floats_exactly)
{
    struct h5 *file = open_types();
    float value[10];
    read_all(file, "/float16", H5_FLOAT32, value);
    static const float want[] = {0, -0.0f, 1, -2.5f, 65504, 0x1p-24f, 0x1.ffp-15f, INFINITY, -INFINITY};
    for (int i = 0; i < 9; i++)
        if (i != 6)
            assert_true(value[i] == want[i]);
    assert_true(fabsf(value[6] - 6.1e-5f) < 3e-8f);
    assert_true(signbit(value[1]) && isnan(value[9]));
    h5_close(file);
}

TEST(rows_are_read_from_the_middle)
{
    struct h5 *file = open_types();
    struct error err;
    static const char *const paths[] = {"/float32", "/group/compressed"};
    for (int p = 0; p < 2; p++) {
        float values[12];
        assert_int_equal(h5_read(file, find(file, paths[p]), 1, 2, H5_FLOAT32, values, &err), 0);
        assert_true(values[0] == 6 / 8.0f && values[11] == 17 / 8.0f);
        assert_int_equal(h5_read(file, find(file, paths[p]), 3, 2, H5_FLOAT32, values, &err), -1);
        assert_non_null(strstr(err.text, "has 4 rows, row 5 is wanted"));
    }
    h5_close(file);
}

TEST(integers_are_widened_and_never_clipped)
{
    struct h5 *file = open_types();
    struct error err;
    int64_t wide[2];
    int32_t narrow[6];
    read_all(file, "/int16", H5_INT64, wide);
    assert_true(wide[0] == -3 && wide[1] == 300);
    read_all(file, "/uint8", H5_INT32, narrow);
    assert_true(narrow[0] == 250 && narrow[5] == 255);
    read_all(file, "/scalar", H5_INT32, narrow);
    assert_int_equal(narrow[0], -5);
    assert_int_equal(h5_read(file, find(file, "/uint64"), 0, 2, H5_INT64, wide, &err), -1);
    assert_non_null(strstr(err.text, "\"/uint64\" (uint64) holds values that do not fit"));
    assert_int_equal(h5_read(file, find(file, "/float64"), 0, 4, H5_INT32, (int32_t[24]){0}, &err), -1);
    assert_non_null(strstr(err.text, "\"/float64\" (float64) holds 0.125; whole numbers are needed"));
    assert_int_equal(h5_read(file, find(file, "/text"), 0, 1, H5_INT32, narrow, &err), -1);
    assert_non_null(strstr(err.text, "holds text, numbers are needed"));
    h5_close(file);
}

TEST(an_empty_dataset_is_read_as_nothing)
{
    struct h5 *file = open_types();
    read_all(file, "/empty", H5_FLOAT32, NULL);
    h5_close(file);
}

TEST(attributes_of_the_root_are_items)
{
    struct h5 *file = open_types();
    struct error err;
    char *text;
    size_t size;
    assert_int_equal(h5_read_bytes(file, find(file, "@text"), 0, &text, &size, &err), 0);
    assert_string_equal(text, "attribute \xc3\xa9");
    assert_int_equal(size, strlen(text));
    free(text);
    int64_t integer;
    float list[2];
    read_all(file, "@integer", H5_INT64, &integer);
    read_all(file, "@list", H5_FLOAT32, list);
    assert_true(integer == 7 && list[0] == 1.5f && list[1] == 2.5f);
    h5_close(file);
}

TEST(texts_come_end_to_end)
{
    struct h5 *file = open_types();
    struct error err;
    char *texts;
    size_t size;
    assert_int_equal(h5_read_texts(file, find(file, "/text"), &texts, &size, &err), 0);
    assert_int_equal(size, 4 + 1 + 10 + 5);
    assert_memory_equal(texts, "one\0\0drei \xc3\xa4\xc3\xb6\0four", size);
    free(texts);
    assert_int_equal(h5_read_texts(file, find(file, "/fixed_text"), &texts, &size, &err), 0);
    assert_int_equal(size, 9);
    assert_memory_equal(texts, "ab\0abcd\0", size);
    free(texts);
    assert_int_equal(h5_read_bytes(file, find(file, "/text"), 3, &texts, NULL, &err), 0);
    assert_string_equal(texts, "four");
    free(texts);
    h5_close(file);
}

TEST(variable_bytes_are_read_one_by_one)
{
    struct h5 *file = open_types();
    struct error err;
    char *bytes;
    size_t size;
    static const struct {
        const char *bytes;
        size_t size;
    } want[] = {{"\0\1\2", 3}, {"", 0}, {"abcdef", 6}};
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(h5_read_bytes(file, find(file, "/bytes"), i, &bytes, &size, &err), 0);
        assert_int_equal(size, want[i].size);
        assert_memory_equal(bytes, want[i].bytes, size);
        free(bytes);
    }
    assert_int_equal(h5_read_bytes(file, find(file, "/bytes"), 3, &bytes, &size, &err), -1);
    h5_close(file);
}

TEST(what_is_no_hdf5_file_is_refused_by_name)
{
    assert_refused("/nowhere/x.h5", "could not open: No such file or directory");
    assert_refused("tests/base/test_h5.c", "not an HDF5 file");
    assert_refused("/tmp", "is a folder");
    const char *empty = temporary("empty.h5");
    copy_start(TYPES, empty, 0);
    assert_refused(empty, "not an HDF5 file (it is empty)");
    unlink(empty);
}

TEST(a_file_cut_anywhere_is_refused)
{
    const char *path = temporary("cut.h5");
    FILE *file = fopen(TYPES, "rb");
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    fclose(file);
    for (long cut = 100; cut < size; cut += size / 7) {
        copy_start(TYPES, path, (size_t)cut);
        assert_refused(path, "truncated: has ");
    }
    unlink(path);
}

TEST(data_in_other_files_are_refused)
{
    assert_refused("tests/golden/h5/external_storage.h5", "\"/outside\" takes its data from other files");
    assert_refused("tests/golden/h5/virtual.h5", "\"/outside\" takes its data from other files");
    assert_refused("tests/golden/h5/external_link.h5", "\"/link\" is a link that leads elsewhere");
}

TEST(endless_groups_are_refused)
{
    assert_refused("tests/golden/h5/deep.h5", "groups are nested deeper than 8");
}

/* The only child of this process, 0 if there is none. */
static pid_t child_of_this(void)
{
    DIR *folder = opendir("/proc");
    pid_t found = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char path[300];
        int pid = 0, parent = 0;
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        FILE *file = fopen(path, "r");
        if (file && fscanf(file, "%d (%*[^)]) %*c %d", &pid, &parent) == 2 && parent == getpid())
            found = pid;
        if (file)
            fclose(file);
    }
    closedir(folder);
    return found;
}

TEST(a_crash_of_the_library_is_one_sentence_and_no_more)
{
    struct h5 *file = open_types();
    struct error err;
    float values[24];
    const pid_t child = child_of_this();
    assert_true(child > 0);
    kill(child, SIGSEGV);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(h5_read(file, find(file, "/group/compressed"), 0, 4, H5_FLOAT32, values, &err), -1);
        assert_string_equal(err.text, "weights \"" TYPES "\": damaged (the HDF5 library crashed on it)");
    }
    assert_int_equal(child_of_this(), 0);
    assert_int_equal(h5_read(file, find(file, "/float32"), 0, 4, H5_FLOAT32, values, &err), 0); /* by pread() */
    h5_close(file);
}

TEST(closing_leaves_no_process)
{
    h5_close(open_types());
    assert_int_equal(child_of_this(), 0);
    assert_refused("tests/golden/h5/virtual.h5", "");
    assert_int_equal(child_of_this(), 0);
}

static int try_sample(const char *path, struct error *err)
{
    struct h5_writer *writer = h5_create(path, err);
    if (!writer)
        return -1;
    const uint16_t halves[] = {0x3c00, 0xc100};
    const float floats[] = {1, 2, 3, 4, 5, 6};
    const char *const words[] = {"a", "\xc3\xa9", ""};
    const char *const format = "sample";
    const int32_t version = 1;
    int status = h5_write_texts(writer, "@format", &format, 1, err) ||
                 h5_write(writer, "@version", H5_INT32, 0, NULL, &version, err) ||
                 h5_write(writer, "/t/half", H5_FLOAT16, 1, (uint64_t[]){2}, halves, err) ||
                 h5_write(writer, "/t/float", H5_FLOAT32, 2, (uint64_t[]){2, 3}, floats, err) ||
                 h5_write(writer, "/none", H5_INT32, 1, (uint64_t[]){0}, NULL, err) ||
                 h5_write_texts(writer, "/words", words, 3, err) ||
                 h5_define(writer, "/rows", H5_UINT64, 2, (uint64_t[]){3, 2}, err) ||
                 h5_write_rows(writer, "/rows", 2, 1, (uint64_t[]){5, 6}, err) ||
                 h5_write_rows(writer, "/rows", 0, 2, (uint64_t[]){1, 2, 3, 4}, err);
    if (!status)
        return h5_commit(writer, err);
    h5_abandon(writer);
    return -1;
}

static void write_sample(const char *path)
{
    struct error err;
    if (try_sample(path, &err))
        fail_msg("%s", err.text);
}

TEST(what_is_written_is_read_back)
{
    const char *path = temporary("written.h5");
    write_sample(path);
    struct error err;
    struct h5 *file = h5_open(path, "sample", &err);
    assert_non_null(file);
    float halves[2], floats[6];
    uint64_t rows[6];
    int32_t version;
    char *text;
    size_t size;
    read_all(file, "/t/half", H5_FLOAT32, halves);
    read_all(file, "/t/float", H5_FLOAT32, floats);
    read_all(file, "/rows", H5_UINT64, rows);
    read_all(file, "/none", H5_INT32, NULL);
    read_all(file, "@version", H5_INT32, &version);
    assert_true(halves[0] == 1 && halves[1] == -2.5f && floats[5] == 6 && version == 1);
    for (uint64_t i = 0; i < 6; i++)
        assert_int_equal(rows[i], i + 1);
    assert_true(find(file, "/rows")->offset > 0 && find(file, "/t/half")->offset > 0);
    assert_int_equal(h5_read_texts(file, find(file, "/words"), &text, &size, &err), 0);
    assert_memory_equal(text, "a\0\xc3\xa9\0", size);
    free(text);
    h5_close(file);
    unlink(path);
}

static size_t read_file(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t got = fread(out, 1, size, file);
    fclose(file);
    return got;
}

TEST(equal_content_gives_equal_bytes)
{
    static char first[65536], second[65536];
    const char *path = temporary("same.h5");
    write_sample(path);
    const size_t size = read_file(path, first, sizeof first);
    sleep(1); /* a time stamp would show */
    write_sample(path);
    assert_int_equal(read_file(path, second, sizeof second), size);
    assert_memory_equal(first, second, size);
    unlink(path);
}

/* Limits files to `most` bytes, as on a disk that is then full. */
static int write_within(const char *path, size_t most, struct error *err)
{
    struct rlimit old, limit;
    getrlimit(RLIMIT_FSIZE, &old);
    limit = (struct rlimit){.rlim_cur = most, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    const int status = try_sample(path, err);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_DFL);
    return status;
}

TEST(a_disk_that_is_full_anywhere_is_an_error_and_leaves_nothing)
{
    static char whole[65536], again[65536];
    const char *path = temporary("full.h5");
    char said[400];
    struct error err;
    write_sample(path);
    const size_t size = read_file(path, whole, sizeof whole);
    unlink(path);
    snprintf(said, sizeof said, "could not write \"%s\": File too large", path);
    for (size_t most = 0; most < size; most += most + 97 < size ? 97 : 1) {
        assert_int_equal(write_within(path, most, &err), -1);
        assert_string_equal(err.text, said);
        assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(child_of_this(), 0);
    }
    assert_int_equal(write_within(path, size, &err), 0);
    assert_int_equal(read_file(path, again, sizeof again), size);
    assert_memory_equal(whole, again, size);
    unlink(path);
}

TEST(rows_that_a_dataset_does_not_have_are_refused)
{
    const char *path = temporary("rows.h5");
    struct error err;
    struct h5_writer *writer = h5_create(path, &err);
    assert_non_null(writer);
    assert_int_equal(h5_define(writer, "/rows", H5_INT32, 1, (uint64_t[]){2}, &err), 0);
    assert_int_equal(h5_write_rows(writer, "/rows", 1, 2, (int32_t[]){1, 2}, &err), -1);
    assert_int_equal(h5_write_rows(writer, "/rows", 0, 2, (int32_t[]){1, 2}, &err), -1);
    assert_int_equal(h5_commit(writer, &err), -1);
    assert_int_equal(access(path, F_OK), -1);
}

TEST(an_abandoned_file_leaves_the_old_one)
{
    const char *path = temporary("old.h5");
    char part[300];
    struct error err;
    write_sample(path);
    h5_abandon(h5_create(path, &err));
    struct h5 *file = h5_open(path, "sample", &err);
    assert_non_null(file);
    h5_close(file);
    snprintf(part, sizeof part, "%s.part-%ld", path, (long)getpid());
    assert_int_equal(access(part, F_OK), -1);
    unlink(path);
    assert_null(h5_create("/proc/nowhere/x.h5", &err));
    assert_string_equal(err.text, "could not write \"/proc/nowhere/x.h5\": could not make folder \"/proc/nowhere\": "
                                  "No such file or directory");
}
