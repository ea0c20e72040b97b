// SPDX-License-Identifier: MIT
// The derived mode words of Unicorn's processor state: what follows from CS, SS, CR0, CR4 and EFER
// is kept there in bits, together with the interrupt shadow and SVM's switches. Confirmed by
// the self-check of probe.h.
#ifndef ZIRCONIA_ENGINE_CPU_MODE_BITS_H
#define ZIRCONIA_ENGINE_CPU_MODE_BITS_H

#define MODE_PRIVILEGE 3u
#define MODE_INTERRUPT_SHADOW (1u << 3)
#define MODE_CODE_32 (1u << 4)
#define MODE_STACK_32 (1u << 5)
#define MODE_SEGMENT_BASES (1u << 6) // some data segment has a base that must be added
#define MODE_PROTECTED (1u << 7)
#define MODE_CR0_SHIFT 8 // CR0.MP, EM and TS from bit 9
#define MODE_LONG_ACTIVE (1u << 14)
#define MODE_CODE_64 (1u << 15)
#define MODE_SVM_GUEST (1u << 21)
#define MODE_OSFXSR (1u << 22)
#define MODE_SMAP (1u << 23)

// Global interrupt flag. The engine keeps a virtual interrupt pending for ever, so this bit is the
// interrupt-window exiting control.
#define MODE2_GIF (1u << 0)

#endif
