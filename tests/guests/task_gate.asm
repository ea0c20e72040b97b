; INT through a task gate, and an external interrupt, whose task must be one that can be switched to.
; What faults reports the vector and the error code, and goes on; what switches tasks stays where it
; is, until vector 0x41 takes the program to the next one.
%include "report.inc"
%macro next 0
    times ($$ - $) & 15 nop
%endmacro
GATE equ 0x40
; %1 the selector in the gate
%macro through 1
    mov word [legacy_idt + 8 * GATE + 2], %1
    next
    int GATE
    next
%endmacro
    start_legacy
    mov byte [legacy_idt + 8 * GATE + 5], 0x85
    report 1
    through LEGACY_TSS_32           ; Busy.
    through LEGACY_CODE_32          ; No task.
    through 0
    through LEGACY_TSS_16 | 4       ; Of the local table.
    through 0xff8                   ; Beyond the table.
    mov byte [legacy_gdt + LEGACY_TSS_16 + 5], 0x01
    through LEGACY_TSS_16           ; Not present.
    mov byte [legacy_gdt + LEGACY_TSS_16 + 5], 0x81
    mov byte [legacy_gdt + LEGACY_TSS_16], 0x2a
    through LEGACY_TSS_16           ; A byte too small.
    next
    jmp LEGACY_TSS_16:0
    next
    mov dword [legacy_gdt + LEGACY_ABSENT], LEGACY_TSS_32 << 16
    mov dword [legacy_gdt + LEGACY_ABSENT + 4], 0x8500      ; Now a task gate.
    next
    jmp LEGACY_ABSENT:0             ; To a busy task.
    next
    mov byte [legacy_gdt + LEGACY_TSS_16], 0x2b
    mov word [legacy_idt + 8 * GATE + 2], LEGACY_TSS_32
    report 2
    next
    sti
    jmp $                           ; Until an external interrupt comes through the gate.
    next
    sti
    through LEGACY_TSS_16
    report 3
    jmp $
on_vector:
    cmp eax, 0x41
    je .skip
    report_eax
    pop eax
    report_eax
.skip:
    add dword [esp], 16
    and dword [esp], ~15
    iret
    legacy_tables
