// SPDX-License-Identifier: MIT
//
// VMOs made from VMOs: copies, which go their own ways, and slices, which are the same memory
// (objects ABI 5.1, 1.7).

#include "object_fixture.h"
#include "platform/platform.h"
#include "run_tests.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>

#define PAGE 4096u

static zx_handle_t new_child(zx_handle_t parent, uint32_t options, uint64_t offset, uint64_t size) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_create_child(parent, options, offset, size, &handle), ZX_OK);
    return handle;
}

static void put(zx_handle_t vmo, uint64_t offset, uint8_t value) {
    ck_assert_int_eq(zx_vmo_write(vmo, &value, offset, 1), ZX_OK);
}

static uint8_t get(zx_handle_t vmo, uint64_t offset) {
    uint8_t value = 0xee;
    ck_assert_int_eq(zx_vmo_read(vmo, &value, offset, 1), ZX_OK);
    return value;
}

START_TEST(create_child_checks_in_order) {
    const zx_handle_t vmo = new_vmo(2 * PAGE, 0);
    const zx_handle_t resizable = new_vmo(2 * PAGE, ZX_VMO_RESIZABLE);
    const zx_handle_t reader = with_rights(vmo, ZX_RIGHT_READ);
    const zx_handle_t duplicator = with_rights(vmo, ZX_RIGHT_DUPLICATE);
    static const uint32_t refused[] = {0,
                                       2,
                                       ZX_VMO_CHILD_RESIZABLE,
                                       ZX_VMO_CHILD_NO_WRITE,
                                       ZX_VMO_CHILD_SNAPSHOT | ZX_VMO_CHILD_SLICE,
                                       ZX_VMO_CHILD_SLICE | ZX_VMO_CHILD_RESIZABLE,
                                       ZX_VMO_CHILD_SNAPSHOT | 0x80};
    zx_handle_t out = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_create_child(ZX_HANDLE_INVALID, 0, 1, 0, &out), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_vmo_create_child(new_event(), 0, 1, 0, &out), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_vmo_create_child(reader, 0, 1, 0, &out), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_vmo_create_child(duplicator, 0, 1, 0, &out), ZX_ERR_ACCESS_DENIED);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        ck_assert_int_eq(zx_vmo_create_child(vmo, refused[i], 0, PAGE, &out), ZX_ERR_INVALID_ARGS);
    }
    ck_assert_int_eq(zx_vmo_create_child(vmo, ZX_VMO_CHILD_REFERENCE, 1, 0, &out),
                     ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SNAPSHOT, 1, UINT64_MAX, &out),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SNAPSHOT, 0, UINT64_MAX, &out),
                     ZX_ERR_OUT_OF_RANGE);
    ck_assert_int_eq(zx_vmo_create_child(resizable, ZX_VMO_CHILD_SLICE, 0, 2 * PAGE, &out),
                     ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SLICE, PAGE, PAGE + 1, &out),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SLICE, 3 * PAGE, 0, &out),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SNAPSHOT, 0, PAGE, NULL),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_uint_eq(out, ZX_HANDLE_INVALID);
    ck_assert_uint_eq(signals_of(vmo), ZX_VMO_ZERO_CHILDREN); // None of them came to be.
}
END_TEST

// The range of a slice is looked at before what the parent is.
START_TEST(a_slice_lies_inside_of_its_parent_whatever_the_parent_is) {
    const uint64_t top = UINT64_MAX - PAGE + 1;
    const uint64_t largest = UINT64_MAX - 32 * PAGE + 1;
    const struct {
        uint64_t offset, size;
        zx_status_t status;
    } cases[] = {
        {0, 3 * PAGE, ZX_ERR_INVALID_ARGS},    {PAGE, 2 * PAGE, ZX_ERR_INVALID_ARGS},
        {2 * PAGE, PAGE, ZX_ERR_INVALID_ARGS}, {0, UINT64_MAX, ZX_ERR_OUT_OF_RANGE},
        {0, top, ZX_ERR_OUT_OF_RANGE},         {top, PAGE, ZX_ERR_INVALID_ARGS},
        {top, top, ZX_ERR_OUT_OF_RANGE},       {top, UINT64_MAX, ZX_ERR_OUT_OF_RANGE},
        {0, top >> 1, ZX_ERR_INVALID_ARGS},    {PAGE, largest, ZX_ERR_INVALID_ARGS},
    };
    const zx_handle_t parents[] = {new_vmo(2 * PAGE, 0), new_vmo(2 * PAGE, ZX_VMO_RESIZABLE)};
    zx_handle_t out = ZX_HANDLE_INVALID;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        ck_assert_int_eq(zx_vmo_create_child(parents[i % 2], ZX_VMO_CHILD_SLICE,
                                             cases[i / 2].offset, cases[i / 2].size, &out),
                         cases[i / 2].status);
    }
}
END_TEST

