; Events in real mode with a stack segment of 4 GiB from protected mode, whose pointer has 32 bits.
%include "report.inc"
    bits 16
    org REAL_BASE
    jmp 0:begin
begin:
    mov word [0x40 * 4], handler
    mov word [0x40 * 4 + 2], 0
    mov word [0x41 * 4], wide
    mov word [0x41 * 4 + 2], 0
    lgdt [table_pointer]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    mov bx, 8
    mov ss, bx
    and al, 0xfe
    mov cr0, eax
    xor bx, bx
    mov ss, bx                  ; Base 0, and the limit and size that it had.
    mov esp, 0x207000
    mov dword [0x6ffa], 0       ; What 16 bits of the pointer would lead to.
    stc
    int 0x40
    mov ebx, 0
    rcl ebx, 1
    report ebx                  ; The flags came back.
    report esp
    int 0x41
    report esp
    jmp $
handler:
    clc
    report esp
    iret
wide:                           ; A frame of 32 bits in place of that of 16.
    add esp, 6
    pushfd
    push dword 0
    push dword behind
    o32 iret
behind:
    report esp
    jmp $
    align 8
table:
    dq 0
    dq 0x00cf93000000ffff
table_pointer:
    dw table_pointer - table - 1
    dd table
