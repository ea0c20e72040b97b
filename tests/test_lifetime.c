// SPDX-License-Identifier: MIT
//
// Guests and VCPUs come and go: handles closed in any order, threads that end, and nothing left
// behind (hypervisor ABI 3.9).

#include "guest_fixture.h"
#include "other_thread.h"
#include "sanitized.h"

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <zircon/process.h>

#ifdef _WIN32
// Needs the types of the header above.
#include <windows.h>

#include <psapi.h>
#endif

enum { MOST_PAGES = 0x100000, MOST_RESIDENT = 0x6400 }; // 4 GiB, 100 MiB

struct footprint {
    unsigned long long total; // Pages of address space.
    unsigned long long resident;
};

#ifdef _WIN32

static bool read_footprint(struct footprint *out) {
    enum { PAGE = 4096 };
    PROCESS_MEMORY_COUNTERS counters = {.cb = sizeof counters};
    MEMORY_BASIC_INFORMATION part;
    const unsigned char *at = NULL;
    *out = (struct footprint){0, 0};
    while (VirtualQuery(at, &part, sizeof part) != 0) {
        out->total += part.State != MEM_FREE ? part.RegionSize / PAGE : 0;
        at = (const unsigned char *)part.BaseAddress + part.RegionSize;
    }
    ck_assert(K32GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters));
    out->resident = counters.WorkingSetSize / PAGE;
    return true;
}

#else

static bool read_footprint(struct footprint *out) {
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) {
        return false;
    }
    const int fields = fscanf(file, "%llu %llu", &out->total, &out->resident);
    ck_assert_int_eq(fclose(file), 0);
    return fields == 2;
}

#endif

static void live_once(void) {
    guest_start("access");
    trap(ZX_GUEST_TRAP_MEM, 0x200000, 0x1000, ZX_HANDLE_INVALID, 0);
    enter_to_end();
    guest_close();
}

START_TEST(two_hundred_guests_leave_nothing_behind) {
    struct footprint before = {0};
    struct footprint after = {0};
    for (int i = 0; i < 20; i++) {
        live_once();
    }
    const bool known = read_footprint(&before);
    for (int i = 0; i < 200; i++) {
        live_once();
    }
    if (known && !SANITIZED) {
        ck_assert(read_footprint(&after));
        ck_assert_uint_le(after.total, before.total + 0x4000);       // 64 MiB
        ck_assert_uint_le(after.resident, before.resident + 0x1000); // 16 MiB
        ck_assert_uint_le(after.total, MOST_PAGES);
        ck_assert_uint_le(after.resident, MOST_RESIDENT);
    }
}
END_TEST

START_TEST(several_guests_live_side_by_side) {
    enum { GUESTS = 8 };
    zx_handle_t guests[GUESTS][4];
    for (size_t i = 0; i < GUESTS; i++) {
        guest_open();
        guests[i][0] = guest;
        guests[i][1] = vmar;
        guests[i][2] = memory;
        guest_load("access", ENTRY);
    }
    for (size_t i = 0; i < GUESTS; i++) {
        memory = guests[i][2];
        ck_assert_int_eq(zx_vcpu_create(guests[i][0], 0, ENTRY, &vcpu), ZX_OK);
        enter_to_end();
        const zx_vcpu_state_t state = {.rsi = 3, .rdi = 0x300000, .rax = i + 1};
        write_state(&state);
        enter_to_end();
        ck_assert_int_eq(zx_handle_close(vcpu), ZX_OK);
    }
    for (size_t i = 0; i < GUESTS; i++) {
        memory = guests[i][2];
        ck_assert_uint_eq(memory_u64(0x300000), i + 1);
    }
}
END_TEST

// More guests are closed at once than engines wait for one.
static void *make_and_close_guests(void *unused) {
    enum { GUESTS = 8 };
    zx_handle_t guests[GUESTS][3];
    (void)unused;
    for (size_t i = 0; i < GUESTS; i++) {
        guest_open();
        guests[i][0] = guest;
        guests[i][1] = vmar;
        guests[i][2] = memory;
        guest_load("access", ENTRY);
        ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
        enter_to_end();
        ck_assert_int_eq(zx_handle_close(vcpu), ZX_OK);
    }
    for (size_t i = 0; i < GUESTS; i++) {
        for (size_t k = 0; k < 3; k++) {
            ck_assert_int_eq(zx_handle_close(guests[i][k]), ZX_OK);
        }
    }
    return NULL;
}

// The guest goes on with code that it has not run before.
START_TEST(a_guest_outlives_younger_ones) {
    guest_start("access");
    enter_to_end();
    const zx_handle_t old[] = {vcpu, memory};
    join_thread(start_thread(make_and_close_guests, NULL));
    vcpu = old[0];
    memory = old[1];
    const zx_vcpu_state_t state = {.rsi = 3, .rdi = 0x300000, .rax = 7};
    write_state(&state);
    enter_to_end();
    ck_assert_uint_eq(memory_u64(0x300000), 7);
}
END_TEST

static void *close_while_it_runs(void *unused) {
    (void)unused;
    const uint64_t end = 1;
    while (memory_u64(0x20000) == 0) {
        sched_yield();
    }
    ck_assert_int_eq(zx_handle_close(vcpu), ZX_OK);
    ck_assert_int_eq(zx_handle_close(guest), ZX_OK);
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_ERR_BAD_HANDLE);
    memory_write(0x20008, &end, sizeof end);
    return NULL;
}

