; Port output in virtual-8086 mode with IOPL 3, first without a bitmap and then with one that
; permits the port: IOPL says nothing there.
%include "report.inc"
PORT equ 0x11
    start_legacy
again:
    push dword 0                ; GS
    push dword 0
    push dword 0
    push dword 0                ; ES
    push dword 0x0500           ; SS
    push dword 0x0100
    push dword 0x23002          ; VM, IOPL 3
    push dword REAL_BASE >> 4
    push dword virtual - REAL_BASE
    iret
    bits 16
virtual:
    mov al, 0x5a
    out PORT, al
    int 0x40
    bits 32
on_vector:
    report_eax
    report [esp]                ; The error code of a #GP.
    mov esp, LEGACY_STACK
    mov byte [bitmap + PORT / 8], ~(1 << PORT % 8)
    mov word [legacy_tss_32 + 0x66], bitmap - legacy_tss_32
    mov word [legacy_gdt + LEGACY_TSS_32], 0xfff
    mov byte [legacy_gdt + LEGACY_TSS_32 + 5], 0x89
    mov eax, LEGACY_TSS_32
    ltr ax
    jmp again
    legacy_tables
    align 16
bitmap:
    times 32 db 0xff
