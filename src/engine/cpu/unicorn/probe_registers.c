// SPDX-License-Identifier: MIT
//
// General, control and segment registers, and MSRs.

#include "engine/cpu/unicorn/live.h"
#include "engine/cpu/unicorn/mode_bits.h"
#include "engine/cpu/unicorn/probe.h"
#include "engine/cpu/unicorn/vmcb.h"

#include <string.h>

#define PROBE_SYSENTER_CS 0x5a17c0deu

// --- Before guest mode ---

static const int general_ids[GENERAL_REGISTER_COUNT] = {
    UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX, UC_X86_REG_RBX, UC_X86_REG_RSP, UC_X86_REG_RBP,
    UC_X86_REG_RSI, UC_X86_REG_RDI, UC_X86_REG_R8,  UC_X86_REG_R9,  UC_X86_REG_R10, UC_X86_REG_R11,
    UC_X86_REG_R12, UC_X86_REG_R13, UC_X86_REG_R14, UC_X86_REG_R15,
};

bool probe_find_state(struct probe *probe) {
    uint64_t values[GENERAL_REGISTER_COUNT];
    for (unsigned i = 0; i < GENERAL_REGISTER_COUNT; i++) {
        values[i] = probe_mark(i);
        if (uc_reg_write(probe->engine, general_ids[i], &values[i]) != UC_ERR_OK) {
            return probe_reject(probe, "general registers");
        }
    }
    if (uc_context_save(probe->engine, probe->context) != UC_ERR_OK) {
        return probe_reject(probe, "saving a context");
    }
    // From behind: what stands before the state need not be initialised. What stands behind it is.
    size_t found = probe->layout.context_size;
    found -= found < sizeof values ? found : sizeof values;
    while (found > 0 && memcmp(probe_at(probe, found), values, sizeof values) != 0) {
        found = found < 4 ? 0 : found - 4;
    }
    if (found == 0) {
        return probe_reject(probe, "general registers");
    }
    probe->layout.state = found;
    live_find(probe->engine, probe->context, &probe->layout);
    return true;
}

// --- What the guest starts with ---

static struct segment segment_mark(unsigned i) {
    // 64-bit code in CS, writable data elsewhere; only the numbers are odd.
    return (struct segment){
        .selector = (uint16_t)(0x100 + 8 * i),
        .base = probe_mark(32 + i),
        // Too short for the selector that probe_behaviour.c loads.
        .limit = i == SEGMENT_GDTR ? 0xffu : 0xe0000u + i,
        .attributes = i == SEGMENT_CS ? 0x209b00u : 0x409300u,
    };
}

static const struct {
    unsigned segment;
    enum vmcb_offset offset;
} vmcb_segments[] = {
    {SEGMENT_ES, VMCB_SEGMENT_ES},     {SEGMENT_CS, VMCB_SEGMENT_CS},
    {SEGMENT_SS, VMCB_SEGMENT_SS},     {SEGMENT_DS, VMCB_SEGMENT_DS},
    {SEGMENT_FS, VMCB_SEGMENT_FS},     {SEGMENT_GS, VMCB_SEGMENT_GS},
    {SEGMENT_LDTR, VMCB_SEGMENT_LDTR}, {SEGMENT_TR, VMCB_SEGMENT_TR},
    {SEGMENT_GDTR, VMCB_SEGMENT_GDTR}, {SEGMENT_IDTR, VMCB_SEGMENT_IDTR},
};

enum {
    PROBE_CR0 = CR0_PE | CR0_ET | CR0_NE,
    PROBE_CR4 = CR4_PAE | CR4_PGE,
    PROBE_EFER = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_SVME,
};

#define PROBE_INTERCEPTS                                                                           \
    (SVM_INTERCEPT(SVM_VIRTUAL_INTERRUPT) | SVM_INTERCEPT(SVM_CPUID) | SVM_INTERCEPT(SVM_HLT) |    \
     SVM_INTERCEPT(SVM_VMRUN))

void probe_fill_vmcb(uint8_t *vmcb) {
    for (unsigned i = 0; i < sizeof vmcb_segments / sizeof vmcb_segments[0]; i++) {
        struct segment segment = segment_mark(vmcb_segments[i].segment);
        vmcb_set_segment(vmcb, vmcb_segments[i].offset, &segment);
    }
    vmcb_set32(vmcb, VMCB_INTERCEPT_EXCEPTIONS, ~0u);
    vmcb_set64(vmcb, VMCB_INTERCEPT_INSTRUCTIONS, PROBE_INTERCEPTS);
    vmcb_set32(vmcb, VMCB_ASID, 1);
    vmcb_set32(vmcb, VMCB_INTERRUPT_CONTROL, VMCB_VIRTUAL_INTERRUPT_PENDING);
    vmcb_set32(vmcb, VMCB_INTERRUPT_VECTOR, 0xff);
    vmcb_set64(vmcb, VMCB_NESTED_CONTROL, VMCB_NESTED_PAGING);
    vmcb_set64(vmcb, VMCB_NESTED_CR3, HIDDEN_BASE + PROBE_TABLES);
    vmcb_set64(vmcb, VMCB_EFER, PROBE_EFER);
    vmcb_set64(vmcb, VMCB_CR0, PROBE_CR0);
    vmcb_set64(vmcb, VMCB_CR2, probe_mark(50));
    vmcb_set64(vmcb, VMCB_CR3, probe_mark(51));
    vmcb_set64(vmcb, VMCB_CR4, PROBE_CR4);
    vmcb_set64(vmcb, VMCB_DR6, 0xffff0ff0u);
    vmcb_set64(vmcb, VMCB_DR7, 0x400);
    vmcb_set64(vmcb, VMCB_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
    vmcb_set64(vmcb, VMCB_RIP, probe_mark(52));
    vmcb_set64(vmcb, VMCB_RSP, probe_mark(RSP));
    vmcb_set64(vmcb, VMCB_RAX, probe_mark(53));
    const enum vmcb_offset words[] = {VMCB_STAR,        VMCB_LSTAR,          VMCB_CSTAR,
                                      VMCB_SFMASK,      VMCB_KERNEL_GS_BASE, VMCB_SYSENTER_ESP,
                                      VMCB_SYSENTER_EIP};
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        vmcb_set64(vmcb, words[i], probe_mark(60 + i));
    }
    vmcb_set64(vmcb, VMCB_SYSENTER_CS, PROBE_SYSENTER_CS);
}

// --- In guest mode ---

static bool check_segments(struct probe *probe) {
    for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
        struct segment expected = segment_mark(i);
        size_t offset = STATE_SEGMENTS + (size_t)i * SEGMENT_SIZE;
        bool table = i == SEGMENT_GDTR || i == SEGMENT_IDTR; // base and limit only
        if (probe_get64(probe, offset + SEGMENT_BASE) != expected.base ||
            probe_get32(probe, offset + SEGMENT_LIMIT) != expected.limit ||
            (!table && (probe_get32(probe, offset + SEGMENT_SELECTOR) != expected.selector ||
                        probe_get32(probe, offset + SEGMENT_ATTRIBUTES) != expected.attributes))) {
            return probe_reject(probe, "segment registers");
        }
    }
    return true;
}

static bool check_head(struct probe *probe) {
    uint32_t mode = probe_get32(probe, STATE_MODE);
    uint32_t expected = MODE_PROTECTED | MODE_LONG_ACTIVE | MODE_CODE_64 | MODE_CODE_32 |
                        MODE_STACK_32 | MODE_SVM_GUEST;
    if (probe_get64(probe, STATE_REGISTERS + 8 * RAX) != probe_mark(53) ||
        probe_get64(probe, STATE_REGISTERS + 8 * RSP) != probe_mark(RSP) ||
        probe_get64(probe, STATE_RIP) != probe_mark(52) ||
        (probe_get64(probe, STATE_RFLAGS) & RFLAGS_IF) == 0) {
        return probe_reject(probe, "RAX, RSP, RIP or RFLAGS");
    }
    if (probe_get64(probe, STATE_CR) != PROBE_CR0 ||
        probe_get64(probe, STATE_CR + 16) != probe_mark(50) ||
        probe_get64(probe, STATE_CR + 24) != probe_mark(51) ||
        probe_get64(probe, STATE_CR + 32) != PROBE_CR4) {
        return probe_reject(probe, "control registers");
    }
    if ((mode & expected) != expected || (mode & MODE_PRIVILEGE) != 0 ||
        probe_get32(probe, STATE_DIRECTION) != 1 ||
        (probe_get32(probe, STATE_MODE2) & MODE2_GIF) == 0) {
        return probe_reject(probe, "mode flags");
    }
    return true;
}

static bool find_words(struct probe *probe) {
    struct layout *layout = &probe->layout;
    const struct {
        enum cpu_register name;
        uint64_t value;
        size_t size;
        const char *text;
    } words[] = {
        {STAR, probe_mark(60), 8, "STAR"},
        {LSTAR, probe_mark(61), 8, "LSTAR"},
        {FMASK, probe_mark(63), 8, "FMASK"},
        {KERNEL_GS_BASE, probe_mark(64), 8, "KERNEL_GS_BASE"},
        {SYSENTER_ESP, probe_mark(65), 8, "SYSENTER_ESP"},
        {SYSENTER_EIP, probe_mark(66), 8, "SYSENTER_EIP"},
        {SYSENTER_CS, PROBE_SYSENTER_CS, 4, "SYSENTER_CS"},
        {PAT, FLAT_ENGINE_PAT, 8, "PAT"},
        {TSC_AUX, probe_mark(PROBE_TSC_AUX), 8, "TSC_AUX"},
        {EFER, PROBE_EFER, 8, "EFER"},
    };
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t *const found = &layout->words[words[i].name];
        *found = probe_find(probe, PROBE_BEHIND_CR4, &words[i].value, words[i].size);
        if (*found == SIZE_MAX) {
            return probe_reject(probe, words[i].text);
        }
    }
    layout->words[XCR0] = layout->words[TSC_AUX] + 8;
    if (probe_get64(probe, layout->words[XCR0]) != FLAT_ENGINE_XCR0) {
        return probe_reject(probe, "XCR0");
    }
    uint64_t intercepts = PROBE_INTERCEPTS;
    layout->intercepts = probe_find(probe, PROBE_BEHIND_CR4, &intercepts, sizeof intercepts);
    return layout->intercepts != SIZE_MAX || probe_reject(probe, "the intercepts");
}

// The part that check_head() has confirmed.
static void fill_head(struct layout *layout) {
    for (unsigned i = RAX; i <= RIP; i++) {
        layout->words[i] = STATE_REGISTERS + 8 * (size_t)i;
    }
    layout->words[CR0] = STATE_CR;
    layout->words[CR2] = STATE_CR + 16;
    layout->words[CR3] = STATE_CR + 24;
    layout->words[CR4] = STATE_CR + 32;
}

bool probe_find_registers(struct probe *probe) {
    fill_head(&probe->layout);
    return check_head(probe) && check_segments(probe) && find_words(probe);
}
