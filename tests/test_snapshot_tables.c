// SPDX-License-Identifier: MIT
//
// Restores of guests whose page tables change (zirconia/snapshot.h): behind each an address leads
// to where it would with an empty TLB, whoever has stored to the tables before or since.

#include "barrier.h"
#include "other_thread.h"
#include "snapshot_fixture.h"

#include <zircon/process.h>
#include <zirconia/virtual_time.h>

#define LINEAR 0x40000000u
#define DIRECTORY 0x3000u // The page directory for the second GiB.
#define TABLE 0x4000u
#define OTHER_ROOT 0x5000u // The same addresses, of which LINEAR leads to the other page.
#define OTHER_POINTERS 0x6000u
#define OTHER_DIRECTORY 0x7000u
#define OTHER_TABLE 0x8000u
#define UNUSED_TABLE 0x9000u
#define PAGE 0x200000u       // Begins with 1.
#define OTHER_PAGE 0x201000u // Begins with 2.
#define LEAF 0x67u
#define UNTOUCHED 0x07u // Neither accessed nor dirty.

enum { ROUNDS = 140 }; // More than it takes until a page is looked at anew.

static zx_handle_t snapshot;

static void put(uint64_t address, uint64_t value) {
    memory_write(address, &value, sizeof value);
}

static void make_tables(void) {
    const uint64_t words[][2] = {
        {0, 0x1000 | LEAF},
        {0x1000, 0xe7},
        {0x1008, DIRECTORY | LEAF},
        {DIRECTORY, TABLE | LEAF},
        {TABLE, PAGE | LEAF},
        {OTHER_ROOT, OTHER_POINTERS | LEAF},
        {OTHER_POINTERS, 0xe7},
        {OTHER_POINTERS + 8, OTHER_DIRECTORY | LEAF},
        {OTHER_DIRECTORY, OTHER_TABLE | LEAF},
        {OTHER_TABLE, OTHER_PAGE | LEAF},
        {UNUSED_TABLE, OTHER_PAGE | LEAF},
        {PAGE, 1},
        {OTHER_PAGE, 2},
    };
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        put(words[i][0], words[i][1]);
    }
}

static uint64_t run(zx_vcpu_state_t state) {
    state.rdi = state.rdi != 0 ? state.rdi : LINEAR;
    write_state(&state);
    enter_to_end();
    return read_state().rbx;
}

static const zx_vcpu_state_t nothing;

static void open_guest(bool is_virtual) {
    guest_open();
    guest_load("tables", ENTRY);
    make_tables();
    if (is_virtual) {
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    }
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    run(nothing);
}

static void take(uint32_t options) {
    ck_assert_int_eq(zirconia_guest_snapshot(guest, options, &snapshot), ZX_OK);
}

static void start(bool is_virtual) {
    open_guest(is_virtual);
    take(0);
}

// Some runs that change no tables.
static void settle(void) {
    for (unsigned i = 0; i < 4; i++) {
        restore(snapshot);
        ck_assert_uint_eq(run(nothing), 1);
    }
    restore(snapshot);
}

static void expect_tables(void) {
    ck_assert_uint_eq(memory_u64(TABLE), PAGE | LEAF);
    ck_assert_uint_eq(memory_u64(OTHER_TABLE), OTHER_PAGE | LEAF);
    ck_assert_uint_eq(memory_u64(DIRECTORY), TABLE | LEAF);
}

static void expect_first_page(void) {
    restore(snapshot);
    expect_tables();
    ck_assert_uint_eq(run(nothing), 1);
    restore(snapshot);
}

static const zx_vcpu_state_t change_with_invlpg = {
    .r8 = 1, .rdx = TABLE, .rax = OTHER_PAGE | LEAF, .r10 = 1};
static const zx_vcpu_state_t change = {.rdx = TABLE, .rax = OTHER_PAGE | LEAF};

static void expect_change_to_come_back(bool is_virtual, zx_vcpu_state_t how) {
    start(is_virtual);
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (i % 10 == 0) {
            settle();
        }
        ck_assert_uint_eq(run(how), 2);
        expect_first_page();
    }
}

START_TEST(an_entry_that_is_changed_and_invalidated_comes_back) {
    expect_change_to_come_back(_i != 0, change_with_invlpg);
}
END_TEST

