// SPDX-License-Identifier: MIT
//
// Bells and their ports: the 256 packets of each trap, what happens when the port or the guest goes
// away, and how bell packets keep out of the way of the client's own (hypervisor ABI 6.4, 11.2).

#include "guest_fixture.h"
#include "other_thread.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define BELL 0x400000u
#define COUNT 0x20000u // Where ring.asm counts.
#define KEY 0x1234u
#define BUDGET 256u

static zx_handle_t port;

static void start(void) {
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    guest_start("ring");
    trap(ZX_GUEST_TRAP_BELL, BELL, 0x10000, port, KEY);
}

static void ring(uint64_t address, uint64_t times) {
    const zx_vcpu_state_t state = {.rax = address, .rdx = 8, .rdi = times};
    write_state(&state);
}

static zx_status_t take(zx_port_packet_t *packet) {
    memset(packet, 0xa5, sizeof *packet);
    return zx_port_wait(port, 0, packet);
}

static void expect_bell(uint64_t address) {
    zx_port_packet_t packet;
    zx_port_packet_t expected;
    start_packet(&expected, KEY, ZX_PKT_TYPE_GUEST_BELL);
    expected.guest_bell.addr = address;
    ck_assert_int_eq(take(&packet), ZX_OK);
    ck_assert_mem_eq(&packet, &expected, sizeof packet);
}

static void expect_user(uint64_t value) {
    zx_port_packet_t packet;
    ck_assert_int_eq(take(&packet), ZX_OK);
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_USER);
    ck_assert_uint_eq(packet.key, KEY);
    ck_assert_uint_eq(packet.user.u64[0], value);
}

static void expect_none(void) {
    zx_port_packet_t packet;
    ck_assert_int_eq(take(&packet), ZX_ERR_TIMED_OUT);
}

static zx_status_t queue(uint64_t value) {
    zx_port_packet_t packet = {.key = KEY, .type = ZX_PKT_TYPE_USER};
    packet.user.u64[0] = value;
    return zx_port_queue(port, &packet);
}

// The guest is at the store that no packet is left for.
static void wait_for_count(uint64_t count) {
    while (memory_u64(COUNT) < count) {
        sched_yield();
    }
}

START_TEST(a_bell_packet_has_key_type_status_and_address_and_nothing_else) {
    start();
    ring(BELL + 0xff0, 3);
    enter_to_end();
    expect_bell(BELL + 0xff0);
    expect_bell(BELL + 0xff8);
    expect_bell(BELL + 0x1000);
    expect_none();
}
END_TEST

// Two traps on one port: the run ends although nobody takes a packet of the 512.
START_TEST(each_trap_has_256_packets_of_its_own) {
    start();
    trap(ZX_GUEST_TRAP_BELL, 0x600000, 0x10000, port, KEY);
    ring(BELL, BUDGET);
    enter_to_end();
    ring(0x600000, BUDGET);
    enter_to_end();
    for (uint64_t i = 0; i < BUDGET; i++) {
        expect_bell(BELL + 8 * i);
    }
    for (uint64_t i = 0; i < BUDGET; i++) {
        expect_bell(0x600000 + 8 * i);
    }
    expect_none();
}
END_TEST

enum { MANY = 2000 };

// The guest is never further than the budget, and one store that waits, beyond what was taken.
static void *take_one_by_one(void *unused) {
    for (uint64_t i = 0; i < MANY; i++) {
        zx_port_packet_t packet;
        wait_for_count(i + BUDGET + 1 < MANY ? i + BUDGET + 1 : MANY);
        ck_assert_uint_le(memory_u64(COUNT), i + BUDGET + 1);
        ck_assert_int_eq(zx_port_wait(port, ZX_TIME_INFINITE, &packet), ZX_OK);
        ck_assert_uint_eq(packet.guest_bell.addr, BELL + 8 * i);
    }
    return unused;
}

START_TEST(the_257th_bell_waits_until_a_packet_is_taken) {
    start();
    ring(BELL, MANY);
    const pthread_t taker = start_thread(take_one_by_one, NULL);
    enter_to_end();
    join_thread(taker);
    expect_none();
}
END_TEST

