/*
 * base/h5_child.c - the process that opens a foreign HDF5 file and may crash on it.
 *
 * It has only its socket and the file open. Its memory is limited, and filter plugins are not loaded.
 */
#include "base/h5_child.h"

#include "base/h5_driver.h"
#include "base/h5_process.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define MEMORY_BYTES ((rlim_t)4 << 30) /* more than the process had when it began */

static int answer(struct h5_child *child, const struct h5_request *request)
{
    const struct h5_item *item = &child->items[request->item];
    if (h5_open_item(child, (int)request->item))
        return -1;
    if (request->kind == H5_REQUEST_ROWS)
        return h5_send_rows(child, item, request);
    return item->type == H5_TEXT ? h5_send_texts(child, item, request) : h5_send_bytes(child, item, request);
}

static void limit_memory(void)
{
    long data = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    const bool is_known = file && fscanf(file, "%*d %*d %*d %*d %*d %ld", &data) == 1;
    if (file)
        fclose(file);
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    if (!is_known)
        return;
    struct rlimit limit;
    getrlimit(RLIMIT_DATA, &limit);
    const rlim_t wanted = (rlim_t)data * (rlim_t)sysconf(_SC_PAGESIZE) + MEMORY_BYTES;
    if (wanted < limit.rlim_cur) {
        limit.rlim_cur = wanted;
        setrlimit(RLIMIT_DATA, &limit);
    }
}

_Noreturn void h5_child_run(const char *path)
{
    limit_memory();
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5PLset_loading_state(0);
    struct h5_child child = {.open_item = -1, .half = h5_make_half()};
    const int status = h5_read_catalogue(&child, path);
    if (!status)
        h5_child_send_piece(child.items, (uint64_t)child.count * sizeof *child.items);
    h5_child_end_answer(&child, status);
    struct h5_request request;
    while (!status && h5_child_receive(&request, sizeof request))
        h5_child_end_answer(&child, answer(&child, &request));
    _exit(0);
}
