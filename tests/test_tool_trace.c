// SPDX-License-Identifier: MIT
//
// The tool's trace: what is folded, chosen and wrapped, where it goes, and that bells stand where
// they rang.

#define _XOPEN_SOURCE 700

#include "run_tests.h"
#include "tool_process.h"

#include <stdbool.h>

// mov ecx, 5; in al, 0x80; loop; xor eax, eax; out 0xf4, al
static const char polls[] = "\xb9\5\0\0\0\xe4\x80\xe2\xfc\x31\xc0\xe6\xf4";

// mov ecx, 40; mov [0xe0000000], ecx; in al, 0x80; loop; xor eax, eax; out 0xf4, al
static const char rings[] = "\xb9\x28\0\0\0\x67\x89\x0c\x25\0\0\0\xe0\xe4\x80\xe2\xf4"
                            "\x31\xc0\xe6\xf4";

// mov dx, 0x3f8; 'H', '"', newline; end
static const char says[] = "\x66\xba\xf8\x03\xb0H\xee\xb0\"\xee\xb0\x0a\xee\x31\xc0\xe6\xf4";

// xor eax, eax; cpuid; inc eax; cpuid; mov eax, 2; cpuid; xor eax, eax; out 0xf4, al
static const char asks[] = "\x31\xc0\x0f\xa2\xff\xc0\x0f\xa2\xb8\2\0\0\0\x0f\xa2"
                           "\x31\xc0\xe6\xf4";

// Its path, for the whole of a test.
static const char *image_of(const char *name, const char *bytes, size_t size) {
    static char path[512];
    snprintf(path, sizeof path, "%s", make_file(name, bytes, size));
    return path;
}

#define IMAGE(program) image_of(#program, program, sizeof(program) - 1)

START_TEST(what_repeats_is_folded) {
    ck_assert_int_eq(run_tool("run %s --trace --trap-io 0x80", IMAGE(polls)), 0);
    ck_assert_uint_eq(count_lines(result.err), 3);
    ck_assert_int_eq(strncmp(result.err, "0x100005 ", 9), 0);
    ck_assert_ptr_nonnull(strstr(result.err, "\n                    x5\n0x10000b "));
}
END_TEST

START_TEST(serial_output_is_a_line_where_standard_output_goes_elsewhere) {
    const char *image = IMAGE(says);
    ck_assert_int_eq(run_tool("run %s --trace --serial 0x3f8", image), 0);
    ck_assert_uint_eq(count_lines(result.err), 2);
    ck_assert_int_eq(strncmp(result.err, "serial ", 7), 0);
    ck_assert_ptr_nonnull(strstr(result.err, "\"H\"\"\n"));
    ck_assert_str_eq(result.out, "H\"\n");
    ck_assert_int_eq(run_tool("run %s --trace --serial 0x3f8 2>&1", image), 0);
    ck_assert_ptr_null(strstr(result.out, "serial "));
}
END_TEST

