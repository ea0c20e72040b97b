// SPDX-License-Identifier: MIT
//
// What the fields do: a guest of a few instructions, each of which exits.

#include "engine/cpu/unicorn/mode_bits.h"
#include "engine/cpu/unicorn/probe.h"
#include "engine/cpu/unicorn/vmcb.h"
#include "objects/log.h"
#include "platform/division.h"

#include <string.h>

#define PROBE_GUEST_CODE 0x18000u

// Instructions, by guest-physical address.
enum probe_code {
    PROBE_CPUID = 0x00,
    PROBE_HLT = 0x10,
    PROBE_LOAD_DS = 0x20,
    PROBE_DIVIDE = 0x30,
};

#define PROBE_SELECTOR 0x1238u // No descriptor: to load it is an exception.

// Guest-physical page 0 is the probe's code.
void probe_fill_memory(uint8_t *hidden) {
    uint64_t base = HIDDEN_BASE;
    for (unsigned level = 0; level < 4; level++) {
        uint64_t next =
            level < 3 ? base + PROBE_TABLES + 0x1000 * (level + 1u) : base + PROBE_GUEST_CODE;
        uint64_t entry = next | 0x67;
        for (unsigned i = 0; i < 8; i++) {
            hidden[PROBE_TABLES + 0x1000 * level + i] = (uint8_t)(entry >> (8 * i));
        }
    }
    uint8_t *code = hidden + PROBE_GUEST_CODE;
    memcpy(code + PROBE_CPUID, "\x0f\xa2", 2);
    memcpy(code + PROBE_HLT, "\xf4", 1);
    memcpy(code + PROBE_LOAD_DS, "\x8e\xd8", 2);
    static const uint8_t divide[] = {
        0xba, 0x00, 0x00, 0x00, 0x80, // mov edx, 0x80000000
        0x31, 0xc0,                   // xor eax, eax
        0x83, 0xc9, 0xff,             // or ecx, -1
        0xf7, 0xf9,                   // idiv ecx
    };
    memcpy(code + PROBE_DIVIDE, divide, sizeof divide);
}

static void set32(struct probe *probe, size_t offset, uint32_t value) {
    memcpy(probe_at(probe, offset), &value, sizeof value);
}

static void note_exit(uc_engine *engine, uint32_t exit, void *context) {
    struct probe *probe = context;
    probe->exit = exit;
    if (uc_context_save(engine, probe->context) != UC_ERR_OK) {
        probe->exit = 0;
    }
    uint64_t flags = RFLAGS_FIXED;
    uc_reg_write(engine, UC_X86_REG_RFLAGS, &flags);
    uc_emu_stop(engine);
}

// Runs one instruction with the given hidden mode and returns the exit it made; `exit` 0 if none.
static bool run(struct probe *probe, enum probe_code code, uint64_t rflags, uint32_t mode,
                uint32_t mode2, uint32_t expected) {
    uint32_t old_mode = probe_get32(probe, STATE_MODE) & ~(MODE_PRIVILEGE | MODE_INTERRUPT_SHADOW);
    uint32_t old_mode2 = probe_get32(probe, STATE_MODE2) & ~MODE2_GIF;
    uint64_t rip = code;
    uint64_t rax = PROBE_SELECTOR;
    set32(probe, STATE_MODE, old_mode | mode);
    set32(probe, STATE_MODE2, old_mode2 | mode2);
    set32(probe, STATE_FLAGS_OPERATION, 1);
    set32(probe, STATE_DIRECTION, 1);
    memcpy(probe_at(probe, STATE_RFLAGS), &rflags, sizeof rflags);
    memcpy(probe_at(probe, STATE_REGISTERS + 8 * RAX), &rax, sizeof rax);
    // Unicorn adds the base of CS in 64-bit mode too.
    memset(probe_at(probe, STATE_SEGMENTS + SEGMENT_CS * SEGMENT_SIZE + SEGMENT_BASE), 0, 8);
    probe->exit = 0;
    return uc_context_restore(probe->engine, probe->context) == UC_ERR_OK &&
           uc_ctl_flush_tlb(probe->engine) == UC_ERR_OK &&
           uc_emu_start(probe->engine, rip, 0, 0, 0) == UC_ERR_OK &&
           probe->exit == 0x100 + expected;
}

// Unicorn divides 64 bits by 32 in C, and looks at the quotient afterwards.
static void divide(void *context) {
    struct probe *probe = context;
    if (!run(probe, PROBE_DIVIDE, RFLAGS_FIXED, 0, 0, SVM_EXCEPTION + VECTOR_DIVIDE_ERROR)) {
        probe_reject(probe, "a quotient that is too large");
    }
}

static bool add_hook(struct probe *probe) {
    uc_hook hook = 0;
    return uc_hook_add(probe->engine, &hook, UC_HOOK_INTR, (void *)note_exit, probe, 1, 0) ==
               UC_ERR_OK ||
           probe_reject(probe, "adding a hook");
}

bool probe_check_behaviour(struct probe *probe) {
    const uint64_t off = RFLAGS_FIXED;
    const uint64_t on = RFLAGS_FIXED | RFLAGS_IF;
    if (!add_hook(probe)) {
        return false;
    }
    if (!run(probe, PROBE_CPUID, on, 0, 0, SVM_CPUID) ||
        !run(probe, PROBE_CPUID, on, 0, MODE2_GIF, SVM_VIRTUAL_INTERRUPT)) {
        return probe_reject(probe, "the interrupt-window switch");
    }
    if (!run(probe, PROBE_CPUID, on, MODE_INTERRUPT_SHADOW, MODE2_GIF, SVM_CPUID)) {
        return probe_reject(probe, "the interrupt shadow");
    }
    if (!run(probe, PROBE_HLT, off, 0, 0, SVM_HLT) ||
        !run(probe, PROBE_HLT, off, 3, 0, SVM_EXCEPTION + VECTOR_GENERAL_PROTECTION)) {
        return probe_reject(probe, "the privilege level");
    }
    if (!run(probe, PROBE_LOAD_DS, off, 0, 0, SVM_EXCEPTION + VECTOR_GENERAL_PROTECTION)) {
        return probe_reject(probe, "an exception");
    }
    uint32_t code = PROBE_SELECTOR;
    probe->layout.error_code = probe_find(probe, PROBE_BEHIND_CR4, &code, sizeof code);
    if (probe->layout.error_code == SIZE_MAX) {
        return probe_reject(probe, "the error code");
    }
    if (!platform_learn_division(divide, probe)) {
        log_line(ZIRCONIA_LOG_WARNING, "an IDIV of a guest's that overflows will end the process: "
                                       "this host does not tell where its fault was");
    }
    return probe->fault == NULL;
}
