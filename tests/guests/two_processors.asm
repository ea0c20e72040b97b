; SPDX-License-Identifier: MIT
;
; Flat, at the tool's base, in 64-bit mode. The first processor starts the second, each writes a line
; to the serial port, the second halts, and the first ends the guest.

    bits 64
    org 0x100000
SERIAL    equ 0x3f8
EXIT_PORT equ 0xf4
COMMAND   equ 0x830
OTHER     equ 0x8000
DONE      equ 0x9000

start:
    mov esi, other
    mov edi, OTHER
    mov ecx, other_end - other
    rep movsb
    mov ecx, COMMAND
    mov edx, 1
    mov eax, 0x4500
    wrmsr
    mov eax, 0x4608
    wrmsr
    wrmsr                   ; Once more, as on a real system.
    mov dx, SERIAL
    mov al, 'a'
    out dx, al
    mov al, 10
    out dx, al
.wait:
    pause
    cmp byte [abs DONE], 1
    jne .wait
    xor eax, eax
    out EXIT_PORT, al

    bits 16
other:
    mov dx, SERIAL
    mov al, 'b'
    out dx, al
    mov al, 10
    out dx, al
    mov eax, 0x40000000
    cpuid
    xor ax, ax
    mov ds, ax
    mov byte [DONE], 1
.sleep:
    hlt
    jmp .sleep
other_end:
