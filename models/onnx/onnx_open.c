/*
 * models/onnx/onnx_open.c - opens ONNX files: the model, its nodes, attributes and declared values.
 *
 * The messages are those of onnx.proto. Each has a function that sets nanopb's callbacks and decodes it. The depth of
 * messages in messages is that of the functions, whatever a file contains; graphs in graphs are read to DEPTH_MAX.
 */
#include "base/input.h"
#include "base/text.h"
#include "models/onnx/onnx.pb.h"
#include "models/onnx/onnx_inside.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IR_VERSION_MIN 3
#define MEMORY_FACTOR 4
#define MEMORY_CONSTANT ((size_t)4 << 20)
#define DEPTH_MAX 8 /* of graphs in graphs */
#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* -- single messages ----------------------------------------------------------------------------------------------- */

/* A callback for a message, or for bytes, that is decoded once: not while lists are counted. */
struct part {
    struct onnx_reader *reader;
    bool (*decode)(struct onnx_reader *reader, pb_istream_t *input, void *to);
    void *to;
};

static bool take_part(pb_istream_t *input, const pb_field_t *field, void **arg)
{
    (void)field;
    const struct part *part = *arg;
    if (!onnx_stream_of(input))
        return onnx_fail(part->reader, "it is damaged: a number is in the place of a message");
    if (part->reader->is_counting)
        return onnx_stream_skip(input);
    return part->decode(part->reader, input, part->to);
}

static pb_callback_t callback(struct part *part)
{
    return (pb_callback_t){.funcs.decode = take_part, .arg = part};
}

