/*
 * bench/config/yaml.c - libyaml's document as a tree of our own, --set, and the typed readers.
 *
 * libyaml keeps duplicate keys and resolves an alias to the node it names; a node met twice is how aliases are found.
 */
#include "bench/config/yaml.h"

#include "base/input.h"
#include "base/text.h"
#include "bench/config/yaml_limits.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define YAML_BYTES_MAX ((size_t)1 << 20)
#define YAML_KEYS_MAX 1000 /* of a mapping: each is compared with those before it */
#define YAML_SHOWN_MAX 128 /* bytes of a foreign word in an error */

int yaml_error(const struct yaml *value, struct error *err, const char *format, ...)
{
    struct error reason;
    va_list args;
    va_start(args, format);
    error_write_list(&reason, format, args);
    va_end(args);
    return error_set(err, "%s: %s", value->where, reason.text);
}

/* -- from libyaml's document to the tree --------------------------------------------------------------------------- */

struct loader {
    yaml_document_t *document;
    const char *source;        /* how messages call the file or the --set */
    const struct yaml *target; /* what --set replaces; NULL: a file is read */
    char *is_seen;             /* by libyaml's node number, from 1 */
    struct arena *arena;
    struct error *err;
};

static const char *place(const struct loader *loader, const yaml_mark_t *mark)
{
    if (loader->target)
        return loader->source;
    return arena_format(loader->arena, "%s:%zu:%zu", loader->source, mark->line + 1, mark->column + 1);
}

static struct yaml *convert(struct loader *loader, int index, const char *path, int depth);

static int append(struct yaml *parent, struct yaml *value)
{
    if (!value)
        return -1;
    struct yaml **end = &parent->first;
    while (*end)
        end = &(*end)->next;
    *end = value;
    parent->count++;
    return 0;
}

static int convert_text(struct loader *loader, const yaml_node_t *node, struct yaml *out)
{
    const char *text = (const char *)node->data.scalar.value;
    out->kind = YAML_TEXT;
    out->is_quoted = node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    out->text = arena_string(loader->arena, text);
    if (strlen(text) != node->data.scalar.length)
        return yaml_error(out, loader->err, "text with a zero byte in it");
    return out->text ? 0 : error_memory(loader->err, "the config");
}

static int convert_list(struct loader *loader, const yaml_node_t *node, struct yaml *out, int depth)
{
    out->kind = YAML_LIST;
    struct yaml **end = &out->first;
    for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++) {
        *end = convert(loader, *item, out->path, depth);
        if (!*end)
            return -1;
        end = &(*end)->next;
        out->count++;
    }
    return 0;
}

static const char *join_path(struct arena *arena, const char *path, const char *key)
{
    return *path ? arena_format(arena, "%s.%s", path, key) : arena_string(arena, key);
}

static int convert_pair(struct loader *loader, const yaml_node_pair_t *pair, struct yaml *out, int depth)
{
    char shown[YAML_SHOWN_MAX];
    const struct yaml *key = convert(loader, pair->key, out->path, depth);
    if (!key)
        return -1;
    if (out->count == YAML_KEYS_MAX)
        return yaml_error(key, loader->err, "more than %d keys in a mapping", YAML_KEYS_MAX);
    if (key->kind != YAML_TEXT)
        return yaml_error(key, loader->err, "a key must be a word, not a list or mapping");
    text_printable(key->text, shown, sizeof shown);
    if (yaml_get(out, key->text))
        return yaml_error(key, loader->err, "key \"%s\" is given twice, first at %s", shown,
                          yaml_get(out, key->text)->key_where);
    const char *path = join_path(loader->arena, out->path, shown);
    if (!path)
        return error_memory(loader->err, "the config");
    struct yaml *value = convert(loader, pair->value, path, depth);
    if (append(out, value))
        return -1;
    value->key = key->text;
    value->key_where = key->where;
    return 0;
}

static int convert_mapping(struct loader *loader, const yaml_node_t *node, struct yaml *out, int depth)
{
    out->kind = YAML_MAPPING;
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++)
        if (convert_pair(loader, pair, out, depth))
            return -1;
    return 0;
}

