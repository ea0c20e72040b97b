// SPDX-License-Identifier: MIT
//
// Guest memory that the client takes away, gives back and shares while the guest runs (hypervisor
// ABI 5.13, 10; objects ABI 5.4).

#include "memory_guest.h"
#include "other_thread.h"
#include "sanitized.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <zircon/process.h>
#include <zirconia/zirconia.h>

#define ROUNDS 10000u

static void map(uint64_t at, zx_vm_option_t options, uint64_t offset) {
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_map(vmar, options, at, memory, offset, 0x1000, &address), ZX_OK);
}

static void *unmap_when_it_runs(void *page) {
    until_it_runs();
    ck_assert_int_eq(zx_vmar_unmap(vmar, *(uint64_t *)page, 0x1000), ZX_OK);
    return NULL;
}

// Loop: the page that the guest loads from, and the one that its code is in.
START_TEST(memory_unmapped_under_a_running_guest_is_gone_at_once) {
    uint64_t pages[] = {DATA, ENTRY};
    const uint64_t page = pages[_i];
    const uint64_t end = 1;
    zx_port_packet_t packet;
    start(LOAD, DATA);
    const pthread_t thread = start_thread(unmap_when_it_runs, &pages[_i]);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_NOT_FOUND);
    join_thread(thread);
    const uint64_t count = memory_u64(COUNT);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_NOT_FOUND);
    ck_assert_uint_eq(memory_u64(COUNT), count);
    map(page, all, page);
    memory_write(COUNT + 8, &end, sizeof end);
    enter_to_end();
    ck_assert_uint_le(memory_u64(COUNT), count + 1);
}
END_TEST

START_TEST(a_mapping_can_lead_to_another_part_of_the_vmo) {
    const uint64_t value = 0x1234;
    start(STORE_AND_LOAD, DATA);
    enter_to_end();
    ck_assert_uint_eq(memory_u64(DATA), 0x5555);
    memory_write(0x500000, &value, sizeof value);
    ck_assert_int_eq(zx_vmar_unmap(vmar, DATA, 0x1000), ZX_OK);
    map(DATA, all, 0x500000);
    zx_vcpu_state_t state = read_state();
    state.rax = 0x6666;
    write_state(&state);
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, 0x6666);
    ck_assert_uint_eq(memory_u64(DATA), 0x5555);
    ck_assert_uint_eq(memory_u64(0x500000), 0x6666);
}
END_TEST

// Upstream the guest would repeat the store for ever; hypervisor ABI 5.13 asks for an error.
START_TEST(a_store_to_read_only_memory_is_an_error_and_changes_nothing) {
    zx_port_packet_t packet;
    start(STORE_AND_LOAD, MEMORY_SIZE);
    map(MEMORY_SIZE, ZX_VM_SPECIFIC | ZX_VM_PERM_READ, DATA);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_ACCESS_DENIED);
        ck_assert_uint_eq(memory_u64(DATA), 0);
    }
    ck_assert_int_eq(zx_vmar_unmap(vmar, MEMORY_SIZE, 0x1000), ZX_OK);
    map(MEMORY_SIZE, all, DATA);
    enter_to_end();
    ck_assert_uint_eq(memory_u64(DATA), 0x5555);
}
END_TEST

START_TEST(nothing_beyond_the_memory_is_not_found) {
    zx_port_packet_t packet;
    start(STORE_AND_LOAD, MEMORY_SIZE);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_NOT_FOUND);
}
END_TEST

// The engines of guests overlap in the process, and each has something of its own there.
START_TEST(a_large_vmo_finds_its_place_beside_many_guests) {
    if (SANITIZED) { // Too few addresses are left.
        return;
    }
    enum { GUESTS = 24 };
    const uint64_t size = (uint64_t)64 << 30;
    const zx_vm_option_t options = ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_handle_t large = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
    for (int i = 0; i < GUESTS; i++) {
        zx_handle_t other = ZX_HANDLE_INVALID;
        zx_handle_t space = ZX_HANDLE_INVALID;
        ck_assert_int_eq(zx_guest_create(resource, 0, &other, &space), ZX_OK);
        ck_assert_int_eq(zx_vcpu_create(other, 0, 0, &vcpu), ZX_OK);
        ck_assert_int_eq(zx_handle_close(vcpu), ZX_OK);
    }
    start(STORE_AND_LOAD, MEMORY_SIZE);
    ck_assert_int_eq(zx_vmo_create(size, 0, &large), ZX_OK);
    ck_assert_int_eq(zx_vmar_map(vmar, options, MEMORY_SIZE, large, 0, size, &address), ZX_OK);
    enter_to_end();
    uint64_t value = 0;
    ck_assert_int_eq(zx_vmo_read(large, &value, 0, sizeof value), ZX_OK);
    ck_assert_uint_eq(value, 0x5555);
}
END_TEST

static _Atomic uint64_t *shared; // Request and answer.

static void *ask(void *unused) {
    (void)unused;
    for (uint64_t i = 2; i < ROUNDS + 2; i++) {
        atomic_store(&shared[0], i);
        while (atomic_load(&shared[1]) != 2 * i) {
            sched_yield();
        }
    }
    atomic_store(&shared[0], 0);
    return NULL;
}

static void start_answering(void) {
    zx_vaddr_t address = 0;
    start(ANSWER, DATA);
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, memory,
                                 DATA, 0x1000, &address),
                     ZX_OK);
    shared = (_Atomic uint64_t *)address;
    atomic_store(&shared[0], 1);
}

START_TEST(host_and_guest_share_a_mapping) {
    start_answering();
    const pthread_t asker = start_thread(ask, NULL);
    enter_to_end();
    join_thread(asker);
    ck_assert_uint_eq(memory_u64(DATA + 8), 2 * (ROUNDS + 1));
    ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)shared, 0x1000), ZX_OK);
    ck_assert_uint_eq(memory_u64(DATA + 8), 2 * (ROUNDS + 1));
}
END_TEST

static atomic_bool churn_over;

static void *churn(void *unused) {
    (void)unused;
    while (!atomic_load(&churn_over)) {
        zx_vaddr_t address = 0;
        ck_assert_int_eq(zx_vmar_map(vmar, all, MEMORY_SIZE, memory, 0, 0x10000, &address), ZX_OK);
        ck_assert_int_eq(zx_vmar_unmap(vmar, MEMORY_SIZE, 0x10000), ZX_OK);
    }
    return NULL;
}

START_TEST(mappings_elsewhere_come_and_go_without_disturbing_a_guest) {
    start_answering();
    const pthread_t churner = start_thread(churn, NULL);
    const pthread_t asker = start_thread(ask, NULL);
    enter_to_end();
    atomic_store(&churn_over, true);
    join_thread(asker);
    join_thread(churner);
    ck_assert_uint_eq(memory_u64(DATA + 8), 2 * (ROUNDS + 1));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("guest memory");
    TCase *tcase = tcase_create("memory");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, memory_unmapped_under_a_running_guest_is_gone_at_once, 0, 2);
    tcase_add_test(tcase, a_mapping_can_lead_to_another_part_of_the_vmo);
    tcase_add_test(tcase, a_store_to_read_only_memory_is_an_error_and_changes_nothing);
    tcase_add_test(tcase, nothing_beyond_the_memory_is_not_found);
    tcase_add_test(tcase, a_large_vmo_finds_its_place_beside_many_guests);
    tcase_add_test(tcase, host_and_guest_share_a_mapping);
    tcase_add_test(tcase, mappings_elsewhere_come_and_go_without_disturbing_a_guest);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
