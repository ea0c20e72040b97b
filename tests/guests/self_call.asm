; Real mode: a call that leads to itself for ever and pushes, among others, into the upper half of
; its own page. The stack's segment has 64 KiB and begins behind the code.
%include "report.inc"
    bits 16
    org REAL_BASE
    jmp 0:start
start:
    mov ax, (REAL_BASE + 0x800) >> 4
    mov ss, ax
    mov sp, 0
    report 1
again:
    call again
