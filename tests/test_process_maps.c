// SPDX-License-Identifier: MIT
//
// What the process tells of its memory: PROCESS_MAPS and PROCESS_VMOS (objects ABI 1.9).

#include "bad_memory.h"
#include "handles.h"
#include "platform/platform.h"
#include "run_tests.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>

enum {
    MANY = 4096, // Records, more than any test has.
    READ_WRITE = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE,
    REGION =
        ZX_VM_CAN_MAP_READ | ZX_VM_CAN_MAP_WRITE | ZX_VM_CAN_MAP_EXECUTE | ZX_VM_CAN_MAP_SPECIFIC,
};

static zx_info_maps_t maps[MANY];

static size_t read_maps(void) {
    size_t actual = 0;
    size_t avail = 0;
    ck_assert_int_eq(zx_object_get_info(zx_process_self(), ZX_INFO_PROCESS_MAPS, maps, sizeof maps,
                                        &actual, &avail),
                     ZX_OK);
    ck_assert_uint_eq(actual, avail);
    return actual;
}

static zx_handle_t new_region(size_t pages, zx_vaddr_t *base) {
    zx_handle_t region = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vmar_allocate(zx_vmar_root_self(), REGION, 0, pages * platform_page_size(),
                                      &region, base),
                     ZX_OK);
    return region;
}

static void name(zx_handle_t vmo, const char *name) {
    ck_assert_int_eq(zx_object_set_property(vmo, ZX_PROP_NAME, name, strlen(name)), ZX_OK);
}

// Loop: the two topics.
START_TEST(topics_check_in_order) {
    const uint32_t topic = _i == 0 ? ZX_INFO_PROCESS_MAPS : ZX_INFO_PROCESS_VMOS;
    const uint32_t first = _i == 0 ? ZX_INFO_PROCESS_MAPS_V1 : ZX_INFO_PROCESS_VMOS_V1;
    const size_t size = _i == 0 ? sizeof(zx_info_maps_t) : sizeof(zx_info_vmo_t);
    const zx_handle_t process = zx_process_self();
    const zx_handle_t bare = with_rights(process, ZX_RIGHT_MANAGE_PROCESS);
    const zx_handle_t kept = new_vmo(4096, 0);
    zx_vaddr_t address = 0;
    size_t actual = 7;
    size_t avail = 0;
    uint8_t *buffer = malloc(4 * size);
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ, 0, kept, 0, 4096, &address),
                     ZX_OK);
    ck_assert_int_eq(zx_object_get_info(7, topic, buffer, size, &actual, &avail),
                     ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_object_get_info(kept, topic, buffer, size, &actual, &avail),
                     ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_object_get_info(zx_job_default(), topic, buffer, size, NULL, NULL),
                     ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_object_get_info(bare, topic, buffer, size, &actual, &avail),
                     ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_object_get_info(process, topic, buffer, 0, &actual, &avail), ZX_OK);
    ck_assert_uint_eq(actual, 0);
    ck_assert_uint_ge(avail, 2);
    const size_t all = avail;
    ck_assert_int_eq(zx_object_get_info(process, topic, NULL, 0, NULL, NULL), ZX_OK);
    ck_assert_int_eq(zx_object_get_info(process, topic, buffer, 2 * size - 1, &actual, &avail),
                     ZX_OK);
    ck_assert_uint_eq(actual, 1);
    ck_assert_uint_eq(avail, all);
    // The second record has no memory.
    ck_assert_int_eq(
        zx_object_get_info(process, topic, before_bad_memory(size), 4 * size, &actual, &avail),
        ZX_ERR_INVALID_ARGS);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zx_object_get_info(process, topic, bad_pointer(i), size, NULL, NULL),
                         ZX_ERR_INVALID_ARGS);
        if (bad_pointer(i) != NULL) {
            ck_assert_int_eq(
                zx_object_get_info(process, topic, buffer, size, bad_pointer(i), &avail),
                ZX_ERR_INVALID_ARGS);
            ck_assert_int_eq(
                zx_object_get_info(process, topic, buffer, size, &actual, bad_pointer(i)),
                ZX_ERR_INVALID_ARGS);
        }
    }
    // 2018 did not show a process its own.
    ck_assert_int_eq(zirconia_201812_object_get_info(7, first, NULL, 0, NULL, NULL),
                     ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zirconia_201812_object_get_info(process, first, NULL, 0, NULL, NULL),
                     ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zirconia_202104_object_get_info(process, first, NULL, 0, NULL, NULL), ZX_OK);
    free(buffer);
}
END_TEST

START_TEST(the_maps_are_the_space_its_regions_and_what_is_mapped_in_them) {
    enum { COUNT = 8 };
    const size_t page = platform_page_size();
    zx_info_vmar_t root;
    zx_vaddr_t base = 0;
    zx_vaddr_t addresses[COUNT];
    char space_name[ZX_MAX_NAME_LEN];
    zx_handle_t vmo = new_vmo(2 * COUNT * page, 0);
    name(vmo, "mapped");
    ck_assert_int_eq(zx_vmo_replace_as_executable(vmo, 0, &vmo), ZX_OK);
    const zx_handle_t region = new_region(16 * COUNT, &base);
    uint32_t flags[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) { // Every second page, so that no two are one.
        flags[i] = ZX_VM_PERM_READ | ((i & 1) != 0 ? ZX_VM_PERM_WRITE : 0) |
                   ((i & 2) != 0 ? ZX_VM_PERM_EXECUTE : 0);
        ck_assert_int_eq(zx_vmar_map(region, ZX_VM_SPECIFIC | flags[i], 3 * i * page, vmo,
                                     2 * i * page, page, &addresses[i]),
                         ZX_OK);
    }
    const size_t count = read_maps();
    ck_assert_int_eq(
        zx_object_get_info(zx_vmar_root_self(), ZX_INFO_VMAR, &root, sizeof root, NULL, NULL),
        ZX_OK);
    snprintf(space_name, sizeof space_name, "proc:%" PRIu64, koid_of(zx_process_self()));
    ck_assert_str_eq(maps[0].name, space_name);
    ck_assert_str_eq(maps[1].name, "root");
    for (size_t i = 0; i < 2; i++) {
        ck_assert_uint_eq(maps[i].type, i == 0 ? ZX_INFO_MAPS_TYPE_ASPACE : ZX_INFO_MAPS_TYPE_VMAR);
        ck_assert_uint_eq(maps[i].depth, i);
        ck_assert_uint_eq(maps[i].base, root.base);
        ck_assert_uint_eq(maps[i].size, root.len);
    }
    size_t at = 2;
    while (at < count && maps[at].base != base) {
        ck_assert_uint_ge(maps[at++].depth, 2);
    }
    ck_assert_uint_lt(at + COUNT, count);
    ck_assert_uint_eq(maps[at].type, ZX_INFO_MAPS_TYPE_VMAR);
    ck_assert_uint_eq(maps[at].depth, 2);
    ck_assert_uint_eq(maps[at].size, 16 * COUNT * page);
    for (uint32_t i = 0; i < COUNT; i++) {
        const zx_info_maps_t *map = &maps[++at];
        ck_assert_str_eq(map->name, "mapped");
        ck_assert_uint_eq(map->type, ZX_INFO_MAPS_TYPE_MAPPING);
        ck_assert_uint_eq(map->depth, 3);
        ck_assert_uint_eq(map->base, addresses[i]);
        ck_assert_uint_eq(map->size, page);
        ck_assert_uint_eq(map->u.mapping.mmu_flags, flags[i]);
        ck_assert_uint_eq(map->u.mapping.vmo_koid, koid_of(vmo));
        ck_assert_uint_eq(map->u.mapping.vmo_offset, 2 * i * page);
    }
    ck_assert_int_eq(zx_vmar_destroy(region), ZX_OK);
}
END_TEST

START_TEST(depths_go_up_and_down_with_the_regions) {
    static const size_t expected[] = {2, 3, 4, 3, 4, 3}; // From the outer region on.
    const size_t page = platform_page_size();
    const zx_handle_t vmo = new_vmo(page, 0);
    zx_vaddr_t base = 0;
    zx_vaddr_t address = 0;
    zx_handle_t inner[2];
    const zx_handle_t outer = new_region(8, &base);
    for (size_t i = 0; i < 2; i++) { // Pages 0 and 3.
        ck_assert_int_eq(zx_vmar_allocate(outer, REGION | ZX_VM_SPECIFIC, 3 * i * page, 2 * page,
                                          &inner[i], &address),
                         ZX_OK);
        ck_assert_int_eq(zx_vmar_map(inner[i], ZX_VM_PERM_READ, 0, vmo, 0, page, &address), ZX_OK);
    }
    ck_assert_int_eq(
        zx_vmar_map(outer, ZX_VM_PERM_READ | ZX_VM_SPECIFIC, 6 * page, vmo, 0, page, &address),
        ZX_OK);
    const size_t count = read_maps();
    size_t at = 2;
    while (at < count && maps[at].base != base) {
        at++;
    }
    ck_assert_uint_le(at + 6, count);
    for (size_t i = 0; i < 6; i++) {
        const bool is_region = i == 0 || i == 1 || i == 3;
        ck_assert_uint_eq(maps[at + i].depth, expected[i]);
        ck_assert_uint_eq(maps[at + i].type,
                          is_region ? ZX_INFO_MAPS_TYPE_VMAR : ZX_INFO_MAPS_TYPE_MAPPING);
    }
    ck_assert_int_eq(zx_vmar_destroy(outer), ZX_OK);
}
END_TEST

// --- Protection, against an array of pages ---

enum { PAGES = 64, NOTHING = 0xff };

static uint8_t model[PAGES]; // The permissions of each, or NOTHING.

static void do_something(zx_handle_t region, zx_vaddr_t base, zx_handle_t vmo) {
    static const uint8_t choices[] = {0, ZX_VM_PERM_READ, READ_WRITE, NOTHING};
    const size_t page = platform_page_size();
    const size_t from = (size_t)rand() % PAGES;
    const size_t length = 1 + (size_t)rand() % (PAGES - from);
    const uint8_t wanted = choices[rand() % 4];
    zx_vaddr_t address = 0;
    if (wanted == NOTHING) {
        ck_assert_int_eq(zx_vmar_unmap(region, base + from * page, length * page), ZX_OK);
        memset(model + from, NOTHING, length);
        return;
    }
    const bool whole = memchr(model + from, NOTHING, length) == NULL;
    const zx_status_t status = zx_vmar_protect(region, wanted, base + from * page, length * page);
    ck_assert_int_eq(status, whole ? ZX_OK : ZX_ERR_NOT_FOUND);
    if (!whole) { // Maps what is missing, with the permission, and takes what there is out.
        ck_assert_int_eq(zx_vmar_map(region, READ_WRITE | ZX_VM_SPECIFIC_OVERWRITE, from * page,
                                     vmo, from * page, length * page, &address),
                         ZX_OK);
        ck_assert_int_eq(zx_vmar_protect(region, wanted, address, length * page), ZX_OK);
    }
    memset(model + from, wanted, length);
}

static void compare(zx_vaddr_t base) {
    const size_t page = platform_page_size();
    const size_t count = read_maps();
    size_t at = 0;
    while (maps[at].base != base || maps[at].size != PAGES * page) {
        at++;
        ck_assert_uint_lt(at, count);
    }
    for (size_t i = 0; i < PAGES;) {
        size_t end = i;
        while (end < PAGES && model[end] == model[i]) {
            end++;
        }
        if (model[i] != NOTHING) {
            const zx_info_maps_t *map = &maps[++at];
            ck_assert_uint_lt(at, count);
            ck_assert_uint_eq(map->base, base + i * page);
            ck_assert_uint_eq(map->size, (end - i) * page);
            ck_assert_uint_eq(map->u.mapping.mmu_flags, model[i]);
            ck_assert_uint_eq(map->u.mapping.vmo_offset, i * page);
        }
        i = end;
    }
    ck_assert(at + 1 == count || maps[at + 1].depth <= 2);
}

START_TEST(protected_parts_are_told_as_the_fewest_mappings_that_they_could_be) {
    zx_vaddr_t base = 0;
    const zx_handle_t vmo = new_vmo(PAGES * platform_page_size(), 0);
    const zx_handle_t region = new_region(PAGES, &base);
    memset(model, NOTHING, sizeof model);
    srand(1);
    for (int i = 0; i < 300; i++) {
        do_something(region, base, vmo);
        compare(base);
    }
    ck_assert_int_eq(zx_vmar_destroy(region), ZX_OK);
}
END_TEST

// --- Versions ---

START_TEST(the_first_versions_count_pages) {
    const size_t page = platform_page_size();
    const zx_handle_t vmo = new_vmo(4 * page, 0);
    static zx_info_maps_v1_t first[MANY];
    static zx_info_maps_v2_t second[MANY];
    zx_vaddr_t base = 0;
    size_t count = 0;
    const zx_handle_t process = zx_process_self();
    ck_assert_int_eq(zx_vmar_map(zx_vmar_root_self(), READ_WRITE, 0, vmo, 0, 4 * page, &base),
                     ZX_OK);
    memset((void *)base, 1, 3 * page);
    const size_t all = read_maps();
    ck_assert_int_eq(
        zx_object_get_info(process, ZX_INFO_PROCESS_MAPS_V1, first, sizeof first, &count, NULL),
        ZX_OK);
    ck_assert_uint_eq(count, all);
    ck_assert_int_eq(
        zx_object_get_info(process, ZX_INFO_PROCESS_MAPS_V2, second, sizeof second, &count, NULL),
        ZX_OK);
    ck_assert_uint_eq(count, all);
    for (size_t i = 0; i < all; i++) {
        ck_assert_uint_eq(first[i].base, maps[i].base);
        ck_assert_uint_eq(second[i].base, maps[i].base);
        ck_assert_uint_eq(second[i].depth, maps[i].depth);
        if (maps[i].base == base) {
            ck_assert_uint_eq(maps[i].u.mapping.committed_bytes, 3 * page);
            ck_assert_uint_eq(first[i].u.mapping.committed_pages, 3 * page / 4096);
            ck_assert_uint_eq(second[i].u.mapping.populated_pages, 3 * page / 4096);
        }
    }
    ck_assert_int_eq(zx_vmar_unmap(zx_vmar_root_self(), base, 4 * page), ZX_OK);
}
END_TEST

// --- VMOs ---

START_TEST(the_vmos_are_those_of_handles_and_then_those_of_mappings) {
    const size_t page = platform_page_size();
    static zx_info_vmo_t vmos[MANY];
    static zx_info_vmo_v1_t first[MANY];
    const zx_handle_t held = with_rights(new_vmo(page, 0), ZX_RIGHT_READ);
    const zx_handle_t mapped = new_vmo(3 * page, 0);
    const zx_koid_t mapped_koid = koid_of(mapped);
    const zx_handle_t region = zx_vmar_root_self();
    zx_vaddr_t addresses[2];
    size_t count = 0;
    size_t count_first = 0;
    name(mapped, "mapped alone");
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(zx_vmar_map(region, ZX_VM_PERM_READ, 0, mapped, 0, page, &addresses[i]),
                         ZX_OK);
    }
    zx_handle_close(mapped);
    ck_assert_int_eq(zx_object_get_info(zx_process_self(), ZX_INFO_PROCESS_VMOS, vmos, sizeof vmos,
                                        &count, NULL),
                     ZX_OK);
    ck_assert_int_eq(zx_object_get_info(zx_process_self(), ZX_INFO_PROCESS_VMOS_V1, first,
                                        sizeof first, &count_first, NULL),
                     ZX_OK);
    ck_assert_uint_eq(count, count_first);
    unsigned handles = 0;
    unsigned mappings = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t via = vmos[i].flags & (ZX_INFO_VMO_VIA_HANDLE | ZX_INFO_VMO_VIA_MAPPING);
        ck_assert_uint_eq(first[i].koid, vmos[i].koid);
        ck_assert_uint_eq(first[i].flags, vmos[i].flags);
        ck_assert(via == ZX_INFO_VMO_VIA_HANDLE || via == ZX_INFO_VMO_VIA_MAPPING);
        ck_assert_uint_eq(vmos[i].flags & ZX_INFO_VMO_TYPE_PAGED, ZX_INFO_VMO_TYPE_PAGED);
        ck_assert(via == ZX_INFO_VMO_VIA_MAPPING || mappings == 0); // VMOs of handles come first.
        if (vmos[i].koid == koid_of(held) && vmos[i].handle_rights == ZX_RIGHT_READ) {
            ck_assert_uint_eq(via, ZX_INFO_VMO_VIA_HANDLE);
            handles++;
        }
        if (vmos[i].koid == mapped_koid) {
            ck_assert_uint_eq(via, ZX_INFO_VMO_VIA_MAPPING);
            ck_assert_uint_eq(vmos[i].handle_rights, 0);
            ck_assert_uint_eq(vmos[i].num_mappings, 2);
            ck_assert_uint_eq(vmos[i].size_bytes, 3 * page);
            ck_assert_str_eq(vmos[i].name, "mapped alone");
            mappings++;
        }
    }
    ck_assert_uint_eq(handles, 1);
    ck_assert_uint_eq(mappings, 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(zx_vmar_unmap(region, addresses[i], page), ZX_OK);
    }
}
END_TEST

START_TEST(a_destroyed_root_is_a_bad_state) {
    size_t avail = 0;
    ck_assert_int_eq(zx_vmar_destroy(zx_vmar_root_self()), ZX_OK);
    ck_assert_int_eq(
        zx_object_get_info(zx_process_self(), ZX_INFO_PROCESS_MAPS, NULL, 0, NULL, &avail),
        ZX_ERR_BAD_STATE);
    ck_assert_int_eq(
        zx_object_get_info(zx_process_self(), ZX_INFO_PROCESS_VMOS, NULL, 0, NULL, &avail),
        ZX_ERR_BAD_STATE);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("process maps");
    TCase *tcase = tcase_create("process maps");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, topics_check_in_order, 0, 2);
    tcase_add_test(tcase, the_maps_are_the_space_its_regions_and_what_is_mapped_in_them);
    tcase_add_test(tcase, depths_go_up_and_down_with_the_regions);
    tcase_add_test(tcase, protected_parts_are_told_as_the_fewest_mappings_that_they_could_be);
    tcase_add_test(tcase, the_first_versions_count_pages);
    tcase_add_test(tcase, the_vmos_are_those_of_handles_and_then_those_of_mappings);
    tcase_add_test(tcase, a_destroyed_root_is_a_bad_state);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
