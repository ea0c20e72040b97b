// SPDX-License-Identifier: MIT
//
// The server for gdb (zirconia/gdb.h) and threads: its end while the guest runs on, threads that
// are suspended, killed or cancelled inside of it, and several VCPUs.

#include "gdb_client.h"
#include "guest_fixture.h"
#include "object_fixture.h"
#include "other_thread.h"
#include "sanitized.h"
#include "thread_fixture.h"

#include <zirconia/virtual_time.h>

#define COUNTER 0x20000u
#define SPIN_END 0x20008u
#define SPIN_DONE 0x10016u // Where the program "spin" goes on when it is to end.
#define PORT 0x11u

enum { SUSPENSIONS = THREAD_SANITIZED ? 20 : 300 }; // It puts the signal of each off.

static pthread_t server;
static pthread_t runner;
static zx_status_t run_status;
static _Atomic(zx_handle_t) run_thread;
static _Atomic(zx_handle_t) serve_thread;
static atomic_uint exits;

static void tell_thread(_Atomic(zx_handle_t) *out) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    zx_handle_duplicate(zx_thread_self(), ZX_RIGHT_SAME_RIGHTS, &handle);
    atomic_store(out, handle);
}

static void *serve(void *unused) {
    tell_thread(&serve_thread);
    zirconia_gdb_serve(gdb);
    return unused;
}

// No local variable: AddressSanitizer would not see it go where the thread is cancelled.
static zx_port_packet_t packet;

static void *run(void *unused) {
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    tell_thread(&run_thread);
    do {
        run_status = zirconia_gdb_enter(gdb, vcpu, &packet);
        atomic_fetch_add(&exits, 1);
    } while (run_status == ZX_OK && packet.type == ZX_PKT_TYPE_GUEST_IO);
    return unused;
}

static zx_handle_t until_told(const _Atomic(zx_handle_t) *thread) {
    while (atomic_load(thread) == ZX_HANDLE_INVALID) {
        zx_nanosleep(0);
    }
    return atomic_load(thread);
}

static void start_server(void *(*body)(void *)) {
    ck_assert_int_eq(zirconia_gdb_create(guest, ":0", ZIRCONIA_GDB_WAIT, &gdb), ZX_OK);
    server = start_thread(serve, NULL);
    runner = start_thread(body, NULL);
    until_told(&run_thread);
    until_told(&serve_thread);
    connect_to_server();
    ask_for("?", "T05thread:1;");
}

static void start(const char *program, bool virtual_time) {
    guest_open();
    guest_load(program, ENTRY);
    trap(ZX_GUEST_TRAP_IO, PORT, 1, ZX_HANDLE_INVALID, 0);
    if (virtual_time) {
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    }
    start_server(run);
}

static void close_all(void) {
    zirconia_gdb_destroy(gdb);
    hang_up();
    ck_assert_int_eq(zx_handle_close(run_thread), ZX_OK);
    ck_assert_int_eq(zx_handle_close(serve_thread), ZX_OK);
    guest_close();
}

// The guest has come to its end, and the server with it.
static void end_by_the_guest(void) {
    join_thread(runner);
    ck_assert_int_eq(run_status, ZX_OK);
    join_thread(server);
    close_all();
}

static void until_guest_counted(void) {
    const uint64_t before = memory_u64(COUNTER);
    while (memory_u64(COUNTER) == before) {
        zx_nanosleep(0);
    }
}

static void until_guest_exited(void) {
    const unsigned before = atomic_load(&exits);
    while (atomic_load(&exits) < before + 3) {
        zx_nanosleep(0);
    }
}

static void end_spin(void) {
    const uint64_t end = 1;
    memory_write(SPIN_END, &end, sizeof end);
}

// --- The end of the server ---

START_TEST(a_guest_that_runs_on_meets_no_breakpoint_after_the_end) {
    start("spin", _i != 0);
    set_breakpoint(SPIN_DONE, true);
    send_packet("c");
    until_guest_counted();
    zirconia_gdb_end(gdb, 0);
    end_spin();
    end_by_the_guest();
}
END_TEST

// It runs neither step by step nor into a stop.
START_TEST(a_guest_that_runs_on_is_not_watched_after_the_end) {
    start("spin", _i != 0);
    ask_for("Z2,20008,8", "OK");
    send_packet("c");
    until_guest_counted();
    zirconia_gdb_end(gdb, 0);
    end_spin();
    end_by_the_guest();
}
END_TEST

START_TEST(a_stopped_guest_runs_on_after_the_end) {
    start("spin", _i != 0);
    set_breakpoint(SPIN_DONE, true);
    ask_for("s", "T05thread:1;");
    zirconia_gdb_end(gdb, 0);
    until_guest_counted();
    end_spin();
    end_by_the_guest();
}
END_TEST

// A run call that is no longer the server's meets nothing of it either.
static void *run_twice(void *unused) {
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    tell_thread(&run_thread);
    ck_assert_int_eq(zirconia_gdb_enter(gdb, vcpu, &packet), ZX_ERR_CANCELED);
    zirconia_gdb_end(gdb, 0);
    end_spin();
    run_status = zx_vcpu_enter(vcpu, &packet);
    return unused;
}

