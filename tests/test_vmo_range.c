// SPDX-License-Identifier: MIT
//
// VMOs that change: size, operations on ranges, cache policy (objects ABI 5.1). What guests see of
// that is in test_memory_changes.c.

#include "object_fixture.h"
#include "platform/platform.h"
#include "run_tests.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <zircon/process.h>

#define PAGE 4096u

enum { READ_WRITE = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE };

static uint8_t *map(zx_handle_t vmo, uint32_t options, uint64_t offset, size_t length) {
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), options, 0, vmo, offset, length, &address),
                     ZX_OK);
    return (uint8_t *)address;
}

static void unmap(const void *address, size_t length) {
    ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)address, length), ZX_OK);
}

static bool readable(const void *address) {
    uint8_t byte;
    return platform_copy(&byte, address, 1);
}

static void set_size(zx_handle_t vmo, uint64_t size) {
    ck_assert_int_eq(zx_vmo_set_size(vmo, size), ZX_OK);
}

static void put(zx_handle_t vmo, uint64_t offset, uint8_t value) {
    ck_assert_int_eq(zx_vmo_write(vmo, &value, offset, 1), ZX_OK);
}

static uint8_t get(zx_handle_t vmo, uint64_t offset) {
    uint8_t value = 0xee;
    ck_assert_int_eq(zx_vmo_read(vmo, &value, offset, 1), ZX_OK);
    return value;
}

static uint64_t size_of(zx_handle_t vmo) {
    uint64_t size = 1;
    ck_assert_int_eq(zx_vmo_get_size(vmo, &size), ZX_OK);
    return size;
}

// --- Size ---

START_TEST(set_size_checks_in_order) {
    const zx_handle_t fixed = new_vmo(PAGE, 0);
    const zx_handle_t vmo = new_vmo(PAGE, ZX_VMO_RESIZABLE);
    const zx_handle_t event = new_event();
    const zx_handle_t no_write = with_rights(vmo, ZX_RIGHT_READ | ZX_RIGHT_RESIZE);
    const zx_handle_t no_resize = with_rights(vmo, ZX_RIGHT_WRITE);
    const zx_handle_t fixed_reader = with_rights(fixed, ZX_RIGHT_READ);
    ck_assert_int_eq(zx_vmo_set_size(ZX_HANDLE_INVALID, UINT64_MAX), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_vmo_set_size(event, UINT64_MAX), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_vmo_set_size(fixed_reader, UINT64_MAX), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vmo_set_size(fixed, UINT64_MAX), ZX_ERR_UNAVAILABLE);
    ck_assert_int_eq(zx_vmo_set_size(no_write, UINT64_MAX), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vmo_set_size(no_resize, UINT64_MAX), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vmo_set_size(vmo, UINT64_MAX), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zx_vmo_set_size(vmo, UINT64_MAX - 32 * PAGE + 2), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zx_vmo_set_size(vmo, UINT64_MAX - 32 * PAGE + 1), ZX_ERR_NO_MEMORY);
    ck_assert_uint_eq(size_of(vmo), PAGE);
    ck_assert_uint_eq(size_of(fixed), PAGE);

    ck_assert_int_eq(zirconia_2018_vmo_set_size(no_write, 0), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zirconia_2018_vmo_set_size(no_resize, 2 * PAGE), ZX_OK);
    ck_assert_uint_eq(size_of(vmo), 2 * PAGE);
    ck_assert_int_eq(zirconia_2018_vmo_set_size(fixed, 0), ZX_ERR_UNAVAILABLE);
}
END_TEST

