; Call gates of IA-32e mode: from CPL 0, from CPL 3 to CPL 0 and back, and their faults.
%include "common.inc"
%include "report.inc"
    bits 64
    org 0x10000
    load_tables
    lgdt [abs gdt_pointer]
    call far dword [abs pointer]      ; At the same privilege: no other stack.
    report esp                  ; STACK_0
    enter_user user, 0x3202      ; With access to ports.

; Reports the stack and what is on it, to the outer SS.
target:
    mov eax, ss
    report_eax
    report esp
    mov rax, [rsp]
    sub rax, behind
    report_eax
    report [rsp + 8]
    report [rsp + 16]
    report [rsp + 24]
    o64 retf

user:
    call far dword [abs pointer]
behind:
    mov eax, cs
    report_eax
    mov eax, ss
    report_eax
    report esp                  ; STACK_3
    jmp far dword [abs pointer]       ; JMP may not go inwards.
    call far dword [abs pointer + 8]
    call far dword [abs pointer + 16]
    call far dword [abs pointer + 24]
    call far dword [abs pointer + 32]
    call far dword [abs pointer + 40]
    call far dword [abs pointer + 48]
    call far dword [abs pointer + 56]
    call far dword [abs pointer + 64]
    hlt

on_vector:
    report_eax
    report [rsp]                ; The error code.
    add rsp, 8
    add qword [rsp], 7          ; The length of each.
    iretq

; %1 offset, %2 selector, %3 access byte, %4 type in the upper half
%macro gate 4
    dw ((%1) - $$ + 0x10000) & 0xffff, %2, (%3) << 8, ((%1) - $$ + 0x10000) >> 16
    dd 0, (%4) << 8
%endmacro

    align 8
gdt:
    dq 0
    dq 0x00209b0000000000       ; CODE_0
    dq 0x0000930000000000       ; DATA_0
    dq 0x00cffb000000ffff       ; CODE_32
    dq 0x00cff3000000ffff       ; DATA_3
    dq 0x0020fb0000000000       ; CODE_3
    dw 0x67, table_tss_low      ; TSS
    db table_tss_middle, 0x89, 0, 0
    dq 0
    dq 0x00cf9b000000ffff       ; CODE_K32
    dq 0
    gate target, CODE_0, 0xec, 0        ; 0x50
    gate target, CODE_0, 0x8c, 0        ; 0x60: DPL 0
    gate target, CODE_0, 0x6c, 0        ; 0x70: not present
    gate target, DATA_0, 0xec, 0        ; 0x80: to no code
    gate target, CODE_0, 0xec, 12       ; 0x90: a type in the upper half
    gate target, CODE_K32, 0xec, 0      ; 0xa0: to 32-bit code
    gate target, 0, 0xec, 0             ; 0xb0: to nothing
gdt_pointer:
    dw gdt_pointer - gdt - 1
    dq gdt

    align 8
pointer:
%assign selector 0x53
%rep 7
    dd 0x12345678               ; Means nothing.
    dw selector, 0
%assign selector selector + 0x10
%endrep
    dd 0
    dw 3, 0                     ; Null
    dd 0
    dw 0xc3, 0                  ; Beyond the table
    tables
