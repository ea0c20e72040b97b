; Takes the accessed bits of the handler's code and stack segments away, and reports in the handler
; what has become of the two descriptors' access bytes.
%include "report.inc"
    start_legacy
    mov byte [legacy_gdt + LEGACY_CODE_32 + 5], 0x9a
    mov byte [legacy_gdt + LEGACY_DATA_32 + 5], 0x92
    legacy_enter_user user
user:
    int 0x40
on_vector:
    movzx eax, byte [ss:legacy_gdt + LEGACY_CODE_32 + 5]
    report_eax
    movzx eax, byte [ss:legacy_gdt + LEGACY_DATA_32 + 5]
    report_eax
    jmp $
    legacy_tables