static void name(zx_handle_t vmo, const char *name) {
    ck_assert_int_eq(zx_object_set_property(vmo, ZX_PROP_NAME, name, strlen(name)), ZX_OK);
}

static const char *name_of(zx_handle_t vmo) {
    static char name[ZX_MAX_NAME_LEN];
    ck_assert_int_eq(zx_object_get_property(vmo, ZX_PROP_NAME, name, sizeof name), ZX_OK);
    return name;
}

START_TEST(a_child_begins_with_the_name_of_its_parent) {
    const zx_handle_t parent = new_vmo(PAGE, 0);
    const zx_handle_t blind = with_rights(parent, ZX_RIGHT_DUPLICATE | ZX_RIGHT_READ);
    zx_handle_t clone = ZX_HANDLE_INVALID;
    name(parent, "the parent");
    const zx_handle_t children[] = {new_child(parent, ZX_VMO_CHILD_SNAPSHOT, 0, PAGE),
                                    new_child(parent, ZX_VMO_CHILD_SLICE, 0, PAGE)};
    ck_assert_int_eq(zx_vmo_clone(parent, 1, 0, PAGE, &clone), ZX_OK);
    ck_assert_str_eq(name_of(clone), "the parent");
    for (size_t i = 0; i < 2; i++) {
        ck_assert_str_eq(name_of(children[i]), "the parent");
        name(children[i], "a child");
        ck_assert_str_eq(name_of(parent), "the parent");
    }
    ck_assert_str_eq(name_of(new_child(blind, ZX_VMO_CHILD_SNAPSHOT, 0, PAGE)), "");
}
END_TEST

// Loop: the two options for a copy.
START_TEST(a_copy_and_its_parent_go_their_own_ways) {
    const uint32_t options[] = {ZX_VMO_CHILD_SNAPSHOT, ZX_VMO_CHILD_SNAPSHOT_AT_LEAST_ON_WRITE};
    const zx_handle_t parent = new_vmo(4 * PAGE, 0);
    put(parent, PAGE, 1);
    put(parent, 2 * PAGE + 5, 2);
    const zx_handle_t child = new_child(parent, options[_i], PAGE, 5 * PAGE);
    uint64_t size = 0;
    ck_assert_int_eq(zx_vmo_get_size(child, &size), ZX_OK);
    ck_assert_uint_eq(size, 5 * PAGE);
    put(parent, PAGE, 3);
    put(child, PAGE + 5, 4);
    ck_assert_int_eq(get(child, 0), 1);
    ck_assert_int_eq(get(child, PAGE + 5), 4);
    ck_assert_int_eq(get(parent, 2 * PAGE + 5), 2);
    ck_assert_int_eq(get(child, 3 * PAGE), 0); // Beyond the parent's end.
    zx_handle_close(parent);
    ck_assert_int_eq(get(child, 0), 1);
    const zx_handle_t far = new_child(child, options[_i], 99 * PAGE, PAGE);
    ck_assert_int_eq(get(far, 0), 0);
}
END_TEST

START_TEST(a_copy_of_a_huge_vmo_takes_what_was_written) {
    const uint64_t size = UINT64_C(1) << 40;
    const zx_handle_t parent = new_vmo(size, 0);
    put(parent, 7, 1);
    put(parent, size - 1, 2);
    const zx_handle_t child = new_child(parent, ZX_VMO_CHILD_SNAPSHOT, 0, size);
    ck_assert_int_eq(get(child, 7), 1);
    ck_assert_int_eq(get(child, size - 1), 2);
}
END_TEST

