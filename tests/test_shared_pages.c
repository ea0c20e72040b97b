// SPDX-License-Identifier: MIT
//
// What is counted of pages that copies share (objects ABI 1.9): in the records of VMOs, of mappings
// and of the process, in the versions until 2024 and in the newest.

#include "handles.h"
#include "platform/platform.h"
#include "run_tests.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>

#define ONE (UINT64_C(1) << 63) // A byte, in the fractions.

enum { READ_WRITE = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE };

static size_t page;

static void set_page_size(void) {
    page = platform_page_size();
}

static zx_info_vmo_v4_t newest(zx_handle_t vmo) {
    zx_info_vmo_v4_t info;
    ck_assert_int_eq(zx_object_get_info(vmo, ZX_INFO_VMO, &info, sizeof info, NULL, NULL), ZX_OK);
    return info;
}

// Pages, in the records until 2024, which agree.
static size_t before(zx_handle_t vmo) {
    zx_info_vmo_v1_t first;
    zx_info_vmo_v2_t second;
    zx_info_vmo_v3_t third;
    zirconia_2018_info_vmo_t old;
    ck_assert_int_eq(zx_object_get_info(vmo, ZX_INFO_VMO_V1, &first, sizeof first, NULL, NULL),
                     ZX_OK);
    ck_assert_int_eq(zx_object_get_info(vmo, ZX_INFO_VMO_V2, &second, sizeof second, NULL, NULL),
                     ZX_OK);
    ck_assert_int_eq(zx_object_get_info(vmo, ZX_INFO_VMO_V3, &third, sizeof third, NULL, NULL),
                     ZX_OK);
    ck_assert_int_eq(zirconia_2018_object_get_info(vmo, 23, &old, sizeof old, NULL, NULL), ZX_OK);
    ck_assert_uint_eq(second.committed_bytes, first.committed_bytes);
    ck_assert_uint_eq(third.committed_bytes, first.committed_bytes);
    ck_assert_uint_eq(third.populated_bytes, first.committed_bytes);
    ck_assert_uint_eq(old.committed_bytes, first.committed_bytes);
    return first.committed_bytes / page;
}

static void write_page(zx_handle_t vmo, size_t at, int value) {
    uint8_t *bytes = malloc(page);
    ck_assert_ptr_nonnull(bytes);
    memset(bytes, value, page);
    ck_assert_int_eq(zx_vmo_write(vmo, bytes, at * page, page), ZX_OK);
    free(bytes);
}

static zx_handle_t written_vmo(size_t pages) {
    const zx_handle_t vmo = new_vmo(pages * page, ZX_VMO_RESIZABLE);
    for (size_t i = 0; i < pages; i++) {
        write_page(vmo, i, (int)(i + 1));
    }
    return vmo;
}

static zx_handle_t copy(zx_handle_t vmo, size_t at, size_t pages) {
    zx_handle_t child = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SNAPSHOT | ZX_VMO_CHILD_RESIZABLE,
                                         at * page, pages * page, &child),
                     ZX_OK);
    return child;
}

static zx_vaddr_t map(zx_handle_t vmo, size_t at, size_t pages) {
    zx_vaddr_t address = 0;
    ck_assert_int_eq(
        zx_vmar_map(zx_vmar_root_self(), READ_WRITE, 0, vmo, at * page, pages * page, &address),
        ZX_OK);
    return address;
}

START_TEST(a_shared_page_is_one_of_the_oldest_vmo_until_somebody_writes) {
    const zx_handle_t vmo = written_vmo(2);
    const zx_handle_t child = copy(vmo, 0, 2);
    ck_assert_uint_eq(before(vmo), 2);
    ck_assert_uint_eq(before(child), 0);
    write_page(vmo, 0, 7);
    ck_assert_uint_eq(before(vmo), 2);
    ck_assert_uint_eq(before(child), 1);
    write_page(child, 1, 7);
    ck_assert_uint_eq(before(vmo), 2);
    ck_assert_uint_eq(before(child), 2);
    write_page(child, 0, 8);
    ck_assert_uint_eq(before(child), 2);
}
END_TEST

START_TEST(the_newest_record_has_all_that_is_seen_and_what_is_private_of_it) {
    const zx_handle_t vmo = written_vmo(2);
    const zx_handle_t child = copy(vmo, 0, 3);
    write_page(child, 2, 7);
    for (int i = 0; i < 2; i++) {
        const zx_info_vmo_v4_t info = newest(i == 0 ? vmo : child);
        const size_t own = i == 0 ? 0 : page;
        ck_assert_uint_eq(info.committed_bytes, 2 * page + own);
        ck_assert_uint_eq(info.committed_private_bytes, own);
        ck_assert_uint_eq(info.committed_scaled_bytes, page + own);
        ck_assert_uint_eq(info.committed_fractional_scaled_bytes, 0);
        ck_assert_uint_eq(info.populated_bytes, info.committed_bytes);
        ck_assert_uint_eq(info.populated_private_bytes, own);
        ck_assert_uint_eq(info.populated_scaled_bytes, page + own);
    }
    // By three: a third of a page each, and thirds of a byte.
    copy(child, 0, 1);
    const zx_info_vmo_v4_t info = newest(vmo);
    ck_assert_uint_eq(info.committed_scaled_bytes, page / 3 + page / 2);
    ck_assert_uint_eq(info.committed_fractional_scaled_bytes / (ONE / 3), page % 3);
    ck_assert_uint_eq(info.populated_fractional_scaled_bytes,
                      info.committed_fractional_scaled_bytes);
}
END_TEST

START_TEST(stores_through_mappings_end_sharing_too) {
    const zx_handle_t vmo = written_vmo(2);
    const zx_handle_t child = copy(vmo, 0, 2);
    volatile uint8_t *of_child = (uint8_t *)map(child, 0, 2);
    ck_assert_uint_eq(of_child[page], 2); // To read is not to write.
    ck_assert_uint_eq(before(child), 0);
    memset((uint8_t *)of_child, 7, page);
    ck_assert_uint_eq(before(child), 1);
    ck_assert_uint_eq(newest(vmo).committed_private_bytes, page);
    ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)of_child, 2 * page), ZX_OK);
}
END_TEST

START_TEST(when_the_oldest_goes_the_next_has_the_pages) {
    const zx_handle_t vmo = written_vmo(3);
    const zx_handle_t first = copy(vmo, 0, 2);
    write_page(first, 1, 7);
    const zx_handle_t second = copy(vmo, 0, 1);
    ck_assert_uint_eq(before(vmo), 3);
    ck_assert_uint_eq(before(first), 1);
    ck_assert_uint_eq(before(second), 0);
    close_handle(vmo);
    ck_assert_uint_eq(before(first), 2);
    ck_assert_uint_eq(before(second), 0);
    ck_assert_uint_eq(newest(second).committed_bytes, page);
    close_handle(first);
    ck_assert_uint_eq(before(second), 1);
    ck_assert_uint_eq(newest(second).committed_private_bytes, page);
}
END_TEST

// Loop: the copy is made of the VMO, or of a slice of it.
START_TEST(a_copy_of_a_part_shares_that_part) {
    const zx_handle_t vmo = _i == 0 ? written_vmo(3) : new_vmo(3 * page, 0);
    zx_handle_t from = vmo;
    for (size_t i = 0; i < 3; i++) {
        write_page(vmo, i, (int)i + 1);
    }
    if (_i == 1) {
        ck_assert_int_eq(zx_vmo_create_child(vmo, ZX_VMO_CHILD_SLICE, page, 2 * page, &from),
                         ZX_OK);
    }
    const zx_handle_t child = copy(from, _i == 0 ? 1 : 0, 3);
    write_page(vmo, 0, 7);
    ck_assert_uint_eq(before(vmo), 3);
    ck_assert_uint_eq(before(child), 0);
    ck_assert_uint_eq(newest(vmo).committed_private_bytes, page);
    ck_assert_uint_eq(newest(child).committed_bytes, 2 * page);
    write_page(vmo, 2, 7);
    ck_assert_uint_eq(before(child), 1);
}
END_TEST

START_TEST(pages_that_are_lost_are_shared_no_longer) {
    const zx_handle_t vmo = written_vmo(4);
    const zx_handle_t child = copy(vmo, 0, 4);
    ck_assert_int_eq(zx_vmo_op_range(child, ZX_VMO_OP_ZERO, 0, page, NULL, 0), ZX_OK);
    ck_assert_uint_eq(newest(child).committed_bytes, 3 * page);
    ck_assert_int_eq(zx_vmo_set_size(vmo, 3 * page), ZX_OK);
    ck_assert_uint_eq(before(vmo), 3);
    ck_assert_uint_eq(before(child), 1);
    ck_assert_uint_eq(newest(vmo).committed_private_bytes, page);
    ck_assert_int_eq(zx_vmo_set_size(vmo, 4 * page), ZX_OK);
    ck_assert_uint_eq(before(vmo), 3);
    ck_assert_int_eq(zx_vmo_op_range(child, ZX_VMO_OP_COMMIT, page, page, NULL, 0), ZX_OK);
    ck_assert_uint_eq(before(child), 2);
}
END_TEST

// A page of zeros is not copied, but counts as a page.
START_TEST(a_page_of_zeros_is_shared) {
    const zx_handle_t vmo = new_vmo(2 * page, 0);
    write_page(vmo, 0, 0);
    const zx_handle_t child = copy(vmo, 0, 2);
    ck_assert_uint_eq(before(child), 0);
    ck_assert_uint_eq(newest(child).committed_bytes, page);
    ck_assert_uint_eq(newest(vmo).committed_private_bytes, 0);
    close_handle(vmo);
    ck_assert_uint_eq(before(child), 1);
}
END_TEST

START_TEST(a_clone_of_2018_has_the_pages_that_it_owns) {
    const zx_handle_t vmo = written_vmo(2);
    zx_handle_t clone = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmo_clone(vmo, ZIRCONIA_2018_VMO_CLONE_COPY_ON_WRITE, 0, 2 * page, &clone),
                     ZX_OK);
    ck_assert_uint_eq(before(vmo), 2);
    ck_assert_uint_eq(before(clone), 0);
    write_page(vmo, 0, 7);
    ck_assert_uint_eq(before(clone), 0);
    write_page(clone, 0, 8);
    ck_assert_uint_eq(before(clone), 1);
    // What shows the pages of others cannot tell whose they are: its copy has its own.
    const zx_handle_t child = copy(clone, 0, 2);
    ck_assert_uint_eq(before(child), 2);
}
END_TEST

// --- Mappings, and the process ---

static zx_info_maps_mapping_v3_t mapping_at(zx_vaddr_t base) {
    static zx_info_maps_v3_t maps[1024];
    size_t count = 0;
    ck_assert_int_eq(zx_object_get_info(zx_process_self(), ZX_INFO_PROCESS_MAPS, maps, sizeof maps,
                                        &count, NULL),
                     ZX_OK);
    for (size_t i = 0; i < count; i++) {
        if (maps[i].base == base && maps[i].type == ZX_INFO_MAPS_TYPE_MAPPING) {
            return maps[i].u.mapping;
        }
    }
    ck_abort_msg("no mapping at %#zx", (size_t)base);
    return (zx_info_maps_mapping_v3_t){0}; // Not every Check says that it does not get here.
}

static size_t pages_before_at(zx_vaddr_t base) {
    static zx_info_maps_v2_t maps[1024];
    size_t count = 0;
    ck_assert_int_eq(zx_object_get_info(zx_process_self(), ZX_INFO_PROCESS_MAPS_V2, maps,
                                        sizeof maps, &count, NULL),
                     ZX_OK);
    for (size_t i = 0; i < count; i++) {
        if (maps[i].base == base && maps[i].type == ZX_INFO_MAPS_TYPE_MAPPING) {
            return maps[i].u.mapping.committed_pages * ZX_PAGE_SIZE / page;
        }
    }
    ck_abort_msg("no mapping at %#zx", (size_t)base);
    return 0;
}

START_TEST(a_mapping_counts_what_lies_in_its_part_of_the_vmo) {
    const zx_handle_t vmo = new_vmo(8 * page, 0);
    write_page(vmo, 1, 1);
    write_page(vmo, 4, 1);
    write_page(vmo, 5, 1);
    const zx_handle_t child = copy(vmo, 0, 8);
    write_page(child, 5, 7);
    const zx_vaddr_t base = map(child, 3, 3);
    zx_info_maps_mapping_v3_t mapping = mapping_at(base);
    ck_assert_uint_eq(mapping.committed_bytes, 2 * page);
    ck_assert_uint_eq(mapping.populated_bytes, 2 * page);
    ck_assert_uint_eq(mapping.committed_private_bytes, page);
    ck_assert_uint_eq(mapping.committed_scaled_bytes, page + page / 2);
    ck_assert_uint_eq(pages_before_at(base), 1);
    const zx_vaddr_t beyond = map(vmo, 6, 2);
    ck_assert_uint_eq(mapping_at(beyond).committed_bytes, 0);
    ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), base, 3 * page), ZX_OK);
    ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), beyond, 2 * page), ZX_OK);
}
END_TEST

START_TEST(the_process_has_shared_pages_in_the_newest_record_alone) {
    zx_info_task_stats_v1_t old[2];
    zx_info_task_stats_v2_t new[2];
    const zx_handle_t vmo = written_vmo(2);
    const zx_handle_t child = copy(vmo, 0, 2);
    zx_vaddr_t base[2] = {0, 0};
    write_page(child, 0, 7);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(zx_object_get_info(zx_process_self(), ZX_INFO_TASK_STATS_V1, &old[i],
                                            sizeof old[i], NULL, NULL),
                         ZX_OK);
        ck_assert_int_eq(zx_object_get_info(zx_process_self(), ZX_INFO_TASK_STATS, &new[i],
                                            sizeof new[i], NULL, NULL),
                         ZX_OK);
        base[0] = i == 0 ? map(vmo, 0, 2) : base[0];
        base[1] = i == 0 ? map(child, 0, 2) : base[1];
    }
    ck_assert_uint_eq(new[1].mem_mapped_bytes - new[0].mem_mapped_bytes, 4 * page);
    ck_assert_uint_eq(new[1].mem_private_bytes - new[0].mem_private_bytes, 2 * page);
    ck_assert_uint_eq(new[1].mem_shared_bytes - new[0].mem_shared_bytes, 2 * page);
    ck_assert_uint_eq(new[1].mem_scaled_shared_bytes - new[0].mem_scaled_shared_bytes, page);
    ck_assert_uint_eq(old[1].mem_private_bytes - old[0].mem_private_bytes, 3 * page);
    ck_assert_uint_eq(old[1].mem_shared_bytes - old[0].mem_shared_bytes, 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), base[i], 2 * page), ZX_OK);
    }
}
END_TEST

#ifndef _WIN32

// --- A model: each page has a number, and a copy has the same ---

enum { VMOS = 6, PAGES = 5, STEPS = 400 };

struct model {
    zx_handle_t handle; // Invalid: there is none.
    zx_vaddr_t base;
    unsigned born;
    unsigned pages[PAGES]; // 0: none.
};

static struct model models[VMOS];

static unsigned next_number(void) {
    static unsigned number;
    return ++number;
}

static void be_born(struct model *model, zx_handle_t handle) {
    model->handle = handle;
    model->base = map(handle, 0, PAGES);
    model->born = next_number();
}

static void step(unsigned choice) {
    struct model *model = &models[choice % VMOS];
    struct model *other = &models[choice / VMOS % VMOS];
    const size_t at = choice / 64 % PAGES;
    const unsigned number = next_number();
    if (model->handle == ZX_HANDLE_INVALID) {
        memset(model->pages, 0, sizeof model->pages);
        if (other->handle == ZX_HANDLE_INVALID) {
            be_born(model, new_vmo(PAGES * page, 0));
            return;
        }
        be_born(model, copy(other->handle, at, PAGES));
        memcpy(model->pages, &other->pages[at], (PAGES - at) * sizeof model->pages[0]);
        return;
    }
    switch (choice / 512 % 8) {
    case 0:
        ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), model->base, PAGES * page), ZX_OK);
        close_handle(model->handle);
        model->handle = ZX_HANDLE_INVALID;
        break;
    case 1:
        ck_assert_int_eq(zx_vmo_op_range(model->handle, ZX_VMO_OP_ZERO, at * page, page, NULL, 0),
                         ZX_OK);
        model->pages[at] = 0;
        break;
    case 2:
        write_page(model->handle, at, 0);
        model->pages[at] = number;
        break;
    case 3:
        write_page(model->handle, at, 'w');
        model->pages[at] = number;
        break;
    default:
        for (size_t i = 0; i < page; i += ZX_PAGE_SIZE) {
            memcpy((uint8_t *)model->base + at * page + i, &number, sizeof number);
        }
        model->pages[at] = number;
    }
}

static void check_model(const struct model *model) {
    size_t visible = 0;
    size_t shared = 0;
    size_t elders = 0;
    for (size_t i = 0; i < PAGES; i++) {
        bool elder = false;
        bool other = false;
        for (size_t k = 0; k < VMOS * PAGES && model->pages[i] != 0; k++) {
            const struct model *holder = &models[k / PAGES];
            if (holder != model && holder->handle != ZX_HANDLE_INVALID &&
                holder->pages[k % PAGES] == model->pages[i]) {
                other = true;
                elder |= holder->born < model->born;
            }
        }
        visible += model->pages[i] != 0;
        shared += other;
        elders += elder;
    }
    const zx_info_vmo_v4_t info = newest(model->handle);
    ck_assert_uint_eq(info.committed_bytes, visible * page);
    ck_assert_uint_eq(info.committed_private_bytes, (visible - shared) * page);
    ck_assert_uint_eq(before(model->handle), visible - elders);
}

START_TEST(counts_agree_with_a_model) {
    unsigned random = (unsigned)_i * 7919u + 1u;
    memset(models, 0, sizeof models);
    for (int i = 0; i < STEPS; i++) {
        random = random * 1664525u + 1013904223u;
        step(random >> 8);
        for (size_t k = 0; k < VMOS; k++) {
            if (models[k].handle != ZX_HANDLE_INVALID) {
                check_model(&models[k]);
            }
        }
    }
}
END_TEST

#endif

int main(void) {
#if !defined(__linux__) && !defined(_WIN32)
    return 77; // The host does not tell how much of a VMO has memory.
#endif
    Suite *suite = suite_create("shared_pages");
    TCase *tcase = tcase_create("shared_pages");
    tcase_add_checked_fixture(tcase, set_page_size, NULL);
    tcase_add_test(tcase, a_shared_page_is_one_of_the_oldest_vmo_until_somebody_writes);
    tcase_add_test(tcase, the_newest_record_has_all_that_is_seen_and_what_is_private_of_it);
    tcase_add_test(tcase, stores_through_mappings_end_sharing_too);
    tcase_add_test(tcase, when_the_oldest_goes_the_next_has_the_pages);
    tcase_add_loop_test(tcase, a_copy_of_a_part_shares_that_part, 0, 2);
    tcase_add_test(tcase, pages_that_are_lost_are_shared_no_longer);
    tcase_add_test(tcase, a_page_of_zeros_is_shared);
    tcase_add_test(tcase, a_clone_of_2018_has_the_pages_that_it_owns);
    tcase_add_test(tcase, a_mapping_counts_what_lies_in_its_part_of_the_vmo);
    tcase_add_test(tcase, the_process_has_shared_pages_in_the_newest_record_alone);
#ifndef _WIN32 // A page that is read has memory there, and on Wine its neighbours with it.
    tcase_add_loop_test(tcase, counts_agree_with_a_model, 0, 20);
#endif
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