START_TEST(words_choose_what_is_shown) {
    const char *image = IMAGE(rings);
    const struct {
        const char *words;
        unsigned lines;
        bool bells;
    } cases[] = {
        {"cpuid", 0, false},
        {"packets", 41, true},
        {"GUEST_IO", 41, false},
        {"GUEST_BELL", 0, true},
        {"GUEST_MEM,GUEST_VCPU", 0, false},
        {"port=0xf4", 1, false},
        {"port=0x80:4", 40, false},
        {"io_instruction", 41, false},
        {"ept_violation", 40, true},
        {"addr=0xe0000000:0x1000", 40, true},
        {"addr=0xe0000004", 0, false},
        {"hlt,port=0xf4,addr=0xe0000000", 41, true},
        {"vcpu=0,port=0xf4", 1, false},
        {"vcpu=1", 0, false},
        {"vcpu=0,vcpu=1", 81, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_int_eq(
            run_tool("run %s --trap-io 0x80 --bell 0xe0000000 --only %s", image, cases[i].words),
            0);
        unsigned lines = 0;
        for (const char *at = result.err; (at = strstr(at, "0x10")) != NULL; at++) {
            lines += at == result.err || at[-1] == '\n';
        }
        ck_assert_msg(lines >= (cases[i].lines > 0) && lines <= cases[i].lines, "%s: %u",
                      cases[i].words, lines);
        ck_assert_msg((strstr(result.err, "GUEST_BELL") != NULL) == cases[i].bells, "%s",
                      cases[i].words);
    }
    static const char *const wrong[] = {"",         "cpu",    "port=", "port=x",
                                        "addr=1:x", "cpuid,", "vcpu=", "vcpu=64"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        run_tool("run %s --only '%s'", image, wrong[i]);
        ck_assert_msg(result.exit_code == 2, "%s: %d", wrong[i], result.exit_code);
    }
}
END_TEST

START_TEST(a_trace_goes_into_a_file) {
    static char text[0x1000];
    const char *image = IMAGE(polls);
    ck_assert_int_eq(run_tool("run %s --trap-io 0x80 --output %s", image, path_of("trace.log")), 0);
    ck_assert_str_eq(result.err, "");
    FILE *stream = fopen(path_of("trace.log"), "r");
    ck_assert_ptr_nonnull(stream);
    text[fread(text, 1, sizeof text - 1, stream)] = '\0';
    ck_assert_int_eq(fclose(stream), 0);
    ck_assert_uint_eq(count_lines(text), 3);
    ck_assert_int_eq(run_tool("run %s --output %s/none/trace.log", image, path_of(".")), 2);
    ck_assert_int_eq(run_tool("run %s --trap-io 0x80 --output /dev/full", image), 125);
    ck_assert_ptr_nonnull(strstr(result.err, "/dev/full: cannot be written"));
}
END_TEST

// The seconds at the beginning of a trace's lines.
static size_t read_times(double *times, size_t most) {
    size_t count = 0;
    for (const char *line = result.err; line != NULL && *line != '\0' && count < most; count++) {
        ck_assert_int_eq(sscanf(line, "%lf 0x10", &times[count]), 1);
        ck_assert(times[count] >= 0);
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    return count;
}

START_TEST(lines_have_the_guests_time) {
    static char first[sizeof result.err];
    double since_start[8];
    double since_line[8];
    const char *image = IMAGE(asks);
    ck_assert_int_eq(run_tool("run %s --times", image), 0);
    ck_assert_uint_eq(read_times(since_start, 8), 4);
    ck_assert(since_start[0] <= since_start[1] && since_start[2] <= since_start[3]);
    ck_assert(since_start[3] < 60);
    ck_assert_int_eq(run_tool("run %s -r", image), 0);
    ck_assert_uint_eq(read_times(since_line, 8), 4);
    for (unsigned run = 0; run < 2; run++) {
        ck_assert_int_eq(run_tool("run %s -r -T --virtual-time", image), 0);
        ck_assert(run == 0 || strcmp(result.err, first) == 0);
        memcpy(first, result.err, sizeof first);
    }
    ck_assert_int_eq(run_tool("run %s --times --virtual-time", image), 0);
    ck_assert_uint_eq(read_times(since_start, 8), 4);
    ck_assert(since_start[0] < since_start[1] && since_start[3] < 0.000001);
    ck_assert_int_eq(run_tool("run %s --trace -o %s", image, path_of("times.log")), 0);
    ck_assert_str_eq(result.err, "");
}
END_TEST

// On a terminal no line is wider than 80 columns.
START_TEST(a_terminal_gets_short_lines) {
    static char text[0x8000];
    char words[1024];
    snprintf(words, sizeof words, "run %s --trap-io 0x80 --trace", IMAGE(polls));
    run_tool_at_terminal("NO_COLOR=1", words, text, sizeof text);
    size_t width = 0;
    for (const char *at = text; *at != '\0'; at++) {
        width = *at == '\n' || *at == '\r' ? 0 : width + 1;
        ck_assert_uint_le(width, 80);
    }
    ck_assert_ptr_nonnull(strstr(text, "\n          x5"));
}
END_TEST

// Another thread takes the packets.
START_TEST(bells_stand_where_they_rang) {
    static char first[sizeof result.out];
    const char *image = IMAGE(rings);
    const char *line = "run %s --trap-io 0x80 --bell 0xe0000000 --virtual-time --json";
    for (unsigned run = 0; run < 20; run++) {
        ck_assert_int_eq(run_tool(line, image), 0);
        ck_assert_uint_eq(count_lines(result.out), 40 * 3 + 2);
        for (const char *at = result.out; (at = strstr(at, "\"ept_violation\"")) != NULL; at++) {
            const char *next = strchr(at, '\n') + 1;
            ck_assert_int_eq(strncmp(next, "{\"event\":\"port\"", 15), 0);
        }
        if (run == 0) {
            memcpy(first, result.out, sizeof first);
        }
        ck_assert_str_eq(result.out, first);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tool trace");
    TCase *tcase = tcase_create("trace");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, what_repeats_is_folded);
    tcase_add_test(tcase, serial_output_is_a_line_where_standard_output_goes_elsewhere);
    tcase_add_test(tcase, words_choose_what_is_shown);
    tcase_add_test(tcase, a_trace_goes_into_a_file);
    tcase_add_test(tcase, lines_have_the_guests_time);
    tcase_add_test(tcase, a_terminal_gets_short_lines);
    tcase_add_test(tcase, bells_stand_where_they_rang);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
