// SPDX-License-Identifier: MIT
//
// zx_vcpu_write_state() at awkward moments: while an interrupt waits for its window, behind an
// access to a trap by an instruction that would have done more, and inside of a repeated string
// instruction. The guest goes on with what was written, and nothing that was under way changes it
// (hypervisor ABI 3.8, 5.13, 8).

#include "guest_fixture.h"

#include <check.h>
#include <stdbool.h>
#include <string.h>
#include <zirconia/virtual_time.h>

#define RFLAGS_USER 0x244dd5u
#define RFLAGS_FIXED 2u
#define RFLAGS_TF 0x100u
#define RFLAGS_IF 0x200u
#define RFLAGS_DF 0x400u
#define FLAGS (RFLAGS_USER & ~RFLAGS_TF) // TF would trap.

#define DUMP 0x20000u // What the guests store: registers, RFLAGS, RIP.
#define DUMP_FLAGS 0x20080u
#define DUMP_RIP 0x20088u
#define EXPECTED_RIP 0x20090u
#define STACK 0x50000u
#define RSP_PLACE 4u

static zx_vcpu_state_t different_values(void) {
    uint64_t values[17];
    zx_vcpu_state_t state;
    for (uint64_t i = 0; i < 16; i++) {
        values[i] = 0x0123456789abcdef * (2 * i + 3);
    }
    values[RSP_PLACE] = STACK;
    values[16] = FLAGS | RFLAGS_FIXED;
    memcpy(&state, values, sizeof state);
    return state;
}

static void expect_dump(const zx_vcpu_state_t *state) {
    uint64_t values[16];
    memcpy(values, state, sizeof values);
    for (unsigned i = 0; i < 16; i++) {
        const uint64_t found = memory_u64(DUMP + 8 * i);
        ck_assert_msg(found == values[i], "register %u: %#llx, not %#llx", i,
                      (unsigned long long)found, (unsigned long long)values[i]);
    }
}

static void write_io(uint8_t size, uint32_t value) {
    const zx_vcpu_io_t io = {.access_size = size, .u32 = value};
    ck_assert_int_eq(zx_vcpu_write_state(vcpu, ZX_VCPU_IO, &io, sizeof io), ZX_OK);
}

// --- While an interrupt waits for its window ---

enum { CLOSED, SHADOW_OF_STI, SHADOW_OF_LOAD, IN_HANDLER }; // The places in late_window.asm.

static void start_window(int which, bool virtual) {
    guest_open();
    guest_load("late_window", ENTRY);
    if (virtual) {
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
        ck_assert_int_eq(zirconia_guest_set_budget(guest, 1000000), ZX_OK);
    }
    trap(ZX_GUEST_TRAP_IO, 0x10, 1, ZX_HANDLE_INVALID, 0);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    const zx_vcpu_state_t state = {.rsi = (uint64_t)which};
    write_state(&state);
}

static void interrupt(uint32_t vector) {
    ck_assert_int_eq(zx_vcpu_interrupt(vcpu, vector), ZX_OK);
}

static void expect_handler(const zx_vcpu_state_t *state) {
    enter_to_end();
    ck_assert_uint_eq(memory_u64(DUMP_RIP), memory_u64(EXPECTED_RIP));
    ck_assert_uint_eq(memory_u64(DUMP_FLAGS), FLAGS | RFLAGS_FIXED | RFLAGS_IF);
    expect_dump(state);
}

START_TEST(what_is_written_while_a_window_is_awaited_is_what_the_handler_finds) {
    start_window(CLOSED, _i != 0);
    ck_assert_uint_eq(enter().guest_io.port, 0x10);
    interrupt(0x40);
    ck_assert_uint_eq(enter().guest_io.port, 0x10);
    const zx_vcpu_state_t written = different_values();
    write_state(&written);
    expect_handler(&written);
    guest_close();
}
END_TEST

START_TEST(an_answer_while_a_window_is_awaited_changes_the_low_bytes_of_rax_only) {
    const struct {
        uint8_t size;
        uint64_t kept;
    } cases[] = {{1, ~0xffull}, {2, ~0xffffull}, {4, ~0xffffffffull}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start_window(CLOSED, _i != 0);
        ck_assert_uint_eq(enter().guest_io.port, 0x10);
        interrupt(0x40);
        ck_assert_uint_eq(enter().guest_io.port, 0x10);
        zx_vcpu_state_t written = different_values();
        write_state(&written);
        write_io(cases[i].size, 0x5a6b7c8d);
        written.rax = (written.rax & cases[i].kept) | (0x5a6b7c8d & ~cases[i].kept);
        expect_handler(&written);
        guest_close();
    }
}
END_TEST