// The guest has not used the address since the restore, whatever runs before it did.
START_TEST(an_entry_that_is_changed_before_it_is_used_needs_no_invlpg) {
    expect_change_to_come_back(_i != 0, change);
}
END_TEST

// The table is what it was, but the TLB is not.
START_TEST(an_entry_that_is_changed_and_changed_back_leaves_nothing) {
    start(_i != 0);
    settle();
    for (unsigned i = 0; i < ROUNDS; i++) {
        const zx_vcpu_state_t there_and_back = {
            .rdx = TABLE, .rax = OTHER_PAGE | LEAF, .r11 = PAGE | LEAF};
        ck_assert_uint_eq(run(there_and_back), 2);
        expect_first_page();
    }
}
END_TEST

START_TEST(a_higher_entry_comes_back) {
    start(_i != 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (i % 10 == 0) {
            settle();
        }
        const zx_vcpu_state_t other_table = {.rdx = DIRECTORY, .rax = UNUSED_TABLE | LEAF};
        ck_assert_uint_eq(run(other_table), 2);
        expect_first_page();
    }
}
END_TEST

START_TEST(accessed_and_dirty_bits_come_back_and_are_set_again) {
    open_guest(_i != 0);
    put(TABLE, PAGE | UNTOUCHED);
    put(DIRECTORY, TABLE | UNTOUCHED);
    take(0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        const bool stores = i % 3 == 0;
        const zx_vcpu_state_t store = {.r12 = stores ? 5 : 0};
        ck_assert_uint_eq(memory_u64(TABLE), PAGE | UNTOUCHED);
        ck_assert_uint_eq(memory_u64(DIRECTORY), TABLE | UNTOUCHED);
        ck_assert_uint_eq(run(store), stores ? 5 : 1);
        ck_assert_uint_eq(memory_u64(TABLE), PAGE | UNTOUCHED | (stores ? 0x60 : 0x20));
        ck_assert_uint_eq(memory_u64(DIRECTORY), TABLE | UNTOUCHED | 0x20);
        restore(snapshot);
    }
}
END_TEST

// The page is written in the first runs, and read in the others, in which the bit is not set.
START_TEST(a_dirty_bit_is_set_by_a_store_alone) {
    open_guest(_i != 0);
    put(TABLE, PAGE | UNTOUCHED | 0x20);
    take(0);
    const zx_vcpu_state_t store = {.r12 = 5};
    for (unsigned i = 0; i < 2 * ROUNDS; i++) {
        const bool stores = i / 70 % 2 == 0;
        ck_assert_uint_eq(run(stores ? store : nothing), stores ? 5 : 1);
        ck_assert_uint_eq(memory_u64(TABLE), PAGE | (stores ? 0x67 : 0x27));
        restore(snapshot);
    }
}
END_TEST

START_TEST(cr3_comes_back) {
    start(_i != 0);
    const zx_vcpu_state_t other_root = {.r8 = 1, .r9 = OTHER_ROOT};
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (i % 10 == 0) {
            settle();
        }
        ck_assert_uint_eq(run(other_root), 2);
        expect_first_page();
    }
}
END_TEST

// The run before has left the page in the TLB as one of the other tables, which have changed since.
START_TEST(tables_that_are_changed_while_cr3_leads_elsewhere_count) {
    start(_i != 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        settle();
        const zx_vcpu_state_t other = {.r9 = OTHER_ROOT, .rdx = OTHER_TABLE, .rax = PAGE | LEAF};
        ck_assert_uint_eq(run(other), 1);
        expect_first_page();
        const zx_vcpu_state_t unchanged = {.r9 = OTHER_ROOT};
        ck_assert_uint_eq(run(unchanged), 2);
    }
}
END_TEST

// Thrice each in turn: the first has tables that lead to the first page.
static void expect_tables_of_their_own(zx_handle_t first, zx_handle_t second) {
    for (unsigned i = 0; i < ROUNDS; i++) {
        const bool is_first = i / 3 % 2 == 0;
        restore(is_first ? first : second);
        ck_assert_uint_eq(run(nothing), is_first ? 1 : 2);
    }
}

START_TEST(two_snapshots_have_tables_of_their_own) {
    start(_i != 0);
    const zx_handle_t first = snapshot;
    put(TABLE, OTHER_PAGE | LEAF);
    take(0);
    expect_tables_of_their_own(first, snapshot);
}
END_TEST

// The client keeps its promise: what differs is the snapshots.
START_TEST(two_snapshots_of_steady_tables_have_their_own) {
    open_guest(_i != 0);
    take(ZIRCONIA_SNAPSHOT_STEADY_TABLES);
    const zx_handle_t first = snapshot;
    put(TABLE, OTHER_PAGE | LEAF);
    take(ZIRCONIA_SNAPSHOT_STEADY_TABLES);
    expect_tables_of_their_own(first, snapshot);
}
END_TEST

START_TEST(tables_come_back_from_a_file) {
    start(_i != 0);
    save_snapshot(snapshot);
    const zx_handle_t loaded = load_snapshot();
    put(TABLE, OTHER_PAGE | LEAF);
    take(0);
    expect_tables_of_their_own(loaded, snapshot);
}
END_TEST

START_TEST(a_large_page_becomes_a_table_and_comes_back) {
    const uint64_t large = LINEAR + 0x200000;
    open_guest(_i != 0);
    put(DIRECTORY + 8, PAGE | LEAF | 0x80);
    take(0);
    const zx_vcpu_state_t use = {.rdi = large};
    const zx_vcpu_state_t split = {.rdi = large, .rdx = DIRECTORY + 8, .rax = UNUSED_TABLE | LEAF};
    for (unsigned i = 0; i < ROUNDS; i++) {
        for (unsigned j = 0; j < 4; j++) {
            restore(snapshot);
            ck_assert_uint_eq(run(use), 1);
        }
        restore(snapshot);
        ck_assert_uint_eq(run(split), 2);
    }
}
END_TEST

// --- Tables that have several guest-physical addresses ---

#define ALIAS 0x2000000u

static void map_again(zx_handle_t vmo) {
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_map(vmar, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_SPECIFIC, ALIAS,
                                 vmo, 0, 0x100000, &address),
                     ZX_OK);
}

static void change_by_alias(void) {
    const zx_vcpu_state_t by_alias = {.rdx = ALIAS + TABLE, .rax = OTHER_PAGE | LEAF};
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (i % 10 == 0) {
            settle();
        }
        ck_assert_uint_eq(run(by_alias), 2);
        expect_first_page();
    }
}

START_TEST(a_store_by_way_of_another_address_counts) {
    open_guest(_i != 0);
    map_again(memory);
    take(0);
    change_by_alias();
}
END_TEST

START_TEST(a_store_by_way_of_a_slice_counts) {
    zx_handle_t slice = ZX_HANDLE_INVALID;
    open_guest(_i != 0);
    ck_assert_int_eq(zx_vmo_create_child(memory, ZX_VMO_CHILD_SLICE, 0, 0x100000, &slice), ZX_OK);
    map_again(slice);
    take(0);
    change_by_alias();
    ck_assert_int_eq(zx_handle_close(slice), ZX_OK);
}
END_TEST

START_TEST(tables_that_are_reached_by_another_address_come_back) {
    open_guest(_i != 0);
    put(DIRECTORY, (ALIAS + TABLE) | LEAF);
    map_again(memory);
    take(0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (i % 10 == 0) {
            settle();
        }
        ck_assert_uint_eq(run(change), 2);
        restore(snapshot);
        ck_assert_uint_eq(run(nothing), 1);
        restore(snapshot);
    }
}
END_TEST