START_TEST(a_slice_is_the_same_memory) {
    const size_t page = platform_page_size();
    const zx_handle_t parent = new_vmo(4 * page, 0);
    const zx_handle_t slice = new_child(parent, ZX_VMO_CHILD_SLICE, page, 2 * page);
    const zx_handle_t inner = new_child(slice, ZX_VMO_CHILD_SLICE, page, page);
    zx_vaddr_t address = 0;
    uint8_t byte = 0;
    put(parent, page + 3, 1);
    put(inner, 4, 2);
    ck_assert_int_eq(get(slice, 3), 1);
    ck_assert_int_eq(get(slice, page + 4), 2);
    ck_assert_int_eq(get(parent, 2 * page + 4), 2);
    ck_assert_int_eq(zx_vmo_read(slice, &byte, 2 * page, 1), ZX_ERR_OUT_OF_RANGE);

    // A mapping of it ends where it does, though its source goes on.
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, inner,
                                 0, 2 * page, &address),
                     ZX_OK);
    uint8_t *mapped = (uint8_t *)address;
    ck_assert_int_eq(mapped[4], 2);
    ck_assert(!platform_copy(&byte, mapped + page, 1));
    mapped[5] = 6;
    ck_assert_int_eq(get(parent, 2 * page + 5), 6);
    ck_assert_int_eq(zx_vmo_op_range(slice, ZX_VMO_OP_DECOMMIT, page, page, NULL, 0), ZX_OK);
    ck_assert_int_eq(mapped[4], 0);
    ck_assert_int_eq(get(parent, page + 3), 1);
    zx_handle_close(parent);
    zx_handle_close(slice);
    zx_handle_close(inner);
    mapped[5] = 7; // The mapping holds what it needs.
    ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), address, 2 * page), ZX_OK);
}
END_TEST

START_TEST(a_slice_may_be_empty_and_its_size_is_rounded_up) {
    const zx_handle_t parent = new_vmo(PAGE, 0);
    uint8_t byte = 0;
    put(parent, PAGE - 64, 42);
    for (uint64_t offset = 0; offset <= PAGE; offset += PAGE) {
        const zx_handle_t empty = new_child(parent, ZX_VMO_CHILD_SLICE, offset, 0);
        ck_assert_int_eq(zx_vmo_read(empty, &byte, 0, 1), ZX_ERR_OUT_OF_RANGE);
        ck_assert_int_eq(zx_vmo_write(empty, &byte, 0, 1), ZX_ERR_OUT_OF_RANGE);
    }
    ck_assert_int_eq(get(new_child(parent, ZX_VMO_CHILD_SLICE, 0, 42), PAGE - 64), 42);
}
END_TEST

// Slices of slices, each a page in from both ends of the one before.
START_TEST(decommit_through_a_slice_ends_where_the_slice_does) {
    static const uint64_t pages[] = {6, 4, 2};
    zx_handle_t levels[3] = {new_vmo(6 * PAGE, 0)};
    for (size_t i = 1; i < 3; i++) {
        levels[i] = new_child(levels[i - 1], ZX_VMO_CHILD_SLICE, PAGE, pages[i] * PAGE);
    }
    for (size_t level = 0; level < 3; level++) {
        for (uint64_t from = 0; from <= 7; from++) {
            for (uint64_t length = 1; length <= 7; length++) {
                for (uint64_t i = 0; i < 6; i++) {
                    put(levels[0], i * PAGE, 1);
                }
                ck_assert_int_eq(zx_vmo_op_range(levels[level], ZX_VMO_OP_DECOMMIT, from * PAGE,
                                                 length * PAGE, NULL, 0),
                                 from > pages[level] ? ZX_ERR_OUT_OF_RANGE : ZX_OK);
                for (uint64_t i = 0; i < 6; i++) {
                    const uint64_t at = i - level; // In the slice, or beyond all numbers.
                    const bool gone = at >= from && at < from + length && at < pages[level];
                    ck_assert_int_eq(get(levels[0], i * PAGE), gone ? 0 : 1);
                }
            }
        }
    }
}
END_TEST

static size_t children_of(zx_handle_t vmo) {
    zx_info_vmo_t info = {0};
    ck_assert_int_eq(zx_object_get_info(vmo, ZX_INFO_VMO, &info, sizeof info, NULL, NULL), ZX_OK);
    return info.num_children;
}

