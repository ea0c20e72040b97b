// SPDX-License-Identifier: MIT
//
// The little that the tool needs from the host beside the C library. The library's own platform
// layer is not visible to clients, and the tool is one.

#ifndef CLI_HOST_H
#define CLI_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct host_thread;

// NULL when the host refuses.
struct host_thread *host_thread_start(void (*function)(void *context), void *context);

// Waits for the end of the thread and frees it.
void host_thread_join(struct host_thread *thread);

// A lock, and a place to wait for what changes under it. NULL when the host refuses.
struct host_lock;
struct host_lock *host_lock_create(void);
void host_lock_destroy(struct host_lock *lock);
void host_lock(struct host_lock *lock);
void host_unlock(struct host_lock *lock);
// With the lock held, which others may take meanwhile; may come back for nothing.
void host_lock_wait(struct host_lock *lock);
// All who wait.
void host_lock_wake(struct host_lock *lock);

// Calls the function when somebody interrupts the tool (Ctrl-C), in the middle of whatever it does:
// it may only do what a signal handler may. A second interruption ends the tool. NULL takes it
// back.
void host_on_interruption(void (*function)(void));

bool host_is_terminal(FILE *stream);

// How many rows the terminal has, 0 when that is not known.
unsigned host_terminal_rows(FILE *stream);

// Whether both go to one place, such as one pipe.
bool host_is_same_file(FILE *one, FILE *other);

// How a program ended.
struct host_ending {
    bool timed_out; // It was killed.
    bool signaled;
    int code; // The signal, or the exit code.
};

// Runs a program with these words, NULL behind the last, to its end, or for so many nanoseconds if
// that is not 0. Each line that it writes to standard output or standard error goes to `line`,
// without its end. False, with the reason, when it cannot be run.
bool host_run(char **words, int64_t timeout, void (*line)(void *context, const char *text),
              void *context, struct host_ending *ending, const char **reason);

// The path of a file that is installed with the tool, in share/zirconia beside the folder that the
// tool is in. False when there is none.
bool host_find_data(const char *name, char *path, size_t size);

// A variable of the environment, for the programs that are run.
bool host_set_variable(const char *name, const char *value);

// Makes a stream carry bytes as they are.
void host_set_binary(FILE *stream);

#endif // CLI_HOST_H
