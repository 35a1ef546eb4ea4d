/* bench/cli/options.c - parses command lines by glibc's argp. */
#include "bench/cli/options.h"

#include "base/text.h"

#include <argp.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPTIONS_KEY 256 /* of the first row without a letter */

enum { KEY_HELP = 'h', KEY_QUIET = 0x7000, KEY_JSON, KEY_COLOR };

struct common_row {
    unsigned bit; /* enum options_common; 0: every command has it */
    struct argp_option row;
};

static const struct common_row common_rows[] = {
    {OPTIONS_JSON, {"json", KEY_JSON, NULL, 0, "write JSON", -1}},
    {OPTIONS_QUIET, {"quiet", KEY_QUIET, NULL, 0, "print only errors", -1}},
    {OPTIONS_COLOR, {"color", KEY_COLOR, "WHEN", 0, "auto, always or never", -1}},
    {0, {"help", KEY_HELP, NULL, 0, "show this and exit", -1}},
};

#define COMMON_MAX ((int)(sizeof common_rows / sizeof *common_rows) + 1) /* and the {0} at the end */

/* The state of a parse. The command's rows and the common ones are in one table. */
struct parse {
    const struct options_usage *usage;
    struct options *common;
    void *target;
    struct error *err;
    struct argp_option rows[OPTIONS_ROWS_MAX];
    int row_count, words;
    bool help;   /* --help was given */
    bool failed; /* err is filled */
    int next;    /* argp's position when it stopped */
};

static int set_color(struct parse *parse, const char *value)
{
    const int choice = text_choice("auto|always|never", value);
    if (choice < 0) {
        char shown[64];
        return error_set(parse->err, "--color is \"%s\"; allowed: auto|always|never",
                         text_printable(value, shown, sizeof shown));
    }
    parse->common->color = (enum options_color)choice;
    return 0;
}

/* The row of the word at `position`; the last row takes all remaining words. */
static const struct param *row_of_word(const struct param *rows, int position)
{
    while (position-- > 0 && rows[1].name)
        rows++;
    return rows;
}

static int store_word(struct parse *parse, const char *word)
{
    const struct param *row = row_of_word(parse->usage->word_rows, parse->words - 1);
    if (row->read_word)
        return row->read_word(word, row, parse->target, parse->err);
    if (row->type != PARAM_TYPE_STRINGS)
        return options_store(row, word, parse->target, parse->err);
    (*(const char ***)param_field(row, parse->target))[(*param_count(row, parse->target))++] = word;
    return 0;
}

static int take_word(struct parse *parse, const char *word)
{
    const int max = parse->usage->words_max;
    if (max != OPTIONS_ANY && parse->words >= max) {
        char shown[256];
        return error_set(parse->err, "stray argument \"%s\"", text_printable(word, shown, sizeof shown));
    }
    parse->words++;
    return store_word(parse, word);
}

static int key_of(const struct options_usage *usage, const struct param *row)
{
    return row->letter ? row->letter : OPTIONS_KEY + (int)(row - usage->rows);
}

static const struct param *row_of_key(const struct options_usage *usage, int key)
{
    const struct param *row = usage->rows;
    while (key_of(usage, row) != key)
        row++;
    return row;
}

static int take_option(const struct parse *parse, const struct param *row, const char *value)
{
    if (row->read_word)
        return row->read_word(value, row, parse->target, parse->err);
    return options_store(row, value ? value : "true", parse->target, parse->err);
}

static int take(struct parse *parse, int key, const char *value)
{
    switch (key) {
    case KEY_HELP:
        parse->help = true;
        return 0;
    case KEY_QUIET:
        parse->common->quiet = true;
        return 0;
    case KEY_JSON:
        parse->common->json = true;
        return 0;
    case KEY_COLOR:
        return set_color(parse, value);
    case ARGP_KEY_ARG:
        return take_word(parse, value);
    default:
        return take_option(parse, row_of_key(parse->usage, key), value);
    }
}

/* argp's callback. It returns EINVAL to stop argp, and ARGP_ERR_UNKNOWN for keys that it does not handle. */
static error_t parse_key(int key, char *value, struct argp_state *state)
{
    struct parse *parse = state->input;
    if (key == ARGP_KEY_ERROR)
        parse->next = state->next;
    if (key >= ARGP_KEY_END) /* events such as begin and end */
        return ARGP_ERR_UNKNOWN;
    if (parse->help || take(parse, key, value) == 0)
        return 0;
    parse->failed = true;
    return EINVAL;
}

static void merge_rows(struct parse *parse)
{
    for (const struct param *row = parse->usage->rows; row && row->name; row++) {
        assert(parse->row_count < OPTIONS_ROWS_MAX - COMMON_MAX);
        parse->rows[parse->row_count++] =
            (struct argp_option){row->name, key_of(parse->usage, row), row->value, 0, row->help, 0};
    }
    for (size_t i = 0; i < sizeof common_rows / sizeof *common_rows; i++)
        if (!common_rows[i].bit || (parse->usage->common & common_rows[i].bit))
            parse->rows[parse->row_count++] = common_rows[i].row;
}

/* Counts the rows that "--name", which may be abbreviated, can mean; *found is the last of them. */
static int match_long(const struct parse *parse, const char *name, size_t length, const struct argp_option **found)
{
    int matches = 0;
    for (const struct argp_option *row = parse->rows; row < parse->rows + parse->row_count; row++) {
        if (!row->name || strncmp(row->name, name, length) != 0)
            continue;
        *found = row;
        if (strlen(row->name) == length)
            return 1;
        matches++;
    }
    return matches;
}

