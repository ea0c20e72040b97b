// SPDX-License-Identifier: MIT
//
// Invariants of the library that do not hold: in builds with checks, a child of this test that
// breaks one ends with a line that names it; in others it goes on.

#define _GNU_SOURCE // setitimer()

#include "engine/turn.h"
#include "objects/signal_observer.h"
#include "platform/check.h"
#include "platform/platform.h"
#include "run_tests.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static struct platform_mutex first;
static struct platform_mutex second;

static void init_locks(enum lock_rank of_first, enum lock_rank of_second) {
    platform_mutex_init(&first, of_first);
    platform_mutex_init(&second, of_second);
}

// Runs `action` in a child. Its wait status; what it says is put into `text`.
static int run_in_child(void (*action)(void), char *text, size_t size) {
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        action();
        _exit(EXIT_SUCCESS);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t got = 0;
    while ((got = read(ends[0], text + length, size - 1 - length)) > 0) {
        length += (size_t)got;
    }
    text[length] = '\0';
    close(ends[0]);
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

static void goes_on(void (*action)(void)) {
    char text[1024];
    const int status = run_in_child(action, text, sizeof(text));
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS, "%s", text);
    ck_assert_str_eq(text, "");
}

// The line has both parts. In a build without checks the same action goes on.
static void ends_with_one_line(void (*action)(void), const char *one, const char *other) {
#ifdef ZIRCONIA_CHECKS
    char text[1024];
    const int status = run_in_child(action, text, sizeof(text));
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "%s", text);
    ck_assert_msg(strstr(text, one) != NULL && strstr(text, other) != NULL, "%s", text);
    ck_assert_msg(strchr(text, '\n') == &text[strlen(text) - 1], "%s", text);
#else
    (void)one;
    (void)other;
    goes_on(action);
#endif
}

// --- Invariants ---

static void unlink_what_is_not_linked(void) {
    struct object object = {.observers = NULL};
    struct signal_observer observer = {.linked = false};
    platform_mutex_init(&object.lock, LOCK_OBJECT);
    platform_mutex_lock(&object.lock);
    signal_observer_unlink(&object, &observer);
    platform_mutex_unlock(&object.lock);
}

START_TEST(a_check_that_fails_ends_the_process_with_its_place_and_expression) {
    ends_with_one_line(unlink_what_is_not_linked,
                       "src/objects/signal_observer.c:", ": CHECK(observer->linked) failed");
}
END_TEST

static int evaluations;

static bool evaluate(void) {
    evaluations++;
    return true;
}

START_TEST(a_build_without_checks_does_not_evaluate_them) {
    CHECK(evaluate());
#ifdef ZIRCONIA_CHECKS
    ck_assert_int_eq(evaluations, 1);
#else
    ck_assert_int_eq(evaluations, 0);
#endif
}
END_TEST

// The compiler would see what only the running library is to see.
static void unlink_without_the_lock(void) NO_THREAD_SAFETY_ANALYSIS {
    struct object object = {.observers = NULL};
    struct signal_observer observer = {.linked = true};
    object.observers = &observer;
    platform_mutex_init(&object.lock, LOCK_OBJECT);
    signal_observer_unlink(&object, &observer);
}

START_TEST(what_expects_a_lock_to_be_held_ends_the_process_without_it) {
    ends_with_one_line(unlink_without_the_lock,
                       "src/objects/signal_observer.c:", ": ASSERT_HELD(&object->lock) failed");
}
END_TEST

// --- The order of locks ---

static void lock_both(void) {
    platform_mutex_lock(&first);
    platform_mutex_lock(&second);
    platform_mutex_unlock(&first);
    platform_mutex_unlock(&second);
}

START_TEST(a_lock_of_a_lower_rank_is_not_taken) {
    init_locks(LOCK_PORT, LOCK_OBJECT);
    ends_with_one_line(lock_both, "test_checks.c:", ": object.lock (rank ");
    ends_with_one_line(lock_both, ") is wanted while port.lock (rank ", ", is held");
}
END_TEST

START_TEST(two_locks_of_one_rank_are_not_held_together) {
    init_locks(LOCK_OBJECT, LOCK_OBJECT);
    ends_with_one_line(lock_both, ": object.lock (rank ", ") is wanted while object.lock (rank ");
    init_locks(LOCK_LOG, LOCK_TIMER_QUEUE);
    ends_with_one_line(lock_both, ": the timer queue's lock (",
                       ") is wanted while the log's lock (");
}
END_TEST

static void lock_again_after_unlocking(void) {
    lock_both();
    platform_mutex_lock(&second);
    platform_mutex_unlock(&second);
    lock_both();
}

START_TEST(locks_in_order_are_taken_and_given_up_in_any_order) {
    init_locks(LOCK_OBJECT, LOCK_PORT);
    goes_on(lock_again_after_unlocking);
}
END_TEST

static void take_the_turn(void) {
    struct turn turn = {.taken = false};
    turn_init(&turn);
    platform_mutex_lock(&first);
    turn_take_call(&turn);
    platform_mutex_unlock(&first);
    turn_give_call(&turn);
}

START_TEST(the_turn_of_a_guest_stands_among_the_locks) {
    init_locks(LOCK_VMO, LOCK_UNRANKED);
    ends_with_one_line(take_the_turn, ": the guest's turn (", ") is wanted while vmo.lock (");
    init_locks(LOCK_ADDRESS_SPACE, LOCK_UNRANKED);
    goes_on(take_the_turn);
}
END_TEST

// --- Handlers of signals ---

static struct platform_mutex of_handler = PLATFORM_MUTEX_INIT(LOCK_UNRANKED);
static atomic_int handled;

static void lock_in_handler(int number) {
    (void)number;
    platform_mutex_lock(&of_handler);
    platform_mutex_unlock(&of_handler);
    atomic_fetch_add(&handled, 1);
}

static void be_interrupted(void) {
    const struct itimerval often = {{.tv_usec = 20}, {.tv_usec = 20}};
    const struct itimerval never = {{0}, {0}};
    struct sigaction action = {.sa_handler = lock_in_handler, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    while (atomic_load(&handled) < 500) {
        lock_both();
    }
    setitimer(ITIMER_REAL, &never, NULL);
    if (!lock_order_holds_none()) {
        _exit(EXIT_FAILURE);
    }
}

START_TEST(a_handler_may_take_locks_while_the_thread_takes_others) {
    init_locks(LOCK_OBJECT, LOCK_PORT);
    goes_on(be_interrupted);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_check_that_fails_ends_the_process_with_its_place_and_expression,
        a_build_without_checks_does_not_evaluate_them,
        what_expects_a_lock_to_be_held_ends_the_process_without_it,
        a_lock_of_a_lower_rank_is_not_taken,
        two_locks_of_one_rank_are_not_held_together,
        locks_in_order_are_taken_and_given_up_in_any_order,
        the_turn_of_a_guest_stands_among_the_locks,
        a_handler_may_take_locks_while_the_thread_takes_others,
    };
    return run_tests("checks", tests, sizeof tests / sizeof tests[0]);
}
