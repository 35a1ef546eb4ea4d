/* tests/base/test_text.c - words and numbers. */
#include "base/text.h"

#include "tests/test.h"

#include <string.h>

TEST(the_nearest_word_is_found_or_none)
{
    static const char *const words[] = {"gradcam", "scorecam", "ablationcam", "null"};
    assert_string_equal(text_nearest("gradcma", words, 4), "gradcam");
    assert_string_equal(text_nearest("ScoreCAM", words, 4), "scorecam");
    assert_string_equal(text_nearest("nul", words, 4), "null");
    assert_null(text_nearest("xyz", words, 4));
    assert_null(text_nearest("gradcam", words, 0));
}

TEST(a_suggestion_is_a_phrase_or_nothing)
{
    static const char *const words[] = {"gradcam"};
    char text[64];
    assert_string_equal(text_suggestion("gradcan", words, 1, text, sizeof text), ", did you mean \"gradcam\"?");
    assert_string_equal(text_suggestion("zzz", words, 1, text, sizeof text), "");
}

TEST(choices_are_found_by_whole_words)
{
    char name[16];
    assert_int_equal(text_choice("logit|prob", "prob"), 1);
    assert_int_equal(text_choice("logit|prob", "pro"), -1);
    assert_int_equal(text_choice("logit|prob", ""), -1);
    assert_int_equal(text_choice_name("logit|prob", 1, name, sizeof name), 2);
    assert_string_equal(name, "prob");
}

TEST(only_whole_numbers_in_range_are_integers)
{
    static const char *const wrong[] = {"", " 1", "1 ", "64abc", "1e3", "0x10", "99999999999999999999", "-", "nan"};
    long long value;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(text_to_int(wrong[i], &value), -1);
    assert_true(text_to_int("-9223372036854775808", &value) == 0 && value == INT64_MIN);
    assert_true(text_to_int("+7", &value) == 0 && value == 7);
}

TEST(only_finite_decimals_are_numbers)
{
    static const char *const wrong[] = {"", " 1", "1 ", "1,5", "nan", "inf", "-inf", "0x1p3", "1e400", ".", "1.5x"};
    double value;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(text_to_double(wrong[i], &value), -1);
    assert_true(text_to_double("-1.5e-3", &value) == 0 && value == -1.5e-3);
    assert_true(text_to_double(".5", &value) == 0 && value == 0.5);
    assert_true(text_to_double("1e-320", &value) == 0 && value > 0);
}

TEST(control_characters_never_reach_a_terminal)
{
    char out[8];
    assert_string_equal(text_printable("a\x1b[1m\nb", out, sizeof out), "a?[1m?b");
    assert_string_equal(text_printable("longer than eight", out, sizeof out), "longer ");
}

TEST(what_is_shown_is_whole_utf8_without_anything_to_obey)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"caf\xc3\xa9 \xe6\x97\xa5", "caf\xc3\xa9 \xe6\x97\xa5"},
        {"\xc2\x9b"
         "31m",
         "?31m"}, /* a control of eight bits */
        {"\x9b"
         "31m",
         "?31m"},
        {"a\xe2\x80\xae"
         "b\xef\xbb\xbf",
         "a?b?"}, /* right to left, byte order mark */
        {"\xff\xfe|\xc0\xaf|\xed\xa0\x80|\xe6\x97", "??|??|???|??"},
        {"\xf0\x9f\x90\x88\xf4\x90\x80\x80", "\xf0\x9f\x90\x88????"},
    };
    char out[64];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(text_printable(cases[i].text, out, sizeof out), cases[i].shown);
    assert_string_equal(text_printable("\xc3\xa9\xc3\xa9", out, 4), "\xc3\xa9"); /* cut between characters */
    assert_string_equal(text_printable("abc", out, 1), "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(text_is_utf8(cases[i].text), i < 2 || i == 3);
}

TEST(a_word_of_a_shell_is_quoted_and_can_be_shown)
{
    static const struct {
        const char *path, *word;
    } cases[] = {
        {"results/a-b_1.h5", "results/a-b_1.h5"},
        {"-x", "'-x'"},
        {"two words", "'two words'"},
        {"it's $(x)", "'it'\\''s $(x)'"},
        {"\xe6\x97\xa5 b", "'\xe6\x97\xa5 b'"},
        {"a\xff'b\\\n", "$'a\\xff\\x27b\\x5c\\x0a'"},
        {"\xc2\x9b"
         "1m",
         "$'\\xc2\\x9b1m'"},
    };
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(text_shell_word(cases[i].path, &arena), cases[i].word);
    arena_release(&arena);
}

TEST(a_text_has_a_name_in_any_spelling)
{
    assert_true(text_has_name("torch-cam GradCAMpp", "grad-cam++"));
    assert_true(text_has_name("pytorch-grad-cam", "Cam"));
    assert_true(text_has_name("gradcam_plusplus", "c a m p p"));
    assert_false(text_has_name("gradcam", "gradcam_pp"));
    assert_false(text_has_name("gradcam", ""));
    assert_false(text_has_name("gradcam", " - "));
    assert_false(text_has_name("", "a"));
}

TEST(names_that_differ_in_case_dashes_or_plus_are_one)
{
    assert_true(text_same_name("gradcam_pp", "GradCAM++"));
    assert_true(text_same_name("gradcam_pp", "Grad-CAM-PlusPlus"));
    assert_true(text_same_name("resnet18", "ResNet-18"));
    assert_false(text_same_name("gradcam", "gradcam_pp"));
    assert_false(text_same_name("resnet18", "resnet18x"));
    assert_true(text_same_name("regnet_x_1_6gf", "RegNetX-1.6GF"));
    assert_true(text_same_name("wide_resnet50_2", "Wide ResNet-50-2"));
    assert_false(text_same_name("regnet_x_16gf", "regnet_x_1_6gf"));
    assert_false(text_same_name("regnet_x_1_6gf", "RegNetX-16GF"));
}

TEST(a_misspelling_is_told_from_another_name)
{
    static const char *const known[] = {"gradcam", "gradcam_pp", "layercam", "scorecam", "xgradcam", "reciprocam"};
    static const char *const others[] = {
        "SmoothGradCAMpp", "SSCAM",     "ISCAM",      "EigenCAM",     "HiResCAM", "FullGrad",
        "EigenGradCAM",    "KPCA-CAM",  "ShapleyCAM", "FinerCAM",     "GroupCAM", "CAM",
        "SegGradCAM",      "SSGradCAM", "RandomCAM",  "FastScoreCAM", "LIFT-CAM", ""};
    static const char *const spelt[][2] = {
        {"gradcan", "gradcam"},    {"gradcm", "gradcam"},   {"gradcma", "gradcam"},  {"Grad_CAM+++", "gradcam_pp"},
        {"Layer-CMA", "layercam"}, {"scorcam", "scorecam"}, {"gradcamp", "gradcam"}, {"recipcam", "reciprocam"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (text_misspelt(others[i], known, 6))
            fail_msg("%s is taken for %s", others[i], text_misspelt(others[i], known, 6));
    for (size_t i = 0; i < sizeof spelt / sizeof *spelt; i++)
        assert_string_equal(text_misspelt(spelt[i][0], known, 6), spelt[i][1]);
}
