; SYSENTER and SYSEXIT in 32-bit protected mode.
%include "report.inc"
    start_legacy
    mov ecx, 0x174
    mov eax, LEGACY_CODE_32
    xor edx, edx
    wrmsr
    mov ecx, 0x175
    mov eax, 0x4000
    wrmsr
    mov ecx, 0x176
    mov eax, entered
    wrmsr
    mov word [legacy_gdt + LEGACY_CODE_16 + 5], 0xcffb  ; Where SYSEXIT leads, two further on.
    mov word [legacy_gdt + LEGACY_DATA_16 + 5], 0xcff3
    legacy_enter_user user
user:
    sysenter
entered:
    mov ebx, esp
    mov eax, cs
    report_eax
    mov eax, ss
    report_eax
    report ebx
    mov ecx, 0x5800
    mov edx, back
    sysexit
back:
    int 0x40
on_vector:
    report_eax
    report [esp + 4]
    report [esp + 12]
    report [esp + 16]
    legacy_tables
