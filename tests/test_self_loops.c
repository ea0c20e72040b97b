// SPDX-License-Identifier: MIT
//
// Instructions that lead to themselves: a guest that does nothing else spends its budget, and can
// be kicked. Unicorn runs some of them, the library runs others, and what lies at the start of a
// page is not translated where its block would end where it begins.

#include "execute.h"
#include "other_thread.h"
#include "report_port.h"
#include "snapshot_fixture.h"

#include <stdatomic.h>
#include <zirconia/virtual_time.h>

enum { LONG, PROTECTED_32, PROTECTED_16, REAL };

// A hundred exits that are no work by themselves count as a piece of it (docs/engine-hazards.md).
enum { BUDGET = 20, MOST_TIMES = 110 * BUDGET };

// For CALLs that push 8 bytes each.
#define LONG_BUDGET 1000u
#define PUSHES_END 0xf00000u

#define LONG_CODE 0x50000u
#define LEGACY_CODE 0xc000u
#define FAR_POINTER 0x9f00u // To the instruction, for indirect jumps.
#define NEAR_POINTER 0x9d00u
#define LONG_FRAMES 0x60000u
#define LEGACY_FRAMES 0x1000u
#define LEGACY_TARGET 0x7f00u
#define IDT_REGISTER 0x9e00u

#define MSR_SYSENTER_CS 0x174u
#define MSR_SYSENTER_EIP 0x176u
#define MSR_EFER 0xc0000080u
#define MSR_LSTAR 0xc0000082u
#define EFER_LONG_AND_SYSCALL 0x501u // LMA, LME, SCE

struct self_loop {
    const char *name;
    int mode;
    uint8_t code[8];
    uint8_t size;
    uint8_t pointer_at; // Where `code` has its own address, then its selector, or 0.
    enum { STAYS, PUSHES, POPS_FAR, POPS_IRET } stack; // What happens to it.
};

#define CODE(bytes) bytes, sizeof(bytes) - 1

static const struct self_loop loops[] = {
    {"JMP rel8", LONG, CODE("\xeb\xfe"), 0, STAYS},
    {"JMP rel32", LONG, CODE("\xe9\xfb\xff\xff\xff"), 0, STAYS},
    {"JMP RAX", LONG, CODE("\xff\xe0"), 0, STAYS},
    {"JMP [mem]", LONG, CODE("\xff\x24\x25\x00\x9d\x00\x00"), 0, STAYS},
    {"JMP m16:32", LONG, CODE("\xff\x2c\x25\x00\x9f\x00\x00"), 0, STAYS},
    {"CALL rel32", LONG, CODE("\xe8\xfb\xff\xff\xff"), 0, PUSHES},
    {"CALL RAX", LONG, CODE("\xff\xd0"), 0, PUSHES},
    {"CALL m16:32", LONG, CODE("\xff\x1c\x25\x00\x9f\x00\x00"), 0, PUSHES},
    {"RETFQ", LONG, CODE("\x48\xcb"), 0, POPS_FAR},
    {"IRETQ", LONG, CODE("\x48\xcf"), 0, POPS_IRET},
    {"LOOP", LONG, CODE("\xe2\xfe"), 0, STAYS},
    {"JRCXZ", LONG, CODE("\xe3\xfe"), 0, STAYS},
    {"INT 80h", LONG, CODE("\xcd\x80"), 0, PUSHES},
    {"INT3", LONG, CODE("\xcc"), 0, PUSHES},
    {"INT1", LONG, CODE("\xf1"), 0, PUSHES},
    {"UD2", LONG, CODE("\x0f\x0b"), 0, PUSHES},
    {"SYSCALL", LONG, CODE("\x0f\x05"), 0, STAYS},
    {"SYSENTER", LONG, CODE("\x0f\x34"), 0, STAYS},
    {"JMP rel8", PROTECTED_32, CODE("\xeb\xfe"), 0, STAYS},
    {"JMP ptr16:32", PROTECTED_32, CODE("\xea....\x08\x00"), 1, STAYS},
    {"JMP m16:32", PROTECTED_32, CODE("\xff\x2d\x00\x9f\x00\x00"), 0, STAYS},
    {"CALL ptr16:32", PROTECTED_32, CODE("\x9a....\x08\x00"), 1, PUSHES},
    {"CALL m16:32", PROTECTED_32, CODE("\xff\x1d\x00\x9f\x00\x00"), 0, PUSHES},
    {"RETF", PROTECTED_32, CODE("\xcb"), 0, POPS_FAR},
    {"IRETD", PROTECTED_32, CODE("\xcf"), 0, POPS_IRET},
    {"JMP ptr16:16", PROTECTED_16, CODE("\xea..\x18\x00"), 1, STAYS},
    {"JMP m16:16", PROTECTED_16, CODE("\xff\x2e\x00\x9f"), 0, STAYS},
    {"CALL ptr16:16", PROTECTED_16, CODE("\x9a..\x18\x00"), 1, PUSHES},
    {"RETF", PROTECTED_16, CODE("\xcb"), 0, POPS_FAR},
    {"IRET", PROTECTED_16, CODE("\xcf"), 0, POPS_IRET},
    {"JMP ptr16:16", REAL, CODE("\xea..\x00\x00"), 1, STAYS},
    {"CALL ptr16:16", REAL, CODE("\x9a..\x00\x00"), 1, PUSHES},
    {"RETF", REAL, CODE("\xcb"), 0, POPS_FAR},
    {"IRET", REAL, CODE("\xcf"), 0, POPS_IRET},
    {"INT 80h", REAL, CODE("\xcd\x80"), 0, PUSHES},
};

