// SPDX-License-Identifier: MIT
//
// Snapshots of guests whose memory is VMOs of every kind: children of others, several mappings of
// one, VMOs that lose and get pages. What the guest's mappings showed is there again after each
// restore, for the guest and for the client, whoever has written meanwhile.

#include "memory_guest.h"
#include "snapshot_fixture.h"

#include <zircon/process.h>

#define PAGE 0x1000u
#define PAGES 8u
#define BASE 0x2000000u // Where the VMO is mapped.
#define SNAPSHOTS 4u

static zx_handle_t parent;
static zx_handle_t shown; // What the guest maps.
static uint64_t shown_offset;
static zx_vaddr_t here; // The client's own mapping, if there is one.
static uint64_t random_state = 0x2545f4914f6cdd1d;

static uint64_t random_below(uint64_t limit) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % limit;
}

// --- Kinds of VMOs ---

static zx_handle_t vmo_of(uint32_t options) {
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_create(2ull * PAGES * PAGE, options, &vmo), ZX_OK);
    for (uint64_t page = 0; page < PAGES; page++) { // The rest has no memory yet.
        const uint64_t value = page + 1;
        ck_assert_int_eq(zx_vmo_write(vmo, &value, page * PAGE, sizeof value), ZX_OK);
    }
    return vmo;
}

static void make_plain(void) {
    parent = vmo_of(0);
    ck_assert_int_eq(zx_handle_duplicate(parent, ZX_RIGHT_SAME_RIGHTS, &shown), ZX_OK);
    shown_offset = PAGE;
}

static void make_resizable(void) {
    parent = vmo_of(ZX_VMO_RESIZABLE);
    ck_assert_int_eq(zx_handle_duplicate(parent, ZX_RIGHT_SAME_RIGHTS, &shown), ZX_OK);
}

static void make_child(uint32_t options) {
    parent = vmo_of(0);
    ck_assert_int_eq(zx_vmo_create_child(parent, options, 2 * PAGE, PAGES * PAGE, &shown), ZX_OK);
}

static void make_slice(void) {
    make_child(ZX_VMO_CHILD_SLICE);
}

static void make_snapshot_child(void) {
    make_child(ZX_VMO_CHILD_SNAPSHOT);
}

static void make_clone(void) {
    parent = vmo_of(0);
    ck_assert_int_eq(zirconia_2018_vmo_clone(parent, ZIRCONIA_2018_VMO_CLONE_COPY_ON_WRITE,
                                             2 * PAGE, PAGES * PAGE, &shown),
                     ZX_OK);
}

static void make_parent(void) {
    make_clone();
    const zx_handle_t clone = shown;
    shown = parent;
    parent = clone;
}

struct kind {
    const char *name;
    void (*make)(void);
    bool twice; // The mapping is there a second time, and shows other pages as well.
    bool mapped_here;
    uint32_t options;
};

static const struct kind kinds[] = {
    {.name = "a plain VMO", .make = make_plain},
    {.name = "a VMO mapped twice", .make = make_plain, .twice = true},
    {.name = "a VMO that is mapped here", .make = make_plain, .mapped_here = true},
    {.name = "a resizable VMO", .make = make_resizable},
    {.name = "a slice", .make = make_slice},
    {.name = "a slice that is mapped here", .make = make_slice, .mapped_here = true},
    {.name = "a copy", .make = make_snapshot_child},
    {.name = "a copy that is mapped here", .make = make_snapshot_child, .mapped_here = true},
    {.name = "a clone of 2018", .make = make_clone},
    {.name = "a clone of 2018 that is mapped here", .make = make_clone, .mapped_here = true},
    {.name = "the parent of a clone of 2018", .make = make_parent},
    {.name = "steady tables", .make = make_clone, .options = ZIRCONIA_SNAPSHOT_STEADY_TABLES},
};

static const zx_vm_option_t shows =
    ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_ALLOW_FAULTS;

static void map_into_guest(const struct kind *kind) {
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_map(vmar, shows, BASE, shown, shown_offset, PAGES * PAGE, &address),
                     ZX_OK);
    if (kind->twice) {
        ck_assert_int_eq(zx_vmar_map(vmar, shows, BASE + 0x100000, shown, shown_offset + PAGE,
                                     PAGES * PAGE, &address),
                         ZX_OK);
    }
    here = 0;
    if (kind->mapped_here) {
        ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0,
                                     shown, shown_offset, PAGES * PAGE, &here),
                         ZX_OK);
    }
}

