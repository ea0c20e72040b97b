// SPDX-License-Identifier: MIT
//
// What the tool tells of the end of a run: faults, with the function in which they are, what the
// guest reports, and registers.

#define _XOPEN_SOURCE 700

#include "run_tests.h"
#include <stdbool.h>

#include "tool_process.h"

// 0x100000: xor ecx, ecx. 0x100002: div ecx. The symbols: `boom`, of four bytes, at the first.
enum { CODE = 0x78, NAMES = 0x80, SYMBOLS = 0x90, SECTIONS = 0xc0, ELF_SIZE = 0x180 };

static void make_elf(uint8_t elf[static ELF_SIZE]) {
    const struct {
        unsigned offset;
        uint64_t value;
    } fields[] = {
        {16, 2 | 62 << 16},
        {24, 0x100000},
        {32, 64},
        {40, SECTIONS},
        {54, 56 | 1 << 16},
        {60, 3},
        // A segment to load.
        {64, 1 | 5ull << 32},
        {72, CODE},
        {80, 0x100000},
        {88, 0x100000},
        {96, 4},
        {104, 4},
        // A symbol: name 1, a function in section 1.
        {SYMBOLS, 1 | 2ull << 32 | 1ull << 48},
        {SYMBOLS + 8, 0x100000},
        {SYMBOLS + 16, 4},
        // Sections: none, the symbols, whose names are in the next.
        {SECTIONS + 64 + 4, 2},
        {SECTIONS + 64 + 24, SYMBOLS},
        {SECTIONS + 64 + 32, 24},
        {SECTIONS + 64 + 40, 2},
        {SECTIONS + 128 + 4, 3},
        {SECTIONS + 128 + 24, NAMES},
        {SECTIONS + 128 + 32, 6},
    };
    memset(elf, 0, ELF_SIZE);
    memcpy(elf, "\177ELF\2\1\1", 7);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        for (unsigned byte = 0; byte < 8; byte++) {
            elf[fields[i].offset + byte] |= (uint8_t)(fields[i].value >> 8 * byte);
        }
    }
    memcpy(elf + CODE, "\x31\xc9\xf7\xf1", 4);
    memcpy(elf + NAMES, "\0boom", 6);
}

START_TEST(a_fault_that_cannot_be_delivered_is_told_whole) {
    uint8_t elf[ELF_SIZE];
    make_elf(elf);
    ck_assert_int_eq(run_tool("run %s", make_file("symbols", elf, sizeof elf)), 3);
    const char *story =
        "zirconia: the guest stopped at 0x100002 in boom+0x2, 'div ecx': #DE has no "
        "usable gate in the IDT (base 0x0, limit 0xffff); #DF has no usable gate";
    ck_assert_int_eq(strncmp(result.err, story, strlen(story)), 0);
    ck_assert_ptr_nonnull(strstr(result.err, "triple fault (ZX_ERR_NOT_SUPPORTED)\n"));
    ck_assert_ptr_nonnull(strstr(result.err, "  rsp    0x0000000003fffff8"));
    ck_assert_int_eq(run_tool("run %s --trace", path_of("symbols")), 3);
    ck_assert_ptr_nonnull(
        strstr(result.err, "delivery_failed(vector=#DE, error_code=0x0, cr2=0x0)"));
    ck_assert_ptr_nonnull(strstr(result.err, "delivery_failed(vector=#DF, "));
    ck_assert_int_eq(run_tool("run %s --json", path_of("symbols")), 3);
    ck_assert_ptr_nonnull(strstr(result.out, "\"kind\":\"delivery_failed\",\"vcpu\":0,"
                                             "\"rip\":\"0x100002\""));
    ck_assert_ptr_nonnull(
        strstr(result.out, "{\"vector\":8,\"vector_name\":\"#DF\",\"error_code\":\"0x0\""));
    ck_assert_ptr_nonnull(strstr(result.out,
                                 "\"message\":\"the guest stopped at 0x100002 in boom+0x2, "
                                 "'div ecx': #DE has no usable gate"));
    ck_assert_int_eq(run_tool("run %s -o %s", path_of("symbols"), path_of("trace")), 3);
    static char trace[0x1000];
    read_text_file(path_of("trace"), trace, sizeof trace);
    ck_assert_ptr_nonnull(strstr(
        trace, "\nend                 the guest stopped at 0x100002 in boom+0x2, 'div ecx': #DE"));
}
END_TEST