// Loop: they are closed in the order in which they were made, and the other way round.
START_TEST(children_are_counted_as_they_come_and_go) {
    enum { COUNT = 5 };
    const zx_handle_t parent = new_vmo(PAGE, 0);
    zx_handle_t children[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        children[i] = new_child(parent, ZX_VMO_CHILD_SNAPSHOT, 0, PAGE);
        ck_assert_uint_eq(children_of(parent), i + 1);
    }
    for (size_t i = 0; i < COUNT; i++) {
        zx_handle_close(children[_i == 0 ? i : COUNT - 1 - i]);
        ck_assert_uint_eq(children_of(parent), COUNT - 1 - i);
    }
    ck_assert_uint_eq(signals_of(parent), ZX_VMO_ZERO_CHILDREN);
}
END_TEST

// --- Copies of copies, against arrays ---

enum { COPIES = 6, CELLS = 8 }; // VMOs that are there at once, and the most pages of one.

struct copied {
    zx_handle_t vmo; // 0 for none.
    size_t pages;
    uint8_t cells[CELLS]; // The first byte of each page.
};

static void begin(struct copied *copied) {
    copied->pages = 1 + (size_t)rand() % CELLS;
    copied->vmo = new_vmo(copied->pages * PAGE, ZX_VMO_RESIZABLE);
    memset(copied->cells, 0, sizeof copied->cells);
}

// A part of the VMO, and perhaps pages beyond its end.
static void copy(struct copied *child, const struct copied *parent) {
    const size_t from = (size_t)rand() % (CELLS + 2);
    child->pages = (size_t)rand() % (CELLS + 1);
    child->vmo = new_child(parent->vmo, ZX_VMO_CHILD_SNAPSHOT | ZX_VMO_CHILD_RESIZABLE, from * PAGE,
                           child->pages * PAGE);
    for (size_t i = 0; i < CELLS; i++) {
        const bool there = from + i < parent->pages && i < child->pages;
        child->cells[i] = there ? parent->cells[from + i] : 0;
    }
}

static void resize(struct copied *copied) {
    copied->pages = (size_t)rand() % (CELLS + 1);
    ck_assert_int_eq(zx_vmo_set_size(copied->vmo, copied->pages * PAGE), ZX_OK);
    memset(copied->cells + copied->pages, 0, CELLS - copied->pages);
}

static void change(struct copied *copied) {
    const size_t at = (size_t)rand() % CELLS;
    if (at >= copied->pages) {
        return;
    }
    copied->cells[at] = (uint8_t)(rand() % 3 == 0 ? 0 : rand());
    if (copied->cells[at] != 0) {
        put(copied->vmo, at * PAGE, copied->cells[at]);
    } else {
        ck_assert_int_eq(zx_vmo_op_range(copied->vmo, ZX_VMO_OP_ZERO, at * PAGE, 1, NULL, 0),
                         ZX_OK);
    }
}

static void step(struct copied *all) {
    struct copied *one = &all[rand() % COPIES];
    struct copied *other = &all[rand() % COPIES];
    if (one->vmo == 0) {
        other->vmo != 0 ? copy(one, other) : begin(one);
    } else if (rand() % 8 == 0) {
        zx_handle_close(one->vmo);
        one->vmo = 0;
    } else {
        rand() % 4 == 0 ? resize(one) : change(one);
    }
}

START_TEST(copies_of_copies_agree_with_arrays) {
    struct copied all[COPIES] = {0};
    srand(2022);
    for (int i = 0; i < 3000; i++) {
        step(all);
        for (size_t j = 0; j < COPIES; j++) {
            for (size_t k = 0; all[j].vmo != 0 && k < all[j].pages; k++) {
                ck_assert_int_eq(get(all[j].vmo, k * PAGE), all[j].cells[k]);
            }
        }
    }
}
END_TEST

static void *close_it(void *argument) {
    zx_handle_close(*(const zx_handle_t *)argument);
    return NULL;
}

START_TEST(a_parent_and_its_child_may_go_at_once) {
    const uint64_t objects = objects_so_far();
    for (int i = 0; i < 500; i++) {
        const zx_handle_t parent = new_vmo(PAGE, 0);
        zx_handle_t child = new_child(parent, ZX_VMO_CHILD_SNAPSHOT, 0, PAGE);
        pthread_t thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, close_it, &child), 0);
        zx_handle_close(parent);
        pthread_join(thread, NULL);
    }
    until_objects(objects);
}
END_TEST

