/*
 * tests/bench/test_map_files.c - Grad-CAM's maps through files: with maps of the exported inputs, each metric has the value
 * it has for Grad-CAM itself.
 */
#include "tests/bench/small_run.h"

#include "base/h5.h"
#include "bench/run/export.h"

#include <math.h>

#define METRICS \
    "metrics: [average_drop, complexity, coherency, {name: max_sensitivity, params: {samples: 2}}, random_logit]\n" \
    "class: predicted\nprotocol: [cambench, {preset: reciprocam2024, label: theirs}]\n"
#define REPORT "report: {plots: false, overlays: 0, bootstrap: 0, maps: %s}\n"
#define PLANE ((size_t)SMALL_SIDE * SMALL_SIDE)

static void run_with(struct small_run *s, const char *output, const char *list, bool maps)
{
    char keys[1024];
    snprintf(s->output, sizeof s->output, "%s/%s", s->folder, output);
    snprintf(keys, sizeof keys, "%s" METRICS REPORT, list, maps ? "true" : "false");
    const int code = small_execute(s, keys, (struct run_flags){0});
    if (code)
        fail_msg("%s: %d: %s", output, code, s->err.text);
}

/* The lines of per_image.csv of a method, without the method; in static memory of `slot`. */
static const char *lines_of(const struct small_run *s, const char *method, int slot)
{
    static char texts[2][1 << 15];
    char path[160], line[512], begin[64], *text = texts[slot];
    snprintf(path, sizeof path, "%s/per_image.csv", s->output);
    snprintf(begin, sizeof begin, "resnet18,%s,", method);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    *text = '\0';
    while (fgets(line, sizeof line, file))
        if (strncmp(line, begin, strlen(begin)) == 0)
            strcat(text, line + strlen(begin));
    fclose(file);
    return text;
}

/* Grad-CAM's maps of one group of inputs, written where method `maps` looks for them. */
static void explain_group(struct small_run *s, struct cam_worker *worker, struct h5 *inputs, const char *input,
                          struct h5_writer *writer)
{
    static float x[3 * PLANE], maps[3 * 64];
    char path[H5_PATH_MAX], *names;
    int32_t classes[3];
    const int length = (int)(strrchr(input, '/') - input);
    struct arena arena;
    struct config_method gradcam;
    arena_init(&arena, 0);
    small_must(s, config_default_method("", "gradcam", &arena, &gradcam, &s->err));
    snprintf(path, sizeof path, "%.*s/class", length, input);
    small_must(s, h5_read(inputs, h5_find(inputs, path), 0, 3, H5_INT32, classes, &s->err));
    uint64_t dim[] = {3, 0, 0};
    for (int i = 0; i < 3; i++) {
        struct cam_map map;
        const struct cam_setup setup = {.worker = worker, .arena = &arena, .input = x, .seed = 1, .image_name = ""};
        small_must(s, h5_read(inputs, h5_find(inputs, input), (uint64_t)i, 1, H5_FLOAT32, x, &s->err));
        struct cam_pass *pass = cam_pass_run(&setup, &s->err);
        small_must(s, pass ? 0 : -1);
        cam_pass_set_class(pass, classes[i]);
        small_must(s, cam_explain(pass, gradcam.method, gradcam.params, 0, "", &map, &s->err));
        dim[1] = (uint64_t)map.form.h;
        dim[2] = (uint64_t)map.form.w;
        memcpy(maps + i * map.form.h * map.form.w, map.data, (size_t)map.form.h * (size_t)map.form.w * sizeof *maps);
    }
    snprintf(path, sizeof path, "%.*s/map", length, input);
    small_must(s, h5_write(writer, path, H5_FLOAT32, 3, dim, maps, &s->err));
    snprintf(path, sizeof path, "%.*s/name", length, input);
    small_must(s, h5_read_texts(inputs, h5_find(inputs, path), &names, NULL, &s->err));
    const char *list[3] = {names, names + strlen(names) + 1, NULL};
    list[2] = list[1] + strlen(list[1]) + 1;
    small_must(s, h5_write_texts(writer, path, list, 3, &s->err));
    free(names);
    arena_release(&arena);
}

/* What another program does with the exported inputs. Returns the number of groups. */
static int explain_inputs(struct small_run *s, const char *inputs_path, const char *maps_path)
{
    struct network *network = run_backbone_load(&s->run.backbones[0], NULL, &s->err);
    small_must(s, network ? 0 : -1);
    struct cam_worker worker = {.session = session_create(network, 1, &s->err)};
    struct h5 *inputs = h5_open(inputs_path, "inputs", &s->err);
    struct h5_writer *writer = h5_create(maps_path, &s->err);
    small_must(s, inputs && writer && worker.session ? 0 : -1);
    int groups = 0;
    for (int i = 0; i < h5_count(inputs); i++)
        if (h5_item(inputs, i)->rank == 4) {
            explain_group(s, &worker, inputs, h5_item(inputs, i)->path, writer);
            groups++;
        }
    small_must(s, h5_commit(writer, &s->err));
    h5_close(inputs);
    cam_worker_release(&worker);
    session_free(worker.session);
    network_free(network);
    return groups;
}

TEST(maps_through_files_have_the_values_of_the_method_that_made_them)
{
    struct small_run s;
    char list[512], inputs[128], explained[128], keys[1024];
    struct export_count count;
    small_begin(&s);
    snprintf(inputs, sizeof inputs, "%s/inputs.h5", s.folder);
    snprintf(explained, sizeof explained, "%s/explained.h5", s.folder);
    run_with(&s, "own", "methods: [gradcam]\n", true);

    snprintf(list, sizeof list,
             "methods: [gradcam, {name: maps, label: file, params: {file: %s/own/maps.h5, method: gradcam}}]\n",
             s.folder);
    run_with(&s, "first", list, false);
    assert_non_null(strstr(lines_of(&s, "file", 0), "coherency,,original_only"));
    assert_non_null(strstr(lines_of(&s, "file", 0), "max_sensitivity,,original_only"));

    snprintf(keys, sizeof keys, "%s" METRICS, list);
    small_open(&s, keys);
    small_must(&s, export_explanations(&s.run, &(struct export_options){.path = inputs}, &count, &s.err));
    assert_int_equal(count.groups, 2 * (1 + 1 + 2 + 1)); /* protocols: x, x*m, two noisy inputs, another class */
    assert_int_equal(count.images, 3);
    assert_int_equal(explain_inputs(&s, inputs, explained), count.groups);
    run_close(&s.run);

    snprintf(
        list, sizeof list,
        "methods: [gradcam, {name: maps, label: file, params: {file: %s/own/maps.h5, method: gradcam, explained: %s}}]\n",
        s.folder, explained);
    run_with(&s, "second", list, false);
    assert_string_equal(lines_of(&s, "file", 0), lines_of(&s, "gradcam", 1));
    small_end(&s);
}
