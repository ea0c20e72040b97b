; Reports XCR0, for which it turns CR4.OSXSAVE on.
%include "report.inc"
    bits 64
    org 0x10000
    mov rax, cr4
    or eax, 1 << 18
    mov cr4, rax
    xor ecx, ecx
    xgetbv
    report_eax
