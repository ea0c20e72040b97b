; Turns on long mode and then, by a write that also changes NE, paging without CR4.PAE. The second
; report is never reached.
%include "report.inc"
    start_legacy
    mov eax, cr4
    and eax, ~0x20
    mov cr4, eax
    mov ecx, 0xc0000080
    rdmsr
    or eax, 0x100
    wrmsr
    report 1
    mov eax, cr0
    or eax, 0x80000020
    mov cr0, eax
    report 2
on_vector:
    report_eax
    jmp $
    legacy_tables
