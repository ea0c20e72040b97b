; Events out of virtual-8086 mode: INT with IOPL 3, a #GP with IOPL 0, and an external interrupt.
%include "report.inc"
    start_legacy
    mov ecx, 3
enter:
    shl ecx, 12
    or ecx, 0x20202             ; VM, interrupts on
    push 0x4444                 ; GS
    push 0x3333
    push 0x2222
    push 0x1111                 ; ES
    push 0x0500                 ; SS
    push 0x0100
    push ecx
    push REAL_BASE >> 4
    push virtual - REAL_BASE
    iret
    bits 16
virtual:
    mov bx, cs
    int 0x40
behind:
    jmp $
    bits 32
on_vector:
    mov ebp, esp
    push LEGACY_DATA_32
    mov ecx, ds
    mov edx, gs
    pop ds
    cmp eax, 0x40
    je .frame
    cmp eax, 13
    je .frame
    report_eax
    report [ebp + 4]
    mov esp, LEGACY_STACK
    xor ecx, ecx
    jmp enter
.frame:
    report_eax
    cmp dword [esp + 4], REAL_BASE >> 4
    je .no_error
    mov eax, [ebp]
    report_eax
    add ebp, 4
.no_error:
    mov eax, [ebp]
    sub eax, behind - REAL_BASE
    report_eax
    report [ebp + 4]            ; CS
    report [ebp + 8]            ; EFLAGS
    report [ebp + 12]           ; SP
    report [ebp + 16]           ; SS
    report [ebp + 20]           ; ES
    report [ebp + 24]           ; DS
    report [ebp + 28]           ; FS
    report [ebp + 32]           ; GS
    report ecx                  ; DS and GS in the handler
    report edx
    lea eax, [ebp + 36]
    report_eax
    mov esp, ebp
    iret
    legacy_tables
