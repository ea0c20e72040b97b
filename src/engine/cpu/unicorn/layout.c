// SPDX-License-Identifier: MIT
// Finds and checks the layout of Unicorn's saved contexts: an engine is started in guest mode with
// a recognisable value in every field, then a few instructions confirm that the fields behave.
#include "engine/cpu/unicorn/layout.h"

#include <stdio.h>
#include <string.h>

#include "engine/cpu/cpu.h"
#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/mode_bits.h"
#include "engine/cpu/unicorn/vmcb.h"
#include "engine/cpu/x86/msr.h"
#include "objects/log.h"
#include "platform/division.h"
#include "platform/platform.h"

#define PROBE_TABLES HIDDEN_ROOT
#define PROBE_GUEST_CODE 0x18000u

// Instructions of the probe guest, by guest-physical address.
enum probe_code {
    PROBE_CPUID = 0x00,
    PROBE_HLT = 0x10,
    PROBE_LOAD_DS = 0x20,
    PROBE_DIVIDE = 0x30,
};

#define PROBE_SELECTOR 0x1238u
#define PROBE_SYSENTER_CS 0x5a17c0deu
#define BEHIND_CR4 (STATE_CR + 40)

struct probe {
    uc_engine *engine;
    uint8_t *hidden;
    uc_context *context;
    uint32_t exit;
    struct layout layout;
    zx_status_t status; // Why there is no engine at all.
    const char *fault;  // what did not fit
};

static const int general_ids[GENERAL_REGISTER_COUNT] = {
    UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX, UC_X86_REG_RBX, UC_X86_REG_RSP, UC_X86_REG_RBP,
    UC_X86_REG_RSI, UC_X86_REG_RDI, UC_X86_REG_R8,  UC_X86_REG_R9,  UC_X86_REG_R10, UC_X86_REG_R11,
    UC_X86_REG_R12, UC_X86_REG_R13, UC_X86_REG_R14, UC_X86_REG_R15,
};

static uint64_t mark(unsigned i) {
    return 0x00005a17c0de0000ull + 0x1010ull * (i + 1);
}

static bool reject(struct probe *probe, const char *what) {
    if (probe->fault == NULL) {
        probe->fault = what;
    }
    return false;
}

static uint8_t *state_at(struct probe *probe, size_t offset) {
    return (uint8_t *)probe->context + probe->layout.state + offset;
}

static uint32_t get32(struct probe *probe, size_t offset) {
    uint32_t value;
    memcpy(&value, state_at(probe, offset), sizeof value);
    return value;
}

static void set32(struct probe *probe, size_t offset, uint32_t value) {
    memcpy(state_at(probe, offset), &value, sizeof value);
}

static uint64_t get64(struct probe *probe, size_t offset) {
    uint64_t value;
    memcpy(&value, state_at(probe, offset), sizeof value);
    return value;
}

// The only place from `start` on that holds `value`; SIZE_MAX if there is none or more than one.
static size_t find(struct probe *probe, size_t start, const void *value, size_t size) {
    size_t found = SIZE_MAX;
    size_t end = probe->layout.context_size - probe->layout.state;
    for (size_t offset = start; offset + size <= end; offset += 4) {
        if (memcmp(state_at(probe, offset), value, size) == 0) {
            if (found != SIZE_MAX) {
                return SIZE_MAX;
            }
            found = offset;
        }
    }
    return found;
}

static bool find_state(struct probe *probe) {
    uint64_t values[GENERAL_REGISTER_COUNT];
    for (unsigned i = 0; i < GENERAL_REGISTER_COUNT; i++) {
        values[i] = mark(i);
        if (uc_reg_write(probe->engine, general_ids[i], &values[i]) != UC_ERR_OK) {
            return reject(probe, "general registers");
        }
    }
    if (uc_context_save(probe->engine, probe->context) != UC_ERR_OK) {
        return reject(probe, "saving a context");
    }
    // From behind: what stands before the state need not be initialised. What stands behind it is.
    size_t found = probe->layout.context_size;
    found -= found < sizeof values ? found : sizeof values;
    while (found > 0 && memcmp(state_at(probe, found), values, sizeof values) != 0) {
        found = found < 4 ? 0 : found - 4;
    }
    if (found == 0) {
        return reject(probe, "general registers");
    }
    probe->layout.state = found;
    return true;
}

