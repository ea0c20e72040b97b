// SPDX-License-Identifier: MIT
//
// The tool with bad input: one clear line on standard error, nothing on standard output, exit code
// 2, and nothing left running.

#define _XOPEN_SOURCE 700

#include "run_tests.h"
#include "tool_process.h"

// An ELF64 executable for x86-64 with one segment at 0x100000, xor eax, eax; out 0xf4, al.
enum {
    ELF_HEADER = 64,
    ELF_CODE = 120,
    ELF_SIZE = 124,
    // Offsets of fields.
    ELF_CLASS = 4,
    ELF_DATA = 5,
    ELF_TYPE = 16,
    ELF_MACHINE = 18,
    ELF_ENTRY = 24,
    ELF_TABLE = 32,
    ELF_HEADER_SIZE = 54,
    ELF_HEADER_COUNT = 56,
    SEGMENT_TYPE = ELF_HEADER,
    SEGMENT_OFFSET = ELF_HEADER + 8,
    SEGMENT_ADDRESS = ELF_HEADER + 24,
    SEGMENT_FILE_SIZE = ELF_HEADER + 32,
    SEGMENT_SIZE = ELF_HEADER + 40,
};

static void put(uint8_t *at, uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

static void make_elf(uint8_t elf[static ELF_SIZE]) {
    memset(elf, 0, ELF_SIZE);
    memcpy(elf, "\177ELF\2\1\1", 7);
    put(elf + ELF_TYPE, 2, 2);
    put(elf + ELF_MACHINE, 62, 2);
    put(elf + 20, 1, 4);
    put(elf + ELF_ENTRY, 0x100000, 8);
    put(elf + ELF_TABLE, ELF_HEADER, 8);
    put(elf + ELF_HEADER_SIZE, 56, 2);
    put(elf + ELF_HEADER_COUNT, 1, 2);
    put(elf + SEGMENT_TYPE, 1, 4);
    put(elf + SEGMENT_TYPE + 4, 5, 4);
    put(elf + SEGMENT_OFFSET, ELF_CODE, 8);
    put(elf + SEGMENT_OFFSET + 8, 0x100000, 8);
    put(elf + SEGMENT_ADDRESS, 0x100000, 8);
    put(elf + SEGMENT_FILE_SIZE, 4, 8);
    put(elf + SEGMENT_SIZE, 4, 8);
    memcpy(elf + ELF_CODE, "\x31\xc0\xe6\xf4", 4);
}

START_TEST(options_that_make_no_sense_are_named) {
    static const char *const cases[] = {
        "--unknown",
        "-x",
        "--trace=yes",
        "--mem",
        "--mem=",
        "--mem 0",
        "--mem 27K",
        "--mem 1025G",
        "--mem 99999999999999999999",
        "--mem 16777216T",
        "--mem 64m",
        "--mem -1",
        "--mem 64MB",
        "--base 0x",
        "--base 0xfffffffffffffff0",
        "--base 0x10000000000000000",
        "--base 0x5fff",
        "--base 0x3ffffff",
        "--base ten",
        "--entry 0x4000000",
        "--entry 0xffffffffffffffff",
        "--serial 0x10000",
        "--serial 0xfff8",
        "--serial 0xfffffffffffffff8",
        "--serial 0xf0",
        "--trap-io 0xffff",
        "--trap-io 0x80:0",
        "--trap-io 0x80:",
        "--trap-io 0x80:0xffffffffffffffff",
        "--trap-io 0xf4",
        "--trap-io 0xf0:8",
        "--trap-io 0x80:2 --trap-io 0x81",
        "--trap-io 0x80 --serial 0x79",
        "--trap-mem 0xe0000001",
        "--trap-mem 0xe0000000:0",
        "--trap-mem 0xe0000000:1",
        "--trap-mem 0xe0000000:0x1001",
        "--trap-mem 0x1000000000000",
        "--trap-mem 0xfffffffff000:0x2000",
        "--trap-mem 0xfffffffffffff000:0x2000",
        "--trap-mem 0x1000:18446744073709551615",
        "--trap-mem 0xe0000000:2M --bell 0xe0100000",
        "--trap-mem 0xe0000000 --trap-mem 0xe0000000",
        "--bell 0xe0000800",
        "--bell 0xe0000000 --trap-mem 0xdffff000:0x2000",
        "--bell 0xe0000000:2x",
        "--bell",
        "--max-exits 0",
        "--max-exits 1.5",
        "--max-exits 99999999999999999999",
        "--timeout 0",
        "--timeout 0.0",
        "--timeout -1",
        "--timeout 1e3",
        "--timeout .",
        "--timeout 99999999999",
        "--timeout 0x10",
        "--mode 64",
        "second-image",
    };
    uint8_t elf[ELF_SIZE];
    make_elf(elf);
    const char *image = make_file("flat", elf + ELF_CODE, 4);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_tool("run %s %s", image, cases[i]);
        ck_assert_msg(result.exit_code == 2, "%s: %d", cases[i], result.exit_code);
        expect_one_complaint(2);
    }
}
END_TEST

