// SPDX-License-Identifier: MIT
//
// CPUID (hypervisor ABI 5.1) and the time-stamp counter: the specification's overrides, the fixed
// processor of docs/cpu.md, and that whatever it advertises runs.

#include "execute.h"

enum { EAX, EBX, ECX, EDX };

struct answer {
    uint32_t word[4];
};

static struct answer cpuid(uint32_t leaf, uint32_t subleaf) {
    const uint64_t upper = UINT64_MAX << 32;
    zx_vcpu_state_t state = {
        .rax = upper | leaf, .rbx = upper, .rcx = upper | subleaf, .rdx = upper};
    put_code(CPUID);
    run_code(&state);
    ck_assert_uint_eq(state.r10, NO_VECTOR);
    ck_assert_uint_eq((state.rax | state.rbx | state.rcx | state.rdx) >> 32, 0);
    return (struct answer){
        {(uint32_t)state.rax, (uint32_t)state.rbx, (uint32_t)state.rcx, (uint32_t)state.rdx}};
}

static void check_leaf(uint32_t leaf, uint32_t subleaf, uint32_t eax, uint32_t ebx, uint32_t ecx,
                       uint32_t edx) {
    const uint32_t expected[4] = {eax, ebx, ecx, edx};
    const struct answer answer = cpuid(leaf, subleaf);
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_msg(answer.word[i] == expected[i], "leaf %#x.%u, register %u: %#x", leaf, subleaf,
                      i, answer.word[i]);
    }
}

START_TEST(the_hypervisor_leaves_are_kvm_s) {
    check_leaf(0x40000000, 0, 0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d);
    check_leaf(0x40000001, 0, 0xb, 0, 0, 0);
}
END_TEST

START_TEST(leaves_out_of_range_are_leaf_17) {
    static const uint32_t leaves[] = {0x18,       0x1d,       0xff,       0x3fffffff, 0x40000002,
                                      0x400000ff, 0x7fffffff, 0x80000022, 0xc0000000, 0xffffffff};
    for (uint32_t subleaf = 0; subleaf < 4; subleaf++) {
        const struct answer last = cpuid(0x17, subleaf);
        for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++) {
            check_leaf(leaves[i], subleaf, last.word[0], last.word[1], last.word[2], last.word[3]);
        }
    }
}
END_TEST

START_TEST(leaf_1_has_the_id_and_the_overrides) {
    const struct answer answer = cpuid(1, 0);
    ck_assert_uint_eq(answer.word[EBX] >> 24, 0);
    const uint32_t set = 1u << 31 | 1u << 21 | 1u << 24 | 1u << 27;
    const uint32_t clear = 1u << 3 | 1u << 5 | 1u << 8 | 1u << 15;
    ck_assert_uint_eq(answer.word[ECX] & set, set);
    ck_assert_uint_eq(answer.word[ECX] & clear, 0);
    ck_assert_uint_eq(answer.word[EDX] & 1u << 11, 1u << 11);
    ck_assert_uint_eq(answer.word[EDX] & (1u << 22 | 1u << 29), 0);
}
END_TEST

START_TEST(leaves_of_power_and_counters_are_masked) {
    for (uint32_t subleaf = 0; subleaf < 3; subleaf++) {
        check_leaf(5, subleaf, 0, 0, 0, 0);
        check_leaf(0xa, subleaf, 0, 0x7f, 0, 0);
        check_leaf(0xb, subleaf, 0, 0, 0, 0);
    }
    const struct answer power = cpuid(6, 0);
    ck_assert_uint_eq(power.word[EAX] & 0x47d3, 0);
    ck_assert_uint_eq(power.word[ECX] & 9, 0);
}
END_TEST

START_TEST(leaf_7_hides_what_the_specification_hides) {
    for (uint32_t subleaf = 0; subleaf < 3; subleaf++) {
        const struct answer answer = cpuid(7, subleaf);
        ck_assert_uint_eq(answer.word[EBX] & (0xde230002u | 1u << 10), 0);
        ck_assert_uint_eq(answer.word[ECX] & 0x5842, 0);
        ck_assert_uint_eq(answer.word[EDX] & 0xbc00000cu, 0);
    }
}
END_TEST

START_TEST(leaf_d_gives_the_size_for_xcr0) {
    check_leaf(0xd, 0, 3, 576, 576, 0);
    ck_assert_uint_eq(cpuid(0xd, 1).word[EAX] & 8, 0);
    for (uint32_t subleaf = 2; subleaf < 64; subleaf++) {
        check_leaf(0xd, subleaf, 0, 0, 0, 0);
    }
}
END_TEST

