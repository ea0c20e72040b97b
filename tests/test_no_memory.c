// SPDX-License-Identifier: MIT
//
// Calls on a host that has no memory left: they fail, nothing changes, and they work once there is
// some again (hypervisor ABI 3.1 to 3.3). The host's limit on address space makes the shortage, and
// the test itself takes what malloc() has left.

#include "address_limit.h"
#include "guest_fixture.h"
#include "sanitized.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <zirconia/zirconia.h>

struct block {
    struct block *next;
};

static struct block *taken;
static struct rlimit before;

static void take_all(size_t size) {
    struct block *block;
    while ((block = malloc(size)) != NULL) {
        block->next = taken;
        taken = block;
    }
}

// Every size in turn, because malloc() keeps small blocks by their size.
static void take_memory(void) {
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
    const struct rlimit none = {.rlim_cur = 1 << 20, .rlim_max = before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
    for (size_t size = 1 << 16; size >= sizeof(struct block); size -= 16) {
        take_all(size);
    }
}

static void give_memory_back(void) {
    while (taken != NULL) {
        struct block *next = taken->next;
        free(taken);
        taken = next;
    }
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &before), 0);
}

START_TEST(a_guest_needs_memory) {
    if (SANITIZED || !address_limit_holds()) {
        return;
    }
    zx_handle_t other = ZX_HANDLE_INVALID;
    zx_handle_t other_vmar = ZX_HANDLE_INVALID;
    zx_handle_t resource = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
    guest_start("access");
    take_memory();
    const zx_status_t status = zx_guest_create(resource, 0, &other, &other_vmar);
    give_memory_back();
    ck_assert_int_eq(status, ZX_ERR_NO_MEMORY);
    ck_assert_uint_eq(other, ZX_HANDLE_INVALID);
    ck_assert_int_eq(zx_guest_create(resource, 0, &other, &other_vmar), ZX_OK);
    enter_to_end();
}
END_TEST

START_TEST(a_trap_needs_memory) {
    if (SANITIZED || !address_limit_holds()) {
        return;
    }
    guest_start("access");
    take_memory();
    zx_status_t status = ZX_OK;
    uint64_t count = 0; // Some traps may find a place that was made before.
    for (; status == ZX_OK && count < 4096; count++) {
        status = zx_guest_set_trap(guest, ZX_GUEST_TRAP_IO, count, 1, ZX_HANDLE_INVALID, 0);
    }
    give_memory_back();
    ck_assert_int_eq(status, ZX_ERR_NO_MEMORY);
    trap(ZX_GUEST_TRAP_IO, count - 1, 1, ZX_HANDLE_INVALID, 0);
    enter_to_end();
}
END_TEST

START_TEST(a_vcpu_needs_memory) {
    if (SANITIZED || !address_limit_holds()) {
        return;
    }
    guest_start("access");
    ck_assert_int_eq(zx_handle_close(vcpu), ZX_OK);
    take_memory();
    const zx_status_t status = zx_vcpu_create(guest, 0, ENTRY, &vcpu);
    give_memory_back();
    ck_assert_int_eq(status, ZX_ERR_NO_MEMORY);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    ck_assert_int_eq(zx_handle_close(vcpu), ZX_OK);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {a_guest_needs_memory, a_trap_needs_memory, a_vcpu_needs_memory};
    return run_tests("no memory", tests, sizeof tests / sizeof tests[0]);
}
