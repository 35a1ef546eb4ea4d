/*
 * bench/config/yaml_limits.c - limits of a config, counted on the parser's events before libyaml builds a document.
 *
 * libyaml's time grows with the square of the depth of [ and {, of the number of anchors and of %TAG lines. Its events
 * lag at most a simple key's 1024 characters behind its reading, so that the count stops the work early.
 */
#include "bench/config/yaml_limits.h"

#include "bench/config/yaml_hint.h"

#define ANCHORS_MAX 100
#define DIRECTIVES_MAX 16
#define PLACE_MAX 64 /* bytes of ":LINE:COLUMN" */

/* ":2:1"; "" if the line is unknown. */
static const char *place_of(const yaml_parser_t *parser, bool is_set, char text[PLACE_MAX])
{
    text[0] = 0;
    if (!is_set && parser->error != YAML_READER_ERROR)
        snprintf(text, PLACE_MAX, ":%zu:%zu", parser->problem_mark.line + 1, parser->problem_mark.column + 1);
    return text;
}

int yaml_syntax_error(const yaml_parser_t *parser, const char *source, bool is_set, struct error *err)
{
    char place_text[PLACE_MAX];
    if (parser->error == YAML_MEMORY_ERROR)
        return error_memory(err, "the config");
    return error_set(err, "%s%s: not YAML: %s%s%s", source, place_of(parser, is_set, place_text),
                     parser->problem ? parser->problem : "cannot be parsed", parser->context ? ", " : "",
                     parser->context ? parser->context : "");
}

/* Counts of a stream's events. */
struct census {
    const char *text;
    size_t size;
    const char *source;
    bool is_set;
    int depth, values, anchors;
    struct error *err;
};

static int fail_at(const struct census *census, const yaml_mark_t *mark, const char *what, int most)
{
    if (census->is_set)
        return error_set(census->err, "%s: more than %d %s", census->source, most, what);
    return error_set(census->err, "%s:%zu:%zu: more than %d %s", census->source, mark->line + 1, mark->column + 1, most,
                     what);
}

static int count_event(struct census *census, const yaml_event_t *event)
{
    const bool is_start = event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT;
    const yaml_char_t *anchor = event->type == YAML_SCALAR_EVENT           ? event->data.scalar.anchor
                                : event->type == YAML_SEQUENCE_START_EVENT ? event->data.sequence_start.anchor
                                : event->type == YAML_MAPPING_START_EVENT  ? event->data.mapping_start.anchor
                                                                           : NULL;
    census->depth += is_start;
    census->depth -= event->type == YAML_SEQUENCE_END_EVENT || event->type == YAML_MAPPING_END_EVENT;
    census->values += is_start || event->type == YAML_SCALAR_EVENT || event->type == YAML_ALIAS_EVENT ||
                      event->type == YAML_DOCUMENT_START_EVENT;
    census->anchors += anchor != NULL;
    if (census->depth > YAML_DEPTH_MAX)
        return fail_at(census, &event->start_mark, "levels of lists and mappings", YAML_DEPTH_MAX);
    if (census->anchors > ANCHORS_MAX)
        return fail_at(census, &event->start_mark, "anchors (&)", ANCHORS_MAX);
    if (census->values > YAML_VALUES_MAX + 1) /* the document counts as one */
        return error_set(census->err, "%s: more than %d values", census->source, YAML_VALUES_MAX);
    return 0;
}

static int fail_syntax(const yaml_parser_t *parser, const struct census *census)
{
    char hint[YAML_HINT_MAX], place_text[PLACE_MAX];
    if (parser->error == YAML_PARSER_ERROR &&
        yaml_hint_of_cut_name(census->text, census->size, parser->problem_mark.index, hint))
        return error_set(census->err, "%s%s: not YAML: %s", census->source,
                         place_of(parser, census->is_set, place_text), hint);
    return yaml_syntax_error(parser, census->source, census->is_set, census->err);
}

static int count_events(yaml_parser_t *parser, struct census *census)
{
    for (;;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return fail_syntax(parser, census);
        const bool is_end = event.type == YAML_STREAM_END_EVENT;
        const int status = count_event(census, &event);
        yaml_event_delete(&event);
        if (status || is_end)
            return status;
    }
}

/* Counts lines that begin with "%", in any encoding; all of them come before the document's first event. */
static int check_directives(const char *text, size_t size, const char *source, struct error *err)
{
    int count = 0;
    for (size_t i = 0; i < size; i++) {
        const unsigned char before = i ? (unsigned char)text[i - 1] : '\n';
        const bool is_line = before < ' ' || before == 0x85 || before == 0xa8 || before == 0xa9; /* also U+2028 ... */
        count += text[i] == '%' && is_line;
    }
    return count > DIRECTIVES_MAX ? error_set(err, "%s: more than %d directives (%%)", source, DIRECTIVES_MAX) : 0;
}

int yaml_check_limits(const char *text, size_t size, const char *source, bool is_set, struct error *err)
{
    yaml_parser_t parser;
    struct census census = {.text = text, .size = size, .source = source, .is_set = is_set, .err = err};
    if (check_directives(text, size, source, err))
        return -1;
    if (!yaml_parser_initialize(&parser))
        return error_memory(err, "the config");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    const int status = count_events(&parser, &census);
    yaml_parser_delete(&parser);
    return status;
}
