// SPDX-License-Identifier: MIT
//
// `zirconia step` by scripts: where each command leads, forward and backward, and what is shown.

#define _XOPEN_SOURCE 700

#include "run_tests.h"
#include "tool_process.h"

#define GUEST ZIRCONIA_GUEST_DIR "/stepped.bin"
#define DEVICES "--serial 0x3f8 --bell 0xe0000000 --trap-mem 0xe0001000"

static int run_script(const char *script) {
    make_file("script", script, strlen(script));
    return run_tool("step " GUEST " " DEVICES " --no-tui -s %s", path_of("script"));
}

// Runs a script and compares all that it says.
static void expect(const char *script, const char *said) {
    ck_assert_msg(run_script(script) == 0, "%s", result.err);
    ck_assert_str_eq(result.out, said);
    ck_assert_str_eq(result.err, "");
}

// A line of a script, and what is said of it.
struct step {
    const char *command;
    const char *said;
};

static void expect_steps(const struct step *steps, size_t count) {
    char script[4096];
    char said[8192];
    size_t length = 0;
    size_t length_said = 0;
    for (size_t i = 0; i < count; i++) {
        length +=
            (size_t)snprintf(script + length, sizeof script - length, "%s\n", steps[i].command);
        length_said +=
            (size_t)snprintf(said + length_said, sizeof said - length_said, "%s\n", steps[i].said);
        ck_assert_uint_lt(length, sizeof script);
        ck_assert_uint_lt(length_said, sizeof said);
    }
    expect(script, said);
}

#define EXPECT_STEPS(...)                                                                          \
    do {                                                                                           \
        const struct step steps[] = {__VA_ARGS__};                                                 \
        expect_steps(steps, sizeof steps / sizeof steps[0]);                                       \
    } while (0)

START_TEST(steps_go_on_and_back) {
    EXPECT_STEPS({"step", "> 100005: dec ecx"}, {"step", "> 100007: jne 0x100005"},
                 {"s 3", "> 100005: dec ecx"}, {"back", "> 100007: jne 0x100005"},
                 {"back 2", "> 100007: jne 0x100005"}, {"b", "> 100005: dec ecx"},
                 {"b", "> 100000: mov ecx, 3"},
                 {"b", "this is the beginning\n> 100000: mov ecx, 3"});
}
END_TEST

// The function is called at 100009 and begins at 10005e.
START_TEST(a_call_is_stepped_into_or_over) {
    EXPECT_STEPS({"until 0x100009", "stopped at 100009\n> 100009: call 0x10005e"},
                 {"step", "> 10005e: push rcx"}, {"back", "> 100009: call 0x10005e"},
                 {"over", "> 10000e: mov eax, 0x40000000"}, {"back", "> 10006b: ret"},
                 {"back-until 0x100009", "stopped at 100009\n> 100009: call 0x10005e"},
                 {"break 0x10006a", "breakpoint at 10006a"},
                 {"over", "stopped at 10006a\n> 10006a: pop rcx"});
}
END_TEST

static const char at_cpuid[] = "#1 cpuid 'cpuid' leaf=0x40000000 subleaf=0x0\n"
                               "> 100015: mov edi, 0xe0000000";
static const char at_bell[] =
    "#2 ept_violation 'mov dword ptr [rdi], eax' -> GUEST_BELL addr=0xe0000000 access=write\n"
    "> 10001c: mov edi, 0xe0001000";
static const char at_trap[] =
    "#3 ept_violation 'movzx ebx, byte ptr [rdi]' -> GUEST_MEM addr=0xe0001000 access=read\n"
    "> 100024: mov edx, 0x3f8";
static const char at_output[] =
    "#4 io_instruction 'out dx, al' -> GUEST_IO port=0x3f8 access_size=1 input=false\n"
    "> 10002c: mov al, 0xa";
static const char at_newline[] =
    "#5 io_instruction 'out dx, al' -> GUEST_IO port=0x3f8 access_size=1 input=false\n"
    "> 10002f: lgdt [0x100088]";
static const char at_wrmsr[] = "#6 wrmsr 'wrmsr' msr=0x83f value=0x20\n> 100056: nop";
static const char at_window[] = "#7 interrupt_window\n> 10006c: iretq";
static const char at_end[] = "the guest has ended well: it wrote 0 to port 0xf4\n"
                             "> 10005e: push rcx";

