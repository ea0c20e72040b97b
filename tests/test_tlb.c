// SPDX-License-Identifier: MIT
//
// What an access may do, by the rights of its page, where the library fills the engine's TLB and
// where the engine does: as the SDM says in volume 3A, section 4.6. And the account of large pages,
// accesses to trapped pages, and restores of snapshots. A private function of the library is
// watched.

#define _POSIX_C_SOURCE 200809L // setenv()

#include "guest_fixture.h"

#include "engine/cpu/unicorn/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <zirconia/snapshot.h>
#include <zirconia/zirconia.h>

#define DIRECTORY 0x3000u // The page directory for linear addresses from 1 GiB on.
#define TABLE 0x4000u
#define PAGE 0x200000u
// The program, for the supervisor in the first GiB, for users in the third.
#define SUPERVISOR_GIB 0xa3
#define USER_GIB 0xa7
#define TRAPPED_PAGE 0x202000u
#define LARGE_PAGE 0x400000u
#define OTHER_LARGE_PAGE 0x600000u

#define CR0_FOR_ALL 0x80000031u
#define CR4_FOR_ALL 0x220u
#define WRITE_PROTECT 0x10000u
#define SMEP 0x100000u
#define SMAP 0x200000u
#define AC 0x40000u

#define PRESENT 1ull
#define WRITABLE 2ull
#define USER_PAGE 4ull
#define ACCESSED 0x20ull
#define DIRTY 0x40ull
#define NO_EXECUTE (1ull << 63)

enum { LOAD, STORE, FETCH };
enum { DONE = 0x40, PAGE_FAULT = 14 };

static struct tlb_fill *fill;

void __real_tlb_fill_serve(struct tlb_fill *served, struct nested *nested);
void __wrap_tlb_fill_serve(struct tlb_fill *served, struct nested *nested);

void __wrap_tlb_fill_serve(struct tlb_fill *served, struct nested *nested) {
    fill = nested != NULL ? served : fill;
    __real_tlb_fill_serve(served, nested);
}

static bool was_used(void) {
    for (unsigned i = 0; i < NESTED_PAGES_KEPT; i++) {
        if (fill->kept[i].changes != 0) {
            return true;
        }
    }
    return false;
}

// False in the runs of these tests that leave misses to the engine.
static bool is_wished(void) {
    return getenv("ZIRCONIA_TLB") == NULL && getenv("ZIRCONIA_STATE") == NULL;
}

static void put(uint64_t address, uint64_t value) {
    memory_write(address, &value, sizeof value);
}

static void start(void) {
    guest_start("tlb");
    put(0, 0x1000 | 0x27);
    put(0x1000, SUPERVISOR_GIB);
    put(0x1008, DIRECTORY | 0x27);
    put(0x1010, USER_GIB);
    put(DIRECTORY, TABLE | 0x27);
    put(PAGE, 0xc3);
    enter_to_end();
}

struct access {
    uint64_t entry;
    bool user;
    unsigned kind;
    uint64_t cr0;
    uint64_t cr4;
    uint64_t flags;
};

// The error code, or -1 where there is no fault.
static int expected(const struct access *access) {
    const bool of_user = (access->entry & USER_PAGE) != 0;
    const bool prevented = (access->cr4 & SMAP) != 0 && (access->flags & AC) == 0;
    const bool write_protect = access->user || (access->cr0 & WRITE_PROTECT) != 0;
    bool permitted = access->user ? of_user : access->kind == FETCH || !of_user || !prevented;
    if (access->kind == STORE && (access->entry & WRITABLE) == 0 && write_protect) {
        permitted = false;
    }
    if (access->kind == FETCH && ((access->entry & NO_EXECUTE) != 0 ||
                                  (!access->user && of_user && (access->cr4 & SMEP) != 0))) {
        permitted = false;
    }
    if (permitted && (access->entry & PRESENT) != 0) {
        return -1;
    }
    return ((access->entry & PRESENT) != 0 ? 1 : 0) | (access->kind == STORE ? 2 : 0) |
           (access->user ? 4 : 0) | (access->kind == FETCH ? 0x10 : 0);
}

static zx_handle_t behind; // A snapshot that is restored before each access, if there is one.

