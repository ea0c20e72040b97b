// SPDX-License-Identifier: MIT
//
// Who holds and who waits for which lock, for a watchdog that finds that nothing moves. Recorded in
// POSIX builds with ZIRCONIA_RECORD_LOCKS, as debug and sanitizer builds are; elsewhere the report
// says that there is none and locks cost what the host's cost.

#ifndef PLATFORM_LOCK_REPORT_H
#define PLATFORM_LOCK_REPORT_H

#include <stdio.h>

// A line for each lock that a thread holds, waits for, or gave up to sleep on a condition. Takes no
// lock, so what others do meanwhile may be half in it. `thread` is the host's number of a thread,
// which pthread_self() is.
void platform_report_locks(FILE *out);

// --- For the locks themselves ---

enum lock_record_state {
    LOCK_RECORD_FREE,
    LOCK_RECORD_CLAIMED, // Being filled in.
    LOCK_RECORD_WAITS,
    LOCK_RECORD_HOLDS,
    LOCK_RECORD_SLEEPS,
};

struct lock_record;

// The calling thread is about to wait for a lock. NULL when there are too many records. `where` is
// a literal. No order between threads comes of this, or a race would hide behind it.
struct lock_record *lock_record_begin(const void *lock, const char *where, unsigned long thread);
void lock_record_set(struct lock_record *record, enum lock_record_state state);
void lock_record_end(struct lock_record *record);

#endif // PLATFORM_LOCK_REPORT_H
