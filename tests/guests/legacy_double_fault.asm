; A #GP whose gate is not present becomes a double fault; then that gate goes too.
%include "report.inc"
    start_legacy
    and byte [legacy_idt + 8 * 13 + 5], 0x7f
    mov [0x5000], esp
again:
    xor eax, eax
    mov ax, 0xfff8
fault:
    mov ds, ax
on_vector:
    report_eax
    report [esp]                ; The error code.
    mov eax, [esp + 4]
    sub eax, fault
    report_eax
    mov esp, LEGACY_STACK
    and byte [legacy_idt + 8 * 8 + 5], 0x7f
    jmp again
    legacy_tables
