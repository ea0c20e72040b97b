// SPDX-License-Identifier: MIT
// The virtual machine control block that starts Unicorn's SVM emulation: the field offsets and
// intercept numbers that this library uses (AMD64 manual volume 2, appendices B and C), and setters
// that write them little-endian on any host.
#ifndef ZIRCONIA_ENGINE_CPU_VMCB_H
#define ZIRCONIA_ENGINE_CPU_VMCB_H

#include <stdint.h>

#include "engine/cpu/x86/registers.h"

enum vmcb_offset {
    VMCB_INTERCEPT_CR_READ = 0x000,
    VMCB_INTERCEPT_CR_WRITE = 0x002,
    VMCB_INTERCEPT_DR_READ = 0x004,
    VMCB_INTERCEPT_DR_WRITE = 0x006,
    VMCB_INTERCEPT_EXCEPTIONS = 0x008,
    VMCB_INTERCEPT_INSTRUCTIONS = 0x00c,
    VMCB_MSR_BITMAP = 0x048,
    VMCB_TSC_OFFSET = 0x050,
    VMCB_ASID = 0x058,
    VMCB_INTERRUPT_CONTROL = 0x060,
    VMCB_INTERRUPT_VECTOR = 0x064,
    VMCB_EXIT_INFORMATION_2 = 0x080,
    VMCB_NESTED_CONTROL = 0x090,
    VMCB_NESTED_CR3 = 0x0b0,
    VMCB_SEGMENT_ES = 0x400,
    VMCB_SEGMENT_CS = 0x410,
    VMCB_SEGMENT_SS = 0x420,
    VMCB_SEGMENT_DS = 0x430,
    VMCB_SEGMENT_FS = 0x440,
    VMCB_SEGMENT_GS = 0x450,
    VMCB_SEGMENT_GDTR = 0x460,
    VMCB_SEGMENT_LDTR = 0x470,
    VMCB_SEGMENT_IDTR = 0x480,
    VMCB_SEGMENT_TR = 0x490,
    VMCB_EFER = 0x4d0,
    VMCB_CR4 = 0x548,
    VMCB_CR3 = 0x550,
    VMCB_CR0 = 0x558,
    VMCB_DR7 = 0x560,
    VMCB_DR6 = 0x568,
    VMCB_RFLAGS = 0x570,
    VMCB_RIP = 0x578,
    VMCB_RSP = 0x5d8,
    VMCB_RAX = 0x5f8,
    VMCB_STAR = 0x600,
    VMCB_LSTAR = 0x608,
    VMCB_CSTAR = 0x610,
    VMCB_SFMASK = 0x618,
    VMCB_KERNEL_GS_BASE = 0x620,
    VMCB_SYSENTER_CS = 0x628,
    VMCB_SYSENTER_ESP = 0x630,
    VMCB_SYSENTER_EIP = 0x638,
    VMCB_CR2 = 0x640,
    VMCB_SIZE = 0x1000,
};

#define VMCB_VIRTUAL_INTERRUPT_PENDING (1u << 8)
#define VMCB_NESTED_PAGING (1u << 0)

enum svm_exit {
    SVM_READ_CR0 = 0x00,
    SVM_WRITE_CR0 = 0x10,
    SVM_READ_DR0 = 0x20,
    SVM_WRITE_DR0 = 0x30,
    SVM_EXCEPTION = 0x40,
    SVM_VIRTUAL_INTERRUPT = 0x64,
    SVM_RDTSC = 0x6e,
    SVM_RDPMC = 0x6f,
    SVM_CPUID = 0x72,
    SVM_IRET = 0x74,
    SVM_SOFTWARE_INTERRUPT = 0x75,
    SVM_PAUSE = 0x77,
    SVM_HLT = 0x78,
    SVM_INVLPGA = 0x7a,
    SVM_MSR = 0x7c,
    SVM_TASK_SWITCH = 0x7d,
    SVM_SHUTDOWN = 0x7f,
    SVM_VMRUN = 0x80,
    SVM_VMMCALL = 0x81,
    SVM_VMLOAD = 0x82,
    SVM_VMSAVE = 0x83,
    SVM_STGI = 0x84,
    SVM_CLGI = 0x85,
    SVM_SKINIT = 0x86,
    SVM_RDTSCP = 0x87,
    SVM_WBINVD = 0x89, // INVD too: Unicorn takes one for the other.
    SVM_MONITOR = 0x8a,
    SVM_MWAIT = 0x8b,
    SVM_NESTED_PAGE_FAULT = 0x400,
};

#define SVM_MSR_WRITE 1u // In the first information word of SVM_MSR.

// The instruction intercepts of offset 0x0c are numbered from this exit on.
#define SVM_FIRST_INSTRUCTION_INTERCEPT 0x60
#define SVM_INTERCEPT(exit) (1ull << ((exit)-SVM_FIRST_INSTRUCTION_INTERCEPT))

void vmcb_set16(uint8_t *vmcb, enum vmcb_offset offset, uint16_t value);
void vmcb_set32(uint8_t *vmcb, enum vmcb_offset offset, uint32_t value);
void vmcb_set64(uint8_t *vmcb, enum vmcb_offset offset, uint64_t value);
uint64_t vmcb_get64(const uint8_t *vmcb, enum vmcb_offset offset);
void vmcb_set_segment(uint8_t *vmcb, enum vmcb_offset offset, const struct segment *segment);

#endif