START_TEST(sixty_five_traps_are_too_many) {
    char options[64 * 20] = "";
    uint8_t elf[ELF_SIZE];
    make_elf(elf);
    const char *image = make_file("elf", elf, sizeof elf);
    for (unsigned i = 0; i < 64; i++) {
        snprintf(options + strlen(options), 20, " --bell %u", (0xe0000u + i) << 12);
    }
    char line[1900];
    snprintf(line, sizeof line, "'%s' run %s%s", ZIRCONIA_TOOL, image, options);
    run_command(line);
    ck_assert_int_eq(result.exit_code, 0);
    snprintf(line, sizeof line, "'%s' run %s%s --bell 0xd0000000", ZIRCONIA_TOOL, image, options);
    run_command(line);
    expect_one_complaint(2);
}
END_TEST

START_TEST(commands_that_do_not_exist_are_named) {
    static const char *const cases[] = {"walk",        "--verbose",     "run",        "disasm",
                                        "run --trace", "--version now", "--help run", "''"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_tool("%s", cases[i]);
        ck_assert_msg(result.exit_code == 2, "%s: %d", cases[i], result.exit_code);
        expect_one_complaint(2);
    }
    ck_assert_int_eq(run_tool(" "), 2); // No command at all: the help, on standard error.
    ck_assert_str_eq(result.out, "");
    ck_assert_ptr_nonnull(strstr(result.err, "Usage:"));
}
END_TEST

