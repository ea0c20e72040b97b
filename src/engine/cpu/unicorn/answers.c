// SPDX-License-Identifier: MIT
//
// The trial.

#include "engine/cpu/unicorn/answers.h"

#include "engine/cpu/unicorn/code_copy.h"
#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/live.h"
#include "engine/cpu/unicorn/stand_in.h"
#include "platform/platform.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

uc_err answers_add_hooks(uc_engine *unicorn, const struct answer_hooks *hooks, bool calls,
                         void *context, struct answer_handles *out) {
    const uc_err error = calls ? uc_hook_add(unicorn, &out->first, UC_HOOK_INSN,
                                             (void *)hooks->call, context, 1, 0, UC_X86_INS_SYSCALL)
                               : uc_hook_add(unicorn, &out->first, UC_HOOK_INSN,
                                             (void *)hooks->cpuid, context, 1, 0, UC_X86_INS_CPUID);
    return error != UC_ERR_OK ? error
                              : uc_hook_add(unicorn, &out->input, UC_HOOK_INSN,
                                            (void *)hooks->input, context, 1, 0, UC_X86_INS_IN);
}

// --- What is tried ---

static const uint8_t code[] = {
    0x0f, 0xa2,             // cpuid
    0x48, 0x89, 0xd6,       // mov rsi, rdx
    0x0f, 0x07,             // sysret, for which there is a call
    0x49, 0x89, 0xd1,       // mov r9, rdx
    0x0f, 0x31,             // rdtsc
    0x48, 0x89, 0xd7,       // mov rdi, rdx
    0x49, 0x89, 0xc0,       // mov r8, rax
    0x0f, 0x01, 0xf9,       // rdtscp
    0x41, 0xba, 0x00, 0x00, // mov r10d, 0, the end of which is in the next page
    0x00, 0x00,
    0xf4, // hlt
};
enum { AT_CALL = 5, BEHIND_CALL = 7, AT_RDTSC = 10, AT_RDTSCP = 18, AT_IMMEDIATE = 23 };

// In the hidden region, two pages that are not executable for this.
#define PAGES_OFFSET 0x5000u
#define PAGE_SIZE 0x1000u
#define CODE_IN_FIRST 25u // Bytes
#define CODE_OFFSET (PAGES_OFFSET + PAGE_SIZE - CODE_IN_FIRST)
#define SHOWN_IMMEDIATE 0xc0b1ed00u
#define CPUID_ANSWER 0x1c91d000u
#define CALL_ANSWER 0xca115000u
#define TIME_ANSWER 0x871e5000u

struct trial {
    uint8_t *hidden;
    uint8_t *state;
    struct stand_ins stand_ins;
    struct code_copy copy;
    uint32_t tables;     // As code_copy.h has it.
    bool lost;           // The second page was not found where it is.
    unsigned translated; // Blocks that were announced.
    unsigned cpuids;
    unsigned calls;
    unsigned inputs;
};

static void set(const struct trial *trial, enum cpu_register name, uint64_t value) {
    memcpy(trial->state + STATE_REGISTERS + 8 * name, &value, sizeof value);
}

static int on_cpuid(uc_engine *unicorn, void *context) {
    struct trial *trial = context;
    (void)unicorn;
    trial->cpuids++;
    set(trial, RDX, CPUID_ANSWER);
    return 1;
}

static uint64_t rip(const struct trial *trial) {
    uint64_t value;
    memcpy(&value, trial->state + STATE_RIP, sizeof value);
    return value;
}

static void set_rip(const struct trial *trial, uint64_t value) {
    memcpy(trial->state + STATE_RIP, &value, sizeof value);
}

static void on_call(uc_engine *unicorn, void *context) {
    struct trial *trial = context;
    (void)unicorn;
    code_copy_end(&trial->copy);
    // The block behind it has a copy of its own, with the byte that was hidden.
    memcpy(trial->copy.pages[0] + CODE_OFFSET % PAGE_SIZE + AT_CALL, code + AT_CALL, CALL_LENGTH);
    trial->calls += rip(trial) == HIDDEN_BASE + CODE_OFFSET + AT_CALL;
    set(trial, RDX, CALL_ANSWER);
    set_rip(trial, HIDDEN_BASE + CODE_OFFSET + BEHIND_CALL - CALL_LENGTH);
}

static uint32_t on_input(uc_engine *unicorn, uint32_t port, int size, void *context) {
    struct trial *trial = context;
    (void)unicorn;
    (void)size;
    trial->inputs++;
    set(trial, RDX, TIME_ANSWER + port);
    return TIME_ANSWER - port;
}

// The copy of the code has other bytes in both pages.
static void fill_copy(struct trial *trial) {
    const uint32_t immediate = SHOWN_IMMEDIATE;
    uint8_t bytes[sizeof code];
    memcpy(bytes, code, sizeof code);
    memcpy(bytes + AT_IMMEDIATE, &immediate, sizeof immediate);
    memcpy(trial->copy.pages[0] + PAGE_SIZE - CODE_IN_FIRST, bytes, CODE_IN_FIRST);
    memcpy(trial->copy.pages[1], bytes + CODE_IN_FIRST, sizeof bytes - CODE_IN_FIRST);
    stand_ins_put(&trial->stand_ins, trial->copy.pages[0]);
}

static bool on_fetch(uc_engine *unicorn, uc_mem_type type, uint64_t address, int size,
                     int64_t value, void *context) {
    struct trial *trial = context;
    const uint64_t linear = address / PAGE_SIZE * PAGE_SIZE;
    const uint8_t *host = trial->hidden + (linear - HIDDEN_BASE);
    (void)unicorn;
    (void)size;
    (void)value;
    if (linear != HIDDEN_BASE + PAGES_OFFSET) {
        uc_tlb_entry entry;
        trial->lost |= !code_copy_show_once(&trial->copy, trial->state, linear, host, &entry) ||
                       entry.paddr != linear || (entry.perms & UC_PROT_EXEC) == 0;
    } else if (trial->copy.count == 0) {
        code_copy_show(&trial->copy, trial->state, linear, host);
    }
    return type == UC_MEM_FETCH_PROT;
}

static void on_translated(uc_engine *unicorn, uc_tb *block, uc_tb *previous, void *context) {
    struct trial *trial = context;
    (void)unicorn;
    (void)block;
    (void)previous;
    code_copy_end(&trial->copy);
    trial->translated++;
}

// What is translated before the first block of an engine's life has come to its end is not
// announced.
static bool run_one_block(struct trial *trial, uc_engine *unicorn) {
    static const uint8_t first[] = {0xeb, 0x00, 0xf4}; // jmp to the next instruction; hlt
    memcpy(trial->hidden + PAGES_OFFSET, first, sizeof first);
    return uc_emu_start(unicorn, HIDDEN_BASE + PAGES_OFFSET, 0, 0, 0) == UC_ERR_OK;
}

static bool add_hooks(struct trial *trial, uc_engine *unicorn) {
    const struct answer_hooks hooks = {on_cpuid, on_call, on_input};
    struct answer_handles handles;
    uc_hook hook = 0;
    return uc_hook_add(unicorn, &hook, UC_HOOK_MEM_FETCH_PROT, (void *)on_fetch, trial, 1, 0) ==
               UC_ERR_OK &&
           uc_hook_add(unicorn, &hook, UC_HOOK_EDGE_GENERATED, (void *)on_translated, trial, 1,
                       0) == UC_ERR_OK &&
           answers_add_hooks(unicorn, &hooks, true, trial, &handles) == UC_ERR_OK &&
           answers_add_hooks(unicorn, &hooks, false, trial, &handles) == UC_ERR_OK;
}

static void add(struct trial *trial, size_t at) {
    struct instruction instruction;
    if (decode_instruction(code + at, sizeof code - at, CODE_64, &instruction) != INSTRUCTION_OK) {
        return;
    }
    if (callable_as(&instruction) != CALLABLE_NONE) {
        stand_ins_add_call(&trial->stand_ins, CODE_OFFSET % PAGE_SIZE + at);
    } else {
        stand_ins_add(&trial->stand_ins, &instruction, CODE_OFFSET % PAGE_SIZE + at);
    }
}

