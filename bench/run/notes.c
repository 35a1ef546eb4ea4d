/* bench/run/notes.c - prints notes about a network. */
#include "bench/run/notes.h"

#include "base/text.h"

void notes_print(const char *name, const struct model_note *notes, int count, FILE *stream)
{
    for (int i = 0; i < count; i++)
        fprintf(stream, "note: %s%s%s\n", TEXT_SHOWN(name), notes[i].link, TEXT_SHOWN(notes[i].text));
}
