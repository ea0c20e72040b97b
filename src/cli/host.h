// SPDX-License-Identifier: MIT
//
// The little that the tool needs from the host beside the C library. The library's own platform
// layer is not visible to clients, and the tool is one.

#ifndef CLI_HOST_H
#define CLI_HOST_H

#include <stdbool.h>
#include <stdio.h>

struct host_thread;

// NULL when the host refuses.
struct host_thread *host_thread_start(void (*function)(void *context), void *context);

// Waits for the end of the thread and frees it.
void host_thread_join(struct host_thread *thread);

bool host_is_terminal(FILE *stream);

// Makes a stream carry bytes as they are.
void host_set_binary(FILE *stream);

#endif // CLI_HOST_H