START_TEST(size_rounds_up_and_new_bytes_are_zero) {
    const zx_handle_t vmo = new_vmo(0, ZX_VMO_RESIZABLE);
    uint8_t byte = 0;
    set_size(vmo, 2 * PAGE + 1);
    ck_assert_uint_eq(size_of(vmo), 3 * PAGE);
    put(vmo, 0, 1);
    put(vmo, 2 * PAGE, 2);
    set_size(vmo, PAGE);
    ck_assert_int_eq(zx_vmo_read(vmo, &byte, PAGE, 1), ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zx_vmo_write(vmo, &byte, 2 * PAGE, 1), ZX_ERR_OUT_OF_RANGE);
    set_size(vmo, 5 * PAGE);
    ck_assert_int_eq(get(vmo, 0), 1);
    ck_assert_int_eq(get(vmo, 2 * PAGE), 0);
    ck_assert_int_eq(get(vmo, 5 * PAGE - 1), 0);
    set_size(vmo, 0);
    ck_assert_uint_eq(size_of(vmo), 0);
    set_size(vmo, PAGE);
    ck_assert_int_eq(get(vmo, 0), 0);
}
END_TEST

// A copy of our own goes through a mapping that must follow the size.
START_TEST(growing_page_by_page_keeps_the_contents) {
    const zx_handle_t vmo = new_vmo(0, ZX_VMO_RESIZABLE);
    for (unsigned i = 0; i < 300; i++) {
        set_size(vmo, (uint64_t)(i + 1) * PAGE);
        put(vmo, (uint64_t)i * PAGE + 7, (uint8_t)i);
    }
    for (unsigned i = 0; i < 300; i++) {
        ck_assert_int_eq(get(vmo, (uint64_t)i * PAGE + 7), (uint8_t)i);
    }
}
END_TEST

START_TEST(process_mappings_follow_the_size) {
    const size_t page = platform_page_size();
    const zx_handle_t vmo = new_vmo(3 * page, ZX_VMO_RESIZABLE);
    uint8_t *all = map(vmo, READ_WRITE, 0, 5 * page);
    const uint8_t *middle = map(vmo, ZX_VM_PERM_READ, page, 2 * page);
    memset(all, 0x77, 3 * page);
    ck_assert(!readable(all + 3 * page));
    ck_assert_int_eq(middle[2 * page - 1], 0x77);
    set_size(vmo, page);
    ck_assert_int_eq(all[page - 1], 0x77);
    ck_assert(!readable(all + page) && !readable(all + 2 * page));
    ck_assert(!readable(middle) && !readable(middle + page));
    set_size(vmo, 4 * page);
    ck_assert_int_eq(all[page - 1], 0x77);
    for (size_t i = page; i < 4 * page; i++) {
        ck_assert_int_eq(all[i], 0);
    }
    ck_assert(!readable(all + 4 * page));
    all[2 * page] = 5;
    ck_assert_int_eq(middle[page], 5);
    ck_assert_int_eq(get(vmo, 2 * page), 5);
    ck_assert(!platform_copy((void *)(uintptr_t)middle, all, 1)); // Still not writable.
    unmap(all, 5 * page);
    set_size(vmo, 0);
    ck_assert(!readable(middle));
    unmap(middle, 2 * page);
}
END_TEST

// --- The size of the content ---

static uint64_t content_size(zx_handle_t vmo) {
    uint64_t size = 42;
    ck_assert_int_eq(zx_object_get_property(vmo, ZX_PROP_VMO_CONTENT_SIZE, &size, sizeof size),
                     ZX_OK);
    return size;
}

static void set_content_size(zx_handle_t vmo, uint64_t size) {
    ck_assert_int_eq(zx_object_set_property(vmo, ZX_PROP_VMO_CONTENT_SIZE, &size, sizeof size),
                     ZX_OK);
}

START_TEST(the_content_begins_as_what_was_asked_for_and_may_be_more_than_the_vmo) {
    const zx_handle_t vmo = new_vmo(PAGE + 1, ZX_VMO_RESIZABLE);
    zx_handle_t child = ZX_HANDLE_INVALID;
    ck_assert_uint_eq(content_size(vmo), PAGE + 1);
    ck_assert_int_eq(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SNAPSHOT, 0, 100, &child), ZX_OK);
    ck_assert_uint_eq(content_size(child), 100);
    set_content_size(vmo, 2 * PAGE + 15643);
    ck_assert_uint_eq(content_size(vmo), 2 * PAGE + 15643);
    set_content_size(vmo, UINT64_MAX);
    ck_assert_uint_eq(content_size(vmo), UINT64_MAX);
    ck_assert_uint_eq(size_of(vmo), 2 * PAGE);
    set_size(vmo, 5461);
    ck_assert_uint_eq(content_size(vmo), 5461);
    ck_assert_int_eq(zx_vmo_set_size(vmo, UINT64_MAX), ZX_ERR_OUT_OF_RANGE);
    ck_assert_uint_eq(content_size(vmo), 5461);
}
END_TEST

