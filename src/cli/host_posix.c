// SPDX-License-Identifier: MIT
//
// POSIX: threads and terminals.

#define _POSIX_C_SOURCE 200809L

#include "cli/host.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
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

struct host_lock {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
};

struct host_lock *host_lock_create(void) {
    struct host_lock *lock = malloc(sizeof(*lock));
    if (!lock)
        return NULL;
    if (pthread_mutex_init(&lock->mutex, NULL) != 0) {
        free(lock);
        return NULL;
    }
    if (pthread_cond_init(&lock->changed, NULL) != 0) {
        pthread_mutex_destroy(&lock->mutex);
        free(lock);
        return NULL;
    }
    return lock;
}

void host_lock_destroy(struct host_lock *lock) {
    pthread_cond_destroy(&lock->changed);
    pthread_mutex_destroy(&lock->mutex);
    free(lock);
}

void host_lock(struct host_lock *lock) {
    pthread_mutex_lock(&lock->mutex);
}

void host_unlock(struct host_lock *lock) {
    pthread_mutex_unlock(&lock->mutex);
}

void host_lock_wait(struct host_lock *lock) {
    pthread_cond_wait(&lock->changed, &lock->mutex);
}

void host_lock_wake(struct host_lock *lock) {
    pthread_cond_broadcast(&lock->changed);
}

static void (*on_interruption)(void);

static void interrupted(int number) {
    (void)number;
    on_interruption();
}

void host_on_interruption(void (*function)(void)) {
    struct sigaction action = {.sa_flags = (int)SA_RESETHAND};
    action.sa_handler = function ? interrupted : SIG_DFL;
    on_interruption = function;
    sigaction(SIGINT, &action, NULL);
}

bool host_is_terminal(FILE *stream) {
    return isatty(fileno(stream)) == 1;
}

bool host_is_same_file(FILE *one, FILE *other) {
    struct stat first;
    struct stat second;
    return fstat(fileno(one), &first) == 0 && fstat(fileno(other), &second) == 0 &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

void host_set_binary(FILE *stream) {
    (void)stream; // Streams are binary here.
}
