; SPDX-License-Identifier: MIT
;
; Lesson 5: an interrupt that has to wait until it may come. Interrupts are off at the start.

        bits 64
        org 0x100000

start:
        call    load_tables
; Your code goes here.

        xor     eax, eax
        out     0xf4, al

handler:
        mov     al, 3
        out     0x82, al
        iretq

        %include "interrupts.inc"