START_TEST(a_parent_signals_when_its_last_child_is_gone) {
    const zx_handle_t parent = new_vmo(PAGE, 0);
    ck_assert_uint_eq(signals_of(parent), ZX_VMO_ZERO_CHILDREN);
    const zx_handle_t copy = new_child(parent, ZX_VMO_CHILD_SNAPSHOT, 0, PAGE);
    ck_assert_uint_eq(signals_of(parent), 0);
    ck_assert_uint_eq(signals_of(copy), ZX_VMO_ZERO_CHILDREN);
    const zx_handle_t slice = new_child(parent, ZX_VMO_CHILD_SLICE, 0, PAGE);
    zx_handle_close(copy);
    ck_assert_uint_eq(signals_of(parent), 0);
    zx_handle_close(slice);
    ck_assert_uint_eq(signals_of(parent), ZX_VMO_ZERO_CHILDREN);
}
END_TEST

// The one in between is gone as far as handles go, and counts until its own children are gone.
START_TEST(a_parent_has_children_while_it_has_descendants) {
    const uint32_t kinds[] = {ZX_VMO_CHILD_SLICE, ZX_VMO_CHILD_SNAPSHOT};
    for (size_t i = 0; i < 4; i++) {
        const zx_handle_t parent = new_vmo(PAGE, 0);
        const zx_handle_t child = new_child(parent, kinds[i % 2], 0, PAGE);
        const zx_handle_t grandchildren[] = {new_child(child, kinds[i / 2], 0, PAGE),
                                             new_child(child, kinds[i / 2], 0, PAGE)};
        zx_handle_close(child);
        ck_assert_uint_eq(signals_of(parent), 0);
        ck_assert_int_eq(zx_vmo_set_cache_policy(parent, 1), ZX_ERR_BAD_STATE);
        zx_handle_close(grandchildren[0]);
        ck_assert_uint_eq(signals_of(parent), 0);
        zx_handle_close(grandchildren[1]);
        ck_assert_uint_eq(signals_of(parent), ZX_VMO_ZERO_CHILDREN);
        ck_assert_int_eq(zx_vmo_set_cache_policy(parent, 1), ZX_OK);
    }
}
END_TEST

// Offsets add up over the generations, and the last byte of each must have one in the first.
START_TEST(a_copy_ends_before_2_to_the_64_in_the_first_of_its_line) {
    const zx_handle_t first = new_vmo(0, 0);
    zx_handle_t far = ZX_HANDLE_INVALID;
    zx_handle_t out = ZX_HANDLE_INVALID;
    const uint64_t offset = 0 - (uint64_t)8 * PAGE;
    ck_assert_int_eq(zx_vmo_create_child(first, ZX_VMO_CHILD_SNAPSHOT, offset, 8 * PAGE, &far),
                     ZX_ERR_INVALID_ARGS);
    far = new_child(first, ZX_VMO_CHILD_SNAPSHOT, offset, 0);
    ck_assert_int_eq(zx_vmo_create_child(far, ZX_VMO_CHILD_SNAPSHOT, 8 * PAGE, 0, &out),
                     ZX_ERR_INVALID_ARGS);
    out = new_child(far, ZX_VMO_CHILD_SNAPSHOT | ZX_VMO_CHILD_RESIZABLE, 4 * PAGE, 0);
    ck_assert_int_eq(zx_vmo_set_size(out, 4 * PAGE), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmo_set_size(out, 3 * PAGE), ZX_OK);
    ck_assert_int_eq(get(out, 2 * PAGE), 0);
}
END_TEST

