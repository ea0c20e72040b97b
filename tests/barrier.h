// SPDX-License-Identifier: MIT
//
// A place where threads wait for each other, made of what each host's pthreads have: macOS has
// neither barriers nor semaphores without a name.

#ifndef TESTS_BARRIER_H
#define TESTS_BARRIER_H

#include <pthread.h>

struct barrier {
    pthread_mutex_t lock;
    pthread_cond_t complete;
    unsigned members;
    unsigned present;
    unsigned number; // The number of the round: a thread that wakes late does not mistake the next
                     // one for it.
};

static inline void barrier_init(struct barrier *barrier, unsigned members) {
    pthread_mutex_init(&barrier->lock, NULL);
    pthread_cond_init(&barrier->complete, NULL);
    barrier->members = members;
    barrier->present = 0;
    barrier->number = 0;
}

// Nobody is inside.
static inline void barrier_destroy(struct barrier *barrier) {
    pthread_cond_destroy(&barrier->complete);
    pthread_mutex_destroy(&barrier->lock);
}

// Returns once all members have come.
static inline void barrier_wait(struct barrier *barrier) {
    pthread_mutex_lock(&barrier->lock);
    const unsigned number = barrier->number;
    if (++barrier->present == barrier->members) {
        barrier->present = 0;
        barrier->number++;
        pthread_cond_broadcast(&barrier->complete);
    }
    while (barrier->number == number) {
        pthread_cond_wait(&barrier->complete, &barrier->lock);
    }
    pthread_mutex_unlock(&barrier->lock);
}

#endif // TESTS_BARRIER_H