static bool skip_present(struct onnx_reader *reader, pb_istream_t *input, void *is_present)
{
    (void)reader;
    *(bool *)is_present = true;
    return onnx_stream_skip(input);
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* ONNX's own domain has two spellings. */
static const char *domain_name(const char *text)
{
    return !text || strcmp(text, "ai.onnx") == 0 ? "" : text;
}

/* -- declared values ----------------------------------------------------------------------------------------------- */

static bool decode_dimension(struct onnx_reader *reader, pb_istream_t *input, void *to)
{
    (void)reader;
    onnx_pb_Dimension message = onnx_pb_Dimension_init_zero;
    struct onnx_value *value = to;
    if (!pb_decode(input, onnx_pb_Dimension_fields, &message))
        return false;
    if (value->rank < ONNX_RANK_MAX)
        value->dim[value->rank] = message.has_size && message.size > 0 ? message.size : -1;
    value->rank += value->rank <= ONNX_RANK_MAX;
    return true;
}

static bool decode_shape(struct onnx_reader *reader, pb_istream_t *input, void *to)
{
    onnx_pb_Shape message = onnx_pb_Shape_init_zero;
    struct onnx_value *value = to;
    value->rank = 0;
    message.dims = callback(&(struct part){reader, decode_dimension, value});
    if (!pb_decode(input, onnx_pb_Shape_fields, &message))
        return false;
    if (value->rank > ONNX_RANK_MAX)
        value->rank = -1;
    return true;
}

static bool decode_tensor_type(struct onnx_reader *reader, pb_istream_t *input, void *to)
{
    onnx_pb_TensorType message = onnx_pb_TensorType_init_zero;
    struct onnx_value *value = to;
    message.shape = callback(&(struct part){reader, decode_shape, value});
    if (!pb_decode(input, onnx_pb_TensorType_fields, &message))
        return false;
    value->type = (enum onnx_type)message.type;
    return true;
}

static bool decode_value_type(struct onnx_reader *reader, pb_istream_t *input, void *value)
{
    onnx_pb_ValueType message = onnx_pb_ValueType_init_zero;
    message.tensor = callback(&(struct part){reader, decode_tensor_type, value});
    return pb_decode(input, onnx_pb_ValueType_fields, &message);
}

static bool decode_value(struct onnx_reader *reader, pb_istream_t *input, void *to)
{
    onnx_pb_Value message = onnx_pb_Value_init_zero;
    struct onnx_value *value = to;
    struct onnx_text name = {reader, NULL};
    value->rank = -1;
    message.name = onnx_text_callback(&name);
    message.type = callback(&(struct part){reader, decode_value_type, value});
    if (!pb_decode(input, onnx_pb_Value_fields, &message))
        return false;
    value->name = or_empty(name.text);
    return true;
}

/* -- nodes --------------------------------------------------------------------------------------------------------- */

static bool decode_float(struct onnx_reader *reader, pb_istream_t *input, void *to)
{
    (void)reader;
    return pb_decode_fixed32(input, to);
}

static bool decode_int(struct onnx_reader *reader, pb_istream_t *input, void *to)
{
    (void)reader;
    return pb_decode_varint(input, to);
}

static bool decode_name(struct onnx_reader *reader, pb_istream_t *input, void *to)
{
    const char **name = to;
    *name = onnx_text(reader, input);
    return *name != NULL;
}

static enum onnx_attribute_type attribute_type(int number, bool has_reference)
{
    static const enum onnx_attribute_type of_number[] = {
        [1] = ONNX_ATTRIBUTE_FLOAT,  [2] = ONNX_ATTRIBUTE_INT,    [3] = ONNX_ATTRIBUTE_STRING,
        [4] = ONNX_ATTRIBUTE_TENSOR, [5] = ONNX_ATTRIBUTE_GRAPH,  [6] = ONNX_ATTRIBUTE_FLOATS,
        [7] = ONNX_ATTRIBUTE_INTS,   [10] = ONNX_ATTRIBUTE_GRAPH, /* several graphs */
    };
    const bool is_known = !has_reference && number > 0 && number < (int)LENGTH(of_number) && of_number[number];
    return is_known ? of_number[number] : ONNX_ATTRIBUTE_OTHER;
}

static bool decode_attribute_tensor(struct onnx_reader *reader, pb_istream_t *input, void *to)
{
    struct onnx_attribute *attribute = to;
    struct onnx_tensor *tensor = onnx_take(reader, 1, sizeof *tensor);
    attribute->tensor = tensor;
    return tensor && onnx_tensor_decode(reader, input, tensor);
}

static bool decode_attribute_graph(struct onnx_reader *reader, pb_istream_t *input, void *to);

static bool decode_attribute(struct onnx_reader *reader, pb_istream_t *input, void *to)
{
    onnx_pb_Attribute message = onnx_pb_Attribute_init_zero;
    struct onnx_attribute *attribute = to;
    struct onnx_text name = {reader, NULL}, text = {reader, NULL};
    struct onnx_list floats = {.reader = reader, .size = sizeof(float), .decode = decode_float, .is_numbers = true};
    struct onnx_list ints = {.reader = reader, .size = sizeof(int64_t), .decode = decode_int, .is_numbers = true};
    bool has_reference = false;
    message.name = onnx_text_callback(&name);
    message.s = onnx_text_callback(&text);
    message.floats = onnx_list_callback(&floats);
    message.ints = onnx_list_callback(&ints);
    message.tensor = callback(&(struct part){reader, decode_attribute_tensor, attribute});
    message.graph = callback(&(struct part){reader, decode_attribute_graph, attribute});
    message.reference = callback(&(struct part){reader, skip_present, &has_reference});
    if (!onnx_decode_twice(reader, input, onnx_pb_Attribute_fields, &message, (struct onnx_list *[]){&floats, &ints},
                           2))
        return false;
    attribute->name = or_empty(name.text);
    attribute->type = attribute_type(message.type, has_reference);
    attribute->f = message.f;
    attribute->i = message.i;
    attribute->s = or_empty(text.text);
    attribute->floats = floats.items;
    attribute->ints = ints.items;
    attribute->count = attribute->type == ONNX_ATTRIBUTE_FLOATS ? floats.count
                       : attribute->type == ONNX_ATTRIBUTE_INTS ? ints.count
                                                                : 0;
    if (attribute->type == ONNX_ATTRIBUTE_TENSOR && !attribute->tensor)
        return onnx_fail(reader, "attribute \"%s\" is a tensor that is missing", TEXT_SHOWN(attribute->name));
    return true;
}

static bool decode_node(struct onnx_reader *reader, pb_istream_t *input, void *to)
{
    onnx_pb_Node message = onnx_pb_Node_init_zero;
    struct onnx_node *node = to;
    struct onnx_text name = {reader, NULL}, op = {reader, NULL}, domain = {reader, NULL};
    struct onnx_list inputs = {.reader = reader, .size = sizeof(char *), .decode = decode_name};
    struct onnx_list outputs = inputs;
    struct onnx_list attributes = {.reader = reader, .size = sizeof(struct onnx_attribute), .decode = decode_attribute};
    message.name = onnx_text_callback(&name);
    message.op = onnx_text_callback(&op);
    message.domain = onnx_text_callback(&domain);
    message.inputs = onnx_list_callback(&inputs);
    message.outputs = onnx_list_callback(&outputs);
    message.attributes = onnx_list_callback(&attributes);
    if (!onnx_decode_twice(reader, input, onnx_pb_Node_fields, &message,
                           (struct onnx_list *[]){&inputs, &outputs, &attributes}, 3))
        return false;
    *node = (struct onnx_node){
        .name = or_empty(name.text),
        .op = or_empty(op.text),
        .domain = domain_name(domain.text),
        .input_count = (int)inputs.count,
        .output_count = (int)outputs.count,
        .attribute_count = (int)attributes.count,
        .inputs = inputs.items,
        .outputs = outputs.items,
        .attributes = attributes.items,
    };
    return true;
}

/* -- graph and model ----------------------------------------------------------------------------------------------- */

static bool decode_graph(struct onnx_reader *reader, pb_istream_t *input, void *to)
{
    onnx_pb_Graph message = onnx_pb_Graph_init_zero;
    struct onnx_graph *graph = to;
    struct onnx_text name = {reader, NULL};
    struct onnx_list nodes = {.reader = reader, .size = sizeof(struct onnx_node), .decode = decode_node};
    struct onnx_list tensors = {.reader = reader, .size = sizeof(struct onnx_tensor), .decode = onnx_tensor_decode};
    struct onnx_list inputs = {.reader = reader, .size = sizeof(struct onnx_value), .decode = decode_value};
    struct onnx_list outputs = inputs, values = inputs;
    bool has_sparse = false;
    if (graph->nodes)
        return onnx_fail(reader, "it is damaged: it has two graphs");
    message.name = onnx_text_callback(&name);
    message.nodes = onnx_list_callback(&nodes);
    message.tensors = onnx_list_callback(&tensors);
    message.inputs = onnx_list_callback(&inputs);
    message.outputs = onnx_list_callback(&outputs);
    message.values = onnx_list_callback(&values);
    message.sparse_tensors = callback(&(struct part){reader, skip_present, &has_sparse});
    if (!onnx_decode_twice(reader, input, onnx_pb_Graph_fields, &message,
                           (struct onnx_list *[]){&nodes, &tensors, &inputs, &outputs, &values}, 5))
        return false;
    if (has_sparse)
        return onnx_fail(reader, "it has sparse tensors, which are not supported");
    *graph = (struct onnx_graph){
        .name = or_empty(name.text),
        .node_count = (int)nodes.count,
        .tensor_count = (int)tensors.count,
        .input_count = (int)inputs.count,
        .output_count = (int)outputs.count,
        .value_count = (int)values.count,
        .nodes = nodes.items,
        .tensors = tensors.items,
        .inputs = inputs.items,
        .outputs = outputs.items,
        .values = values.items,
    };
    return true;
}

/* A graph in an attribute, as control flow has; one inside of too many others is passed over. */
static bool decode_attribute_graph(struct onnx_reader *reader, pb_istream_t *input, void *to)
{
    struct onnx_attribute *attribute = to;
    if (reader->depth == DEPTH_MAX)
        return onnx_stream_skip(input);
    struct onnx_graph *graph = onnx_take(reader, 1, sizeof *graph);
    attribute->graph = graph;
    reader->depth++;
    const bool is_read = graph && decode_graph(reader, input, graph);
    reader->depth--;
    return is_read;
}

static bool decode_operator_set(struct onnx_reader *reader, pb_istream_t *input, void *to)
{
    onnx_pb_OperatorSet message = onnx_pb_OperatorSet_init_zero;
    struct onnx_file *file = to;
    struct onnx_text domain = {reader, NULL};
    message.domain = onnx_text_callback(&domain);
    if (!pb_decode(input, onnx_pb_OperatorSet_fields, &message))
        return false;
    if (*domain_name(domain.text) == 0 && message.version > file->opset)
        file->opset = message.version;
    return true;
}

static bool decode_metadata(struct onnx_reader *reader, pb_istream_t *input, void *to)
{
    onnx_pb_Pair message = onnx_pb_Pair_init_zero;
    struct onnx_text key = {reader, NULL}, text = {reader, NULL};
    message.key = onnx_text_callback(&key);
    message.value = onnx_text_callback(&text);
    if (!pb_decode(input, onnx_pb_Pair_fields, &message))
        return false;
    *(struct onnx_metadata *)to = (struct onnx_metadata){or_empty(key.text), or_empty(text.text)};
    return true;
}

static bool decode_model(struct onnx_reader *reader, pb_istream_t *input, struct onnx_file *file)
{
    onnx_pb_Model message = onnx_pb_Model_init_zero;
    struct onnx_text producer = {reader, NULL}, version = {reader, NULL};
    struct onnx_list metadata = {.reader = reader, .size = sizeof(struct onnx_metadata), .decode = decode_metadata};
    message.producer = onnx_text_callback(&producer);
    message.producer_version = onnx_text_callback(&version);
    message.graph = callback(&(struct part){reader, decode_graph, &file->graph});
    message.operator_sets = callback(&(struct part){reader, decode_operator_set, file});
    message.metadata = onnx_list_callback(&metadata);
    if (!onnx_decode_twice(reader, input, onnx_pb_Model_fields, &message, (struct onnx_list *[]){&metadata}, 1))
        return false;
    file->ir_version = message.ir_version;
    file->producer = or_empty(producer.text);
    file->metadata = metadata.items;
    file->metadata_count = (int)metadata.count;
    if (!file->graph.nodes)
        return onnx_fail(reader, "it has no graph: it is not an ONNX model");
    if (file->ir_version < IR_VERSION_MIN)
        return onnx_fail(reader, "its IR version is %lld; %d and newer ones are supported", (long long)file->ir_version,
                         IR_VERSION_MIN);
    return true;
}

/* -- the file ------------------------------------------------------------------------------------------------------ */

static int read_model(struct onnx_state *state, struct error *err)
{
    struct onnx_reader reader = {.state = state, .err = err};
    struct onnx_stream stream;
    pb_istream_t input = onnx_stream_range(&stream, state->fd, 0, state->size);
    if (decode_model(&reader, &input, &state->file))
        return 0;
    if (!reader.has_failed)
        error_set(err, "it is damaged or not an ONNX model: byte %lld: %s", (long long)stream.at, PB_GET_ERROR(&input));
    return -1;
}

static int list_paths(struct onnx_state *state, struct error *err)
{
    state->paths = arena_alloc(&state->arena, (size_t)state->part_count, sizeof *state->paths);
    if (!state->paths)
        return error_memory(err, "an ONNX file");
    for (int i = 0; i < state->part_count; i++)
        state->paths[i] = state->parts[i].path;
    return 0;
}

static int open_model(struct onnx_state *state, const char *path, struct error *err)
{
    struct stat info;
    state->fd = input_open(path, err);
    if (state->fd < 0)
        return -1;
    if (fstat(state->fd, &info))
        return error_system(err, "%s", strerror(errno));
    state->size = info.st_size;
    state->arena.limit_bytes = MEMORY_FACTOR * (size_t)state->size + MEMORY_CONSTANT;
    state->file.path = arena_string(&state->arena, path);
    if (!state->file.path || !onnx_add_part(state, state->file.path, state->size))
        return error_memory(err, "an ONNX file");
    return status_of(read_model(state, err) || list_paths(state, err));
}

struct onnx_file *onnx_open(const char *path, struct error *err)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct onnx_state *state = arena_alloc(&arena, 1, sizeof *state);
    if (!state) {
        error_memory(err, "an ONNX file");
        return NULL;
    }
    *state = (struct onnx_state){.fd = -1, .arena = arena};
    if (open_model(state, path, err) == 0)
        return &state->file;
    error_prefix(err, "ONNX file \"%s\": ", path);
    onnx_close(&state->file);
    return NULL;
}

void onnx_close(struct onnx_file *file)
{
    if (!file)
        return;
    struct onnx_state *state = (struct onnx_state *)file;
    struct arena arena = state->arena;
    if (state->fd >= 0)
        close(state->fd);
    arena_release(&arena);
}

int onnx_paths(const struct onnx_file *file, const char *const **paths)
{
    const struct onnx_state *state = (const struct onnx_state *)file;
    *paths = state->paths;
    return state->part_count;
}

const struct onnx_attribute *onnx_attribute(const struct onnx_node *node, const char *name)
{
    for (int i = 0; i < node->attribute_count; i++)
        if (strcmp(node->attributes[i].name, name) == 0)
            return &node->attributes[i];
    return NULL;
}

/* -- recognition --------------------------------------------------------------------------------------------------- */

/* Fields of a model in any order, until its graph begins. */
static bool reaches_graph(pb_istream_t *input)
{
    enum { IR_VERSION = 1, MODEL_VERSION = 5, GRAPH = 7, FIELDS_MAX = 64 };
    pb_wire_type_t wire;
    uint32_t tag;
    bool is_end, has_version = false;
    for (int i = 0; i < FIELDS_MAX && pb_decode_tag(input, &wire, &tag, &is_end); i++) {
        const bool is_number = tag == IR_VERSION || tag == MODEL_VERSION;
        if (wire != (is_number ? PB_WT_VARINT : PB_WT_STRING))
            return false;
        if (tag == GRAPH)
            return has_version;
        has_version |= tag == IR_VERSION;
        if (!pb_skip_field(input, wire))
            return false;
    }
    return false;
}

bool onnx_looks_like(const char *path)
{
    enum { BYTES_MAX = 1 << 16 };
    struct error unused;
    struct onnx_stream stream;
    const int fd = input_open(path, &unused);
    if (fd < 0)
        return false;
    pb_istream_t input = onnx_stream_range(&stream, fd, 0, BYTES_MAX);
    const bool is_model = reaches_graph(&input);
    close(fd);
    return is_model;
}