START_TEST(the_log_is_shown_when_asked_for) {
    static const struct {
        const char *wish;
        bool calls;
        bool ends;
    } cases[] = {{"debug", true, true}, {"info", false, true}, {"warning", false, false}};
    uint8_t elf[ELF_SIZE];
    make_elf(elf);
    const char *image = make_file("symbols", elf, sizeof elf);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[1024];
        snprintf(line, sizeof line, "ZIRCONIA_LOG=%s '%s' run %s", cases[i].wish, ZIRCONIA_TOOL,
                 image);
        run_command(line);
        ck_assert_int_eq(result.exit_code, 3);
        ck_assert_int_eq(strstr(result.err, "zirconia: zx_vcpu_enter(") != NULL, cases[i].calls);
        ck_assert_int_eq(strstr(result.err, "zirconia: vcpu 0 at 0x100002: #DE") != NULL,
                         cases[i].ends);
        ck_assert_ptr_nonnull(strstr(result.err, "zirconia: the guest stopped at 0x100002"));
    }
}
END_TEST

// Fields of the file's header are tried whole, of the tables every fifth byte.
static size_t step(size_t at) {
    return at < 64 ? 1 : 5;
}

// Bytes that say where sections, symbols and names are take other values.
START_TEST(symbols_that_are_wrong_are_left_out) {
    uint8_t elf[ELF_SIZE];
    make_elf(elf);
    for (size_t at = 40; at < sizeof elf; at = at == 47 ? 60 : at == 61 ? NAMES : at + step(at)) {
        static const uint8_t values[] = {0, 1, 0x7f, 0xff};
        const uint8_t kept = elf[at];
        elf[at] = values[at % sizeof values];
        run_tool("run %s", make_file("symbols", elf, sizeof elf));
        ck_assert_msg(result.exit_code == 3, "byte %zu: %d", at, result.exit_code);
        elf[at] = kept;
    }
}
END_TEST

START_TEST(a_guest_that_reports_failure_is_quoted) {
    ck_assert_int_eq(run_tool("run %s", make_file("fails", "\xb0\x01\xe6\xf4", 4)), 1);
    ck_assert_str_eq(result.err, "zirconia: the guest reported 1\n");
}
END_TEST

START_TEST(the_registers_are_printed_when_asked_for) {
    ck_assert_int_eq(run_tool("run %s --registers", make_file("ends", "\x31\xc0\xe6\xf4", 4)), 0);
    ck_assert_uint_eq(count_lines(result.err), 6);
    ck_assert_int_eq(strncmp(result.err, "  rax    0x0000000000000000", 27), 0);
    ck_assert_int_eq(run_tool("run %s --json", make_file("fails", "\xb0\x01\xe6\xf4", 4)), 1);
    ck_assert_ptr_nonnull(strstr(result.out, "\"registers\":{\"rax\":\"0x1\","));
}
END_TEST

// nop; hlt with interrupts off. It gets more time until it has come to the HLT.
START_TEST(a_guest_that_sleeps_for_ever_is_told_of) {
    static const char *const times[] = {"0.01", "0.1", "1", "10"};
    const char *image = make_file("sleeps", "\x90\xf4", 2);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        ck_assert_int_eq(run_tool("run %s --timeout %s", image, times[i]), 124);
        if (strstr(result.err, "HLT") != NULL) {
            break;
        }
    }
    ck_assert_str_eq(result.err,
                     "zirconia: stopped: the time is up (--timeout); the guest was still in "
                     "the HLT at 0x100001\n");
    ck_assert_int_eq(run_tool("run %s --timeout 0.01", make_file("spins", "\xeb\xfe", 2)), 124);
    ck_assert_str_eq(result.err, "zirconia: stopped: the time is up (--timeout)\n");
}
END_TEST

// 'A', newline, to the serial port; jmp $
START_TEST(an_interruption_ends_the_run_with_its_figures) {
    static const char spins[] = "\x66\xba\xf8\x03\xb0"
                                "A\xee\xb0\x0a\xee\xeb\xfe";
    char line[1500];
    const char *image = make_file("spins", spins, sizeof spins - 1);
    snprintf(line, sizeof line,
             "mkfifo '%s'; '%s' run %s --serial 0x3f8 --stats >'%s' & read line <'%s'; "
             "kill -INT $!; wait $!",
             path_of("fifo"), ZIRCONIA_TOOL, image, path_of("fifo"), path_of("fifo"));
    run_command(line);
    ck_assert_int_eq(result.exit_code, 130);
    ck_assert_ptr_nonnull(strstr(result.err, "zirconia: stopped: interrupted\n"));
    ck_assert_ptr_nonnull(strstr(result.err, "           2  io_instruction port 0x3f8 out\n"));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tool ends");
    TCase *tcase = tcase_create("ends");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, a_fault_that_cannot_be_delivered_is_told_whole);
    tcase_add_test(tcase, the_log_is_shown_when_asked_for);
    tcase_add_test(tcase, symbols_that_are_wrong_are_left_out);
    tcase_add_test(tcase, a_guest_that_reports_failure_is_quoted);
    tcase_add_test(tcase, the_registers_are_printed_when_asked_for);
    tcase_add_test(tcase, a_guest_that_sleeps_for_ever_is_told_of);
    tcase_add_test(tcase, an_interruption_ends_the_run_with_its_figures);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
