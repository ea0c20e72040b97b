// SPDX-License-Identifier: MIT
//
// Restores among changes of page tables at random, by the guest, by calls and by the client's own
// mapping, against a walk through the tables as they are in memory: wherever an address was not
// used since the last restore, or was invalidated, it leads to where the tables say.

#include "snapshot_fixture.h"

#include <zircon/process.h>
#include <zirconia/virtual_time.h>

#define ROOT 0x8000u      // Leads where the fixture's tables lead, and to the directory.
#define DIRECTORY 0x3000u // Of the second GiB; two of its entries are used.
#define TABLES 0x4000u    // Two tables.
#define TABLES_END 0x9000u
#define ALIAS 0x2000000u // Where the guest finds all of this once more.
#define PAGES 0x200000u  // Each begins with its number, from 1 on.
#define LINEAR 0x40000000u
#define LEAF 0x67u
#define ACCESSED 0x20u
#define DIRTY 0x40u
#define LARGE 0x80u

enum { PAGE_COUNT = 4, SNAPSHOTS = 3, ROUNDS = 4000 };

// How others than the guest store.
enum way { BY_CALLS, BY_MAPPING, BY_MAPPING_AND_TOLD, WAYS };

static enum way way;
static uint8_t *mapped;
static zx_handle_t snapshots[SNAPSHOTS];
static uint64_t hashes[SNAPSHOTS];
static uint64_t random_state;
static bool used;     // An address was used since the last restore, or since CR3 was loaded.
static bool outdated; // Tables have changed since then.

static uint64_t below(uint64_t limit) {
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (random_state >> 33) % limit;
}

// --- Tables ---

static void put(uint64_t address, uint64_t value) {
    if (way == BY_CALLS) {
        memory_write(address, &value, sizeof value);
        return;
    }
    memcpy(mapped + address, &value, sizeof value);
    if (way == BY_MAPPING_AND_TOLD) {
        ck_assert_int_eq(zirconia_guest_note_store(guest, address, sizeof value), ZX_OK);
    }
}

static uint64_t hash_of_tables(void) {
    static uint64_t words[TABLES_END / 8];
    uint64_t hash = 14695981039346656037u;
    ck_assert_int_eq(zx_vmo_read(memory, words, 0, sizeof words), ZX_OK);
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        hash = (hash ^ words[i]) * 1099511628211u;
    }
    return hash;
}

struct change {
    uint64_t entry; // 0 for none.
    uint64_t value;
};

// Changes an entry of the directory or of a table. Some become neither accessed nor dirty.
static struct change any_change(void) {
    const uint64_t flags = below(3) == 0 ? LEAF & ~(ACCESSED | DIRTY) : LEAF;
    const uint64_t table = TABLES + below(2) * 0x1000;
    const uint64_t index = below(2);
    if (below(3) != 0) {
        return (struct change){table + 8 * index, (PAGES + below(PAGE_COUNT) * 0x1000) | flags};
    }
    return (struct change){DIRECTORY + 8 * index, below(3) == 0
                                                      ? PAGES | LARGE | flags
                                                      : (table + below(2) * ALIAS) | flags};
}

static uint64_t entry_after(const struct change *change, uint64_t entry) {
    return entry == change->entry ? change->value : memory_u64(entry);
}

// The page that the address leads to after the change, and the entry that has it.
static uint64_t walk(const struct change *change, uint64_t linear, uint64_t *leaf) {
    *leaf = DIRECTORY + 8 * (linear >> 21 & 0x1ff);
    const uint64_t entry = entry_after(change, *leaf);
    if ((entry & LARGE) != 0) {
        return PAGES + (linear & 0x1ff000);
    }
    *leaf = (entry & 0xff000) + 8 * (linear >> 12 & 0x1ff);
    return entry_after(change, *leaf) & 0xfff000;
}

// --- Runs ---

