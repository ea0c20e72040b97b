; Non-maskable interrupts in 32-bit protected mode, whose handler ends by IRET.
%include "report.inc"
    start_legacy
    report 1
    jmp $
on_vector:
    report_eax
    report 3
    iret
    legacy_tables
