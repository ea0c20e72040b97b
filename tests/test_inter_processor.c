// SPDX-License-Identifier: MIT
//
// Interrupts from one VCPU to another: soon, in virtual time at the same moment every time, and not
// at the cost of a third.

#include "barrier.h"
#include "guest_fixture.h"
#include "run_tests.h"

#include <pthread.h>
#include <string.h>
#include <zirconia/observe.h>
#include <zirconia/virtual_time.h>

#define VCPUS 3u
#define ROUNDS 20u
#define RUNS 0x11000u
#define IS_HALTED 0x11400u
#define COUNTS 0x11800u

#define LONGEST_WAIT 20000000u // ns that a VCPU which could run may have to wait.

static struct member {
    pthread_t thread;
    zx_vaddr_t entry;
    zx_handle_t vcpu;
    struct barrier created;
} members[VCPUS];

static struct barrier all_created;

// The last interrupt may come to one that has ended its run. In virtual time it never does, and one
// that is with its client keeps the others waiting.
static struct barrier all_ended;
static bool ends_together;

static void interrupt(const zirconia_guest_vcpu_interrupt_t *asked) {
    for (unsigned i = 0; i < VCPUS; i++) {
        if ((asked->mask >> i & 1) != 0) {
            ck_assert_int_eq(zx_vcpu_interrupt(members[i].vcpu, asked->vector), ZX_OK);
        }
    }
}

static void *run(void *argument) {
    struct member *member = argument;
    zx_port_packet_t packet = {0};
    ck_assert_int_eq(zx_vcpu_create(guest, 0, member->entry, &member->vcpu), ZX_OK);
    barrier_wait(&member->created);
    barrier_wait(&all_created);
    do {
        ck_assert_int_eq(zx_vcpu_enter(member->vcpu, &packet), ZX_OK);
        if (packet.type == ZX_PKT_TYPE_GUEST_VCPU) {
            interrupt(&packet.guest_vcpu_2022.interrupt);
        }
    } while (packet.type == ZX_PKT_TYPE_GUEST_VCPU);
    if (ends_together) {
        barrier_wait(&all_ended);
    }
    ck_assert_int_eq(zx_handle_close(member->vcpu), ZX_OK);
    return NULL;
}

// One after another, so that each has the APIC id of its place.
static void start(unsigned index, zx_vaddr_t entry) {
    struct member *member = &members[index];
    member->entry = entry;
    barrier_init(&member->created, 2);
    ck_assert_int_eq(pthread_create(&member->thread, NULL, run, member), 0);
    barrier_wait(&member->created);
}

static struct result {
    uint32_t delays[ROUNDS];
    uint32_t longest;
    uint32_t counted;
} result;

static void send_interrupts(bool virtual_time, zx_vaddr_t target) {
    const uint32_t rounds = ROUNDS;
    memset(&result, 0, sizeof result);
    guest_open();
    guest_load("inter_processor", ENTRY);
    memory_write(0x800c, &rounds, sizeof rounds);
    trap(ZX_GUEST_TRAP_IO, 0x11, 1, ZX_HANDLE_INVALID, 0);
    if (virtual_time) {
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    }
    barrier_init(&all_created, VCPUS);
    barrier_init(&all_ended, VCPUS);
    ends_together = !virtual_time;
    const zx_vaddr_t entries[VCPUS] = {ENTRY, target, COUNTS};
    for (unsigned i = 0; i < VCPUS; i++) {
        start(i, entries[i]);
    }
    for (unsigned i = 0; i < VCPUS; i++) {
        ck_assert_int_eq(pthread_join(members[i].thread, NULL), 0);
        barrier_destroy(&members[i].created);
    }
    barrier_destroy(&all_created);
    barrier_destroy(&all_ended);
    ck_assert_int_eq(zx_vmo_read(memory, result.delays, 0x100000, sizeof result.delays), ZX_OK);
    ck_assert_int_eq(zx_vmo_read(memory, &result.longest, 0x801c, 2 * sizeof(uint32_t)), ZX_OK);
    guest_close();
}

// A time slice of virtual time is 100,000 ns.
static void check_virtual_time(zx_vaddr_t target) {
    send_interrupts(true, target);
    const struct result first = result;
    for (unsigned i = 0; i < ROUNDS; i++) {
        ck_assert_uint_lt(first.delays[i], 1000);
    }
    ck_assert_uint_lt(first.longest, LONGEST_WAIT);
    ck_assert_uint_gt(first.counted, ROUNDS);
    for (unsigned i = 0; i < 2; i++) {
        send_interrupts(true, target);
        ck_assert_mem_eq(&result, &first, sizeof first);
    }
}

START_TEST(virtual_time_interrupts_one_that_runs_at_once) {
    check_virtual_time(RUNS);
}
END_TEST

START_TEST(virtual_time_interrupts_one_that_is_halted_at_once) {
    check_virtual_time(IS_HALTED);
}
END_TEST

// How soon depends on the host. Each arrives, and the third VCPU has run in between.
START_TEST(interrupts_reach_one_that_runs) {
    send_interrupts(false, RUNS);
    ck_assert_uint_gt(result.counted, 0);
}
END_TEST

START_TEST(interrupts_reach_one_that_is_halted) {
    send_interrupts(false, IS_HALTED);
    ck_assert_uint_gt(result.counted, 0);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        virtual_time_interrupts_one_that_runs_at_once,
        virtual_time_interrupts_one_that_is_halted_at_once,
        interrupts_reach_one_that_runs,
        interrupts_reach_one_that_is_halted,
    };
    return run_tests("inter_processor", tests, sizeof tests / sizeof tests[0]);
}