// The shadow of STI or MOV SS is the guest's, and flags that are written leave it: the access comes
// first, each time.
static void write_in_shadow(int which, bool virtual) {
    start_window(which, virtual);
    enter_fails(ZX_ERR_NOT_FOUND);
    interrupt(0x40);
    enter_fails(ZX_ERR_NOT_FOUND);
    zx_vcpu_state_t written = different_values();
    write_state(&written);
    enter_fails(ZX_ERR_NOT_FOUND);
    trap(ZX_GUEST_TRAP_IO, 0x30, 1, ZX_HANDLE_INVALID, 0);
    const zx_port_packet_t packet = enter();
    ck_assert_uint_eq(packet.guest_io.port, 0x30);
    ck_assert_uint_eq(packet.guest_io.input, 1);
    write_io(1, 0x77);
    written.rax = (written.rax & ~0xffull) | 0x77;
    expect_handler(&written);
    guest_close();
}

START_TEST(flags_that_are_written_do_not_end_the_shadow_of_sti) {
    write_in_shadow(SHADOW_OF_STI, _i != 0);
}
END_TEST

START_TEST(flags_that_are_written_do_not_end_the_shadow_of_mov_ss) {
    write_in_shadow(SHADOW_OF_LOAD, _i != 0);
}
END_TEST

// Behind the handler's store, which ends its run, the frame is on the stack still.
static void expect_second(uint32_t first, uint32_t second, bool virtual) {
    start_window(IN_HANDLER, virtual);
    ck_assert_uint_eq(enter().guest_io.port, 0x10);
    zx_vcpu_state_t written = different_values();
    write_state(&written);
    interrupt(first);
    if (first != second) {
        interrupt(second);
    }
    expect_handler(&written);
    if (first == second) {
        interrupt(second);
    }
    const uint64_t frame = read_state().rsp;
    ck_assert_uint_lt(frame, STACK);
    written = different_values();
    written.rax = ~written.rax;
    written.r15 = ~written.r15;
    written.rsp = frame;
    written.rflags = 0;
    write_state(&written);
    written.rsp = STACK; // The return takes it, and the flags, from the frame.
    expect_handler(&written);
    guest_close();
}

START_TEST(the_second_of_two_vectors_finds_what_was_written_in_the_firsts_handler) {
    expect_second(0x41, 0x40, _i != 0);
}
END_TEST

START_TEST(a_second_non_maskable_interrupt_finds_what_was_written_in_the_firsts_handler) {
    expect_second(2, 2, _i != 0);
}
END_TEST

// --- Instructions that a trap, a hole or a budget divides ---

#define CODE 0x30000u
#define TRAP 0x400000u
#define HOLE 0x800000u
#define PLAIN 0x600000u // Memory.

struct divided {
    const char *name;
    uint8_t bytes[8];
    uint8_t size;
    zx_vcpu_state_t before;
    uint64_t address;   // Where the access is, from the page's start.
    zx_vcpu_state_t at; // The registers when a repeated instruction is left.
    bool repeated;
    bool compares;
};

// A register that is to hold an offset in the page: the page's address is added to what is marked
// by 1 in the upper bits.
#define AT(offset) (0x100000000 + (uint64_t)(int64_t)(offset))
#define IS_AT(value) ((value) >> 31 != 0)