static void check(const struct access *access) {
    const int fault = expected(access);
    zx_vcpu_state_t state = {
        .rsi = access->user,
        .rdx = access->kind,
        .rbx = access->cr0,
        .rbp = access->cr4,
        .r15 = access->flags,
        .rsp = 0x80000,
    };
    if (behind != ZX_HANDLE_INVALID) {
        ck_assert_int_eq(zirconia_guest_restore(guest, behind), ZX_OK);
    }
    put(TABLE, PAGE | access->entry);
    write_state(&state);
    enter_to_end();
    state = read_state();
    ck_assert_msg(state.r10 == (fault < 0 ? DONE : PAGE_FAULT) &&
                      (fault < 0 || state.r8 == (uint64_t)fault),
                  "entry %llx, user %d, kind %u, cr0 %llx, cr4 %llx, flags %llx: vector %llu, code "
                  "%llx instead of %d",
                  (unsigned long long)access->entry, access->user, access->kind,
                  (unsigned long long)access->cr0, (unsigned long long)access->cr4,
                  (unsigned long long)access->flags, (unsigned long long)state.r10,
                  (unsigned long long)state.r8, fault);
}

static uint64_t entry_of(unsigned bits) {
    return (bits & 1 ? PRESENT : 0) | (bits & 2 ? WRITABLE : 0) | (bits & 4 ? USER_PAGE : 0) |
           (bits & 8 ? ACCESSED | DIRTY : ACCESSED) | (bits & 16 ? NO_EXECUTE : 0);
}

static void check_rights(void) {
    for (unsigned bits = 0; bits < 32; bits++) {
        for (unsigned mode = 0; mode < 32; mode++) {
            for (unsigned kind = LOAD; kind <= FETCH; kind++) {
                check(&(struct access){
                    .entry = entry_of(bits),
                    .user = (mode & 1) != 0,
                    .kind = kind,
                    .cr0 = CR0_FOR_ALL | (mode & 2 ? WRITE_PROTECT : 0),
                    .cr4 = CR4_FOR_ALL | (mode & 4 ? SMEP : 0) | (mode & 8 ? SMAP : 0),
                    .flags = 2u | (mode & 16 ? AC : 0),
                });
            }
        }
    }
}

static void check_all(void) {
    start();
    check_rights();
}

START_TEST(rights_are_the_manuals) {
    check_all();
    ck_assert(was_used() == is_wished());
}
END_TEST

START_TEST(rights_are_the_manuals_where_the_engine_fills_its_tlb) {
    setenv("ZIRCONIA_TLB", "engine", true);
    check_all();
    ck_assert(!was_used());
    ck_assert_ptr_nonnull(strstr(zirconia_engine_note(), "walks page tables"));
}
END_TEST

// INVLPG of one part of a large page drops the entries of its other parts, whoever keeps account of
// it: the engine at first, and then the library. Each round loads CR3.
START_TEST(a_large_page_is_invalidated_as_a_whole) {
    start();
    put(LARGE_PAGE + 0x5008, 1);
    put(OTHER_LARGE_PAGE + 0x5008, 2);
    for (unsigned i = 0; i < 3; i++) {
        put(DIRECTORY + 8, LARGE_PAGE | 0xe7);
        const zx_vcpu_state_t state = {
            .rsi = 2,
            .rdx = OTHER_LARGE_PAGE | 0xe7,
            .rbx = CR0_FOR_ALL,
            .rbp = CR4_FOR_ALL,
            .rsp = 0x80000,
        };
        write_state(&state);
        enter_to_end();
        ck_assert_uint_eq(read_state().r9, 2);
    }
    ck_assert(was_used() == is_wished());
    ck_assert(!fill->leaves_large);
    ck_assert(fill->accounts[FILL_SUPERVISOR] == is_wished());
}
END_TEST

// --- Trapped pages ---

#define ARITHMETIC_FLAGS 0x8d5u

