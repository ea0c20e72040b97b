; A gate to a conforming segment: the handler stays at CPL 3, on the program's stack.
%include "report.inc"
    start_legacy
    mov word [legacy_idt + 8 * 0x40], handler
    mov word [legacy_idt + 8 * 0x40 + 2], LEGACY_CONFORM
    legacy_enter_user user
user:
    mov eax, LEGACY_DATA_3 | 3
    mov ds, ax
    int 0x40
    int 0x41
handler:
    mov ebx, cs
    mov esi, ss
    mov edi, esp
    int 0x42                    ; Whose handler, at CPL 0, reports them.
    iret
on_vector:
    report_eax
    cmp ebx, 0
    je .done
    report ebx
    report esi
    report edi
    xor ebx, ebx
    iret
.done:
    jmp $
    legacy_tables
