/*
 * report/gnuplot.c - writing and running one gnuplot script.
 *
 * gnuplot runs in the folder of the plots with plain file names and without the user's settings. It writes
 * NAME.svg.part and NAME.png.part, which are renamed after it has succeeded. Several gnuplots run at once.
 */
#include "report/gnuplot.h"

#include "base/file.h"
#include "report/process.h"
#include "report/tasks.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 30000           /* a plot takes tenths of a second */
#define LEFT_OUT "plots left out: " /* a failure that begins so ends the plotting: gnuplot is not started again */

static const struct picture_format {
    const char *suffix;
    const char *terminal; /* format string for printf with width, height and font size */
} formats[] = {
    {"svg", "set terminal svg size %1$d,%2$d dynamic rounded font 'DejaVu Sans,%3$d' "
            "background rgb 'white' noenhanced\n"},
    {"png", "if (strstrt(GPVAL_TERMINALS, 'pngcairo') > 0) {\n"
            "    set terminal pngcairo size 2*%1$d,2*%2$d font 'DejaVu Sans,%3$d' fontscale 1.5 linewidth 2 "
            "pointscale 2 rounded noenhanced\n"
            "} else {\n"
            "    set terminal png truecolor size %1$d,%2$d font 'DejaVu Sans,9' noenhanced\n"
            "}\n"},
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

int figure_text_width(int columns)
{
    return columns * FIGURE_FONT * 66 / 100;
}

static int write_data(const struct figure *figure, const char *folder, struct error *err)
{
    struct file_writer writer;
    char name[160], path[PATH_MAX];
    snprintf(name, sizeof name, "%s.dat", figure->name);
    if (file_join(path, folder, name, err) || file_create(&writer, path, err))
        return -1;
    figure->data(writer.stream, figure->context);
    return file_commit(&writer, err);
}

static int write_script(const struct figure *figure, const char *folder, struct error *err)
{
    struct file_writer writer;
    char name[160], data[160], path[PATH_MAX];
    snprintf(name, sizeof name, "%s.gp", figure->name);
    snprintf(data, sizeof data, "%s.dat", figure->name);
    if (file_join(path, folder, name, err) || file_create(&writer, path, err))
        return -1;
    fputs("if (!exists('part')) part = ''\n", writer.stream);
    for (int i = 0; i < FORMATS; i++) {
        fputs("reset\nset encoding utf8\n", writer.stream);
        fprintf(writer.stream, formats[i].terminal, figure->width, figure->height, FIGURE_FONT);
        fprintf(writer.stream, "set output '%s.%s' . part\n", figure->name, formats[i].suffix);
        figure->commands(writer.stream, data, figure->context);
        fputs("unset output\n", writer.stream);
    }
    return file_commit(&writer, err);
}

/* Writes the path of a format's unfinished file, "FOLDER/NAME.svg.part". */
static int part_path(const char *figure, const char *folder, int format, char path[PATH_MAX], struct error *err)
{
    char name[160];
    snprintf(name, sizeof name, "%s.%s.part", figure, formats[format].suffix);
    return file_join(path, folder, name, err);
}

/* A figure of a list, and what drawing it has led to. */
struct figure_task {
    char name[128];
    const char *folder; /* lives longer than the list */
    bool is_made;
    struct error failure; /* empty: none */
};

/* Removes existing files first: one may be a symbolic link, and gnuplot would write to its target. */
static int remove_parts(const struct figure_task *task, struct error *err)
{
    char path[PATH_MAX];
    for (int i = 0; i < FORMATS; i++)
        if (part_path(task->name, task->folder, i, path, err))
            return -1;
        else if (unlink(path) && errno != ENOENT)
            return error_set(err, "could not remove \"%s\": %s", path, strerror(errno));
    return 0;
}

/*
 * Checks that the files were written, because gnuplot may exit with 0 without writing them. Returns 0, or -1 and the
 * failure.
 */
static int check_parts(const struct figure_task *task, struct error *failure)
{
    char path[PATH_MAX];
    struct stat info;
    for (int i = 0; i < FORMATS; i++) {
        if (part_path(task->name, task->folder, i, path, failure))
            return -1;
        if (lstat(path, &info) || !S_ISREG(info.st_mode) || info.st_size == 0)
            return error_set(failure, "plot \"%s\" left out: gnuplot exited with 0, but did not write the %s",
                             task->name, formats[i].suffix);
    }
    return 0;
}

/* Runs gnuplot on NAME.gp in the folder, for NAME.svg.part and .png.part; 0, or -1 and the failure. */
static int run(const struct figure_task *task, const volatile sig_atomic_t *stop, double *seconds,
               struct error *failure)
{
    char program[] = "gnuplot", defaults[] = "-d", first[] = "-e", part[] = "part = '.part'", script[160];
    snprintf(script, sizeof script, "%s.gp", task->name);
    char *const argv[] = {program, defaults, first, part, script, NULL};
    const struct process process = {argv, task->folder, PATIENCE_MS, stop, seconds};
    struct error why;
    switch (process_run(&process, &why)) {
    case PROCESS_DONE:
        return check_parts(task, failure);
    case PROCESS_MISSING:
        return error_set(failure, LEFT_OUT "could not start gnuplot: %s (package gnuplot-nox)", why.text);
    case PROCESS_HUNG:
        return error_set(failure, LEFT_OUT "gnuplot was killed at \"%s\": %s", task->name, why.text);
    default:
        return error_set(failure, "plot \"%s\" left out: gnuplot: %s", task->name, why.text);
    }
}

static int finish(const struct figure_task *task, struct error *err)
{
    char from[PATH_MAX], to[PATH_MAX];
    for (int i = 0; i < FORMATS && task->is_made; i++) {
        if (part_path(task->name, task->folder, i, from, err))
            return -1;
        memcpy(to, from, sizeof to);
        to[strlen(to) - strlen(".part")] = 0;
        if (rename(from, to))
            return error_set(err, "could not write \"%s\": %s", to, strerror(errno));
    }
    return task->is_made ? 0 : remove_parts(task, err);
}

/* -- lists ----------------------------------------------------------------------------------------------------------- */

/* A list while it is drawn. */
struct drawing {
    const struct figure_list *list;
    const volatile sig_atomic_t *stop;
    bool is_left_out; /* gnuplot is missing or hangs: it is not started again. Atomic */
};

static bool is_left_out(const struct error *failure)
{
    return strncmp(failure->text, LEFT_OUT, strlen(LEFT_OUT)) == 0;
}

static int draw(void *context, int i, double *children, struct error *err)
{
    struct drawing *drawing = context;
    struct figure_task *task = &drawing->list->tasks[i];
    if (__atomic_load_n(&drawing->is_left_out, __ATOMIC_RELAXED))
        return 0;
    task->is_made = run(task, drawing->stop, children, &task->failure) == 0;
    if (!task->is_made && is_left_out(&task->failure))
        __atomic_store_n(&drawing->is_left_out, true, __ATOMIC_RELAXED);
    return finish(task, err);
}

int figure_list_add(struct figure_list *list, const struct figure *figure, const char *folder, struct error *err)
{
    struct figure_task *tasks = realloc(list->tasks, ((size_t)list->count + 1) * sizeof *tasks);
    if (!tasks)
        return error_memory(err, "the plots");
    list->tasks = tasks;
    struct figure_task *task = &tasks[list->count++];
    *task = (struct figure_task){.folder = folder};
    snprintf(task->name, sizeof task->name, "%s", figure->name);
    return status_of(write_data(figure, folder, err) || write_script(figure, folder, err) || remove_parts(task, err));
}

void figure_list_free(struct figure_list *list)
{
    free(list->tasks);
    *list = (struct figure_list){0};
}

int figure_list_draw(const struct figure_list *list, const struct report *report, struct error *warning,
                     struct error *err)
{
    struct drawing drawing = {list, report->stop, is_left_out(warning)};
    const int status = report_run_tasks(report, list->count, report->threads, draw, &drawing, err);
    for (int i = 0; i < list->count && !warning->text[0]; i++)
        if (list->tasks[i].failure.text[0])
            *warning = list->tasks[i].failure;
    return status;
}

int figure_write(const struct figure *figure, const char *folder, struct error *warning, struct error *err)
{
    const struct report alone = {0};
    struct figure_list list = {0};
    const int status =
        status_of(figure_list_add(&list, figure, folder, err) || figure_list_draw(&list, &alone, warning, err));
    figure_list_free(&list);
    return status;
}
