; An INT through a task gate.
%include "report.inc"
    start_legacy
    mov byte [legacy_idt + 8 * 0x40 + 5], 0x85
    mov word [legacy_idt + 8 * 0x40 + 2], LEGACY_TSS_32
    report 1
    int 0x40
    report 2
on_vector:
    report_eax
    legacy_tables
