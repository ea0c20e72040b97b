; resume_flag.asm in real mode.
%include "report.inc"
    bits 16
    org REAL_BASE
    jmp 0:.start
.start:
    mov ax, cs
    mov ss, ax
    mov sp, 0x7000
    push dword 0x10002
    push dword 0
    push dword .later
    o32 iret
.later:
    pushfd
    pop eax
    report_eax
    pushfd
    pop eax
    report_eax
    hlt
