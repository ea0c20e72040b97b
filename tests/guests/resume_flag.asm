; PUSHF pushes 0 for RF after an IRET that sets it (SDM volume 2, PUSHF): first thing, and later in
; the same block.
%include "common.inc"
%include "report.inc"
    bits 64
    org 0x10000
    load_tables
    mov rbx, rsp
    push 0
    push rbx
    push 0x10002
    push CODE_0
    push .first
    iretq
.first:
    pushfq
    pop rax
    report_eax
    mov rbx, rsp
    push 0
    push rbx
    push 0x10002
    push CODE_0
    push .later
    iretq
.later:
    mov ecx, 5
    dec ecx
    pushfq
    pop rax
    report_eax
    hlt
on_vector:
    report_eax
    tables
