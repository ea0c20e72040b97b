; SPDX-License-Identifier: MIT
;
; Lesson 7: start VCPU 1, and wait for it. A VCPU that is started begins in 16-bit mode.

        bits 64
        org 0x100000

ICR     equ 0x830                       ; takes a command to another VCPU, from EDX and EAX
CODE    equ 0x8000
DONE    equ 0x9000

start:
        mov     esi, second
        mov     edi, CODE
        mov     ecx, second_end - second
        rep     movsb
        mov     ecx, ICR
; Your code goes here.

        xor     eax, eax
        out     0xf4, al

        bits 16
second:
        mov     al, 7
        out     0x61, al
        mov     bx, DONE
        mov     byte [bx], 1
        hlt
second_end:
