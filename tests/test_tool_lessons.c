// SPDX-License-Identifier: MIT
//
// `zirconia lesson`: each lesson with a right answer, and with wrong ones of which it says what is
// wrong. An answer is the lines that a learner puts into the guest of examples/lessons/.

#define _XOPEN_SOURCE 700

#include "run_tests.h"
#include "tool_process.h"

#define LESSON_DIR ZIRCONIA_SOURCE_DIR "/examples/lessons"

enum { MOST_ANSWERS = 8 };

struct answer {
    const char *lines;
    const char *verdict; // How it begins, or NULL for the right answer.
};

struct lesson {
    const char *name;
    struct answer answers[MOST_ANSWERS]; // Ends with lines of NULL.
};

#define COUNT "mov ecx, INITIAL_COUNT\nmov eax, 1000\nxor edx, edx\nwrmsr\n"
#define VECTOR "mov ecx, LVT_TIMER\nmov eax, 0x40\nxor edx, edx\nwrmsr\n"
#define WAIT ".wait: pause\ncmp byte [DONE], 1\njne .wait\n"
#define TRY "in al, RETURNS\ninc byte [rel tries]\nout TRY, al\n"
#define REPORT "mov al, [rel tries]\nout TRIES, al\n"

static const struct lesson lessons[] = {
    {"01-first-exit",
     {{"xor eax, eax\nout 0xf4, al\n", NULL},
      {"", "The guest sleeps, and nothing wakes it, at 0x100000: 'hlt'. It should next write 0x0 "
           "to port 0xf4."},
      {"mov al, 1\nout 0xf4, al\n",
       "The guest wrote 0x1 to port 0xf4, not 0x0, at 0x100002: 'out 0xf4, al'."},
      {"out 0xf5, al\n", "The guest wrote to port 0xf5, not 0xf4, at 0x100000: 'out 0xf5, al'."},
      {"ret\n", "The guest stopped at 0x"},
      {"jmp $\n", "The guest ran on and on without an end. It should next write 0x0 to"}}},
    {"02-ports",
     {{"in al, 0x60\nadd al, al\nmov dx, 0x3f8\nout dx, al\n", NULL},
      {"", "The guest ended at 0x100002: 'out 0xf4, al'. It should first read port 0x60."},
      {"in al, 0x60\nadd al, al\nmov dx, 0x3f9\nout dx, al\n",
       "The guest wrote to port 0x3f9, not 0x3f8, at 0x100008: 'out dx, al'."},
      {"in al, 0x60\nmov dx, 0x3f8\nout dx, al\n",
       "The guest wrote 0x15 to port 0x3f8, not 0x2a, at 0x100006: 'out dx, al'."},
      {"in al, 0x60\nadd ax, ax\nmov dx, 0x3f8\nout dx, ax\n",
       "The guest wrote 2 bytes to port 0x3f8, not 1, at 0x100009: 'out dx, ax'."}}},
    {"03-mmio",
     {{"mov eax, [rdi + 4]\ninc eax\nmov [rdi + 8], eax\n", NULL},
      {"mov al, [rdi + 4]\ninc eax\nmov [rdi + 8], eax\n",
       "The guest read 1 byte at guest-physical 0xe0000004, not 4, at 0x100005: 'mov al, byte "},
      {"mov eax, [rdi + 0x1004]\n",
       "The guest read guest-physical 0xe0001004, not 0xe0000004, at 0x100005: "},
      {"inc dword [rdi + 4]\n", "The guest wrote 0x1 as 4 bytes to guest-physical 0xe0000004 at "
                                "0x100005: 'inc dword ptr [rdi + 4]'. It should first read 4 "},
      {"movd xmm0, [rdi + 4]\n",
       "The guest stopped at 0x100005: 'movd xmm0, dword ptr [rdi + 4]': zirconia_mmio_decode() "
       "does not know that instruction. It should next read 4 bytes at "}}},
    {"04-bells",
     {{"mov [rsi], al\nmov [rsi], rax\nmov [rdi], al\n", NULL},
      {"mov [rsi], al\nmov [rdi], al\n",
       "The guest rang the bell at guest-physical 0xe0001000, not 0xe0000000, at 0x10000c: "},
      {"mov al, [rsi]\n", "The guest read guest-physical 0xe0000000 at 0x10000a: 'mov al, byte ptr "
                          "[rsi]'. It should first ring the bell"},
      {"mov [rsi], al\nmov [rsi], al\n",
       "The guest ended at 0x100010: 'out 0xf4, al'. It should first ring the bell at "}}},
    {"05-windows",
     {{"mov al, 1\nout 0x80, al\nmov al, 2\nout 0x81, al\nsti\nnop\n", NULL},
      {"sti\nmov al, 1\nout 0x80, al\nmov al, 2\nout 0x81, al\n",
       "The guest took interrupt vector 0x40 at 0x100012. It should first write 0x2 to "},
      {"mov al, 1\nout 0x80, al\nmov al, 2\nout 0x81, al\n",
       "The guest ended at 0x10000f: 'out 0xf4, al'. It should first open its interrupt window."},
      {"lidt [rel gdt_pointer]\nmov al, 1\nout 0x80, al\nmov al, 2\nout 0x81, al\nsti\nnop\n",
       "The guest stopped at 0x100016: interrupt 64 has no usable gate in the IDT"}}},
    {"06-halt",
     {{".wait: cli\ncmp dword [rel count], 2\nje .done\nsti\nhlt\njmp .wait\n.done:\n", NULL},
      {"hlt\nhlt\n", "The guest halted at 0x100006: 'hlt'. It should first take interrupt vector "},
      {"sti\nhlt\n", "The guest ended at 0x100009: 'out 0xf4, al'. It should first halt."},
      {".wait: sti\ncmp dword [rel count], 2\njne .wait\n",
       "The guest ran on and on without an end. It should next halt."}}},
    {"07-second-vcpu",
     {{"mov edx, 1\nmov eax, 0x4500\nwrmsr\nmov eax, 0x4608\nwrmsr\n" WAIT, NULL},
      {"xor edx, edx\nmov eax, 0x4500\nwrmsr\nmov eax, 0x4608\nwrmsr\n" WAIT,
       "VCPU 0 wrote 0x4608 to MSR 0x830, not 0x100004608, at 0x100024: 'wrmsr'."},
      {"mov edx, 1\nmov eax, 0x4500\nwrmsr\nmov eax, 0x4608\nwrmsr\n",
       "VCPU 0 ended at 0x10002b: 'out 0xf4, al'. VCPU 1 should first write 0x7 to port 0x61."},
      {"mov byte [CODE + 1], 8\nmov edx, 1\nmov eax, 0x4500\nwrmsr\nmov eax, 0x4608\nwrmsr\n" WAIT,
       "VCPU 1 wrote 0x8 to port 0x61, not 0x7, at 0x2: 'out 0x61, al'."},
      {"mov edx, 1\nmov eax, 0x4500\nwrmsr\nmov eax, 0x4608\nwrmsr\njmp $\n",
       "The guest ran on and on without an end. VCPU 0 should next write 0x0 to port 0xf4."}}},
    {"08-page-tables",
     {{"mov eax, 0xc0000083\nmov [ENTRY], rax\nmov edi, DEVICE\nmov dword [rdi], 8\n", NULL},
      {"mov edi, DEVICE\nmov dword [rdi], 8\n",
       "The guest stopped at 0x100005: 'mov dword ptr [rdi], 8': #PF at 0xe0000000 (write, not "},
      {"mov eax, 0x80000083\nmov [ENTRY], rax\nmov edi, DEVICE\nmov dword [rdi], 8\n",
       "The guest wrote to guest-physical 0xa0000000, not 0xe0000000, at 0x100012: "},
      {"mov eax, 0xc0000003\nmov [ENTRY], rax\nmov edi, DEVICE\nmov dword [rdi], 8\n",
       "The guest wrote to guest-physical 0xc0000800, not 0xe0000000, at 0x100012: "}}},
    {"09-timer",
     {{COUNT VECTOR "sti\nhlt\n", NULL},
      {VECTOR COUNT "sti\nhlt\n", "The guest wrote to MSR 0x832, not 0x838, at 0x100011: 'wrmsr'."},
      {COUNT VECTOR "sti\njmp $\n", "The guest took interrupt vector 0x40 at 0x1000"},
      {COUNT "mov ecx, LVT_TIMER\nmov eax, 0x10040\nwrmsr\nsti\nhlt\n",
       "The guest wrote 0x10040 to MSR 0x832, not 0x40, at 0x10001d: 'wrmsr'."},
      {COUNT VECTOR "hlt\n",
       "The guest ended at 0x100024: 'out 0xf4, al'. It should first take "}}},
    {"10-time-travel",
     {{"out SNAPSHOT, al\n" TRY REPORT, NULL},
      {TRY REPORT,
       "The guest read port 0x81 at 0x100000: 'in al, 0x81'. It should first write to "},
      {"out SNAPSHOT, al\n" TRY "mov al, 3\nout TRIES, al\n",
       "The guest wrote 0x3 to port 0x83, not 0x1, at 0x10000e: 'out 0x83, al'."},
      {"inc byte [rel tries]\nout SNAPSHOT, al\n" TRY REPORT,
       "The guest wrote 0x2 to port 0x83, not 0x1, at 0x100018: 'out 0x83, al'."}}},
};

