; SPDX-License-Identifier: MIT
;
; Lesson 6: sleep until interrupt 0x40 has come twice. Interrupts are off at the start.

        bits 64
        org 0x100000

start:
        call    load_tables
; Your code goes here.

        xor     eax, eax
        out     0xf4, al

handler:
        inc     dword [rel count]
        iretq

        %include "interrupts.inc"

        align 4096, db 0                ; data on another page than the code
count:  dd      0
