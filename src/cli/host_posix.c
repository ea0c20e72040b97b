// SPDX-License-Identifier: MIT
//
// POSIX: threads and terminals.

#define _POSIX_C_SOURCE 200809L

#include "cli/host.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct host_thread {
    pthread_t native;
    void (*function)(void *context);
    void *context;
};

static void *thread_main(void *argument) {
    struct host_thread *thread = argument;
    thread->function(thread->context);
    return NULL;
}

struct host_thread *host_thread_start(void (*function)(void *context), void *context) {
    struct host_thread *thread = malloc(sizeof(*thread));
    if (!thread)
        return NULL;
    thread->function = function;
    thread->context = context;
    if (pthread_create(&thread->native, NULL, thread_main, thread) != 0) {
        free(thread);
        return NULL;
    }
    return thread;
}

void host_thread_join(struct host_thread *thread) {
    pthread_join(thread->native, NULL);
    free(thread);
}

bool host_is_terminal(FILE *stream) {
    return isatty(fileno(stream)) == 1;
}

void host_set_binary(FILE *stream) {
    (void)stream; // Streams are binary here.
}