// The table lies in a page that no snapshot has, because the VMO has grown since: restores leave
// what was stored there.
START_TEST(tables_that_are_in_no_snapshot_stay_as_they_are) {
    const uint64_t linear = LINEAR + 0x200000;
    const uint64_t table = ALIAS + 0x1000;
    const zx_vcpu_state_t fill = {.rdx = table, .rax = PAGE | LEAF};
    const zx_vcpu_state_t use = {.rdi = linear};
    const zx_vcpu_state_t use_and_change = {
        .rdi = linear, .r8 = 1, .rdx = table, .rax = OTHER_PAGE | LEAF};
    zx_handle_t grows = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    open_guest(_i != 0);
    ck_assert_int_eq(zx_vmo_create(0x1000, ZX_VMO_RESIZABLE, &grows), ZX_OK);
    ck_assert_int_eq(
        zx_vmar_map(vmar, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_SPECIFIC | ZX_VM_ALLOW_FAULTS,
                    ALIAS, grows, 0, 0x2000, &address),
        ZX_OK);
    put(DIRECTORY + 8, table | LEAF);
    take(0);
    save_snapshot(snapshot);
    ck_assert_int_eq(zx_vmo_set_size(grows, 0x2000), ZX_OK);
    run(fill);
    ck_assert_int_eq(zx_handle_close(load_snapshot()), ZX_OK);
    for (unsigned i = 0; i < 4; i++) {
        restore(snapshot);
        run(fill);
        restore(snapshot);
        ck_assert_uint_eq(run(use), 1);
        restore(snapshot);
        run(use_and_change);
        restore(snapshot);
        ck_assert_uint_eq(run(use), 2);
    }
    ck_assert_int_eq(zx_handle_close(grows), ZX_OK);
}
END_TEST

// --- 32-bit paging, where the library does not fill the TLB ---

#define LEGACY_ROOT UNUSED_TABLE

static void start_legacy(bool is_virtual) {
    uint32_t root[0x101] = {0xe7, 0x4000e7, 0x8000e7, 0xc000e7, [LINEAR >> 22] = TABLE | LEAF};
    guest_open();
    guest_load("tables_legacy", ENTRY);
    make_tables();
    memory_write(LEGACY_ROOT, root, sizeof root);
    if (is_virtual) {
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    }
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    ck_assert_uint_eq(run(nothing), 1);
    take(0);
}

START_TEST(entries_of_32_bit_paging_come_back) {
    start_legacy(_i != 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (i % 10 == 0) {
            settle();
        }
        ck_assert_uint_eq(run(change), 2);
        expect_first_page();
    }
}
END_TEST

// --- Stores of others ---

static volatile uint64_t *map_here(void) {
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, memory,
                                 0, MEMORY_SIZE, &address),
                     ZX_OK);
    return (uint64_t *)address; // NOLINT(performance-no-int-to-ptr)
}

static void unmap(volatile uint64_t *mapped) {
    ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)mapped, MEMORY_SIZE), ZX_OK);
}

START_TEST(calls_store_to_tables_behind_a_restore) {
    start(_i != 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        settle();
        put(TABLE, OTHER_PAGE | LEAF);
        ck_assert_uint_eq(run(nothing), 2);
        expect_first_page();
    }
}
END_TEST

START_TEST(the_client_stores_to_tables_behind_a_restore) {
    start(_i != 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        settle();
        volatile uint64_t *mapped = map_here();
        mapped[TABLE / 8] = OTHER_PAGE | LEAF;
        if (i % 2 == 0) {
            unmap(mapped);
        }
        ck_assert_uint_eq(run(nothing), 2);
        if (i % 2 != 0) {
            unmap(mapped);
        }
        expect_first_page();
    }
}
END_TEST

START_TEST(the_client_stores_to_tables_through_a_mapping_that_it_keeps) {
    open_guest(_i != 0);
    volatile uint64_t *mapped = map_here();
    take(0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        settle();
        mapped[TABLE / 8] = OTHER_PAGE | LEAF;
        ck_assert_uint_eq(run(nothing), 2);
        expect_first_page();
    }
}
END_TEST

START_TEST(the_client_tells_of_a_store_to_tables) {
    open_guest(_i != 0);
    volatile uint64_t *mapped = map_here();
    take(ZIRCONIA_SNAPSHOT_NOTED_STORES);
    for (unsigned i = 0; i < ROUNDS; i++) {
        settle();
        mapped[TABLE / 8] = OTHER_PAGE | LEAF;
        ck_assert_int_eq(zirconia_guest_note_store(guest, TABLE, 8), ZX_OK);
        ck_assert_uint_eq(run(nothing), 2);
        expect_first_page();
    }
}
END_TEST

// --- Two VCPUs ---

#define PORT 0x11

static struct barrier turns;

