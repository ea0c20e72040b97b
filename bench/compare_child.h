// SPDX-License-Identifier: MIT
//
// A process that the comparison talks to by its standard input and output. Whatever goes wrong with
// it ends the comparison, so a figure stands for work that was done.

#ifndef BENCH_COMPARE_CHILD_H
#define BENCH_COMPARE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
    pid_t pid;
    int to;
    int from;
    const char *name;
};

// False when there is no such program. The list ends with NULL.
bool child_start(struct child *child, const char *const *arguments);

void child_send(struct child *child, const uint8_t *bytes, size_t size);

// The next byte of its output, or -1 at the end. Fails when none comes in two minutes.
int child_receive(struct child *child);

// Nanoseconds of processor time that it has taken until now; where the host does not tell that of a
// running process, nanoseconds of the monotonic clock.
double child_time(const struct child *child);

// Ends it at once.
void child_stop(struct child *child);

// Waits for its end, which must be a success; returns the processor time that it took in
// nanoseconds, the kernel's on its behalf included.
double child_wait(struct child *child);

#endif // BENCH_COMPARE_CHILD_H