START_TEST(a_port_full_of_user_packets_still_takes_bells) {
    zx_status_t status = ZX_OK;
    uint64_t queued = 0;
    start();
    while ((status = queue(queued)) == ZX_OK) {
        queued++;
    }
    ck_assert_int_eq(status, ZX_ERR_SHOULD_WAIT);
    ring(BELL, BUDGET);
    enter_to_end();
    for (uint64_t i = 0; i < queued; i++) {
        expect_user(i);
    }
    for (uint64_t i = 0; i < BUDGET; i++) {
        expect_bell(BELL + 8 * i);
    }
    expect_none();
}
END_TEST

START_TEST(bells_do_not_use_up_a_port) {
    uint64_t alone = 0;
    uint64_t beside = 0;
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    while (queue(0) == ZX_OK) {
        alone++;
    }
    ck_assert_int_eq(zx_handle_close(port), ZX_OK);
    start();
    ring(BELL, BUDGET);
    enter_to_end();
    while (queue(0) == ZX_OK) {
        beside++;
    }
    ck_assert_uint_eq(alone, beside);
}
END_TEST

START_TEST(a_guest_that_goes_takes_its_bells_and_leaves_user_packets_of_the_same_key) {
    start();
    trap(ZX_GUEST_TRAP_BELL, 0x600000, 0x1000, port, KEY + 1);
    ck_assert_int_eq(queue(1), ZX_OK);
    ring(BELL, 2);
    enter_to_end();
    ck_assert_int_eq(queue(2), ZX_OK);
    ring(0x600000, 1);
    enter_to_end();
    guest_close();
    expect_user(1);
    expect_user(2);
    expect_none();
}
END_TEST

START_TEST(the_bells_of_one_guest_outlive_another) {
    start();
    ring(BELL, 2);
    enter_to_end();
    const zx_handle_t first[] = {vcpu, guest, vmar, memory};
    ck_assert_int_eq(zx_handle_close(vcpu), ZX_OK);
    guest_start("ring");
    trap(ZX_GUEST_TRAP_BELL, BELL, 0x1000, port, KEY);
    ring(BELL + 0x800, 1);
    enter_to_end();
    for (size_t i = 1; i < 4; i++) {
        ck_assert_int_eq(zx_handle_close(first[i]), ZX_OK);
    }
    expect_bell(BELL + 0x800);
    expect_none();
    guest_close();
}
END_TEST

START_TEST(a_guest_may_go_before_the_port_that_holds_its_bells) {
    start();
    ring(BELL, BUDGET);
    enter_to_end();
    guest_close();
    expect_none();
    ck_assert_int_eq(queue(7), ZX_OK);
    expect_user(7);
    ck_assert_int_eq(zx_handle_close(port), ZX_OK);
}
END_TEST

START_TEST(a_port_may_go_before_the_guest_whose_bells_it_holds) {
    start();
    ring(BELL, BUDGET);
    enter_to_end();
    ck_assert_int_eq(zx_handle_close(port), ZX_OK);
    ring(BELL, 1);
    enter_fails(ZX_ERR_BAD_STATE);
    enter_to_end();
    guest_close();
}
END_TEST

static void *close_when_full(void *unused) {
    wait_for_count(BUDGET + 1);
    ck_assert_int_eq(zx_handle_close(port), ZX_OK);
    return unused;
}

START_TEST(closing_the_port_ends_a_run_that_waits_for_a_packet_with_bad_state) {
    start();
    ring(BELL, BUDGET + 1);
    const pthread_t closer = start_thread(close_when_full, NULL);
    enter_fails(ZX_ERR_BAD_STATE);
    join_thread(closer);
    enter_to_end(); // The store was passed over.
    ck_assert_uint_eq(memory_u64(COUNT), BUDGET + 1);
}
END_TEST

