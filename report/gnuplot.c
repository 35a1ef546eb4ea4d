/*
 * report/gnuplot.c - writing and running one gnuplot script.
 *
 * gnuplot starts in the folder of the plots with plain file names, reads no settings of the user, and writes beside the
 * final names, which appear only when it has succeeded.
 */
#define _GNU_SOURCE /* posix_spawn_file_actions_addchdir_np */
#include "report/gnuplot.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct picture_format {
    const char *suffix;
    const char *terminal; /* a format that gets width, height and size of the font */
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

/* The last line of what gnuplot said, as text for one line; the file goes. */
static void read_log(const char *path, char *text, size_t size)
{
    char raw[512] = "", line[512];
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (line[strspn(line, " \t\n")])
            memcpy(raw, line, sizeof raw);
    raw[strcspn(raw, "\n")] = 0;
    if (file)
        fclose(file);
    unlink(path);
    text_printable(raw, text, size);
}

/* Runs gnuplot on NAME.gp in the folder, for NAME.svg.part and .png.part; 0, or -1 and the warning. */
static int run(const struct figure *figure, const char *folder, struct error *warning)
{
    char program[] = "gnuplot", defaults[] = "-d", first[] = "-e", part[] = "part = '.part'";
    char script[160], log[160], path[PATH_MAX], said[256];
    snprintf(script, sizeof script, "%s.gp", figure->name);
    snprintf(log, sizeof log, "%s.log", figure->name);
    if (file_join(path, folder, log, warning))
        return -1;
    char *const argv[] = {program, defaults, first, part, script, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    if (posix_spawn_file_actions_init(&actions))
        return error_memory(warning, "starting gnuplot");
    int failed = posix_spawn_file_actions_addchdir_np(&actions, folder);
    failed = failed ? failed : posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    failed = failed ? failed : posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    failed = failed ? failed : posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    failed = failed ? failed : posix_spawnp(&child, "gnuplot", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed) {
        unlink(path);
        return error_set(warning, "plots left out: could not start gnuplot: %s (package gnuplot-nox)",
                         strerror(failed));
    }
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return error_set(warning, "plot \"%s\" left out: %s", figure->name, strerror(errno));
    read_log(path, said, sizeof said);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return error_set(warning, "plot \"%s\" left out: gnuplot failed: %s", figure->name, said);
}

static int finish(const struct figure *figure, const char *folder, bool is_made, struct error *err)
{
    for (int i = 0; i < FORMATS; i++) {
        char name[160], from[PATH_MAX], to[PATH_MAX];
        snprintf(name, sizeof name, "%s.%s.part", figure->name, formats[i].suffix);
        if (file_join(from, folder, name, err))
            return -1;
        memcpy(to, from, sizeof to);
        to[strlen(to) - strlen(".part")] = 0;
        if (is_made && rename(from, to))
            return error_set(err, "could not write \"%s\": %s", to, strerror(errno));
        if (!is_made)
            unlink(from);
    }
    return 0;
}

int figure_write(const struct figure *figure, const char *folder, struct error *warning, struct error *err)
{
    if (write_data(figure, folder, err) || write_script(figure, folder, err))
        return -1;
    struct error failure;
    const bool is_made = run(figure, folder, &failure) == 0;
    if (!is_made && !warning->text[0])
        *warning = failure;
    return finish(figure, folder, is_made, err);
}
