// SPDX-License-Identifier: MIT
//
// A VCPU's image in terms of the architecture, to be kept outside of the process. A record that
// comes back is checked: it must be state that a guest can bring its VCPU into, so that nothing
// depends on its author. State that the engine derives from registers is derived again.

#include "engine/cpu/unicorn/cpu_image.h"

#include "engine/cpu/x86/extended.h"
#include "engine/cpu/x86/mode.h"

// The image as a VCPU that lies in its context.
static struct cpu view_of(const struct cpu *cpu, const struct cpu_image *image) {
    struct cpu view = {
        .machine = cpu->machine,
        .engine = cpu->engine,
        .layout = cpu->layout,
        .state = (uint8_t *)image->context + cpu->layout->state,
        .open = true,
    };
    memcpy(view.debug, image->debug, sizeof view.debug);
    return view;
}

void cpu_image_record(struct cpu *cpu, const struct cpu_image *image, struct cpu_record *out) {
    const struct cpu view = view_of(cpu, image);
    struct cpu_progress progress;
    memcpy(&progress, image->progress, sizeof image->progress);
    memset(out, 0, sizeof *out);
    for (unsigned i = 0; i < CPU_REGISTER_COUNT; i++) {
        out->registers[i] = cpu_get(&view, i);
    }
    for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
        out->segments[i] = cpu_segment(&view, i);
    }
    for (unsigned i = 0; i < X87_COUNT; i++) {
        cpu_get_x87(&view, i, out->x87[i]);
    }
    for (unsigned i = 0; i < XMM_COUNT; i++) {
        cpu_get_xmm(&view, i, out->xmm[i]);
    }
    out->nmi = progress.nmi;
    out->nmi_return = progress.nmi_return;
    out->trap_lost = image->trap_lost;
    out->window_exiting = cpu_window_exiting(&view);
}

// --- What a VCPU can have ---

#define CR0_KNOWN                                                                                  \
    (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD |     \
     CR0_PG)
#define CR4_KNOWN                                                                                  \
    (0x7ffull | CR4_FSGSBASE | CR4_OSXSAVE | CR4_SMEP | CR4_SMAP) // The first eleven are all known.
#define EFER_KNOWN (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)
#define RFLAGS_KNOWN 0x3f7fd7ull
#define PHYSICAL_BITS 52

static bool has_only(uint64_t value, uint64_t known, uint64_t present) {
    return ((value ^ present) & ~known) == 0;
}

// Whether the mode exists (SDM volume 3A, sections 2.5 and 10.8.5), and bits that no guest can
// change have their values.
static bool is_mode(const uint64_t *registers, const struct cpu *now) {
    const uint64_t cr0 = registers[CR0];
    const uint64_t efer = registers[EFER];
    const bool paging = (cr0 & CR0_PG) != 0;
    const bool active = (efer & EFER_LMA) != 0;
    return has_only(cr0, CR0_KNOWN, cpu_get(now, CR0)) &&
           has_only(registers[CR4], CR4_KNOWN, cpu_get(now, CR4)) &&
           has_only(efer, EFER_KNOWN, cpu_get(now, EFER)) && (!paging || (cr0 & CR0_PE) != 0) &&
           active == (paging && (efer & EFER_LME) != 0) &&
           (!active || (registers[CR4] & CR4_PAE) != 0) && registers[CR3] >> PHYSICAL_BITS == 0 &&
           has_only(registers[RFLAGS], RFLAGS_KNOWN, 0) &&
           (registers[RFLAGS] & RFLAGS_FIXED) != 0 &&
           ((registers[RFLAGS] & RFLAGS_VM) == 0 || (!active && (cr0 & CR0_PE) != 0));
}

static bool fits_into(const uint64_t *registers, enum cpu_register first, enum cpu_register last,
                      unsigned bits) {
    bool fits = true;
    for (unsigned i = first; i <= (unsigned)last; i++) {
        fits = fits && registers[i] >> bits == 0;
    }
    return fits;
}

static bool are_registers(const uint64_t *registers, const struct cpu *now) {
    return is_mode(registers, now) && cpu_canonical(registers[LSTAR]) &&
           cpu_canonical(registers[KERNEL_GS_BASE]) && cpu_canonical(registers[SYSENTER_ESP]) &&
           cpu_canonical(registers[SYSENTER_EIP]) && fits_into(registers, FMASK, FMASK, 32) &&
           fits_into(registers, SYSENTER_CS, SYSENTER_CS, 32) &&
           fits_into(registers, TSC_AUX, TSC_AUX, 32) && (registers[XCR0] & ~3ull) == 0 &&
           (registers[XCR0] & 1) != 0 &&
           fits_into(registers, INTERRUPT_SHADOW, INTERRUPT_SHADOW, 1) &&
           fits_into(registers, DR6, DR7, 32) && fits_into(registers, FCW, FSW, 16) &&
           fits_into(registers, FTW, FTW, 8) && fits_into(registers, MXCSR, MXCSR, 16);
}

static bool are_segments(const struct segment *segments) {
    bool legal = true;
    for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
        const bool is_long = i >= SEGMENT_FS; // Bases of 64 bits exist.
        legal = legal && (is_long ? cpu_canonical(segments[i].base) : segments[i].base >> 32 == 0);
    }
    return legal;
}

// --- Setting it ---

static void set_state(struct cpu *view, const struct cpu_record *record) {
    for (unsigned i = 0; i < CPU_REGISTER_COUNT; i++) {
        cpu_set(view, i, record->registers[i]);
    }
    for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
        cpu_set_segment(view, i, &record->segments[i]);
    }
    for (unsigned i = 0; i < X87_COUNT; i++) {
        cpu_set_x87(view, i, record->x87[i]);
    }
    for (unsigned i = 0; i < XMM_COUNT; i++) {
        cpu_set_xmm(view, i, record->xmm[i]);
    }
}

bool cpu_image_set(struct cpu *cpu, struct cpu_image *image, const struct cpu_record *record) {
    struct cpu view = view_of(cpu, image);
    if (!are_registers(record->registers, &view) || !are_segments(record->segments) ||
        record->nmi > NMI_RETURNS || record->trap_lost > 1 || record->window_exiting > 1) {
        return false;
    }
    set_state(&view, record);
    cpu_set_window_exiting(&view, record->window_exiting != 0);
    const struct cpu_progress progress = {
        .nmi = (enum nmi_state)record->nmi,
        .nmi_return = record->nmi_return,
    };
    memcpy(image->progress, &progress, sizeof image->progress);
    memcpy(image->debug, view.debug, sizeof image->debug);
    image->trap_lost = record->trap_lost != 0;
    image->mode_stale = true;
    image->iret_stale = true;
    return true;
}
