; 32-bit protected mode: events from CPL 3 to CPL 0, with the frame's words reported.
%include "report.inc"
    start_legacy
    mov byte [legacy_idt + 8 * 0x41 + 5], 0x8e      ; Not open to CPL 3.
    mov byte [legacy_idt + 8 * 0x42 + 5], 0x6e      ; Not present.
    mov word [legacy_idt + 8 * 0x43 + 2], LEGACY_ABSENT
    mov byte [legacy_idt + 8 * 0x44 + 5], 0xe0      ; No gate at all.
    mov word [legacy_idt + 8 * 0x45 + 2], 0
    mov word [legacy_idt + 8 * 0x46 + 2], LEGACY_DATA_32
    legacy_enter_user user
user:
    mov eax, LEGACY_DATA_3 | 3
    mov ds, ax
    int 0x40
behind_40:
    int 0x41
    int 0x42
    int 0x43
    int 0x44
    int 0x45
    int 0x46
    int 0x7f
    int 0x80                    ; Beyond the limit.
    int3
    mov eax, 0x7fffffff
    add eax, 1
    into
    hlt
    db 0xf1                     ; ICEBP needs no open gate.
    mov ds, [absent]
    ud2
    jmp $
absent: dw LEGACY_ABSENT

on_vector:
    mov ebp, esp
    mov ebx, eax
    report_eax
    cmp ebx, 0x40
    je .frame
    cmp ebx, 0x7f
    je .trap
    cmp ebx, 1
    je .trap
    cmp ebx, 3
    je .trap
    cmp ebx, 4
    je .trap
    cmp ebx, 6
    je .fault
    ; With an error code: skip the instruction, two bytes but for one.
    report [ebp]
    add ebp, 4
.fault:
    report [ebp + 8]            ; Flags: RF is set in a fault's.
    mov eax, [ebp]
    mov ecx, 1
    cmp byte [eax], 0xf4
    je .skip
    mov ecx, 2
    cmp byte [eax], 0x8e
    jne .skip
    mov ecx, 6
.skip:
    add [ebp], ecx
    mov esp, ebp
    and dword [esp + 8], ~0x10000
    iret
.trap:
    report [ebp + 4]
    mov eax, [ebp + 8]
    and eax, 0x10000
    report_eax
    iret
.frame:
    mov eax, [ebp]
    sub eax, behind_40
    report_eax                  ; 0
    report [ebp + 4]            ; CS
    report [ebp + 8]            ; EFLAGS
    report [ebp + 12]           ; ESP
    report [ebp + 16]           ; SS
    mov eax, LEGACY_STACK_TSS
    sub eax, ebp
    report_eax                  ; Five words were pushed.
    xor eax, eax
    mov ax, ss
    report_eax
    mov ax, cs
    report_eax
    mov eax, ds
    report_eax                  ; As it was.
    iret
    legacy_tables