START_TEST(what_is_beyond_the_content_is_zero) {
    const zx_handle_t vmo = new_vmo(3 * PAGE, ZX_VMO_RESIZABLE);
    const uint8_t *bytes = map(vmo, ZX_VM_PERM_READ, 0, 3 * PAGE);
    for (uint64_t at = 0; at < 3 * PAGE; at += 512) {
        put(vmo, at, 7);
    }
    set_content_size(vmo, 2 * PAGE + 1024);
    ck_assert_int_eq(get(vmo, 2 * PAGE + 512), 7);
    ck_assert_int_eq(bytes[2 * PAGE + 1024], 0);
    ck_assert_int_eq(get(vmo, 3 * PAGE - 512), 0);
    set_size(vmo, PAGE + 512);
    ck_assert_int_eq(get(vmo, PAGE), 7);
    ck_assert_int_eq(bytes[PAGE + 512], 0);
    ck_assert_int_eq(get(vmo, PAGE + 1024), 0);
    put(vmo, 2 * PAGE - 512, 9); // The last page is there in whole.
    ck_assert_int_eq(bytes[2 * PAGE - 512], 9);
    set_size(vmo, 2 * PAGE);
    ck_assert_int_eq(bytes[2 * PAGE - 512], 9);
    unmap(bytes, 3 * PAGE);

    // A slice has a content size of its own.
    const zx_handle_t fixed = new_vmo(2 * PAGE, 0);
    zx_handle_t slice = ZX_HANDLE_INVALID;
    put(fixed, 0, 1);
    put(fixed, PAGE, 1);
    put(fixed, PAGE + 1, 1);
    ck_assert_int_eq(zx_vmo_create_child(fixed, ZX_VMO_CHILD_SLICE, PAGE, PAGE, &slice), ZX_OK);
    set_content_size(slice, 1);
    ck_assert_uint_eq(content_size(fixed), 2 * PAGE);
    ck_assert_int_eq(get(fixed, 0), 1);
    ck_assert_int_eq(get(fixed, PAGE), 1);
    ck_assert_int_eq(get(fixed, PAGE + 1), 0);
}
END_TEST

START_TEST(before_2022_the_content_size_is_a_number_alone) {
    const uint32_t property = ZX_PROP_VMO_CONTENT_SIZE;
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    uint64_t size = 42;
    ck_assert_int_eq(zirconia_202104_vmo_create(2 * PAGE, ZX_VMO_RESIZABLE, &vmo), ZX_OK);
    ck_assert_int_eq(zirconia_202104_object_get_property(vmo, property, &size, 8), ZX_OK);
    ck_assert_uint_eq(size, 0);
    put(vmo, 512, 7);
    put(vmo, 2 * PAGE - 512, 7);
    size = 100;
    ck_assert_int_eq(zirconia_202104_object_set_property(vmo, property, &size, 8), ZX_OK);
    ck_assert_int_eq(get(vmo, 512), 7);
    ck_assert_int_eq(zirconia_202104_vmo_set_size(vmo, PAGE + 1), ZX_OK);
    ck_assert_int_eq(get(vmo, 2 * PAGE - 512), 7);
    ck_assert_uint_eq(content_size(vmo), 100);
    ck_assert_int_eq(zirconia_201812_object_get_property(vmo, property, &size, 8),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_201812_object_set_property(vmo, property, &size, 8),
                     ZX_ERR_INVALID_ARGS);
}
END_TEST