START_TEST(words_that_are_nearly_right_get_a_proposal) {
    static const struct {
        const char *words;
        const char *meant;
    } cases[] = {
        {"rnu image", "run?"},
        {"dissasm image", "disasm?"},
        {"hlep", "help?"},
        {"run image --trce", "--trace?"},
        {"run --men=64M", "--mem?"},
        {"help rum", "run?"},
        {"--hlep", "--help?"},
        {"--verison", "--version?"},
        {"run image --only hlt,cpiud", "cpuid?"},
        {"run image --only GUEST_I0", "GUEST_IO?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_tool("%s", cases[i].words);
        expect_one_complaint(2);
        ck_assert_msg(strstr(result.err, "did you mean") != NULL &&
                          strstr(result.err, cases[i].meant) != NULL,
                      "%s", result.err);
    }
    run_tool("run --xyzzy");
    ck_assert_ptr_null(strstr(result.err, "did you mean"));
}
END_TEST

START_TEST(images_that_cannot_be_read_are_named) {
    make_file("empty", "", 0);
    run_tool("run %s", path_of("missing"));
    expect_one_complaint(2);
    ck_assert_ptr_nonnull(strstr(result.err, "missing"));
    run_tool("run %s", path_of("empty"));
    expect_one_complaint(2);
    run_tool("run %s", path_of("."));
    expect_one_complaint(2);
    run_tool("disasm %s", path_of("missing"));
    expect_one_complaint(2);
    run_tool("disasm %s", path_of("empty"));
    expect_one_complaint(2);
}
END_TEST

START_TEST(what_is_no_program_for_this_machine_is_called_what_it_is) {
    static char kernel[0x400] = "MZ";
    memcpy(kernel + 0x202, "HdrS", 4);
    const struct {
        const char *bytes;
        size_t size;
        const char *what;
    } cases[] = {
        {kernel, sizeof kernel, "a Linux kernel (bzImage), which zirconia linux --kernel boots"},
        {"MZ\x90\0\3", 5, "a program for Windows or EFI"},
        {"BOOT\0\0\0\0\x6d\xe6\x67\x86", 12,
         "a Zircon boot image (ZBI), which zirconia zircon boots"},
        {"\x1f\x8b\x08\0", 4, "compressed (gzip)"},
        {"#!/bin/sh\n", 10, "a script"},
        {"Dear guest,\n", 12, "text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_tool("run %s", make_file("other", cases[i].bytes, cases[i].size));
        expect_one_complaint(2);
        ck_assert_msg(strstr(result.err, cases[i].what) != NULL, "%s", result.err);
        run_tool("run %s --base 0x100000 --timeout 0.01", path_of("other"));
        ck_assert_int_ne(result.exit_code, 2);
    }
}
END_TEST

START_TEST(an_elf_that_is_whole_runs) {
    uint8_t elf[ELF_SIZE];
    make_elf(elf);
    ck_assert_int_eq(run_tool("run %s", make_file("elf", elf, sizeof elf)), 0);
    ck_assert_int_eq(run_tool("run -- %s", path_of("elf")), 0);
    run_tool("run %s --base 0x200000", path_of("elf"));
    expect_one_complaint(2);
}
END_TEST

START_TEST(an_elf_that_is_truncated_anywhere_is_refused) {
    uint8_t elf[ELF_SIZE];
    make_elf(elf);
    for (size_t size = 4; size < sizeof elf; size++) {
        run_tool("run %s", make_file("short", elf, size));
        expect_one_complaint(2);
        ck_assert_ptr_nonnull(strstr(result.err, "truncated"));
    }
}
END_TEST

START_TEST(an_elf_that_cannot_run_is_refused) {
    const struct {
        unsigned offset;
        unsigned size;
        uint64_t value;
    } cases[] = {
        {ELF_CLASS, 1, 1},     // 32-bit
        {ELF_DATA, 1, 2},      // Big-endian
        {ELF_MACHINE, 2, 183}, // AArch64
        {ELF_MACHINE, 2, 3},   // i386
        {ELF_TYPE, 2, 1},      // Object file
        {ELF_TYPE, 2, 3},      // Position-independent
        {ELF_TYPE, 2, 4},      // Core dump
        {ELF_HEADER_SIZE, 2, 32},
        {ELF_HEADER_COUNT, 2, 0},
        {ELF_HEADER_COUNT, 2, 2},
        {ELF_HEADER_COUNT, 2, 0xffff},
        {ELF_TABLE, 8, 0}, // The header read as a program header: nothing to load.
        {ELF_TABLE, 8, ELF_SIZE},
        {ELF_TABLE, 8, UINT64_MAX},
        {ELF_TABLE, 8, UINT64_MAX - 55},
        {ELF_ENTRY, 8, UINT64_MAX},
        {SEGMENT_TYPE, 4, 4}, // A note: nothing to load.
        {SEGMENT_OFFSET, 8, UINT64_MAX},
        {SEGMENT_OFFSET, 8, UINT64_MAX - 3},
        {SEGMENT_OFFSET, 8, ELF_SIZE - 3},
        {SEGMENT_FILE_SIZE, 8, 5}, // More than in memory
        {SEGMENT_FILE_SIZE, 8, UINT64_MAX},
        {SEGMENT_SIZE, 8, UINT64_MAX},
        {SEGMENT_SIZE, 8, 0x4000000},
        {SEGMENT_ADDRESS, 8, 0}, // Where the page tables are
        {SEGMENT_ADDRESS, 8, 0x5fff},
        {SEGMENT_ADDRESS, 8, UINT64_MAX},
        {SEGMENT_ADDRESS, 8, UINT64_MAX - 3},
        {SEGMENT_ADDRESS, 8, 0x4000000 - 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t elf[ELF_SIZE];
        make_elf(elf);
        put(elf + cases[i].offset, cases[i].value, cases[i].size);
        run_tool("run %s", make_file("bad", elf, sizeof elf));
        ck_assert_msg(result.exit_code == 2, "case %zu: %d %s", i, result.exit_code, result.err);
        expect_one_complaint(2);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tool input");
    TCase *tcase = tcase_create("bad input");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, options_that_make_no_sense_are_named);
    tcase_add_test(tcase, sixty_five_traps_are_too_many);
    tcase_add_test(tcase, commands_that_do_not_exist_are_named);
    tcase_add_test(tcase, words_that_are_nearly_right_get_a_proposal);
    tcase_add_test(tcase, images_that_cannot_be_read_are_named);
    tcase_add_test(tcase, what_is_no_program_for_this_machine_is_called_what_it_is);
    tcase_add_test(tcase, an_elf_that_is_whole_runs);
    tcase_add_test(tcase, an_elf_that_is_truncated_anywhere_is_refused);
    tcase_add_test(tcase, an_elf_that_cannot_run_is_refused);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
