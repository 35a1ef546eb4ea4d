/* Hostile text through each format, against the text that the format's rules ask for. */
#include "tests/report/sample.h"

#include "report/escape.h"

static int in_plot(FILE *stream, const char *text)
{
    return escape_gnuplot(stream, text, 0);
}

static int in_terminal(FILE *stream, const char *text)
{
    return escape_terminal(stream, text, 0);
}

static const struct {
    const char *text, *csv, *markdown, *tex, *plot, *terminal;
} cases[] = {
    {"Grad-CAM++", "Grad-CAM++", "Grad-CAM++", "Grad-CAM++", "'Grad-CAM++'", "Grad-CAM++"},
    {"", "", "", "", "''", ""},
    {"=1+2", "'=1+2", "=1+2", "=1+2", "'=1+2'", "=1+2"},
    {"+x", "'+x", "+x", "+x", "'+x'", "+x"},
    {"-y", "'-y", "-y", "-y", "'-y'", "-y"},
    {"@cmd", "'@cmd", "&#64;cmd", "@cmd", "'@cmd'", "@cmd"},
    {"=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\"", "=HYPERLINK(\"x\",1)",
     "=HYPERLINK({\\char34}x{\\char34},1)", "'=HYPERLINK(\"x\",1)'", "=HYPERLINK(\"x\",1)"},
    {"a,b", "\"a,b\"", "a,b", "a,b", "'a,b'", "a,b"},
    {"two\nlines", "\"two\nlines\"", "two lines", "two lines", "'two lines'", "two lines"},
    {" edge ", "\" edge \"", " edge ", " edge ", "' edge '", " edge "},
    {"a|b", "a|b", "a\\|b", "a\\textbar{}b", "'a|b'", "a|b"},
    {"<b>&amp;", "<b>&amp;", "&lt;b&gt;&amp;amp;", "\\textless{}b\\textgreater{}\\&amp;", "'<b>&amp;'", "<b>&amp;"},
    {"\033[31mred\a", "\xef\xbf\xbd[31mred\xef\xbf\xbd", "\xef\xbf\xbd\\[31mred\xef\xbf\xbd", "?{[}31mred?",
     "'?[31mred?'", "?[31mred?"},
    {"`id` $(id)", "`id` $(id)", "\\`id\\` \\$(id)", "{\\char96}id{\\char96} \\$(id)", "'`id` $(id)'", "`id` $(id)"},
    {"it's", "it's", "it's", "it{\\char39}s", "'it’s'", "it's"},
    {"a_b^{c}#%~\\*", "a_b^{c}#%~\\*", "a\\_b^\\{c\\}\\#%\\~\\\\\\*",
     "a\\_b\\textasciicircum{}\\{c\\}\\#\\%\\textasciitilde{}\\textbackslash{}{*}", "'a_b^{c}#%~\\*'", "a_b^{c}#%~\\*"},
    {"\xff\xc0\xaf\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "??????", "'?????\?'", "??????"},
    {"a\xe2\x80\xaetxt.exe", "a\xef\xbf\xbdtxt.exe", "a\xef\xbf\xbdtxt.exe", "a?txt.exe", "'a?txt.exe'", "a?txt.exe"},
    {"cut \xe6\xbc", "cut \xef\xbf\xbd\xef\xbf\xbd", "cut \xef\xbf\xbd\xef\xbf\xbd", "cut ??", "'cut ?\?'", "cut ??"},
    {"Größe 漢字", "Größe 漢字", "Größe 漢字", "Größe 漢字", "'Größe ?\?'", "Größe 漢字"},
};

static void check(const char *what, int (*escape)(FILE *, const char *), const char *text, const char *want)
{
    char got[256] = "";
    FILE *stream = fmemopen(got, sizeof got, "w");
    const int columns = escape(stream, text);
    fclose(stream);
    if (strcmp(got, want))
        fail_msg("%s of \"%s\": \"%s\", expected \"%s\"", what, text, got, want);
    assert_int_equal(columns, escape(NULL, text));
}

TEST(hostile_text_is_harmless_in_each_format)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check("csv", escape_csv, cases[i].text, cases[i].csv);
        check("markdown", escape_markdown, cases[i].text, cases[i].markdown);
        check("tex", escape_tex, cases[i].text, cases[i].tex);
        check("gnuplot", in_plot, cases[i].text, cases[i].plot);
        check("terminal", in_terminal, cases[i].text, cases[i].terminal);
    }
}

TEST(columns_are_those_of_a_terminal)
{
    assert_int_equal(escape_terminal(NULL, "Größe", 0), 5);
    assert_int_equal(escape_terminal(NULL, "漢字", 0), 4);
    assert_int_equal(escape_terminal(NULL, "e\xcc\x81", 0), 1);
    assert_int_equal(escape_terminal(NULL, "🎉", 0), 2);
    assert_int_equal(escape_terminal(NULL, "↑", 0), 1);
}

TEST(long_text_is_cut_with_an_ellipsis_between_characters)
{
    static const struct {
        const char *text, *want;
        int columns, filled;
    } cuts[] = {
        {"abcdef", "abcdef", 6, 6}, {"abcdefg", "abcde…", 6, 6}, {"漢字漢字", "漢字…", 6, 5}, {"ab", "…", 1, 1}};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        char got[64] = "";
        FILE *stream = fmemopen(got, sizeof got, "w");
        assert_int_equal(escape_terminal(stream, cuts[i].text, cuts[i].columns), cuts[i].filled);
        fclose(stream);
        assert_string_equal(got, cuts[i].want);
    }
}

TEST(file_names_stay_in_their_folder)
{
    char name[16];
    assert_string_equal(escape_file_name("../../etc/pw", name, sizeof name), "_._.._etc_pw");
    assert_string_equal(escape_file_name("poppi2021", name, sizeof name), "poppi2021");
    assert_string_equal(escape_file_name("a very long name indeed", name, sizeof name), "a_very_long_nam");
}

TEST(ascii_has_one_sign_per_character)
{
    char text[8];
    assert_string_equal(escape_ascii("ü漢\n~", text, sizeof text), "???~");
    assert_string_equal(escape_ascii("abcdefghij", text, sizeof text), "abcdefg");
}
