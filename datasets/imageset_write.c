/* datasets/imageset_write.c - writes an image set: first the lists about all files, then the files one by one. */
#include "base/h5.h"
#include "datasets/imageset.h"

#include <stdlib.h>
#include <string.h>

/* Files of one kind (pictures or masks), stored one after the other in a dataset. */
struct part {
    const char *data, *offsets; /* paths of the two datasets */
    uint64_t *offset;           /* (count + 1) */
    int written;
};

struct imageset_writer {
    struct h5_writer *file;
    int count;
    bool has_masks;
    struct part files, masks;
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

/* part->offset[i + 1] holds the size of file i. */
static int write_offsets(struct imageset_writer *writer, const struct part *part, struct error *err)
{
    const uint64_t dim = (uint64_t)writer->count + 1;
    for (int i = 0; i < writer->count; i++)
        if (__builtin_add_overflow(part->offset[i], part->offset[i + 1], &part->offset[i + 1]))
            return error_set(err, "the files are too large together");
    return h5_write(writer->file, part->offsets, H5_UINT64, 1, &dim, part->offset, err) ||
           h5_define(writer->file, part->data, H5_UINT8, 1, &part->offset[writer->count], err);
}

static int write_parts(struct imageset_writer *writer, const struct imageset_description *description,
                       struct error *err)
{
    for (int i = 0; i < writer->count; i++) {
        writer->files.offset[i + 1] = description->entries[i].bytes;
        writer->masks.offset[i + 1] = description->entries[i].mask_bytes;
        writer->has_masks |= description->entries[i].mask_bytes > 0;
    }
    if (write_offsets(writer, &writer->files, err))
        return -1;
    return writer->has_masks ? write_offsets(writer, &writer->masks, err) : 0;
}

static int write_description(struct imageset_writer *writer, const struct imageset_description *description,
                             struct error *err)
{
    return write_root(writer->file, description, err) || write_names(writer->file, description, err) ||
           write_labels(writer->file, description, err) || write_classes(writer->file, description, err) ||
           imageset_write_boxes(writer, description->boxes, description->box_count, err) ||
           write_parts(writer, description, err);
}

static void free_writer(struct imageset_writer *writer)
{
    free(writer->files.offset);
    free(writer->masks.offset);
    free(writer);
}

static struct imageset_writer *make_writer(int count)
{
    struct imageset_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return NULL;
    writer->count = count;
    writer->files = (struct part){.data = "/jpeg/data", .offsets = "/jpeg/offset"};
    writer->masks = (struct part){.data = "/mask/data", .offsets = "/mask/offset"};
    writer->files.offset = calloc((size_t)count + 1, sizeof(uint64_t));
    writer->masks.offset = calloc((size_t)count + 1, sizeof(uint64_t));
    if (writer->files.offset && writer->masks.offset)
        return writer;
    free_writer(writer);
    return NULL;
}

struct imageset_writer *imageset_create(const char *path, const struct imageset_description *description,
                                        struct error *err)
{
    struct imageset_writer *writer = make_writer(description->count);
    if (!writer) {
        error_memory(err, "an image set");
        return NULL;
    }
    writer->file = h5_create(path, err);
    if (writer->file && !write_description(writer, description, err))
        return writer;
    imageset_abandon(writer);
    return NULL;
}

static int write_at(struct imageset_writer *writer, struct part *part, int i, const void *bytes, size_t size,
                    struct error *err)
{
    if (i < 0 || i >= writer->count)
        return error_set(err, "file %d of an image set of %d files", i + 1, writer->count);
    if (part->offset[i + 1] - part->offset[i] != size)
        return error_set(err, "has %zu bytes now and had %llu before", size,
                         (unsigned long long)(part->offset[i + 1] - part->offset[i]));
    part->written++;
    return size ? h5_write_rows(writer->file, part->data, part->offset[i], size, bytes, err) : 0;
}

int imageset_write_file(struct imageset_writer *writer, const void *bytes, size_t size, struct error *err)
{
    return write_at(writer, &writer->files, writer->files.written, bytes, size, err);
}

int imageset_write_file_at(struct imageset_writer *writer, int i, const void *bytes, size_t size, struct error *err)
{
    return write_at(writer, &writer->files, i, bytes, size, err);
}

int imageset_write_mask(struct imageset_writer *writer, const void *bytes, size_t size, struct error *err)
{
    return write_at(writer, &writer->masks, writer->masks.written, bytes, size, err);
}

int imageset_write_boxes(struct imageset_writer *writer, const int32_t (*boxes)[5], int count, struct error *err)
{
    const uint64_t dim[] = {(uint64_t)count, 5};
    return count ? h5_write(writer->file, "/box", H5_INT32, 2, dim, boxes, err) : 0;
}

int imageset_commit(struct imageset_writer *writer, struct error *err)
{
    if (writer->files.written != writer->count || (writer->has_masks && writer->masks.written != writer->count)) {
        error_set(err, "%d of %d files of an image set were written", writer->files.written, writer->count);
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