static bool has_own_tag(const yaml_node_t *node)
{
    static const char *const usual[] = {
        [YAML_SCALAR_NODE] = YAML_DEFAULT_SCALAR_TAG,
        [YAML_SEQUENCE_NODE] = YAML_DEFAULT_SEQUENCE_TAG,
        [YAML_MAPPING_NODE] = YAML_DEFAULT_MAPPING_TAG,
    };
    return node->tag && strcmp((const char *)node->tag, usual[node->type]) != 0;
}

static int convert_any(struct loader *loader, int index, const yaml_node_t *node, struct yaml *out, int depth)
{
    char shown[YAML_SHOWN_MAX];
    if (loader->is_seen[index])
        return yaml_error(out, loader->err, "an alias (*) refers to this value; write it out where it is used");
    loader->is_seen[index] = 1;
    if (depth > YAML_DEPTH_MAX)
        return yaml_error(out, loader->err, "more than %d levels of lists and mappings", YAML_DEPTH_MAX);
    if (has_own_tag(node))
        return yaml_error(out, loader->err, "tag \"%s\" is not supported; leave it out",
                          text_printable((const char *)node->tag, shown, sizeof shown));
    switch (node->type) {
    case YAML_SCALAR_NODE:
        return convert_text(loader, node, out);
    case YAML_SEQUENCE_NODE:
        return convert_list(loader, node, out, depth);
    case YAML_MAPPING_NODE:
        return convert_mapping(loader, node, out, depth);
    default:
        return yaml_error(out, loader->err, "a value is missing");
    }
}

/* NULL when err is filled. */
static struct yaml *convert(struct loader *loader, int index, const char *path, int depth)
{
    const yaml_node_t *node = yaml_document_get_node(loader->document, index);
    struct yaml *out = arena_alloc(loader->arena, 1, sizeof *out);
    const char *where = place(loader, &node->start_mark);
    if (!out || !where) {
        error_memory(loader->err, "the config");
        return NULL;
    }
    *out = (struct yaml){.where = where, .path = path};
    out->line = loader->target ? loader->target->line : (int)node->start_mark.line + 1;
    out->column = loader->target ? loader->target->column : (int)node->start_mark.column + 1;
    return convert_any(loader, index, node, out, depth + 1) ? NULL : out;
}

static struct yaml *tree_of(struct loader *loader)
{
    const size_t nodes = (size_t)(loader->document->nodes.top - loader->document->nodes.start);
    if (nodes == 0) {
        error_set(loader->err, "%s: empty", loader->source);
        return NULL;
    }
    if (nodes > YAML_VALUES_MAX) {
        error_set(loader->err, "%s: more than %d values", loader->source, YAML_VALUES_MAX);
        return NULL;
    }
    loader->is_seen = arena_alloc(loader->arena, nodes + 1, 1);
    if (!loader->is_seen) {
        error_memory(loader->err, "the config");
        return NULL;
    }
    /* the root is libyaml's node 1 */
    return convert(loader, 1, loader->target ? loader->target->path : "", 0);
}

/* That nothing follows the first document. */
static int expect_end(yaml_parser_t *parser, const char *source, bool is_set, struct error *err)
{
    yaml_document_t next;
    if (!yaml_parser_load(parser, &next))
        return yaml_syntax_error(parser, source, is_set, err);
    const bool is_more = yaml_document_get_root_node(&next) != NULL;
    yaml_document_delete(&next);
    return is_more ? error_set(err, "%s: more than one document (\"---\")", source) : 0;
}