START_TEST(the_content_size_checks_room_then_type) {
    const uint32_t property = ZX_PROP_VMO_CONTENT_SIZE;
    const zx_handle_t vmo = new_vmo(PAGE, 0);
    const zx_handle_t event = with_any_rights(new_event(), ZX_RIGHTS_PROPERTY);
    uint64_t size = 1;
    ck_assert_int_eq(zx_object_get_property(event, property, &size, 7), ZX_ERR_BUFFER_TOO_SMALL);
    ck_assert_int_eq(zx_object_get_property(event, property, &size, 8), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_object_set_property(event, property, &size, 7), ZX_ERR_BUFFER_TOO_SMALL);
    ck_assert_int_eq(zx_object_set_property(event, property, &size, 8), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_object_get_property(vmo, property, (void *)1, 8), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_object_set_property(vmo, property, (void *)1, 8), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_object_get_property(vmo, property, &size, 9), ZX_OK);
    ck_assert_uint_eq(size, PAGE);
}
END_TEST

// --- Operations on ranges ---

static zx_status_t operate(zx_handle_t vmo, uint32_t op, uint64_t offset, uint64_t size) {
    return zx_vmo_op_range(vmo, op, offset, size, NULL, 0);
}

START_TEST(operations_check_handle_number_right_and_range) {
    static const uint32_t writers[] = {ZX_VMO_OP_COMMIT, ZX_VMO_OP_DECOMMIT, ZX_VMO_OP_ZERO,
                                       ZX_VMO_OP_CACHE_INVALIDATE};
    static const uint32_t readers[] = {ZX_VMO_OP_CACHE_SYNC, ZX_VMO_OP_CACHE_CLEAN,
                                       ZX_VMO_OP_CACHE_CLEAN_INVALIDATE, ZX_VMO_OP_DONT_NEED,
                                       ZX_VMO_OP_ALWAYS_NEED};
    static const uint32_t locks[] = {ZX_VMO_OP_LOCK, ZX_VMO_OP_UNLOCK, ZX_VMO_OP_TRY_LOCK};
    static const uint32_t unknown[] = {0, 5, 14, UINT32_MAX};
    const zx_handle_t vmo = new_vmo(2 * PAGE, 0);
    const zx_handle_t reader = with_rights(vmo, ZX_RIGHT_READ);
    const zx_handle_t writer = with_rights(vmo, ZX_RIGHT_WRITE);
    const zx_handle_t nothing = with_rights(vmo, ZX_RIGHT_NONE);
    ck_assert_int_eq(operate(ZX_HANDLE_INVALID, 0, 0, 0), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(operate(new_event(), 0, 0, 0), ZX_ERR_WRONG_TYPE);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        ck_assert_int_eq(operate(nothing, unknown[i], 0, 0), ZX_ERR_INVALID_ARGS);
    }
    for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++) {
        ck_assert_int_eq(operate(reader, writers[i], 9 * PAGE, PAGE), ZX_ERR_ACCESS_DENIED);
        ck_assert_int_eq(operate(writer, writers[i], 9 * PAGE, PAGE), ZX_ERR_OUT_OF_RANGE);
        ck_assert_int_eq(operate(writer, writers[i], 0, 2 * PAGE), ZX_OK);
    }
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        ck_assert_int_eq(operate(writer, readers[i], 9 * PAGE, PAGE), ZX_ERR_ACCESS_DENIED);
        ck_assert_int_eq(operate(reader, readers[i], 9 * PAGE, PAGE), ZX_ERR_OUT_OF_RANGE);
        ck_assert_int_eq(operate(reader, readers[i], 0, 2 * PAGE), ZX_OK);
    }
    for (size_t i = 0; i < sizeof locks / sizeof locks[0]; i++) {
        ck_assert_int_eq(operate(nothing, locks[i], 0, PAGE), ZX_ERR_NOT_SUPPORTED);
    }
}
END_TEST

