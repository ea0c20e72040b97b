// SPDX-License-Identifier: MIT
//
// Regions inside of regions, and protection, in the process and in a guest's address space (objects
// ABI 5.4 to 5.6). What a running guest sees of it is in test_memory_changes.c.

#include "object_fixture.h"
#include "platform/platform.h"
#include "run_tests.h"

#include <check.h>
#include <string.h>
#include <zircon/process.h>
#include <zirconia/zirconia.h>

#define PAGE 4096u

enum {
    READ = ZX_VM_PERM_READ,
    READ_WRITE = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE,
    CAN_READ_WRITE = ZX_VM_CAN_MAP_READ | ZX_VM_CAN_MAP_WRITE,
    SPECIFIC = ZX_VM_SPECIFIC,
};

// The address space of a guest.
static zx_handle_t new_space(void) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_handle_t guest = ZX_HANDLE_INVALID;
    zx_handle_t vmar = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
    ck_assert_int_eq(zx_guest_create(resource, 0, &guest, &vmar), ZX_OK);
    return vmar;
}

static zx_handle_t allocate(zx_handle_t parent, uint32_t options, uint64_t offset, size_t size,
                            uint64_t *base) {
    zx_handle_t child = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_allocate(parent, options, offset, size, &child, &address), ZX_OK);
    *base = address;
    return child;
}

static zx_status_t try_allocate(zx_handle_t parent, uint32_t options, uint64_t offset,
                                size_t size) {
    zx_handle_t child = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    return zx_vmar_allocate(parent, options, offset, size, &child, &address);
}

static zx_status_t try_map(zx_handle_t vmar, uint32_t options, uint64_t offset, zx_handle_t vmo,
                           size_t length) {
    zx_vaddr_t address = 0;
    return zx_vmar_map(vmar, options, offset, vmo, 0, length, &address);
}

static uint64_t map(zx_handle_t vmar, uint32_t options, uint64_t offset, zx_handle_t vmo,
                    size_t length) {
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_map(vmar, options, offset, vmo, 0, length, &address), ZX_OK);
    return address;
}

static bool readable(uint64_t address) {
    uint8_t byte;
    return platform_copy(&byte, (const void *)(uintptr_t)address, 1);
}

static bool writable(uint64_t address) {
    const uint8_t byte = 1;
    return platform_copy((void *)(uintptr_t)address, &byte, 1);
}

static zx_info_vmar_t info_of(zx_handle_t vmar) {
    zx_info_vmar_t info = {0};
    ck_assert_int_eq(zx_object_get_info(vmar, ZX_INFO_VMAR, &info, sizeof info, NULL, NULL), ZX_OK);
    return info;
}

// --- Allocating ---

