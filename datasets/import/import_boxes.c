/*
 * datasets/import/import_boxes.c - boxes from annotations in PASCAL VOC's XML, as ImageNet has them:
 *     <annotation> <object> <name>n01751748</name> <bndbox> <xmin>111</xmin> <ymin> <xmax> <ymax>
 *
 * Any document type is refused, so that there are no entities to expand.
 */
#include "base/text.h"
#include "datasets/import/import_tables.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <expat.h>

#define XML_BYTES_MAX ((size_t)4 << 20)
#define TEXT_MAX 256
#define BLANKS " \t\r\n"

enum part { XMIN, YMIN, XMAX, YMAX, NAME, PARTS };

static const char *const tags[PARTS] = {"xmin", "ymin", "xmax", "ymax", "name"};

struct reader {
    XML_Parser parser;
    struct arena *arena;
    struct import_boxes *boxes;
    struct error *err; /* why it was stopped */
    bool is_stopped;
    int file, depth, object;           /* object: depth of the <object> that is open, 0 none */
    const char *id, *class_name;       /* those of the file's class; NULL: all objects count */
    char text[PARTS][TEXT_MAX], *part; /* of the open object; the one that is open */
};

int import_add_box(struct import_boxes *boxes, const struct import_box *box, struct arena *arena, struct error *err)
{
    if (boxes->count == INT_MAX)
        return error_set(err, "more than %d boxes", INT_MAX);
    boxes->rows = import_make_room(boxes->rows, boxes->count, sizeof *boxes->rows, arena);
    if (!boxes->rows)
        return error_memory(err, "a list of boxes");
    boxes->rows[boxes->count++] = *box;
    return 0;
}

static void stop(struct reader *reader)
{
    reader->is_stopped = true;
    XML_StopParser(reader->parser, XML_FALSE);
}

static void refuse_doctype(void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public, int has)
{
    struct reader *reader = context;
    (void)name, (void)system, (void)public, (void)has;
    error_set(reader->err, "it declares a document type, which annotations do not have");
    stop(reader);
}

static void open_tag(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *reader = context;
    (void)attributes;
    reader->depth++;
    reader->part = NULL;
    if (!reader->object && strcmp(name, "object") == 0) {
        reader->object = reader->depth;
        memset(reader->text, 0, sizeof reader->text);
    }
    /* <object><name> and <object><bndbox><xmin>; an object's <part> has a name of its own, deeper */
    for (int k = 0; k < PARTS && reader->object; k++)
        if (reader->depth == reader->object + (k == NAME ? 1 : 2) && strcmp(name, tags[k]) == 0)
            reader->part = reader->text[k];
}

static void take_text(void *context, const XML_Char *text, int length)
{
    struct reader *reader = context;
    for (int i = 0; reader->part && i < length; i++) {
        const size_t used = strlen(reader->part);
        if (used + 1 < TEXT_MAX && text[i] && (used || !strchr(BLANKS, text[i])))
            reader->part[used] = text[i];
    }
}

static void take_object(struct reader *reader)
{
    long long corner[4];
    const char *name = reader->text[NAME];
    if (reader->id && strcmp(name, reader->id) != 0 && strcmp(name, reader->class_name) != 0)
        return;
    for (int k = 0; k < 4; k++) {
        double value;
        if (text_to_double(reader->text[k], &value) || value < INT_MIN || value >= INT_MAX) {
            error_set(reader->err, "an object's <%s> is not a number", tags[k]);
            stop(reader);
            return;
        }
        corner[k] = (long long)value;
    }
    const struct import_box box = {reader->file, corner[XMIN], corner[YMIN], corner[XMAX] + 1, corner[YMAX] + 1};
    if (import_add_box(reader->boxes, &box, reader->arena, reader->err))
        stop(reader);
}

static void close_tag(void *context, const XML_Char *name)
{
    struct reader *reader = context;
    (void)name;
    for (size_t used = reader->part ? strlen(reader->part) : 0; used && strchr(BLANKS, reader->part[used - 1]);)
        reader->part[--used] = 0;
    reader->part = NULL;
    if (reader->depth == reader->object) {
        take_object(reader);
        reader->object = 0;
    }
    reader->depth--;
}

/* Expat 2.9 deprecates the function that older ones have. */
static unsigned long current_line(XML_Parser parser)
{
#if XML_MAJOR_VERSION > 2 || (XML_MAJOR_VERSION == 2 && XML_MINOR_VERSION >= 9)
    return (unsigned long)XML_GetCurrentLineNumber64(parser);
#else
    return (unsigned long)XML_GetCurrentLineNumber(parser);
#endif
}

static int parse(struct reader *reader, const char *bytes, size_t size)
{
    reader->parser = XML_ParserCreate(NULL);
    if (!reader->parser)
        return error_memory(reader->err, "an annotation");
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, open_tag, close_tag);
    XML_SetCharacterDataHandler(reader->parser, take_text);
    XML_SetStartDoctypeDeclHandler(reader->parser, refuse_doctype);
    const bool is_fine = XML_Parse(reader->parser, bytes, (int)size, 1) == XML_STATUS_OK;
    if (!is_fine && !reader->is_stopped)
        error_set(reader->err, "line %lu: %s", current_line(reader->parser),
                  XML_ErrorString(XML_GetErrorCode(reader->parser)));
    XML_ParserFree(reader->parser);
    return is_fine && !reader->is_stopped ? 0 : -1;
}

/* NULL: neither FOLDER/NAME.xml nor FOLDER/ID/NAME.xml is there. */
static const char *find_xml(const char *folder, const char *id, const char *path, struct arena *arena)
{
    struct stat info;
    const char *stem = import_stem(path, arena);
    const char *flat = stem ? arena_format(arena, "%s/%s.xml", folder, stem) : NULL;
    if (flat && stat(flat, &info) == 0)
        return flat;
    const char *inside = flat && id && id[0] ? arena_format(arena, "%s/%s/%s.xml", folder, id, stem) : NULL;
    return inside && stat(inside, &info) == 0 ? inside : NULL;
}

int import_boxes_of_xml(const char *folder, const struct import_files *files, int file, struct arena *arena,
                        struct import_boxes *boxes, struct error *err)
{
    const int label = files->files[file].label;
    struct reader reader = {.arena = arena, .boxes = boxes, .err = err, .file = file};
    if (label >= 0 && label < files->class_count) {
        reader.id = files->class_ids[label];
        reader.class_name = files->class_names[label];
    }
    struct arena scratch;
    arena_init(&scratch, 0);
    char *bytes;
    size_t size;
    const char *path = find_xml(folder, reader.id, files->files[file].path, &scratch);
    int status = 0;
    if (path && (import_read_file(path, XML_BYTES_MAX, &scratch, &bytes, &size, err) || parse(&reader, bytes, size)))
        status = error_prefix(err, "\"%s\": ", path);
    arena_release(&scratch);
    return status;
}