START_TEST(cache_operations_take_only_what_lies_inside) {
    const zx_handle_t vmo = new_vmo(2 * PAGE, 0);
    for (uint32_t op = ZX_VMO_OP_CACHE_SYNC; op <= ZX_VMO_OP_CACHE_CLEAN_INVALIDATE; op++) {
        ck_assert_int_eq(operate(vmo, op, 0, 0), ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(operate(vmo, op, 3 * PAGE, 0), ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(operate(vmo, op, 0, 2 * PAGE + 1), ZX_ERR_OUT_OF_RANGE);
        ck_assert_int_eq(operate(vmo, op, 2 * PAGE, 1), ZX_ERR_OUT_OF_RANGE);
        ck_assert_int_eq(operate(vmo, op, 1, UINT64_MAX), ZX_ERR_OUT_OF_RANGE);
        ck_assert_int_eq(operate(vmo, op, 2 * PAGE - 1, 1), ZX_OK);
    }
}
END_TEST

START_TEST(the_others_take_what_there_is) {
    static const uint32_t operations[] = {ZX_VMO_OP_COMMIT, ZX_VMO_OP_DECOMMIT, ZX_VMO_OP_ZERO};
    const zx_handle_t vmo = new_vmo(2 * PAGE, 0);
    for (size_t i = 0; i < 3; i++) {
        put(vmo, 0, 1);
        put(vmo, 2 * PAGE - 1, 2);
        ck_assert_int_eq(operate(vmo, operations[i], 3 * PAGE, 0), ZX_ERR_OUT_OF_RANGE);
        ck_assert_int_eq(operate(vmo, operations[i], 2 * PAGE, 0), ZX_OK);
        ck_assert_int_eq(operate(vmo, operations[i], PAGE, 0), ZX_OK);
        ck_assert_int_eq(get(vmo, 2 * PAGE - 1), 2);
        ck_assert_int_eq(operate(vmo, operations[i], PAGE, UINT64_MAX - PAGE + 1), ZX_OK);
        ck_assert_int_eq(get(vmo, 0), 1);
        ck_assert_int_eq(get(vmo, 2 * PAGE - 1), operations[i] == ZX_VMO_OP_COMMIT ? 2 : 0);
    }
}
END_TEST

START_TEST(zero_is_exact_and_decommit_takes_whole_pages) {
    const size_t page = platform_page_size();
    const size_t size = 4 * page;
    const zx_handle_t vmo = new_vmo(size, 0);
    uint8_t *bytes = map(vmo, READ_WRITE, 0, size);
    memset(bytes, 0x55, size);
    ck_assert_int_eq(operate(vmo, ZX_VMO_OP_ZERO, 100, 2 * page), ZX_OK);
    for (size_t i = 0; i < size; i++) {
        ck_assert_int_eq(bytes[i], i >= 100 && i < 100 + 2 * page ? 0 : 0x55);
    }
    ck_assert_int_eq(operate(vmo, ZX_VMO_OP_ZERO, 3 * page + 1, 2), ZX_OK);
    ck_assert_int_eq(bytes[3 * page], 0x55);
    ck_assert_int_eq(bytes[3 * page + 2], 0);
    ck_assert_int_eq(bytes[3 * page + 3], 0x55);
    ck_assert_int_eq(operate(vmo, ZX_VMO_OP_DECOMMIT, 1, PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(operate(vmo, ZX_VMO_OP_DECOMMIT, PAGE, 1), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(bytes[99], 0x55);
    ck_assert_int_eq(operate(vmo, ZX_VMO_OP_DECOMMIT, 0, 3 * page), ZX_OK);
    for (size_t i = 0; i < 3 * page; i++) {
        ck_assert_int_eq(bytes[i], 0);
    }
    ck_assert_int_eq(bytes[3 * page], 0x55);
    bytes[5] = 9; // The mapping is alive.
    ck_assert_int_eq(get(vmo, 5), 9);
    unmap(bytes, size);
}
END_TEST

START_TEST(decommit_of_2018_takes_the_pages_that_it_touches) {
    const zx_handle_t vmo = new_vmo(4 * PAGE, 0);
    static const uint8_t marks[4 * PAGE] = {1, [PAGE] = 1, [2 * PAGE] = 1, [4 * PAGE - 1] = 1};
    const uint32_t op = ZX_VMO_OP_DECOMMIT;
    ck_assert_int_eq(zx_vmo_write(vmo, marks, 0, sizeof marks), ZX_OK);
    ck_assert_int_eq(zirconia_2018_vmo_op_range(vmo, op, PAGE + 16, 0, NULL, 0), ZX_OK);
    ck_assert_int_eq(get(vmo, PAGE), 1);
    ck_assert_int_eq(zirconia_2018_vmo_op_range(vmo, op, PAGE + 16, PAGE, NULL, 0), ZX_OK);
    ck_assert_int_eq(get(vmo, 0), 1);
    ck_assert_int_eq(get(vmo, PAGE), 0);
    ck_assert_int_eq(get(vmo, 2 * PAGE), 0);
    ck_assert_int_eq(get(vmo, 4 * PAGE - 1), 1);
    ck_assert_int_eq(zirconia_2018_vmo_op_range(vmo, op, 4 * PAGE - 1, 9 * PAGE, NULL, 0), ZX_OK);
    ck_assert_int_eq(get(vmo, 4 * PAGE - 1), 0);
    ck_assert_int_eq(zirconia_2018_vmo_op_range(vmo, op, 4 * PAGE + 1, 0, NULL, 0),
                     ZX_ERR_OUT_OF_RANGE);
}
END_TEST

START_TEST(zeros_take_no_memory) {
    const size_t page = platform_page_size();
    const zx_handle_t vmo = new_vmo(4 * page, 0);
    zx_info_vmo_t info;
    put(vmo, 3 * page, 1);
    ck_assert_int_eq(operate(vmo, ZX_VMO_OP_ZERO, 7, 2 * page), ZX_OK);
    ck_assert_int_eq(operate(vmo, ZX_VMO_OP_ZERO, 3 * page, page), ZX_OK);
    ck_assert_int_eq(zx_object_get_info(vmo, ZX_INFO_VMO, &info, sizeof info, NULL, NULL), ZX_OK);
    ck_assert_uint_eq(info.committed_bytes, 0);
}
END_TEST

enum { MODEL_PAGES = 48, SECOND_FROM = 16 }; // Where pages of 64 KiB begin, too.

// The first bytes of its pages, by each of two mappings and by the call that reads.
static void compare(zx_handle_t vmo, const uint8_t *all, const uint8_t *part,
                    const uint8_t *expected) {
    for (size_t i = 0; i < MODEL_PAGES; i++) {
        ck_assert_int_eq(all[i * PAGE], expected[i]);
        ck_assert_int_eq(get(vmo, i * PAGE), expected[i]);
        if (i >= SECOND_FROM) {
            ck_assert_int_eq(part[(i - SECOND_FROM) * PAGE], expected[i]);
        }
    }
}

// Some pages of many, most of them, and all.
START_TEST(pages_that_come_and_go_are_the_same_in_all_mappings) {
    const zx_handle_t vmo = new_vmo(MODEL_PAGES * PAGE, 0);
    uint8_t *all = map(vmo, READ_WRITE, 0, MODEL_PAGES * PAGE);
    uint8_t *part = map(vmo, READ_WRITE, SECOND_FROM * PAGE, (MODEL_PAGES - SECOND_FROM) * PAGE);
    uint8_t expected[MODEL_PAGES] = {0};
    unsigned random = 1;
    for (int step = 0; step < 400; step++) {
        random = random * 1664525u + 1013904223u;
        const size_t first = random / 256 % MODEL_PAGES;
        size_t count = 1 + random / 65536 % 3;
        count = step % 16 == 0 ? MODEL_PAGES : step % 8 == 0 ? MODEL_PAGES / 2 : count;
        count = count < MODEL_PAGES - first ? count : MODEL_PAGES - first;
        if (random >> 31 != 0) {
            ck_assert_int_eq(operate(vmo, ZX_VMO_OP_DECOMMIT, first * PAGE, count * PAGE), ZX_OK);
            memset(expected + first, 0, count);
        } else if (first >= SECOND_FROM && step % 3 == 0) {
            part[(first - SECOND_FROM) * PAGE] = expected[first] = (uint8_t)step;
        } else if (step % 3 == 1) {
            all[first * PAGE] = expected[first] = (uint8_t)step;
        } else {
            expected[first] = (uint8_t)step;
            put(vmo, first * PAGE, (uint8_t)step);
        }
        compare(vmo, all, part, expected);
    }
    unmap(all, MODEL_PAGES * PAGE);
    unmap(part, (MODEL_PAGES - SECOND_FROM) * PAGE);
}
END_TEST

// --- Cache policy ---

START_TEST(what_is_not_cached_is_neither_read_nor_written) {
    const zx_handle_t vmo = new_vmo(PAGE, 0);
    const zx_handle_t no_map = with_rights(vmo, ZX_RIGHT_READ | ZX_RIGHT_WRITE);
    uint8_t byte = 0;
    ck_assert_int_eq(zx_vmo_set_cache_policy(ZX_HANDLE_INVALID, 4), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmo_set_cache_policy(ZX_HANDLE_INVALID, 1), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_vmo_set_cache_policy(new_event(), 1), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_vmo_set_cache_policy(no_map, 1), ZX_ERR_ACCESS_DENIED);
    for (uint32_t policy = ZX_CACHE_POLICY_UNCACHED; policy <= ZX_CACHE_POLICY_WRITE_COMBINING;
         policy++) {
        ck_assert_int_eq(zx_vmo_set_cache_policy(vmo, policy), ZX_OK);
        ck_assert_int_eq(zx_vmo_read(vmo, &byte, 0, 1), ZX_ERR_BAD_STATE);
        ck_assert_int_eq(zx_vmo_write(vmo, &byte, PAGE, 1), ZX_ERR_BAD_STATE);
        ck_assert_int_eq(operate(vmo, ZX_VMO_OP_ZERO, 0, 1), ZX_ERR_BAD_STATE);
    }
    ck_assert_int_eq(zx_vmo_set_cache_policy(vmo, ZX_CACHE_POLICY_CACHED), ZX_OK);
    put(vmo, 0, 3);
    ck_assert_int_eq(get(vmo, 0), 3);
}
END_TEST

START_TEST(the_policy_of_memory_in_use_stays) {
    const zx_handle_t mapped = new_vmo(PAGE, 0);
    const zx_handle_t parent = new_vmo(PAGE, 0);
    zx_handle_t child = ZX_HANDLE_INVALID;
    const uint8_t *address = map(mapped, ZX_VM_PERM_READ, 0, PAGE);
    ck_assert_int_eq(zx_vmo_create_child(parent, ZX_VMO_CHILD_SNAPSHOT, 0, PAGE, &child), ZX_OK);
    const zx_handle_t all[] = {mapped, parent, child};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        ck_assert_int_eq(zx_vmo_set_cache_policy(all[i], 0), ZX_ERR_BAD_STATE);
        ck_assert_int_eq(zirconia_2018_vmo_set_cache_policy(all[i], 1), ZX_ERR_BAD_STATE);
    }
    unmap(address, PAGE);
    zx_handle_close(child);
    ck_assert_int_eq(zx_vmo_set_cache_policy(mapped, 1), ZX_OK);
    ck_assert_int_eq(zx_vmo_set_cache_policy(parent, 1), ZX_OK);
}
END_TEST

// Pages that were written while they were cached may lose that, and not get it back.
START_TEST(the_policy_of_committed_pages_stays_uncached) {
    const zx_handle_t vmo = new_vmo(PAGE, 0);
    put(vmo, 0, 1);
    ck_assert_int_eq(zx_vmo_set_cache_policy(vmo, ZX_CACHE_POLICY_CACHED), ZX_OK);
    ck_assert_int_eq(zx_vmo_set_cache_policy(vmo, ZX_CACHE_POLICY_UNCACHED), ZX_OK);
    for (uint32_t policy = 0; policy <= ZX_CACHE_POLICY_MASK; policy++) {
        ck_assert_int_eq(zx_vmo_set_cache_policy(vmo, policy), ZX_ERR_BAD_STATE);
    }
    ck_assert_int_eq(operate(vmo, ZX_VMO_OP_DECOMMIT, 0, PAGE), ZX_OK);
    ck_assert_int_eq(zx_vmo_set_cache_policy(vmo, ZX_CACHE_POLICY_CACHED), ZX_OK);
}
END_TEST

START_TEST(the_policy_of_committed_pages_stays_in_2018) {
    for (int committed = 0; committed < 2; committed++) {
        const zx_handle_t vmo = new_vmo(PAGE, 0);
        ck_assert_int_eq(zirconia_2018_vmo_set_cache_policy(vmo, ZX_CACHE_POLICY_CACHED), ZX_OK);
        if (committed == 0) {
            put(vmo, 0, 1);
        } else {
            ck_assert_int_eq(operate(vmo, ZX_VMO_OP_COMMIT, 0, PAGE), ZX_OK);
        }
        ck_assert_int_eq(zirconia_2018_vmo_set_cache_policy(vmo, 0), ZX_ERR_BAD_STATE);
        ck_assert_int_eq(operate(vmo, ZX_VMO_OP_DECOMMIT, 0, PAGE), ZX_OK);
        ck_assert_int_eq(zirconia_2018_vmo_set_cache_policy(vmo, 1), ZX_OK);
    }
}
END_TEST

// --- Threads ---

static zx_handle_t shared;
static atomic_bool over;

static void *resize(void *unused) {
    (void)unused;
    for (unsigned i = 0; i < 3000; i++) {
        set_size(shared, (uint64_t)(i * 7 % 17) * PAGE);
    }
    atomic_store(&over, true);
    return NULL;
}

// What is read back beyond the end that the VMO had meanwhile must be what some thread wrote, or 0.
static void *use(void *unused) {
    (void)unused;
    static const uint8_t marks[PAGE] = {[0] = 0x11};
    uint8_t byte = 0;
    while (!atomic_load(&over)) {
        for (unsigned i = 0; i < 17; i++) {
            zx_vmo_write(shared, marks, (uint64_t)i * PAGE, PAGE);
            if (zx_vmo_read(shared, &byte, (uint64_t)i * PAGE, 1) == ZX_OK) {
                ck_assert(byte == 0x11 || byte == 0);
            }
        }
        uint8_t *address = map(shared, READ_WRITE, 0, 17 * PAGE);
        platform_copy(address + 5 * PAGE, marks, 1);
        platform_copy(&byte, address + 6 * PAGE, 1);
        ck_assert(byte == 0x11 || byte == 0);
        unmap(address, 17 * PAGE);
    }
    return NULL;
}

START_TEST(a_vmo_changes_its_size_under_its_users) {
    pthread_t threads[4];
    shared = new_vmo(0, ZX_VMO_RESIZABLE);
    ck_assert_int_eq(pthread_create(&threads[0], NULL, resize, NULL), 0);
    for (int i = 1; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use, NULL), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    set_size(shared, 0);
    set_size(shared, 17 * PAGE);
    for (unsigned i = 0; i < 17; i++) {
        ck_assert_int_eq(get(shared, (uint64_t)i * PAGE), 0);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        set_size_checks_in_order,
        size_rounds_up_and_new_bytes_are_zero,
        growing_page_by_page_keeps_the_contents,
        process_mappings_follow_the_size,
        the_content_begins_as_what_was_asked_for_and_may_be_more_than_the_vmo,
        what_is_beyond_the_content_is_zero,
        before_2022_the_content_size_is_a_number_alone,
        the_content_size_checks_room_then_type,
        operations_check_handle_number_right_and_range,
        cache_operations_take_only_what_lies_inside,
        the_others_take_what_there_is,
        zero_is_exact_and_decommit_takes_whole_pages,
        what_is_not_cached_is_neither_read_nor_written,
        zeros_take_no_memory,
        pages_that_come_and_go_are_the_same_in_all_mappings,
        decommit_of_2018_takes_the_pages_that_it_touches,
        the_policy_of_memory_in_use_stays,
        the_policy_of_committed_pages_stays_uncached,
        the_policy_of_committed_pages_stays_in_2018,
        a_vmo_changes_its_size_under_its_users,
    };
    return run_tests("vmo range", tests, sizeof tests / sizeof tests[0]);
}
