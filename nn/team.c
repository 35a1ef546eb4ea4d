/* nn/team.c - the jobs of a team's members, and the threads that wait for one. */
#include "nn/team.h"

#include "base/clock.h"
#include "nn/layout.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* A member's place for a job. What a part needs stays until the last part is finished. */
struct job {
    _Alignas(64) pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t finished;
    atomic_int open; /* parts that nobody has taken; also read without the lock */
    int parts, unfinished;
    team_work *work;
    void *context;
    double helped; /* seconds of other members */
};

struct team {
    int members;
    struct job *jobs; /* [members] */
    pthread_mutex_t lock;
    pthread_cond_t offered;
    atomic_int working; /* members that have not called team_help() */
    atomic_int waiting; /* members that wait for a job */
};

struct team *team_create(int members, struct error *err)
{
    struct team *team = calloc(1, sizeof *team);
    struct job *jobs = aligned_alloc(_Alignof(struct job), (size_t)members * sizeof *jobs);
    if (!team || !jobs) {
        free(team);
        free(jobs);
        error_memory(err, "the threads' team");
        return NULL;
    }
    team->members = members;
    team->jobs = jobs;
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->offered, NULL);
    atomic_init(&team->working, members);
    atomic_init(&team->waiting, 0);
    for (int i = 0; i < members; i++) {
        jobs[i] = (struct job){0};
        pthread_mutex_init(&jobs[i].lock, NULL);
        pthread_cond_init(&jobs[i].finished, NULL);
        atomic_init(&jobs[i].open, 0);
    }
    return team;
}

void team_free(struct team *team)
{
    if (!team)
        return;
    for (int i = 0; i < team->members; i++) {
        pthread_mutex_destroy(&team->jobs[i].lock);
        pthread_cond_destroy(&team->jobs[i].finished);
    }
    pthread_mutex_destroy(&team->lock);
    pthread_cond_destroy(&team->offered);
    free(team->jobs);
    free(team);
}

int team_hands(const struct team *team)
{
    const int working = atomic_load(&team->working);
    return working > 0 ? 1 + divide_up(team->members - working, working) : 1;
}

/* Wakes one thread that waits; it wakes the next one if more parts are left. */
static void wake_one(struct team *team)
{
    if (atomic_load(&team->waiting) == 0)
        return;
    pthread_mutex_lock(&team->lock);
    pthread_cond_signal(&team->offered);
    pthread_mutex_unlock(&team->lock);
}

/* Takes a part; -1: none is left. */
static int take_part(struct team *team, struct job *job)
{
    pthread_mutex_lock(&job->lock);
    const int open = atomic_load(&job->open), part = open > 0 ? job->parts - open : -1;
    if (open > 0)
        atomic_store(&job->open, open - 1);
    pthread_mutex_unlock(&job->lock);
    if (open > 1)
        wake_one(team);
    return part;
}

/* -- the member whose job it is ------------------------------------------------------------------------------------- */

static void offer(struct job *job, int parts, team_work *work, void *context)
{
    pthread_mutex_lock(&job->lock);
    job->parts = job->unfinished = parts;
    job->work = work;
    job->context = context;
    job->helped = 0;
    atomic_store(&job->open, parts);
    pthread_mutex_unlock(&job->lock);
}

/* Waits for the parts that others have begun; returns the seconds that they worked, less those of waiting. */
static double finish(struct job *job, int own)
{
    const double begun = seconds_now();
    pthread_mutex_lock(&job->lock);
    job->unfinished -= own;
    while (job->unfinished > 0)
        pthread_cond_wait(&job->finished, &job->lock);
    const double helped = job->helped;
    pthread_mutex_unlock(&job->lock);
    return helped > 0 ? helped - (seconds_now() - begun) : 0;
}

double team_share(struct team *team, int member, int parts, team_work *work, void *context)
{
    struct job *job = &team->jobs[member];
    int own = 0;
    offer(job, parts, work, context);
    for (int part; (part = take_part(team, job)) >= 0; own++)
        work(context, member, part);
    return finish(job, own);
}

/* -- members that help ---------------------------------------------------------------------------------------------- */

/* The job with the most parts that nobody has taken; NULL: none. */
static struct job *largest_job(const struct team *team)
{
    struct job *largest = NULL;
    int most = 0;
    for (int i = 0; i < team->members; i++) {
        const int open = atomic_load(&team->jobs[i].open);
        largest = open > most ? &team->jobs[i] : largest;
        most = open > most ? open : most;
    }
    return largest;
}

/* Returns the seconds that it took. */
static double help_with(struct team *team, int member, struct job *job)
{
    const int part = take_part(team, job);
    if (part < 0)
        return 0;
    const double begun = seconds_now();
    job->work(job->context, member, part);
    const double seconds = seconds_now() - begun;
    pthread_mutex_lock(&job->lock);
    job->helped += seconds;
    if (--job->unfinished == 0)
        pthread_cond_signal(&job->finished);
    pthread_mutex_unlock(&job->lock);
    return seconds;
}

/*
 * A job that is offered while this thread looks for one is not missed: either it sees the job, or the thread that offers
 * sees that this one waits.
 */
static struct job *wait_for_job(struct team *team)
{
    struct job *job;
    pthread_mutex_lock(&team->lock);
    atomic_fetch_add(&team->waiting, 1);
    while (!(job = largest_job(team)) && atomic_load(&team->working) > 0)
        pthread_cond_wait(&team->offered, &team->lock);
    atomic_fetch_sub(&team->waiting, 1);
    pthread_mutex_unlock(&team->lock);
    return job;
}

double team_help(struct team *team, int member)
{
    struct job *job;
    double seconds = 0;
    pthread_mutex_lock(&team->lock);
    if (atomic_fetch_sub(&team->working, 1) == 1)
        pthread_cond_broadcast(&team->offered);
    pthread_mutex_unlock(&team->lock);
    while ((job = largest_job(team)) || (job = wait_for_job(team)))
        seconds += help_with(team, member, job);
    return seconds;
}