// The instruction is not carried out, and all is as before it, the flags too, which a comparison
// has set just before: of 0 or 1 with 1.
static void check_trapped(bool user, unsigned kind) {
    zx_vcpu_state_t state = {
        .rsi = user,
        .rdx = kind,
        .rbx = CR0_FOR_ALL,
        .rbp = CR4_FOR_ALL,
        .r15 = 2,
        .rsp = 0x80000,
    };
    const uint64_t flags = kind == LOAD ? 0x95 : 0x44; // CF, PF, AF and SF; PF and ZF.
    write_state(&state);
    const zx_port_packet_t packet = enter();
    state = read_state();
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_MEM);
    ck_assert_uint_eq(packet.guest_mem.addr, TRAPPED_PAGE);
    ck_assert_uint_eq(packet.guest_mem.instruction_size, 3);
    ck_assert_uint_eq(state.rflags & ARITHMETIC_FLAGS, flags);
    ck_assert(fill->ends_run == is_wished());
    enter_to_end();
    ck_assert_uint_eq(read_state().r10, DONE);
}

START_TEST(trapped_pages_end_the_run_in_the_instruction) {
    start();
    put(TABLE, TRAPPED_PAGE | entry_of(0xf));
    trap(ZX_GUEST_TRAP_MEM, TRAPPED_PAGE, 0x1000, ZX_HANDLE_INVALID, 0);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned kind = LOAD; kind <= STORE; kind++) {
            check_trapped(false, kind);
            check_trapped(true, kind);
        }
    }
}
END_TEST

// The guest's own tables come first.
START_TEST(a_trapped_page_without_a_right_to_it_faults) {
    start();
    trap(ZX_GUEST_TRAP_MEM, PAGE, 0x1000, ZX_HANDLE_INVALID, 0);
    check(&(struct access){.entry = entry_of(0xb),
                           .user = true,
                           .kind = LOAD,
                           .cr0 = CR0_FOR_ALL,
                           .cr4 = CR4_FOR_ALL,
                           .flags = 2});
    check(&(struct access){.entry = entry_of(0xd),
                           .user = true,
                           .kind = STORE,
                           .cr0 = CR0_FOR_ALL,
                           .cr4 = CR4_FOR_ALL,
                           .flags = 2});
}
END_TEST

// --- Restores ---

static const struct engine *engine_of_guest(void) {
    return (const struct engine *)(const void *)((const uint8_t *)fill -
                                                 offsetof(struct engine, fill));
}

static void access_page(unsigned kind) {
    const zx_vcpu_state_t state = {
        .rdx = kind, .rbx = CR0_FOR_ALL, .rbp = CR4_FOR_ALL, .r15 = 2, .rsp = 0x80000};
    write_state(&state);
    enter_to_end();
    ck_assert_uint_eq(read_state().r10, DONE);
}

// A restore leaves entries of the TLB where nobody has stored to the tables that they come from.
START_TEST(the_tlb_outlives_a_restore) {
    zx_handle_t snapshot = ZX_HANDLE_INVALID;
    start();
    put(TABLE, PAGE | entry_of(0xf));
    access_page(LOAD);
    ck_assert_int_eq(zirconia_guest_snapshot(guest, 0, &snapshot), ZX_OK);
    for (unsigned i = 0; i < 20; i++) {
        access_page(i % 2 == 0 ? LOAD : STORE);
        ck_assert_int_eq(zirconia_guest_restore(guest, snapshot), ZX_OK);
    }
    ck_assert(engine_of_guest()->tlb_kept == is_wished());
    ck_assert(engine_of_guest()->tlb_stale == !is_wished());
    put(TABLE, PAGE | entry_of(0x7));
    access_page(LOAD);
    ck_assert(!engine_of_guest()->tlb_kept);
}
END_TEST

// What a TLB has from before a restore does not outlive a store to tables by the client.
START_TEST(rights_are_the_manuals_behind_restores) {
    start();
    ck_assert_int_eq(zirconia_guest_snapshot(guest, 0, &behind), ZX_OK);
    check_rights();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tlb");
    TCase *tcase = tcase_create("tlb");
    tcase_set_timeout(tcase, 20);
    tcase_add_test(tcase, rights_are_the_manuals);
    tcase_add_test(tcase, rights_are_the_manuals_where_the_engine_fills_its_tlb);
    tcase_add_test(tcase, rights_are_the_manuals_behind_restores);
    tcase_add_test(tcase, the_tlb_outlives_a_restore);
    tcase_add_test(tcase, a_large_page_is_invalidated_as_a_whole);
    tcase_add_test(tcase, trapped_pages_end_the_run_in_the_instruction);
    tcase_add_test(tcase, a_trapped_page_without_a_right_to_it_faults);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
