// SPDX-License-Identifier: MIT
//
// Copies of all that a VCPU has of the processor. Snapshots put them back; a snapshot's file and a
// debugger see of them what the architecture knows.

#ifndef ENGINE_INSTRUMENTS_CPU_IMAGE_H
#define ENGINE_INSTRUMENTS_CPU_IMAGE_H

#include "engine/cpu/cpu.h"

#include <stdbool.h>
#include <stdint.h>

struct cpu_image;

// A copy of all that a VCPU which does not run has of the processor, hidden parts too, to be put
// back into that VCPU. NULL without memory. The caller frees it by free().
struct cpu_image *cpu_image_take(struct cpu *cpu);
void cpu_image_restore(struct cpu *cpu, const struct cpu_image *image);

// What an image has that the architecture knows, whatever the engine below keeps beside it.
struct cpu_record {
    uint64_t registers[CPU_REGISTER_COUNT];
    struct segment segments[SEGMENT_COUNT];
    uint8_t x87[X87_COUNT][10];
    uint8_t xmm[XMM_COUNT][16];
    uint64_t nmi;        // 0: open. 1: blocked. 2: the IRET at `nmi_return` is being carried out.
    uint64_t nmi_return; // Linear.
    uint64_t trap_lost;  // 1: the single-step trap that comes is not to be seen.
    uint64_t window_exiting; // 1: an exit comes before what could be interrupted.
};
void cpu_image_record(struct cpu *cpu, const struct cpu_image *image, struct cpu_record *out);

// Makes the image, of this VCPU, what the record says. False, and the image is of no use, for state
// that no VCPU can have.
bool cpu_image_set(struct cpu *cpu, struct cpu_image *image, const struct cpu_record *record);

#endif // ENGINE_INSTRUMENTS_CPU_IMAGE_H