START_TEST(exits_are_gone_to_and_back_to) {
    EXPECT_STEPS({"exit", at_cpuid}, {"exit", at_bell}, {"exit", at_trap}, {"exit", at_output},
                 {"exit", at_newline}, {"exit", at_wrmsr}, {"exit", at_window}, {"exit", at_end},
                 {"back-exit", at_window}, {"back-exit", at_wrmsr}, {"back-exit", at_newline},
                 {"back-exit", at_output}, {"back-exit", at_trap}, {"back-exit", at_bell},
                 {"back-exit", at_cpuid},
                 {"back-exit", "this is the beginning\n> 100000: mov ecx, 3"},
                 {"exit wrmsr", at_wrmsr}, {"back-exit cpuid", at_cpuid});
}
END_TEST

START_TEST(packets_are_gone_to_and_back_to) {
    EXPECT_STEPS({"packet", at_bell}, {"packet", at_trap}, {"packet", at_output}, {"p", at_newline},
                 {"p", at_end}, {"back-packet", at_newline}, {"P", at_output}, {"P", at_trap},
                 {"P", at_bell}, {"p", at_trap});
}
END_TEST

// Neither kicks nor stops in the middle change what the guest does, or when.
START_TEST(all_ways_lead_to_the_same_moment) {
    static const char *const ways[] = {"continue",
                                       "exit\nexit\nexit\nexit\nexit\nexit\nexit\nexit",
                                       "step 40\ncontinue",
                                       "packet\nback 3\nexit hlt",
                                       "watch 0x104000\ncontinue\nunwatch\ncontinue",
                                       "exit wrmsr\nback-exit\nbeginning\ncontinue"};
    char first[sizeof result.out];
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        char script[256];
        snprintf(script, sizeof script, "%s\nscreen\n", ways[i]);
        ck_assert_int_eq(run_script(script), 0);
        char *title = strstr(result.out, " zirconia step");
        ck_assert_ptr_nonnull(title);
        *strchr(title, '\n') = '\0';
        if (i == 0) {
            snprintf(first, sizeof first, "%s", title);
        }
        ck_assert_str_eq(title, first);
    }
}
END_TEST

START_TEST(stores_are_found) {
    EXPECT_STEPS({"watch 0x104000:4", "4 bytes at 104000 are watched"},
                 {"continue", "what is watched at 104000 changes here\n> 10006a: pop rcx"},
                 {"continue", at_end},
                 {"back-continue", "what is watched at 104000 changes here\n"
                                   "> 10005f: mov dword ptr [0x104000], 0x1234"});
}
END_TEST

// How many lines say just this.
static unsigned count_of(const char *line) {
    unsigned count = 0;
    char text[64];
    snprintf(text, sizeof text, "\n%s\n", line);
    for (const char *at = result.out; (at = strstr(at, text)) != NULL; at++) {
        count++;
    }
    return count;
}

START_TEST(what_the_guest_printed_goes_back_with_it) {
    ck_assert_int_eq(run_script("packet\npacket\npacket\npacket\nshow serial\nback-packet\n"
                                "back-packet\nshow serial\npacket\npacket\nshow serial"),
                     0);
    ck_assert_uint_eq(count_of("A"), 2);
    ck_assert_uint_eq(count_of("The guest has written nothing yet."), 0);
    ck_assert_uint_eq(count_of(" The guest has written nothing yet."), 1);
}
END_TEST

// Runs a script with a guest of some bytes, and compares all that it says.
static void expect_of(const char *guest, size_t size, const char *script, const char *said) {
    char path[512];
    snprintf(path, sizeof path, "%s", make_file("guest", guest, size));
    make_file("script", script, strlen(script));
    ck_assert_int_eq(run_tool("step %s --no-tui -s %s", path, path_of("script")), 0);
    ck_assert_str_eq(result.out, said);
    ck_assert_str_eq(result.err, "");
}

// nop; hlt; nop
START_TEST(a_guest_that_sleeps_for_ever_is_told_of) {
    static const char said[] = "the guest halts here, and nothing will wake it\n"
                               "> 100001: hlt\n"
                               "the guest halts here, and nothing will wake it\n"
                               "> 100001: hlt\n"
                               "> 100000: nop\n"
                               "> 100001: hlt\n"
                               "the guest halts here, and nothing will wake it\n"
                               "> 100001: hlt\n";
    expect_of("\x90\xf4\x90", 3, "continue\nstep\nback\nstep\nexit hlt\n", said);
}
END_TEST

// mov eax, 7; ud2. There are no gates, and what is at the address of the IDT is none.
#define NO_GATE " has no usable gate in the IDT (base 0x0, limit 0xffff); "
#define AT_FAULT                                                                                   \
    "the guest cannot go on: #UD" NO_GATE "#GP(0x33)" NO_GATE "#DF" NO_GATE                        \
    "triple fault (ZX_ERR_NOT_SUPPORTED)\n> 100005: ud2\n"

START_TEST(a_guest_goes_back_from_its_end) {
    static const char said[] =
        AT_FAULT AT_FAULT "> 100005: ud2\n> 100000: mov eax, 7\n> 100005: ud2\n" AT_FAULT
                          "this is the beginning\n> 100000: mov eax, 7\n";
    expect_of("\xb8\7\0\0\0\x0f\x0b", 7, "continue\nstep\nback\nback\nstep\nstep\nback-exit\n",
              said);
}
END_TEST

// At the handler IF is 0, so the second one waits for the first one's IRET.
START_TEST(an_interrupt_is_sent_by_hand) {
    static const char delivered[] = "interrupt_injected vector=32\n> 10006c: iretq";
    EXPECT_STEPS({"exit interrupt_injected", delivered}, {"interrupt 32", "vector 32 is pending"},
                 {"back", "this is the beginning\n> 10006c: iretq"},
                 {"exit interrupt_injected", delivered}, {"back", "> 100059: cli"},
                 {"back", "> 10006c: iretq"});
    expect_of("\x90\xf4\x90", 3, "exit hlt\ni 0x20\nshow events\n",
              "the guest halts here, and nothing will wake it\n> 100001: hlt\n"
              "vector 32 is pending\n"
              " pending: 32 (next)\n"
              " window:  closed, IF is 0: its opening will be an exit, interrupt_window\n"
              " NMI:     would be delivered at once\n\n"
              " timer: one-shot, vector 0, masked, initial count 0, divide configuration 0\n"
              "        it stands still\n\n"
              " delivered last: nothing\n\n\n");
}
END_TEST

START_TEST(a_wrong_line_ends_a_script) {
    static const struct {
        const char *script;
        const char *complaint;
    } cases[] = {
        {"stepp", "script:1: unknown command 'stepp'; did you mean step"},
        {"step\nstep no", "script:2: 'no' is not a number above 0"},
        {"until nowhere",
         "script:1: 'nowhere' is no address: a number, a function, a register, or"},
        {"until", "script:1: until needs ADDRESS"},
        {"continue 3", "script:1: continue takes nothing behind it"},
        {"exit hlz", "script:1: there is no kind of exit 'hlz'; did you mean hlt"},
        {"show stacks", "script:1: there is no pane 'stacks'; did you mean stack"},
        {"watch 0x104000:9", "script:1: 1 to 8 bytes can be watched"},
        {"watch 0x8000000000", "script:1: that address is not mapped"},
        {"delete 5", "script:1: there is no breakpoint at 5"},
        {"interrupt 256", "script:1: '256' is no vector: a number from 0 to 255"},
        {"screen 0x5", "script:1: '0x5' is no size"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_int_eq(run_script(cases[i].script), 2);
        ck_assert_msg(strstr(result.err, cases[i].complaint) != NULL, "not '%s' but: %s",
                      cases[i].complaint, result.err);
    }
    ck_assert_int_eq(run_tool("step " GUEST " --no-tui -s /nowhere/at/all"), 2);
    ck_assert_int_eq(run_tool("step " GUEST " </dev/null"), 2);
    ck_assert_str_eq(result.err, "zirconia: there is no terminal to step at; see --no-tui\n");
}
END_TEST

static Suite *make_suite(void) {
    Suite *suite = suite_create("tool step");
    TCase *tcase = tcase_create("scripts");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, steps_go_on_and_back);
    tcase_add_test(tcase, a_call_is_stepped_into_or_over);
    tcase_add_test(tcase, exits_are_gone_to_and_back_to);
    tcase_add_test(tcase, packets_are_gone_to_and_back_to);
    tcase_add_test(tcase, all_ways_lead_to_the_same_moment);
    tcase_add_test(tcase, stores_are_found);
    tcase_add_test(tcase, what_the_guest_printed_goes_back_with_it);
    tcase_add_test(tcase, a_guest_that_sleeps_for_ever_is_told_of);
    tcase_add_test(tcase, a_guest_goes_back_from_its_end);
    tcase_add_test(tcase, an_interrupt_is_sent_by_hand);
    tcase_add_test(tcase, a_wrong_line_ends_a_script);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void) {
    return run_suite(make_suite());
}