START_TEST(the_processor_is_the_documented_one) {
    check_leaf(0, 0, 0x17, 0x756e6547, 0x6c65746e, 0x49656e69);
    check_leaf(1, 0, 0x30669, 0x800, 0x8ff82203, 0x078bfbfd);
    check_leaf(7, 0, 0, 0x00100081, 0, 0);
    check_leaf(0xd, 1, 5, 0, 0, 0);
    check_leaf(0x80000000, 0, 0x80000008, 0, 0, 0);
    check_leaf(0x80000001, 0, 0, 0, 0x121, 0x2c100800);
    check_leaf(0x80000007, 0, 0, 0, 0, 0x100);
    check_leaf(0x80000008, 0, 0x3028, 0, 0, 0);
    static const uint32_t zero[] = {3,    8,    9,    0xc,  0xe,  0xf,       0x10,
                                    0x11, 0x12, 0x13, 0x14, 0x17, 0x80000005};
    for (size_t i = 0; i < sizeof zero / sizeof zero[0]; i++) {
        check_leaf(zero[i], 0, 0, 0, 0, 0);
    }
    char name[49] = {0};
    for (uint32_t i = 0; i < 3; i++) {
        const struct answer answer = cpuid(0x80000002 + i, 0);
        memcpy(name + 16 * (size_t)i, answer.word, 16);
    }
    ck_assert_str_eq(name, "Zirconia virtual processor");
}
END_TEST

START_TEST(caches_are_described_level_by_level) {
    static const struct {
        uint32_t type, level, size;
    } caches[] = {{1, 1, 32 << 10}, {2, 1, 32 << 10}, {3, 2, 1 << 20}};
    for (uint32_t i = 0; i < 3; i++) {
        const struct answer answer = cpuid(4, i);
        const uint32_t ebx = answer.word[EBX];
        ck_assert_uint_eq(answer.word[EAX] & 0x1f, caches[i].type);
        ck_assert_uint_eq(answer.word[EAX] >> 5 & 7, caches[i].level);
        ck_assert_uint_eq(((ebx >> 22) + 1) * ((ebx & 0xfff) + 1) * (answer.word[ECX] + 1),
                          caches[i].size);
    }
    check_leaf(4, 3, 0, 0, 0, 0);
}
END_TEST

// --- What is advertised runs ---

