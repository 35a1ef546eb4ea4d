/* tests/base/test_npy.c - files that tests/golden/npy_fixtures.py made with NumPy, and damaged ones. */
#include "base/npy.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena arena;

static struct npy must_read(const char *name)
{
    char path[128];
    struct npy npy;
    struct error err;
    snprintf(path, sizeof path, "tests/golden/npy/%s.npy", name);
    if (npy_read(path, 1000, &arena, &npy, &err))
        fail_msg("%s: %s", name, err.text);
    return npy;
}

TEST(arrays_of_each_type_have_numpys_values)
{
    static const char *const names[] = {"little_f2", "big_f2",    "little_f4", "big_f4",    "little_f8",
                                        "big_f8",    "byte_u1",   "byte_i1",   "little_i2", "big_i4",
                                        "little_i8", "little_u8", "version_2", "version_3"};
    static const float values[] = {0, 1, 2, 3, 4, 100};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct npy npy = must_read(names[i]);
        const float scale = strchr(names[i], '_')[1] == 'f' ? 0.25f : 1;
        assert_int_equal(npy.rank, 2);
        assert_int_equal(npy.dim[0], 2);
        assert_int_equal(npy.dim[1], 3);
        for (int k = 0; k < 6; k++)
            assert_true(npy.data[k] == scale * values[k]);
    }
    arena_release(&arena);
}

TEST(truth_values_signs_infinities_and_other_ranks_are_read)
{
    const struct npy truth = must_read("truth"), negative = must_read("negative"), special = must_read("special");
    for (int k = 0; k < 6; k++)
        assert_true(truth.data[k] == (k > 2));
    assert_true(negative.rank == 1 && negative.data[0] == -1 && negative.data[1] == -100);
    assert_true(special.data[0] == INFINITY && special.data[1] == -INFINITY && special.data[3] == -65504);
    assert_float_equal(special.data[2], 6e-8, 2e-8);
    const struct npy scalar = must_read("scalar"), empty = must_read("empty");
    assert_true(scalar.rank == 0 && scalar.data[0] == 7);
    assert_true(empty.rank == 2 && empty.dim[0] == 0 && empty.dim[1] == 3);
    arena_release(&arena);
}

static void refused(const char *path, uint64_t most, const char *why)
{
    struct npy npy;
    struct error err;
    assert_int_equal(npy_read(path, most, &arena, &npy, &err), -1);
    if (!strstr(err.text, why))
        fail_msg("%s: \"%s\" does not say \"%s\"", path, err.text, why);
}

TEST(what_cannot_be_read_is_named)
{
    refused("tests/golden/npy/fortran.npy", 100, "Fortran order");
    refused("tests/golden/npy/complex.npy", 100, "its elements are \"<c8\"");
    refused("tests/golden/npy/structured.npy", 100, "its element type is not a simple one");
    refused("tests/golden/npy/little_f4.npy", 5, "more than 5 elements");
    refused("tests/golden/npy_fixtures.py", 1000, "it is not a .npy file");
    refused("tests/golden/npy/none.npy", 100, "No such file");
    refused("tests/golden/npy", 100, "folder");
    arena_release(&arena);
}

/* A copy that is cut after each of its bytes is refused or, if only the elements' padding is gone, read. */
TEST(a_cut_file_is_refused)
{
    char bytes[512], path[] = "/tmp/test_npy_XXXXXX";
    FILE *file = fopen("tests/golden/npy/little_f4.npy", "rb");
    assert_non_null(file);
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    close(mkstemp(path));
    for (size_t cut = 0; cut < size; cut++) {
        file = fopen(path, "wb");
        assert_int_equal(fwrite(bytes, 1, cut, file), cut);
        fclose(file);
        refused(path, 100, cut < size - 24 ? "it is not a .npy file" : "fewer bytes than its shape needs");
    }
    unlink(path);
    arena_release(&arena);
}
