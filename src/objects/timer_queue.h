// SPDX-License-Identifier: MIT
//
// Deadlines of the whole library, served by one thread that starts with the first user. It is
// detached and has no state to save, so the process may end at any time.
//
// An entry lives in its user's structure, zero-filled but for `fire` before its first use. Nothing
// is allocated, so arming cannot fail once there is the thread.

#ifndef OBJECTS_TIMER_QUEUE_H
#define OBJECTS_TIMER_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

struct timer_entry {
    // On the timer thread, once an arming, without locks held. It may arm or cancel any entry, and
    // free its own. It must not wait for anything: it delays all other deadlines.
    void (*fire)(struct timer_entry *entry);

    // The queue's own: the deadline, and links of a pairing heap. `back` points at the link that
    // leads here.
    int64_t deadline;
    struct timer_entry *child;
    struct timer_entry *sibling;
    struct timer_entry **back; // NULL when the entry is not armed.
};

// Starts the thread if need be. Called before an entry is made. False when the host refuses a
// thread.
bool timer_queue_prepare(void);

// Has the entry fire at a reading of platform_monotonic(), or at once when that has passed. An
// armed entry moves.
void timer_queue_arm(struct timer_entry *entry, int64_t deadline);

// Arms an entry to fire at once, without a lock, in a signal handler too. Only one entry of the
// process may be armed in this way, and it is never cancelled.
void timer_queue_arm_at_once(struct timer_entry *entry);

// fire() neither runs nor will run once this returns, unless fire() itself is the caller. So the
// caller must hold no lock that fire() takes.
void timer_queue_cancel(struct timer_entry *entry);

#endif // OBJECTS_TIMER_QUEUE_H
