/*
 * nn/session_share.c - divides work among a session's threads, which OpenMP starts, or those of its team (nn/team.h).
 *
 * A part of another session's work runs in the workspace of the thread's own session: sessions of a team are made of the
 * same network, so it is large enough.
 */
#include "nn/session_share.h"

#include "base/clock.h"
#include "nn/session_private.h"
#include "nn/team.h"

#include <omp.h>
#include <stdlib.h>

struct session_team {
    struct team *team;
    int count;
    struct session *sessions[];
};

struct session_team *session_team_create(struct session *const *sessions, int count, struct error *err)
{
    struct session_team *team = malloc(sizeof *team + (size_t)count * sizeof(struct session *));
    if (!team) {
        error_memory(err, "the threads' team");
        return NULL;
    }
    team->team = team_create(count, err);
    team->count = count;
    if (!team->team) {
        free(team);
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        team->sessions[i] = sessions[i];
        sessions[i]->team = team;
        sessions[i]->member = i;
    }
    return team;
}

void session_team_free(struct session_team *team)
{
    if (!team)
        return;
    for (int i = 0; i < team->count; i++)
        team->sessions[i]->team = NULL;
    team_free(team->team);
    free(team);
}

double session_help(struct session *session)
{
    return team_help(session->team->team, session->member);
}

double session_clock(const struct session *session)
{
    return seconds_now() + session->helped_seconds;
}

int session_hands(const struct session *session)
{
    return session->team ? team_hands(session->team->team) : session->worker_count;
}

/* A job of the team. */
struct shared {
    const struct session_team *team;
    session_work *work;
    void *context;
};

static void run_part(void *context, int member, int part)
{
    const struct shared *shared = context;
    shared->work(shared->context, shared->team->sessions[member]->workers, part);
}

void session_share(struct session *session, int parts, session_work *work, void *context)
{
    if (session->team && parts > 1) {
        struct shared shared = {session->team, work, context};
        session->helped_seconds += team_share(session->team->team, session->member, parts, run_part, &shared);
        return;
    }
    const int threads = session->worker_count < parts ? session->worker_count : parts;
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threads > 1)
    for (int part = 0; part < parts; part++)
        work(context, &session->workers[omp_get_thread_num()], part);
}
