// SPDX-License-Identifier: MIT
//
// What threads of fuzz_syscalls run, as bytes, and where each program begins. The last one calls
// the function that its first argument names, with the second.

#ifndef FUZZ_SYSCALL_PROGRAMS_H
#define FUZZ_SYSCALL_PROGRAMS_H

#include "syscall_state.h"

#include <stdint.h>

#if defined(__x86_64__)

// CONFINED_SIZE is where the program that calls begins: a thread with any registers must not run
// it.
enum { HAS_PROGRAMS = 1, CONFINED_SIZE = 24, CODE_GRAIN = 1 };

static const uint8_t program_bytes[] = {
    0xeb, 0xfe, 0x0f, 0x0b, // [0]  jmp $; ud2
    0xcc, 0xeb, 0xfd, 0x90, // [4]  int3; jmp $-1; nop
    0x31, 0xc9, 0xf7, 0xf1, // [8]  xor ecx, ecx; div ecx
    0xeb, 0xfe, 0x90, 0x90, // [12] jmp $
    0x48, 0x8b, 0x07, 0xeb, // [16] mov rax, [rdi]; jmp $
    0xfe, 0x90, 0x90, 0x90, //
#ifdef _WIN32
    0x48, 0x89, 0xc8, 0x48,             // [24] mov rax, rcx; mov rcx, rdx
    0x89, 0xd1, 0x48, 0x83, 0xec, 0x20, //      sub rsp, 32
#else
    0x48, 0x89, 0xf8, 0x48, // [24] mov rax, rdi; mov rdi, rsi
    0x89, 0xf7,             //
#endif
    0xff, 0xd0, 0xeb, 0xfe, //      call rax; jmp $
};

static const uint8_t entries[PROGRAMS] = {
    [PROGRAM_SPIN] = 0,  [PROGRAM_UNDEFINED] = 2, [PROGRAM_BREAKPOINT] = 4, [PROGRAM_DIVIDE] = 8,
    [PROGRAM_LOAD] = 16, [PROGRAM_SLEEP] = 24,    [PROGRAM_EXIT] = 24,
};

#elif defined(__aarch64__)

enum { HAS_PROGRAMS = 1, CONFINED_SIZE = 36, CODE_GRAIN = 4 };

// No division faults there: a load from address 0 takes its place.
static const uint8_t program_bytes[] = {
    0x00, 0x00, 0x00, 0x14, // [0]  b .
    0x00, 0x00, 0x00, 0x00, // [4]  udf 0
    0x00, 0x00, 0x20, 0xd4, // [8]  brk 0; b .-4
    0xff, 0xff, 0xff, 0x17, //
    0x00, 0x00, 0x80, 0xd2, // [16] mov x0, 0; ldr x0, [x0]; b .
    0x00, 0x00, 0x40, 0xf9, //
    0x00, 0x00, 0x00, 0x14, //
    0x00, 0x00, 0x40, 0xf9, // [28] ldr x0, [x0]; b .
    0x00, 0x00, 0x00, 0x14, //
    0xe2, 0x03, 0x00, 0xaa, // [36] mov x2, x0; mov x0, x1; blr x2; b .
    0xe0, 0x03, 0x01, 0xaa, //
    0x40, 0x00, 0x3f, 0xd6, //
    0x00, 0x00, 0x00, 0x14, //
};

static const uint8_t entries[PROGRAMS] = {
    [PROGRAM_SPIN] = 0,  [PROGRAM_UNDEFINED] = 4, [PROGRAM_BREAKPOINT] = 8, [PROGRAM_DIVIDE] = 16,
    [PROGRAM_LOAD] = 28, [PROGRAM_SLEEP] = 36,    [PROGRAM_EXIT] = 36,
};

#else

enum { HAS_PROGRAMS = 0, CONFINED_SIZE = 1, CODE_GRAIN = 1 };

static const uint8_t program_bytes[1];
static const uint8_t entries[PROGRAMS];

#endif

#endif // FUZZ_SYSCALL_PROGRAMS_H