START_TEST(run_calls_without_the_server_meet_no_breakpoint) {
    guest_open();
    guest_load("spin", ENTRY);
    start_server(run_twice);
    set_breakpoint(SPIN_DONE, true);
    send_packet("c");
    until_guest_counted();
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    end_by_the_guest();
}
END_TEST

// gdb goes while the guest runs, and the next one finds it running.
START_TEST(a_guest_that_runs_is_let_go_by_a_gdb_that_leaves) {
    start("spin", _i != 0);
    set_breakpoint(SPIN_DONE, true);
    ask_for("Z2,20008,8", "OK");
    send_packet("c");
    until_guest_counted();
    hang_up();
    connect_to_server();
    ask_for("?", "T05thread:1;");
    end_spin();
    send_packet("c");
    join_thread(runner);
    ck_assert_int_eq(run_status, ZX_OK);
    zirconia_gdb_end(gdb, 0);
    ck_assert_str_eq(receive(), "W00");
    join_thread(server);
    close_all();
}
END_TEST

// --- Threads that are suspended, killed or cancelled ---

static void suspend_and_resume(zx_handle_t thread, bool asks) {
    zx_handle_t token = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_task_suspend(thread, &token), ZX_OK);
    until(thread, ZX_THREAD_SUSPENDED);
    if (asks) {
        ask_for("?", "T05thread:1;");
    }
    ck_assert_int_eq(zirconia_gdb_replays(gdb), false); // It takes the server's lock.
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    until(thread, ZX_THREAD_RUNNING);
}

START_TEST(a_thread_of_a_stopped_guest_can_be_suspended) {
    start("spin", false);
    for (unsigned i = 0; i < 5; i++) {
        suspend_and_resume(run_thread, true);
    }
    ask_for("k", "OK");
    join_thread(runner);
    ck_assert_int_eq(run_status, ZX_ERR_STOP);
    join_thread(server);
    close_all();
}
END_TEST

// In the server, where it waits for gdb; or in a run call. gdb hears that nothing runs any more.
START_TEST(a_thread_is_killed_in_the_server) {
    start(_i == 0 ? "spin" : "port_for_ever", false);
    if (_i != 0) {
        send_packet("c");
        until_guest_exited();
    }
    ck_assert_int_eq(zx_task_kill(run_thread), ZX_OK);
    until(run_thread, ZX_THREAD_TERMINATED);
    join_thread(runner);
    if (_i != 0) {
        send_bytes("\3", 1);
        ck_assert_str_eq(receive(), "T02thread:1;");
    }
    ask_for("T1", "E16");
    ask_for("qfThreadInfo", "");
    zirconia_gdb_end(gdb, 0);
    ck_assert_str_eq(receive(), "W00");
    join_thread(server);
    close_all();
}
END_TEST

#ifndef _WIN32 // SUPPORTED_PLATFORMS.md says why.

START_TEST(a_suspended_thread_does_not_have_the_servers_lock) {
    start("port_for_ever", false);
    send_packet("c");
    for (unsigned i = 0; i < SUSPENSIONS; i++) {
        suspend_and_resume(run_thread, false);
        until_guest_exited();
        if (i % 8 == 0) {
            suspend_and_resume(serve_thread, false);
        }
    }
    zirconia_gdb_end(gdb, 0);
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    join_thread(runner);
    ck_assert_int_eq(run_status, ZX_ERR_CANCELED);
    join_thread(server);
    close_all();
}
END_TEST

START_TEST(a_thread_is_cancelled_in_the_server) {
    start("spin", false);
    pthread_cancel(runner);
    void *result = NULL;
    ck_assert_int_eq(pthread_join(runner, &result), 0);
    ck_assert_ptr_eq(result, PTHREAD_CANCELED);
    until(run_thread, ZX_THREAD_TERMINATED);
    ask_for("qfThreadInfo", "");
    zirconia_gdb_end(gdb, 0);
    ck_assert_str_eq(receive(), "W00");
    join_thread(server);
    close_all();
}
END_TEST

#endif

int main(void) {
    Suite *suite = suite_create("gdb_threads");
    TCase *tcase = tcase_create("gdb_threads");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, a_guest_that_runs_on_meets_no_breakpoint_after_the_end, 0, 2);
    tcase_add_loop_test(tcase, a_guest_that_runs_on_is_not_watched_after_the_end, 0, 2);
    tcase_add_loop_test(tcase, a_stopped_guest_runs_on_after_the_end, 0, 2);
    tcase_add_test(tcase, run_calls_without_the_server_meet_no_breakpoint);
    tcase_add_loop_test(tcase, a_guest_that_runs_is_let_go_by_a_gdb_that_leaves, 0, 2);
    tcase_add_test(tcase, a_thread_of_a_stopped_guest_can_be_suspended);
    tcase_add_loop_test(tcase, a_thread_is_killed_in_the_server, 0, 2);
#ifndef _WIN32
    tcase_add_test(tcase, a_suspended_thread_does_not_have_the_servers_lock);
    tcase_add_test(tcase, a_thread_is_cancelled_in_the_server);
#endif
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