static uint64_t get(const struct trial *trial, enum cpu_register name) {
    uint64_t value;
    memcpy(&value, trial->state + STATE_REGISTERS + 8 * name, sizeof value);
    return value;
}

static bool runs(struct trial *trial, uc_engine *unicorn) {
    memcpy(trial->hidden + CODE_OFFSET, code, sizeof code);
    add(trial, AT_CALL);
    add(trial, AT_RDTSC);
    add(trial, AT_RDTSCP);
    fill_copy(trial);
    return run_one_block(trial, unicorn) &&
           uc_mem_protect(unicorn, HIDDEN_BASE + PAGES_OFFSET, 2 * PAGE_SIZE, UC_PROT_READ) ==
               UC_ERR_OK &&
           add_hooks(trial, unicorn) &&
           uc_emu_start(unicorn, HIDDEN_BASE + CODE_OFFSET, 0, 0, 0) == UC_ERR_OK;
}

enum { BLOCKS = 2 }; // With the call, and behind it.

static bool has_translated_copy(const struct trial *trial) {
    return trial->translated == BLOCKS && !trial->lost && get(trial, R10) == SHOWN_IMMEDIATE;
}

static bool has_answered(const struct trial *trial) {
    return trial->cpuids == 1 && trial->calls == 1 && trial->inputs == 2 &&
           get(trial, RSI) == CPUID_ANSWER && get(trial, R9) == CALL_ANSWER &&
           get(trial, RDI) == TIME_ANSWER + STAND_IN_RDTSC &&
           get(trial, R8) == TIME_ANSWER - STAND_IN_RDTSC &&
           get(trial, RDX) == TIME_ANSWER + STAND_IN_RDTSCP &&
           get(trial, RAX) == TIME_ANSWER - STAND_IN_RDTSCP;
}

static void try_engine(struct trial *trial, uc_engine *unicorn, struct layout *layout) {
    uc_context *context = NULL;
    if (uc_context_alloc(unicorn, &context) != UC_ERR_OK) {
        return;
    }
    trial->state = live_state(unicorn, context, layout);
    uc_context_free(context);
    if (trial->state != NULL && runs(trial, unicorn)) {
        layout->shows_copy = has_translated_copy(trial);
        layout->answers = layout->shows_copy && has_answered(trial);
    }
}

static void try_in(uint8_t *hidden, struct layout *layout) {
    uc_engine *unicorn = NULL;
    struct trial *trial = calloc(1, sizeof *trial);
    if (trial != NULL && platform_protect(hidden, HIDDEN_SIZE, PLATFORM_READ | PLATFORM_WRITE) &&
        flat_engine_open(hidden, NULL, &unicorn) == ZX_OK) {
        trial->hidden = hidden;
        for (unsigned i = 0; i < 2; i++) {
            trial->copy.known = &trial->tables;
            trial->copy.pages[i] = hidden + HIDDEN_CODE_COPY + i * (size_t)PAGE_SIZE;
        }
        try_engine(trial, unicorn, layout);
        flat_engine_close(unicorn);
    }
    free(trial);
}

// --- Once ---

static bool are_to_be(const char *kind) {
    const char *wish = getenv("ZIRCONIA_ANSWERS");
    return wish != NULL && strcmp(wish, kind) == 0;
}

bool answers_call_at_once(void) {
    return are_to_be("calls");
}

void answers_try(struct layout *layout) {
    uint8_t *hidden = layout->copied != NULL ? NULL : platform_reserve(HIDDEN_SIZE);
    layout->shows_copy = false;
    layout->answers = false;
    if (hidden != NULL) {
        try_in(hidden, layout);
        platform_unmap(hidden, HIDDEN_SIZE);
    }
    layout->answers = layout->answers && !are_to_be("exits");
}
