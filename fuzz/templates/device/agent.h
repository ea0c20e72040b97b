// SPDX-License-Identifier: MIT
//
// The agent: code in the guest that makes a list of accesses, one after the other. It is entered in
// 64-bit mode at AGENT with RSI = ACCESSES, RBX = ROUTINES and RDI = AGENT, and it does not end:
// the last access of a list is to a port at which the harness stops.

#ifndef AGENT_H_
#define AGENT_H_

#include <stdint.h>

// Where the agent's parts are in the guest's memory. Each has a page or more of its own.
enum { AGENT = 0x10000, ROUTINES = 0x11000, ACCESSES = 0x20000 };

// Which instruction makes an access: bits 0 and 1 are the logarithm of its width (ports have no 8
// bytes, and take 4), bit 2 is set for writes, and bit 3 for ports.
enum {
    ROUTINE_WIDTH = 3,
    ROUTINE_WRITE = 4,
    ROUTINE_PORT = 8,
    ROUTINE_OUT = ROUTINE_PORT | ROUTINE_WRITE, // One byte to a port.
    ROUTINE_COUNT = 16,
};

typedef struct agent_access {
    uint8_t routine;
    uint8_t padding[3];
    uint32_t address; // or the port
    uint64_t value;   // what a write writes
} agent_access_t;

static const uint8_t agent[] = {
    0x0f, 0xb6, 0x0e,       // movzx ecx, byte [rsi]   routine
    0x8b, 0x56, 0x04,       // mov edx, [rsi + 4]      address
    0x48, 0x8b, 0x46, 0x08, // mov rax, [rsi + 8]      value
    0x48, 0x83, 0xc6, 0x10, // add rsi, 16
    0x48, 0x8d, 0x0c, 0xcb, // lea rcx, [rbx + rcx * 8]
    0xff, 0xe1,             // jmp rcx
};

// Each is 8 bytes: the instruction, and jmp rdi, back to the agent's begin.
static const uint8_t routines[ROUTINE_COUNT][8] = {
    {0x8a, 0x02, 0xff, 0xe7},       // mov al, [rdx]
    {0x66, 0x8b, 0x02, 0xff, 0xe7}, // mov ax, [rdx]
    {0x8b, 0x02, 0xff, 0xe7},       // mov eax, [rdx]
    {0x48, 0x8b, 0x02, 0xff, 0xe7}, // mov rax, [rdx]
    {0x88, 0x02, 0xff, 0xe7},       // mov [rdx], al
    {0x66, 0x89, 0x02, 0xff, 0xe7}, // mov [rdx], ax
    {0x89, 0x02, 0xff, 0xe7},       // mov [rdx], eax
    {0x48, 0x89, 0x02, 0xff, 0xe7}, // mov [rdx], rax
    {0xec, 0xff, 0xe7},             // in al, dx
    {0x66, 0xed, 0xff, 0xe7},       // in ax, dx
    {0xed, 0xff, 0xe7},             // in eax, dx
    {0xed, 0xff, 0xe7},             // in eax, dx
    {0xee, 0xff, 0xe7},             // out dx, al
    {0x66, 0xef, 0xff, 0xe7},       // out dx, ax
    {0xef, 0xff, 0xe7},             // out dx, eax
    {0xef, 0xff, 0xe7},             // out dx, eax
};

#endif // AGENT_H_
