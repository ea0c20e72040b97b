; SPDX-License-Identifier: MIT
;
; Two VCPUs of which neither gives way of its own accord. The boot processor sends interrupts to the
; other one, which runs or is halted, or both read a port. The other one starts in real mode.
%include "common.inc"
READY   equ 0x8000              ; The other one has come so far that it takes interrupts.
TAKEN   equ 0x8004              ; How many it has taken.
SENT_AT equ 0x8008              ; When the last one was sent and taken, by the TSC's low half.
TAKEN_AT equ 0x800c
ROUNDS  equ 0x8010              ; The client writes it.
DELAYS  equ 0x100000            ; From one to the other, each time.
VECTOR  equ 0x40
ICR     equ 0x830
    bits 64
    org 0x10000
sender:                         ; 0x10000
    xor ebx, ebx
.start:
    pause
    cmp dword [abs READY], 0
    je .start
.again:
    mov esi, [abs TAKEN]
    mov ecx, ICR
    rdtsc
    mov [abs SENT_AT], eax
    mov eax, VECTOR
    mov edx, 1                  ; To the VCPU with this APIC id.
    wrmsr
.wait:
    cmp esi, [abs TAKEN]
    je .wait
    mov eax, [abs TAKEN_AT]
    sub eax, [abs SENT_AT]
    mov [DELAYS + rbx * 4], eax
    inc ebx
    cmp ebx, [abs ROUNDS]
    jne .again
    done

    times 0x800 - ($ - $$) db 0
reader:                         ; 0x10800
    in al, 0x10
    jmp reader

    bits 16
    times 0x1000 - ($ - $$) db 0
runner:                         ; 0x11000
    mov sp, 0x7000
    call prepare
.again:
    inc eax
    jmp .again

    times 0x1400 - ($ - $$) db 0
sleeper:                        ; 0x11400
    mov sp, 0x7000
    call prepare
.again:
    hlt
    jmp .again

    times 0x1800 - ($ - $$) db 0
reader_16:                      ; 0x11800
    in al, 0x10
    jmp reader_16

    times 0x1c00 - ($ - $$) db 0
prepare:
    call .here
.here:                          ; The segment is that of the entry.
    pop bx
    add bx, on_interrupt - .here
    mov [VECTOR * 4], bx
    mov [VECTOR * 4 + 2], cs
    mov dword [READY], 1
    sti
    ret
on_interrupt:
    push eax
    push edx
    rdtsc
    mov [TAKEN_AT], eax
    inc dword [TAKEN]
    pop edx
    pop eax
    iret
