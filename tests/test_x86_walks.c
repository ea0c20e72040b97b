// SPDX-License-Identifier: MIT
//
// Walks through page tables and what is kept of them, on a processor without Unicorn.

#include "x86_fixture.h"

#include "engine/cpu/x86/linear.h"
#include "engine/cpu/x86/walk_cache.h"
#include "run_tests.h"

#include <string.h>

// --- Linear addresses: entries of the page directory at 0x3000, error codes of the SDM ---

START_TEST(a_walk_faults_with_the_manuals_error_code) {
    static const struct {
        uint64_t entry;
        enum access access;
        enum access_mode mode;
        uint32_t error_code;
    } cases[] = {
        {0, ACCESS_READ, ACCESS_AS_SUPERVISOR, 0},      {0, ACCESS_WRITE, ACCESS_AS_USER, 6},
        {0x85, ACCESS_WRITE, ACCESS_AS_SUPERVISOR, 3},  {0x83, ACCESS_READ, ACCESS_AS_USER, 5},
        {0x2087, ACCESS_READ, ACCESS_AS_SUPERVISOR, 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cpu *cpu = start();
        struct access_fault fault = {0};
        uint64_t value = 0;
        fake_put64(0x3008, cases[i].entry);
        const uint64_t linear = 0x200000;
        const enum access_result result =
            cases[i].access == ACCESS_WRITE
                ? linear_write_as(cpu, cases[i].mode, linear, &value, 8, &fault)
                : linear_read_as(cpu, cases[i].mode, linear, &value, 8, &fault);
        ck_assert_int_eq(result, ACCESS_PAGE_FAULT);
        ck_assert_uint_eq(fault.address, linear);
        ck_assert_uint_eq(fault.error_code, cases[i].error_code);
    }
}
END_TEST

START_TEST(a_walk_marks_what_it_used) {
    struct cpu *cpu = start();
    struct access_fault fault;
    uint64_t value = 1;
    ck_assert_int_eq(linear_write_as(cpu, ACCESS_AS_SUPERVISOR, 0x50000, &value, 8, &fault),
                     ACCESS_DONE);
    ck_assert_uint_eq(fake_get64(0x50000), 1);
    ck_assert_uint_eq(fake_get64(0x1000), 0x2027);
    ck_assert_uint_eq(fake_get64(0x3000), 0xe7);
}
END_TEST

// What a walk found is kept; each of these makes it wrong, and the next walk must know.

#define LOW 0x50000u  // Linear and physical.
#define HIGH 0xd0000u // Where other tables lead.

static enum access_result read_low(struct cpu *cpu, enum access_mode mode, uint64_t *value) {
    struct access_fault fault;
    return linear_read_as(cpu, mode, LOW, value, sizeof *value, &fault);
}

static void expect_low(struct cpu *cpu, uint64_t expected) {
    uint64_t value = 0;
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_USER, &value), ACCESS_DONE);
    ck_assert_uint_eq(value, expected);
}

// By a page of 4 KiB. The entries for it at 0x1000, 0x2000, 0x3000 and 0x4000, others at 0x5000 to
// 0x8000.
static struct cpu *start_with_pages(void) {
    struct cpu *cpu = start();
    const uint64_t index = LOW >> 12;
    for (uint64_t table = 0; table < 2; table++) {
        for (uint64_t level = 0; level < 3; level++) {
            fake_put64(0x1000 + 0x4000 * table + 0x1000 * level,
                       (0x2000 + 0x4000 * table + 0x1000 * level) | 7);
        }
        fake_put64(0x4000 + 0x4000 * table + 8 * index, (table == 0 ? LOW : HIGH) | 7);
    }
    fake_put64(LOW, 1);
    fake_put64(HIGH, 2);
    expect_low(cpu, 1);
    return cpu;
}

START_TEST(a_changed_entry_is_seen_at_each_level) {
    static const uint64_t entries[] = {0x1000, 0x2000, 0x3000, 0x4000 + 8 * (LOW >> 12)};
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        struct cpu *cpu = start_with_pages();
        const uint64_t before = fake_get64(entries[i]);
        fake_put64(entries[i], fake_get64(entries[i] + 0x4000));
        expect_low(cpu, 2);
        fake_put64(entries[i], before);
        expect_low(cpu, 1);
        uint64_t value = 0;
        fake_put64(entries[i], before & ~1ull);
        ck_assert_int_eq(read_low(cpu, ACCESS_AS_USER, &value), ACCESS_PAGE_FAULT);
        fake_put64(entries[i], before & ~4ull);
        ck_assert_int_eq(read_low(cpu, ACCESS_AS_USER, &value), ACCESS_PAGE_FAULT);
        ck_assert_int_eq(read_low(cpu, ACCESS_AS_SYSTEM, &value), ACCESS_DONE);
    }
}
END_TEST

START_TEST(a_changed_register_is_seen_by_the_next_walk) {
    uint64_t value = 0;
    struct access_fault fault;
    struct cpu *cpu = start_with_pages();
    cpu_set(cpu, CR3, 0x5000);
    expect_low(cpu, 2);
    cpu_set(cpu, CR3, 0x1000);
    expect_low(cpu, 1);
    cpu_set(cpu, CR0, cpu_get(cpu, CR0) & ~CR0_PG);
    fake_put64(0x3000, 0);
    expect_low(cpu, 1);

    cpu = start_with_pages(); // SMAP, and AC.
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_SUPERVISOR, &value), ACCESS_DONE);
    cpu_set(cpu, CR4, CR4_PAE | CR4_SMAP);
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_SUPERVISOR, &value), ACCESS_PAGE_FAULT);
    cpu_set(cpu, RFLAGS, RFLAGS_FIXED | RFLAGS_AC);
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_SUPERVISOR, &value), ACCESS_DONE);
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_SYSTEM, &value), ACCESS_PAGE_FAULT);
    cpu_set(cpu, RFLAGS, RFLAGS_FIXED);
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_SUPERVISOR, &value), ACCESS_PAGE_FAULT);

    cpu = start_with_pages(); // Without NXE, NX is a reserved bit.
    fake_put64(0x3000, 1ull << 63 | 0x4007);
    expect_low(cpu, 1);
    cpu_set(cpu, EFER, EFER_LME | EFER_LMA);
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_USER, &value), ACCESS_PAGE_FAULT);

    cpu = start_with_pages(); // WP.
    fake_put64(0x3000, 0x4005);
    cpu_set(cpu, CR0, cpu_get(cpu, CR0) & ~CR0_WP);
    ck_assert_int_eq(linear_write_as(cpu, ACCESS_AS_SYSTEM, LOW, &value, 8, &fault), ACCESS_DONE);
    cpu_set(cpu, CR0, cpu_get(cpu, CR0) | CR0_WP);
    ck_assert_int_eq(linear_write_as(cpu, ACCESS_AS_SYSTEM, LOW, &value, 8, &fault),
                     ACCESS_PAGE_FAULT);
}
END_TEST

START_TEST(who_accesses_and_how_is_seen_by_the_next_walk) {
    struct cpu *cpu = start_with_pages();
    struct access_fault fault;
    uint64_t value = 0;
    fake_put64(0x3000, 0x4003); // For supervisors.
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_SYSTEM, &value), ACCESS_DONE);
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_SUPERVISOR, &value), ACCESS_DONE);
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_USER, &value), ACCESS_PAGE_FAULT);
    fake_put64(0x3000, 0x4005); // For loads.
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_USER, &value), ACCESS_DONE);
    ck_assert_int_eq(linear_write_as(cpu, ACCESS_AS_USER, LOW, &value, 8, &fault),
                     ACCESS_PAGE_FAULT);
}
END_TEST

START_TEST(a_walk_is_found_by_all_of_its_key) {
    const struct walk_key key = {1, 2, 3, 4, 5, 6, 7};
    uint8_t page = 0;
    const struct cached_walk walk = {.key = key, .host = &page};
    ck_assert_ptr_eq(cached_walk_host(&walk, &key), &page);
    for (size_t i = 0; i < 7; i++) {
        struct walk_key other = key;
        uint64_t *const words[] = {&other.page, &other.cr0,  &other.cr3,
                                   &other.cr4,  &other.efer, &other.changes};
        if (i < 6) {
            ++*words[i];
        } else {
            other.kind++;
        }
        ck_assert_ptr_null(cached_walk_host(&walk, &other));
    }
}
END_TEST

// There are more pages than walks are kept of.
START_TEST(walks_to_other_pages_are_not_mixed_up) {
    struct cpu *cpu = start();
    struct access_fault fault;
    for (uint64_t address = 0x40000; address < FAKE_MEMORY_SIZE; address += 0x1000) {
        fake_put64(address, address);
    }
    for (uint64_t address = 0x40000; address < FAKE_MEMORY_SIZE; address += 0x1000) {
        for (uint64_t other = 0x40000; other < FAKE_MEMORY_SIZE; other += 0x11000) {
            uint64_t value = 0;
            ck_assert_int_eq(linear_read_as(cpu, ACCESS_AS_SYSTEM, address, &value, 8, &fault),
                             ACCESS_DONE);
            ck_assert_uint_eq(value, address);
            ck_assert_int_eq(linear_read_as(cpu, ACCESS_AS_SYSTEM, other, &value, 8, &fault),
                             ACCESS_DONE);
            ck_assert_uint_eq(value, other);
        }
    }
}
END_TEST

START_TEST(memory_that_has_gone_is_seen_by_the_next_walk) {
    static const uint64_t pages[] = {0x1000, 0x2000, 0x3000, 0x4000, LOW};
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        struct cpu *cpu = start_with_pages();
        uint64_t value = 0;
        fake_take_page_away(pages[i]);
        ck_assert_int_eq(read_low(cpu, ACCESS_AS_USER, &value), ACCESS_NESTED_FAULT);
    }
}
END_TEST

START_TEST(each_walk_marks_again_what_was_cleared) {
    static const uint64_t entries[] = {0x1000, 0x2000, 0x3000, 0x4000 + 8 * (LOW >> 12)};
    struct cpu *cpu = start_with_pages();
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        const uint64_t before = fake_get64(entries[i]);
        ck_assert_uint_eq(before & 0x60, 0x20);
        fake_put64(entries[i], before & ~0x20ull);
        expect_low(cpu, 1);
        ck_assert_uint_eq(fake_get64(entries[i]), before);
    }
    uint64_t value = 3;
    struct access_fault fault;
    ck_assert_int_eq(linear_write_as(cpu, ACCESS_AS_USER, LOW, &value, 8, &fault), ACCESS_DONE);
    ck_assert_uint_eq(fake_get64(entries[3]) & 0x60, 0x60); // A store is another walk than a load.
    expect_low(cpu, 3);
}
END_TEST

// The instruction may end before the page does, and may not be allowed to run.
START_TEST(a_look_at_an_instruction_marks_nothing) {
    struct cpu *cpu = start();
    const uint64_t leaves[] = {0x4000 + 8 * (LOW >> 12), 0x4000 + 8 * (LOW >> 12) + 8};
    const uint64_t pages[] = {LOW | 7, 1ull << 63 | (LOW + 0x1000) | 7};
    uint8_t bytes[15];
    uint64_t physical = 0;
    fake_put64(0x3000, 0x4007);
    for (size_t i = 0; i < 2; i++) {
        fake_put64(leaves[i], pages[i]);
    }
    ck_assert_uint_eq(linear_fetch(cpu, LOW + 0xff8, bytes), 15);
    ck_assert_uint_eq(linear_fetch(cpu, LOW + 0x1800, bytes), 15);
    ck_assert(cpu_find_linear(cpu, LOW, &physical));
    ck_assert_uint_eq(physical, LOW);
    ck_assert_uint_eq(fake_get64(0x3000), 0x4007);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_uint_eq(fake_get64(leaves[i]), pages[i]);
    }
}
END_TEST

START_TEST(entries_of_four_bytes_are_compared_by_themselves) {
    struct cpu *cpu = fake_cpu();
    cpu_set(cpu, CR0, CR0_PE | CR0_PG | CR0_ET);
    cpu_set(cpu, CR3, 0x1000);
    fake_put64(0x1000, 0x2007);
    const uint64_t entry = 0x2000 + 4 * (LOW >> 12);
    fake_put64(entry, LOW | 7);
    fake_put64(LOW, 1);
    fake_put64(HIGH, 2);
    expect_low(cpu, 1);
    fake_put64(entry, HIGH | 7);
    expect_low(cpu, 2);
    fake_put64(0x1000, 0x3007);
    uint64_t value = 0;
    ck_assert_int_eq(read_low(cpu, ACCESS_AS_USER, &value), ACCESS_PAGE_FAULT);
}
END_TEST

START_TEST(an_address_that_is_not_canonical_is_no_page_fault) {
    struct cpu *cpu = start();
    struct access_fault fault;
    uint64_t value = 0;
    ck_assert_int_eq(linear_read_as(cpu, ACCESS_AS_SYSTEM, 1ull << 47, &value, 8, &fault),
                     ACCESS_NOT_CANONICAL);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_walk_faults_with_the_manuals_error_code,
        a_walk_marks_what_it_used,
        a_changed_entry_is_seen_at_each_level,
        a_changed_register_is_seen_by_the_next_walk,
        who_accesses_and_how_is_seen_by_the_next_walk,
        a_walk_is_found_by_all_of_its_key,
        walks_to_other_pages_are_not_mixed_up,
        memory_that_has_gone_is_seen_by_the_next_walk,
        each_walk_marks_again_what_was_cleared,
        a_look_at_an_instruction_marks_nothing,
        entries_of_four_bytes_are_compared_by_themselves,
        an_address_that_is_not_canonical_is_no_page_fault,
    };
    return run_tests("x86 walks", tests, sizeof tests / sizeof tests[0]);
}
