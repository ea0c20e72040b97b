; A call gate to an inner privilege in protected mode, with the task register as reset leaves it: a
; busy task at 0, which no LTR has loaded.
%include "report.inc"
    bits 16
    org REAL_BASE
    jmp 0:.real
.real:
    lgdt [gdt_pointer]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp LEGACY_CODE_32:.protected
    bits 32
.protected:
    mov eax, LEGACY_DATA_32
    mov ds, ax
    mov ss, ax
    mov esp, LEGACY_STACK
    mov dword [4], LEGACY_STACK_TSS
    mov dword [8], LEGACY_DATA_32
    push LEGACY_DATA_3 | 3
    push 0x5000
    push 0x3002                 ; With access to ports.
    push LEGACY_CODE_3 | 3
    push user
    iret
user:
    call 0x3b:0
target:
    report esp
    mov eax, cs
    report_eax
    report [esp + 12]           ; SS
    hlt

    align 8
gdt:
    dq 0
    dq 0x00cf9b000000ffff       ; LEGACY_CODE_32
    dq 0x00cf93000000ffff       ; LEGACY_DATA_32
    dq 0, 0
    dq 0x00cffb000000ffff       ; LEGACY_CODE_3
    dq 0x00cff3000000ffff       ; LEGACY_DATA_3
    dw NUMBER(target), LEGACY_CODE_32, 0xec00, 0
gdt_pointer:
    dw gdt_pointer - gdt - 1
    dd gdt