static const struct divided divided[] = {
    {"push [rbx]", {0xff, 0x33}, 2, .before = {.rbx = AT(0), .rsp = STACK}},
    {"pop [rbx]", {0x8f, 0x03}, 2, .before = {.rbx = AT(8), .rsp = STACK}, .address = 8},
    {"call [rbx]", {0xff, 0x13}, 2, .before = {.rbx = AT(0), .rsp = STACK}},
    {"push rbx", {0x53}, 1, .before = {.rsp = AT(8)}},
    {"pop rbx", {0x5b}, 1, .before = {.rsp = AT(0)}},
    {"ret", {0xc3}, 1, .before = {.rsp = AT(0)}},
    {"enter 16, 0", {0xc8, 0x10, 0, 0}, 4, .before = {.rsp = AT(8)}},
    {"leave", {0xc9}, 1, .before = {.rbp = AT(0)}},
    {"xchg [rbx], rax", {0x48, 0x87, 0x03}, 3, .before = {.rbx = AT(0)}},
    {"xadd [rbx], rax", {0x48, 0x0f, 0xc1, 0x03}, 4, .before = {.rbx = AT(0)}},
    {"lock inc qword [rbx]", {0xf0, 0x48, 0xff, 0x03}, 4, .before = {.rbx = AT(0)}},
    {"cmpxchg16b [rbx]", {0x48, 0x0f, 0xc7, 0x0b}, 4, .before = {.rbx = AT(0)}},
    {"lock cmpxchg16b",
     {0xf0, 0x48, 0x0f, 0xc7, 0x0b},
     5,
     .before = {.rbx = AT(16)},
     .address = 16},
    {"mov [rbx], rax", {0x48, 0x89, 0x03}, 3, .before = {.rbx = AT(-4)}},
    {"add [rbx], rax", {0x48, 0x01, 0x03}, 3, .before = {.rbx = AT(-4)}},
    {"movups [rbx], xmm0", {0x0f, 0x11, 0x03}, 3, .before = {.rbx = AT(-8)}},
    {"fstp tword [rbx]", {0xdb, 0x3b}, 2, .before = {.rbx = AT(-8)}},
    {"movsq", {0x48, 0xa5}, 2, .before = {.rsi = PLAIN, .rdi = AT(0)}},
    {"lodsq", {0x48, 0xad}, 2, .before = {.rsi = AT(0)}},
    {"rep movsb",
     {0xf3, 0xa4},
     2,
     .before = {.rsi = PLAIN, .rdi = AT(-0x100), .rcx = 0x180},
     .at = {.rsi = PLAIN + 0x100, .rdi = AT(0), .rcx = 0x80},
     .repeated = true},
    {"rep movsq, from there",
     {0xf3, 0x48, 0xa5},
     3,
     .before = {.rsi = AT(-0x100), .rdi = PLAIN, .rcx = 0x100},
     .at = {.rsi = AT(0), .rdi = PLAIN + 0x100, .rcx = 0xe0},
     .repeated = true},
    {"rep stosd, downwards",
     {0xf3, 0xab},
     2,
     .before = {.rdi = AT(0x1008), .rcx = 9, .rflags = RFLAGS_DF},
     .address = 0xffc,
     .at = {.rdi = AT(0xffc), .rcx = 6, .rflags = RFLAGS_DF},
     .repeated = true},
    {"rep lodsb",
     {0xf3, 0xac},
     2,
     .before = {.rsi = AT(-3), .rcx = 5, .rax = 0x1234},
     .at = {.rsi = AT(0), .rcx = 2, .rax = 0x1200},
     .repeated = true},
    {"repe cmpsb",
     {0xf3, 0xa6},
     2,
     .before = {.rsi = AT(-16), .rdi = PLAIN, .rcx = 64},
     .at = {.rsi = AT(0), .rdi = PLAIN + 16, .rcx = 48},
     .repeated = true,
     .compares = true},
    {"repne scasw",
     {0xf2, 0x66, 0xaf},
     3,
     .before = {.rdi = AT(-16), .rcx = 64, .rax = 1},
     .at = {.rdi = AT(0), .rcx = 56, .rax = 1},
     .repeated = true,
     .compares = true},
};

enum { DIVIDED_COUNT = sizeof divided / sizeof divided[0] };

static zx_vcpu_state_t placed(const zx_vcpu_state_t *state, uint64_t page) {
    uint64_t values[16];
    zx_vcpu_state_t result = *state;
    memcpy(values, state, sizeof values);
    for (unsigned i = 0; i < 16; i++) {
        if (IS_AT(values[i])) {
            values[i] = page + (uint32_t)values[i] + (values[i] >> 32 == 0 ? ~0xffffffffull : 0);
        }
    }
    memcpy(&result, values, sizeof values);
    return result;
}

// The instruction at CODE, then the program `registers`.
static void open_code(const uint8_t *bytes, uint8_t size) {
    const uint32_t distance = ENTRY - (CODE + size + 5);
    uint8_t jump[5] = {0xe9};
    memcpy(jump + 1, &distance, sizeof distance);
    guest_open();
    guest_load("registers", ENTRY);
    memory_write(CODE, bytes, size);
    memory_write(CODE + size, jump, sizeof jump);
}

static void start_divided(const struct divided *form, uint64_t page) {
    ck_assert_int_eq(zx_vcpu_create(guest, 0, CODE, &vcpu), ZX_OK);
    zx_vcpu_state_t before = placed(&form->before, page);
    before.rflags |= RFLAGS_FIXED;
    write_state(&before);
}

// A single instruction has done nothing; a repeated one has done what came before.
static zx_vcpu_state_t expect_divided(const struct divided *form, uint64_t page) {
    zx_vcpu_state_t expected = placed(form->repeated ? &form->at : &form->before, page);
    const zx_vcpu_state_t found = read_state();
    if (form->compares) {
        expected.rflags = found.rflags; // The last round's (docs/cpu.md).
    }
    ck_assert_msg(memcmp(&found, &expected, sizeof found) == 0,
                  "%s: rsi %#llx rdi %#llx rcx %#llx rax %#llx rsp %#llx rflags %#llx", form->name,
                  (unsigned long long)found.rsi, (unsigned long long)found.rdi,
                  (unsigned long long)found.rcx, (unsigned long long)found.rax,
                  (unsigned long long)found.rsp, (unsigned long long)found.rflags);
    for (uint64_t before = page - 8; !form->repeated && before < page; before += 8) {
        ck_assert_uint_eq(memory_u64(before), 0);
    }
    return found;
}

// The client finishes the instruction: the guest goes on behind it.
START_TEST(what_is_written_behind_a_divided_instruction_is_what_the_guest_goes_on_with) {
    const struct divided *form = &divided[_i];
    open_code(form->bytes, form->size);
    trap(ZX_GUEST_TRAP_MEM, TRAP, 0x1000, ZX_HANDLE_INVALID, 0);
    start_divided(form, TRAP);
    const zx_port_packet_t packet = enter();
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_MEM);
    ck_assert_msg(packet.guest_mem.addr == TRAP + form->address, "%s: at %#llx", form->name,
                  (unsigned long long)packet.guest_mem.addr);
    expect_divided(form, TRAP);
    const zx_vcpu_state_t written = different_values();
    write_state(&written);
    enter_to_end();
    expect_dump(&written);
    ck_assert_uint_eq(memory_u64(DUMP_FLAGS), FLAGS | RFLAGS_FIXED);
    guest_close();
}
END_TEST

START_TEST(an_answer_behind_a_divided_instruction_changes_the_low_bytes_of_rax_only) {
    const struct divided *form = &divided[_i];
    open_code(form->bytes, form->size);
    trap(ZX_GUEST_TRAP_MEM, TRAP, 0x1000, ZX_HANDLE_INVALID, 0);
    start_divided(form, TRAP);
    ck_assert_uint_eq(enter().type, ZX_PKT_TYPE_GUEST_MEM);
    zx_vcpu_state_t state = expect_divided(form, TRAP);
    write_io(2, 0x5a6b7c8d);
    state.rax = (state.rax & ~0xffffull) | 0x7c8d;
    enter_to_end();
    expect_dump(&state);
    guest_close();
}
END_TEST

// A hole leaves the guest before the instruction, or before the round of it that would go there:
// what is written is what it goes on with.
static const struct {
    uint8_t step;
    bool rsi;
    bool rdi;
} repeated[] = {{1, true, true},  {8, true, true}, {4, false, true},
                {1, true, false}, {1, true, true}, {2, false, true}}; // The last of `divided`.

enum { REPEATED_COUNT = sizeof repeated / sizeof repeated[0] };
enum { REST = 3 };

START_TEST(a_repeated_instruction_goes_on_with_the_registers_that_were_written) {
    const struct divided *form = &divided[DIVIDED_COUNT - REPEATED_COUNT + _i];
    open_code(form->bytes, form->size);
    ck_assert_int_eq(zx_vmar_unmap(vmar, HOLE, 0x1000), ZX_OK);
    start_divided(form, HOLE);
    enter_fails(ZX_ERR_NOT_FOUND);
    expect_divided(form, HOLE);
    enter_fails(ZX_ERR_NOT_FOUND);
    expect_divided(form, HOLE);
    zx_vcpu_state_t written = different_values();
    written.rsi = PLAIN + 0x2000;
    written.rdi = PLAIN + 0x3000;
    written.rcx = REST;
    written.rax = form->bytes[0] == 0xf2 ? 1 : written.rax; // Not found, so not at an end.
    written.rflags = RFLAGS_FIXED;
    write_state(&written);
    write_io(1, 0xa5);
    written.rax = (written.rax & ~0xffull) | 0xa5;
    enter_to_end();
    written.rsi += repeated[_i].rsi ? REST * repeated[_i].step : 0;
    written.rdi += repeated[_i].rdi ? REST * repeated[_i].step : 0;
    written.rcx = 0;
    if (repeated[_i].rsi && !repeated[_i].rdi) {
        written.rax &= ~0xffull; // What LODSB has loaded.
    }
    expect_dump(&written);
    if (!repeated[_i].rsi && form->bytes[0] == 0xf3) {
        const uint64_t stored = (uint32_t)written.rax;
        ck_assert_uint_eq(memory_u64(PLAIN + 0x3000), stored << 32 | stored);
        ck_assert_uint_eq(memory_u64(PLAIN + 0x3008), stored);
    }
    guest_close();
}
END_TEST

