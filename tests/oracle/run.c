// SPDX-License-Identifier: MIT
//
// The two sides; see the header. On the host a fault is a signal: its handler notes vector and
// error code in the case, as oracle.asm does in the guest.

#define _GNU_SOURCE // NOLINT: REG_RIP and its like

#include "oracle/run.h"

#if defined(__x86_64__) && defined(__linux__)

#include "guest_fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

// Places of oracle.inc.
#define ORACLE_DONE (ORACLE + 0x20)
#define ORACLE_DONE_32 (ORACLE + 0x30)
#define ORACLE_ENTER_32 (ORACLE + 0x40)
#define ORACLE_FAULTED (ORACLE + 0x50)

enum { SLOT = 32, JUMP = 0xe9, PAGE_TABLE = 0x3000, LARGE_PAGE = 0x200000 };

struct oracle_data {
    uint64_t current;
    uint64_t end;
    uint16_t code_64;
    uint16_t code_32;
    uint16_t data;
};

// Linux's selectors of user mode, and those of common.inc.
static const struct oracle_data host_data = {.code_64 = 0x33, .code_32 = 0x23, .data = 0x2b};
static const struct oracle_data guest_data = {.code_64 = 0x2b, .code_32 = 0x1b, .data = 0x23};

#define DATA ((volatile struct oracle_data *)(uintptr_t)ORACLE_DATA)
#define CS_MASK 0xffffu

static const struct form *placed;

// --- Code ---

static void put_slot(uint8_t *slot, const struct form *form, const uint8_t *bytes, size_t size) {
    const uint32_t back = form->row->legacy ? ORACLE_DONE_32 : ORACLE_DONE;
    const uint32_t distance = back - (form->address + (uint32_t)size + 5);
    memcpy(slot, bytes, size);
    slot[size] = JUMP;
    memcpy(slot + size + 1, &distance, sizeof distance);
}

static void place_forms(struct form *forms, size_t count) {
    ck_assert_uint_le(count, (ORACLE_CASES - ORACLE_CODE) / SLOT);
    for (size_t i = 0; i < count; i++) {
        forms[i].address = ORACLE_CODE + (uint32_t)i * SLOT;
    }
}

static void put_host_code(const struct form *forms, size_t count) {
    for (size_t i = 0; i < count; i++) {
        put_slot((uint8_t *)(uintptr_t)forms[i].address, &forms[i], forms[i].host_bytes,
                 forms[i].host_size);
    }
}

static void put_guest_code(const struct form *forms, size_t count) {
    static uint8_t code[ORACLE_CASES - ORACLE_CODE];
    for (size_t i = 0; i < count; i++) {
        put_slot(code + forms[i].address - ORACLE_CODE, &forms[i], forms[i].bytes, forms[i].size);
    }
    memory_write(ORACLE_CODE, code, sizeof code);
}

// Like a process: user mode has what the host maps, and the guest's end of a run. The first pages
// are the kernel's.
static void map_guest(void) {
    uint64_t entries[MEMORY_SIZE / LARGE_PAGE] = {0x83};
    const uint64_t level_three = PAGE_TABLE | 7;
    for (uint64_t page = ORACLE / LARGE_PAGE; page < MEMORY_SIZE / LARGE_PAGE; page++) {
        entries[page] = page * LARGE_PAGE | 0x87;
    }
    memory_write(PAGE_TABLE, entries, sizeof entries);
    memory_write(0x1000, &level_three, sizeof level_three);
}

static void map_host(void) {
    void *wanted = (void *)(uintptr_t)ORACLE;
    void *mapped = mmap(wanted, ORACLE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    ck_assert_ptr_eq(mapped, wanted);
    ck_assert_int_eq(zx_vmo_read(memory, mapped, ORACLE, 0x3000), ZX_OK);
}

void oracle_start(struct form *forms, size_t count) {
    guest_start("oracle");
    guest_load("oracle_cases", ORACLE);
    map_guest();
    map_host();
    placed = forms;
    place_forms(forms, count);
    put_host_code(forms, count);
    put_guest_code(forms, count);
}

// --- Runs ---

static void aim(struct oracle_case *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct form *form = &placed[cases[i].form];
        cases[i].code = form->row->legacy ? ORACLE_ENTER_32 : form->address;
        cases[i].code_32 = form->address;
    }
}

static void on_signal(int signal, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    struct oracle_case *current = (struct oracle_case *)(uintptr_t)DATA->current;
    (void)signal;
    (void)info;
    current->vector = (uint64_t)registers[REG_TRAPNO];
    current->error = (uint64_t)registers[REG_ERR];
    registers[REG_RAX] = registers[REG_TRAPNO];
    registers[REG_RIP] = ORACLE_FAULTED;
    registers[REG_CSGSFS] = (registers[REG_CSGSFS] & ~(greg_t)CS_MASK) | host_data.code_64;
}

bool oracle_host_refused(const struct oracle_case *current) {
    enum { PROTECTION = 13, REQUESTED_PRIVILEGE = 3 };
    return current->vector == PROTECTION &&
           current->error == (host_data.code_32 & ~(unsigned)REQUESTED_PRIVILEGE);
}

static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
enum { SIGNALS = sizeof signals / sizeof signals[0] };

static void run_with_signals(void) {
    struct sigaction before[SIGNALS];
    struct sigaction ours = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
    stack_t stack = {.ss_size = 0x10000, .ss_sp = malloc(0x10000)};
    stack_t old_stack;
    void (*run)(void);
    const uintptr_t address = ORACLE;
    memcpy(&run, &address, sizeof address);
    ours.sa_sigaction = on_signal;
    ck_assert_int_eq(sigaltstack(&stack, &old_stack), 0);
    for (unsigned i = 0; i < SIGNALS; i++) {
        ck_assert_int_eq(sigaction(signals[i], &ours, &before[i]), 0);
    }
    run();
    for (unsigned i = 0; i < SIGNALS; i++) {
        ck_assert_int_eq(sigaction(signals[i], &before[i], NULL), 0);
    }
    ck_assert_int_eq(sigaltstack(&old_stack, NULL), 0);
    free(stack.ss_sp);
}

void oracle_run_host(struct oracle_case *cases, size_t count) {
    struct oracle_data data = host_data;
    void *place = (void *)(uintptr_t)ORACLE_CASES;
    aim(cases, count);
    data.current = ORACLE_CASES;
    data.end = ORACLE_CASES + count * sizeof *cases;
    memcpy((void *)(uintptr_t)ORACLE_DATA, &data, sizeof data);
    memcpy(place, cases, count * sizeof *cases);
    run_with_signals();
    memcpy(cases, place, count * sizeof *cases);
}

void oracle_run_guest(struct oracle_case *cases, size_t count) {
    struct oracle_data data = guest_data;
    aim(cases, count);
    data.current = ORACLE_CASES;
    data.end = ORACLE_CASES + count * sizeof *cases;
    memory_write(ORACLE_DATA, &data, sizeof data);
    memory_write(ORACLE_CASES, cases, count * sizeof *cases);
    enter_to_end();
    ck_assert_int_eq(zx_vmo_read(memory, cases, ORACLE_CASES, count * sizeof *cases), ZX_OK);
}

#endif
