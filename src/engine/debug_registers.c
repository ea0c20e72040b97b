// SPDX-License-Identifier: MIT
//
// A VCPU's registers as a debugger has them, and back. They go through an image of the VCPU, as
// those of a file do, so that no state comes of it that a guest could not bring its VCPU into.

#include "engine/instruments/cpu_image.h"
#include "engine/instruments/page_walk.h"
#include "engine/vcpu.h"
#include "objects/refusal.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(SEGMENT_GS + 1 == 6, "ES to GS come first");

// A register of the record, and its place among a debugger's.
struct place {
    enum cpu_register name;
    size_t offset;
};

#define PLACE(name, member)                                                                        \
    { name, offsetof(zirconia_registers_t, member) }

static const struct place places[] = {
    PLACE(RIP, rip),
    PLACE(RFLAGS, rflags),
    PLACE(CR0, cr0),
    PLACE(CR2, cr2),
    PLACE(CR3, cr3),
    PLACE(CR4, cr4),
    PLACE(XCR0, xcr0),
    PLACE(EFER, efer),
    PLACE(STAR, star),
    PLACE(LSTAR, lstar),
    PLACE(FMASK, fmask),
    PLACE(KERNEL_GS_BASE, kernel_gs_base),
    PLACE(SYSENTER_CS, sysenter_cs),
    PLACE(SYSENTER_ESP, sysenter_esp),
    PLACE(SYSENTER_EIP, sysenter_eip),
    PLACE(PAT, pat),
    PLACE(TSC_AUX, tsc_aux),
    PLACE(DR0, dr[0]),
    PLACE(DR1, dr[1]),
    PLACE(DR2, dr[2]),
    PLACE(DR3, dr[3]),
    PLACE(DR6, dr6),
    PLACE(DR7, dr7),
};

static zirconia_segment_t segment_to(const struct segment *segment) {
    return (zirconia_segment_t){.base = segment->base,
                                .limit = segment->limit,
                                .attributes = segment->attributes,
                                .selector = segment->selector};
}

static struct segment segment_from(const zirconia_segment_t *segment) {
    return (struct segment){.selector = segment->selector,
                            .base = segment->base,
                            .limit = segment->limit,
                            .attributes = segment->attributes};
}

// The place in the file of ST(i).
static unsigned file_place(const struct cpu_record *record, unsigned i) {
    return (unsigned)(((record->registers[FSW] & FSW_TOP_BITS) >> FSW_TOP_SHIFT) + i) % X87_COUNT;
}

static void give(const struct cpu_record *record, zirconia_registers_t *out) {
    memset(out, 0, sizeof *out);
    memcpy(out->general, record->registers, sizeof out->general);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        memcpy((uint8_t *)out + places[i].offset, &record->registers[places[i].name], 8);
    }
    for (unsigned i = 0; i < 6; i++) {
        out->segments[i] = segment_to(&record->segments[i]);
    }
    out->ldtr = segment_to(&record->segments[SEGMENT_LDTR]);
    out->tr = segment_to(&record->segments[SEGMENT_TR]);
    out->gdtr = segment_to(&record->segments[SEGMENT_GDTR]);
    out->idtr = segment_to(&record->segments[SEGMENT_IDTR]);
    out->fcw = (uint16_t)record->registers[FCW];
    out->fsw = (uint16_t)record->registers[FSW];
    out->ftw = (uint16_t)record->registers[FTW];
    out->mxcsr = (uint32_t)record->registers[MXCSR];
    for (unsigned i = 0; i < X87_COUNT; i++) {
        memcpy(out->x87[i], record->x87[file_place(record, i)], sizeof record->x87[0]);
    }
    memcpy(out->xmm, record->xmm, sizeof out->xmm);
}

static void take(const zirconia_registers_t *from, struct cpu_record *record) {
    memcpy(record->registers, from->general, sizeof from->general);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        memcpy(&record->registers[places[i].name], (const uint8_t *)from + places[i].offset, 8);
    }
    for (unsigned i = 0; i < 6; i++) {
        record->segments[i] = segment_from(&from->segments[i]);
    }
    record->segments[SEGMENT_LDTR] = segment_from(&from->ldtr);
    record->segments[SEGMENT_TR] = segment_from(&from->tr);
    record->segments[SEGMENT_GDTR] = segment_from(&from->gdtr);
    record->segments[SEGMENT_IDTR] = segment_from(&from->idtr);
    record->registers[FCW] = from->fcw;
    record->registers[FSW] = from->fsw;
    record->registers[FTW] = from->ftw;
    record->registers[MXCSR] = from->mxcsr;
    for (unsigned i = 0; i < X87_COUNT; i++) {
        memcpy(record->x87[file_place(record, i)], from->x87[i], sizeof record->x87[0]);
    }
    memcpy(record->xmm, from->xmm, sizeof record->xmm);
}

static zx_status_t read(struct vcpu *vcpu, zirconia_registers_t *out) {
    zx_status_t status = debug_check_at_rest(vcpu->guest);
    struct cpu_image *image = status == ZX_OK ? cpu_image_take(vcpu->cpu) : NULL;
    struct cpu_record record;
    if (image == NULL) {
        return status == ZX_OK ? ZX_ERR_NO_MEMORY : status;
    }
    cpu_image_record(vcpu->cpu, image, &record);
    free(image);
    give(&record, out);
    return ZX_OK;
}

static zx_status_t write(struct vcpu *vcpu, const zirconia_registers_t *registers) {
    zx_status_t status = debug_check_at_rest(vcpu->guest);
    struct cpu_image *image = status == ZX_OK ? cpu_image_take(vcpu->cpu) : NULL;
    struct cpu_record record;
    if (image == NULL) {
        return status == ZX_OK ? ZX_ERR_NO_MEMORY : status;
    }
    cpu_image_record(vcpu->cpu, image, &record);
    take(registers, &record);
    if (cpu_image_set(vcpu->cpu, image, &record)) {
        cpu_image_restore(vcpu->cpu, image);
    } else {
        status = refuse(ZX_ERR_INVALID_ARGS, "no VCPU can have this state");
    }
    free(image);
    return status;
}

zx_status_t debug_read_registers(struct vcpu *vcpu, zirconia_registers_t *out) {
    turn_take_call(&vcpu->guest->turn);
    const zx_status_t status = read(vcpu, out);
    turn_give_call(&vcpu->guest->turn);
    return status;
}

zx_status_t debug_write_registers(struct vcpu *vcpu, const zirconia_registers_t *registers) {
    turn_take_call(&vcpu->guest->turn);
    const zx_status_t status = write(vcpu, registers);
    turn_give_call(&vcpu->guest->turn);
    return status;
}

static zx_status_t find(struct vcpu *vcpu, uint64_t linear, uint64_t *out) {
    const zx_status_t status = debug_check_at_rest(vcpu->guest);
    if (status != ZX_OK) {
        return status;
    }
    struct page_walk walk;
    cpu_walk_linear(vcpu->cpu, linear, &walk);
    if (walk.end != PAGE_WALK_MAPPED) {
        return refuse_value(ZX_ERR_NOT_FOUND, "linear % is not mapped", linear);
    }
    *out = walk.physical;
    return ZX_OK;
}

zx_status_t debug_find_linear(struct vcpu *vcpu, uint64_t linear, uint64_t *out) {
    turn_take_call(&vcpu->guest->turn);
    const zx_status_t status = find(vcpu, linear, out);
    turn_give_call(&vcpu->guest->turn);
    return status;
}
