// SPDX-License-Identifier: MIT
//
// Locks, time, thread slots and randomness of POSIX systems. Memory is in posix_memory.c, the copy
// that survives bad pointers in posix_copy.c.

#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include "platform/check.h"
#include "platform/lock_report.h"
#include "platform/platform.h"
#include "platform/threads.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__APPLE__)
#include <sys/random.h>
#elif defined(__linux__)
#include <sys/prctl.h>
#endif

enum { NANOSECONDS = 1000000000 };

void platform_mutex_init(struct platform_mutex *mutex, enum lock_rank rank) {
    pthread_mutex_init(&mutex->native, NULL);
#ifdef ZIRCONIA_RECORD_LOCKS
    mutex->rank = rank;
    mutex->record = NULL;
#else
    (void)rank;
#endif
}

#ifdef ZIRCONIA_RECORD_LOCKS

void platform_mutex_destroy(struct platform_mutex *mutex) {
    CHECK(mutex->record == NULL);
    pthread_mutex_destroy(&mutex->native);
}

void platform_mutex_lock_at(struct platform_mutex *mutex,
                            const char *where) NO_THREAD_SAFETY_ANALYSIS {
    lock_order_check(mutex->rank, where);
    struct lock_record *record = lock_record_begin(mutex, where, (unsigned long)pthread_self());
    pthread_mutex_lock(&mutex->native);
    lock_record_set(record, LOCK_RECORD_HOLDS);
    mutex->record = record;
    lock_order_push(mutex, mutex->rank, where);
}

void platform_mutex_unlock(struct platform_mutex *mutex) NO_THREAD_SAFETY_ANALYSIS {
    lock_order_pop(mutex);
    lock_record_end(mutex->record);
    mutex->record = NULL;
    pthread_mutex_unlock(&mutex->native);
}

static struct lock_record *begin_sleep(const struct platform_mutex *mutex) {
    lock_record_set(mutex->record, LOCK_RECORD_SLEEPS);
    return mutex->record;
}

static void end_sleep(struct platform_mutex *mutex, struct lock_record *record) {
    lock_record_set(record, LOCK_RECORD_HOLDS);
    mutex->record = record;
}

#else

void platform_mutex_destroy(struct platform_mutex *mutex) {
    pthread_mutex_destroy(&mutex->native);
}

void platform_mutex_lock(struct platform_mutex *mutex) NO_THREAD_SAFETY_ANALYSIS {
    pthread_mutex_lock(&mutex->native);
}

void platform_mutex_unlock(struct platform_mutex *mutex) NO_THREAD_SAFETY_ANALYSIS {
    pthread_mutex_unlock(&mutex->native);
}

static struct lock_record *begin_sleep(const struct platform_mutex *mutex) {
    (void)mutex;
    return NULL;
}

static void end_sleep(struct platform_mutex *mutex, struct lock_record *record) {
    (void)mutex;
    (void)record;
}

#endif

void platform_condition_init(struct platform_condition *condition) {
#if defined(__APPLE__)
    // Waits there are given the time that is left, so no clock needs to be chosen.
    pthread_cond_init(&condition->native, NULL);
#else
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&condition->native, &attributes);
    pthread_condattr_destroy(&attributes);
#endif
}

void platform_condition_destroy(struct platform_condition *condition) {
    pthread_cond_destroy(&condition->native);
}

void platform_condition_signal(struct platform_condition *condition) {
    pthread_cond_signal(&condition->native);
}

void platform_condition_broadcast(struct platform_condition *condition) {
    pthread_cond_broadcast(&condition->native);
}

void platform_condition_wait(struct platform_condition *condition, struct platform_mutex *mutex) {
    struct lock_record *record = begin_sleep(mutex);
    const int cancel_state = platform_cancel_off();
    pthread_cond_wait(&condition->native, &mutex->native);
    platform_cancel_restore(cancel_state);
    end_sleep(mutex, record);
}

static struct timespec to_timespec(int64_t nanoseconds) {
    return (struct timespec){
        .tv_sec = (time_t)(nanoseconds / NANOSECONDS),
        .tv_nsec = (long)(nanoseconds % NANOSECONDS),
    };
}

