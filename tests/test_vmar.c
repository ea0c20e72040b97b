// SPDX-License-Identifier: MIT
//
// VMARs: the order of checks of a mapping, and the list of mappings below (objects ABI 5.2 to 5.4,
// hypervisor ABI 10). A space without a host behind it stands in for a guest's; the process's own
// is in test_process_vmar.c.

#include "bad_memory.h"
#include "handles.h"
#include "objects/handle_table.h"
#include "objects/vmar.h"
#include "run_tests.h"

#include <stdlib.h>
#include <zircon/process.h>

enum { PAGE = 4096, READ_WRITE = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE };

static const uint64_t guest_size = UINT64_C(1) << 48;

// Maps two pages from VMO offset 0, and says only how it went.
static zx_status_t try_map(zx_handle_t vmar, uint32_t options, size_t offset, zx_handle_t vmo) {
    zx_vaddr_t address = 0;
    return zx_vmar_map(vmar, options, offset, vmo, 0, 2 * PAGE, &address);
}

// --- A space without a host: it records what it is told. ---

struct fake {
    struct address_space *space;
    zx_handle_t vmar;
    int locked;
    uint64_t mapped;   // Bytes told of by map.
    uint64_t unmapped; // Bytes told of by unmap.
    zx_status_t map_status;
};

static void fake_lock(struct address_space *space) {
    ((struct fake *)space->owner)->locked++;
}

static void fake_unlock(struct address_space *space) {
    ((struct fake *)space->owner)->locked--;
}

static zx_status_t fake_map(struct address_space *space, const struct mapping_view *view) {
    struct fake *fake = space->owner;
    ck_assert_int_eq(fake->locked, 1);
    if (fake->map_status == ZX_OK) {
        fake->mapped += view->length;
    }
    return fake->map_status;
}

static void fake_unmap(struct address_space *space, const struct mapping_view *view) {
    ((struct fake *)space->owner)->unmapped += view->length;
}

static const struct address_space_ops fake_ops = {
    .lock = fake_lock,
    .unlock = fake_unlock,
    .map = fake_map,
    .unmap = fake_unmap,
};

static void fake_create(struct fake *fake) {
    *fake = (struct fake){0};
    fake->space = address_space_create(&fake_ops, fake, 0, guest_size);
    ck_assert_ptr_nonnull(fake->space);
    struct vmar *root = NULL;
    ck_assert_int_eq(vmar_create_root(fake->space, &root), ZX_OK);
    ck_assert_int_eq(handle_create(&root->object,
                                   eras[ERA_DEFAULT].vmar_rights | VMAR_ROOT_PERMISSIONS,
                                   &fake->vmar),
                     ZX_OK);
    object_unref(&root->object);
}

static void fake_destroy(struct fake *fake) {
    address_space_retire(fake->space);
    ck_assert_uint_eq(fake->mapped, fake->unmapped);
    zx_handle_close(fake->vmar);
}

static void map_at(struct fake *fake, uint64_t address, zx_handle_t vmo, uint64_t offset,
                   size_t length) {
    zx_vaddr_t got = 0;
    ck_assert_int_eq(zx_vmar_map(fake->vmar, READ_WRITE | ZX_VM_SPECIFIC, (size_t)address, vmo,
                                 offset, length, &got),
                     ZX_OK);
    ck_assert_uint_eq(got, address);
}

// Expects [base, base + length) to be one mapping, of a VMO from `offset` on.
static void expect(const struct fake *fake, uint64_t base, uint64_t length, uint64_t offset) {
    struct mapping_view first;
    struct mapping_view last;
    ck_assert(address_space_find(fake->space, base, &first));
    ck_assert(address_space_find(fake->space, base + length - 1, &last));
    ck_assert_uint_eq(first.base, base);
    ck_assert_uint_eq(first.length, length);
    ck_assert_uint_eq(first.vmo_offset, offset);
    ck_assert_uint_eq(last.base, base);
}

static void expect_hole(const struct fake *fake, uint64_t base, uint64_t length) {
    struct mapping_view view;
    ck_assert(!address_space_occupied(fake->space, base, length));
    ck_assert(!address_space_find(fake->space, base, &view));
    ck_assert(!address_space_find(fake->space, base + length - 1, &view));
}

// --- Order of checks ---

START_TEST(handles_and_rights_come_first) {
    const zx_handle_t root = zx_vmar_root_self();
    const zx_handle_t vmo = new_vmo(2 * PAGE, 0);
    const zx_handle_t no_map = with_rights(vmo, ZX_RIGHT_READ | ZX_RIGHT_WRITE);
    const zx_handle_t read_vmo = with_rights(vmo, ZX_RIGHT_READ | ZX_RIGHT_MAP);
    const zx_handle_t read_root = with_rights(root, ZX_RIGHT_READ);
    const uint32_t write_only = ZX_VM_PERM_WRITE;
    ck_assert_int_eq(try_map(7, write_only, 1, 7), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(try_map(vmo, write_only, 1, 7), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(try_map(root, write_only, 1, 7), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(try_map(root, write_only, 1, root), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(try_map(root, write_only, 1, no_map), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(try_map(root, write_only, 1, read_vmo), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(try_map(root, ZX_VM_PERM_EXECUTE, 1, read_vmo), ZX_ERR_INVALID_ARGS);
    const uint32_t overwrite_range = ZX_VM_MAP_RANGE | ZX_VM_SPECIFIC_OVERWRITE;
    ck_assert_int_eq(try_map(root, READ_WRITE | overwrite_range, 1, read_vmo), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(try_map(root, READ_WRITE | ZX_VM_CAN_MAP_READ, 1, read_vmo),
                     ZX_ERR_INVALID_ARGS);
    // Each permission needs the right on both handles, whatever else is wrong.
    const uint32_t unknown = 1u << 20;
    ck_assert_int_eq(try_map(root, READ_WRITE | unknown, 1, read_vmo), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(try_map(read_root, READ_WRITE | unknown, 1, vmo), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(try_map(root, ZX_VM_PERM_READ | ZX_VM_PERM_EXECUTE, 1, vmo),
                     ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(try_map(root, ZX_VM_PERM_EXECUTE | ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED, 1, vmo),
                     ZX_ERR_ACCESS_DENIED);
    const zx_handle_t all[] = {vmo, no_map, read_vmo, read_root};
    zx_handle_close_many(all, 4);
}
END_TEST

START_TEST(options_come_next) {
    const zx_handle_t root = zx_vmar_root_self();
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmo_create(2 * PAGE, ZX_VMO_RESIZABLE, &vmo), ZX_OK);
    const uint32_t fixed = ZX_VM_REQUIRE_NON_RESIZABLE;
    ck_assert_int_eq(try_map(root, fixed | 1u << 20, 1, vmo), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(try_map(root, fixed | 9u << ZX_VM_ALIGN_BASE, 1, vmo), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(try_map(root, fixed | 33u << ZX_VM_ALIGN_BASE, 1, vmo), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(try_map(root, fixed | ZX_VM_COMPACT, 1, vmo), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(try_map(root, ZX_VM_COMPACT, 1, vmo), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(try_map(root, ZX_VM_CAN_MAP_SPECIFIC, 1, vmo), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_map(root, 0, 0, vmo, 1, PAGE, &address), ZX_ERR_INVALID_ARGS);
    // A length or an end that no number is large enough for, unless the offset is wrong already.
    const struct {
        uint64_t offset;
        size_t length;
        zx_status_t status, before;
    } ends[] = {
        {UINT64_MAX - 4095, PAGE, ZX_ERR_OUT_OF_RANGE, ZX_ERR_INVALID_ARGS},
        {0, SIZE_MAX - PAGE + 2, ZX_ERR_OUT_OF_RANGE, ZX_ERR_INVALID_ARGS},
        {0, SIZE_MAX, ZX_ERR_OUT_OF_RANGE, ZX_ERR_INVALID_ARGS},
        {1, SIZE_MAX, ZX_ERR_INVALID_ARGS, ZX_ERR_INVALID_ARGS},
        {PAGE, 0, ZX_ERR_INVALID_ARGS, ZX_ERR_INVALID_ARGS},
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const size_t length = ends[i].length;
        ck_assert_int_eq(zx_vmar_map(root, 0, 0, vmo, ends[i].offset, length, &address),
                         ends[i].status);
        ck_assert_int_eq(
            zirconia_202104_vmar_map(root, 0, 0, vmo, ends[i].offset, length, &address),
            ends[i].before);
    }
    // The newer options are unknown to the 2018 era.
    ck_assert_int_eq(zirconia_2018_vmar_map(root, ZX_VM_ALLOW_FAULTS, 0, vmo, 0, PAGE, &address),
                     ZX_ERR_INVALID_ARGS);
    zx_handle_close(vmo);
}
END_TEST

START_TEST(ranges_are_inside_the_region) {
    struct fake fake;
    fake_create(&fake);
    const zx_handle_t vmo = new_vmo(2 * PAGE, 0);
    zx_vaddr_t address = 0;
    const uint32_t specific = ZX_VM_SPECIFIC;
    const uint64_t bad[][3] = {
        {specific, 0, 0},
        {0, PAGE, PAGE},
        {0, 0, guest_size + 1},
        {specific, guest_size, PAGE},
        {specific, guest_size - PAGE, 2 * PAGE},
        {specific, 100, PAGE},
        {specific | ZX_VM_ALIGN_64KB, PAGE, PAGE},
        {specific | ZX_VM_OFFSET_IS_UPPER_LIMIT, PAGE, PAGE},
        {ZX_VM_OFFSET_IS_UPPER_LIMIT, guest_size + PAGE, PAGE},
        {ZX_VM_OFFSET_IS_UPPER_LIMIT, PAGE + 1, PAGE},
        {ZX_VM_OFFSET_IS_UPPER_LIMIT, PAGE, 2 * PAGE},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_int_eq(zx_vmar_map(fake.vmar, (uint32_t)bad[i][0], (size_t)bad[i][1], vmo, 0,
                                     (size_t)bad[i][2], &address),
                         ZX_ERR_INVALID_ARGS);
    }
    ck_assert_int_eq(zx_vmar_map(fake.vmar, specific, guest_size - PAGE, vmo, 0, 1, &address),
                     ZX_OK);
    ck_assert_uint_eq(address, guest_size - PAGE);
    ck_assert_uint_eq(fake.mapped, PAGE);
    ck_assert_int_eq(fake.locked, 0);
    zx_handle_close(vmo);
    fake_destroy(&fake);
}
END_TEST

START_TEST(unmap_checks_in_order) {
    struct fake fake;
    fake_create(&fake);
    const zx_handle_t vmo = new_vmo(PAGE, 0);
    const zx_handle_t bare = with_rights(fake.vmar, ZX_RIGHT_NONE);
    ck_assert_int_eq(zx_vmar_unmap(7, 1, 0), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_vmar_unmap(vmo, 1, 0), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_vmar_unmap(bare, 1, PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_unmap(bare, 0, 0), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_unmap(bare, 0, SIZE_MAX), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_unmap(bare, guest_size - PAGE, 2 * PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_unmap(bare, guest_size, PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_unmap(bare, 0, guest_size), ZX_OK);
    ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), 0, PAGE), ZX_ERR_INVALID_ARGS);
    zx_handle_close(bare);
    zx_handle_close(vmo);
    fake_destroy(&fake);
}
END_TEST

START_TEST(retired_space_is_a_bad_state) {
    struct fake fake;
    fake_create(&fake);
    const zx_handle_t vmo = new_vmo(2 * PAGE, 0);
    map_at(&fake, 0, vmo, 0, 2 * PAGE);
    address_space_retire(fake.space);
    ck_assert_uint_eq(fake.unmapped, 2 * PAGE);
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_map(fake.vmar, 0, 0, vmo, 1, PAGE, &address), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_map(fake.vmar, 0, 0, vmo, 0, 0, &address), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_vmar_unmap(fake.vmar, 0, 0), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_unmap(fake.vmar, guest_size, PAGE), ZX_ERR_BAD_STATE);
    zx_handle_close(fake.vmar);
    zx_handle_close(vmo);
}
END_TEST

// --- The list ---

START_TEST(unmapping_cuts_mappings) {
    struct fake fake;
    fake_create(&fake);
    const zx_handle_t vmo = new_vmo(8 * PAGE, 0);
    map_at(&fake, 10 * PAGE, vmo, 0, 8 * PAGE);
    ck_assert_int_eq(zx_vmar_unmap(fake.vmar, 12 * PAGE, PAGE), ZX_OK); // The middle.
    expect(&fake, 10 * PAGE, 2 * PAGE, 0);
    expect_hole(&fake, 12 * PAGE, PAGE);
    expect(&fake, 13 * PAGE, 5 * PAGE, 3 * PAGE);
    ck_assert_int_eq(zx_vmar_unmap(fake.vmar, 10 * PAGE, PAGE), ZX_OK);     // The start.
    ck_assert_int_eq(zx_vmar_unmap(fake.vmar, 17 * PAGE, 9 * PAGE), ZX_OK); // The end.
    expect(&fake, 11 * PAGE, PAGE, PAGE);
    expect(&fake, 13 * PAGE, 4 * PAGE, 3 * PAGE);
    ck_assert_uint_eq(fake.unmapped, 3 * PAGE);
    ck_assert_int_eq(zx_vmar_unmap(fake.vmar, 0, 100 * PAGE), ZX_OK); // Everything, with holes.
    expect_hole(&fake, 0, 100 * PAGE);
    ck_assert_uint_eq(fake.unmapped, 8 * PAGE);
    zx_handle_close(vmo);
    fake_destroy(&fake);
}
END_TEST

START_TEST(overwriting_replaces_what_it_meets) {
    struct fake fake;
    fake_create(&fake);
    const zx_handle_t vmo = new_vmo(8 * PAGE, 0);
    map_at(&fake, 0, vmo, 0, 4 * PAGE);
    map_at(&fake, 6 * PAGE, vmo, 0, 2 * PAGE);
    const uint32_t options = ZX_VM_PERM_READ | ZX_VM_SPECIFIC_OVERWRITE;
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_map(fake.vmar, options, 3 * PAGE, vmo, PAGE, 4 * PAGE, &address),
                     ZX_OK);
    expect(&fake, 0, 3 * PAGE, 0);
    expect(&fake, 3 * PAGE, 4 * PAGE, PAGE);
    expect(&fake, 7 * PAGE, PAGE, PAGE);
    struct mapping_view view;
    ck_assert(address_space_find(fake.space, 5 * PAGE, &view));
    ck_assert_uint_eq(view.permissions, ZX_VM_PERM_READ);

    // Without leave to overwrite, an occupied range is refused: by a status of the era.
    ck_assert_int_eq(try_map(fake.vmar, READ_WRITE | ZX_VM_SPECIFIC, 7 * PAGE, vmo),
                     ZX_ERR_ALREADY_EXISTS);
    ck_assert_int_eq(
        zirconia_2018_vmar_map(fake.vmar, READ_WRITE | ZX_VM_SPECIFIC, 0, vmo, 0, PAGE, &address),
        ZX_ERR_NO_MEMORY);
    zx_handle_close(vmo);
    fake_destroy(&fake);
}
END_TEST

START_TEST(guest_addresses_are_the_lowest_that_fit) {
    struct fake fake;
    fake_create(&fake);
    const zx_handle_t vmo = new_vmo(8 * PAGE, 0);
    map_at(&fake, PAGE, vmo, 0, PAGE);
    map_at(&fake, 5 * PAGE, vmo, 0, PAGE);
    const struct {
        uint32_t options;
        uint64_t limit;
        size_t length;
        uint64_t expected;
    } cases[] = {
        {0, 0, 2 * PAGE, 2 * PAGE},
        {0, 0, PAGE, 0},
        {ZX_VM_ALIGN_64KB, 0, PAGE, 0x10000},
        {0, 0, 3 * PAGE, 6 * PAGE},
        {ZX_VM_OFFSET_IS_UPPER_LIMIT, 5 * PAGE, PAGE, 4 * PAGE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        zx_vaddr_t address = 1;
        ck_assert_int_eq(zx_vmar_map(fake.vmar, READ_WRITE | cases[i].options,
                                     (size_t)cases[i].limit, vmo, 0, cases[i].length, &address),
                         ZX_OK);
        ck_assert_uint_eq(address, cases[i].expected);
    }
    zx_vaddr_t address = 1;
    ck_assert_int_eq(
        zx_vmar_map(fake.vmar, ZX_VM_OFFSET_IS_UPPER_LIMIT, 5 * PAGE, vmo, 0, PAGE, &address),
        ZX_ERR_NO_RESOURCES);
    ck_assert_int_eq(zx_vmar_map(fake.vmar, 0, 0, vmo, 0, guest_size, &address),
                     ZX_ERR_NO_RESOURCES);
    ck_assert_int_eq(zirconia_202104_vmar_map(fake.vmar, 0, 0, vmo, 0, guest_size, &address),
                     ZX_ERR_NO_MEMORY);
    zx_handle_close(vmo);
    fake_destroy(&fake);
}
END_TEST

START_TEST(every_alignment_from_2_to_the_10_to_2_to_the_32_is_kept) {
    struct fake fake;
    fake_create(&fake);
    const zx_handle_t vmo = new_vmo(PAGE, 0);
    map_at(&fake, 0, vmo, 0, PAGE); // Where every alignment would have found room.
    for (uint32_t power = 10; power <= 32; power++) {
        const uint64_t alignment = UINT64_C(1) << power;
        const uint32_t option = power << ZX_VM_ALIGN_BASE;
        zx_vaddr_t address = 1;
        ck_assert_int_eq(zx_vmar_map(fake.vmar, option, 0, vmo, 0, 1, &address), ZX_OK);
        ck_assert_uint_eq(address, alignment < PAGE ? PAGE : alignment);
        ck_assert_int_eq(zx_vmar_unmap(fake.vmar, address, PAGE), ZX_OK);
        zx_handle_t child = ZX_HANDLE_INVALID;
        ck_assert_int_eq(zx_vmar_allocate(fake.vmar, option, 0, PAGE, &child, &address), ZX_OK);
        ck_assert_uint_eq(address, alignment < PAGE ? PAGE : alignment);
        ck_assert_int_eq(zx_vmar_destroy(child), ZX_OK);
        zx_handle_close(child);
    }
    zx_handle_close(vmo);
    fake_destroy(&fake);
}
END_TEST

START_TEST(failed_map_leaves_no_entry) {
    struct fake fake;
    fake_create(&fake);
    const zx_handle_t vmo = new_vmo(2 * PAGE, 0);
    fake.map_status = ZX_ERR_NO_MEMORY;
    ck_assert_int_eq(try_map(fake.vmar, READ_WRITE, 0, vmo), ZX_ERR_NO_MEMORY);
    fake.map_status = ZX_OK;
    expect_hole(&fake, 0, 100 * PAGE);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zx_vmar_map(fake.vmar, READ_WRITE, 0, vmo, 0, PAGE, bad_pointer(i)),
                         ZX_ERR_INVALID_ARGS);
        expect_hole(&fake, 0, 100 * PAGE);
    }
    zx_handle_close(vmo);
    fake_destroy(&fake);
}
END_TEST

enum { MODEL_PAGES = 64 };

// Random mappings and unmappings against a plain array of pages.
START_TEST(list_agrees_with_a_page_array) {
    struct fake fake;
    fake_create(&fake);
    const zx_handle_t vmo = new_vmo(2 * MODEL_PAGES * PAGE, 0);
    uint64_t model[MODEL_PAGES] = {0}; // VMO offset + 1, or 0 where nothing is mapped.
    uint32_t random = 12345;
    for (int step = 0; step < 3000; step++) {
        random = random * 1664525 + 1013904223;
        const uint64_t first = (random >> 8) % MODEL_PAGES;
        const uint64_t count = 1 + (random >> 16) % (MODEL_PAGES - first);
        const uint64_t offset = (random >> 24) % MODEL_PAGES * PAGE;
        const bool adds = (random >> 30) % 2 != 0;
        zx_vaddr_t address = 0;
        if (adds) {
            ck_assert_int_eq(zx_vmar_map(fake.vmar, ZX_VM_SPECIFIC_OVERWRITE, first * PAGE, vmo,
                                         offset, count * PAGE, &address),
                             ZX_OK);
        } else {
            ck_assert_int_eq(zx_vmar_unmap(fake.vmar, first * PAGE, count * PAGE), ZX_OK);
        }
        for (uint64_t i = 0; i < count; i++) {
            model[first + i] = adds ? offset + i * PAGE + 1 : 0;
        }
        for (uint64_t i = 0; i < MODEL_PAGES; i++) {
            struct mapping_view view;
            const bool found = address_space_find(fake.space, i * PAGE + 5, &view);
            const uint64_t got = found ? view.vmo_offset + (i * PAGE - view.base) + 1 : 0;
            ck_assert_uint_eq(got, model[i]);
        }
    }
    zx_handle_close(vmo);
    fake_destroy(&fake);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        handles_and_rights_come_first,
        options_come_next,
        ranges_are_inside_the_region,
        unmap_checks_in_order,
        retired_space_is_a_bad_state,
        unmapping_cuts_mappings,
        overwriting_replaces_what_it_meets,
        guest_addresses_are_the_lowest_that_fit,
        every_alignment_from_2_to_the_10_to_2_to_the_32_is_kept,
        failed_map_leaves_no_entry,
        list_agrees_with_a_page_array,
    };
    return run_tests("vmar", tests, sizeof tests / sizeof tests[0]);
}