static struct yaml *parse(const char *text, size_t size, const char *source, const struct yaml *target,
                          struct arena *arena, struct error *err)
{
    yaml_parser_t parser;
    yaml_document_t document;
    struct yaml *root = NULL;
    if (yaml_check_limits(text, size, source, target != NULL, err))
        return NULL;
    if (!yaml_parser_initialize(&parser)) {
        error_memory(err, "the config");
        return NULL;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    if (!yaml_parser_load(&parser, &document)) {
        yaml_syntax_error(&parser, source, target != NULL, err);
    } else {
        struct loader loader = {&document, source, target, NULL, arena, err};
        root = tree_of(&loader);
        if (root && expect_end(&parser, source, target != NULL, err))
            root = NULL;
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return root;
}

static int read_all(const char *path, const char *shown, struct arena *arena, char **text, size_t *size,
                    struct error *err)
{
    return input_read_text(path, YAML_BYTES_MAX, arena, text, size, err)
               ? error_prefix(err, "could not open config \"%s\": ", shown)
               : 0;
}

struct yaml *yaml_read(const char *path, struct arena *arena, struct error *err)
{
    char shown[PATH_MAX], *text = NULL;
    size_t size = 0;
    text_printable(path, shown, sizeof shown);
    const char *source = arena_string(arena, shown);
    if (!source) {
        error_memory(err, "the config");
        return NULL;
    }
    return read_all(path, shown, arena, &text, &size, err) ? NULL : parse(text, size, source, NULL, arena, err);
}

const struct yaml *yaml_get(const struct yaml *mapping, const char *key)
{
    for (const struct yaml *value = mapping->first; value && mapping->kind == YAML_MAPPING; value = value->next)
        if (strcmp(value->key, key) == 0)
            return value;
    return NULL;
}

bool yaml_is_empty(const struct yaml *value)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
        if (value->kind == YAML_TEXT && !value->is_quoted && strcmp(value->text, nulls[i]) == 0)
            return true;
    return false;
}

/* -- --set --------------------------------------------------------------------------------------------------------- */

struct setting {
    const char *source; /* "--set key.path=value" */
    struct arena *arena;
    struct error *err;
};

static struct yaml *set_key(const struct setting *setting, struct yaml *parent, const char *key)
{
    struct yaml *value = (struct yaml *)yaml_get(parent, key);
    if (value)
        return value;
    value = arena_alloc(setting->arena, 1, sizeof *value);
    const char *path = join_path(setting->arena, parent->path, key);
    if (!value || !path) {
        error_memory(setting->err, "the config");
        return NULL;
    }
    *value = (struct yaml){.where = setting->source,
                           .line = parent->line,
                           .column = parent->column,
                           .path = path,
                           .text = "",
                           .key = key,
                           .key_where = setting->source};
    append(parent, value);
    return value;
}

static struct yaml *set_element(const struct setting *setting, struct yaml *list, const char *key)
{
    long long position;
    if (text_to_int(key, &position) || position < 0 || position >= list->count) {
        error_set(setting->err, "%s: \"%s\" is not a position in %s, which has %d (the first is 0)", setting->source,
                  key, list->path, list->count);
        return NULL;
    }
    struct yaml *value = list->first;
    while (position-- > 0)
        value = value->next;
    return value;
}

/* One step of the path: the value behind `key`, made if it is not there. */
static struct yaml *set_step(const struct setting *setting, struct yaml *parent, const char *key)
{
    if (parent->kind == YAML_LIST)
        return set_element(setting, parent, key);
    if (yaml_is_empty(parent))
        parent->kind = YAML_MAPPING;
    if (parent->kind == YAML_MAPPING && *key)
        return set_key(setting, parent, key);
    char shown[YAML_SHOWN_MAX];
    if (*key)
        error_set(setting->err, "%s: %s is \"%s\", which has no keys", setting->source, parent->path,
                  text_printable(parent->text, shown, sizeof shown));
    else
        error_set(setting->err, "%s: a key is empty", setting->source);
    return NULL;
}

int yaml_set(struct yaml *root, const char *assignment, struct arena *arena, struct error *err)
{
    char shown[512];
    const char *value_text = strchr(assignment, '=');
    text_printable(assignment, shown, sizeof shown);
    if (!value_text)
        return error_set(err, "--set %s: no \"=\"; write key.path=value", shown);
    const char *source = arena_format(arena, "--set %s", shown);
    char *keys = arena_format(arena, "%.*s", (int)(value_text - assignment), assignment);
    if (!source || !keys)
        return error_memory(err, "the config");
    text_printable(keys, keys, strlen(keys) + 1);

    const struct setting setting = {source, arena, err};
    struct yaml *target = root;
    for (char *key = keys, *rest; target && key; key = rest) {
        rest = strchr(key, '.');
        if (rest)
            *rest++ = 0;
        target = set_step(&setting, target, key);
    }
    if (!target)
        return -1;
    struct yaml *value = parse(value_text + 1, strlen(value_text + 1), source, target, arena, err);
    if (!value)
        return -1;
    value->next = target->next;
    value->key = target->key;
    value->key_where = target->key_where;
    *target = *value;
    return 0;
}

/* -- typed reading ------------------------------------------------------------------------------------------------- */

#define YAML_WORDS_MAX 64

int yaml_unknown(const char *where, const char *kind, const char *name, const char *of, const char *const *words,
                 int count, struct error *err)
{
    char shown[YAML_SHOWN_MAX], suggestion[YAML_SHOWN_MAX];
    return error_set(err, "%s: unknown %s \"%s\"%s%s", where, kind, text_printable(name, shown, sizeof shown), of,
                     text_suggestion(name, words, count, suggestion, sizeof suggestion));
}

static const char *name_of(const struct yaml *value)
{
    return *value->path ? value->path : "the config";
}

static int unknown_key(const struct yaml *mapping, const struct yaml *value, const struct param *rows,
                       struct error *err)
{
    const char *words[YAML_WORDS_MAX];
    char of[YAML_SHOWN_MAX];
    int count = 0;
    for (; count < YAML_WORDS_MAX && rows[count].name; count++)
        words[count] = rows[count].name;
    snprintf(of, sizeof of, " in %s", name_of(mapping));
    return yaml_unknown(value->key_where, "key", value->key, of, words, count, err);
}

static const char *kind_of(const struct yaml *value)
{
    static const char *const names[] = {[YAML_TEXT] = "text", [YAML_LIST] = "a list", [YAML_MAPPING] = "a mapping"};
    return yaml_is_empty(value) ? "empty" : names[value->kind];
}

int yaml_read_mapping(const struct yaml *mapping, const struct param *rows, void *out, struct arena *arena,
                      struct error *err)
{
    if (mapping->kind != YAML_MAPPING)
        return yaml_error(mapping, err, "%s is %s; it must be a mapping (key: value)", name_of(mapping),
                          kind_of(mapping));
    for (const struct yaml *value = mapping->first; value; value = value->next) {
        const struct param *row = param_find(rows, value->key);
        if (!row)
            return unknown_key(mapping, value, rows, err);
        if ((row->read_yaml ? row->read_yaml : yaml_read_value)(value, row, out, arena, err))
            return -1;
    }
    for (const struct param *row = rows; row->name; row++)
        if (row->is_required && !yaml_get(mapping, row->name))
            return yaml_error(mapping, err, "key \"%s\" is missing in %s", row->name, name_of(mapping));
    return 0;
}

static int wrong(const struct yaml *value, const char *allowed, struct error *err)
{
    char shown[YAML_SHOWN_MAX];
    if (value->kind != YAML_TEXT || yaml_is_empty(value))
        return yaml_error(value, err, "%s is %s; allowed: %s", name_of(value), kind_of(value), allowed);
    return yaml_error(value, err, "%s is \"%s\"%s; allowed: %s", name_of(value),
                      text_printable(value->text, shown, sizeof shown), value->is_quoted ? ", in quotes" : "", allowed);
}

static bool is_plain(const struct yaml *value)
{
    return value->kind == YAML_TEXT && !value->is_quoted;
}

int yaml_read_text(const struct yaml *value, const char **text, struct error *err)
{
    if (value->kind != YAML_TEXT || !value->text[0] || yaml_is_empty(value))
        return yaml_error(value, err, "%s is %s; it must be text", name_of(value),
                          value->kind == YAML_TEXT ? "empty" : kind_of(value));
    *text = value->text;
    return 0;
}

/* Words may be in quotes, numbers and truth values may not. */
static int read_scalar(const struct yaml *value, const struct param *row, void *out, struct error *err)
{
    char allowed[256];
    const bool is_word = row->type == PARAM_TYPE_ENUM || row->type == PARAM_TYPE_STRING;
    if ((is_word ? value->kind == YAML_TEXT : is_plain(value)) && param_store(row, value->text, out))
        return 0;
    param_allowed(row, allowed, sizeof allowed);
    return wrong(value, allowed, err);
}

static int read_strings(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                        struct error *err)
{
    const bool is_list = value->kind == YAML_LIST;
    const int count = is_list ? value->count : 1;
    const char **strings = arena_alloc(arena, (size_t)count + 1, sizeof *strings);
    if (!strings)
        return error_memory(err, "the config");
    const struct yaml *item = is_list ? value->first : value;
    for (int i = 0; i < count; i++, item = item->next)
        if (yaml_read_text(item, &strings[i], err))
            return -1;
    *(const char ***)param_field(row, out) = strings;
    *param_count(row, out) = count;
    return 0;
}

int yaml_read_value(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                    struct error *err)
{
    switch (row->type) {
    case PARAM_TYPE_TABLE:
        return yaml_read_mapping(value, row->rows, param_field(row, out), arena, err);
    case PARAM_TYPE_STRINGS:
        return read_strings(value, row, out, arena, err);
    case PARAM_TYPE_STRING:
        return row->choices ? read_scalar(value, row, out, err) : yaml_read_text(value, param_field(row, out), err);
    case PARAM_TYPE_INT:
    case PARAM_TYPE_FLOAT:
    case PARAM_TYPE_BOOL:
    case PARAM_TYPE_SEED:
    case PARAM_TYPE_ENUM:
        return read_scalar(value, row, out, err);
    default:
        return yaml_read_param(value, row, out, err);
    }
}

/* "a,b" of a list of words, as param_parse() takes it. */
static int join_names(const struct yaml *list, char *text, size_t size, struct error *err)
{
    size_t used = 0;
    text[0] = 0;
    for (const struct yaml *item = list->first; item; item = item->next) {
        if (item->kind != YAML_TEXT || !item->text[0] || strchr(item->text, ','))
            return yaml_error(item, err, "%s must be a list of names", name_of(list));
        used += (size_t)snprintf(text + used, size - used, "%s%s", used ? "," : "", item->text);
        if (used >= size)
            return yaml_error(item, err, "%s is too long", name_of(list));
    }
    return 0;
}

static int read_paths(const struct yaml *list, const struct param *param, void *out, struct error *err)
{
    param_store(param, "", out);
    for (const struct yaml *item = list->first; item; item = item->next) {
        if (item->kind != YAML_TEXT || yaml_is_empty(item) || !item->text[0])
            return yaml_error(item, err, "%s must be a list of paths", name_of(list));
        if (param_parse(param, item->text, out, err))
            return error_prefix(err, "%s: ", item->where);
    }
    return 0;
}

int yaml_read_param(const struct yaml *value, const struct param *param, void *out, struct error *err)
{
    char names[PARAM_NAMES_MAX * PARAM_TEXT_MAX], allowed[256];
    const bool is_names = param->type == PARAM_TYPE_NAMES, is_enum = param->type == PARAM_TYPE_ENUM;
    const bool is_text = param->type == PARAM_TYPE_TEXT || param->type == PARAM_TYPE_PATH ||
                         param->type == PARAM_TYPE_PATHS || param->type == PARAM_TYPE_STRING;
    const char *text = value->text;
    if (param->type == PARAM_TYPE_PATHS && value->kind == YAML_LIST)
        return read_paths(value, param, out, err);
    if (is_names && value->kind == YAML_LIST) {
        if (join_names(value, names, sizeof names, err))
            return -1;
        text = names;
    } else if (value->kind != YAML_TEXT || yaml_is_empty(value) ||
               (value->is_quoted && !is_names && !is_enum && !is_text)) {
        param_allowed(param, allowed, sizeof allowed);
        return wrong(value, allowed, err);
    }
    if (param_parse(param, text, out, err))
        return error_prefix(err, "%s: ", value->where);
    return 0;
}