START_TEST(allocate_checks_in_order) {
    const zx_handle_t space = new_space();
    const zx_handle_t reader = with_rights(space, ZX_RIGHT_READ);
    const zx_handle_t vmo = new_vmo(PAGE, 0);
    uint64_t base = 0;
    zx_handle_t out = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    ck_assert_int_eq(try_allocate(ZX_HANDLE_INVALID, READ, 1, 1), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(try_allocate(vmo, READ, 1, 1), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(try_allocate(reader, CAN_READ_WRITE | READ, 1, 1), ZX_ERR_ACCESS_DENIED);
    const uint32_t unknown[] = {READ,     ZX_VM_SPECIFIC_OVERWRITE, ZX_VM_MAP_RANGE,
                                1u << 15, 9u << ZX_VM_ALIGN_BASE,   33u << ZX_VM_ALIGN_BASE};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        ck_assert_int_eq(try_allocate(space, unknown[i], 0, PAGE), ZX_ERR_INVALID_ARGS);
    }
    ck_assert_int_eq(try_allocate(space, 0, 0, 0), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(try_allocate(space, 0, 0, PAGE + 1), ZX_ERR_INVALID_ARGS);
    const zx_handle_t child = allocate(space, ZX_VM_CAN_MAP_READ | SPECIFIC, PAGE, 4 * PAGE, &base);
    ck_assert_int_eq(try_allocate(child, ZX_VM_CAN_MAP_WRITE, 0, PAGE), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(try_allocate(space, 0, PAGE, PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(try_allocate(child, SPECIFIC, 0, PAGE), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(try_allocate(space, SPECIFIC, 16 * PAGE + 1, PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(try_allocate(space, SPECIFIC, UINT64_C(1) << 48, PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(try_allocate(child, 0, 0, 5 * PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(try_allocate(space, SPECIFIC, 4 * PAGE, PAGE), ZX_ERR_ALREADY_EXISTS);
    ck_assert_int_eq(zirconia_2018_vmar_allocate(space, SPECIFIC, 4 * PAGE, PAGE, &out, &address),
                     ZX_ERR_NO_MEMORY);
    // A region whose handle or address cannot be written does not come to be.
    ck_assert_int_eq(zx_vmar_allocate(space, SPECIFIC, 8 * PAGE, PAGE, &out, NULL),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_allocate(space, SPECIFIC, 8 * PAGE, PAGE, NULL, &address),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(try_allocate(space, SPECIFIC, 8 * PAGE, PAGE), ZX_OK);
}
END_TEST

START_TEST(a_region_has_the_rights_of_what_it_can_map) {
    uint64_t base = 0;
    const zx_handle_t space = new_space();
    const zx_handle_t plain = allocate(space, 0, 0, PAGE, &base);
    const zx_handle_t child = allocate(space, CAN_READ_WRITE, 0, 2 * PAGE, &base);
    zx_handle_t old = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    ck_assert_uint_eq(rights_of(plain), ZIRCONIA_2022_VMAR_RIGHTS);
    ck_assert_uint_eq(rights_of(child), ZIRCONIA_2022_VMAR_RIGHTS | ZX_RIGHT_READ | ZX_RIGHT_WRITE);
    ck_assert_uint_eq(info_of(child).base, base);
    ck_assert_uint_eq(info_of(child).len, 2 * PAGE);
    ck_assert_int_eq(
        zirconia_2018_vmar_allocate(space, ZX_VM_CAN_MAP_READ, 0, PAGE, &old, &address), ZX_OK);
    ck_assert_uint_eq(rights_of(old), ZIRCONIA_2018_VMAR_RIGHTS | ZX_RIGHT_READ);
}
END_TEST

START_TEST(mappings_and_regions_keep_out_of_each_others_way) {
    uint64_t base = 0;
    const zx_handle_t space = new_space();
    const zx_handle_t vmo = new_vmo(8 * PAGE, 0);
    allocate(space, CAN_READ_WRITE | SPECIFIC, PAGE, 2 * PAGE, &base);
    ck_assert_uint_eq(map(space, READ, 0, vmo, 2 * PAGE), 3 * PAGE);
    ck_assert_uint_eq(map(space, READ, 0, vmo, PAGE), 0);
    allocate(space, 0, 0, PAGE, &base);
    ck_assert_uint_eq(base, 5 * PAGE);
    ck_assert_int_eq(try_map(space, READ | SPECIFIC, 2 * PAGE, vmo, PAGE), ZX_ERR_ALREADY_EXISTS);
    ck_assert_int_eq(try_map(space, READ | ZX_VM_SPECIFIC_OVERWRITE, 2 * PAGE, vmo, 2 * PAGE),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(try_allocate(space, SPECIFIC, 4 * PAGE, PAGE), ZX_ERR_ALREADY_EXISTS);
    allocate(space, 16u << ZX_VM_ALIGN_BASE, 0, PAGE, &base);
    ck_assert_uint_eq(base, 0x10000);
    allocate(space, ZX_VM_OFFSET_IS_UPPER_LIMIT, 7 * PAGE, PAGE, &base);
    ck_assert_uint_eq(base, 6 * PAGE);
    ck_assert_int_eq(try_allocate(space, ZX_VM_OFFSET_IS_UPPER_LIMIT, 7 * PAGE, PAGE),
                     ZX_ERR_NO_RESOURCES);
}
END_TEST

START_TEST(a_region_limits_what_is_mapped_in_it) {
    uint64_t base = 0;
    const zx_handle_t space = new_space();
    const zx_handle_t vmo = new_vmo(8 * PAGE, 0);
    const uint32_t options = SPECIFIC | ZX_VM_CAN_MAP_READ;
    const zx_handle_t outer =
        allocate(space, options | ZX_VM_CAN_MAP_SPECIFIC, 16 * PAGE, 8 * PAGE, &base);
    const zx_handle_t inner = allocate(outer, options, 2 * PAGE, 2 * PAGE, &base);
    ck_assert_uint_eq(base, 18 * PAGE);
    ck_assert_int_eq(try_map(outer, READ_WRITE, 0, vmo, PAGE), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(try_map(inner, READ | SPECIFIC, 0, vmo, PAGE), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(try_map(outer, READ | SPECIFIC, 7 * PAGE, vmo, 2 * PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_uint_eq(map(outer, READ, 0, vmo, 2 * PAGE), 16 * PAGE);
    ck_assert_uint_eq(map(outer, READ, 0, vmo, 2 * PAGE), 20 * PAGE);
    ck_assert_uint_eq(map(inner, READ, 0, vmo, 2 * PAGE), 18 * PAGE);
    zx_vaddr_t address = 0;
    ck_assert_int_eq(try_map(inner, READ, 0, vmo, PAGE), ZX_ERR_NO_RESOURCES);
    ck_assert_int_eq(try_map(outer, READ, 0, vmo, 3 * PAGE), ZX_ERR_NO_RESOURCES);
    ck_assert_int_eq(zirconia_202104_vmar_map(inner, READ, 0, vmo, 0, PAGE, &address),
                     ZX_ERR_NO_MEMORY);
    // A mapping never gets what its region could not have mapped.
    ck_assert_int_eq(zx_vmar_protect(space, READ_WRITE, 20 * PAGE, PAGE), ZX_ERR_INVALID_ARGS);
}
END_TEST

START_TEST(an_upper_limit_is_inside_the_region_and_above_the_length) {
    uint64_t base = 0;
    const zx_handle_t space = new_space();
    const zx_handle_t vmo = new_vmo(8 * PAGE, 0);
    const uint32_t limit = ZX_VM_OFFSET_IS_UPPER_LIMIT;
    const uint32_t placed = ZX_VM_CAN_MAP_READ | ZX_VM_CAN_MAP_SPECIFIC;
    const zx_handle_t region = allocate(space, placed, 0, 8 * PAGE, &base);
    const zx_handle_t random = allocate(space, ZX_VM_CAN_MAP_READ, 0, 8 * PAGE, &base);
    ck_assert_int_eq(try_map(region, READ | limit, 9 * PAGE, vmo, PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(try_map(region, READ | limit, PAGE, vmo, 2 * PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(try_map(region, READ | limit, PAGE, vmo, 9 * PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(try_map(region, READ | limit, 0, vmo, PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(try_map(random, READ | limit, 8 * PAGE, vmo, PAGE), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(try_map(random, READ | limit, 1, vmo, PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_uint_eq(map(region, READ | limit, 8 * PAGE, vmo, 8 * PAGE), 0);
    ck_assert_int_eq(zx_vmar_unmap(region, 0, 8 * PAGE), ZX_OK);
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_uint_eq(map(region, READ | limit, 4 * PAGE, vmo, PAGE), (uint64_t)i * PAGE);
    }
    ck_assert_int_eq(try_map(region, READ | limit, 4 * PAGE, vmo, PAGE), ZX_ERR_NO_RESOURCES);
    ck_assert_uint_eq(map(region, READ, 0, vmo, PAGE), 4 * PAGE);
}
END_TEST

START_TEST(an_offset_in_the_middle_of_a_page_is_told_before_or_after_the_missing_right_to_place) {
    uint64_t base = 0;
    zx_vaddr_t address = 0;
    const zx_handle_t vmo = new_vmo(PAGE, 0);
    const zx_handle_t region = allocate(new_space(), ZX_VM_CAN_MAP_READ, 0, 8 * PAGE, &base);
    ck_assert_int_eq(try_map(region, READ | SPECIFIC, 1, vmo, PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_202104_vmar_map(region, READ | SPECIFIC, 1, vmo, 0, PAGE, &address),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_201812_vmar_map(region, READ | SPECIFIC, 1, vmo, 0, PAGE, &address),
                     ZX_ERR_ACCESS_DENIED);
}
END_TEST

// --- The end of regions ---

START_TEST(a_destroyed_region_is_a_bad_state_with_all_in_it) {
    uint64_t base = 0;
    const zx_handle_t space = zx_vmar_root_self();
    const zx_handle_t vmo = new_vmo(8 * PAGE, 0);
    const zx_handle_t outer =
        allocate(space, CAN_READ_WRITE | ZX_VM_CAN_MAP_SPECIFIC, 0, 8 * PAGE, &base);
    uint64_t inner_base = 0;
    const zx_handle_t inner =
        allocate(outer, CAN_READ_WRITE | SPECIFIC, 4 * PAGE, 4 * PAGE, &inner_base);
    const uint64_t first = map(outer, READ_WRITE, 0, vmo, PAGE);
    const uint64_t second = map(inner, READ_WRITE, 0, vmo, PAGE);
    ck_assert_uint_eq(inner_base, base + 4 * PAGE);
    ck_assert(first >= base && first < base + 8 * PAGE && second == inner_base);
    ck_assert(writable(first) && writable(second) && !readable(base + 2 * PAGE));
    ck_assert_int_eq(zx_vmar_destroy(outer), ZX_OK);
    ck_assert(!readable(first) && !readable(second));
    const zx_handle_t both[] = {outer, inner};
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(zx_vmar_destroy(both[i]), ZX_ERR_BAD_STATE);
        ck_assert_int_eq(try_map(both[i], READ, 0, vmo, PAGE), ZX_ERR_BAD_STATE);
        ck_assert_int_eq(try_allocate(both[i], 0, 0, PAGE), ZX_ERR_BAD_STATE);
        ck_assert_int_eq(zx_vmar_unmap(both[i], base, PAGE), ZX_ERR_BAD_STATE);
        ck_assert_int_eq(zx_vmar_protect(both[i], READ, base, PAGE), ZX_ERR_BAD_STATE);
    }
    // Its addresses are free for others.
    zx_vaddr_t address = 0;
    const uint64_t offset = base - info_of(space).base;
    ck_assert_int_eq(zx_vmar_map(space, READ | SPECIFIC, offset, vmo, 0, 8 * PAGE, &address),
                     ZX_OK);
    ck_assert_uint_eq(address, base);
    ck_assert_int_eq(zx_vmar_unmap(space, address, 8 * PAGE), ZX_OK);
    ck_assert_int_eq(zx_vmar_destroy(ZX_HANDLE_INVALID), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_vmar_destroy(vmo), ZX_ERR_WRONG_TYPE);
}
END_TEST

START_TEST(a_region_outlives_its_handle) {
    uint64_t base = 0;
    const zx_handle_t space = zx_vmar_root_self();
    const zx_handle_t vmo = new_vmo(PAGE, 0);
    const zx_handle_t child = allocate(space, CAN_READ_WRITE, 0, 4 * PAGE, &base);
    const uint64_t address = map(child, READ_WRITE, 0, vmo, PAGE);
    zx_handle_close(child);
    zx_handle_close(vmo);
    ck_assert(writable(address));
    const uint64_t offset = base - info_of(space).base;
    ck_assert_int_eq(try_allocate(space, SPECIFIC, offset, PAGE), ZX_ERR_ALREADY_EXISTS);
    ck_assert_int_eq(zx_vmar_unmap(space, base, 4 * PAGE), ZX_OK);
    ck_assert(!readable(address));
    ck_assert_int_eq(try_allocate(space, SPECIFIC, offset, PAGE), ZX_OK);
}
END_TEST

START_TEST(unmapping_destroys_the_regions_it_covers_and_cuts_none) {
    uint64_t base = 0;
    const zx_handle_t space = new_space();
    const zx_handle_t vmo = new_vmo(16 * PAGE, 0);
    const zx_handle_t first = allocate(space, CAN_READ_WRITE | SPECIFIC, 4 * PAGE, 2 * PAGE, &base);
    const zx_handle_t second =
        allocate(space, CAN_READ_WRITE | SPECIFIC, 8 * PAGE, 2 * PAGE, &base);
    const zx_handle_t narrow = with_rights(space, ZX_RIGHT_READ);
    map(space, READ | SPECIFIC, 2 * PAGE, vmo, 2 * PAGE);
    map(second, READ, 0, vmo, PAGE);
    ck_assert_int_eq(zx_vmar_unmap(space, 5 * PAGE, PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_unmap(space, 2 * PAGE, 3 * PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_unmap(space, 2 * PAGE, 7 * PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_unmap(narrow, 0, 16 * PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_unmap(narrow, 3 * PAGE, PAGE), ZX_OK); // No region there.
    ck_assert_int_eq(zx_vmar_unmap(first, 4 * PAGE, PAGE), ZX_OK);
    ck_assert_int_eq(zirconia_2018_vmar_unmap(narrow, 4 * PAGE, 2 * PAGE), ZX_OK);
    ck_assert_int_eq(zx_vmar_destroy(first), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(try_map(second, READ, 0, vmo, PAGE), ZX_OK);
    ck_assert_int_eq(zx_vmar_unmap(space, 0, 16 * PAGE), ZX_OK);
    ck_assert_int_eq(zx_vmar_destroy(second), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(try_allocate(space, SPECIFIC, 0, 16 * PAGE), ZX_OK);
}
END_TEST

START_TEST(regions_nest_as_deep_as_one_likes) {
    uint64_t base = 0;
    const zx_handle_t space = new_space();
    zx_handle_t region = allocate(space, ZX_VM_CAN_MAP_READ, 0, PAGE, &base);
    const zx_handle_t outermost = region;
    for (int i = 0; i < 50000; i++) {
        const zx_handle_t inner = allocate(region, ZX_VM_CAN_MAP_READ, 0, PAGE, &base);
        if (region != outermost) {
            zx_handle_close(region);
        }
        region = inner;
    }
    map(region, READ, 0, new_vmo(PAGE, 0), PAGE);
    ck_assert_int_eq(zx_vmar_destroy(outermost), ZX_OK);
    ck_assert_int_eq(zx_vmar_destroy(region), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(try_allocate(space, SPECIFIC, base, PAGE), ZX_OK);
}
END_TEST

// --- Protecting ---

// --- Many, and any ---

#define MANY 100000u

static void place_many(zx_handle_t region, uint64_t base) {
    uint64_t address = 0;
    for (uint64_t i = 0; i < MANY; i++) { // With a hole behind each.
        zx_handle_close(allocate(region, CAN_READ_WRITE | SPECIFIC, i * 2 * PAGE, PAGE, &address));
    }
    zx_handle_close(allocate(region, CAN_READ_WRITE, 0, 2 * PAGE, &address));
    ck_assert_uint_eq(address,
                      base + (2 * MANY - 1) * PAGE); // The mapping fits into none of the holes.
}

// Each call once took as long as a walk over all other regions, and where the library was to choose
// the address, as long as that many walks.
START_TEST(a_hundred_thousand_regions_and_mappings_are_made_and_unmade_at_once) {
    uint64_t base = 0;
    uint64_t address = 0;
    const zx_handle_t space = new_space();
    const uint32_t any = CAN_READ_WRITE | ZX_VM_CAN_MAP_SPECIFIC;
    const zx_handle_t holes = allocate(space, any, 0, 4 * MANY * PAGE, &base);
    place_many(holes, base);
    const zx_handle_t packed = allocate(space, any, 0, 4 * MANY * PAGE, &base);
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_create(PAGE, 0, &vmo), ZX_OK);
    for (uint64_t i = 0; i < MANY; i++) {
        zx_handle_close(allocate(packed, CAN_READ_WRITE, 0, PAGE, &address));
        ck_assert_uint_eq(address, base + 2 * i * PAGE);
        ck_assert_uint_eq(map(packed, READ, 0, vmo, PAGE), base + (2 * i + 1) * PAGE);
    }
    ck_assert_int_eq(zx_vmar_unmap(packed, base + PAGE * MANY, PAGE * MANY / 2), ZX_OK);
    ck_assert_uint_eq(map(packed, READ, 0, vmo, PAGE), base + PAGE * MANY);
    ck_assert_int_eq(zx_vmar_destroy(packed), ZX_OK);
    ck_assert_int_eq(zx_vmar_destroy(holes), ZX_OK);
    for (uint64_t i = 0; i < MANY; i++) {
        ck_assert_uint_eq(map(space, READ, 0, vmo, PAGE), i * PAGE);
    }
    ck_assert_int_eq(zx_vmar_unmap(space, 0, MANY * PAGE), ZX_OK);
    allocate(space, any, 0, 8 * MANY * PAGE, &address);
    zx_handle_close(space);
}
END_TEST

enum { MODEL_PAGES = 48, MODEL_STEPS = 20000 };

// What is in each page of a region: nothing, a mapping, or the child with this number.
struct model {
    unsigned pages[MODEL_PAGES];
    zx_handle_t children[MODEL_STEPS];
    unsigned count;
    uint64_t seed;
};

static unsigned draw(struct model *model, unsigned bound) {
    model->seed = model->seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(model->seed >> 33) % bound;
}

static bool is_free(const struct model *model, unsigned first, unsigned length) {
    for (unsigned i = first; i < first + length; i++) {
        if (model->pages[i] != 0) {
            return false;
        }
    }
    return true;
}

// The lowest page from which there is room; MODEL_PAGES for none.
static unsigned lowest(const struct model *model, unsigned length, unsigned alignment) {
    for (unsigned i = 0; i + length <= MODEL_PAGES; i += alignment) {
        if (is_free(model, i, length)) {
            return i;
        }
    }
    return MODEL_PAGES;
}

static void fill(struct model *model, unsigned first, unsigned length, unsigned with) {
    for (unsigned i = first; i < first + length; i++) {
        model->pages[i] = with;
    }
}

#define MAPPING 1u
#define FIRST_CHILD 2u

static void add_anywhere(struct model *model, zx_handle_t region, uint64_t base, zx_handle_t vmo) {
    const unsigned length = 1 + draw(model, 5);
    const unsigned shift = draw(model, 3);
    const unsigned place = lowest(model, length, 1u << shift);
    const uint32_t alignment = (12 + shift) << ZX_VM_ALIGN_BASE;
    const bool child = draw(model, 2) != 0;
    zx_vaddr_t address = 0;
    const zx_status_t status =
        child ? zx_vmar_allocate(region, CAN_READ_WRITE | alignment, 0, length * PAGE,
                                 &model->children[model->count], &address)
              : zx_vmar_map(region, READ | alignment, 0, vmo, 0, length * PAGE, &address);
    ck_assert_int_eq(status, place < MODEL_PAGES ? ZX_OK : ZX_ERR_NO_RESOURCES);
    if (status == ZX_OK) {
        ck_assert_uint_eq(address, base + place * PAGE);
        fill(model, place, length, child ? FIRST_CHILD + model->count++ : MAPPING);
    }
}

// Does an edge of the range lie inside a child?
static bool cuts(const struct model *model, unsigned edge) {
    return edge > 0 && edge < MODEL_PAGES && model->pages[edge] >= FIRST_CHILD &&
           model->pages[edge] == model->pages[edge - 1];
}

static void take_range(struct model *model, zx_handle_t region, uint64_t base) {
    const unsigned first = draw(model, MODEL_PAGES);
    const unsigned most = MODEL_PAGES - first;
    const unsigned length = 1 + draw(model, most < 6 ? most : 6);
    const bool refused = cuts(model, first) || cuts(model, first + length);
    ck_assert_int_eq(zx_vmar_unmap(region, base + first * PAGE, length * PAGE),
                     refused ? ZX_ERR_INVALID_ARGS : ZX_OK);
    if (!refused) {
        fill(model, first, length, 0);
    }
}

static void destroy_child(struct model *model) {
    const unsigned page = draw(model, MODEL_PAGES);
    const unsigned number = model->pages[page];
    if (number < FIRST_CHILD) {
        return;
    }
    ck_assert_int_eq(zx_vmar_destroy(model->children[number - FIRST_CHILD]), ZX_OK);
    for (unsigned i = 0; i < MODEL_PAGES; i++) {
        model->pages[i] = model->pages[i] == number ? 0 : model->pages[i];
    }
}

START_TEST(room_is_the_lowest_that_a_map_of_the_pages_shows) {
    static struct model model;
    uint64_t base = 0;
    const uint32_t any = CAN_READ_WRITE | ZX_VM_CAN_MAP_SPECIFIC;
    const zx_handle_t space = new_space();
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_create(8 * PAGE, 0, &vmo), ZX_OK);
    allocate(space, any | SPECIFIC, 0, 8 * PAGE, &base); // Something below it.
    const zx_handle_t region =
        allocate(space, any | SPECIFIC, MODEL_PAGES * PAGE, MODEL_PAGES * PAGE, &base);
    model.seed = 1;
    for (unsigned i = 0; i < MODEL_STEPS; i++) {
        const unsigned what = draw(&model, 8);
        if (what < 5) {
            add_anywhere(&model, region, base, vmo);
        } else if (what < 7) {
            take_range(&model, region, base);
        } else {
            destroy_child(&model);
        }
    }
}
END_TEST

START_TEST(protect_checks_in_order) {
    uint64_t base = 0;
    const zx_handle_t space = new_space();
    const zx_handle_t vmo = new_vmo(8 * PAGE, 0);
    const zx_handle_t reader = with_rights(space, ZX_RIGHT_READ);
    const zx_handle_t read_vmo = with_rights(vmo, ZX_RIGHT_READ | ZX_RIGHT_MAP);
    ck_assert_int_eq(zx_vmar_protect(ZX_HANDLE_INVALID, READ, 1, 0), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_vmar_protect(vmo, READ, 1, 0), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_vmar_protect(reader, ZX_VM_PERM_WRITE, 1, 0), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vmar_protect(space, ZX_VM_PERM_WRITE, 0, PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_protect(space, ZX_VM_PERM_EXECUTE, 0, PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_protect(space, READ, 1, PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_protect(space, READ | SPECIFIC, 0, PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_protect(space, READ, 0, 0), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_protect(space, READ, UINT64_C(1) << 48, PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_protect(space, READ, 0, PAGE), ZX_ERR_NOT_FOUND);

    map(space, READ | SPECIFIC, 0, read_vmo, 2 * PAGE);
    allocate(space, SPECIFIC, 2 * PAGE, PAGE, &base);
    map(space, READ | SPECIFIC, 3 * PAGE, vmo, PAGE);
    // The first obstacle decides: a mapping that may not be written, a region, or a hole.
    ck_assert_int_eq(zx_vmar_protect(space, READ_WRITE, 0, 5 * PAGE), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vmar_protect(space, READ, 0, 5 * PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_protect(space, READ, 3 * PAGE, 2 * PAGE), ZX_ERR_NOT_FOUND);
    ck_assert_int_eq(zx_vmar_protect(space, READ_WRITE, 2 * PAGE, 3 * PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_protect(space, READ | ZX_VM_PERM_EXECUTE, 3 * PAGE, PAGE),
                     ZX_ERR_ACCESS_DENIED); // The VMO's handle had no EXECUTE.
    ck_assert_int_eq(zx_vmar_protect(space, READ_WRITE, 3 * PAGE, 1), ZX_OK);
    ck_assert_int_eq(zx_vmar_protect(space, 0, 0, 2 * PAGE), ZX_OK);
    ck_assert_int_eq(zx_vmar_protect(space, READ, 0, PAGE), ZX_OK);
}
END_TEST

START_TEST(protect_finds_a_region_before_the_hole_that_it_follows) {
    uint64_t base = 0;
    const zx_handle_t space = new_space();
    const zx_handle_t vmo = new_vmo(8 * PAGE, 0);
    map(space, READ | SPECIFIC, 0, vmo, PAGE);
    allocate(space, SPECIFIC, 2 * PAGE, PAGE, &base);
    map(space, READ | SPECIFIC, 4 * PAGE, vmo, PAGE);
    allocate(space, SPECIFIC, 6 * PAGE, PAGE, &base);
    ck_assert_int_eq(zx_vmar_protect(space, READ, 0, 2 * PAGE), ZX_ERR_NOT_FOUND);
    ck_assert_int_eq(zx_vmar_protect(space, READ, 0, 3 * PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_protect(space, READ, PAGE, 2 * PAGE), ZX_ERR_NOT_FOUND);
    ck_assert_int_eq(zx_vmar_protect(space, READ, 4 * PAGE, 3 * PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmar_unmap(space, 2 * PAGE, PAGE), ZX_OK);
    ck_assert_int_eq(zx_vmar_protect(space, READ, 0, 7 * PAGE), ZX_ERR_NOT_FOUND);
}
END_TEST

START_TEST(protection_is_the_hosts_and_splits_mappings) {
    const size_t page = platform_page_size();
    const zx_handle_t space = zx_vmar_root_self();
    const zx_handle_t vmo = new_vmo(5 * page, 0);
    const uint64_t base = map(space, READ_WRITE, 0, vmo, 5 * page);
    ck_assert_int_eq(zx_vmar_protect(space, READ, base + page, page), ZX_OK);
    ck_assert_int_eq(zx_vmar_protect(space, 0, base + 3 * page, page), ZX_OK);
    static const bool reads[] = {true, true, true, false, true};
    static const bool writes[] = {true, false, true, false, true};
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(readable(base + i * page), reads[i]);
        ck_assert_int_eq(writable(base + i * page), writes[i]);
    }
    ck_assert_int_eq(zx_vmar_protect(space, READ_WRITE, base, 5 * page), ZX_OK);
    for (size_t i = 0; i < 5; i++) {
        ck_assert(writable(base + i * page));
    }
    ck_assert_int_eq(zx_vmar_unmap(space, base, 5 * page), ZX_OK);
}
END_TEST

START_TEST(protection_in_a_region_is_kept_by_a_vmo_that_grows) {
    uint64_t base = 0;
    const size_t page = platform_page_size();
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_create(page, ZX_VMO_RESIZABLE, &vmo), ZX_OK);
    const zx_handle_t region = allocate(zx_vmar_root_self(), CAN_READ_WRITE, 0, 8 * page, &base);
    const uint64_t address = map(region, READ_WRITE, 0, vmo, 4 * page);
    ck_assert_int_eq(zx_vmar_protect(region, READ, address + page, page), ZX_OK);
    ck_assert(writable(address) && !readable(address + page));
    ck_assert_int_eq(zx_vmo_set_size(vmo, 3 * page), ZX_OK);
    ck_assert(readable(address + page) && !writable(address + page));
    ck_assert(writable(address + 2 * page) && !readable(address + 3 * page));
    ck_assert_int_eq(zx_vmar_unmap(region, address, 2 * page), ZX_OK);
    ck_assert(!readable(address) && writable(address + 2 * page));
    ck_assert_uint_eq(map(region, READ, 0, vmo, 2 * page), address); // Addresses stayed its own.
    ck_assert_int_eq(zx_vmar_destroy(region), ZX_OK);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        allocate_checks_in_order,
        a_region_has_the_rights_of_what_it_can_map,
        mappings_and_regions_keep_out_of_each_others_way,
        a_region_limits_what_is_mapped_in_it,
        an_upper_limit_is_inside_the_region_and_above_the_length,
        an_offset_in_the_middle_of_a_page_is_told_before_or_after_the_missing_right_to_place,
        a_destroyed_region_is_a_bad_state_with_all_in_it,
        a_region_outlives_its_handle,
        unmapping_destroys_the_regions_it_covers_and_cuts_none,
        regions_nest_as_deep_as_one_likes,
        a_hundred_thousand_regions_and_mappings_are_made_and_unmade_at_once,
        room_is_the_lowest_that_a_map_of_the_pages_shows,
        protect_checks_in_order,
        protect_finds_a_region_before_the_hole_that_it_follows,
        protection_is_the_hosts_and_splits_mappings,
        protection_in_a_region_is_kept_by_a_vmo_that_grows,
    };
    return run_tests("regions", tests, sizeof tests / sizeof tests[0]);
}