enum { LESSONS = sizeof lessons / sizeof lessons[0] };

// The guest with these lines in it, assembled.
static const char *assemble(const struct lesson *lesson, const char *lines) {
    static const char place[] = "; Your code goes here.\n";
    char guest[0x2000];
    char whole[0x4000];
    char line[1500];
    snprintf(line, sizeof line, LESSON_DIR "/%s.asm", lesson->name);
    read_text_file(line, guest, sizeof guest);
    const char *at = strstr(guest, place);
    ck_assert_ptr_nonnull(at);
    const int length = snprintf(whole, sizeof whole, "%.*s%s%s", (int)(at - guest), guest, lines,
                                at + sizeof place - 1);
    const char *source = make_file("mine.asm", whole, (size_t)length);
    snprintf(line, sizeof line, "'%s' -f bin -Werror -I " LESSON_DIR "/ -o %s %s", ZIRCONIA_NASM,
             path_of("mine.bin"), source);
    run_command(line);
    ck_assert_msg(result.exit_code == 0, "%s", result.err);
    return path_of("mine.bin");
}

// The verdict in one line.
static void unwrap(char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            *text = ' ';
        }
    }
}

START_TEST(a_lesson_tells_right_from_wrong_by_what_the_guest_did) {
    const struct lesson *lesson = &lessons[_i];
    for (const struct answer *answer = lesson->answers; answer->lines != NULL; answer++) {
        const char *expected = answer->verdict != NULL ? answer->verdict : "Right. ";
        run_tool("lesson %d %s", _i + 1, assemble(lesson, answer->lines));
        unwrap(result.out);
        ck_assert_msg(strncmp(result.out, expected, strlen(expected)) == 0,
                      "lesson %d, of\n%s\nwanted: %s\nsaid:   %s", _i + 1, answer->lines, expected,
                      result.out);
        ck_assert_int_eq(result.exit_code, answer->verdict != NULL);
        ck_assert_str_eq(result.err, "");
    }
}
END_TEST