// In virtual time a budget ends the run in the middle of it.
START_TEST(a_repeated_instruction_that_a_budget_divides_goes_on_with_what_was_written) {
    const uint8_t rep_stosb[] = {0xf3, 0xaa};
    open_code(rep_stosb, sizeof rep_stosb);
    ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    ck_assert_int_eq(zirconia_guest_set_budget(guest, 100), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, CODE, &vcpu), ZX_OK);
    const zx_vcpu_state_t before = {.rdi = PLAIN, .rcx = 0x1000, .rax = 0x11};
    write_state(&before);
    enter_fails(ZX_ERR_TIMED_OUT);
    const zx_vcpu_state_t found = read_state();
    ck_assert_uint_eq(found.rdi + found.rcx, PLAIN + 0x1000);
    ck_assert_uint_lt(found.rcx, 0x1000);
    ck_assert_uint_gt(found.rcx, 0);
    zx_vcpu_state_t written = different_values();
    written.rdi = PLAIN + 0x2000;
    written.rcx = 3;
    written.rflags = RFLAGS_FIXED;
    write_state(&written);
    write_io(1, 0x22);
    ck_assert_int_eq(zirconia_guest_set_budget(guest, 1000000), ZX_OK);
    enter_to_end();
    written.rax = (written.rax & ~0xffull) | 0x22;
    written.rdi += 3;
    written.rcx = 0;
    expect_dump(&written);
    ck_assert_uint_eq(memory_u64(PLAIN + 0x2000), 0x222222);
    ck_assert_uint_eq(memory_u64((found.rdi + 7) & ~7ull), 0); // Nothing where it was before.
    guest_close();
}
END_TEST

// A string instruction on ports is refused before its first round, and comes again.
START_TEST(a_repeated_access_to_a_port_that_is_refused_leaves_what_was_written) {
    const uint8_t forms[][2] = {{0xf3, 0x6e}, {0xf3, 0x6c}}; // REP OUTSB, REP INSB
    open_code(forms[_i], 2);
    trap(ZX_GUEST_TRAP_IO, 0x10, 1, ZX_HANDLE_INVALID, 0);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, CODE, &vcpu), ZX_OK);
    zx_vcpu_state_t written = {.rsi = PLAIN, .rdi = PLAIN, .rcx = 5, .rdx = 0x10};
    write_state(&written);
    for (int i = 0; i < 2; i++) {
        enter_fails(ZX_ERR_NOT_SUPPORTED);
        const zx_vcpu_state_t found = read_state();
        ck_assert_int_eq(memcmp(&found, &written, sizeof found), 0);
        written = different_values();
        write_state(&written);
        written.rflags &= RFLAGS_USER;
    }
    enter_fails(ZX_ERR_NOT_SUPPORTED);
    guest_close();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("written_state");
    TCase *tests = tcase_create("written_state");
    tcase_add_loop_test(tests, what_is_written_while_a_window_is_awaited_is_what_the_handler_finds,
                        0, 2);
    tcase_add_loop_test(
        tests, an_answer_while_a_window_is_awaited_changes_the_low_bytes_of_rax_only, 0, 2);
    tcase_add_loop_test(tests, flags_that_are_written_do_not_end_the_shadow_of_sti, 0, 2);
    tcase_add_loop_test(tests, flags_that_are_written_do_not_end_the_shadow_of_mov_ss, 0, 2);
    tcase_add_loop_test(
        tests, the_second_of_two_vectors_finds_what_was_written_in_the_firsts_handler, 0, 2);
    tcase_add_loop_test(
        tests, a_second_non_maskable_interrupt_finds_what_was_written_in_the_firsts_handler, 0, 2);
    tcase_add_loop_test(tests,
                        what_is_written_behind_a_divided_instruction_is_what_the_guest_goes_on_with,
                        0, DIVIDED_COUNT);
    tcase_add_loop_test(tests,
                        an_answer_behind_a_divided_instruction_changes_the_low_bytes_of_rax_only, 0,
                        DIVIDED_COUNT);
    tcase_add_loop_test(tests, a_repeated_instruction_goes_on_with_the_registers_that_were_written,
                        0, REPEATED_COUNT);
    tcase_add_test(tests,
                   a_repeated_instruction_that_a_budget_divides_goes_on_with_what_was_written);
    tcase_add_loop_test(tests, a_repeated_access_to_a_port_that_is_refused_leaves_what_was_written,
                        0, 2);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
