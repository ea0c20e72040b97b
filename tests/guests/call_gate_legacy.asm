; Call gates in protected mode, of 32 and of 16 bits, from CPL 3 to CPL 0 with two parameters, and
; at the same privilege.
%include "report.inc"
    start_legacy
    lgdt [gdt_pointer]
    call 0x68:0x12345678        ; At the same privilege, by a 16-bit gate.
    report esp                  ; LEGACY_STACK
    jmp 0x70:0                  ; By JMP.
gone:
    push LEGACY_DATA_3 | 3
    push 0x5000
    push 0x3002                 ; With access to ports.
    push LEGACY_CODE_3 | 3
    push user
    iret

same:
    report [esp]                ; IP and CS, 16 bits each.
    o16 retf

target:
    report esp
    mov eax, [esp]
    sub eax, behind
    report_eax
    report [esp + 4]            ; CS
    report [esp + 8]            ; The parameters, the last pushed first
    report [esp + 12]
    report [esp + 16]           ; ESP
    report [esp + 20]           ; SS
    retf 8

target_16:
    report esp
    report [esp + 4]            ; The parameters
    report [esp + 8]            ; SP and SS
    o16 retf 4

user:
    push dword 0x11111111
    push dword 0x22222222
    call 0x63:0
behind:
    mov eax, cs
    report_eax
    report esp
    push dword 0x33334444
    call 0x7b:0
    report esp
    call 0x83:0                 ; Not present
    call 0x8b:0                 ; DPL 0
    hlt

on_vector:
    report_eax
    pop eax
    report_eax
    add dword [esp], 7
    iret

; %1 offset, %2 selector, %3 parameters, %4 access byte, %5 upper half of the offset
%macro gate 5
    dw NUMBER(%1) & 0xffff, %2
    db %3, %4
    dw %5
%endmacro
    align 8
gdt:
    dq 0
    dq 0x00cf9b000000ffff       ; LEGACY_CODE_32
    dq 0x00cf93000000ffff       ; LEGACY_DATA_32
    dq 0x00009b000000ffff
    dq 0x000093000000ffff
    dq 0x00cffb000000ffff       ; LEGACY_CODE_3
    dq 0x00cff3000000ffff       ; LEGACY_DATA_3
    dq 0x00cf9f000000ffff
    dw 0x67, NUMBER(legacy_tss_32)
    db 0, 0x8b, 0, 0
    dq 0, 0, 0
    gate target, LEGACY_CODE_32, 2, 0xec, 0             ; 0x60
    gate same, LEGACY_CODE_32, 0, 0x84, 0xffff          ; 0x68
    gate gone, LEGACY_CODE_32, 0, 0x8c, 0               ; 0x70
    gate target_16, LEGACY_CODE_32, 2, 0xe4, 0x1234     ; 0x78
    gate target, LEGACY_CODE_32, 0, 0x6c, 0             ; 0x80
    gate target, LEGACY_CODE_32, 0, 0x8c, 0             ; 0x88
gdt_pointer:
    dw gdt_pointer - gdt - 1
    dd gdt
    legacy_tables
