// SPDX-License-Identifier: MIT
//
// What the watch of the stress tests says about threads that wait for each other: a child of this
// test has two of them do that, and its report is read.

#define _POSIX_C_SOURCE 200809L

#include "platform/platform.h"
#include "run_tests.h"
#include "stress_watch.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct platform_mutex crossed[2];
static struct platform_mutex slept_without;
static struct platform_condition never;
static struct watched watched[3];
static atomic_uint holders;

// Two of these wait for each other for ever, which the compiler would see.
static void *cross(void *argument) NO_THREAD_SAFETY_ANALYSIS {
    const int i = argument == &watched[0] ? 0 : 1;
    atomic_store(&watched[i].doing, "crossing");
    platform_mutex_lock(&crossed[i]);
    atomic_fetch_add(&holders, 1);
    while (atomic_load(&holders) < 3) {
        platform_yield();
    }
    platform_mutex_lock(&crossed[1 - i]);
    return NULL;
}

static void *sleep_for_ever(void *argument) {
    struct watched *self = argument;
    platform_mutex_lock(&slept_without);
    atomic_store(&self->doing, "sleeping");
    atomic_fetch_add(&holders, 1);
    for (;;) {
        platform_condition_wait(&never, &slept_without);
    }
    return NULL;
}

static void deadlock_and_report(int out) {
    dup2(out, STDERR_FILENO);
    platform_mutex_init(&crossed[0], LOCK_UNRANKED);
    platform_mutex_init(&crossed[1], LOCK_UNRANKED);
    platform_mutex_init(&slept_without, LOCK_UNRANKED);
    platform_condition_init(&never);
    for (int i = 0; i < 3; i++) {
        watch_begin(&watched[i]);
        pthread_create(&watched[i].thread, NULL, i == 2 ? sleep_for_ever : cross, &watched[i]);
    }
    while (watch_find_stuck(watched, 3, ZX_MSEC(300)) < 0) {
        zx_nanosleep(zx_deadline_after(ZX_MSEC(10)));
    }
    watch_report(watched, 3);
    _exit(EXIT_SUCCESS);
}

static void read_all(int from, char *text, size_t size) {
    size_t length = 0;
    ssize_t got = 0;
    do {
        got = read(from, text + length, size - 1 - length);
        length += got > 0 ? (size_t)got : 0;
    } while (got > 0 && length < size - 1);
    text[length] = '\0';
}

// What the child says. The addresses in it are those of this process too.
static const char *report_of_child(void) {
    static char text[1 << 16];
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        deadlock_and_report(ends[1]);
    }
    close(ends[1]);
    read_all(ends[0], text, sizeof(text));
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    return text;
}

static unsigned long thread_of_worker(const char *text, int number, const char *doing) {
    char line[64];
    char end[64];
    unsigned long thread = 0;
    snprintf(line, sizeof(line), "worker %d, thread ", number);
    const char *found = strstr(text, line);
    ck_assert_msg(found != NULL, "%s", text);
    thread = strtoul(found + strlen(line), NULL, 16);
    snprintf(end, sizeof(end), "worker %d, thread %#lx: %s\n", number, thread, doing);
    ck_assert_msg(strncmp(found, end, strlen(end)) == 0, "%s", text);
    return thread;
}

#ifdef ZIRCONIA_RECORD_LOCKS

// A line about this thread and lock, and a place in this file.
static bool tells(const char *text, unsigned long thread, const char *what, const void *lock) {
    char line[128];
    snprintf(line, sizeof(line), "thread %#lx %s lock %p, asked for at ", thread, what, lock);
    const char *found = strstr(text, line);
    return found != NULL && strncmp(found + strlen(line), __FILE__ ":", strlen(__FILE__) + 1) == 0;
}

START_TEST(a_stuck_thread_is_told_of_with_every_lock_that_threads_hold_and_want) {
    const char *text = report_of_child();
    for (int i = 0; i < 2; i++) {
        const unsigned long thread = thread_of_worker(text, i, "crossing");
        ck_assert_msg(tells(text, thread, "holds", &crossed[i]), "%s", text);
        ck_assert_msg(tells(text, thread, "waits for", &crossed[1 - i]), "%s", text);
        ck_assert_msg(!tells(text, thread, "holds", &crossed[1 - i]), "%s", text);
    }
    const unsigned long sleeper = thread_of_worker(text, 2, "sleeping");
    ck_assert_msg(tells(text, sleeper, "sleeps without", &slept_without), "%s", text);
    ck_assert_msg(!tells(text, sleeper, "holds", &slept_without), "%s", text);
}
END_TEST

#else

START_TEST(a_stuck_thread_is_told_of_and_that_locks_are_not_recorded) {
    const char *text = report_of_child();
    thread_of_worker(text, 0, "crossing");
    thread_of_worker(text, 1, "crossing");
    ck_assert_ptr_nonnull(strstr(text, "this build does not record locks\n"));
}
END_TEST

#endif

int main(void) {
    Suite *suite = suite_create("lock_report");
    TCase *tcase = tcase_create("report");
    tcase_set_timeout(tcase, 20);
#ifdef ZIRCONIA_RECORD_LOCKS
    tcase_add_test(tcase, a_stuck_thread_is_told_of_with_every_lock_that_threads_hold_and_want);
#else
    tcase_add_test(tcase, a_stuck_thread_is_told_of_and_that_locks_are_not_recorded);
#endif
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
