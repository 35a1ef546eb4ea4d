/* Sentences that are longer than error.text. */
#include "base/error.h"

#include "tests/test.h"

#include "base/text.h"

#include <string.h>

enum { LONG = 4096 };

static void fill(char name[LONG], const char *with)
{
    const size_t length = strlen(with);
    size_t used = 0;
    for (; used + length < LONG; used += length)
        memcpy(name + used, with, length);
    name[used] = 0;
}

TEST(a_long_path_keeps_its_reason)
{
    struct error err;
    char path[LONG];
    fill(path, "folder/");
    error_set(&err, "could not open \"%s\": %s", path, "Permission denied");
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_int_equal(strncmp(err.text, "could not open \"folder/folder/", 29), 0);
    assert_non_null(strstr(err.text, "...")), assert_non_null(strstr(err.text, "older/\": Permission denied"));
}

TEST(a_chain_of_long_prefixes_keeps_its_reason)
{
    struct error err;
    char path[LONG];
    fill(path, "name");
    error_set(&err, "dataset \"%s\" is not text", path);
    for (int i = 0; i < 5; i++)
        error_prefix(&err, "file \"%s\": ", path);
    assert_true(strlen(err.text) < sizeof err.text);
    assert_int_equal(strcmp(err.text + strlen(err.text) - 13, "\" is not text"), 0);
    assert_int_equal(strncmp(err.text, "file \"name", 10), 0);
}

TEST(a_long_sentence_without_names_keeps_both_ends)
{
    struct error err;
    char text[LONG];
    fill(text, "word ");
    error_set(&err, "begin %s end", text);
    assert_int_equal(strncmp(err.text, "begin word", 10), 0);
    assert_int_equal(strcmp(err.text + strlen(err.text) - 4, " end"), 0);
}

TEST(no_character_is_cut)
{
    struct error err;
    char name[LONG];
    for (int i = 0; i < 4; i++) {
        fill(name, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x95");
        error_set(&err, "%.*s\"%s\" is not there", i, "abc", name);
        assert_true(text_is_utf8(err.text));
        error_set(&err, "%.*s%s is not there", i, "abc", name);
        assert_true(text_is_utf8(err.text));
    }
}

TEST(a_sentence_that_fits_is_as_it_was)
{
    struct error err;
    char text[sizeof err.text];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    error_set(&err, "%s", text);
    assert_string_equal(err.text, text);
    text[sizeof text - 4] = 0;
    error_set(&err, "%s", text + 3);
    error_prefix(&err, "abc");
    assert_int_equal(strlen(err.text), strlen(text));
}
