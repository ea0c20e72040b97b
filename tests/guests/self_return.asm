; A handler of a non-maskable interrupt whose IRET leads to itself for ever.
%include "common.inc"
%include "report.inc"
    bits 64
    org 0x10000
    load_tables
    report 1
    jmp $
on_vector:
    mov rsp, frame
again:
    iretq
    align 16
frame:
    dq again, CODE_0, 2, frame, DATA_0
    tables
