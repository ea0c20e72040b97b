; Reports CR0, CR4 and EFER as a boot processor finds them.
%include "report.inc"
    bits 64
    org 0x10000
    mov rax, cr0
    report_eax
    mov rax, cr4
    report_eax
    mov ecx, 0xc0000080
    rdmsr
    report_eax
