; A write to CR0 of the value in RDI, which the client chooses, then a report of what CR0 reads.
%include "common.inc"
%include "report.inc"
    bits 64
    org 0x10000
    load_tables
again:
    report 0x1111
    mov cr0, rdi
after:
    mov rax, cr0
    report_eax
    jmp again
on_vector:
    mov rcx, [rsp + 8]          ; The frame's RIP, behind the error code.
    report_eax
    xor eax, eax
    mov rdx, after
    cmp rcx, rdx
    sete al
    report_eax                  ; 1: the frame leads behind the write.
    mov rsp, STACK_0
    jmp again
    tables
