/*
 * nn/session_share.h - inside nn/: divides work of a session among its threads, or those of its team that have none.
 */
#ifndef NN_SESSION_SHARE_H
#define NN_SESSION_SHARE_H

struct session;
struct worker;

/* Runs part `part`; `worker` belongs to the thread at hand. */
typedef void session_work(void *context, struct worker *worker, int part);

/* Threads that can be expected to take part; with 1, the parts need not be small. */
int session_hands(const struct session *session);

/* Runs parts 0..parts-1 and returns when all are finished. The session's first worker runs part 0. Not from a part. */
void session_share(struct session *session, int parts, session_work *work, void *context);

#endif