// In real mode: LINEAR leads to the other page from now on. mov byte [TABLE + 1], 0x10; out PORT,
// al.
static const uint8_t store_to_table[] = {0xc6, 0x06, 0x01, 0x40, 0x10, 0xe6, PORT};

static void *run_second(void *unused) {
    zx_handle_t second = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vcpu_create(guest, 0, 0x11000, &second), ZX_OK);
    barrier_wait(&turns);
    for (unsigned i = 0; i < ROUNDS; i++) {
        zx_port_packet_t packet;
        barrier_wait(&turns);
        ck_assert_int_eq(zx_vcpu_enter(second, &packet), ZX_OK);
        ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_IO);
        barrier_wait(&turns);
    }
    ck_assert_int_eq(zx_handle_close(second), ZX_OK);
    return unused;
}

START_TEST(another_vcpu_stores_to_tables) {
    open_guest(false);
    memory_write(0x11000, store_to_table, sizeof store_to_table);
    trap(ZX_GUEST_TRAP_IO, PORT, 1, ZX_HANDLE_INVALID, 0);
    barrier_init(&turns, 2);
    const pthread_t thread = start_thread(run_second, NULL);
    barrier_wait(&turns);
    take(0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        settle();
        barrier_wait(&turns);
        barrier_wait(&turns);
        ck_assert_uint_eq(run(nothing), 2);
        if (i + 1 < ROUNDS) {
            expect_first_page();
        }
    }
    join_thread(thread);
    barrier_destroy(&turns);
}
END_TEST

static Suite *suite_of_tables(void) {
    Suite *suite = suite_create("snapshot tables");
    TCase *tcase = tcase_create("tables");
    tcase_add_checked_fixture(tcase, NULL, guest_close);
    tcase_set_timeout(tcase, 60);
    // In real time and in virtual time.
    tcase_add_loop_test(tcase, an_entry_that_is_changed_and_invalidated_comes_back, 0, 2);
    tcase_add_loop_test(tcase, an_entry_that_is_changed_before_it_is_used_needs_no_invlpg, 0, 2);
    tcase_add_loop_test(tcase, an_entry_that_is_changed_and_changed_back_leaves_nothing, 0, 2);
    tcase_add_loop_test(tcase, a_higher_entry_comes_back, 0, 2);
    tcase_add_loop_test(tcase, accessed_and_dirty_bits_come_back_and_are_set_again, 0, 2);
    tcase_add_loop_test(tcase, a_dirty_bit_is_set_by_a_store_alone, 0, 2);
    tcase_add_loop_test(tcase, cr3_comes_back, 0, 2);
    tcase_add_loop_test(tcase, tables_that_are_changed_while_cr3_leads_elsewhere_count, 0, 2);
    tcase_add_loop_test(tcase, two_snapshots_have_tables_of_their_own, 0, 2);
    tcase_add_loop_test(tcase, two_snapshots_of_steady_tables_have_their_own, 0, 2);
    tcase_add_loop_test(tcase, tables_come_back_from_a_file, 0, 2);
    tcase_add_loop_test(tcase, a_large_page_becomes_a_table_and_comes_back, 0, 2);
    tcase_add_loop_test(tcase, a_store_by_way_of_another_address_counts, 0, 2);
    tcase_add_loop_test(tcase, a_store_by_way_of_a_slice_counts, 0, 2);
    tcase_add_loop_test(tcase, tables_that_are_reached_by_another_address_come_back, 0, 2);
    tcase_add_loop_test(tcase, tables_that_are_in_no_snapshot_stay_as_they_are, 0, 2);
    tcase_add_loop_test(tcase, entries_of_32_bit_paging_come_back, 0, 2);
    tcase_add_loop_test(tcase, calls_store_to_tables_behind_a_restore, 0, 2);
    tcase_add_loop_test(tcase, the_client_stores_to_tables_behind_a_restore, 0, 2);
    tcase_add_loop_test(tcase, the_client_stores_to_tables_through_a_mapping_that_it_keeps, 0, 2);
    tcase_add_loop_test(tcase, the_client_tells_of_a_store_to_tables, 0, 2);
    tcase_add_test(tcase, another_vcpu_stores_to_tables);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void) {
    return run_suite(suite_of_tables());
}
