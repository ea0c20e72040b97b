// SPDX-License-Identifier: MIT
//
// The storyboard of a run: that its data can be read, agree with the figures of the run, are the
// same every time in virtual time, and keep what the guest wrote inside of them.

#define _XOPEN_SOURCE 700

#include "json_line.h"
#include "run_tests.h"
#include "tool_process.h"

#include <zirconia/observe.h>

static char page[0x100000];
static char data[0x100000]; // The JSON text of the page without its newlines.

// mov eax, 0x40000000; cpuid; mov ecx, 40; mov [0xe0000000], ecx; in al, 0x80; loop; out 0xf4, al
static const char mixture[] = "\xb8\0\0\0\x40\x0f\xa2\xb9\x28\0\0\0\x67\x89\x0c\x25\0\0\0\xe0"
                              "\xe4\x80\xe2\xf4\x31\xc0\xe6\xf4";

// mov edx, 0x3f8; lea rsi, [rip + 13]; mov ecx, 47; lodsb; out dx, al; loop; xor eax, eax;
// out 0xf4, al; the text
static const char speaks[] = "\xba\xf8\x03\0\0\x48\x8d\x35\x0d\0\0\0\xb9\x2f\0\0\0"
                             "\xac\xee\xe2\xfc\x31\xc0\xe6\xf4"
                             "</script><script>alert(1)</script><!-- & \x80\xff\"\\ \n";

static const char *image_of(const char *name, const char *bytes, size_t size) {
    static char path[512];
    snprintf(path, sizeof path, "%s", make_file(name, bytes, size));
    return path;
}

#define IMAGE(program) image_of(#program, program, sizeof(program) - 1)

// Reads the page, and of it the data, which end where the first script does.
static void read_page(const char *name) {
    static const char opening[] = "<script id=\"data\" type=\"application/json\">\n";
    read_text_file(path_of(name), page, sizeof page);
    const char *at = strstr(page, opening);
    ck_assert_ptr_nonnull(at);
    at += sizeof opening - 1;
    const char *end = strstr(at, "</script>");
    ck_assert_ptr_nonnull(end);
    ck_assert_str_eq(end, "</script>\n</body>\n</html>\n");
    size_t length = 0;
    for (; at < end; at++) {
        ck_assert_msg(strchr("<>&", *at) == NULL, "'%c' in the data", *at);
        if (*at != '\n') {
            data[length++] = *at;
        }
    }
    memcpy(data + length, "\n", 2);
    ck_assert_msg(json_is_object_line(data), "no JSON");
}

// The rows of a kind, and of those the ones with this text.
static unsigned count_rows(int row, const char *text) {
    char beginning[8];
    unsigned count = 0;
    snprintf(beginning, sizeof beginning, "[%d,", row);
    const char *rows = json_member(data, "rows");
    ck_assert_ptr_nonnull(rows);
    for (const char *at = rows + 1; *at == '['; at += *at == ',') {
        const char *end = json_value(at);
        ck_assert_ptr_nonnull(end);
        const char *found = strstr(at, text);
        count += strncmp(at, beginning, strlen(beginning)) == 0 && found != NULL && found < end;
        at = end;
    }
    return count;
}

// A member of the object `end`.
static const char *member_of_end(const char *name) {
    const char *end = json_member(data, "end");
    ck_assert_ptr_nonnull(end);
    const char *value = json_member(end, name);
    ck_assert_ptr_nonnull(value);
    return value;
}

enum { ROW_CODE, ROW_PACKET, ROW_EXIT, ROW_BELL, ROW_ENTER, ROW_SERIAL };

// How many exits of a kind there were by the page's figures, as the table of --stats has it.
static unsigned count_of_kind(zirconia_exit_kind_t kind) {
    char line[64];
    unsigned count = 0;
    unsigned count_in_table = 0;
    const char *at = member_of_end("figures") + 1;
    for (int i = 0; i < (int)kind; i++) {
        at = json_value(at) + 1;
    }
    ck_assert_int_eq(sscanf(at, "[%u,", &count), 1);
    snprintf(line, sizeof line, "\n%s ", zirconia_exit_kind_name(kind));
    const char *row = strstr(result.err, line);
    if (row != NULL) {
        ck_assert_int_eq(sscanf(row + strlen(line), " %u ", &count_in_table), 1);
    }
    ck_assert_uint_eq(count, count_in_table);
    return count;
}

START_TEST(a_run_is_told_row_by_row) {
    ck_assert_int_eq(run_tool("run %s --trap-io 0x80 --bell 0xe0000000 --html %s --stats",
                              IMAGE(mixture), path_of("page.html")),
                     0);
    read_page("page.html");
    ck_assert(json_member_is(data, "image", "\"mixture\""));
    ck_assert(json_member_is(data, "time", "\"host\""));
    ck_assert_uint_eq(count_rows(ROW_EXIT, ""), 82);
    ck_assert_uint_eq(count_rows(ROW_BELL, ""), 40);
    ck_assert_uint_eq(count_rows(ROW_PACKET, "\"GUEST_BELL\""), 1);
    ck_assert_uint_eq(count_rows(ROW_PACKET, "\"GUEST_IO\""), 2);
    ck_assert_uint_eq(count_rows(ROW_CODE, "\"in al, 0x80\""), 1);
    ck_assert_uint_eq(count_of_kind(ZIRCONIA_EXIT_CPUID), 1);
    ck_assert_uint_eq(count_of_kind(ZIRCONIA_EXIT_IO_INSTRUCTION), 41);
    ck_assert_uint_eq(count_of_kind(ZIRCONIA_EXIT_EPT_VIOLATION), 40);
    ck_assert_uint_eq(count_of_kind(ZIRCONIA_EXIT_HLT), 0);
}
END_TEST

