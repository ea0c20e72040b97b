; Far transfers of protected mode: those to code go on, those that fault fault, and those that
; switch tasks stay where they are, until vector 0x41 takes the program to the next one.
%include "report.inc"
%macro next 0
    times ($$ - $) & 15 nop
%endmacro
    start_legacy
    mov dword [legacy_gdt + LEGACY_ABSENT], LEGACY_TSS_16 << 16
    mov dword [legacy_gdt + LEGACY_ABSENT + 4], 0x8500      ; Now a task gate.
    call LEGACY_CODE_32:far_return
    report_eax                  ; 1
    call far [pointer_to_code]
    report_eax                  ; 2
    jmp far [pointer_to_jump]
far_return:
    mov eax, 1
    retf
other_return:
    mov eax, 2
    retf
jumped:
    report 3
    jmp LEGACY_TSS_32:0         ; Busy: it is the present task.
    next
    jmp 0xff8:0                 ; Beyond the table.
    next
    legacy_enter_user user
    next
user:
    jmp LEGACY_TSS_16:0         ; A TSS of more privilege.
    next
    call far [cs:pointer_to_task]
    next
    int 0x50                    ; Back to CPL 0.
    next
    sti
    align 16
    jmp LEGACY_TSS_16:0
    next
    jmp far [pointer_to_task]
    next
    call LEGACY_TSS_16:0
    next
    call far [pointer_to_task]
    next
    jmp LEGACY_ABSENT:0         ; The task gate.
    next
    mov word [legacy_tss_32], LEGACY_TSS_16    ; Not busy: #TS.
    push dword 0x4002
    popfd
    iret
    next
    mov byte [legacy_gdt + LEGACY_TSS_16 + 5], 0x83
    sti
    pushfd
    or dword [esp], 0x4000
    popfd
    align 16
    iret                        ; From a nested task.
    next
    mov byte [legacy_gdt + LEGACY_TSS_16 + 5], 0x81
    jmp LEGACY_CODE_16:code_16
    bits 16
code_16:
    times ($$ - $) & 15 nop
    call far [pointer_16]       ; A pointer of 16-bit code.
    times ($$ - $) & 15 nop
    report 4
    jmp $
    bits 32
on_vector:
    cmp eax, 0x41
    je .skip
    cmp eax, 0x50
    je .stay
    report_eax                  ; The fault's vector.
    pop eax
    report_eax                  ; The selector in its error code.
.skip:
    add dword [esp], 16
    and dword [esp], ~15
    and dword [esp + 8], ~0x4000
    iret
.stay:
    mov ecx, ss
    mov ds, ecx
    pop ecx
    add esp, 16
    push dword 0x202
    push dword LEGACY_CODE_32
    push ecx
    iret
    align 4
pointer_to_code:
    dd other_return
    dw LEGACY_CODE_32
pointer_to_jump:
    dd jumped
    dw LEGACY_CODE_32
pointer_to_task:
    dd 0
    dw LEGACY_TSS_16
pointer_16:
    dw 0
    dw LEGACY_TSS_16
    legacy_tables