// All of it fits a terminal.
static void expect_narrow(const char *text) {
    while (*text != '\0') {
        const size_t length = strcspn(text, "\n");
        ck_assert_msg(length <= 80, "%.*s", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

START_TEST(a_lesson_has_a_guest_a_page_and_a_goal) {
    char path[512];
    static char page[0x4000];
    const struct lesson *lesson = &lessons[_i];
    ck_assert_int_eq(run_tool("lesson %d", _i + 1), 0);
    expect_narrow(result.out);
    snprintf(path, sizeof path, "%s.asm", lesson->name);
    ck_assert_ptr_nonnull(strstr(result.out, path));
    snprintf(path, sizeof path, ZIRCONIA_SOURCE_DIR "/docs/lessons/%s.md", lesson->name);
    read_text_file(path, page, sizeof page);
    ck_assert_ptr_nonnull(strstr(page, "**Goal.**"));
    assemble(lesson, "");
    run_tool("lesson %d %s", _i + 1, path_of("mine.bin"));
    ck_assert_int_eq(result.exit_code, 1);
    expect_narrow(result.out);
}
END_TEST

START_TEST(lessons_are_listed) {
    ck_assert_int_eq(run_tool("lesson"), 0);
    ck_assert_int_eq(strncmp(result.out, "   1  The first exit\n", 21), 0);
    ck_assert_uint_eq(count_lines(result.out), LESSONS + 2);
    ck_assert_int_eq(run_tool("help lesson"), 0);
    ck_assert_ptr_nonnull(strstr(result.out, "Usage: zirconia lesson"));
}
END_TEST

START_TEST(what_is_no_lesson_is_refused) {
    run_tool("lesson 0");
    expect_one_complaint(2);
    run_tool("lesson %d", LESSONS + 1);
    expect_one_complaint(2);
    run_tool("lesson first");
    expect_one_complaint(2);
    run_tool("lesson 1 a b");
    expect_one_complaint(2);
    run_tool("lesson 1 %s", path_of("missing"));
    expect_one_complaint(2);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tool lessons");
    TCase *tcase = tcase_create("lessons");
    tcase_set_timeout(tcase, 120);
    tcase_add_unchecked_fixture(tcase, make_folder, remove_folder);
    tcase_add_loop_test(tcase, a_lesson_tells_right_from_wrong_by_what_the_guest_did, 0, LESSONS);
    tcase_add_loop_test(tcase, a_lesson_has_a_guest_a_page_and_a_goal, 0, LESSONS);
    tcase_add_test(tcase, lessons_are_listed);
    tcase_add_test(tcase, what_is_no_lesson_is_refused);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