static const struct {
    const char *name;
    uint32_t leaf, subleaf, word, bit;
    const char *code;
    size_t size;
} features[] = {
#define FEATURE(name, leaf, subleaf, word, bit, code)                                              \
    { name, leaf, subleaf, word, bit, code, sizeof(code) - 1 }
    FEATURE("x87", 1, 0, EDX, 0, "\xd9\xe8\xdd\xd8"),
    FEATURE("TSC", 1, 0, EDX, 4, "\x0f\x31"),
    FEATURE("CMPXCHG8B", 1, 0, EDX, 8, "\x0f\xc7\x0b"),
    FEATURE("CMOV", 1, 0, EDX, 15, "\x0f\x44\xc1"),
    FEATURE("CLFLUSH", 1, 0, EDX, 19, "\x0f\xae\x3b"),
    FEATURE("MMX", 1, 0, EDX, 23, "\x0f\xef\xc0\x0f\x77"),
    FEATURE("FXSAVE", 1, 0, EDX, 24, "\x0f\xae\x03\x0f\xae\x0b"),
    FEATURE("SSE", 1, 0, EDX, 25, "\x0f\x58\xc1"),
    FEATURE("SSE2", 1, 0, EDX, 26, "\x66\x0f\x58\xc1\x0f\xae\xf0"),
    FEATURE("SSE3", 1, 0, ECX, 0, "\xf2\x0f\xd0\xc1"),
    FEATURE("PCLMULQDQ", 1, 0, ECX, 1, "\x66\x0f\x3a\x44\xc1\x01"),
    FEATURE("SSSE3", 1, 0, ECX, 9, "\x66\x0f\x38\x00\xc1"),
    FEATURE("CMPXCHG16B", 1, 0, ECX, 13, "\x48\x0f\xc7\x0b"),
    FEATURE("SSE4.1", 1, 0, ECX, 19, "\x66\x0f\x3a\x0e\xc1\x05"),
    FEATURE("SSE4.2", 1, 0, ECX, 20, "\xf2\x48\x0f\x38\xf1\xc1\x66\x0f\x3a\x63\xc1\x00"),
    FEATURE("MOVBE", 1, 0, ECX, 22, "\x0f\x38\xf0\x03\x0f\x38\xf1\x03"),
    FEATURE("POPCNT", 1, 0, ECX, 23, "\xf3\x48\x0f\xb8\xc1"),
    FEATURE("AES", 1, 0, ECX, 25, "\x66\x0f\x38\xdc\xc1\x66\x0f\x3a\xdf\xc1\x01"),
    FEATURE("XSAVE", 1, 0, ECX, 26, "\x0f\xae\x23\x0f\xae\x2b"),
    FEATURE("XGETBV", 1, 0, ECX, 27, "\x31\xc9\x0f\x01\xd0"),
    FEATURE("FSGSBASE", 7, 0, EBX, 0, "\xf3\x48\x0f\xae\xc0\xf3\x48\x0f\xae\xd0"),
    FEATURE("SMEP", 7, 0, EBX, 7, "\x0f\x20\xe0\x0f\xba\xe8\x14\x0f\x20\xe0"),
    FEATURE("SMAP", 7, 0, EBX, 20, "\x0f\x01\xcb\x0f\x01\xca"),
    FEATURE("XSAVEOPT", 0xd, 1, EAX, 0, "\x0f\xae\x33"),
    FEATURE("XGETBV of 1", 0xd, 1, EAX, 2, "\xb9\x01\x00\x00\x00\x0f\x01\xd0"),
    FEATURE("LAHF", 0x80000001, 0, ECX, 0, "\x9f\x9e"),
    FEATURE("LZCNT", 0x80000001, 0, ECX, 5, "\xf3\x0f\xbd\xc1"),
    FEATURE("PREFETCHW", 0x80000001, 0, ECX, 8, "\x0f\x0d\x0b"),
    FEATURE("RDTSCP", 0x80000001, 0, EDX, 27, "\x0f\x01\xf9"),
#undef FEATURE
};

START_TEST(every_instruction_that_is_advertised_runs) {
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        const struct answer answer = cpuid(features[i].leaf, features[i].subleaf);
        ck_assert_msg(answer.word[features[i].word] >> features[i].bit & 1, "%s is not advertised",
                      features[i].name);
        zx_vcpu_state_t state = {.rax = 3, .rbx = 0x40000};
        put_code_bytes(features[i].code, features[i].size);
        run_code(&state);
        ck_assert_msg(state.r10 == NO_VECTOR, "%s: vector %u", features[i].name,
                      (unsigned)state.r10);
    }
}
END_TEST

START_TEST(lzcnt_is_not_bsr) {
    zx_vcpu_state_t state = {.rcx = 1};
    put_code("\xf3\x0f\xbd\xc1"); // lzcnt eax, ecx
    run_code(&state);
    ck_assert_uint_eq(state.rax, 31);
}
END_TEST

// The first GiB for the supervisor alone, and the same memory once more at 1 GiB for user code.
static void split_pages(void) {
    const uint64_t pages[2] = {0x83, 0x87};
    memory_write(0x1000, pages, sizeof pages);
}

START_TEST(smap_keeps_the_supervisor_out_of_user_pages) {
    split_pages();
    put_code("\x0f\x20\xe0\x0f\xba\xe8\x15\x0f\x22\xe0"   // CR4.SMAP := 1
             "\x0f\x20\xd8\x0f\x22\xd8"                   // Flush the TLB.
             "\x0f\x01\xcb\x8b\x0b\x0f\x01\xca\x8b\x0b"); // stac; read; clac; read
    zx_vcpu_state_t state = {.rbx = 0x40040000};
    run_code(&state);
    ck_assert_uint_eq(state.r10, 14);
    ck_assert_uint_eq(state.r8, 1);
    ck_assert_uint_eq(state.r9, EXECUTE_SLOT + 24);
}
END_TEST

START_TEST(smep_keeps_the_supervisor_from_running_user_pages) {
    split_pages();
    put_code("\x0f\x20\xe0\x0f\xba\xe8\x14\x0f\x22\xe0" // CR4.SMEP := 1
             "\x0f\x20\xd8\x0f\x22\xd8"                 // Flush the TLB.
             "\x8b\x0b\xff\xe3");                       // read; jump
    zx_vcpu_state_t state = {.rbx = 0x40040000};
    run_code(&state);
    ck_assert_uint_eq(state.r10, 14);
    ck_assert_uint_eq(state.r8, 0x11);
    ck_assert_uint_eq(state.r9, 0x40040000);
}
END_TEST