bool platform_condition_wait_until(struct platform_condition *condition,
                                   struct platform_mutex *mutex, int64_t deadline) {
    if (deadline == INT64_MAX) {
        platform_condition_wait(condition, mutex);
        return true;
    }
    const int64_t now = platform_monotonic();
    if (deadline <= now) {
        return false;
    }
    struct lock_record *record = begin_sleep(mutex);
    const int cancel_state = platform_cancel_off();
#if defined(__APPLE__)
    const struct timespec left = to_timespec(deadline - now);
    const int result =
        pthread_cond_timedwait_relative_np(&condition->native, &mutex->native, &left);
#else
    const struct timespec until = to_timespec(deadline);
    const int result = pthread_cond_timedwait(&condition->native, &mutex->native, &until);
#endif
    platform_cancel_restore(cancel_state);
    end_sleep(mutex, record);
    return result != ETIMEDOUT;
}

void platform_call_once(struct platform_once *once, void (*function)(void)) {
    pthread_once(&once->native, function);
}

int64_t platform_monotonic(void) {
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NANOSECONDS + now.tv_nsec;
}

void platform_sleep_until(int64_t deadline) {
    int64_t now = platform_monotonic();
    const int cancel_state = platform_cancel_off();
    while (deadline > now) {
#if defined(__APPLE__)
        const struct timespec left = to_timespec(deadline - now);
        nanosleep(&left, NULL);
#else
        const struct timespec until = to_timespec(deadline);
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
#endif
        now = platform_monotonic(); // A signal may have ended the sleep.
    }
    platform_cancel_restore(cancel_state);
}

void platform_yield(void) {
    sched_yield();
}

struct thread_start {
    const char *name;
    void (*function)(void *argument);
    void *argument;
};

static void *run_thread(void *argument) {
    const struct thread_start start = *(struct thread_start *)argument;
    free(argument);
#if defined(__APPLE__)
    pthread_setname_np(start.name);
#elif defined(__linux__)
    prctl(PR_SET_NAME, start.name);
#endif
    start.function(start.argument);
    return NULL;
}

// A fault's signal is left alone: blocked, it would end the process without a word.
static void block_signals(sigset_t *old) {
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    sigset_t blocked;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        sigdelset(&blocked, faults[i]);
    }
    pthread_sigmask(SIG_SETMASK, &blocked, old);
}

bool platform_thread_start(const char *name, void (*function)(void *argument), void *argument) {
    struct thread_start *start = malloc(sizeof *start);
    if (start == NULL) {
        return false;
    }
    *start = (struct thread_start){name, function, argument};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigset_t mask;
    block_signals(&mask); // The new thread inherits the mask.
    pthread_t thread;
    const bool started = pthread_create(&thread, &attributes, run_thread, start) == 0;
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    pthread_attr_destroy(&attributes);
    if (!started) {
        free(start);
    }
    return started;
}

bool platform_thread_slot_create(struct platform_thread_slot *slot, void (*on_exit)(void *value)) {
    pthread_key_t key;
    if (pthread_key_create(&key, on_exit) != 0) {
        return false;
    }
    slot->native = (uint64_t)key;
    return true;
}

void *platform_thread_slot_get(const struct platform_thread_slot *slot) {
    return pthread_getspecific((pthread_key_t)slot->native);
}

bool platform_thread_slot_set(const struct platform_thread_slot *slot, void *value) {
    return pthread_setspecific((pthread_key_t)slot->native, value) == 0;
}

void platform_write_error(const char *text, size_t size) {
    const int error = errno;
    const ssize_t written = write(STDERR_FILENO, text, size);
    (void)written; // Standard error is the last resort: nothing is left to report to.
    errno = error;
}

_Noreturn void platform_abort(const char *line) {
    platform_write_error(line, strlen(line));
    abort();
}

void platform_random(void *buffer, size_t size) {
    if (getentropy(buffer, size) == 0) {
        return;
    }
    uint64_t state = (uint64_t)platform_monotonic() ^ (uint64_t)(uintptr_t)&state;
    unsigned char *bytes = buffer;
    for (size_t i = 0; i < size; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bytes[i] = (unsigned char)(state >> 56);
    }
}

uint32_t platform_processor_count(void) {
    const long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (uint32_t)count : 1;
}

int64_t platform_process_runtime(void) {
    struct timespec time = {0};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

uint64_t platform_physical_memory(void) {
#if defined(_SC_PHYS_PAGES)
    const long pages = sysconf(_SC_PHYS_PAGES);
    return pages > 0 ? (uint64_t)pages * platform_page_size() : 0;
#else
    return 0;
#endif
}
