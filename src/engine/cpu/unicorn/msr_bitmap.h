// SPDX-License-Identifier: MIT
//
// Which accesses to MSRs Unicorn reports (AMD64 manual volume 2, section 15.11).

#ifndef ENGINE_CPU_UNICORN_MSR_BITMAP_H
#define ENGINE_CPU_UNICORN_MSR_BITMAP_H

#include <stdint.h>

// Makes RDMSR and WRMSR report, but for accesses that pass through to Unicorn's own registers.
void msr_bitmap_fill(uint8_t *bitmap);

#endif // ENGINE_CPU_UNICORN_MSR_BITMAP_H
