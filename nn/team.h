/*
 * nn/team.h - inside nn/: threads that have no work left take parts of the work of others.
 *
 * A team has one member for each thread. A member that works offers a job of several parts with team_share() and runs
 * them itself, one after the other; members that have called team_help() take parts of it too. A member waits only for
 * parts that another one has begun.
 */
#ifndef NN_TEAM_H
#define NN_TEAM_H

#include "base/error.h"

struct team;

/* Runs part `part` of a job in the thread of member `member`. */
typedef void team_work(void *context, int member, int part);

/* All members count as working until they call team_help(). NULL and an error: no memory. */
struct team *team_create(int members, struct error *err);
void team_free(struct team *team);

/*
 * Runs parts 0..parts-1 of a job and returns when all are finished. Returns the seconds that other members have worked
 * on it, less those that this one has waited for them. A part must not call team_share() for the same member.
 */
double team_share(struct team *team, int member, int parts, team_work *work, void *context);

/* How many threads can be expected to run a job of a member that works: itself, and its share of those that help. */
int team_hands(const struct team *team);

/* Ends the member's own work: it helps others until no member works any more. Returns the seconds of its parts. */
double team_help(struct team *team, int member);

#endif
