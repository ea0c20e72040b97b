; Real mode as a new application processor has it: reports its registers, before it touches any.
%include "report.inc"
    bits 16
    org REAL_BASE
    ; Every general register is 0, or their OR is not.
    or eax, ebx
    or eax, ecx
    or eax, edx
    or eax, esi
    or eax, edi
    or eax, ebp
    or eax, esp
    report_eax
    xor eax, eax
    mov ax, cs
    report_eax
    mov ax, ds
    mov bx, ss
    or ax, bx
    mov bx, es
    or ax, bx
    mov bx, fs
    or ax, bx
    mov bx, gs
    or ax, bx
    report_eax
    report cr0
    report cr4
    report cr3
    smsw eax
    report_eax
    mov ecx, 0xc0000080
    rdmsr
    report_eax
    mov esp, 0x7000
    pushfd
    pop eax
    and eax, ~0x8d5             ; The arithmetic flags of the ORs.
    report_eax
    sgdt [0x5000]
    mov eax, [0x5000]           ; Limit, and the base's low half.
    report_eax
    sidt [0x5000]
    mov eax, [0x5000]
    report_eax
    mov eax, dr7
    report_eax
    mov eax, dr6
    report_eax
    mov eax, [0xffe]            ; DS has base 0: this is where the test left a value.
    report_eax