static const uint16_t selectors[] = {
    [LONG] = 0x08, [PROTECTED_32] = 0x08, [PROTECTED_16] = 0x18, [REAL] = 0};
static const uint16_t stack_selectors[] = {
    [LONG] = 0x10, [PROTECTED_32] = 0x10, [PROTECTED_16] = 0x20, [REAL] = 0};
static const size_t stack_words[] = {
    [LONG] = 8, [PROTECTED_32] = 4, [PROTECTED_16] = 2, [REAL] = 2};

static size_t pointer_size(int mode) {
    return mode == LONG || mode == PROTECTED_32 ? 4 : 2;
}

static void put_far_pointer(uint64_t at, int mode, uint32_t address) {
    memory_write(at, &address, pointer_size(mode));
    memory_write(at + pointer_size(mode), &selectors[mode], sizeof selectors[mode]);
}

static uint64_t put_frame(uint64_t at, int mode, const uint64_t *words, size_t count) {
    for (size_t i = 0; i < count; i++, at += stack_words[mode]) {
        memory_write(at, &words[i], stack_words[mode]);
    }
    return at;
}

// As many frames as are popped; IRETQ pops its stack too, and comes to the same frame again.
static void put_frames(const struct self_loop *loop, uint32_t address) {
    const int mode = loop->mode;
    const uint64_t frames = mode == LONG ? LONG_FRAMES : LEGACY_FRAMES;
    const uint64_t words[] = {address, selectors[mode], 2, frames, stack_selectors[mode]};
    uint64_t at = frames;
    for (unsigned i = 0; i < MOST_TIMES; i++) {
        at = put_frame(at, mode, words,
                       loop->stack == POPS_FAR ? 2
                       : mode == LONG          ? COUNT_OF(words)
                                               : 3);
    }
}

static void put_gates(uint32_t address) {
    static const uint8_t vectors[] = {1, 3, 6, 0x80};
    put_code("\x0f\x01\x0c\x25\x00\x9e\x00\x00"); // sidt [IDT_REGISTER]
    zx_vcpu_state_t state = {0};
    run_code(&state);
    const uint64_t gate[2] = {(uint64_t)(address & 0xffff0000) << 32 | 0xee00ull << 32 |
                                  0x08u << 16 | (address & 0xffff),
                              0};
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        memory_write(memory_u64(IDT_REGISTER + 2) + 16u * vectors[i], gate, sizeof gate);
    }
}

static void start_long_mode(uint32_t address) {
    guest_load("execute", ENTRY);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    enter_to_end();
    put_gates(address);
    write_msr(MSR_EFER, EFER_LONG_AND_SYSCALL);
    write_msr(MSR_LSTAR, address);
    write_msr(MSR_SYSENTER_CS, 0x08);
    write_msr(MSR_SYSENTER_EIP, address);
    const uint8_t jump[] = {0xff, 0xe0}; // jmp rax
    memory_write(EXECUTE_SLOT, jump, sizeof jump);
}

static void start_protected_mode(int mode, uint32_t address) {
    guest_load("execute_legacy", REAL_MODE_ENTRY);
    create_in_real_mode(REAL_MODE_ENTRY);
    enter_to_end();
    put_far_pointer(LEGACY_TARGET, PROTECTED_32, address);
    memory_write(LEGACY_TARGET + 4, &selectors[mode], sizeof selectors[mode]);
}

static void start_real_mode(uint32_t address) {
    create_in_real_mode(address);
    memory_write(4 * 0x80, &address, sizeof address);
}

