// SPDX-License-Identifier: MIT
//
// Processes that fork: a child of one that has used the library makes no calls, and is told so; a
// child of one that has not is like any process.

#define _GNU_SOURCE

#include "guest_fixture.h"
#include "other_thread.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zircon/process.h>
#include <zirconia/snapshot.h>
#include <zirconia/zirconia.h>

enum { FORKS = 50 };

// The child's exit code, which is 0 when all was as expected; what it says is in `text`.
static int in_child(int (*action)(void), char *text, size_t size) {
    int ends[2];
    int status = 0;
    size_t length = 0;
    ssize_t got = 0;
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) { // Another thread may have held Check's lock.
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        _exit(action());
    }
    ck_assert_int_ge(child, 0);
    close(ends[1]);
    while ((got = read(ends[0], text + length, size - 1 - length)) > 0) {
        length += (size_t)got;
    }
    text[length] = '\0';
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "the child ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

// The number of the first call that is not refused.
static int make_calls(void) {
    zx_port_packet_t packet;
    zx_handle_t out = ZX_HANDLE_INVALID;
    char byte = 0;
    const zx_status_t statuses[] = {
        zx_vcpu_enter(vcpu, &packet),
        zx_vcpu_kick(vcpu),
        zx_vmo_write(memory, &byte, 0, 1),
        zirconia_guest_snapshot(guest, 0, &out),
        zirconia_hypervisor_resource(&out),
        zx_port_create(0, &out),
        zx_channel_write(guest, 0, NULL, 0, NULL, 0),
        zx_handle_close(guest),
        zx_handle_close(0xffffffff),
    };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (statuses[i] != ZX_ERR_BAD_STATE) {
            return 1 + (int)i;
        }
    }
    const bool none = zx_vmar_root_self() == ZX_HANDLE_INVALID &&
                      zx_thread_self() == ZX_HANDLE_INVALID &&
                      zx_process_self() == ZX_HANDLE_INVALID;
    return none && zx_clock_get_monotonic() > 0 ? 0 : 100;
}

START_TEST(a_child_makes_no_calls) {
    char text[1024];
    guest_start("access");
    ck_assert_int_eq(in_child(make_calls, text, sizeof text), 0);
    ck_assert_str_eq(text, "");
    enter_to_end(); // The parent goes on.
    guest_close();
}
END_TEST

START_TEST(the_log_says_so_once) {
    char text[1024];
    setenv("ZIRCONIA_LOG", "error", 1);
    guest_start("access");
    ck_assert_int_eq(in_child(make_calls, text, sizeof text), 0);
    ck_assert_ptr_nonnull(strstr(text, "forked"));
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
}
END_TEST

static int end_thread(void) {
    zx_thread_exit();
    return 1;
}

START_TEST(the_end_of_the_childs_thread_is_its_end) {
    char text[1024];
    guest_start("access");
    ck_assert_int_eq(in_child(end_thread, text, sizeof text), 0);
}
END_TEST

static int use_library(void) {
    guest_start("access");
    enter_to_end();
    guest_close();
    return 0;
}

START_TEST(a_child_of_a_process_that_made_no_call_may_do_all) {
    char text[1024];
    ck_assert_int_eq(in_child(use_library, text, sizeof text), 0);
    use_library();
}
END_TEST

static atomic_bool over;

static void *call_again_and_again(void *unused) {
    (void)unused;
    while (!atomic_load(&over)) {
        zx_handle_t event = ZX_HANDLE_INVALID;
        ck_assert_int_eq(zx_event_create(0, &event), ZX_OK);
        ck_assert_int_eq(zx_handle_close(event), ZX_OK);
    }
    return NULL;
}

// Whatever locks the other thread holds at that moment.
START_TEST(a_child_of_a_busy_process_does_not_wait) {
    char text[1024];
    guest_start("access");
    const pthread_t busy = start_thread(call_again_and_again, NULL);
    for (int i = 0; i < FORKS; i++) {
        ck_assert_int_eq(in_child(make_calls, text, sizeof text), 0);
    }
    atomic_store(&over, true);
    join_thread(busy);
}
END_TEST

// --- Clones of 2018 ---

static zx_handle_t cloned;
static volatile uint8_t *clone_page;

static void map_clone(void) {
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmo_create(0x1000, 0, &vmo), ZX_OK);
    ck_assert_int_eq(zx_vmo_write(vmo, "parent", 0, 6), ZX_OK);
    ck_assert_int_eq(zx_vmo_clone(vmo, ZIRCONIA_2018_VMO_CLONE_COPY_ON_WRITE, 0, 0x1000, &cloned),
                     ZX_OK);
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, cloned,
                                 0, 0x1000, &address),
                     ZX_OK);
    clone_page = (volatile uint8_t *)(uintptr_t)address; // NOLINT(performance-no-int-to-ptr)
}

static void *map_again_and_again(void *unused) {
    while (!atomic_load(&over)) {
        zx_vaddr_t address = 0;
        ck_assert_int_eq(
            zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ, 0, cloned, 0, 0x1000, &address),
            ZX_OK);
        ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), address, 0x1000), ZX_OK);
    }
    return unused;
}

// Reads a page that the parent's clone shows, and stores to it, whatever locks are held.
static void store_in_child(void) {
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        alarm(60);
        if (clone_page[0] == 'p') { // What is another value is told by the exit status.
            clone_page[0] = 'c';
        }
        _exit(1);
    }
    ck_assert_int_ge(child, 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGSEGV);
}

START_TEST(a_child_that_stores_to_a_page_of_a_clone_ends) {
    map_clone();
    const pthread_t busy = start_thread(map_again_and_again, NULL);
    for (int i = 0; i < FORKS; i++) {
        store_in_child();
    }
    atomic_store(&over, true);
    join_thread(busy);
    ck_assert_uint_eq(clone_page[0], 'p');
    clone_page[0] = 'c'; // The parent may.
    ck_assert_uint_eq(clone_page[0], 'c');
}
END_TEST

int main(void) {
    signal(SIGSEGV, SIG_DFL); // Not a sanitizer's, which would make it an exit.
    const TTest *const tests[] = {
        a_child_makes_no_calls,
        the_log_says_so_once,
        the_end_of_the_childs_thread_is_its_end,
        a_child_of_a_process_that_made_no_call_may_do_all,
        a_child_of_a_busy_process_does_not_wait,
        a_child_that_stores_to_a_page_of_a_clone_ends,
    };
    return run_tests("forks", tests, sizeof tests / sizeof tests[0]);
}
