/* bench/run/sheet.c - titles and panels of an overlay sheet. */
#include "bench/run/sheet.h"

#include <stdio.h>
#include <string.h>

/* Longer names are cut, so that class and network still fit into the title. */
#define NAME_SHOWN 40

char *sheet_class(int klass, const char *name, char *out, size_t size)
{
    if (name)
        snprintf(out, size, "%s", name);
    else
        snprintf(out, size, "class %d", klass);
    return out;
}

const char *sheet_flag(enum saliency_flag flag)
{
    static const char *const texts[] = {
        [SALIENCY_FINE] = NULL, [SALIENCY_CONSTANT] = "constant map", [SALIENCY_NOT_FINITE] = "map is not finite"};
    return texts[flag];
}

/* Writes "dog.jpg: golden retriever, 87.3 % (ResNet-18)". */
static void write_title(const struct sheet *sheet, char *title, size_t size)
{
    char klass[64];
    const bool is_long = strlen(sheet->image) > NAME_SHOWN;
    int used = snprintf(title, size, "%.*s%s: ", NAME_SHOWN, sheet->image, is_long ? ".." : "");
    if (sheet->klass < 0)
        used += snprintf(title + used, size - (size_t)used, "no label");
    else
        used += snprintf(title + used, size - (size_t)used, "%s, %.1f %%",
                         sheet_class(sheet->klass, sheet->class_name, klass, sizeof klass), 100 * sheet->probability);
    snprintf(title + used, size - (size_t)used, " (%s)", sheet->backbone);
}

int sheet_write(const char *path, const struct sheet *sheet, struct overlay_panel *panels, int count, struct error *err)
{
    char title[256];
    write_title(sheet, title, sizeof title);
    panels[0].title = "image";
    return report_overlay(path,
                          &(struct overlay_sheet){.title = title,
                                                  .h = sheet->input.h,
                                                  .w = sheet->input.w,
                                                  .image = sheet->pixels,
                                                  .panel_count = count,
                                                  .panels = panels},
                          err);
}
