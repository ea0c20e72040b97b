; SPDX-License-Identifier: MIT
;
; Lesson 9: sleep until the timer of the local APIC sends interrupt 0x40.

        bits 64
        org 0x100000

INITIAL_COUNT   equ 0x838
LVT_TIMER       equ 0x832               ; which vector, and how

start:
        call    load_tables
; Your code goes here.

        xor     eax, eax
        out     0xf4, al

handler:
        iretq

        %include "interrupts.inc"
