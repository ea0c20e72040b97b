// SPDX-License-Identifier: MIT
//
// Engines that serve one guest after another, and what guests cost. Nothing of one guest may be
// found by the next. Counts the calls of uc_open(), in front of Unicorn's own.

#define _GNU_SOURCE // RTLD_NEXT

#include "guest_fixture.h"
#include "sanitized.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <dlfcn.h>
#endif
#include <unicorn/unicorn.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

static atomic_int opened;

#ifdef _WIN32

// The linker puts the one for the other.
uc_err __real_uc_open(uc_arch arch, uc_mode mode, uc_engine **out);
uc_err __wrap_uc_open(uc_arch arch, uc_mode mode, uc_engine **out);
uc_err __wrap_uc_open(uc_arch arch, uc_mode mode, uc_engine **out) {
    opened++;
    return __real_uc_open(arch, mode, out);
}

#else

typedef uc_err open_function(uc_arch arch, uc_mode mode, uc_engine **out);

uc_err uc_open(uc_arch arch, uc_mode mode, uc_engine **out) {
    open_function *next = NULL;
    void *found = dlsym(RTLD_NEXT, "uc_open");
    memcpy(&next, &found, sizeof next);
    opened++;
    return next(arch, mode, out);
}

#endif

// --- What the next guest finds ---

#define SEEN_AT 0x20000u
enum { SEEN_SIZE = 0x1200 };

static void run(const char *program) {
    guest_start(program);
    enter_to_end();
    guest_close();
}

static void look_around(uint8_t seen[SEEN_SIZE]) {
    guest_start("look_around");
    enter_to_end();
    ck_assert_int_eq(zx_vmo_read(memory, seen, SEEN_AT, SEEN_SIZE), ZX_OK);
    guest_close();
}

START_TEST(a_guest_finds_nothing_of_the_one_before) {
    static uint8_t first[SEEN_SIZE];
    static uint8_t later[SEEN_SIZE];
    look_around(first);
    const int before = opened;
    for (int round = 0; round < 3; round++) {
        run("leave_traces");
        look_around(later);
        for (size_t i = 0; i < SEEN_SIZE; i += 8) {
            ck_assert_msg(memcmp(first + i, later + i, 8) == 0, "at 0x%zx", SEEN_AT + i);
        }
    }
    ck_assert_int_eq(opened, before);
}
END_TEST

// Each guest has other code and other memory at the same addresses.
START_TEST(a_guest_runs_its_own_code) {
    int before = 0;
    for (uint32_t round = 0; round < 20; round++) {
        const uint8_t code[] = {
            0xb8, (uint8_t)round, 0,    0,    0,                            // mov eax, round
            0x48, 0x03,           0x04, 0x25, 0, 0,    3,    0,             // add rax, [0x30000]
            0x48, 0xc7,           0x04, 0x25, 0, 0xf0, 0xff, 0, 0, 0, 0, 0, // mov [EXIT_PAGE], 0
        };
        const uint64_t data = 1000 * round;
        guest_open();
        memory_write(ENTRY, code, sizeof code);
        memory_write(0x30000, &data, sizeof data);
        ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
        enter_to_end();
        ck_assert_uint_eq(read_state().rax, 1001 * round);
        guest_close();
        before = round == 0 ? opened : before;
    }
    ck_assert_int_eq(opened, before);
}
END_TEST

// Engines that count blocks go to guests in virtual time, the others to all other guests.
START_TEST(guests_of_both_kinds_of_time_take_turns) {
    int before = 0;
    for (int round = 0; round < 10; round++) {
        run("look_around");
        guest_open();
        guest_load("look_around", ENTRY);
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
        ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
        enter_to_end();
        guest_close();
        before = round == 0 ? opened : before;
    }
    ck_assert_int_eq(opened, before);
}
END_TEST

// The memory that its translations took would stay taken.
START_TEST(an_engine_that_translated_much_serves_no_other) {
    static const uint8_t end[] = {0x48, 0xc7, 0x04, 0x25, 0, 0xf0, 0xff, 0, 0, 0, 0, 0};
    static uint8_t nops[40000];
    memset(nops, 0x90, sizeof nops);
    run("look_around");
    const int before = opened;
    guest_open();
    memory_write(ENTRY, nops, sizeof nops);
    memory_write(ENTRY + sizeof nops, end, sizeof end);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    enter_to_end();
    guest_close();
    ck_assert_int_eq(opened, before);
    run("look_around");
    ck_assert_int_eq(opened, before + 1);
}
END_TEST

