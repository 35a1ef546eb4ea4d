/*
 * models/process_work.h - passes that another process runs: the functions of nn/foreign.h over the transport of
 * base/script.h. docs/process-networks.md has the protocol. Private to models/.
 */
#ifndef MODELS_PROCESS_WORK_H
#define MODELS_PROCESS_WORK_H

#include "models/process_declaration.h"

#include <pthread.h>

#define PROCESS_END_SECONDS 2 /* to exit after the connection was closed, before signals end it */

/* The state of such a network. Its process, which has declared it, serves the first session that needs one. */
struct process_network {
    const char *command;
    double timeout;
    struct process_declaration declared;
    const struct graph *graph; /* the names and shapes of its layers */
    pthread_mutex_t lock;      /* guards the two */
    struct script first;
    bool has_first; /* it runs and no session has taken it */
};

extern const struct foreign_work process_work; /* its state is a struct process_network, which its sessions change */

#endif