START_TEST(physical_addresses_have_the_advertised_width) {
    const uint32_t width = cpuid(0x80000008, 0).word[EAX] & 0xff;
    const uint64_t pages[2] = {0x87 | 1ull << (width - 1), 0x87 | 1ull << width};
    memory_write(0x1008, pages, sizeof pages);
    put_code("\x8b\x0b");
    zx_vcpu_state_t state = {.rbx = 0x40000000};
    write_state(&state);
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_NOT_FOUND);
    state.rbx = 0x80000000;
    run_code(&state);
    ck_assert_uint_eq(state.r10, 14);
    ck_assert_uint_eq(state.r8, 9); // A reserved bit.
}
END_TEST

// --- Time ---

START_TEST(the_tsc_is_the_monotonic_clock) {
    check_leaf(0x15, 0, 1, 1, 1000000000, 0);
    check_leaf(0x16, 0, 1000, 1000, 1000, 0);
    for (unsigned i = 0; i < 50; i++) {
        zx_vcpu_state_t state = {.rax = UINT64_MAX, .rdx = UINT64_MAX};
        put_code("\x0f\x31");
        const zx_time_t before = zx_clock_get_monotonic();
        run_code(&state);
        const zx_time_t after = zx_clock_get_monotonic();
        ck_assert_uint_eq((state.rax | state.rdx) >> 32, 0);
        ck_assert_int_ge((int64_t)join(state.rdx, state.rax), before);
        ck_assert_int_le((int64_t)join(state.rdx, state.rax), after);
    }
}
END_TEST

START_TEST(rdtscp_gives_tsc_aux) {
    write_msr(0xc0000103, 0x12345678);
    zx_vcpu_state_t state = {.rcx = UINT64_MAX};
    put_code("\x0f\x01\xf9");
    const zx_time_t before = zx_clock_get_monotonic();
    run_code(&state);
    ck_assert_uint_eq(state.rcx, 0x12345678);
    ck_assert_int_ge((int64_t)join(state.rdx, state.rax), before);
}
END_TEST

START_TEST(cr4_tsd_keeps_user_code_from_the_tsc) {
    put_code("\x0f\x20\xe0\x0f\xba\xe8\x02\x0f\x22\xe0" // CR4.TSD := 1
             "\x0f\x31"                                 // Allowed at CPL 0.
             "\x6a\x23\x68\x00\x00\x06\x00\x6a\x02\x6a\x2b\x68\x40\x00\x02\x00\x48\xcf"
             "\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90"
             "\x0f\x31"); // At 0x20040: CPL 3.
    zx_vcpu_state_t state = {0};
    run_code(&state);
    ck_assert_uint_eq(state.r10, 13);
    ck_assert_uint_eq(state.r9, EXECUTE_SLOT + 0x30);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("cpuid");
    TCase *tcase = tcase_create("cpuid");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, execute_start, guest_close);
    tcase_add_test(tcase, the_hypervisor_leaves_are_kvm_s);
    tcase_add_test(tcase, leaves_out_of_range_are_leaf_17);
    tcase_add_test(tcase, leaf_1_has_the_id_and_the_overrides);
    tcase_add_test(tcase, leaves_of_power_and_counters_are_masked);
    tcase_add_test(tcase, leaf_7_hides_what_the_specification_hides);
    tcase_add_test(tcase, leaf_d_gives_the_size_for_xcr0);
    tcase_add_test(tcase, the_processor_is_the_documented_one);
    tcase_add_test(tcase, caches_are_described_level_by_level);
    tcase_add_test(tcase, every_instruction_that_is_advertised_runs);
    tcase_add_test(tcase, lzcnt_is_not_bsr);
    tcase_add_test(tcase, smap_keeps_the_supervisor_out_of_user_pages);
    tcase_add_test(tcase, smep_keeps_the_supervisor_from_running_user_pages);
    tcase_add_test(tcase, physical_addresses_have_the_advertised_width);
    tcase_add_test(tcase, the_tsc_is_the_monotonic_clock);
    tcase_add_test(tcase, rdtscp_gives_tsc_aux);
    tcase_add_test(tcase, cr4_tsd_keeps_user_code_from_the_tsc);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
