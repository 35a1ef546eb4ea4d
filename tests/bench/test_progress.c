/* tests/bench/test_progress.c - the bar's text and how often it is drawn, with a clock of our own. */
#include "bench/process/progress.h"

#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static double fake_time;

static double fake_clock(void)
{
    return fake_time;
}

static struct progress begin(double total, FILE *stream, bool is_terminal)
{
    struct progress progress;
    progress_begin(&progress, total, "maps", stream, is_terminal);
    fake_time = 1000;
    progress.clock = fake_clock;
    progress.begun = progress.drawn = fake_time;
    return progress;
}

static int count_of(const char *text, const char *part)
{
    int count = 0;
    for (const char *found = text; (found = strstr(found, part)); found += strlen(part))
        count++;
    return count;
}

TEST(time_left_follows_the_cost_and_rate_counts_the_items)
{
    struct progress progress = begin(100, NULL, false);
    progress_add(&progress, 5);
    progress_add(&progress, 20);
    char line[256];
    progress_line(&progress, 1030, 0, line, sizeof line);
    assert_string_equal(line, " 25 %  0.07 maps/s  0:30 elapsed  1:30 left");
}

TEST(a_total_that_may_fall_gives_the_most_that_is_left)
{
    struct progress progress = begin(100, NULL, false);
    progress.is_most = true;
    progress_add(&progress, 20);
    char line[256];
    progress_line(&progress, 1010, 0, line, sizeof line);
    assert_string_equal(line, " 20 %  0.10 maps/s  0:10 elapsed  at most 0:40 left");
    progress.total = 40;
    progress_line(&progress, 1010, 0, line, sizeof line);
    assert_string_equal(line, " 50 %  0.10 maps/s  0:10 elapsed  at most 0:10 left");
}

TEST(parts_of_items_add_up_to_a_rate)
{
    struct progress progress = begin(100, NULL, false);
    for (int i = 0; i < 200; i++)
        progress_add_items(&progress, 0.25, 0.25);
    char line[256];
    progress_line(&progress, 1020, 0, line, sizeof line);
    assert_string_equal(line, " 50 %  2.50 maps/s  0:20 elapsed  0:20 left");
}

TEST(long_times_have_hours_and_an_unknown_time_left_says_so)
{
    struct progress progress = begin(100, NULL, false);
    char line[256];
    progress_line(&progress, 1000 + 3723, 0, line, sizeof line);
    assert_string_equal(line, "  0 %  0.00 maps/s  1:02:03 elapsed  ? left");
}

TEST(the_bar_fills_the_terminal_but_its_last_column)
{
    struct progress progress = begin(4, NULL, true);
    progress_add(&progress, 2);
    char line[256];
    progress_line(&progress, 1010, 80, line, sizeof line);
    assert_int_equal(strlen(line), 79);
    const int filled = count_of(line, "="), cells = (int)(strchr(line, ']') - line) - 1;
    assert_int_equal(filled, cells / 2);
}

TEST(a_narrow_terminal_gets_no_bar_and_no_line_break)
{
    struct progress progress = begin(4, NULL, true);
    char line[256];
    progress_line(&progress, 1010, 20, line, sizeof line);
    assert_int_equal(strlen(line), 19);
    assert_null(strchr(line, '['));
}

TEST(a_huge_terminal_does_not_overflow_the_line)
{
    struct progress progress = begin(4, NULL, true);
    progress_add(&progress, 4);
    char line[512];
    progress_line(&progress, 1010, 100000, line, sizeof line);
    assert_true(strlen(line) < sizeof line);
    assert_non_null(strstr(line, "100 %"));
}

TEST(more_work_than_announced_stays_at_hundred_percent)
{
    struct progress progress = begin(4, NULL, true);
    progress_add(&progress, 9);
    char line[256];
    progress_line(&progress, 1010, 0, line, sizeof line);
    assert_non_null(strstr(line, "100 %"));
    assert_non_null(strstr(line, " 0:00 left"));
}

/* Adds an item every `step` seconds for `seconds`; the text that was written is the caller's to free. */
static char *written(bool is_terminal, double seconds, double step)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    const int items = (int)(seconds / step);
    struct progress progress = begin(items, stream, is_terminal);
    for (int i = 1; i <= items; i++) {
        fake_time = 1000 + i * step;
        progress_add(&progress, 1);
    }
    progress_end(&progress);
    fclose(stream);
    return text;
}

TEST(a_terminal_is_redrawn_at_most_ten_times_a_second_and_left_clean)
{
    char *text = written(true, 8, 1.0 / 128);
    const int drawn = count_of(text, " elapsed");
    assert_in_range(drawn, 60, 80);
    assert_string_equal(text + strlen(text) - strlen("\r\033[K"), "\r\033[K");
    assert_null(strchr(text, '\n'));
    free(text);
}

TEST(a_log_gets_a_line_every_thirty_seconds_and_no_control_characters)
{
    char *text = written(false, 120, 0.5);
    assert_int_equal(count_of(text, "\n"), 4);
    assert_null(strchr(text, '\r'));
    assert_null(strchr(text, '\033'));
    free(text);
}

TEST(a_short_job_writes_nothing_to_a_log)
{
    char *text = written(false, 20, 0.5);
    assert_string_equal(text, "");
    free(text);
}

TEST(clearing_twice_erases_once)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    struct progress progress = begin(10, stream, true);
    fake_time += 1;
    progress_add(&progress, 1);
    progress_clear(&progress);
    progress_clear(&progress);
    progress_end(&progress);
    fclose(stream);
    assert_int_equal(count_of(text, "\r\033[K"), 1);
    free(text);
}
