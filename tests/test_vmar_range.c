// SPDX-License-Identifier: MIT
//
// Operations on what a range of a region shows (objects ABI 5.8).

#include "handles.h"
#include "platform/platform.h"
#include "run_tests.h"

#include <check.h>
#include <string.h>
#include <zircon/process.h>
#include <zirconia/zirconia.h>

enum {
    READ_WRITE = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE,
    REGION = ZX_VM_CAN_MAP_READ | ZX_VM_CAN_MAP_WRITE | ZX_VM_CAN_MAP_SPECIFIC,
};

static size_t page;

static zx_handle_t new_region(zx_handle_t parent, uint32_t options, size_t offset, size_t pages,
                              zx_vaddr_t *base) {
    zx_handle_t region = ZX_HANDLE_INVALID;
    ck_assert_int_eq(
        zx_vmar_allocate(parent, REGION | options, offset, pages * page, &region, base), ZX_OK);
    return region;
}

static volatile uint8_t *map(zx_handle_t region, uint32_t options, size_t at, zx_handle_t vmo,
                             size_t from, size_t pages) {
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_map(region, ZX_VM_SPECIFIC | options, at * page, vmo, from * page,
                                 pages * page, &address),
                     ZX_OK);
    return (volatile uint8_t *)address;
}

static zx_status_t operate(zx_handle_t region, uint32_t op, zx_vaddr_t address, size_t pages) {
    return zx_vmar_op_range(region, op, address, pages * page, NULL, 0);
}

static uint64_t committed(zx_handle_t vmo) {
    zx_info_vmo_t info = {0};
    ck_assert_int_eq(zx_object_get_info(vmo, ZX_INFO_VMO, &info, sizeof info, NULL, NULL), ZX_OK);
    return info.committed_bytes;
}

