; A 16-bit gate and a 16-bit task-state segment take an event from 32-bit code at CPL 3 to 16-bit
; code at CPL 0; then a 16-bit trap gate within CPL 0.
%include "report.inc"
    start_legacy
    mov eax, LEGACY_TSS_16
    ltr ax
    mov word [legacy_idt + 8 * 0x40], handler
    mov word [legacy_idt + 8 * 0x40 + 2], LEGACY_CODE_16
    mov byte [legacy_idt + 8 * 0x40 + 5], 0xe6
    mov word [legacy_idt + 8 * 0x40 + 6], 0xffff    ; Not part of a 16-bit gate.
    legacy_enter_user user
user:
    int 0x40
after:
    jmp $
    bits 16
handler:
    mov bp, sp
    movzx eax, word [bp]
    sub ax, after
    report_eax                  ; 0
    movzx eax, word [bp + 2]
    report_eax                  ; CS
    movzx eax, word [bp + 4]
    report_eax                  ; FLAGS
    movzx eax, word [bp + 6]
    report_eax                  ; SP
    movzx eax, word [bp + 8]
    report_eax                  ; SS
    xor eax, eax
    mov ax, ss
    report_eax
    mov ax, LEGACY_STACK_TSS
    sub ax, bp
    report_eax                  ; Five words of 16 bits.
    mov eax, cs
    report_eax
    mov ax, LEGACY_DATA_16
    mov ds, ax
    ; Within CPL 0, on a 16-bit stack whose pointer has other bits above it.
    mov byte [legacy_idt + 8 * 0x40 + 5], 0xe7
    mov word [legacy_idt + 8 * 0x40], inner
    mov esp, 0xabcd0002
    sti
    int 0x40
back:
    jmp $
inner:
    mov eax, esp
    report_eax                  ; Wrapped around within 16 bits.
    movzx eax, word [0x0]
    and eax, 0x200
    report_eax                  ; Interrupts were on.
    pushfd
    pop eax
    and eax, 0x200
    report_eax                  ; A trap gate leaves them on.
    movzx eax, word [0xfffc]
    sub ax, back
    report_eax
    bits 32
on_vector:
    report_eax
    jmp $
    legacy_tables
