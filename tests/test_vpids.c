// SPDX-License-Identifier: MIT
//
// The ids of VCPUs: 63 of them in a guest, given out in turn, and what the first one means
// (hypervisor ABI 3.3).

#include "guest_fixture.h"
#include "other_thread.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#define LONG_ENTRY 0x10000u // The 64-bit entry of who_am_i.asm.
#define REAL_ENTRY 0x11000u
#define VPIDS 63u

static void start(void) {
    guest_open();
    guest_load("who_am_i", ENTRY);
    trap(ZX_GUEST_TRAP_IO, 0x10, 2, ZX_HANDLE_INVALID, 0);
}

// The VPID that the guest sees, which is one more than its APIC id. Only the first starts in 64-bit
// code, and either program does something else in the other mode.
static void expect_vpid(zx_handle_t own, unsigned vpid) {
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_vcpu_enter(own, &packet), ZX_OK);
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_IO);
    ck_assert_uint_eq(packet.guest_io.port, vpid == 1 ? 0x10 : 0x11);
    ck_assert_uint_eq(packet.guest_io.u32, vpid - 1);
}

static zx_handle_t create(unsigned vpid) {
    zx_handle_t own = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vcpu_create(guest, 0, vpid == 1 ? LONG_ENTRY : REAL_ENTRY, &own), ZX_OK);
    return own;
}

START_TEST(ids_go_round_before_one_is_used_again) {
    start();
    for (unsigned i = 0; i < 2 * VPIDS + 1; i++) {
        const unsigned vpid = i % VPIDS + 1;
        const zx_handle_t own = create(vpid);
        expect_vpid(own, vpid);
        ck_assert_int_eq(zx_handle_close(own), ZX_OK);
    }
}
END_TEST

// A thread each, which lives until all are there.
static atomic_uint created;
static atomic_bool tried;
static pthread_mutex_t in_order = PTHREAD_MUTEX_INITIALIZER;
static unsigned next_vpid = 1;

static void *have_a_vcpu(void *unused) {
    pthread_mutex_lock(&in_order);
    const unsigned vpid = next_vpid++;
    const zx_handle_t own = create(vpid);
    pthread_mutex_unlock(&in_order);
    expect_vpid(own, vpid);
    atomic_fetch_add(&created, 1);
    while (!atomic_load(&tried)) {
        sched_yield();
    }
    ck_assert_int_eq(zx_handle_close(own), ZX_OK);
    return unused;
}

START_TEST(a_guest_has_63_vcpus_at_most) {
    pthread_t threads[VPIDS];
    zx_handle_t own = ZX_HANDLE_INVALID;
    start();
    for (unsigned i = 0; i < VPIDS; i++) {
        threads[i] = start_thread(have_a_vcpu, NULL);
    }
    while (atomic_load(&created) != VPIDS) {
        sched_yield();
    }
    ck_assert_int_eq(zx_vcpu_create(guest, 0, REAL_ENTRY, &own), ZX_ERR_NO_RESOURCES);
    ck_assert_uint_eq(own, ZX_HANDLE_INVALID);
    atomic_store(&tried, true);
    for (unsigned i = 0; i < VPIDS; i++) {
        join_thread(threads[i]);
    }
    own = create(1); // All are free again, and the first is next.
    expect_vpid(own, 1);
}
END_TEST

START_TEST(each_guest_counts_for_itself) {
    zx_handle_t guests[2];
    zx_handle_t own = ZX_HANDLE_INVALID;
    for (unsigned i = 0; i < 2; i++) {
        start();
        guests[i] = guest;
        own = create(1);
        expect_vpid(own, 1);
        ck_assert_int_eq(zx_handle_close(own), ZX_OK);
    }
    for (unsigned i = 0; i < 2; i++) {
        guest = guests[i];
        own = create(2);
        expect_vpid(own, 2);
        ck_assert_int_eq(zx_handle_close(own), ZX_OK);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        ids_go_round_before_one_is_used_again,
        a_guest_has_63_vcpus_at_most,
        each_guest_counts_for_itself,
    };
    return run_tests("vpids", tests, sizeof tests / sizeof tests[0]);
}
