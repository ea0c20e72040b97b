// SPDX-License-Identifier: MIT
//
// Its fields.

#include "engine/cpu/unicorn/control_block.h"

#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/vmcb.h"

#include <stddef.h>
#include <string.h>

static const enum svm_exit intercepted[] = {
    SVM_VIRTUAL_INTERRUPT,
    SVM_RDTSC,
    SVM_RDPMC,
    SVM_CPUID,
    SVM_SOFTWARE_INTERRUPT,
    SVM_PAUSE,
    SVM_HLT,
    SVM_INVLPGA,
    SVM_MSR,
    SVM_TASK_SWITCH,
    SVM_SHUTDOWN,
    SVM_VMRUN,
    SVM_VMMCALL,
    SVM_VMLOAD,
    SVM_VMSAVE,
    SVM_STGI,
    SVM_CLGI,
    SVM_SKINIT,
    SVM_WBINVD,
    SVM_MONITOR,
    SVM_MWAIT,
};

static void fill_intercepts(uint8_t *vmcb) {
    uint64_t instructions = 0;
    for (size_t i = 0; i < sizeof intercepted / sizeof intercepted[0]; i++) {
        instructions |= SVM_INTERCEPT(intercepted[i]);
    }
    vmcb_set16(vmcb, VMCB_INTERCEPT_CR_READ, 1u << 0 | 1u << 8);
    vmcb_set16(vmcb, VMCB_INTERCEPT_CR_WRITE, 1u << 0 | 1u << 4 | 1u << 8);
    vmcb_set16(vmcb, VMCB_INTERCEPT_DR_READ, 0xff);
    vmcb_set16(vmcb, VMCB_INTERCEPT_DR_WRITE, 0xff);
    vmcb_set32(vmcb, VMCB_INTERCEPT_EXCEPTIONS, ~0u);
    vmcb_set64(vmcb, VMCB_INTERCEPT_INSTRUCTIONS, instructions);
    vmcb_set64(vmcb, VMCB_MSR_BITMAP, HIDDEN_BASE + HIDDEN_MSR_BITMAP);
}

static void fill_control(uint8_t *vmcb, uint64_t nested_root) {
    vmcb_set32(vmcb, VMCB_ASID, 1);
    vmcb_set32(vmcb, VMCB_INTERRUPT_CONTROL, VMCB_VIRTUAL_INTERRUPT_PENDING);
    vmcb_set32(vmcb, VMCB_INTERRUPT_VECTOR, 0xff);
    vmcb_set64(vmcb, VMCB_NESTED_CONTROL, VMCB_NESTED_PAGING);
    vmcb_set64(vmcb, VMCB_NESTED_CR3, nested_root);
}

static void fill_segments(uint8_t *vmcb) {
    const struct segment code = {.limit = 0xffff, .attributes = 0x209b00};
    const struct segment data = {.limit = 0xffff, .attributes = 0x9300};
    static const enum vmcb_offset others[] = {VMCB_SEGMENT_ES, VMCB_SEGMENT_SS, VMCB_SEGMENT_DS,
                                              VMCB_SEGMENT_FS, VMCB_SEGMENT_GS};
    vmcb_set_segment(vmcb, VMCB_SEGMENT_CS, &code);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        vmcb_set_segment(vmcb, others[i], &data);
    }
}

static void fill_registers(uint8_t *vmcb) {
    vmcb_set64(vmcb, VMCB_EFER, EFER_LME | EFER_LMA | EFER_SCE | EFER_NXE);
    vmcb_set64(vmcb, VMCB_CR0, CR0_PE | CR0_ET);
    vmcb_set64(vmcb, VMCB_CR4, CR4_PAE);
    vmcb_set64(vmcb, VMCB_DR6, DR6_FIXED);
    vmcb_set64(vmcb, VMCB_DR7, DR7_FIXED);
    vmcb_set64(vmcb, VMCB_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
}

void control_block_fill(uint8_t *vmcb, uint64_t nested_root) {
    memset(vmcb, 0, VMCB_SIZE);
    fill_intercepts(vmcb);
    fill_control(vmcb, nested_root);
    fill_segments(vmcb);
    fill_registers(vmcb);
}
