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