static void start(const struct self_loop *loop, uint32_t offset, bool virtual_time) {
    static const uint32_t codes[] = {LONG_CODE, LEGACY_CODE, LEGACY_CODE, REAL_MODE_ENTRY};
    const uint32_t address = codes[loop->mode] + offset;
    guest_open();
    if (virtual_time) {
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    }
    switch (loop->mode) {
    case LONG:
        start_long_mode(address);
        break;
    case REAL:
        start_real_mode(address);
        break;
    default:
        start_protected_mode(loop->mode, address);
    }
    memory_write(address, loop->code, loop->size);
    const uint64_t near_pointer = address;
    memory_write(NEAR_POINTER, &near_pointer, sizeof near_pointer);
    put_far_pointer(FAR_POINTER, loop->mode, address);
    if (loop->pointer_at != 0) {
        put_far_pointer(address + loop->pointer_at, loop->mode, address);
    }
    zx_vcpu_state_t state = {.rax = address, .rsp = loop->mode == LONG ? EXECUTE_STACK : 0x7000};
    if (loop->stack == POPS_FAR || loop->stack == POPS_IRET) {
        put_frames(loop, address);
        state.rsp = loop->mode == LONG ? LONG_FRAMES : LEGACY_FRAMES;
    }
    write_state(&state);
}

// At the start of a page, in the middle, and where it can from one page to the next.
static const uint32_t offsets[] = {0, 0x123, 0xfff};

static void ends_with(zx_status_t status, const struct self_loop *loop, uint32_t offset) {
    zx_port_packet_t packet;
    const zx_status_t result = zx_vcpu_enter(vcpu, &packet);
    ck_assert_msg(result == status, "%s in mode %d at %#x: %d", loop->name, loop->mode, offset,
                  result);
}

START_TEST(an_instruction_that_leads_to_itself_spends_the_budget) {
    for (size_t i = 0; i < COUNT_OF(offsets); i++) {
        start(&loops[_i], offsets[i], true);
        ck_assert_int_eq(zirconia_guest_set_budget(guest, BUDGET), ZX_OK);
        ends_with(ZX_ERR_TIMED_OUT, &loops[_i], offsets[i]);
        guest_close();
    }
}
END_TEST

START_TEST(an_instruction_that_leads_to_itself_can_be_kicked) {
    const struct self_loop *loop = &loops[_i];
    for (size_t i = 0; i < COUNT_OF(offsets) && loop->stack == STAYS; i++) {
        atomic_bool over = false;
        start(loop, offsets[i], false);
        const pthread_t kicker = start_thread(kick_now_and_then, &over);
        for (unsigned kicks = 0; kicks < 20; kicks++) {
            ends_with(ZX_ERR_CANCELED, loop, offsets[i]);
        }
        atomic_store(&over, true);
        join_thread(kicker);
        guest_close();
    }
}
END_TEST

// The first few times by a file, which takes much longer.
static void restore_here(unsigned number) {
    zx_handle_t snapshot = snapshot_of(guest);
    if (number < 5) {
        save_snapshot(snapshot);
        ck_assert_int_eq(zx_handle_close(snapshot), ZX_OK);
        snapshot = load_snapshot();
    }
    restore(snapshot);
    ck_assert_int_eq(zx_handle_close(snapshot), ZX_OK);
}

static void start_pushing(void) {
    static const struct self_loop loop = {"CALL ptr16:32", PROTECTED_32, CODE("\x9a....\x08\x00"),
                                          1, PUSHES};
    start(&loop, 0, true);
    zx_vcpu_state_t state = read_state();
    state.rsp = PUSHES_END;
    write_state(&state);
    ck_assert_int_eq(zirconia_guest_set_budget(guest, LONG_BUDGET), ZX_OK);
}

// How far it has come at the end of its budget. Counts the times that it was restored on its way.
static uint64_t restored_while_pushing(unsigned *restores) {
    atomic_bool over = false;
    zx_port_packet_t packet;
    zx_status_t status = ZX_OK;
    start_pushing();
    const pthread_t kicker = start_thread(kick_now_and_then, &over);
    while ((status = zx_vcpu_enter(vcpu, &packet)) == ZX_ERR_CANCELED) {
        *restores += read_state().rsp != PUSHES_END;
        restore_here(*restores);
    }
    atomic_store(&over, true);
    join_thread(kicker);
    ck_assert_int_eq(status, ZX_ERR_TIMED_OUT);
    const uint64_t end = read_state().rsp;
    guest_close();
    return end;
}

// Where the guest is among exits that are no work by themselves is a part of the snapshot.
START_TEST(a_snapshot_among_idle_exits_changes_no_time) {
    unsigned restores = 0;
    start_pushing();
    enter_fails(ZX_ERR_TIMED_OUT);
    const uint64_t end = read_state().rsp;
    guest_close();
    while (restores == 0) {
        ck_assert_uint_eq(restored_while_pushing(&restores), end);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("self_loops");
    TCase *tcase = tcase_create("self_loops");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, an_instruction_that_leads_to_itself_spends_the_budget, 0,
                        COUNT_OF(loops));
    tcase_add_loop_test(tcase, an_instruction_that_leads_to_itself_can_be_kicked, 0,
                        COUNT_OF(loops));
    tcase_add_test(tcase, a_snapshot_among_idle_exits_changes_no_time);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
