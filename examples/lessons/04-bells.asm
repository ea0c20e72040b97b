; SPDX-License-Identifier: MIT
;
; Lesson 4: ring one bell twice, and another one once.

        bits 64
        org 0x100000

FIRST   equ 0xe0000000
SECOND  equ 0xe0001000

start:
        mov     esi, FIRST
        mov     edi, SECOND
; Your code goes here.

        xor     eax, eax
        out     0xf4, al