static void explain_unknown(const struct parse *parse, const char *name)
{
    const char *names[OPTIONS_ROWS_MAX];
    char shown[128];
    int count = 0;
    for (int i = 0; i < parse->row_count; i++)
        if (parse->rows[i].name)
            names[count++] = parse->rows[i].name;
    const char *nearest = text_nearest(name, names, count);
    text_printable(name, shown, sizeof shown);
    if (nearest)
        error_set(parse->err, "unknown option \"--%s\", did you mean \"--%s\"?", shown, nearest);
    else
        error_set(parse->err, "unknown option \"--%s\"", shown);
}

/* Fills the error if argp refused "--name" or "--name=value"; false: the option is correct. */
static bool explain_long(const struct parse *parse, const char *word)
{
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    const struct argp_option *found = NULL;
    const int matches = match_long(parse, name, strlen(name), &found);
    const bool has_value = strchr(word, '=');
    if (matches == 0)
        explain_unknown(parse, name);
    else if (matches > 1)
        error_set(parse->err, "option \"--%s\" is ambiguous", name);
    else if (has_value && !found->arg)
        error_set(parse->err, "option \"--%s\" takes no value", found->name);
    else if (!has_value && found->arg && !(found->flags & OPTION_ARG_OPTIONAL))
        error_set(parse->err, "option \"--%s\" needs %s", found->name, found->arg);
    else
        return false;
    return true;
}

static const struct argp_option *find_letter(const struct parse *parse, char letter)
{
    for (int i = 0; i < parse->row_count; i++)
        if (parse->rows[i].key == letter)
            return &parse->rows[i];
    return NULL;
}

/* The same for letters, as in "-x" and "-qx". */
static bool explain_short(const struct parse *parse, const char *word)
{
    for (const char *letter = word + 1; *letter; letter++) {
        const struct argp_option *row = find_letter(parse, *letter);
        if (!row) {
            const char shown = *letter > 32 && *letter < 127 ? *letter : '?';
            error_set(parse->err, "unknown option \"-%c\"", shown);
            return true;
        }
        if (row->arg && letter[1])
            return false; /* the rest is its value */
        if (row->arg) {
            error_set(parse->err, "option \"-%c\" needs %s", *letter, row->arg);
            return true;
        }
    }
    return false;
}

static bool explain_refusal(const struct parse *parse, const char *word)
{
    if (strncmp(word, "--", 2) == 0)
        return word[2] && explain_long(parse, word);
    return word[0] == '-' && word[1] && explain_short(parse, word);
}

/* argp's position is after the option that it refused, or, inside a cluster of letters, at it. */
static void explain_failure(const struct parse *parse, int argc, char **argv)
{
    const int next = parse->next;
    if (next > 1 && next <= argc && explain_refusal(parse, argv[next - 1]))
        return;
    if (next > 0 && next < argc && explain_refusal(parse, argv[next]))
        return;
    error_set(parse->err, "arguments not understood");
}

static int wrong(const struct parse *parse, const char *command)
{
    char *text = parse->err->text;
    const size_t room = sizeof parse->err->text, tail = strlen(command) + sizeof "; see  --help";
    size_t used = strlen(text);
    if (tail < room && used > room - tail)
        used = room - tail; /* cuts a very long sentence, so that the advice fits */
    const bool asks = used && text[used - 1] == '?';
    snprintf(text + used, room - used, "%s see %s --help", asks ? "" : ";", command);
    return OPTIONS_WRONG;
}

/* Fills the error "missing argument: CONFIG"; a command's alternative forms are joined by "or". */
static void explain_missing(const struct parse *parse)
{
    error_set(parse->err, "missing argument: ");
    for (const char *form = parse->usage->words; *form;) {
        const size_t length = strcspn(form, "\n"), used = strlen(parse->err->text);
        snprintf(parse->err->text + used, sizeof parse->err->text - used, "%.*s%s", (int)length, form,
                 form[length] ? " or " : "");
        form += length + (form[length] == '\n');
    }
}

int options_parse(const struct options_usage *usage, int argc, char **argv, struct options *common, void *target,
                  struct error *err)
{
    struct parse parse = {.usage = usage, .common = common, .target = target, .err = err};
    merge_rows(&parse);
    param_defaults(usage->rows, target);
    const struct argp argp = {parse.rows, parse_key, usage->words, usage->doc, NULL, NULL, NULL};
    const error_t status = argp_parse(&argp, (unsigned)argc, argv, ARGP_SILENT, NULL, &parse);
    if (parse.help) {
        argp_help(&argp, stdout, ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC, argv[0]);
        return OPTIONS_SHOWN;
    }
    if (status == ENOMEM)
        error_memory(err, "the command line");
    else if (status && !parse.failed)
        explain_failure(&parse, argc, argv);
    else if (!status && parse.words < usage->words_min)
        explain_missing(&parse);
    else if (!status)
        return OPTIONS_GO;
    return wrong(&parse, argv[0]);
}

int options_store(const struct param *row, const char *value, void *target, struct error *err)
{
    char shown[128], allowed[128];
    if (param_store(row, value, target))
        return 0;
    param_allowed(row, allowed, sizeof allowed);
    return error_set(err, "--%s is \"%s\"; allowed: %s", row->name, text_printable(value, shown, sizeof shown),
                     allowed);
}

bool options_use_color(const struct options *common, FILE *stream)
{
    if (common->color != OPTIONS_COLOR_AUTO)
        return common->color == OPTIONS_COLOR_ALWAYS;
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fileno(stream)) && !(none && *none) && !(term && strcmp(term, "dumb") == 0);
}
