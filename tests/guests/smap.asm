; Supervisor-mode access prevention with everything on user pages: with AC set the program may go
; on, but the interrupt descriptor table is out of reach.
%include "common.inc"
%include "report.inc"
    bits 64
    org 0x10000
    load_tables
    mov rax, cr4
    or rax, 1 << 21
    stac
    mov cr4, rax
    report [abs value]
    int 0x40
on_vector:
    report_eax
value:
    dd 0x600dbeef
    tables
