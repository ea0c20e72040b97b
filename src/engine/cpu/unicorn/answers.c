// SPDX-License-Identifier: MIT
//
// The trial.

#include "engine/cpu/unicorn/answers.h"

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
    0x0f, 0xa2,       // cpuid
    0x48, 0x89, 0xd6, // mov rsi, rdx
    0x0f, 0x07,       // sysret, for which there is a call
    0x49, 0x89, 0xd1, // mov r9, rdx
    0x0f, 0x31,       // rdtsc
    0x48, 0x89, 0xd7, // mov rdi, rdx
    0x49, 0x89, 0xc0, // mov r8, rax
    0x0f, 0x01, 0xf9, // rdtscp
    0xf4,             // hlt
};
enum { AT_CALL = 5, BEHIND_CALL = 7, AT_RDTSC = 10, AT_RDTSCP = 18 };

#define CODE_OFFSET 0x5000u // In the hidden region, a page that is not executable for this.
#define CPUID_ANSWER 0x1c91d000u
#define CALL_ANSWER 0xca115000u
#define TIME_ANSWER 0x871e5000u

struct trial {
    uint8_t *hidden;
    uint8_t *state;
    struct stand_ins stand_ins;
    struct stand_in_view view;
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
    stand_in_end(&trial->view);
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

static bool on_fetch(uc_engine *unicorn, uc_mem_type type, uint64_t address, int size,
                     int64_t value, void *context) {
    struct trial *trial = context;
    const uint64_t offset = address - HIDDEN_BASE;
    (void)unicorn;
    (void)size;
    (void)value;
    stand_in_pass(&trial->view, offset);
    for (unsigned i = 0; i < trial->stand_ins.count; i++) {
        if (trial->stand_ins.sites[i].offset == offset % 0x1000) {
            stand_in_show(&trial->view, &trial->stand_ins.sites[i], trial->state, address,
                          trial->hidden + offset);
        }
    }
    return type == UC_MEM_FETCH_PROT;
}

static void add(struct trial *trial, size_t at) {
    struct instruction instruction;
    if (decode_instruction(code + at, sizeof code - at, CODE_64, &instruction) != INSTRUCTION_OK) {
        return;
    }
    if (callable_as(&instruction) != CALLABLE_NONE) {
        stand_ins_add_call(&trial->stand_ins, at);
    } else {
        stand_ins_add(&trial->stand_ins, &instruction, at);
    }
}

static uint64_t get(const struct trial *trial, enum cpu_register name) {
    uint64_t value;
    memcpy(&value, trial->state + STATE_REGISTERS + 8 * name, sizeof value);
    return value;
}

static bool succeeds(struct trial *trial, uc_engine *unicorn) {
    const struct answer_hooks hooks = {on_cpuid, on_call, on_input};
    const uint64_t start = HIDDEN_BASE + CODE_OFFSET;
    struct answer_handles handles;
    uc_hook hook = 0;
    memcpy(trial->hidden + CODE_OFFSET, code, sizeof code);
    add(trial, AT_CALL);
    add(trial, AT_RDTSC);
    add(trial, AT_RDTSCP);
    if (uc_mem_protect(unicorn, start, 0x1000, UC_PROT_READ) != UC_ERR_OK ||
        uc_hook_add(unicorn, &hook, UC_HOOK_MEM_FETCH_PROT, (void *)on_fetch, trial, 1, 0) !=
            UC_ERR_OK ||
        answers_add_hooks(unicorn, &hooks, true, trial, &handles) != UC_ERR_OK ||
        answers_add_hooks(unicorn, &hooks, false, trial, &handles) != UC_ERR_OK ||
        uc_emu_start(unicorn, start, 0, 0, 0) != UC_ERR_OK) {
        return false;
    }
    return trial->cpuids == 1 && trial->calls == 1 && trial->inputs == 2 &&
           get(trial, RSI) == CPUID_ANSWER && get(trial, R9) == CALL_ANSWER &&
           get(trial, RDI) == TIME_ANSWER + STAND_IN_RDTSC &&
           get(trial, R8) == TIME_ANSWER - STAND_IN_RDTSC &&
           get(trial, RDX) == TIME_ANSWER + STAND_IN_RDTSCP &&
           get(trial, RAX) == TIME_ANSWER - STAND_IN_RDTSCP;
}

static bool try_engine(struct trial *trial, uc_engine *unicorn, const struct layout *layout) {
    uc_context *context = NULL;
    if (uc_context_alloc(unicorn, &context) != UC_ERR_OK) {
        return false;
    }
    trial->state = live_state(unicorn, context, layout);
    uc_context_free(context);
    return trial->state != NULL && succeeds(trial, unicorn);
}

static bool try_in(uint8_t *hidden, const struct layout *layout) {
    uc_engine *unicorn = NULL;
    struct trial *trial = calloc(1, sizeof *trial);
    bool succeeded = false;
    if (trial != NULL && platform_protect(hidden, HIDDEN_SIZE, PLATFORM_READ | PLATFORM_WRITE) &&
        flat_engine_open(hidden, NULL, &unicorn) == ZX_OK) {
        trial->hidden = hidden;
        succeeded = try_engine(trial, unicorn, layout);
        uc_close(unicorn);
    }
    free(trial);
    return succeeded;
}

// --- Once ---

static bool are_to_be(const char *kind) {
    const char *wish = getenv("ZIRCONIA_ANSWERS");
    return wish != NULL && strcmp(wish, kind) == 0;
}

bool answers_call_at_once(void) {
    return are_to_be("calls");
}

bool answers_try(const struct layout *layout) {
    uint8_t *hidden =
        layout->copied != NULL || are_to_be("exits") ? NULL : platform_reserve(HIDDEN_SIZE);
    if (hidden == NULL) {
        return false;
    }
    const bool succeeded = try_in(hidden, layout);
    platform_unmap(hidden, HIDDEN_SIZE);
    return succeeded;
}