START_TEST(the_rights_of_a_child_come_from_the_parents_handle) {
    const zx_handle_t vmo = new_vmo(PAGE, ZX_VMO_RESIZABLE);
    const zx_handle_t fixed = new_vmo(PAGE, 0);
    const zx_rights_t few = ZX_RIGHT_DUPLICATE | ZX_RIGHT_READ | ZX_RIGHT_MAP;
    const zx_handle_t narrow = with_rights(vmo, few);
    const zx_handle_t narrow_fixed = with_rights(fixed, few);
    const uint32_t snapshot = ZX_VMO_CHILD_SNAPSHOT;
    ck_assert_uint_eq(rights_of(new_child(vmo, snapshot, 0, PAGE)), ZX_DEFAULT_VMO_RIGHTS);
    ck_assert_uint_eq(rights_of(new_child(vmo, snapshot | ZX_VMO_CHILD_RESIZABLE, 0, PAGE)),
                      ZX_DEFAULT_VMO_RIGHTS | ZX_RIGHT_RESIZE);
    ck_assert_uint_eq(rights_of(new_child(narrow, snapshot, 0, PAGE)),
                      few | ZX_RIGHTS_PROPERTY | ZX_RIGHT_WRITE);
    ck_assert_uint_eq(rights_of(new_child(narrow, snapshot | ZX_VMO_CHILD_NO_WRITE, 0, PAGE)),
                      few | ZX_RIGHTS_PROPERTY);
    ck_assert_uint_eq(rights_of(new_child(narrow_fixed, ZX_VMO_CHILD_SLICE, 0, PAGE)),
                      few | ZX_RIGHTS_PROPERTY);

    // A copy loses EXECUTE for WRITE, and keeps it without.
    zx_handle_t code = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_replace_as_executable(new_vmo(PAGE, 0), 0, &code), ZX_OK);
    ck_assert_uint_eq(rights_of(new_child(code, snapshot, 0, PAGE)), ZX_DEFAULT_VMO_RIGHTS);
    ck_assert_uint_eq(rights_of(new_child(code, snapshot | ZX_VMO_CHILD_NO_WRITE, 0, PAGE)),
                      (ZX_DEFAULT_VMO_RIGHTS | ZX_RIGHT_EXECUTE) & ~ZX_RIGHT_WRITE);
    ck_assert_uint_eq(rights_of(new_child(code, ZX_VMO_CHILD_SLICE, 0, PAGE)),
                      ZX_DEFAULT_VMO_RIGHTS | ZX_RIGHT_EXECUTE);
}
END_TEST

START_TEST(a_clone_of_2018_checks_in_order) {
    const zx_handle_t parent = new_vmo(PAGE, 0);
    zx_handle_t clone = ZX_HANDLE_INVALID;
    zx_handle_t fixed = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_clone(parent, 0, 0, PAGE, &clone), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmo_clone(parent, 2, 0, PAGE, &clone), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmo_clone(parent, 5, 0, PAGE, &clone), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmo_clone(parent, 1, 1, PAGE, &clone), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vmo_clone(parent, 1, 0, PAGE, &clone), ZX_OK);
    ck_assert_int_eq(zx_vmo_clone(parent, 3, 0, PAGE, &fixed), ZX_OK);
    ck_assert_uint_eq(rights_of(clone), ZX_DEFAULT_VMO_RIGHTS);
    ck_assert_int_eq(zirconia_2018_vmo_set_size(clone, 2 * PAGE), ZX_OK);
    ck_assert_int_eq(zirconia_2018_vmo_set_size(fixed, 2 * PAGE), ZX_ERR_UNAVAILABLE);
}
END_TEST

static zx_status_t decommit(zx_handle_t vmo, uint64_t size) {
    return zx_vmo_op_range(vmo, ZX_VMO_OP_DECOMMIT, 0, size, NULL, 0);
}

START_TEST(memory_that_copies_share_is_not_decommitted) {
    const zx_handle_t parent = new_vmo(2 * PAGE, 0);
    const zx_handle_t slice = new_child(parent, ZX_VMO_CHILD_SLICE, 0, PAGE);
    put(parent, 0, 1);
    ck_assert_int_eq(decommit(parent, PAGE), ZX_OK);
    const zx_handle_t copy = new_child(parent, ZX_VMO_CHILD_SNAPSHOT, 0, PAGE);
    const zx_handle_t slice_of_copy = new_child(copy, ZX_VMO_CHILD_SLICE, 0, PAGE);
    const zx_handle_t all[] = {parent, slice, copy, slice_of_copy};
    put(parent, 0, 1);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(decommit(all[i], PAGE), ZX_ERR_NOT_SUPPORTED);
        ck_assert_int_eq(decommit(all[i], 1), ZX_ERR_NOT_SUPPORTED);
        ck_assert_int_eq(decommit(all[i], 0), ZX_OK);
    }
    ck_assert_int_eq(get(parent, 0), 1);
    zx_handle_close(copy);
    ck_assert_int_eq(decommit(slice, PAGE), ZX_ERR_NOT_SUPPORTED); // Its slice keeps the copy.
    zx_handle_close(slice_of_copy);
    ck_assert_int_eq(decommit(parent, 1), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(decommit(slice, PAGE), ZX_OK);
    ck_assert_int_eq(get(parent, 0), 0);
}
END_TEST

