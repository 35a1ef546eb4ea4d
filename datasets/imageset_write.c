/* datasets/imageset_write.c - writing an image set: first what is known of all files, then the files one by one. */
#include "base/h5.h"
#include "datasets/imageset.h"

#include <stdlib.h>
#include <string.h>

struct imageset_writer {
    struct h5_writer *file;
    uint64_t *offset; /* (count + 1) */
    int count, written;
};

static int write_root(struct h5_writer *file, const struct imageset_description *description, struct error *err)
{
    static const char *const format = "cambench-imageset";
    static const int32_t version = 1;
    return h5_write_texts(file, "@format", &format, 1, err) ||
           h5_write(file, "@version", H5_INT32, 0, NULL, &version, err) ||
           h5_write_texts(file, "@source", &description->source, 1, err) ||
           h5_write_texts(file, "@created_by", &description->created_by, 1, err);
}

static int write_names(struct h5_writer *file, const struct imageset_description *description, struct error *err)
{
    const char **names = calloc((size_t)description->count + 1, sizeof *names);
    if (!names)
        return error_memory(err, "the names of an image set");
    for (int i = 0; i < description->count; i++)
        names[i] = description->entries[i].name;
    const int status = h5_write_texts(file, "/name", names, (uint64_t)description->count, err);
    free(names);
    return status;
}

static int write_labels(struct h5_writer *file, const struct imageset_description *description, struct error *err)
{
    int32_t *labels = calloc((size_t)description->count + 1, sizeof *labels);
    if (!labels)
        return error_memory(err, "the labels of an image set");
    for (int i = 0; i < description->count; i++)
        labels[i] = description->entries[i].label;
    const uint64_t dim = (uint64_t)description->count;
    const int status = h5_write(file, "/label", H5_INT32, 1, &dim, labels, err);
    free(labels);
    return status;
}

static int write_classes(struct h5_writer *file, const struct imageset_description *description, struct error *err)
{
    const uint64_t count = (uint64_t)description->class_count;
    if (count == 0)
        return 0;
    if (h5_write_texts(file, "/class/name", description->class_names, count, err))
        return -1;
    return description->class_ids ? h5_write_texts(file, "/class/id", description->class_ids, count, err) : 0;
}

static int write_boxes(struct h5_writer *file, const struct imageset_description *description, struct error *err)
{
    const uint64_t dim[] = {(uint64_t)description->box_count, 5};
    return description->box_count ? h5_write(file, "/box", H5_INT32, 2, dim, description->boxes, err) : 0;
}

static int write_offsets(struct imageset_writer *writer, const struct imageset_description *description,
                         struct error *err)
{
    const uint64_t dim = (uint64_t)writer->count + 1;
    for (int i = 0; i < writer->count; i++)
        if (__builtin_add_overflow(writer->offset[i], description->entries[i].bytes, &writer->offset[i + 1]))
            return error_set(err, "the files are too large together");
    if (h5_write(writer->file, "/jpeg/offset", H5_UINT64, 1, &dim, writer->offset, err))
        return -1;
    return h5_define(writer->file, "/jpeg/data", H5_UINT8, 1, &writer->offset[writer->count], err);
}

static int write_description(struct imageset_writer *writer, const struct imageset_description *description,
                             struct error *err)
{
    return write_root(writer->file, description, err) || write_names(writer->file, description, err) ||
           write_labels(writer->file, description, err) || write_classes(writer->file, description, err) ||
           write_boxes(writer->file, description, err) || write_offsets(writer, description, err);
}

struct imageset_writer *imageset_create(const char *path, const struct imageset_description *description,
                                        struct error *err)
{
    struct imageset_writer *writer = calloc(1, sizeof *writer);
    uint64_t *offset = calloc((size_t)description->count + 1, sizeof *offset);
    if (!writer || !offset) {
        free(writer);
        free(offset);
        error_memory(err, "an image set");
        return NULL;
    }
    writer->file = h5_create(path, err);
    writer->offset = offset;
    writer->count = description->count;
    if (writer->file && !write_description(writer, description, err))
        return writer;
    imageset_abandon(writer);
    return NULL;
}

int imageset_write_file(struct imageset_writer *writer, const void *bytes, size_t size, struct error *err)
{
    const int i = writer->written;
    if (i == writer->count)
        return error_set(err, "file %d of %d files of an image set", i + 1, writer->count);
    if (writer->offset[i + 1] - writer->offset[i] != size)
        return error_set(err, "has %zu bytes now and had %llu before", size,
                         (unsigned long long)(writer->offset[i + 1] - writer->offset[i]));
    writer->written++;
    return h5_write_rows(writer->file, "/jpeg/data", writer->offset[i], size, bytes, err);
}

static void free_writer(struct imageset_writer *writer)
{
    free(writer->offset);
    free(writer);
}

int imageset_commit(struct imageset_writer *writer, struct error *err)
{
    if (writer->written != writer->count) {
        error_set(err, "%d of %d files of an image set were written", writer->written, writer->count);
        imageset_abandon(writer);
        return -1;
    }
    const int status = h5_commit(writer->file, err);
    free_writer(writer);
    return status;
}

void imageset_abandon(struct imageset_writer *writer)
{
    if (!writer)
        return;
    h5_abandon(writer->file);
    free_writer(writer);
}