// Register 0 is RAX: the leaf at the CPUID, and then what the kernel made of it.
START_TEST(registers_are_told_where_they_change) {
    run_tool("run %s --virtual-time --trap-io 0x80 --bell 0xe0000000 --html %s", IMAGE(mixture),
             path_of("page.html"));
    read_page("page.html");
    ck_assert_uint_eq(count_rows(ROW_EXIT, ",0,0,0,[\"40000000\",\"0\"],[0,\"40000000\",7,"), 1);
    ck_assert_uint_eq(
        count_rows(ROW_ENTER, "[0,\"40000001\",1,\"4b4d564b\",2,\"564b4d56\",3,\"4d\"]"), 1);
    ck_assert_uint_eq(count_rows(ROW_EXIT, "[\"e0000000\",\"2\"],[2,\"28\"]"), 1);
    // The tool answers 0 to the first input of a byte.
    ck_assert_uint_eq(count_rows(ROW_ENTER, "[0,\"40000000\"]"), 1);
    ck_assert_uint_eq(count_rows(ROW_ENTER, ""), 82);
}
END_TEST

START_TEST(a_page_is_the_same_in_each_run_of_virtual_time) {
    static char first[sizeof page];
    for (unsigned run = 0; run < 5; run++) {
        ck_assert_int_eq(
            run_tool("run %s --virtual-time --trap-io 0x80 --bell 0xe0000000 --html %s",
                     IMAGE(mixture), path_of("page.html")),
            0);
        read_page("page.html");
        if (run == 0) {
            memcpy(first, page, sizeof page);
        }
        ck_assert_str_eq(page, first);
    }
}
END_TEST

// The second VCPU's rows about its exits end with its number.
START_TEST(each_vcpu_has_its_rows) {
    static char first[sizeof page];
    for (unsigned run = 0; run < 5; run++) {
        ck_assert_int_eq(run_tool("run %s --cpus 2 --serial 0x3f8 --virtual-time --html %s",
                                  ZIRCONIA_GUEST_DIR "/two_processors.bin", path_of("page.html")),
                         0);
        ck_assert_str_eq(result.out, "a\nb\n");
        read_page("page.html");
        if (run == 0) {
            memcpy(first, page, sizeof page);
        }
        ck_assert_str_eq(page, first);
    }
    ck_assert_uint_eq(count_rows(ROW_SERIAL, "\"a\\n\"]"), 1);
    ck_assert_uint_eq(count_rows(ROW_SERIAL, "\"b\\n\",1]"), 1);
    ck_assert_uint_eq(count_rows(ROW_ENTER, "[0,\"40000001\",1,\"4b4d564b\",2,\"564b4d56\","
                                            "3,\"4d\"],1]"),
                      1);
    // A thing is told of a VCPU's register although another one's is the same.
    ck_assert_uint_eq(count_rows(ROW_EXIT, "[\"3f8\",\"1\",\"0\"],[0,\"4661\",3,\"3f8\"]"), 1);
    ck_assert_uint_eq(count_rows(ROW_EXIT, "[\"3f8\",\"1\",\"0\"],[0,\"62\",3,\"3f8\"]"), 1);
}
END_TEST

// read_page() looks for what could end the script.
START_TEST(what_a_guest_says_stays_in_the_data) {
    ck_assert_int_eq(
        run_tool("run %s --serial 0x3f8 --html %s", IMAGE(speaks), path_of("page.html")), 0);
    ck_assert_ptr_nonnull(strstr(result.out, "</script><script>alert(1)"));
    read_page("page.html");
    ck_assert_uint_eq(count_rows(ROW_SERIAL, "\"\\u003c/script\\u003e\\u003cscript\\u003ealert(1)"
                                             "\\u003c/script\\u003e\\u003c!-- \\u0026 "
                                             "\\u0080\\u00ff\\\"\\\\ \\n\""),
                      1);
    const char *odd = image_of("<b>&.bin", mixture, sizeof mixture - 1);
    run_tool("run '%s' --max-exits 1 --html %s", odd, path_of("page.html"));
    read_page("page.html");
    ck_assert(json_member_is(data, "image", "\"\\u003cb\\u003e\\u0026.bin\""));
}
END_TEST

START_TEST(an_error_is_told_with_its_reason) {
    ck_assert_int_eq(run_tool("run %s --html %s", IMAGE(speaks), path_of("page.html")), 3);
    read_page("page.html");
    ck_assert_uint_eq(count_rows(ROW_EXIT, ",\"ZX_ERR_NOT_FOUND\"]"), 1);
    ck_assert_int_eq(strncmp(member_of_end("reason"), "\"guest_fault\"", 13), 0);
}
END_TEST

START_TEST(a_page_that_cannot_be_written_is_said) {
    ck_assert_int_eq(run_tool("run %s --html %s/none/page.html", IMAGE(mixture), path_of(".")), 2);
    expect_one_complaint(2);
    run_tool("run %s --trap-io 0x80 --bell 0xe0000000 --html /dev/full", IMAGE(mixture));
    expect_one_complaint(125);
    ck_assert_ptr_nonnull(strstr(result.err, "/dev/full: cannot be written"));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tool html");
    TCase *tcase = tcase_create("html");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, a_run_is_told_row_by_row);
    tcase_add_test(tcase, registers_are_told_where_they_change);
    tcase_add_test(tcase, a_page_is_the_same_in_each_run_of_virtual_time);
    tcase_add_test(tcase, each_vcpu_has_its_rows);
    tcase_add_test(tcase, what_a_guest_says_stays_in_the_data);
    tcase_add_test(tcase, an_error_is_told_with_its_reason);
    tcase_add_test(tcase, a_page_that_cannot_be_written_is_said);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