START_TEST(what_is_not_cached_is_not_copied) {
    const zx_handle_t vmo = new_vmo(PAGE, 0);
    zx_handle_t child = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_set_cache_policy(vmo, ZX_CACHE_POLICY_UNCACHED), ZX_OK);
    ck_assert_int_eq(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SNAPSHOT, 0, PAGE, &child),
                     ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_vmo_clone(vmo, 1, 0, PAGE, &child), ZX_ERR_BAD_STATE);
    const zx_handle_t slice = new_child(vmo, ZX_VMO_CHILD_SLICE, 0, PAGE);
    uint8_t byte = 0;
    ck_assert_int_eq(zx_vmo_read(slice, &byte, 0, 1), ZX_ERR_BAD_STATE);
    zx_handle_close(slice);
    ck_assert_int_eq(zx_vmo_set_cache_policy(vmo, ZX_CACHE_POLICY_CACHED), ZX_OK);
    zx_handle_close(new_child(vmo, ZX_VMO_CHILD_SNAPSHOT, 0, PAGE));
    ck_assert_int_eq(zx_vmo_set_cache_policy(vmo, ZX_CACHE_POLICY_UNCACHED), ZX_OK);
}
END_TEST

// Loop: the kinds of children. Each but the last is closed as soon as it has a child.
START_TEST(a_thousand_generations_are_none_too_many) {
    const uint32_t options[] = {ZX_VMO_CHILD_SNAPSHOT, ZX_VMO_CHILD_SLICE};
    const uint64_t objects = objects_so_far();
    zx_handle_t vmo = new_vmo(PAGE, 0);
    put(vmo, 7, 9);
    for (int i = 0; i < 1000; i++) {
        const zx_handle_t child = new_child(vmo, options[_i], 0, PAGE);
        zx_handle_close(vmo);
        vmo = child;
    }
    ck_assert_int_eq(get(vmo, 7), 9);
    ck_assert_int_eq(zx_vmo_set_cache_policy(vmo, ZX_CACHE_POLICY_CACHED), ZX_ERR_BAD_STATE);
    zx_handle_close(vmo);
    ck_assert_uint_eq(object_count(), objects);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("vmo child");
    TCase *tcase = tcase_create("vmo child");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, create_child_checks_in_order);
    tcase_add_test(tcase, a_slice_lies_inside_of_its_parent_whatever_the_parent_is);
    tcase_add_test(tcase, a_child_begins_with_the_name_of_its_parent);
    tcase_add_loop_test(tcase, a_copy_and_its_parent_go_their_own_ways, 0, 2);
    tcase_add_test(tcase, a_copy_of_a_huge_vmo_takes_what_was_written);
    tcase_add_test(tcase, a_slice_is_the_same_memory);
    tcase_add_test(tcase, a_slice_may_be_empty_and_its_size_is_rounded_up);
    tcase_add_test(tcase, decommit_through_a_slice_ends_where_the_slice_does);
    tcase_add_loop_test(tcase, children_are_counted_as_they_come_and_go, 0, 2);
    tcase_add_test(tcase, copies_of_copies_agree_with_arrays);
    tcase_add_test(tcase, a_parent_and_its_child_may_go_at_once);
    tcase_add_test(tcase, a_parent_signals_when_its_last_child_is_gone);
    tcase_add_test(tcase, a_parent_has_children_while_it_has_descendants);
    tcase_add_test(tcase, a_copy_ends_before_2_to_the_64_in_the_first_of_its_line);
    tcase_add_test(tcase, the_rights_of_a_child_come_from_the_parents_handle);
    tcase_add_test(tcase, a_clone_of_2018_checks_in_order);
    tcase_add_test(tcase, memory_that_copies_share_is_not_decommitted);
    tcase_add_test(tcase, what_is_not_cached_is_not_copied);
    tcase_add_loop_test(tcase, a_thousand_generations_are_none_too_many, 0, 2);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
