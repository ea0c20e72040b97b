// SPDX-License-Identifier: MIT
//
// The MSR permission map of the control block.

#include "engine/cpu/unicorn/msr_bitmap.h"

#include "engine/cpu/x86/msr.h"

#include <stddef.h>
#include <string.h>

#define BITMAP_SIZE 0x2000u
#define FIRST_EXTENDED_MSR 0xc0000000u
#define EXTENDED_MSR_BITS 0x2000u // Where the map's part for the extended MSRs begins, in pairs.
#define READ 1u
#define WRITE 2u

// EFER has a register of Unicorn's as well, but it changes the mode: see exits/msr.c.
static const struct {
    uint32_t msr;
    unsigned accesses; // The accesses that make no exit.
} passed[] = {
    {IA32_SYSENTER_CS, READ | WRITE},
    {IA32_SYSENTER_ESP, READ},
    {IA32_SYSENTER_EIP, READ},
    {IA32_PAT, READ},
    {IA32_STAR, READ | WRITE},
    {IA32_LSTAR, READ},
    {IA32_FMASK, READ},
    {IA32_FS_BASE, READ},
    {IA32_GS_BASE, READ},
    {IA32_KERNEL_GS_BASE, READ},
    {IA32_TSC_AUX, READ},
};

void msr_bitmap_fill(uint8_t *bitmap) {
    memset(bitmap, 0xff, BITMAP_SIZE);
    for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++) {
        const uint32_t msr = passed[i].msr;
        const uint32_t index =
            msr >= FIRST_EXTENDED_MSR ? EXTENDED_MSR_BITS + (msr - FIRST_EXTENDED_MSR) : msr;
        bitmap[index * 2 / 8] &= (uint8_t) ~(passed[i].accesses << index * 2 % 8);
    }
}