// The guest changes an entry, once in so many runs, and then loads from an address, behind a store
// of what is there or without. What it used before the change it invalidates: that address behind
// the change, and all others as the next run begins.
static void run_once(unsigned seldom) {
    const uint64_t linear = LINEAR + below(2) * 0x200000 + below(2) * 0x1000;
    struct change change = {0};
    uint64_t leaf = 0;
    zx_vcpu_state_t state = {.rdi = linear};
    if (outdated) {
        state.r9 = ROOT;
        outdated = false;
        used = false;
    }
    if (below(seldom) == 0) {
        change = any_change();
        state.rdx = change.entry + below(2) * ALIAS;
        state.rax = change.value;
        state.r8 = below(2);
        state.r10 = used || state.r8 != 0;
        outdated = used;
    }
    const uint64_t page = walk(&change, linear, &leaf);
    const bool stores = below(3) == 0;
    state.r12 = stores ? memory_u64(page) : 0;
    write_state(&state);
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, memory_u64(page));
    const uint64_t marks = stores ? ACCESSED | DIRTY : ACCESSED;
    ck_assert_uint_eq(memory_u64(leaf) & marks, marks);
    ck_assert_uint_eq(memory_u64(DIRECTORY + 8 * (linear >> 21 & 0x1ff)) & ACCESSED, ACCESSED);
    used = true;
}

static void change_from_outside(void) {
    const struct change change = any_change();
    put(change.entry, change.value);
    outdated |= used;
}

static void take(unsigned index) {
    const uint32_t options = way == BY_MAPPING_AND_TOLD ? ZIRCONIA_SNAPSHOT_NOTED_STORES : 0;
    ck_assert_int_eq(zx_handle_close(snapshots[index]), ZX_OK);
    ck_assert_int_eq(zirconia_guest_snapshot(guest, options, &snapshots[index]), ZX_OK);
    hashes[index] = hash_of_tables();
    outdated |= used;
}

static void go_back(unsigned index) {
    restore(snapshots[index]);
    ck_assert_uint_eq(hash_of_tables(), hashes[index]);
    used = false;
    outdated = false;
}

static void make_tables(void) {
    const uint64_t words[][2] = {
        {ROOT, 0x1000 | LEAF},           {0x1000, 0xe7},
        {0x1008, DIRECTORY | LEAF},      {DIRECTORY, TABLES | LEAF},
        {DIRECTORY + 8, TABLES | LEAF},  {TABLES, PAGES | LEAF},
        {TABLES + 8, PAGES | LEAF},      {TABLES + 0x1000, PAGES | LEAF},
        {TABLES + 0x1008, PAGES | LEAF},
    };
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        put(words[i][0], words[i][1]);
    }
    for (uint64_t i = 0; i < PAGE_COUNT; i++) {
        put(PAGES + i * 0x1000, i + 1);
    }
}

static void open_guest(bool is_virtual) {
    zx_vaddr_t address = 0;
    guest_open();
    guest_load("tables", ENTRY);
    if (way != BY_CALLS) {
        ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0,
                                     memory, 0, MEMORY_SIZE, &address),
                         ZX_OK);
        mapped = (uint8_t *)address; // NOLINT(performance-no-int-to-ptr)
    }
    ck_assert_int_eq(zx_vmar_map(vmar, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_SPECIFIC, ALIAS,
                                 memory, 0, 0x10000, &address),
                     ZX_OK);
    make_tables();
    if (is_virtual) {
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    }
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
}

START_TEST(addresses_lead_where_the_tables_say) {
    way = (enum way)(_i % WAYS);
    random_state = (uint64_t)_i;
    open_guest(_i >= WAYS);
    outdated = true; // The first run loads CR3.
    run_once(1);
    for (unsigned i = 0; i < SNAPSHOTS; i++) {
        take(i);
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        // Seldom for a while, so that the TLB stays.
        const bool calm = round / 50 % 2 != 0;
        if (below(calm ? 20 : 4) == 0) {
            change_from_outside();
        }
        if (!calm && below(60) == 0) {
            take((unsigned)below(SNAPSHOTS));
        }
        for (uint64_t runs = below(3); runs > 0; runs--) {
            run_once(calm ? 20 : 3);
        }
        go_back(calm ? round / 100 % SNAPSHOTS : (unsigned)below(SNAPSHOTS));
    }
    guest_close();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("snapshot walks");
    TCase *tcase = tcase_create("walks");
    tcase_set_timeout(tcase, 60);
    // In real time and in virtual time.
    tcase_add_loop_test(tcase, addresses_lead_where_the_tables_say, 0, 2 * WAYS);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