static void *run_guests(void *unused) {
    (void)unused;
    for (int i = 0; i < 40; i++) {
        zx_handle_t resource = ZX_HANDLE_INVALID;
        zx_handle_t its_guest = ZX_HANDLE_INVALID;
        zx_handle_t its_vmar = ZX_HANDLE_INVALID;
        zx_handle_t its_vcpu = ZX_HANDLE_INVALID;
        zx_port_packet_t packet;
        ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
        ck_assert_int_eq(zx_guest_create(resource, 0, &its_guest, &its_vmar), ZX_OK);
        ck_assert_int_eq(zx_vcpu_create(its_guest, 0, 0, &its_vcpu), ZX_OK);
        ck_assert_int_eq(zx_vcpu_enter(its_vcpu, &packet), ZX_ERR_NOT_FOUND);
        ck_assert_int_eq(zx_handle_close(its_vcpu), ZX_OK);
        ck_assert_int_eq(zx_handle_close(its_guest), ZX_OK);
        ck_assert_int_eq(zx_handle_close(its_vmar), ZX_OK);
        ck_assert_int_eq(zx_handle_close(resource), ZX_OK);
    }
    return NULL;
}

START_TEST(threads_share_what_waits) {
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_guests, NULL), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert_int_le(opened, 40);
}
END_TEST

// --- What guests cost ---

#ifdef __linux__

static unsigned lines_of(const char *path) {
    unsigned lines = 0;
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    for (int c = getc(file); c != EOF; c = getc(file)) {
        lines += c == '\n';
    }
    fclose(file);
    return lines;
}

static unsigned long resident_kib(void) {
    unsigned long pages[2] = {0, 0};
    FILE *file = fopen("/proc/self/statm", "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%lu %lu", &pages[0], &pages[1]), 2);
    fclose(file);
    return pages[1] * 4;
}

START_TEST(a_thousand_guests_leave_nothing) {
    for (int i = 0; i < 300; i++) {
        run("look_around");
    }
    const unsigned maps = lines_of("/proc/self/maps");
    const unsigned long resident = resident_kib();
    const int before = opened;
    for (int i = 0; i < 1000; i++) {
        run("look_around");
    }
    ck_assert_int_le(opened, before + 100);
    if (!SANITIZED) { // What is freed then stays for a while.
        ck_assert_uint_le(lines_of("/proc/self/maps"), maps + 8);
        ck_assert_uint_le(resident_kib(), resident + (16 << 10));
    }
}
END_TEST

START_TEST(a_guest_of_64_mib_costs_less_than_8_beside_them) {
    if (SANITIZED) {
        return;
    }
    const unsigned long before = resident_kib();
    zx_handle_t more = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    guest_start("look_around");
    ck_assert_int_eq(zx_vmo_create(48u << 20, 0, &more), ZX_OK);
    ck_assert_int_eq(zx_vmar_map(vmar, ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE,
                                 MEMORY_SIZE, more, 0, 48u << 20, &address),
                     ZX_OK);
    enter_to_end();
    ck_assert_uint_le(resident_kib(), before + (8 << 10));
    ck_assert_int_eq(zx_handle_close(more), ZX_OK);
    guest_close();
}
END_TEST

#endif

// Without a VCPU a guest has no engine.
START_TEST(ten_thousand_idle_guests_live_at_once) {
    enum { COUNT = 10000 };
    static zx_handle_t guests[COUNT];
    static zx_handle_t vmars[COUNT];
    zx_handle_t resource = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert_int_eq(zx_guest_create(resource, 0, &guests[i], &vmars[i]), ZX_OK);
    }
    ck_assert_int_le(opened,
                     4); // For looks at how Unicorn keeps its state, stops, answers and walks.
    run("look_around");
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert_int_eq(zx_handle_close(guests[i]), ZX_OK);
        ck_assert_int_eq(zx_handle_close(vmars[i]), ZX_OK);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_guest_finds_nothing_of_the_one_before,
        a_guest_runs_its_own_code,
        guests_of_both_kinds_of_time_take_turns,
        an_engine_that_translated_much_serves_no_other,
        threads_share_what_waits,
#ifdef __linux__
        a_thousand_guests_leave_nothing,
        a_guest_of_64_mib_costs_less_than_8_beside_them,
#endif
        ten_thousand_idle_guests_live_at_once,
    };
    return run_tests("engine reuse", tests, sizeof tests / sizeof tests[0]);
}
