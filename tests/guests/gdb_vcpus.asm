; For gdb, which knows where what is: the boot processor counts at OWN; the other VCPU at OTHER, in
; real mode, until there is something at GO. Then it goes on at 0x11800 with a base of CS, and at
; 0x12000 in 32-bit code.
%include "common.inc"
OWN   equ 0x8000
OTHER equ 0x8004
GO    equ 0x8008
TICK  equ 0x10                  ; A port.
    bits 64
    org 0x10000
    out TICK, al                ; Starts the other one.
start:
    pause
    cmp dword [abs OTHER], 0
    je start

    times 0x100 - ($ - $$) db 0x90
count:
    inc dword [abs OWN]
    mov ecx, [abs OWN]
    and ecx, 0xffff
    jnz count
    out TICK, al
    jmp count

    times 0x1000 - ($ - $$) db 0
    bits 16
other:
    inc dword [OTHER]
    nop                         ; 0x11005
    cmp dword [GO], 0
    je other
    jmp 0x1180:0

    times 0x1800 - ($ - $$) db 0
based:
    mov ax, 0x1234
    mov bx, 0x5678
    o32 lgdt [cs:pointer - based]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp dword 8:0x12000
pointer:
    dw 3 * 8 - 1
    dd gdt
gdt:
    dq 0, 0xcf9b000000ffff, 0xcf93000000ffff

    times 0x2000 - ($ - $$) db 0
    bits 32
    mov eax, 0x12345678
    mov ecx, 0x10
    mov ds, ecx
.again:
    inc ebx
    jmp .again