static struct segment segment_mark(unsigned i) {
    // 64-bit code in CS, writable data elsewhere; only the numbers are odd.
    return (struct segment){
        .selector = (uint16_t)(0x100 + 8 * i),
        .base = mark(32 + i),
        // No descriptor of PROBE_SELECTOR in the GDT: to load it is an exception.
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

static void fill_vmcb(uint8_t *vmcb) {
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
    vmcb_set64(vmcb, VMCB_CR2, mark(50));
    vmcb_set64(vmcb, VMCB_CR3, mark(51));
    vmcb_set64(vmcb, VMCB_CR4, PROBE_CR4);
    vmcb_set64(vmcb, VMCB_DR6, 0xffff0ff0u);
    vmcb_set64(vmcb, VMCB_DR7, 0x400);
    vmcb_set64(vmcb, VMCB_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
    vmcb_set64(vmcb, VMCB_RIP, mark(52));
    vmcb_set64(vmcb, VMCB_RSP, mark(RSP));
    vmcb_set64(vmcb, VMCB_RAX, mark(53));
    const enum vmcb_offset words[] = {VMCB_STAR,        VMCB_LSTAR,          VMCB_CSTAR,
                                      VMCB_SFMASK,      VMCB_KERNEL_GS_BASE, VMCB_SYSENTER_ESP,
                                      VMCB_SYSENTER_EIP};
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        vmcb_set64(vmcb, words[i], mark(60 + i));
    }
    vmcb_set64(vmcb, VMCB_SYSENTER_CS, 0x5a17c0deu);
}

// Guest-physical page 0 is the probe's code.
static void fill_memory(uint8_t *hidden) {
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

static bool check_segments(struct probe *probe) {
    for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
        struct segment expected = segment_mark(i);
        size_t offset = STATE_SEGMENTS + (size_t)i * SEGMENT_SIZE;
        bool table = i == SEGMENT_GDTR || i == SEGMENT_IDTR; // base and limit only
        if (get64(probe, offset + SEGMENT_BASE) != expected.base ||
            get32(probe, offset + SEGMENT_LIMIT) != expected.limit ||
            (!table && (get32(probe, offset + SEGMENT_SELECTOR) != expected.selector ||
                        get32(probe, offset + SEGMENT_ATTRIBUTES) != expected.attributes))) {
            return reject(probe, "segment registers");
        }
    }
    return true;
}

static bool check_head(struct probe *probe) {
    uint32_t mode = get32(probe, STATE_MODE);
    uint32_t expected = MODE_PROTECTED | MODE_LONG_ACTIVE | MODE_CODE_64 | MODE_CODE_32 |
                        MODE_STACK_32 | MODE_SVM_GUEST;
    if (get64(probe, STATE_REGISTERS + 8 * RAX) != mark(53) ||
        get64(probe, STATE_REGISTERS + 8 * RSP) != mark(RSP) ||
        get64(probe, STATE_RIP) != mark(52) || (get64(probe, STATE_RFLAGS) & RFLAGS_IF) == 0) {
        return reject(probe, "RAX, RSP, RIP or RFLAGS");
    }
    if (get64(probe, STATE_CR) != PROBE_CR0 || get64(probe, STATE_CR + 16) != mark(50) ||
        get64(probe, STATE_CR + 24) != mark(51) || get64(probe, STATE_CR + 32) != PROBE_CR4) {
        return reject(probe, "control registers");
    }
    if ((mode & expected) != expected || (mode & MODE_PRIVILEGE) != 0 ||
        get32(probe, STATE_DIRECTION) != 1 || (get32(probe, STATE_MODE2) & MODE2_GIF) == 0) {
        return reject(probe, "mode flags");
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
        {STAR, mark(60), 8, "STAR"},
        {LSTAR, mark(61), 8, "LSTAR"},
        {FMASK, mark(63), 8, "FMASK"},
        {KERNEL_GS_BASE, mark(64), 8, "KERNEL_GS_BASE"},
        {SYSENTER_ESP, mark(65), 8, "SYSENTER_ESP"},
        {SYSENTER_EIP, mark(66), 8, "SYSENTER_EIP"},
        {SYSENTER_CS, PROBE_SYSENTER_CS, 4, "SYSENTER_CS"},
        {PAT, FLAT_ENGINE_PAT, 8, "PAT"},
        {TSC_AUX, mark(80), 8, "TSC_AUX"},
        {EFER, PROBE_EFER, 8, "EFER"},
    };
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t *const found = &layout->words[words[i].name];
        *found = find(probe, BEHIND_CR4, &words[i].value, words[i].size);
        if (*found == SIZE_MAX) {
            return reject(probe, words[i].text);
        }
    }
    layout->words[XCR0] = layout->words[TSC_AUX] + 8;
    if (get64(probe, layout->words[XCR0]) != FLAT_ENGINE_XCR0) {
        return reject(probe, "XCR0");
    }
    uint64_t intercepts = PROBE_INTERCEPTS;
    layout->intercepts = find(probe, BEHIND_CR4, &intercepts, sizeof intercepts);
    return layout->intercepts != SIZE_MAX || reject(probe, "the intercepts");
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

#define PROBE_X87_STATUS 0x6a41u // TOP is 5.
#define PROBE_X87_CONTROL 0x0b7fu
#define PROBE_X87_TAGS 0x33c0u // R3, R4 and R6 are empty.
#define PROBE_MXCSR 0xffa5u

static const uint8_t probe_x87[X87_SIZE] = {
    [X87_TOP] = 5,
    [X87_STATUS] = 0x41,
    [X87_STATUS + 1] = 0x42, // Without TOP.
    [X87_CONTROL] = PROBE_X87_CONTROL & 0xff,
    [X87_CONTROL + 1] = PROBE_X87_CONTROL >> 8,
    [X87_EMPTY + 3] = 1,
    [X87_EMPTY + 4] = 1,
    [X87_EMPTY + 6] = 1,
};

static const int xmm_ids[XMM_COUNT] = {
    UC_X86_REG_XMM0,  UC_X86_REG_XMM1,  UC_X86_REG_XMM2,  UC_X86_REG_XMM3,
    UC_X86_REG_XMM4,  UC_X86_REG_XMM5,  UC_X86_REG_XMM6,  UC_X86_REG_XMM7,
    UC_X86_REG_XMM8,  UC_X86_REG_XMM9,  UC_X86_REG_XMM10, UC_X86_REG_XMM11,
    UC_X86_REG_XMM12, UC_X86_REG_XMM13, UC_X86_REG_XMM14, UC_X86_REG_XMM15,
};

// What the probe has in a floating-point register: 10 bytes of R0 to R7, 16 of XMM0 to XMM15.
static void vector_mark(unsigned i, uint8_t out[16]) {
    const uint64_t words[2] = {mark(100 + 2 * i), mark(101 + 2 * i)};
    memcpy(out, words, sizeof words);
}

static bool write_vectors(struct probe *probe) {
    const uint16_t status = PROBE_X87_STATUS;
    const uint16_t control = PROBE_X87_CONTROL;
    const uint16_t tags = PROBE_X87_TAGS;
    const uint32_t mxcsr = PROBE_MXCSR;
    uint8_t value[16];
    bool written = uc_reg_write(probe->engine, UC_X86_REG_FPSW, &status) == UC_ERR_OK &&
                   uc_reg_write(probe->engine, UC_X86_REG_FPCW, &control) == UC_ERR_OK &&
                   uc_reg_write(probe->engine, UC_X86_REG_FPTAG, &tags) == UC_ERR_OK &&
                   uc_reg_write(probe->engine, UC_X86_REG_MXCSR, &mxcsr) == UC_ERR_OK;
    for (unsigned i = 0; i < X87_COUNT; i++) {
        vector_mark(i, value);
        written &= uc_reg_write(probe->engine, UC_X86_REG_FP0 + (int)i, value) == UC_ERR_OK;
    }
    for (unsigned i = 0; i < XMM_COUNT; i++) {
        vector_mark(X87_COUNT + i, value);
        written &= uc_reg_write(probe->engine, xmm_ids[i], value) == UC_ERR_OK;
    }
    return written;
}

// The place of a row of registers of `size` bytes, and how far they are apart.
static bool find_row(struct probe *probe, unsigned first, unsigned count, size_t size,
                     size_t *place, size_t *stride) {
    uint8_t value[16];
    size_t last = 0;
    for (unsigned i = 0; i < count; i++) {
        vector_mark(first + i, value);
        const size_t found = find(probe, 0, value, size);
        if (found == SIZE_MAX || (i > 1 && found - last != *stride)) {
            return false;
        }
        *place = i == 0 ? found : *place;
        *stride = found - last;
        last = found;
    }
    return true;
}

// Do control words become what the engine's arithmetic goes by?
static bool check_arithmetic(struct probe *probe, uint16_t control, uint32_t mxcsr,
                             uint8_t rounding, uint8_t precision) {
    const struct layout *const layout = &probe->layout;
    if (uc_reg_write(probe->engine, UC_X86_REG_FPCW, &control) != UC_ERR_OK ||
        uc_reg_write(probe->engine, UC_X86_REG_MXCSR, &mxcsr) != UC_ERR_OK ||
        uc_context_save(probe->engine, probe->context) != UC_ERR_OK) {
        return false;
    }
    const uint8_t *const x87 = state_at(probe, layout->x87_arithmetic);
    const uint8_t *const sse = state_at(probe, layout->sse_arithmetic);
    return x87[ARITHMETIC_ROUNDING] == rounding && x87[ARITHMETIC_PRECISION] == precision &&
           x87[ARITHMETIC_EXCEPTIONS] == 0 && sse[ARITHMETIC_ROUNDING] == (mxcsr >> 13 & 3) &&
           sse[ARITHMETIC_FLUSHES_OPERANDS] == (mxcsr >> 6 & 1) && sse[ARITHMETIC_EXCEPTIONS] == 0;
}

#define BETWEEN_ARITHMETIC (ARITHMETIC_SIZE + 16)

// Before MXCSR lies the status of SSE's arithmetic, before that another and a register, and then
// the status of the x87 unit's; both are confirmed by what control words do to them.
static bool find_arithmetic(struct probe *probe) {
    struct layout *const layout = &probe->layout;
    layout->sse_arithmetic = layout->mxcsr - ARITHMETIC_SIZE;
    layout->x87_arithmetic = layout->sse_arithmetic - BETWEEN_ARITHMETIC - ARITHMETIC_SIZE;
    return (check_arithmetic(probe, 0x0c7f, 0x1fc0, 3, 32) &&
            check_arithmetic(probe, 0x067f, 0x3f80, 1, 64) &&
            check_arithmetic(probe, 0x037f, 0x5fc0, 0, 80)) ||
           reject(probe, "the status of arithmetic");
}

static bool find_vectors(struct probe *probe) {
    struct layout *layout = &probe->layout;
    const uint32_t mxcsr = PROBE_MXCSR;
    if (!write_vectors(probe) || uc_context_save(probe->engine, probe->context) != UC_ERR_OK) {
        return reject(probe, "writing floating-point registers");
    }
    if (!find_row(probe, 0, X87_COUNT, 10, &layout->x87_registers, &layout->x87_stride)) {
        return reject(probe, "x87 registers");
    }
    layout->x87 = find(probe, 0, probe_x87, sizeof probe_x87);
    if (layout->x87 == SIZE_MAX) {
        return reject(probe, "x87 status, control and tags");
    }
    if (!find_row(probe, X87_COUNT, XMM_COUNT, 16, &layout->xmm, &layout->xmm_stride)) {
        return reject(probe, "XMM registers");
    }
    layout->mxcsr = find(probe, 0, &mxcsr, sizeof mxcsr);
    if (layout->mxcsr == SIZE_MAX) {
        return reject(probe, "MXCSR");
    }
    return find_arithmetic(probe);
}

static void probe_exit(uc_engine *engine, uint32_t exit, void *context) {
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
    uint32_t old_mode = get32(probe, STATE_MODE) & ~(MODE_PRIVILEGE | MODE_INTERRUPT_SHADOW);
    uint32_t old_mode2 = get32(probe, STATE_MODE2) & ~MODE2_GIF;
    uint64_t rip = code;
    uint64_t rax = PROBE_SELECTOR;
    set32(probe, STATE_MODE, old_mode | mode);
    set32(probe, STATE_MODE2, old_mode2 | mode2);
    set32(probe, STATE_FLAGS_OPERATION, 1);
    set32(probe, STATE_DIRECTION, 1);
    memcpy(state_at(probe, STATE_RFLAGS), &rflags, sizeof rflags);
    memcpy(state_at(probe, STATE_REGISTERS + 8 * RAX), &rax, sizeof rax);
    // Unicorn adds the base of CS in 64-bit mode too.
    memset(state_at(probe, STATE_SEGMENTS + SEGMENT_CS * SEGMENT_SIZE + SEGMENT_BASE), 0, 8);
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
        reject(probe, "a quotient that is too large");
    }
}

static bool check_behaviour(struct probe *probe) {
    const uint64_t off = RFLAGS_FIXED;
    const uint64_t on = RFLAGS_FIXED | RFLAGS_IF;
    if (!run(probe, PROBE_CPUID, on, 0, 0, SVM_CPUID) ||
        !run(probe, PROBE_CPUID, on, 0, MODE2_GIF, SVM_VIRTUAL_INTERRUPT)) {
        return reject(probe, "the interrupt-window switch");
    }
    if (!run(probe, PROBE_CPUID, on, MODE_INTERRUPT_SHADOW, MODE2_GIF, SVM_CPUID)) {
        return reject(probe, "the interrupt shadow");
    }
    if (!run(probe, PROBE_HLT, off, 0, 0, SVM_HLT) ||
        !run(probe, PROBE_HLT, off, 3, 0, SVM_EXCEPTION + VECTOR_GENERAL_PROTECTION)) {
        return reject(probe, "the privilege level");
    }
    if (!run(probe, PROBE_LOAD_DS, off, 0, 0, SVM_EXCEPTION + VECTOR_GENERAL_PROTECTION)) {
        return reject(probe, "an exception");
    }
    uint32_t code = PROBE_SELECTOR;
    probe->layout.error_code = find(probe, BEHIND_CR4, &code, sizeof code);
    if (probe->layout.error_code == SIZE_MAX) {
        return reject(probe, "the error code");
    }
    if (!platform_learn_division(divide, probe)) {
        log_line(ZIRCONIA_LOG_WARNING, "an IDIV of a guest's that overflows will end the process: "
                                       "this host does not tell where its fault was");
    }
    return probe->fault == NULL;
}

// Says itself why not.
static bool open_engine(struct probe *probe) {
    probe->status = flat_engine_open(probe->hidden, NULL, &probe->engine);
    if (probe->status == ZX_OK) {
        probe->status = flat_engine_check(uc_context_alloc(probe->engine, &probe->context),
                                          "making room for a state");
    }
    return probe->status == ZX_OK;
}

#define LARGEST_CONTEXT_HEAD 64u

static bool examine(struct probe *probe) {
    if (!open_engine(probe)) {
        return false;
    }
    const size_t size = uc_context_size(probe->engine);
    probe->layout.context_size = size;
    if (size < LARGEST_CONTEXT_HEAD) {
        return reject(probe, "the size of a context");
    }
    memset((uint8_t *)probe->context + LARGEST_CONTEXT_HEAD, 0, size - LARGEST_CONTEXT_HEAD);
    if (!find_state(probe)) {
        return false;
    }
    uc_x86_msr tsc_aux = {IA32_TSC_AUX, mark(80)};
    uc_reg_write(probe->engine, UC_X86_REG_MSR, &tsc_aux);
    fill_vmcb(probe->hidden + HIDDEN_VMCB);
    fill_memory(probe->hidden);
    if (flat_engine_launch(probe->engine, probe->hidden, probe->context) != ZX_OK) {
        return reject(probe, "starting guest mode");
    }
    uc_hook hook = 0;
    if (uc_hook_add(probe->engine, &hook, UC_HOOK_INTR, (void *)probe_exit, probe, 1, 0) !=
        UC_ERR_OK) {
        return reject(probe, "adding a hook");
    }
    if (!check_head(probe) || !check_segments(probe) || !find_words(probe) ||
        !find_vectors(probe) || !check_behaviour(probe)) {
        return false;
    }
    fill_head(&probe->layout);
    return true;
}

static bool version_supported(void) {
    unsigned major = 0;
    unsigned minor = 0;
    uc_version(&major, &minor);
    return major > 2 || (major == 2 && minor >= 1);
}

static char version_text[32];

static void name_version(void) {
    unsigned version = uc_version(NULL, NULL);
    snprintf(version_text, sizeof version_text, "%u.%u.%u", version >> 24 & 0xff,
             version >> 16 & 0xff, version >> 8 & 0xff);
}

const char *cpu_engine_version(void) {
    static struct platform_once once = PLATFORM_ONCE_INIT;
    platform_call_once(&once, name_version);
    return version_text;
}

// Newer ones check each store to a page that the guest may execute for code in it.
#define LAST_WITH_FAST_STORES (2u << 24 | 1u << 16 | 1u << 8)

const char *cpu_engine_note(void) {
    const bool fast = (uc_version(NULL, NULL) & ~0xffu) <= LAST_WITH_FAST_STORES;
    return fast ? "" : "20 times slower than 2.1.1 in stores to executable pages";
}

static zx_status_t discover(struct layout *out) {
    if (!version_supported()) {
        log_line(ZIRCONIA_LOG_ERROR, "Unicorn %s is too old: 2.1 or newer is needed",
                 cpu_engine_version());
        return ZX_ERR_NOT_SUPPORTED;
    }
    struct probe probe = {
        .hidden = platform_reserve(HIDDEN_SIZE),
        .status = ZX_ERR_NO_MEMORY,
    };
    if (probe.hidden == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    bool found = platform_protect(probe.hidden, HIDDEN_SIZE, PLATFORM_READ | PLATFORM_WRITE) &&
                 examine(&probe);
    if (probe.context != NULL) {
        uc_context_free(probe.context);
    }
    if (probe.engine != NULL) {
        uc_close(probe.engine);
    }
    platform_unmap(probe.hidden, HIDDEN_SIZE);
    if (probe.status != ZX_OK) {
        return probe.status;
    }
    if (!found) {
        log_line(ZIRCONIA_LOG_ERROR,
                 "Unicorn %s does not fit this library: self-check failed at %s",
                 cpu_engine_version(), probe.fault);
        return ZX_ERR_NOT_SUPPORTED;
    }
    const char *note = cpu_engine_note();
    if (note[0] != '\0') {
        log_line(ZIRCONIA_LOG_WARNING, "Unicorn %s is %s", cpu_engine_version(), note);
    }
    *out = probe.layout;
    return ZX_OK;
}

// What is found holds for the process. A failure does not: memory may have been short.
zx_status_t layout_get(const struct layout **out) {
    static struct platform_mutex lock = PLATFORM_MUTEX_INIT(LOCK_LAYOUT);
    static struct layout layout;
    static bool found;
    zx_status_t status = ZX_OK;
    platform_mutex_lock(&lock);
    if (!found) {
        status = discover(&layout);
        found = status == ZX_OK;
    }
    platform_mutex_unlock(&lock);
    *out = &layout;
    return status;
}
