/* bench/config/config_keys.c - the keys of a config, for people. */
#include "bench/config/config_keys.h"

#include "bench/config/config_lists.h"
#include "bench/config/config_rows.h"

#include <stdio.h>

struct config_keys config_keys_below(const struct param *row)
{
    if (!row)
        return (struct config_keys){.rows = config_rows};
    if (row->type == PARAM_TYPE_LIST && row->more) {
        const struct config_list *list = row->more;
        return (struct config_keys){list->rows, list->preset_rows};
    }
    return (struct config_keys){.rows = row->rows};
}

void config_key_default(const struct param *row, char *text, size_t size)
{
    if (row->is_required || row->usual)
        snprintf(text, size, "%s", row->is_required ? "required" : row->usual);
    else if (row->type == PARAM_TYPE_TABLE)
        text[0] = 0;
    else
        param_format_default(row, text, size);
}
