; Task switches whose descriptors lie in one page, WALL, that the test takes away, and one from a
; task whose TSS lies there. What faults reports the vector, the error code and CR2, and goes on;
; vector 0x41 takes the program to the next one. The doubleword at 0x9000 says whether WALL is to be
; absent from the page tables.
%include "report.inc"
WALL  equ 0x600000
TABLE equ WALL - LEGACY_TSS_16  ; The descriptors before that of the task are in the page before.
GATE equ LEGACY_ABSENT
OTHER equ LEGACY_CONFORM        ; The TSS in the page.
DIRECTORY equ 0x20000
PAGES equ 0x21000
%macro next 0
    times ($$ - $) & 15 nop
%endmacro
; %1 the number of the case
%macro begin 1
    push dword 0x202
    popfd
    report %1
%endmacro
%macro nested 0
    push dword 0x4202           ; NT and IF
    popfd
    align 16
    iret
    next
%endmacro
    start_legacy
    mov dword [legacy_gdt + GATE], LEGACY_TSS_16 << 16
    mov dword [legacy_gdt + GATE + 4], 0x8500
    mov dword [legacy_gdt + OTHER], (WALL + 0x100) << 16 & 0xffff0000 | 0x67
    mov dword [legacy_gdt + OTHER + 4], WALL >> 16 | 0x8900
    mov word [legacy_idt + 8 * 0x60 + 2], LEGACY_TSS_16
    mov byte [legacy_idt + 8 * 0x60 + 5], 0x85
    mov esi, legacy_gdt
    mov edi, TABLE
    mov ecx, LEGACY_ABSENT + 8
    rep movsb
    mov dword [pointer + 2], TABLE
    lgdt [pointer]
    mov word [WALL + 0x100], LEGACY_TSS_16
    mov word [legacy_tss_32], LEGACY_TSS_16
    cmp dword [0x9000], 0
    je .ready
    mov dword [DIRECTORY], 0x83         ; Pages of 4 MiB, and of 4 KiB where WALL is.
    mov dword [DIRECTORY + 4], PAGES | 3
    mov edi, PAGES
    mov eax, 0x400003
.page:
    stosd
    add eax, 0x1000
    cmp eax, 0x800003
    jne .page
    mov dword [PAGES + (WALL >> 12 & 0x3ff) * 4], 0
    mov eax, cr4
    or eax, 1 << 4
    mov cr4, eax
    mov eax, DIRECTORY
    mov cr3, eax
    mov eax, cr0
    or eax, 1 << 31
    mov cr0, eax
.ready:
    begin 1
    align 16
    jmp LEGACY_TSS_16:0
    next
    begin 2
    align 16
    call LEGACY_TSS_16:0
    next
    begin 3
    align 16
    jmp GATE:0
    next
    begin 4
    align 16
    call GATE:0
    next
    begin 5                     ; Now busy.
    nested
    begin 6
    align 16
    int 0x60                    ; Through a gate of the IDT.
    next
    begin 7
    mov eax, OTHER
    ltr ax
    nested
    begin 8                     ; A vector comes through that gate here.
    nop
    next
    report 9
    jmp $
on_vector:
    cmp eax, 0x41
    je .skip
    report_eax
    pop eax
    report_eax
    mov eax, cr2
    report_eax
.skip:
    add dword [esp], 16
    and dword [esp], ~15
    and dword [esp + 8], ~0x4000
    iret
    align 4
pointer:
    dw LEGACY_ABSENT + 7
    dd 0
    legacy_tables