// --- What happens to them ---

static uint64_t guest_access(uint64_t address, uint64_t value, bool load) {
    const zx_vcpu_state_t state = {
        .rdx = STORE_AND_LOAD, .rdi = address, .rax = value, .rsi = load ? 1 : 0};
    write_state(&state);
    enter_to_end();
    return read_state().rbx;
}

static void lose_pages(zx_handle_t vmo) {
    const uint64_t first = random_below(PAGES);
    zx_vmo_op_range(vmo, ZX_VMO_OP_DECOMMIT, first * PAGE, random_below(PAGES - first) * PAGE, NULL,
                    0);
}

static void change_size(void) {
    zx_vmo_set_size(shown, random_below(PAGES) * PAGE);
    zx_vmo_set_size(shown, 2ull * PAGES * PAGE);
}

static void do_something(void) {
    const uint64_t page = random_below(PAGES);
    const uint64_t value = random_below(4) == 0 ? 0 : random_below(UINT64_MAX);
    switch (random_below(7)) {
    case 0:
    case 1:
        ck_assert_uint_eq(guest_access(BASE + page * PAGE, value, false), value);
        break;
    case 2:
        ck_assert_int_eq(zx_vmo_write(shown, &value, page * PAGE, sizeof value), ZX_OK);
        break;
    case 3:
        ck_assert_int_eq(zx_vmo_write(parent, &value, page * PAGE, sizeof value), ZX_OK);
        break;
    case 4:
        lose_pages(random_below(2) == 0 ? shown : parent);
        break;
    case 5:
        change_size();
        break;
    default:
        if (here != 0) {
            ((volatile uint64_t *)here)[page * PAGE / 8] = value; // NOLINT
        }
    }
}

static void read_words(uint64_t *words) {
    for (uint64_t page = 0; page < PAGES; page++) {
        ck_assert_int_eq(zx_vmo_read(shown, &words[page], shown_offset + page * PAGE, 8), ZX_OK);
    }
}

struct taken {
    zx_handle_t handle;
    uint64_t words[PAGES];
};

static void expect_words(const struct kind *kind, const uint64_t *words, unsigned round) {
    uint64_t found[PAGES];
    read_words(found);
    for (uint64_t page = 0; page < PAGES; page++) {
        ck_assert_msg(found[page] == words[page], "%s, round %u: page %u is %llx, not %llx",
                      kind->name, round, (unsigned)page, (unsigned long long)found[page],
                      (unsigned long long)words[page]);
        const uint64_t seen = guest_access(BASE + page * PAGE, 0, true);
        ck_assert_msg(seen == words[page], "%s, round %u: the guest sees %llx, not %llx",
                      kind->name, round, (unsigned long long)seen, (unsigned long long)words[page]);
        ck_assert(here == 0 ||
                  ((volatile uint64_t *)here)[page * PAGE / 8] == words[page]); // NOLINT
    }
}

static void take_or_restore(const struct kind *kind, struct taken *all_taken, unsigned round) {
    struct taken *taken = &all_taken[random_below(SNAPSHOTS)];
    if (taken->handle == ZX_HANDLE_INVALID || random_below(4) == 0) {
        zx_handle_close(taken->handle);
        read_words(taken->words);
        ck_assert_int_eq(zirconia_guest_snapshot(guest, kind->options, &taken->handle), ZX_OK);
        expect_words(kind, taken->words, round);
        return;
    }
    restore(taken->handle);
    expect_words(kind, taken->words, round);
}

START_TEST(memory_of_every_kind_is_what_it_was) {
    const struct kind *kind = &kinds[_i];
    struct taken taken[SNAPSHOTS];
    memset(taken, 0, sizeof taken);
    shown_offset = 0;
    random_state += (uint64_t)_i;
    guest_start("memory");
    kind->make();
    map_into_guest(kind);
    (void)guest_access(BASE, 0, true);
    for (unsigned round = 0; round < 1000; round++) {
        for (uint64_t i = random_below(6); i > 0; i--) {
            do_something();
        }
        take_or_restore(kind, taken, round);
    }
    if (here != 0) {
        ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), here, PAGES * PAGE), ZX_OK);
    }
    guest_close();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("snapshots of VMOs of every kind");
    TCase *tcase = tcase_create("kinds");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, memory_of_every_kind_is_what_it_was, 0, COUNT_OF(kinds));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