START_TEST(operations_check_in_order) {
    zx_vaddr_t base = 0;
    page = platform_page_size();
    static const uint32_t unknown[] = {0, 4, 5, ZX_VMAR_OP_ZERO, ZX_VMAR_OP_PREFETCH, UINT32_MAX};
    static const uint32_t all[] = {ZX_VMAR_OP_COMMIT, ZX_VMAR_OP_DECOMMIT, ZX_VMAR_OP_MAP_RANGE,
                                   ZX_VMAR_OP_DONT_NEED, ZX_VMAR_OP_ALWAYS_NEED};
    const zx_handle_t region = new_region(zx_vmar_root_self(), 0, 0, 8, &base);
    const zx_handle_t bare = with_rights(region, ZX_RIGHT_NONE);
    const zx_handle_t vmo = new_vmo(page, 0);
    ck_assert_int_eq(zx_vmar_op_range(7, 0, 1, 0, &base, 0), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_vmar_op_range(vmo, 0, 1, 0, &base, 0), ZX_ERR_WRONG_TYPE);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        ck_assert_int_eq(operate(bare, unknown[i], base, 1), ZX_ERR_INVALID_ARGS);
    }
    map(region, ZX_VM_PERM_READ, 0, vmo, 0, 1);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        ck_assert_int_eq(zx_vmar_op_range(bare, all[i], base, page, &base, 0), ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(zx_vmar_op_range(bare, all[i], base, page, NULL, 1), ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(operate(bare, all[i], base, 0), ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(operate(bare, all[i], base + 1, 1), ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(operate(bare, all[i], base, 9), ZX_ERR_OUT_OF_RANGE);
        ck_assert_int_eq(operate(bare, all[i], base - page, 1), ZX_ERR_OUT_OF_RANGE);
        ck_assert_int_eq(operate(bare, all[i], base + 8 * page, 1), ZX_ERR_OUT_OF_RANGE);
        ck_assert_int_eq(operate(bare, all[i], 0, 1), ZX_ERR_OUT_OF_RANGE);
        ck_assert_int_eq(operate(bare, all[i], base + page, 1), ZX_ERR_BAD_STATE);
        ck_assert_int_eq(zx_vmar_op_range(bare, all[i], base, 1, NULL, 0), ZX_OK);
    }
    ck_assert_int_eq(zx_vmar_destroy(region), ZX_OK);
    ck_assert_int_eq(operate(region, ZX_VMAR_OP_MAP_RANGE, base, 9), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(operate(region, ZX_VMAR_OP_MAP_RANGE, base, 1), ZX_ERR_BAD_STATE);
}
END_TEST

START_TEST(a_range_goes_over_mappings_up_to_the_first_hole) {
    zx_vaddr_t base = 0;
    page = platform_page_size();
    const zx_handle_t vmo = new_vmo(5 * page, 0);
    const zx_handle_t region = new_region(zx_vmar_root_self(), 0, 0, 6, &base);
    volatile uint8_t *bytes = map(region, READ_WRITE, 0, vmo, 0, 2);
    map(region, READ_WRITE, 2, vmo, 3, 1); // Another part of the VMO.
    map(region, READ_WRITE, 4, vmo, 1, 2);
    ck_assert_int_eq(operate(region, ZX_VMAR_OP_COMMIT, base, 3), ZX_OK);
    bytes[0] = 1;
    bytes[page] = 2;
    bytes[2 * page] = 3;
    ck_assert_int_eq(operate(region, ZX_VMAR_OP_DECOMMIT, base + page, 2), ZX_OK);
    ck_assert_uint_eq(bytes[0], 1);
    ck_assert_uint_eq(bytes[page], 0);
    ck_assert_uint_eq(bytes[2 * page], 0);
    bytes[4 * page] = 4; // The second page again.
    ck_assert_uint_eq(bytes[page], 4);
    bytes[5 * page] = 5;
    ck_assert_int_eq(operate(region, ZX_VMAR_OP_DECOMMIT, base + page, 5), ZX_ERR_BAD_STATE);
    ck_assert_uint_eq(bytes[page], 0); // What stands before the hole is done.
    ck_assert_uint_eq(bytes[5 * page], 5);
    ck_assert_int_eq(operate(region, ZX_VMAR_OP_MAP_RANGE, base + 3 * page, 2), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(operate(region, ZX_VMAR_OP_MAP_RANGE, base + 5 * page, 1), ZX_OK);
    ck_assert_int_eq(zx_vmar_destroy(region), ZX_OK);
}
END_TEST

START_TEST(what_is_mapped_in_an_inner_region_is_changed_through_that_alone) {
    zx_vaddr_t base = 0;
    zx_vaddr_t inner_base = 0;
    page = platform_page_size();
    const zx_handle_t vmo = new_vmo(page, 0);
    const zx_handle_t outer = new_region(zx_vmar_root_self(), 0, 0, 4, &base);
    const zx_handle_t inner = new_region(outer, ZX_VM_SPECIFIC, 0, 2, &inner_base);
    volatile uint8_t *bytes = map(inner, READ_WRITE, 0, vmo, 0, 1);
    bytes[0] = 1;
    ck_assert_int_eq(operate(outer, ZX_VMAR_OP_COMMIT, base, 1), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(operate(outer, ZX_VMAR_OP_DECOMMIT, base, 1), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(operate(outer, ZX_VMAR_OP_MAP_RANGE, base, 1), ZX_OK);
    ck_assert_int_eq(operate(outer, ZX_VMAR_OP_ALWAYS_NEED, base, 1), ZX_OK);
    ck_assert_int_eq(operate(outer, ZX_VMAR_OP_DONT_NEED, base, 1), ZX_OK);
    ck_assert_int_eq(operate(outer, ZX_VMAR_OP_DECOMMIT, base + page, 1), ZX_ERR_BAD_STATE);
    ck_assert_uint_eq(bytes[0], 1);
    ck_assert_int_eq(operate(inner, ZX_VMAR_OP_DECOMMIT, base, 1), ZX_OK);
    ck_assert_uint_eq(bytes[0], 0);
    ck_assert_int_eq(zx_vmar_destroy(outer), ZX_OK);
}
END_TEST

START_TEST(a_mapping_that_could_be_made_writable_is_changed) {
    zx_vaddr_t base = 0;
    page = platform_page_size();
    const zx_handle_t vmo = new_vmo(2 * page, 0);
    const zx_handle_t reader = with_rights(vmo, ZX_RIGHT_READ | ZX_RIGHT_MAP);
    const zx_handle_t region = new_region(zx_vmar_root_self(), 0, 0, 4, &base);
    volatile uint8_t *bytes = map(region, ZX_VM_PERM_READ, 0, vmo, 0, 1);
    map(region, ZX_VM_PERM_READ, 1, reader, 0, 1);
    const uint8_t byte = 6;
    ck_assert_int_eq(zx_vmo_write(vmo, &byte, 0, 1), ZX_OK);
    ck_assert_int_eq(operate(region, ZX_VMAR_OP_COMMIT, base + page, 1), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(operate(region, ZX_VMAR_OP_DECOMMIT, base + page, 1), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(operate(region, ZX_VMAR_OP_MAP_RANGE, base, 2), ZX_OK);
    ck_assert_uint_eq(bytes[page], 6);
    ck_assert_int_eq(operate(region, ZX_VMAR_OP_DECOMMIT, base, 1), ZX_OK);
    ck_assert_uint_eq(bytes[page], 0);
    ck_assert_int_eq(zx_vmar_destroy(region), ZX_OK);
}
END_TEST

// A slice is a part of a VMO that goes on; a copy shares what cannot be given back alone.
START_TEST(the_vmo_says_the_rest) {
    zx_vaddr_t base = 0;
    zx_handle_t slice = ZX_HANDLE_INVALID;
    zx_handle_t copy = ZX_HANDLE_INVALID;
    page = platform_page_size();
    const zx_handle_t vmo = new_vmo(3 * page, 0);
    const zx_handle_t region = new_region(zx_vmar_root_self(), 0, 0, 6, &base);
    const uint8_t byte = 7;
    uint8_t found = 0;
    ck_assert_int_eq(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SLICE, page, page, &slice), ZX_OK);
    map(region, READ_WRITE, 0, slice, 0, 3);
    ck_assert_int_eq(zx_vmo_write(vmo, &byte, 2 * page, 1), ZX_OK);
    ck_assert_int_eq(operate(region, ZX_VMAR_OP_DECOMMIT, base, 3), ZX_OK);
    ck_assert_int_eq(operate(region, ZX_VMAR_OP_DECOMMIT, base + 2 * page, 1), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zx_vmo_read(vmo, &found, 2 * page, 1), ZX_OK);
    ck_assert_uint_eq(found, 7);
    ck_assert_int_eq(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SNAPSHOT, 0, page, &copy), ZX_OK);
    map(region, READ_WRITE, 3, copy, 0, 1);
    ck_assert_int_eq(operate(region, ZX_VMAR_OP_DECOMMIT, base + 3 * page, 1),
                     ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_vmar_destroy(region), ZX_OK);
}
END_TEST

START_TEST(committing_maps_and_decommitting_gives_back) {
    zx_vaddr_t base = 0;
    page = platform_page_size();
    const zx_handle_t vmo = new_vmo(4 * page, 0);
    const zx_handle_t region = new_region(zx_vmar_root_self(), 0, 0, 4, &base);
    map(region, READ_WRITE, 0, vmo, 0, 4);
    ck_assert_int_eq(operate(region, ZX_VMAR_OP_COMMIT, base, 4), ZX_OK);
    memset((void *)base, 1, 4 * page); // Whole, for who plays a host of larger pages.
    ck_assert_uint_eq(committed(vmo), 4 * page);
    ck_assert_int_eq(operate(region, ZX_VMAR_OP_DECOMMIT, base + page, 2), ZX_OK);
    ck_assert_uint_eq(committed(vmo), 2 * page);
    ck_assert_int_eq(zx_vmar_destroy(region), ZX_OK);
}
END_TEST

START_TEST(a_guest_sees_what_was_decommitted) {
    page = 4096;
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_handle_t guest = ZX_HANDLE_INVALID;
    zx_handle_t vmar = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
    ck_assert_int_eq(zx_guest_create(resource, 0, &guest, &vmar), ZX_OK);
    const zx_handle_t vmo = new_vmo(2 * page, 0);
    const uint8_t byte = 7;
    uint8_t found = 1;
    map(vmar, READ_WRITE, 0x100, vmo, 0, 2);
    ck_assert_int_eq(zx_vmo_write(vmo, &byte, page, 1), ZX_OK);
    ck_assert_int_eq(operate(vmar, ZX_VMAR_OP_MAP_RANGE, 0x100 * page, 2), ZX_OK);
    ck_assert_int_eq(operate(vmar, ZX_VMAR_OP_ALWAYS_NEED, 0x100 * page, 2), ZX_OK);
    ck_assert_int_eq(operate(vmar, ZX_VMAR_OP_MAP_RANGE, 0x100 * page, 3), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(operate(vmar, ZX_VMAR_OP_DECOMMIT, 0x101 * page, 1), ZX_OK);
    ck_assert_int_eq(zx_vmo_read(vmo, &found, page, 1), ZX_OK);
    ck_assert_uint_eq(found, 0);
    zx_handle_close(guest);
    ck_assert_int_eq(operate(vmar, ZX_VMAR_OP_MAP_RANGE, 0x100 * page, 1), ZX_ERR_BAD_STATE);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        operations_check_in_order,
        a_range_goes_over_mappings_up_to_the_first_hole,
        what_is_mapped_in_an_inner_region_is_changed_through_that_alone,
        a_mapping_that_could_be_made_writable_is_changed,
        the_vmo_says_the_rest,
        committing_maps_and_decommitting_gives_back,
        a_guest_sees_what_was_decommitted,
    };
    return run_tests("vmar range", tests, sizeof tests / sizeof tests[0]);
}