// The new traps come before the bell and move it, more often than the list of traps has room.
static void *set_traps_when_full(void *unused) {
    wait_for_count(BUDGET + 1);
    for (uint64_t i = 1; i <= 64; i++) {
        trap(ZX_GUEST_TRAP_MEM, BELL - 0x1000 * i, 0x1000, ZX_HANDLE_INVALID, KEY + 1);
    }
    for (uint64_t i = 0; i < BUDGET; i++) {
        expect_bell(BELL + 8 * i);
    }
    return unused;
}

START_TEST(traps_may_be_set_while_a_vcpu_waits_for_a_packet) {
    start();
    ring(BELL, BUDGET + 1);
    const pthread_t setter = start_thread(set_traps_when_full, NULL);
    enter_to_end();
    join_thread(setter);
    expect_bell(BELL + 8 * BUDGET);
    expect_none();
}
END_TEST

START_TEST(another_handle_keeps_a_port_open_for_bells) {
    zx_handle_t first = ZX_HANDLE_INVALID;
    start();
    first = port;
    ck_assert_int_eq(zx_handle_duplicate(first, ZX_RIGHT_SAME_RIGHTS, &port), ZX_OK);
    ck_assert_int_eq(zx_handle_close(first), ZX_OK);
    ring(BELL, 1);
    enter_to_end();
    expect_bell(BELL);
}
END_TEST

START_TEST(cancelling_by_source_does_not_find_bells) {
    start();
    ring(BELL, 1);
    enter_to_end();
    ck_assert_int_eq(zx_port_cancel(port, vcpu, KEY), ZX_ERR_NOT_FOUND);
    expect_bell(BELL);
}
END_TEST

static void *run_own(void *unused) {
    zx_vcpu_state_t state = {.rax = 0x30000, .rdi = 1000};
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    write_state(&state);
    enter_to_end();
    return unused;
}

// With one trap, so that the two share its packets and both have to wait for them.
START_TEST(several_vcpus_ring_one_bell_and_none_is_lost) {
    unsigned counts[2] = {0, 0};
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    guest_open();
    guest_load("ring", ENTRY);
    trap(ZX_GUEST_TRAP_BELL, 0x30000, 0x1000, port, KEY);
    trap(ZX_GUEST_TRAP_IO, 0x10, 1, ZX_HANDLE_INVALID, 0);
    const pthread_t first = start_thread(run_own, NULL);
    wait_for_count(1); // The boot processor is made first.
    const pthread_t second = start_thread(run_real_mode_vcpu, NULL);
    for (unsigned i = 0; i < 2000; i++) {
        zx_port_packet_t packet;
        ck_assert_int_eq(zx_port_wait(port, ZX_TIME_INFINITE, &packet), ZX_OK);
        ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_BELL);
        ck_assert_uint_eq(packet.guest_bell.addr & ~4ull, 0x30000);
        counts[packet.guest_bell.addr >> 2 & 1]++;
    }
    join_thread(first);
    join_thread(second);
    expect_none();
    ck_assert_uint_eq(counts[0], 1000);
    ck_assert_uint_eq(counts[1], 1000);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_bell_packet_has_key_type_status_and_address_and_nothing_else,
        each_trap_has_256_packets_of_its_own,
        the_257th_bell_waits_until_a_packet_is_taken,
        a_port_full_of_user_packets_still_takes_bells,
        bells_do_not_use_up_a_port,
        a_guest_that_goes_takes_its_bells_and_leaves_user_packets_of_the_same_key,
        the_bells_of_one_guest_outlive_another,
        a_guest_may_go_before_the_port_that_holds_its_bells,
        a_port_may_go_before_the_guest_whose_bells_it_holds,
        closing_the_port_ends_a_run_that_waits_for_a_packet_with_bad_state,
        traps_may_be_set_while_a_vcpu_waits_for_a_packet,
        another_handle_keeps_a_port_open_for_bells,
        cancelling_by_source_does_not_find_bells,
        several_vcpus_ring_one_bell_and_none_is_lost,
    };
    return run_tests("bells", tests, sizeof tests / sizeof tests[0]);
}