START_TEST(a_run_outlives_the_handles_of_its_vcpu_and_guest) {
    zx_port_packet_t packet;
    guest_start("spin");
    const pthread_t closer = start_thread(close_while_it_runs, NULL);
    enter_to_end();
    join_thread(closer);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_vmar_unmap(vmar, 0x1000, 0x1000), ZX_ERR_BAD_STATE);
    guest_start("access"); // The thread is free for another.
    enter_to_end();
}
END_TEST

static zx_status_t close_vcpu(void) {
    return zx_handle_close(vcpu);
}

START_TEST(a_vcpu_closed_by_another_thread_frees_its_own) {
    guest_start("access");
    ck_assert_int_eq(on_other_thread(close_vcpu), ZX_OK);
    guest_start("access");
    enter_to_end();
}
END_TEST

START_TEST(a_thread_may_have_one_vcpu_after_another) {
    for (int i = 0; i < 5; i++) {
        zx_handle_t second = ZX_HANDLE_INVALID;
        guest_start("access");
        ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &second), ZX_ERR_BAD_STATE);
        const zx_handle_t same = without(0, vcpu);
        ck_assert_int_eq(zx_handle_close(vcpu), ZX_OK);
        ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &second), ZX_ERR_BAD_STATE);
        vcpu = same; // The VCPU lives as long as any handle to it.
        enter_to_end();
        guest_close();
    }
}
END_TEST

START_TEST(a_guest_lives_until_its_vcpu_is_gone) {
    zx_handle_t port = ZX_HANDLE_INVALID;
    zx_port_packet_t packet = {.key = 9};
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    guest_start("access");
    trap(ZX_GUEST_TRAP_BELL, 0x200000, 0x1000, port, 9);
    enter_to_end();
    ck_assert_int_eq(zx_handle_close(guest), ZX_OK);
    ck_assert_int_eq(zx_guest_set_trap(guest, ZX_GUEST_TRAP_IO, 1, 1, 0, 0), ZX_ERR_BAD_HANDLE);
    const zx_vcpu_state_t state = {.rsi = 1, .rdi = 0x200000};
    write_state(&state);
    enter_to_end(); // Rings.
    ck_assert_int_eq(zx_port_queue(port, &packet), ZX_OK);
    ck_assert_int_eq(zx_vmar_unmap(vmar, 0x800000, 0x1000), ZX_OK);
    ck_assert_int_eq(zx_handle_close(vcpu), ZX_OK);
    ck_assert_int_eq(zx_vmar_unmap(vmar, 0x801000, 0x1000), ZX_ERR_BAD_STATE);
    // With the guest went its bells, but not what the client queued under the same key.
    ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_OK);
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_USER);
    ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_ERR_TIMED_OUT);
    ck_assert_uint_eq(memory_u64(0x200000), 0);
}
END_TEST

static zx_status_t start_and_leave(void) {
    guest_start("access");
    enter_to_end();
    return ZX_OK;
}

static zx_status_t try_to_enter(void) {
    zx_port_packet_t packet;
    return zx_vcpu_enter(vcpu, &packet);
}

START_TEST(a_vcpu_whose_thread_has_ended_can_be_kicked_but_not_run) {
    zx_vcpu_state_t state = {0};
    ck_assert_int_eq(on_other_thread(start_and_leave), ZX_OK);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
        ck_assert_int_eq(zx_vcpu_interrupt(vcpu, 32), ZX_OK);
        ck_assert_int_eq(try_to_enter(), ZX_ERR_BAD_STATE);
        ck_assert_int_eq(on_other_thread(try_to_enter), ZX_ERR_BAD_STATE); // Whatever its id.
        ck_assert_int_eq(zx_vcpu_read_state(vcpu, ZX_VCPU_STATE, &state, sizeof state),
                         ZX_ERR_BAD_STATE);
        ck_assert_int_eq(zx_vcpu_write_state(vcpu, ZX_VCPU_STATE, &state, sizeof state),
                         ZX_ERR_BAD_STATE);
    }
    guest_close();
    guest_start("access"); // This thread never had one.
    enter_to_end();
}
END_TEST

START_TEST(threads_without_end_may_have_had_a_vcpu) {
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(on_other_thread(start_and_leave), ZX_OK);
        guest_close();
    }
}
END_TEST

#ifndef _WIN32

static void *kill_while_it_runs(void *unused) {
    while (memory_u64(0x20000) == 0) {
        sched_yield();
    }
    ck_assert_int_eq(zx_task_kill(zx_process_self()), ZX_OK);
    return unused;
}

// Ends by SIGKILL.
START_TEST(a_process_is_killed_while_its_thread_is_in_a_run) {
    zx_port_packet_t packet;
    guest_start("spin");
    start_thread(kill_while_it_runs, NULL);
    zx_vcpu_enter(vcpu, &packet);
    ck_abort_msg("the run call returned");
}
END_TEST

#endif

int main(void) {
    Suite *suite = suite_create("lifetime");
    TCase *tcase = tcase_create("lifetime");
    tcase_set_timeout(tcase, 120);
    const TTest *const tests[] = {
        two_hundred_guests_leave_nothing_behind,
        several_guests_live_side_by_side,
        a_guest_outlives_younger_ones,
        a_run_outlives_the_handles_of_its_vcpu_and_guest,
        a_vcpu_closed_by_another_thread_frees_its_own,
        a_thread_may_have_one_vcpu_after_another,
        a_guest_lives_until_its_vcpu_is_gone,
        a_vcpu_whose_thread_has_ended_can_be_kicked_but_not_run,
        threads_without_end_may_have_had_a_vcpu,
    };
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        tcase_add_test(tcase, tests[i]);
    }
#ifndef _WIN32
    tcase_add_test_raise_signal(tcase, a_process_is_killed_while_its_thread_is_in_a_run, SIGKILL);
#endif
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
